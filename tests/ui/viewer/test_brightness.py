"""What users of other viewers complained of: too bright, washed out, inverted, or only right after scrolling."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from workstation.dicom.decode import decode_frame
from workstation.imaging.compose import compose
from workstation.imaging.frame import Frame, LookupTable, VoiFunction, Window
from workstation.imaging.view import View
from workstation.imaging.window import drag_window, initial_window, window_of
from workstation.ui.viewer import tools
from workstation.ui.viewer.page import ViewerPage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager

MAMMOGRAM = "modalities/MG-Im-GE_Seno_1_ForPresentation.dcm"  # three VOI LUTs: NORMAL, HARDER, SOFTER
COMPUTED_RADIOGRAPH = "modalities/CR-ModalitySequenceLUT.dcm"
DIGITAL_RADIOGRAPH = "modalities/dx_image.dcm"  # MONOCHROME1
OWN_WINDOWS = "volumes/mr_t1_sag_hfs_35"  # each image with a window of its own
NO_WINDOWS = "volumes/ct_ibsi_phantom_60"


def picture(frame: Frame, **view: object) -> np.ndarray:  # type: ignore[type-arg]
    """At one screen pixel per image pixel, no border."""
    rows, columns = frame.stored.shape[:2]
    screen = compose(frame, View(zoom=1.0, **view), (columns, rows))  # type: ignore[arg-type]
    return screen[..., 0].astype(int) if screen.ndim == 3 else screen.astype(int)


# --- the VOI LUT Sequence is used ----------------------------------------------------------------


def test_a_mammogram_is_shown_through_its_voi_lut_and_not_the_window_beside_it(testdata: Path) -> None:
    frame = decode_frame(testdata / MAMMOGRAM)
    interest, _ = initial_window(frame)
    assert isinstance(interest, LookupTable)
    assert interest.explanation == "NORMAL"
    ramp = replace(frame, stored=np.arange(1500, 3200, dtype=np.uint16)[np.newaxis])  # the file has but two pixels
    entries = np.clip(ramp.stored[0].astype(int) - interest.first, 0, len(interest.values) - 1)
    assert np.abs(picture(ramp)[0] - interest.values[entries] * 255.0 / 4095).max() <= 1


def test_a_radiograph_s_modality_lut_comes_before_its_window(testdata: Path) -> None:
    frame = decode_frame(testdata / COMPUTED_RADIOGRAPH)
    assert frame.attributes.modality_lut is not None
    without = replace(frame, attributes=replace(frame.attributes, modality_lut=None))
    window = window_of(frame, View())
    assert isinstance(window, Window)
    assert np.abs(picture(frame, window=window) - picture(without, window=window)).mean() > 1


# --- SIGMOID ------------------------------------------------------------------------------------


def test_dragging_a_sigmoid_window_does_not_run_away(testdata: Path) -> None:
    frame = decode_frame(testdata / DIGITAL_RADIOGRAPH)
    start = Window(128.0, 200.0, "", VoiFunction.SIGMOID)
    window: Window | LookupTable = start
    for _ in range(100):
        window = drag_window(window, 1.0, 0.0, frame)
    there = window
    for _ in range(100):
        window = drag_window(window, -1.0, 0.0, frame)
    assert isinstance(there, Window)
    assert isinstance(window, Window)
    assert there.function is VoiFunction.SIGMOID
    assert start.width < there.width < 10 * start.width
    assert window.width == pytest.approx(start.width)
    assert window.center == start.center


# --- MONOCHROME1 and INVERSE ---------------------------------------------------------------------


def test_monochrome1_is_inverted_once_whatever_presentation_lut_shape_says(testdata: Path) -> None:
    frame = decode_frame(testdata / DIGITAL_RADIOGRAPH)
    attributes = frame.attributes
    assert attributes.photometric_interpretation == "MONOCHROME1"
    lowest = np.unravel_index(frame.stored.argmin(), frame.stored.shape)
    highest = np.unravel_index(frame.stored.argmax(), frame.stored.shape)
    said_twice = replace(frame, attributes=replace(attributes, inverse_presentation=True))
    said_once = replace(frame, attributes=replace(attributes, inverse_presentation=False))
    assert np.array_equal(picture(said_twice), picture(said_once))
    shown = picture(said_once)
    assert shown[lowest] > shown[highest]


def test_the_user_s_inversion_is_undone_by_itself(testdata: Path) -> None:
    frame = decode_frame(testdata / DIGITAL_RADIOGRAPH)
    plain, inverted = picture(frame), picture(frame, inverted=True)
    assert np.abs(plain + inverted - 255).max() <= 1


# --- scrolling ----------------------------------------------------------------------------------


def open_in(qtbot: QtBot, page: ViewerPage, path: Path) -> None:
    with qtbot.waitSignal(page.opened):  # before, only the first images can be scrolled to
        page.open_paths([path])
    qtbot.waitUntil(lambda: page.viewport.frame is not None)


def scroll_to(qtbot: QtBot, page: ViewerPage, index: int) -> None:
    page.viewport.go_to(index)
    qtbot.waitUntil(lambda: page.viewport.shown == index)


def test_a_preset_holds_at_once_and_for_every_image_scrolled_to(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / OWN_WINDOWS)
    chosen = Window(300.0, 250.0)
    before = picture(page.viewport.frame, window=page.viewport.window)  # type: ignore[arg-type]
    page.viewport.apply(lambda view: tools.with_window(view, chosen))
    assert page.viewport.window == chosen  # before anything is scrolled
    now = picture(page.viewport.frame, window=page.viewport.window)  # type: ignore[arg-type]
    assert not np.array_equal(before, now)
    for index in (3, 20, 7):
        scroll_to(qtbot, page, index)
        assert page.viewport.window == chosen


def test_each_image_has_the_window_that_its_file_gives(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / OWN_WINDOWS)
    for index in (3, 20, 7):
        scroll_to(qtbot, page, index)
        frame = page.viewport.frame
        assert frame is not None
        assert page.viewport.window == frame.attributes.windows[0]


def test_without_a_window_in_the_files_the_brightness_never_jumps(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / NO_WINDOWS)
    first = page.viewport.window
    assert page.viewport.window_is_automatic
    for index in (0, 59, 30):
        scroll_to(qtbot, page, index)
        assert page.viewport.window == first


def test_turning_the_stack_round_keeps_the_window(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / OWN_WINDOWS)
    chosen = Window(300.0, 250.0)
    page.viewport.apply(lambda view: tools.with_window(view, chosen))
    page.actions_["viewer.reverse"].trigger()
    qtbot.waitUntil(lambda: page.viewport.frame is not None)
    assert page.viewport.window == chosen
