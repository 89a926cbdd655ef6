"""Which window an image opens with, and what a drag makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.frames import frame_of
from workstation.imaging.frame import LookupTable, VoiFunction, Window
from workstation.imaging.view import View
from workstation.imaging.window import (
    AUTO,
    FROM_FILE_LUT,
    FROM_FILE_WINDOW,
    auto_window,
    drag_window,
    initial_window,
    presets,
    window_of,
    window_of_region,
)

TABLE = LookupTable(0, np.arange(256, dtype=np.uint16), 8)
FIRST, SECOND = Window(40, 400, "soft"), Window(-600, 1500, "lung")


def test_the_file_s_voi_lut_comes_before_its_window_and_both_before_ours() -> None:
    stored = np.arange(100, dtype=np.int16).reshape(10, 10)
    assert initial_window(frame_of(stored, windows=(FIRST,), voi_luts=(TABLE,))) == (TABLE, FROM_FILE_LUT)
    assert initial_window(frame_of(stored, windows=(FIRST, SECOND))) == (FIRST, FROM_FILE_WINDOW)
    window, how = initial_window(frame_of(stored))
    assert how == AUTO
    assert isinstance(window, Window)
    assert window.explanation == AUTO


def test_a_view_chooses_a_voi_lut_a_window_or_leaves_it_to_the_file() -> None:
    frame = frame_of([[0, 1]], windows=(FIRST,), voi_luts=(TABLE,))
    assert window_of(frame, View(voi_lut_index=0, window=SECOND)) is TABLE
    assert window_of(frame, View(voi_lut_index=3, window=SECOND)) is SECOND
    assert window_of(frame, View(window=SECOND)) is SECOND
    assert window_of(frame, View()) is TABLE


def test_our_window_ignores_outliers_and_padding() -> None:
    stored = np.tile(np.arange(1000, dtype=np.int16), (1000, 1))
    stored[0, 0] = 32000
    stored[:300] = -2000
    window = auto_window(frame_of(stored, padding=(-2000.0, -2000.0)))
    assert window.center == pytest.approx(499.5, abs=10)
    assert window.width == pytest.approx(990, abs=20)


def test_our_window_shows_an_eight_bit_picture_as_it_is() -> None:
    window = auto_window(frame_of([[10, 20]]))
    assert (window.center, window.width) == (127.5, 255)
    rescaled = auto_window(frame_of([[10, 20]], rescale_slope=-2.0, rescale_intercept=10.0))
    assert (rescaled.center, rescaled.width) == (-245.0, 510.0)


@pytest.mark.parametrize(
    "stored",
    [
        np.zeros((4, 4), np.int16),
        np.full((4, 4), 900, np.uint16),
        np.full((4, 4), np.nan, np.float32),
        np.full((4, 4), -2000, np.int16),
    ],
)
def test_a_flat_or_empty_image_gets_a_window_that_shows_it_black(stored: np.ndarray) -> None:  # type: ignore[type-arg]
    window = auto_window(frame_of(stored, padding=(-2000.0, -2000.0)))
    assert window.width > 0
    flat = float(np.nan_to_num(stored[0, 0]))
    assert window.center - window.width / 2 >= flat


def test_a_rare_bright_spot_still_gets_a_width() -> None:
    stored = np.zeros((100, 100), np.uint16)
    stored[0, 0] = 500
    assert auto_window(frame_of(stored)).width == 500


def test_presets_belong_to_ct() -> None:
    names = [window.explanation for window in presets("CT")]
    assert names[:3] == ["Soft tissue", "Lung", "Bone"]
    assert presets("CT")[1] == Window(-600, 1500, "Lung")
    assert presets("MR") == ()


FRAME = frame_of(np.zeros((4, 4), np.int16), rescale_slope=0.5)


def test_dragging_right_widens_and_up_brightens() -> None:
    wider = drag_window(FIRST, 20, 0, FRAME)
    assert wider.width > FIRST.width
    assert wider.center == FIRST.center
    brighter = drag_window(FIRST, 0, -20, FRAME)
    assert brighter.center < FIRST.center
    assert brighter.width == FIRST.width
    assert brighter.explanation == ""


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from(list(VoiFunction)))
def test_no_drag_leaves_the_range_of_windows(dx: float, dy: float, function: VoiFunction) -> None:
    window = drag_window(Window(40, 400, "", function), dx, dy, FRAME)
    assert (1.0 if function is VoiFunction.LINEAR else 0.5) <= window.width <= 1e12
    assert np.isfinite(window.center)


def test_dragging_there_and_back_restores_the_width() -> None:
    there = drag_window(FIRST, 50, 0, FRAME)
    assert drag_window(there, -50, 0, FRAME).width == pytest.approx(FIRST.width)


def test_a_float_image_can_have_any_small_width() -> None:
    frame = frame_of(np.zeros((2, 2), np.float32))
    window = drag_window(Window(0, 0.01, "", VoiFunction.LINEAR_EXACT), -50, 0, frame)
    assert 0 < window.width < 0.01


def test_a_drag_from_a_voi_lut_starts_at_the_window_that_covers_it() -> None:
    assert drag_window(TABLE, 0, 0, FRAME) == Window(128, 256)


# --- the window of a region -------------------------------------------------------------------------


def test_a_region_s_window_spans_the_values_inside_it() -> None:
    stored = np.zeros((100, 100), np.int16)
    stored[20:40, 30:60] = np.arange(600).reshape(20, 30)
    window = window_of_region(
        frame_of(stored, rescale_slope=2.0, rescale_intercept=-100.0), slice(20, 40), slice(30, 60)
    )
    assert window.center == pytest.approx(499, abs=2)
    assert window.width == pytest.approx(0.99 * 1198, abs=4)


def test_a_region_s_window_leaves_padding_and_single_outliers_out() -> None:
    stored = np.tile(np.arange(100, dtype=np.int16), (100, 1))
    stored[0, 0], stored[50:] = 30000, -2000
    window = window_of_region(frame_of(stored, padding=(-2000.0, -2000.0)), slice(0, 100), slice(0, 100))
    assert 0 <= window.center - window.width / 2 <= 2
    assert 97 <= window.center + window.width / 2 <= 99


def test_a_region_of_one_value_or_none_still_has_a_window() -> None:
    frame = frame_of(np.full((4, 4), 7, np.uint16))
    flat = window_of_region(frame, slice(0, 2), slice(0, 2))
    assert (flat.center, flat.width) == (7.5, 1.0)
    assert window_of_region(frame, slice(2, 2), slice(0, 2)).width == 1.0


@given(st.integers(0, 40), st.integers(1, 20), st.integers(0, 40), st.integers(1, 20))
def test_a_region_s_window_lies_within_its_values(top: int, height: int, left: int, width: int) -> None:
    stored = np.random.default_rng(5).integers(-1000, 3000, (60, 60)).astype(np.int16)
    rows, columns = slice(top, top + height), slice(left, left + width)
    window = window_of_region(frame_of(stored), rows, columns)
    part = stored[rows, columns]
    assert part.min() - 0.01 <= window.center - window.width / 2
    assert window.width == 1.0 or window.center + window.width / 2 <= part.max() + 0.01


@pytest.mark.parametrize("count", [1, 2, 3, 100, 999])
def test_the_automatic_window_spans_the_percentiles_as_numpy_gives_them(count: int) -> None:
    values = np.random.default_rng(count).integers(0, 4000, (count, 3)).astype(np.uint16)
    window = auto_window(frame_of(values))
    low, high = np.percentile(values, (0.5, 99.5))
    assert window.center == pytest.approx((low + high) / 2)
    assert window.width == pytest.approx(high - low)
