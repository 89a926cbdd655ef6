"""Key images that documents name: stars on them, a stack of them, and what is said where they are missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.support.presentation_states import image, key_selection
from tests.ui.viewer.test_page import open_in
from workstation.services.display_sets import DisplayKind, DisplaySet
from workstation.ui.viewer.annotations.model import Place
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.viewer.series_model import SUBTITLE_ROLE

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (1, 2, 3):
        image(tmp_path / f"{number}.dcm", f"1.2.3.{number}", InstanceNumber=str(number))
    return tmp_path


def picked(qtbot: QtBot, page: ViewerPage, *paths: Path) -> DisplaySet:
    """The document of the study, once it has been read."""
    open_in(qtbot, page, *paths)
    found: list[DisplaySet] = []

    def read() -> bool:
        found[:] = [one for one in page.display_sets if one.series.modality == "KO" and one.frames]
        return bool(found) and (found[0].kind is DisplayKind.IMAGE or bool(found[0].notices))

    qtbot.waitUntil(read)
    return found[0]


def subtitles(page: ViewerPage) -> list[str]:
    return [str(page.series.index(row).data(SUBTITLE_ROLE)) for row in range(page.series.rowCount())]


def test_a_document_is_a_stack_of_what_it_picked_out_in_its_order(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    key_selection(folder / "ko.dcm", ("1.2.3.3", ()), ("1.2.3.1", ()), text="to compare")
    stack = picked(qtbot, page, folder)
    assert [ref.sop_instance_uid for ref in stack.frames] == ["1.2.3.3", "1.2.3.1"]
    assert stack.series.description == "Picked · Of Interest · to compare"
    assert stack.sorted_as(stack.sorting).frames == stack.frames
    page.strip.chosen.emit(stack)
    qtbot.waitUntil(lambda: page.viewport.frame is not None and page.viewport.display_set == stack)
    assert page.viewport.count == 2


def test_its_images_have_stars_wherever_they_are_shown(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    key_selection(folder / "ko.dcm", ("1.2.3.3", ()), ("1.2.3.1", ()))
    picked(qtbot, page, folder)
    annotations = page.measuring.annotations
    assert [annotations.is_marked(Place(f"1.2.3.{number}", 0)) for number in (1, 2, 3)] == [True, False, True]
    assert subtitles(page) == ["OT · 3 · ★ 2", "KO · 2"]
    assert annotations.count == 0  # nothing of the user's
    annotations.toggle_key_image(Place("1.2.3.2", 0))
    assert subtitles(page)[0] == "OT · 3 · ★ 3"


def test_images_that_are_not_here_are_told(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    key_selection(folder / "ko.dcm", ("1.2.3.3", ()), ("1.2.3.9", ()))
    assert picked(qtbot, page, folder).notices == ("1 of its 2 images is not here",)


def test_a_document_with_none_of_its_images_stays_one(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    key_selection(folder / "ko.dcm", ("1.2.3.9", ()))
    document = picked(qtbot, page, folder)
    assert (document.kind, document.notices) == (DisplayKind.DOCUMENT, ("its image is not here",))


def test_what_was_taken_back_has_no_star_and_says_so(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    rejected = {"code": "113001", "title": "Rejected for Quality Reasons"}
    key_selection(folder / "ko.dcm", ("1.2.3.3", ()), **rejected)
    stack = picked(qtbot, page, folder)
    assert stack.notices == ("not to be used: Rejected for Quality Reasons",)
    assert not page.measuring.annotations.is_marked(Place("1.2.3.3", 0))


def test_a_damaged_document_is_told_and_keeps_nothing_away(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    whole = key_selection(folder / "ko.dcm", ("1.2.3.3", ())).read_bytes()
    (folder / "ko.dcm").write_bytes(whole[: whole.index(b"\x40\x00\x30\xa7") + 6])
    document = picked(qtbot, page, folder)
    assert document.notices
    assert page.viewport.frame is not None


def test_stars_of_the_study_before_are_forgotten(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    key_selection(folder / "ko.dcm", ("1.2.3.3", ()))
    picked(qtbot, page, folder)
    page.close_study()
    assert not page.measuring.annotations.is_marked(Place("1.2.3.3", 0))


def test_a_real_document_names_its_images(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    folder = testdata / "presentation_states"
    stack = picked(qtbot, page, folder)
    assert stack.kind is DisplayKind.IMAGE
    assert stack.series.description == "KEY IMAGES · Of Interest"
    assert len(stack.frames) == 6
