"""Presentation states in the viewer: offered where they belong, applied on choice alone, told, undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.support.presentation_states import attributes, image, state, window
from tests.ui.viewer.test_page import open_in
from workstation.dicom.presentation_state import read_presentation_state
from workstation.ui.viewer.furniture import Density
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.viewer.picture_notes import presentation_flag
from workstation.ui.viewer.presentations import pixel_mm
from workstation.ui.viewer.surroundings import furnish

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager


def offered(qtbot: QtBot, page: ViewerPage) -> dict[str, QAction]:
    """The entries of the submenu, empty where there is none."""
    menu = QMenu(page)
    qtbot.addWidget(menu)
    page.presentations.add_to(menu, page.viewport)
    return {entry.text(): entry for action in menu.actions() for entry in action.menu().actions()}  # type: ignore[union-attr]


def open_with_states(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    open_in(qtbot, page, folder)
    qtbot.waitUntil(lambda: bool(page.presentations.found.states))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    image(tmp_path / "image.dcm")
    state(tmp_path / "narrow.dcm", window(1000, 400), ContentLabel="NARROW", ContentDescription="")
    state(tmp_path / "turned.dcm", attributes(ImageRotation=90, ImageHorizontalFlip="N"), ContentLabel="TURNED")
    state(tmp_path / "other.dcm", ContentLabel="OTHER", images=("1.2.3.9",))
    return tmp_path


def test_states_about_the_image_are_offered_and_none_is_applied_unasked(
    qtbot: QtBot, page: ViewerPage, folder: Path
) -> None:
    open_with_states(qtbot, page, folder)
    entries = offered(qtbot, page)
    assert list(entries) == ["None", "NARROW", "TURNED · made for a test"]
    assert [text for text, entry in entries.items() if entry.isChecked()] == ["None"]
    assert page.viewport.presentation is None
    assert page.viewport.frame is page.viewport.decoded


def test_a_state_changes_the_picture_says_so_and_is_undone(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    open_with_states(qtbot, page, folder)
    canvas, viewport = page.grid.canvas, page.viewport
    before = np.array(canvas.pixels)
    offered(qtbot, page)["NARROW"].trigger()
    assert viewport.window is not None
    assert (viewport.window.center, viewport.window.width) == (1000, 400)
    canvas.grab()
    assert furnish(viewport, Density.FULL, 1.0, None).flags[0] == "PR applied: NARROW"
    assert not np.array_equal(canvas.pixels, before)
    assert offered(qtbot, page)["NARROW"].isChecked()

    viewport.undo()
    canvas.grab()
    assert np.array_equal(canvas.pixels, before)
    assert furnish(viewport, Density.FULL, 1.0, None).flags == ("window auto",)
    viewport.redo()
    assert viewport.presentation is not None
    offered(qtbot, page)["None"].trigger()
    assert viewport.presentation is None


def test_another_state_replaces_all_of_the_one_before(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    open_with_states(qtbot, page, folder)
    viewport = page.viewport
    offered(qtbot, page)["TURNED · made for a test"].trigger()
    assert viewport.view.quarter_turns == 1
    offered(qtbot, page)["NARROW"].trigger()
    assert viewport.view.quarter_turns == 0


def test_the_windows_of_the_user_still_work_on_top(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    open_with_states(qtbot, page, folder)
    offered(qtbot, page)["NARROW"].trigger()
    page.viewport.drag_window(100, 0)
    assert page.viewport.window is not None
    assert page.viewport.window.width > 400
    assert page.viewport.presentation is not None


def test_an_image_of_the_stack_that_is_not_meant_keeps_its_own_look(
    qtbot: QtBot, page: ViewerPage, tmp_path: Path
) -> None:
    for number in (1, 2):
        image(tmp_path / f"{number}.dcm", f"1.2.3.{number}", InstanceNumber=str(number))
    state(tmp_path / "state.dcm", window(1000, 400), images=("1.2.3.1",))
    open_with_states(qtbot, page, tmp_path)
    page.viewport.go_to(0)
    qtbot.waitUntil(lambda: page.viewport.shown == 0)
    offered(qtbot, page)["MADE · made for a test"].trigger()
    assert page.viewport.presentation is not None
    page.viewport.go_to(1)
    qtbot.waitUntil(lambda: page.viewport.shown == 1)
    assert page.viewport.presentation is None
    assert page.viewport.frame is page.viewport.decoded
    assert page.viewport.window_is_automatic
    # It can still be left from here.
    assert list(offered(qtbot, page)) == ["None"]


def test_states_of_the_study_before_are_forgotten(qtbot: QtBot, page: ViewerPage, folder: Path, tmp_path: Path) -> None:
    open_with_states(qtbot, page, folder)
    alone = tmp_path / "alone"
    alone.mkdir()
    open_in(qtbot, page, image(alone / "image.dcm", "1.2.3.77"))
    assert offered(qtbot, page) == {}


def test_what_cannot_be_shown_is_told_and_not_offered(qtbot: QtBot, page: ViewerPage, tmp_path: Path) -> None:
    image(tmp_path / "image.dcm")
    state(tmp_path / "a.dcm", ContentLabel="FINE")
    state(tmp_path / "b.dcm", MaskSubtractionSequence=[attributes(MaskOperation="AVG_SUB")])
    open_with_states(qtbot, page, tmp_path)
    entries = offered(qtbot, page)
    assert not entries["1 cannot be shown"].isEnabled()


def test_a_real_state_shows_its_area_and_misses_nothing(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    folder = testdata / "presentation_states"
    open_in(qtbot, page, folder / "real01.dcm", folder / "real01.pr.dcm")
    qtbot.waitUntil(lambda: bool(page.presentations.found.states))
    (_, entry) = offered(qtbot, page).values()
    entry.trigger()
    asked = read_presentation_state(folder / "real01.pr.dcm")
    zoom = page.viewport.zoom
    assert zoom is not None
    width, height = page.viewport.size
    assert zoom == pytest.approx(min(width / asked.areas[0].columns, height / asked.areas[0].rows))
    assert presentation_flag(page.viewport.presentation, page.viewport.view) == ("PR applied: FOR_PRESENTATION",)


def test_a_screen_that_does_not_know_its_size_gives_no_true_size() -> None:
    assert pixel_mm(0.0, 127.0, 1.0) is None
    assert pixel_mm(500.0, 127.0, 2.0) == pytest.approx(0.1)


def test_values_are_read_in_the_units_of_the_state_applied(qtbot: QtBot, page: ViewerPage, tmp_path: Path) -> None:
    image(tmp_path / "image.dcm", RescaleSlope="2", RescaleIntercept="-1000", RescaleType="HU")
    own = attributes(RescaleSlope="1", RescaleIntercept="5", RescaleType="MGML")
    state(tmp_path / "state.dcm", own, ContentDescription="")
    open_with_states(qtbot, page, tmp_path)
    middle = (page.viewport.size[0] / 2, page.viewport.size[1] / 2)
    before = page.viewport.probe(middle)
    offered(qtbot, page)["MADE"].trigger()
    after = page.viewport.probe(middle)
    assert before is not None
    assert after is not None
    stored = before.row * 40 + before.column * 33
    assert before.text.split()[0].replace("−", "-") == str(2 * stored - 1000)
    assert after.text.split()[:2] == [str(stored + 5), "MGML"]
