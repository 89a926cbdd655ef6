"""Where a presentation state puts its area on the screen, and which values it shows (PS3.3 C.10.4, C.10.6)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.frames import frame_of
from workstation.imaging.compose import compose, layout
from workstation.imaging.frame import Frame, LookupTable, VoiFunction, Window
from workstation.imaging.grayscale import presentation_lut
from workstation.imaging.present import native_size, presented, presented_view
from workstation.imaging.presentation import (
    DisplayedArea,
    ImageReference,
    PresentationState,
    SizeMode,
    SoftcopyModality,
    SoftcopyVoi,
)
from workstation.imaging.view import Interpolation, View

UID = "1.2.3"
STATE = PresentationState("1.2.4", "LABEL", images=(ImageReference(UID),))
STORED = np.arange(20 * 30, dtype=np.uint16).reshape(20, 30)
FRAME = frame_of(STORED)
SIZE = (200, 150)


def corners(frame: Frame, view: View, area: DisplayedArea, size: tuple[int, int]) -> list[tuple[float, float]]:
    """Left top and right bottom of the area on the screen."""
    placed = layout(frame, view, size)
    points = [placed.to_screen(area.left - 1, area.top - 1), placed.to_screen(area.right, area.bottom)]
    x, y = zip(*points, strict=True)
    return [(min(x), min(y)), (max(x), max(y))]


areas = st.builds(
    lambda left, top, columns, rows: DisplayedArea(left, top, left + columns, top + rows),
    st.integers(-20, 40),
    st.integers(-20, 40),
    st.integers(0, 60),
    st.integers(0, 60),
)
states = st.builds(
    lambda rotation, flipped: replace(STATE, rotation=rotation, flipped=flipped), st.integers(0, 3), st.booleans()
)


@given(areas, states, st.tuples(st.integers(20, 900), st.integers(20, 900)), st.floats(0.25, 4))
def test_an_area_scaled_to_fit_is_as_large_as_it_can_be_and_in_the_middle(
    area: DisplayedArea, state: PresentationState, size: tuple[int, int], ratio: float
) -> None:
    area = replace(area, aspect_ratio=(ratio, 1.0))
    frame = presented(FRAME, replace(state, areas=(area,)), UID, 1)
    view = presented_view(frame, View(), state, area, size)
    if view.zoom in (1.0, 256.0):
        return  # moved to a whole pixel, or as large as anything is shown
    (left, top), (right, bottom) = corners(frame, view, area, size)
    assert max((right - left) / size[0], (bottom - top) / size[1]) == pytest.approx(1, abs=1e-6)
    assert (left + right, top + bottom) == pytest.approx(size, abs=1e-5)


@pytest.mark.parametrize(
    ("rotation", "flipped", "first"),
    [
        # Which pixel comes to the top left: turned clockwise first, flipped after that (C.10.6).
        (0, False, (0, 0)),
        (1, False, (19, 0)),
        (2, False, (19, 29)),
        (3, False, (0, 29)),
        (0, True, (0, 29)),
        (1, True, (0, 0)),
        (2, True, (19, 0)),
        (3, True, (19, 29)),
    ],
)
def test_the_image_is_turned_before_it_is_flipped(rotation: int, flipped: bool, first: tuple[int, int]) -> None:
    state = replace(STATE, rotation=rotation, flipped=flipped)
    size = native_size(FRAME, None, state)
    assert size == ((20, 30) if rotation % 2 else (30, 20))
    view = presented_view(FRAME, View(), state, None, size)
    assert layout(FRAME, view, size).pixel_at(0.5, 0.5, FRAME) == first


def test_the_whole_image_stays_fitted_when_the_viewport_changes() -> None:
    view = presented_view(FRAME, View(), STATE, DisplayedArea(1, 1, 30, 20), SIZE)
    assert (view.zoom, view.pan) == (None, (0.0, 0.0))


def test_magnify_takes_its_ratio_as_screen_pixels_per_image_pixel() -> None:
    area = DisplayedArea(5, 3, 14, 8, SizeMode.MAGNIFY, magnification=4.0)
    view = presented_view(FRAME, View(), STATE, area, SIZE)
    assert corners(FRAME, view, area, SIZE) == [(80.0, 63.0), (120.0, 87.0)]


def test_true_size_needs_the_size_of_a_screen_pixel_and_is_fitted_without() -> None:
    area = DisplayedArea(1, 1, 30, 20, SizeMode.TRUE_SIZE, spacing_mm=(0.5, 0.5))
    assert presented_view(FRAME, View(), STATE, area, SIZE, screen_pixel_mm=0.25).zoom == 2.0
    assert presented_view(FRAME, View(), STATE, area, SIZE).zoom is None


def test_the_pixels_shape_comes_from_the_area_and_lengths_do_not() -> None:
    frame = frame_of(STORED, pixel_spacing_mm=(1.0, 1.0))
    state = replace(STATE, areas=(DisplayedArea(1, 1, 30, 20, spacing_mm=(0.4, 0.2)),))
    shown = presented(frame, state, UID, 1)
    assert native_size(shown, state.areas[0], state) == (30, 40)
    assert shown.attributes.pixel_spacing_mm == (1.0, 1.0)


def test_only_the_interpolation_of_the_user_is_kept() -> None:
    before = View(window=Window(1, 2), zoom=7.0, inverted=True, colour_map="PET", interpolation=Interpolation.CUBIC)
    after = presented_view(FRAME, before, STATE, None, SIZE)
    assert after == View(interpolation=Interpolation.CUBIC, presentation=STATE)


def test_only_the_frames_that_are_meant_change() -> None:
    state = replace(STATE, images=(ImageReference(UID, (2, 3)),))
    assert [presented(FRAME, state, UID, number) is FRAME for number in (1, 2, 3, 4)] == [True, False, False, True]


def test_without_a_voi_transformation_the_whole_range_is_shown() -> None:
    """PS3.4 N.2.2: then it is the identity."""
    frame = frame_of(np.array([[-2048, 0, 2047]], np.int16), bits_stored=12, signed=True, windows=(Window(0, 2),))
    shown = presented(frame, replace(STATE, modality=(SoftcopyModality((-2.0, 5.0)),)), UID, 1)
    assert compose(shown, View(zoom=1.0), (3, 1)).tolist() == [[255, 127, 0]]


def test_values_are_read_in_the_units_of_the_state() -> None:
    frame = frame_of(STORED, rescale_slope=2.0, rescale_intercept=-1000.0, unit="HU")
    assert presented(frame, STATE, UID, 1).attributes.unit == ""
    assert (
        presented(frame, replace(STATE, modality=(SoftcopyModality((2.0, -1000.0)),)), UID, 1).attributes.unit == "HU"
    )


def test_a_modality_lut_begins_below_zero_where_the_pixels_do() -> None:
    frame = frame_of(np.array([[-3, -2]], np.int16), signed=True)
    table = LookupTable(0x10000 - 3, np.array([0, 255], np.uint16), 8)
    shown = presented(frame, replace(STATE, modality=(SoftcopyModality(lut=table),)), UID, 1)
    assert compose(shown, View(zoom=1.0), (2, 1)).tolist() == [[0, 255]]


def test_colour_keeps_its_colours() -> None:
    frame = frame_of(np.zeros((2, 2, 3), np.uint8), photometric_interpretation="RGB", bits_stored=8)
    voi = SoftcopyVoi(windows=(Window(1, 2),))
    shown = presented(frame, replace(STATE, voi=(voi,), inverse=True), UID, 1)
    assert shown.attributes.photometric_interpretation == "RGB"
    assert not shown.attributes.inverse_presentation


def test_a_presentation_lut_covers_the_range_of_the_values() -> None:
    table = LookupTable(0, np.array([0, 1023, 4095], np.uint16), 12)
    assert presentation_lut(np.array([0.0, 0.5, 1.0]), table).tolist() == [0.0, 1023 / 4095, 1.0]
    frame = frame_of(np.array([[0, 100, 200]], np.uint16))
    voi = SoftcopyVoi(windows=(Window(100, 200, "", VoiFunction.LINEAR_EXACT),))
    shown = presented(frame, replace(STATE, voi=(voi,), presentation_lut=table), UID, 1)
    assert compose(shown, View(zoom=1.0), (3, 1)).tolist() == [[0, 64, 255]]
    assert compose(shown, View(zoom=1.0, inverted=True), (3, 1)).tolist() == [[255, 191, 0]]
