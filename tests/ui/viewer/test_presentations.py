"""Presentation states in the viewer: offered where they belong, applied on choice alone, told, undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QAction, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.support.presentation_states import (
    IMAGE,
    RED,
    WHITE_LAB,
    annotated,
    annotation,
    attributes,
    boxed_text,
    compound,
    fill_style,
    graphic,
    graphic_layer,
    image,
    line_style,
    state,
    window,
)
from tests.ui.viewer.test_page import open_in
from workstation.dicom.decode import decode_frame
from workstation.dicom.presentation_state import read_presentation_state
from workstation.dicom.render_graphics import with_graphics
from workstation.imaging.compose import layout
from workstation.imaging.present import presented_view
from workstation.imaging.present_graphics import drawings
from workstation.imaging.view import View
from workstation.services.display_sets import DisplaySet
from workstation.ui.viewer import tools
from workstation.ui.viewer.furniture import Density
from workstation.ui.viewer.graphic_marks import GraphicMarks, paint_drawings
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


# --- graphics --------------------------------------------------------------------------------------


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    """Two layers: a white line down the middle of the displayed area, a text in the image."""
    image(tmp_path / "image.dcm")
    broad = {"LineStyleSequence": line_style(WHITE_LAB, 0.02)}
    line = annotation(graphic("POLYLINE", [0.5, 0.0, 0.5, 1.0], "DISPLAY", **broad), layer="LINES")
    words = annotation(boxed_text("WORDS", (4, 4, 30, 12)), layer="WORDS")
    layers = graphic_layer("LINES", 1), graphic_layer("WORDS", 2, GraphicLayerDescription="What it says")
    drawn = annotated(line, words, layers=layers)
    state(tmp_path / "marked.dcm", window(4000, 8000), drawn, ContentLabel="MARKED", ContentDescription="")
    return tmp_path


def screen(page: ViewerPage) -> np.ndarray:
    """What the canvas shows without its furniture, (height, width, 4)."""
    page.grid.canvas.set_density(Density.NONE)
    picture = page.grid.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    return np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.width(), 4).copy()


def white_line(page: ViewerPage) -> int:
    """How many rows of the screen are white in the middle."""
    pixels = screen(page)
    middle = pixels.shape[1] // 2
    return int((pixels[:, middle - 2 : middle + 2, :3].min(axis=2).max(axis=1) > 240).sum())


def test_graphics_are_drawn_and_hidden_by_key_and_layer(qtbot: QtBot, page: ViewerPage, marked: Path) -> None:
    open_with_states(qtbot, page, marked)
    bare = white_line(page)
    offered(qtbot, page)["MARKED"].trigger()
    assert white_line(page) > bare + 100
    assert furnish(page.viewport, Density.FULL, 1.0, None).flags == ("PR applied: MARKED",)

    page.actions_["viewer.graphics"].trigger()
    assert white_line(page) == bare
    assert furnish(page.viewport, Density.FULL, 1.0, None).flags == ("PR applied: MARKED", "PR graphics hidden")
    page.viewport.undo()
    assert white_line(page) > bare + 100

    entries = offered(qtbot, page)
    assert entries["Graphics"].isChecked()
    entries["Layer LINES"].trigger()
    assert white_line(page) == bare
    assert furnish(page.viewport, Density.FULL, 1.0, None).flags == ("PR applied: MARKED", "1 PR layer hidden")
    assert offered(qtbot, page)["Layer What it says"].isChecked()


def test_what_is_drawn_in_fractions_of_the_display_stays_when_the_image_moves(
    qtbot: QtBot, page: ViewerPage, marked: Path
) -> None:
    open_with_states(qtbot, page, marked)
    offered(qtbot, page)["MARKED"].trigger()
    before = white_line(page)
    assert before > 100
    page.viewport.apply(lambda view: tools.pan_by(view, (90.0, 0.0)))
    assert white_line(page) == pytest.approx(before, abs=2)


def test_the_window_draws_what_the_command_line_draws(qtbot: QtBot, tmp_path: Path) -> None:
    everything = annotation(
        graphic("POLYLINE", [4, 4, 20, 4, 20, 12], LineStyleSequence=line_style(WHITE_LAB, 1.5)),
        graphic("INTERPOLATED", [24, 4, 30, 12, 36, 4], LineStyleSequence=line_style(WHITE_LAB, 1.0)),
        graphic("ELLIPSE", [4, 24, 24, 24, 14, 18, 14, 30], filled="Y", FillStyleSequence=fill_style(RED, 0.5)),
        graphic("POLYLINE", [30, 24, 60, 24], LineStyleSequence=line_style(RED, 1.0, 0xFF00FF00)),
        compound("ARROW", [40, 30, 60, 44]),
        compound("CROSSHAIR", [14, 40], 2, GapLength=0.02, DiameterOfVisibility=0.2),
    )
    frame = decode_frame(image(tmp_path / "image.dcm"))
    asked = read_presentation_state(state(tmp_path / "s.dcm", window(9000, 10), annotated(everything)))
    size = 640, 480
    view = presented_view(frame, View(), asked, None, size)
    found = drawings(frame, asked, IMAGE, 1, layout(frame, view, size), size=size)
    by_pillow = with_graphics(np.zeros((480, 640), np.uint8), found)
    by_qt = QImage(*size, QImage.Format.Format_RGB888)
    by_qt.fill(0)
    with QPainter(by_qt) as painter:
        paint_drawings(painter, found, size, 1.0)
    shown = np.frombuffer(by_qt.constBits(), np.uint8).reshape(480, by_qt.bytesPerLine())[:, : 640 * 3]
    apart = np.abs(shown.reshape(480, 640, 3).astype(int) - by_pillow.astype(int)).max(axis=2)
    assert (by_pillow > 100).any(axis=2).mean() > 0.03
    assert (apart > 128).mean() < 0.002


def test_graphics_are_painted_once_and_kept(qtbot: QtBot, page: ViewerPage, marked: Path) -> None:
    open_with_states(qtbot, page, marked)
    offered(qtbot, page)["MARKED"].trigger()
    marks, picture, painter_of = GraphicMarks(), QPixmap(page.grid.canvas.size()), page.grid.canvas
    with QPainter(picture) as painter:
        for _ in range(3):
            marks.paint(painter, page.viewport, painter_of)
        page.viewport.drag_window(10, 0)
        marks.paint(painter, page.viewport, painter_of)
        assert marks.made == 1
        page.viewport.zoom_centre(1.5)
        marks.paint(painter, page.viewport, painter_of)
    assert marks.made == 2


def test_marks_nobody_can_make_sense_of_are_told(qtbot: QtBot, page: ViewerPage, tmp_path: Path) -> None:
    image(tmp_path / "image.dcm")
    odd = annotation(graphic("BANANA", [1, 1, 2, 2]), graphic("CIRCLE", [1, 1]), graphic("POLYLINE", [1, 1, 5, 5]))
    state(tmp_path / "odd.dcm", annotated(odd), ContentLabel="ODD", ContentDescription="")
    open_with_states(qtbot, page, tmp_path)
    offered(qtbot, page)["ODD"].trigger()
    assert furnish(page.viewport, Density.FULL, 1.0, None).flags[:2] == ("PR applied: ODD", "2 PR marks not drawn")


# --- the list --------------------------------------------------------------------------------------


def card(page: ViewerPage, text: str) -> DisplaySet:
    return next(one for one in page.display_sets if text in one.series.description)


def test_a_state_in_the_list_says_its_name_and_shows_its_image_by_itself(
    qtbot: QtBot, page: ViewerPage, folder: Path
) -> None:
    open_with_states(qtbot, page, folder)
    page.strip.chosen.emit(card(page, "NARROW"))
    qtbot.waitUntil(lambda: page.viewport.presentation is not None)
    assert page.viewport.presentation is not None
    assert page.viewport.presentation.label == "NARROW"
    assert page.viewport.frame is not None


def test_a_state_whose_images_are_not_there_says_so(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    state(folder / "some.dcm", ContentLabel="SOME", images=(IMAGE, "1.2.3.9"))
    open_with_states(qtbot, page, folder)
    assert card(page, "OTHER").notices == ("its image is not here",)
    assert card(page, "SOME").notices == ("1 of its 2 images is not here",)
    assert card(page, "NARROW").notices == ()
    page.strip.chosen.emit(card(page, "OTHER"))
    furniture = furnish(page.viewport, Density.FULL, 1.0, None)
    assert (furniture.title, furniture.message) == ("This is a presentation state", "its image is not here.")


def test_a_damaged_state_is_told_and_keeps_nothing_away(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    whole = (folder / "narrow.dcm").read_bytes()
    (folder / "narrow.dcm").write_bytes(whole[: whole.index(b"\x70\x00\x5a\x00") + 30])
    state(folder / "masked.dcm", MaskSubtractionSequence=[attributes(MaskOperation="AVG_SUB")])
    open_with_states(qtbot, page, folder)
    assert "TURNED · made for a test" in offered(qtbot, page)
    told = {notice for one in page.display_sets for notice in one.notices}
    assert "it cannot be applied: a presentation state that subtracts a mask" in told
    assert page.viewport.frame is not None
