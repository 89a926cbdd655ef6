"""What the screen shows: where each pixel lands, what is blended and what never is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.frames import frame_of
from workstation.imaging.colour import palette_to_rgb, to_8_bit, ybr_full_to_rgb, ybr_partial_to_rgb
from workstation.imaging.compose import LARGEST_ZOOM, Composer, compose, layout, row_ratio
from workstation.imaging.frame import LookupTable, VoiFunction, Window
from workstation.imaging.probe import modality_value
from workstation.imaging.resample import axis, resample
from workstation.imaging.view import Interpolation, View

pytestmark = pytest.mark.usefixtures("loops")
IDENTITY = Window(127.5, 255, "", VoiFunction.LINEAR_EXACT)  # 8-bit values as they are
NATIVE = View(window=IDENTITY, zoom=1.0)
STORED = np.arange(6 * 10, dtype=np.uint8).reshape(6, 10) * 4
views = st.builds(
    View,
    window=st.just(IDENTITY),
    zoom=st.none() | st.floats(0.2, 8),
    pan=st.tuples(st.floats(-30, 30), st.floats(-30, 30)),
    quarter_turns=st.integers(0, 3),
    flipped=st.booleans(),
)


def test_at_native_size_every_pixel_is_a_copy() -> None:
    assert np.array_equal(compose(frame_of(STORED), NATIVE, (10, 6)), STORED)


def test_odd_margins_do_not_blur_a_native_view() -> None:
    screen = compose(frame_of(STORED), NATIVE, (13, 9))
    places = [(top, left) for top in (1, 2) for left in (1, 2)]
    assert any(np.array_equal(screen[top : top + 6, left : left + 10], STORED) for top, left in places)


def test_outside_the_image_is_black_even_inverted() -> None:
    screen = compose(frame_of(np.zeros((2, 2), np.uint8)), View(window=IDENTITY, zoom=1.0, inverted=True), (6, 4))
    assert screen.shape == (4, 6)
    assert screen[1:3, 2:4].tolist() == [[255, 255], [255, 255]]
    assert int(screen.sum()) == 4 * 255


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View(quarter_turns=1), np.rot90(STORED, -1)),
        (View(quarter_turns=2), np.rot90(STORED, 2)),
        (View(quarter_turns=3), np.rot90(STORED, 1)),
        (View(flipped=True), STORED[:, ::-1]),
        (View(flipped=True, quarter_turns=1), np.rot90(STORED[:, ::-1], -1)),
    ],
)
def test_turns_are_clockwise_and_the_flip_comes_first(view: View, expected: np.ndarray) -> None:  # type: ignore[type-arg]
    height, width = expected.shape
    view = View(window=IDENTITY, zoom=1.0, flipped=view.flipped, quarter_turns=view.quarter_turns)
    assert np.array_equal(compose(frame_of(STORED), view, (width, height)), expected)


@given(views)
def test_a_turned_view_shows_the_turned_image(view: View) -> None:
    turned = np.rot90(STORED[:, ::-1] if view.flipped else STORED, -view.quarter_turns)
    upright = View(window=IDENTITY, zoom=view.zoom, pan=view.pan)
    screen = compose(frame_of(STORED), view, (31, 24)).astype(int)
    expected = compose(frame_of(np.ascontiguousarray(turned)), upright, (31, 24)).astype(int)
    assert abs(screen - expected).max() <= 1


@given(views, st.floats(0, 10), st.floats(0, 6))
def test_screen_and_image_points_lead_to_each_other(view: View, column: float, row: float) -> None:
    plan = layout(frame_of(STORED, pixel_aspect_ratio=(2.0, 1.0)), view, (31, 24))
    assert plan.to_image(*plan.to_screen(column, row)) == pytest.approx((column, row), abs=1e-6)


@given(
    views | st.builds(View, zoom=st.just(1.0), quarter_turns=st.integers(0, 3), flipped=st.booleans()),
    st.integers(0, 5),
    st.integers(0, 9),
)
@settings(max_examples=200)
def test_the_layout_says_where_each_pixel_is_drawn(view: View, row: int, column: int) -> None:
    stored = np.zeros((6, 10), np.uint8)
    stored[row, column] = 255
    nearest = View(
        window=IDENTITY,
        zoom=view.zoom,
        pan=view.pan,
        quarter_turns=view.quarter_turns,
        flipped=view.flipped,
        interpolation=Interpolation.NEAREST,
    )
    frame = frame_of(stored)
    plan = layout(frame, nearest, (31, 24))
    for y, x in np.argwhere(compose(frame, nearest, (31, 24))):
        found_column, found_row = plan.to_image(x + 0.5, y + 0.5)
        assert abs(found_column - column - 0.5) <= 0.5 + 1e-5
        assert abs(found_row - row - 0.5) <= 0.5 + 1e-5


def test_fit_shows_the_whole_image_touching_two_edges() -> None:
    plan = layout(frame_of(STORED), View(), (100, 100))
    assert plan.zoom == 10
    assert plan.to_screen(0, 0) == (0, 20)
    assert layout(frame_of(STORED), View(quarter_turns=1), (60, 100)).zoom == 10


def test_pixels_that_are_not_square_keep_their_proportions() -> None:
    spaced = frame_of(STORED, pixel_spacing_mm=(2.0, 1.0))
    assert row_ratio(spaced.attributes) == 2.0
    plan = layout(spaced, View(zoom=3.0), (100, 100))
    assert (plan.zoom, plan.row_zoom) == (3.0, 6.0)
    assert row_ratio(frame_of(STORED, pixel_aspect_ratio=(1.0, 2.0)).attributes) == 0.5
    assert row_ratio(frame_of(STORED, pixel_spacing_mm=(1e9, 1.0)).attributes) == 1.0


def test_the_pixel_under_the_pointer_is_known_and_outside_there_is_none() -> None:
    frame = frame_of(STORED, rescale_slope=2.0, rescale_intercept=1.0)
    plan = layout(frame, View(), (100, 100))
    assert plan.pixel_at(5, 25, frame) == (0, 0)
    assert plan.pixel_at(99, 79, frame) == (5, 9)
    assert plan.pixel_at(5, 5, frame) is None
    assert modality_value(frame, 0, 1) == 9.0
    assert modality_value(frame, 6, 0) is None
    assert modality_value(frame_of([[[1, 2, 3]]]), 0, 0) == (1, 2, 3)


def test_zoom_has_limits() -> None:
    assert layout(frame_of(STORED), View(zoom=1e9), (10, 10)).zoom == LARGEST_ZOOM
    assert layout(frame_of(STORED), View(zoom=0.0), (10, 10)).zoom > 0


def test_an_image_panned_off_the_screen_leaves_it_black() -> None:
    for frame in (frame_of(STORED), frame_of(np.full((4, 4, 3), 255, np.uint8))):
        assert not compose(frame, View(window=IDENTITY, zoom=1.0, pan=(500.0, 0.0)), (20, 20)).any()


# --- interpolation -----------------------------------------------------------------------------------


@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 12), st.integers(1, 12))
def test_shrinking_is_the_exact_mean_over_the_area(rows: int, columns: int, height: int, width: int) -> None:
    values = np.random.default_rng(rows * columns).integers(0, 4096, (rows, columns)).astype(np.float64)
    height, width = min(height, rows), min(width, columns)
    result = resample(
        values,
        axis(0, rows / height, height, rows),
        axis(0, columns / width, width, columns),
        Interpolation.LINEAR,
    )
    assert result.shape == (height, width)
    assert float(result.mean()) == pytest.approx(float(values.mean()), rel=1e-4)


def test_a_bright_spot_survives_the_fit_of_a_large_image() -> None:
    stored = np.zeros((1000, 1000), np.uint16)
    stored[501:503, 333:335] = 4000
    screen = compose(frame_of(stored, windows=(Window(128, 256),)), View(), (240, 240))
    assert screen.max() > 200


def test_enlarging_blends_between_pixel_centres() -> None:
    screen = compose(frame_of([[0, 200]]), View(window=IDENTITY, zoom=4.0), (8, 4))
    assert screen[0].tolist() == [0, 0, 25, 75, 125, 175, 200, 200]
    nearest = View(window=IDENTITY, zoom=4.0, interpolation=Interpolation.NEAREST)
    assert compose(frame_of([[0, 200]]), nearest, (8, 4))[0].tolist() == [0, 0, 0, 0, 200, 200, 200, 200]


def test_the_window_comes_after_the_interpolation() -> None:
    step = View(window=Window(100, 1, "", VoiFunction.LINEAR_EXACT), zoom=4.0)
    assert set(compose(frame_of([[0, 200]]), step, (8, 4))[0].tolist()) == {0, 255}


@pytest.mark.parametrize("zoom", [0.3, 1.0, 4.0])
def test_padding_is_never_blended_and_stays_black(zoom: float) -> None:
    stored = np.full((20, 20), 100, np.int16)
    stored[:, :10] = -2000
    frame = frame_of(stored, padding=(-2000.0, -2000.0))
    for inverted in (False, True):
        view = View(window=Window(0, 4096, "", VoiFunction.LINEAR_EXACT), zoom=zoom, inverted=inverted)
        levels = set(np.unique(compose(frame, view, (20, 20))).tolist())
        assert levels == {0, 121 if inverted else 134}


def test_a_padding_value_that_is_only_an_average_is_shown() -> None:
    stored = np.array([[0, 100, 50, 50]] * 2, np.uint16)
    frame = frame_of(stored, padding=(50.0, 50.0), windows=(Window(50, 100, "", VoiFunction.LINEAR_EXACT),))
    assert compose(frame, View(zoom=0.5), (2, 1)).tolist() == [[128, 0]]


def test_padding_is_turned_with_the_image() -> None:
    stored = np.full((4, 6), 100, np.int16)
    stored[0, :] = -2000
    frame = frame_of(stored, padding=(-2000.0, -2000.0), windows=(Window(0, 400),))
    screen = compose(frame, View(zoom=1.0, quarter_turns=1), (4, 6))
    assert not screen[:, 3].any()
    assert screen[:, :3].all()


def test_wide_and_floating_values_are_shown_without_a_table() -> None:
    window = Window(0.5, 1, "", VoiFunction.LINEAR_EXACT)
    ramp = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    assert compose(frame_of(ramp, windows=(window,)), View(zoom=1.0), (4, 4)).ravel()[-1] == 255
    wide = np.array([[0, 10**6]], np.int32)
    wide_frame = frame_of(wide, windows=(Window(5e5, 1e6),))
    assert compose(wide_frame, View(zoom=1.0), (2, 1)).tolist() == [[0, 255]]
    assert compose(wide_frame, View(zoom=0.5), (1, 1)).tolist() == [[128]]


def test_a_modality_lut_comes_before_the_interpolation() -> None:
    table = LookupTable(0, np.array([0, 60000, 0], np.uint16), 16)
    frame = frame_of([[0, 2]], modality_lut=table, windows=(Window(30000, 60000),))
    assert not compose(frame, View(zoom=8.0), (16, 8)).any()


# --- colour --------------------------------------------------------------------------------------------


def test_a_palette_is_looked_up_before_it_is_blended() -> None:
    red = LookupTable(0, np.array([0, 0xFFFF], np.uint16), 16)
    blue = LookupTable(0, np.array([0xFFFF, 0], np.uint16), 16)
    black = LookupTable(0, np.array([0, 0], np.uint16), 16)
    frame = frame_of([[0, 1]], photometric_interpretation="PALETTE COLOR", palette=(red, black, blue))
    screen = compose(frame, View(zoom=1.0), (2, 1))
    assert screen.tolist() == [[[0, 0, 255], [255, 0, 0]]]
    assert compose(frame, View(zoom=4.0), (8, 4))[0, 3].tolist() == [96, 0, 159]


def test_palette_indices_outside_take_the_first_and_last_colour() -> None:
    table = LookupTable(10, np.array([0, 128, 255], np.uint16), 8)
    rgb = palette_to_rgb(np.array([[0, 10, 11, 12, 99]], np.uint8), (table, table, table))
    assert rgb[0, :, 0].tolist() == [0, 0, 128, 255, 255]


def test_colour_is_inverted_and_brought_to_eight_bits() -> None:
    deep = np.array([[[0, 0x8000, 0xFFFF]]], np.uint16)
    assert compose(frame_of(deep), View(zoom=1.0), (1, 1)).tolist() == [[[0, 128, 255]]]
    assert compose(frame_of(deep), View(zoom=1.0, inverted=True), (1, 1)).tolist() == [[[255, 127, 0]]]
    assert to_8_bit(np.array([3]), 2).tolist() == [3]


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_ybr_and_back_is_the_same_colour(rgb: tuple[int, int, int]) -> None:
    to_ybr = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
    ybr = np.rint(to_ybr @ rgb + [0, 128, 128])
    back = ybr_full_to_rgb(np.clip(ybr, 0, 255).astype(np.uint8).reshape(1, 1, 3), 8)
    assert np.abs(back.reshape(3).astype(int) - rgb).max() <= 2


def test_partial_ybr_spans_video_levels() -> None:
    ends = np.array([[[16, 128, 128], [235, 128, 128]]], np.uint8)
    assert ybr_partial_to_rgb(ends, 8).tolist() == [[[0, 0, 0], [255, 255, 255]]]


# --- what is remembered ----------------------------------------------------------------------------------


def test_a_composer_gives_what_compose_gives_whatever_it_remembers() -> None:
    composer = Composer()
    other = frame_of(STORED[::-1].copy())
    frame = frame_of(STORED)
    for shown, view, size in [
        (frame, NATIVE, (20, 20)),
        (frame, View(window=Window(50, 60)), (20, 20)),
        (frame, View(window=Window(50, 60), inverted=True), (20, 20)),
        (other, View(window=Window(50, 60)), (20, 20)),
        (other, View(window=Window(50, 60), quarter_turns=1), (20, 20)),
        (other, View(window=Window(50, 60), quarter_turns=1), (30, 20)),
    ]:
        assert np.array_equal(composer.compose(shown, view, size), compose(shown, view, size))
