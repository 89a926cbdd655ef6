"""The grayscale pipeline against the pseudo-code and the words of PS3.3."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.frames import frame_of
from workstation.imaging import grayscale
from workstation.imaging.frame import LookupTable, PixelAttributes, VoiFunction, Window
from workstation.imaging.grayscale import (
    apply_table,
    display_table,
    has_table,
    is_inverted,
    look_up,
    modality_values,
    padding_mask,
    presentation,
    shade,
    to_modality,
    voi,
    voi_linear,
    voi_linear_exact,
    voi_sigmoid,
)

finite = st.floats(-1e6, 1e6)
MONOCHROME2 = PixelAttributes("MONOCHROME2", 16, True)


def linear_of_the_standard(x: float, c: float, w: float) -> float:
    """The pseudo-code of PS3.3 C.11.2.1.2.1, word for word, with ymin 0 and ymax 1."""
    if x <= c - 0.5 - (w - 1) / 2:
        return 0.0
    if x > c - 0.5 + (w - 1) / 2:
        return 1.0
    return (x - (c - 0.5)) / (w - 1) + 0.5


@given(finite, finite, st.floats(1, 1e5))
def test_linear_is_the_standard_s_pseudo_code(value: float, center: float, width: float) -> None:
    shade_of = voi_linear(np.array([value]), Window(center, width))[0]
    assert shade_of == pytest.approx(linear_of_the_standard(value, center, width), abs=1e-3)


@given(finite, finite, st.floats(1e-3, 1e5))
def test_linear_exact_is_the_standard_s_pseudo_code(value: float, center: float, width: float) -> None:
    if value <= center - width / 2:
        expected = 0.0
    elif value > center + width / 2:
        expected = 1.0
    else:
        expected = (value - center) / width + 0.5
    window = Window(center, width, "", VoiFunction.LINEAR_EXACT)
    assert voi_linear_exact(np.array([value]), window)[0] == pytest.approx(expected, abs=1e-6)


@given(finite, finite, st.floats(1e-2, 1e5))
def test_sigmoid_is_the_standard_s_formula(value: float, center: float, width: float) -> None:
    exponent = -4 * (value - center) / width
    expected = 0.0 if exponent > 700 else 1 / (1 + math.exp(exponent))
    window = Window(center, width, "", VoiFunction.SIGMOID)
    assert voi_sigmoid(np.array([value]), window)[0] == pytest.approx(expected, abs=1e-9)


def test_the_standard_s_own_examples_of_the_linear_function() -> None:
    """PS3.3 C.11.2.1.2.1 note: c=2048, w=4096 spans 0..4095; c=0, w=1 is a step between -1 and 0 (c - 0.5)."""
    full = voi_linear(np.array([0.0, 4095.0]), Window(2048, 4096))
    assert full.tolist() == [0.0, 1.0]
    assert voi_linear(np.array([-1.0, -0.5, 0.0]), Window(0, 1)).tolist() == [0.0, 0.0, 1.0]


@given(st.sampled_from(list(VoiFunction)), finite, st.floats(1, 1e5), st.lists(finite, min_size=2, max_size=20))
def test_every_window_function_rises(function: VoiFunction, center: float, width: float, values: list[float]) -> None:
    shades = voi(np.sort(np.array(values)), Window(center, width, "", function))
    assert (np.diff(shades) >= 0).all()
    assert shades.min() >= 0
    assert shades.max() <= 1


def test_a_lut_clips_below_its_first_and_above_its_last_entry() -> None:
    table = LookupTable(-2, np.array([10, 20, 30], np.uint16), 8)
    assert look_up(np.array([-9, -2, -1, 0, 9]), table).tolist() == [10, 10, 20, 30, 30]


def test_a_voi_lut_spans_its_bits() -> None:
    table = LookupTable(0, np.array([0, 4095], np.uint16), 12)
    assert voi(np.array([0.0, 1.0]), table).tolist() == [0.0, 1.0]


def test_modality_values_come_from_the_lut_or_from_slope_and_intercept() -> None:
    rescaled = PixelAttributes("MONOCHROME2", 16, True, rescale_slope=2.0, rescale_intercept=-1000.0)
    assert to_modality(np.array([5], np.int16), rescaled).tolist() == [-990.0]
    table = LookupTable(0, np.array([7, 8], np.uint16), 16)
    mapped = PixelAttributes("MONOCHROME2", 16, True, rescale_slope=2.0, modality_lut=table)
    assert to_modality(np.array([1], np.int16), mapped).tolist() == [8.0]


def test_colour_has_no_modality_transformation() -> None:
    assert modality_values(frame_of([[[1, 2, 3]]], rescale_slope=5.0)).tolist() == [[[1.0, 2.0, 3.0]]]
    assert modality_values(frame_of([[1]], rescale_slope=5.0)).tolist() == [[5.0]]


@pytest.mark.parametrize(
    ("photometric", "inverse", "user", "expected"),
    [
        ("MONOCHROME2", False, False, False),
        ("MONOCHROME2", False, True, True),
        ("MONOCHROME2", True, False, True),
        ("MONOCHROME1", False, False, True),
        ("MONOCHROME1", True, False, True),
        ("MONOCHROME1", False, True, False),
    ],
)
def test_low_values_are_white_by_photometric_shape_and_user(
    photometric: str, inverse: bool, user: bool, expected: bool
) -> None:
    attributes = PixelAttributes(photometric, 16, False, inverse_presentation=inverse)
    assert is_inverted(attributes, user) is expected


def test_presentation_spans_black_to_white_and_makes_not_a_number_black() -> None:
    assert presentation(np.array([0.0, 0.5, 1.0, np.nan]), False).tolist() == [0, 128, 255, 0]
    assert presentation(np.array([0.0, 1.0]), True).tolist() == [255, 0]


@given(st.sampled_from(list(VoiFunction)), finite, st.floats(1, 1e5), st.lists(finite, min_size=1, max_size=20))
def test_every_window_function_stays_between_black_and_white(
    function: VoiFunction, center: float, width: float, values: list[float]
) -> None:
    shades = grayscale.voi(np.array(values), Window(center, width, "", function))
    assert shades.min() >= 0
    assert shades.max() <= 1


@given(
    st.lists(st.integers(0, 65535), min_size=1, max_size=50),
    st.integers(-40000, 40000),
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=20),
)
def test_a_lut_s_entry_is_found_by_counting_from_its_first(entries: list[int], first: int, inputs: list[int]) -> None:
    table = LookupTable(first, np.array(entries, np.uint16), 16)
    found = grayscale.look_up(np.array(inputs, np.int32), table)
    assert found.tolist() == [entries[min(max(value - first, 0), len(entries) - 1)] for value in inputs]


@given(
    st.sampled_from(["u1", "i1", "u2", "i2"]),
    st.builds(Window, st.floats(-2000, 2000), st.floats(1, 4000), function=st.sampled_from(list(VoiFunction))),
    st.floats(0.1, 4),
    st.booleans(),
)
def test_the_table_gives_what_the_pipeline_gives(kind: str, window: Window, slope: float, inverted: bool) -> None:
    dtype = np.dtype(kind)
    info = np.iinfo(dtype)
    stored = np.array([info.min, info.min + 1, 0, 1, 77, info.max - 1, info.max], dtype)
    attributes = PixelAttributes("MONOCHROME2", info.bits, info.min < 0, rescale_slope=slope, rescale_intercept=-100)
    table = display_table(dtype, attributes, window, inverted)
    expected = shade(to_modality(stored, attributes), attributes, window, inverted)
    assert apply_table(stored, table).tolist() == expected.tolist()


def test_the_table_is_applied_to_frames_larger_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grayscale, "_BLOCK", 100)
    stored = np.arange(1000, dtype=np.int16).reshape(20, 50) - 500
    window = Window(0, 1000)
    table = display_table(stored.dtype, MONOCHROME2, window, False)
    assert np.array_equal(apply_table(stored, table), shade(stored.astype(float), MONOCHROME2, window, False))
    assert np.array_equal(apply_table(stored[:, ::-2], table), apply_table(stored, table)[:, ::-2])


def test_only_eight_and_sixteen_bit_integers_have_a_table() -> None:
    assert [has_table(np.dtype(kind)) for kind in ("u1", "i2", "u4", "f4")] == [True, True, False, False]


def test_padding_is_found_by_value_and_by_range() -> None:
    stored = np.array([[-2000, -1999, 0, 5]], np.int16)
    assert padding_mask(frame_of(stored)) is None
    assert padding_mask(frame_of(stored, padding=(7.0, 7.0))) is None
    assert padding_mask(frame_of(stored, padding=(-2000.0, -2000.0))).tolist() == [[True, False, False, False]]
    assert padding_mask(frame_of(stored, padding=(-2000.0, -1999.0))).tolist() == [[True, True, False, False]]
