"""The user's own order of the images: chosen in a menu, shown, remembered; what repeats a place has keys of its own."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.ui.viewer.conftest import SmallWorkplace
from tests.ui.viewer.sources import GatedSource, display_set
from workstation.domain.errors import SettingsError
from workstation.services.display_sets import SortBy, Sorting
from workstation.settings import Settings
from workstation.ui.viewer.furniture import Density
from workstation.ui.viewer.loader import FrameCache, FrameLoader
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.viewer.series_model import NOTICES_ROLE, SUBTITLE_ROLE
from workstation.ui.viewer.surroundings import furnish

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager

CT = "volumes/ct_ibsi_phantom_60"
TWICE = "volumes/mr_ge_fmap_32"  # each of 16 places twice


def open_in(qtbot: QtBot, page: ViewerPage, *paths: Path) -> None:
    with qtbot.waitSignals([page.opened, page.frame_shown]):
        page.open_paths(paths)


def sort_entries(page: ViewerPage) -> dict[str, QAction]:
    menu = QMenu(page)
    page.sorter.add_to(menu, page.viewport.display_set)
    return {action.text(): action for action in menu.findChild(QMenu).actions()}


def places(page: ViewerPage) -> list[float]:
    display_set = page.viewport.display_set
    assert display_set is not None
    return [ref.geometry.position[2] for ref in display_set.frames if ref.geometry is not None]


def test_the_menu_reverses_the_stack_and_keeps_the_image_that_is_looked_at(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / CT)
    page.viewport.go_to(12)
    looked_at, before = page.viewport.display_set.frames[12], places(page)  # type: ignore[union-attr]
    sort_entries(page)["Reversed"].trigger()
    assert places(page) == before[::-1]
    assert page.viewport.display_set.frames[page.viewport.index] == looked_at  # type: ignore[union-attr]
    assert sort_entries(page)["Reversed"].isChecked()
    page.actions_["viewer.reverse"].trigger()
    assert places(page) == before


def test_the_order_chosen_is_remembered_for_the_modality(
    qtbot: QtBot, page: ViewerPage, workplace: SmallWorkplace, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / CT)
    before = places(page)
    sort_entries(page)["Reversed"].trigger()
    assert workplace.settings().viewer.sort == "CT position reversed"
    open_in(qtbot, page, testdata / CT)
    assert places(page) == before[::-1]
    open_in(qtbot, page, testdata / TWICE)
    assert page.viewport.display_set.sorting == Sorting()  # type: ignore[union-attr]


def test_the_order_chosen_is_said_beside_the_picture(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    sort_entries(page)["By image number"].trigger()
    sort_entries(page)["Reversed"].trigger()
    assert page.viewport.display_set.sorting == Sorting(SortBy.INSTANCE_NUMBER, True)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: page.viewport.frame is not None)
    assert "by instance number, reversed" in furnish(page.viewport, Density.FULL, 1.0, None).corners.bottom_left


def test_images_of_one_place_have_keys_of_their_own(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / TWICE)
    display_set = page.viewport.display_set
    assert display_set is not None
    here = display_set.frames[page.viewport.index]
    page.actions_["viewer.next_phase"].trigger()
    there = display_set.frames[page.viewport.index]
    assert (there.place, there.phase) == (here.place, 1 - here.phase)  # a first look may have begun in either
    page.actions_["viewer.next_phase"].trigger()
    assert display_set.frames[page.viewport.index] == here
    qtbot.waitUntil(lambda: page.viewport.frame is not None)
    assert f"Repetition {here.phase + 1} / 2" in furnish(page.viewport, Density.FULL, 1.0, None).corners.bottom_left
    assert page.series.index(0).data(SUBTITLE_ROLE) == "MR · 16 × 2"


def test_missing_slices_are_flagged_on_the_picture_and_on_the_card(
    qtbot: QtBot, page: ViewerPage, testdata: Path, tmp_path: Path
) -> None:
    for file in sorted((testdata / CT).glob("*.dcm")):
        if file.stem not in ("DCM_IMG_00020", "DCM_IMG_00021"):
            shutil.copy(file, tmp_path)
    open_in(qtbot, page, tmp_path)
    qtbot.waitUntil(lambda: page.viewport.frame is not None)
    (notice,) = page.series.index(0).data(NOTICES_ROLE)
    assert notice.startswith("2 slices missing between ")
    assert notice in furnish(page.viewport, Density.FULL, 1.0, None).flags


def test_a_card_of_the_strip_offers_the_same_menu(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    page.strip.customContextMenuRequested.emit(page.strip.visualRect(page.series.index(0)).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [action.text() for action in menu.actions()] == ["Sort", "Compare attributes"]
    menu.close()


def test_a_menu_left_open_sorts_what_is_there_by_then(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    whole = page.viewport.display_set
    assert whole is not None
    early = replace(whole, frames=whole.frames[:20])
    page.sorter.sort(early, Sorting(reversed=True))
    assert page.viewport.count == len(whole.frames)


def test_an_order_that_cannot_be_kept_is_said_and_holds_all_the_same(
    qtbot: QtBot, page: ViewerPage, workplace: SmallWorkplace, testdata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_settings: Settings) -> None:
        raise SettingsError(file=Path("settings.toml"), expected="a file that can be written", found="")

    open_in(qtbot, page, testdata / CT)
    before = places(page)
    monkeypatch.setattr(workplace, "save_settings", refuse)
    with qtbot.waitSignal(page.sorter.failed):
        page.actions_["viewer.reverse"].trigger()
    assert places(page) == before[::-1]


def test_cine_plays_what_beats_in_its_place(qtbot: QtBot) -> None:
    loader = FrameLoader(GatedSource(open_gate=True), FrameCache(40 * 256), threads=1)
    viewport = Viewport(loader)
    plain = display_set(6)
    frames = tuple(replace(ref, place=number % 3, phase=number // 3) for number, ref in enumerate(plain.frames))
    viewport.show(replace(plain, frames=frames, phases=("1", "2"), dimension="trigger"), 1)
    seen = []
    for _ in range(4):
        viewport.advance(1)
        seen.append(viewport.index)
    assert seen == [4, 1, 4, 1]
    viewport.show(replace(plain, frames=frames, phases=("TE 1 ms", "TE 2 ms"), dimension="echo", uid="9.9"), 1)
    viewport.advance(1)
    assert viewport.index == 2
    viewport.close()
    loader.close()


def test_a_document_is_not_sorted(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    menu = QMenu(page)
    page.sorter.add_to(menu, None)
    assert menu.isEmpty()
