"""A large folder is shown before all of it is read, and what is shown stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workstation.imaging.frame import Window
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import DisplaySet
from workstation.services.open_series import open_paths
from workstation.ui.viewer import tools
from workstation.ui.viewer.opening import Opener
from workstation.ui.viewer.page import ViewerPage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

CT = "volumes/ct_ibsi_phantom_60"
MR = "volumes/mr_t1_sag_hfs_35"


def first_of(folder: Path) -> DisplaySet:
    return open_paths([folder], Cancellation())[0]


def part_of(whole: DisplaySet, every: int) -> DisplaySet:
    return replace(whole, uid=f"{whole.uid} {every}", frames=whole.frames[::every], notices=("some files read so far",))


def test_the_picture_its_window_and_its_place_stay_while_more_is_read(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    whole = first_of(testdata / CT)
    opener = page.findChild(Opener)
    with qtbot.waitSignal(page.frame_shown):
        opener.begun.emit((part_of(whole, 4),))
    with qtbot.waitSignal(page.frame_shown):
        page.viewport.step(2)
    page.viewport.apply(lambda view: tools.with_window(view, Window(111.0, 222.0)))
    seen, view = page.viewport.shown_ref, page.viewport.view
    assert page.viewport.display_set.notices

    opener.begun.emit((part_of(whole, 2),))
    assert page.viewport.count == len(whole.frames[::2])
    opener.opened.emit((whole,))

    assert page.viewport.display_set is whole
    assert page.viewport.shown_ref == seen
    assert page.viewport.index == page.viewport.shown == whole.frames.index(seen)
    assert page.viewport.view == view
    assert page.viewport.frame is not None
    assert page.display_sets == (whole,)
    assert page.strip.currentIndex().row() == 0


def test_a_series_read_later_goes_into_an_empty_viewport(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    ct, mr = first_of(testdata / CT), first_of(testdata / MR)
    page.grid.set_shape((1, 2))
    opener = page.findChild(Opener)
    opener.begun.emit((part_of(mr, 3),))
    first, second = list(page.grid.viewports)[:2]
    assert second.display_set is None
    opener.opened.emit((ct, mr))
    assert first.display_set is mr
    assert second.display_set is ct


def test_another_opening_replaces_what_was_begun(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    mr = first_of(testdata / MR)
    page.findChild(Opener).begun.emit((part_of(mr, 3),))
    with qtbot.waitSignals([page.opened, page.frame_shown]):
        page.open_paths([testdata / CT])
    shown, *_ = page.display_sets
    assert shown.series.modality == "CT"
    assert page.viewport.display_set is shown


def test_a_real_opening_that_looks_early_ends_with_every_image(
    qtbot: QtBot, page: ViewerPage, testdata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.services.first_look.FIRST_LOOK_S", 0.0)
    looks: list[int] = []
    page.findChild(Opener).begun.connect(lambda sets: looks.append(len(sets[0].frames)))
    with qtbot.waitSignals([page.opened, page.frame_shown]):
        page.open_paths([testdata / CT])
    whole, *_ = page.display_sets
    assert looks and looks[0] < len(whole.frames) == 60
    assert not whole.notices
    assert page.viewport.display_set is whole
