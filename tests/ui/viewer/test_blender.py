"""Blending presentation states in the viewer: the second series is found, laid over, told where it is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pytestqt.qtbot import QtBot

from tests.support.presentation_states import attributes, blending, image, state, window
from tests.ui.viewer.test_page import open_in
from tests.ui.viewer.test_presentations import offered
from workstation.dicom.presentation_state import BLENDING
from workstation.ui.viewer.furniture import Density
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.viewer.surroundings import furnish

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager


def slices(folder: Path, series: str, places: tuple[float, ...], level: int) -> tuple[str, ...]:
    uids = []
    for number, place in enumerate(places, start=1):
        uid = f"{series}.{number}"
        image(
            folder / f"{uid}.dcm",
            uid,
            SeriesInstanceUID=series,
            InstanceNumber=str(number),
            FrameOfReferenceUID="1.2.7",
            ImagePositionPatient=["0", "0", str(place)],
            ImageOrientationPatient=["1", "0", "0", "0", "1", "0"],
            PixelSpacing=["1", "1"],
            PixelData=np.full((48, 64), level, "<u2").tobytes(),
        )
        uids.append(uid)
    return tuple(uids)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    below = slices(tmp_path, "1.2.10", (0.0, 5.0, 40.0), 1000)
    above = slices(tmp_path, "1.2.20", (0.5, 5.5), 2000)
    levels = window(1000, 4000)
    red = attributes(PaletteColorLookupTableUID="1.2.840.10008.1.5.1")  # hot iron
    path = state(
        tmp_path / "s.dcm", blending(below, above, 0.5, levels), red, ContentLabel="BOTH", ContentDescription=""
    )
    dataset = pydicom.dcmread(path)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = BLENDING
    dataset.BlendingSequence[0].update(levels)
    del dataset.ReferencedSeriesSequence
    dataset.save_as(path)
    return tmp_path


def coloured(page: ViewerPage) -> bool:
    frame = page.viewport.frame
    return frame is not None and frame.attributes.superimposed is not None


def flags(page: ViewerPage) -> tuple[str, ...]:
    return furnish(page.viewport, Density.FULL, 1.0, None).flags


def test_the_second_series_lies_over_the_first_and_follows_it(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    open_in(qtbot, page, folder)
    qtbot.waitUntil(lambda: bool(page.presentations.found.states))
    page.viewport.go_to(0)
    qtbot.waitUntil(lambda: page.viewport.shown == 0)
    offered(qtbot, page)["BOTH"].trigger()
    qtbot.waitUntil(lambda: coloured(page))
    page.grid.canvas.grab()
    pixels = page.grid.canvas.pixels
    assert pixels is not None
    middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2].astype(int)
    # Below: half of 255. Above: three quarters of hot iron, red and half of green.
    assert middle == pytest.approx([(128 + 255) / 2, (128 + 128) / 2, (128 + 0) / 2], abs=6)
    assert flags(page)[-1] == "PR applied: BOTH"

    page.viewport.drag_window(0, -300)  # the first series has a window still
    page.grid.canvas.grab()
    darker = page.grid.canvas.pixels
    assert darker is not None
    assert not np.array_equal(darker, pixels)

    page.viewport.go_to(1)
    qtbot.waitUntil(lambda: page.viewport.shown == 1 and coloured(page))
    page.viewport.undo()
    page.viewport.undo()
    assert not coloured(page)


def test_where_the_second_series_has_no_slice_it_is_told(qtbot: QtBot, page: ViewerPage, folder: Path) -> None:
    open_in(qtbot, page, folder)
    qtbot.waitUntil(lambda: bool(page.presentations.found.states))
    page.viewport.go_to(2)
    qtbot.waitUntil(lambda: page.viewport.shown == 2)
    offered(qtbot, page)["BOTH"].trigger()
    page.viewport.go_to(0)
    qtbot.waitUntil(lambda: page.viewport.shown == 0 and coloured(page))
    page.viewport.go_to(2)
    qtbot.waitUntil(lambda: page.viewport.shown == 2)
    assert "second series of the PR not shown" in flags(page)
