"""A second series over the first: where its pixels lie, what is left out, how colours mix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workstation.imaging.blending import laid_over, nearest_plane, reach_of
from workstation.imaging.colour import blended
from workstation.imaging.compose import compose
from workstation.imaging.frame import Frame, PixelAttributes, PlaneGeometry, Window
from workstation.imaging.view import View

PLANE = PlaneGeometry((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), "1.2")
GRAY = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
RED = GRAY * np.array([1, 0, 0], np.uint8)


def frame(stored: np.ndarray, spacing: float = 1.0, plane: PlaneGeometry = PLANE, **more: object) -> Frame:
    window = Window(127.5, 256.0)
    attributes = PixelAttributes(
        "MONOCHROME2", 8, False, windows=(window,), geometry=plane, pixel_spacing_mm=(spacing, spacing)
    )
    return Frame(stored, replace(attributes, **more))  # type: ignore[arg-type]


BELOW = frame(np.full((8, 8), 100, np.uint8))
RAMP = np.add.outer(np.arange(4) * 40, np.arange(4) * 20).astype(np.uint8)


def channels(packed: np.ndarray) -> np.ndarray:
    """Opacity, red, green, blue."""
    return np.stack([packed >> shift & 0xFF for shift in (24, 16, 8, 0)], axis=-1)


def test_what_lies_in_the_same_plane_lies_pixel_upon_pixel() -> None:
    packed = laid_over(frame(np.zeros((4, 4), np.uint8)), frame(RAMP), RED, 0.5)
    assert packed is not None
    opacity, red, green, _ = np.moveaxis(channels(packed), -1, 0)
    assert (opacity == 128).all()
    assert np.abs(red.astype(int) - RAMP).max() <= 1
    assert not green.any()


def test_larger_pixels_are_interpolated_and_nothing_is_shown_beside_them() -> None:
    moved = replace(PLANE, position=(2.5, 0.5, 0.0))  # pixels of 2 mm, their edges on those of the others
    packed = laid_over(BELOW, frame(RAMP, 2.0, moved), GRAY, 1.0)
    assert packed is not None
    opacity, red = channels(packed)[..., 0], channels(packed)[..., 1].astype(int)
    assert (opacity[:, :2] == 0).all()
    assert (opacity[:, 2:] == 255).all()
    assert red[3, 4] == pytest.approx(RAMP[1, 1] + 0.25 * 40 - 0.25 * 20, abs=1)


@pytest.mark.parametrize(
    "plane",
    [
        replace(PLANE, frame_of_reference_uid="1.3"),
        replace(PLANE, frame_of_reference_uid=""),
        replace(PLANE, column_direction=(0.0, 0.0, 1.0)),
    ],
)
def test_other_planes_and_frames_of_reference_are_not_laid_over(plane: PlaneGeometry) -> None:
    assert laid_over(BELOW, frame(RAMP, plane=plane), GRAY, 1.0) is None


def test_padding_lets_the_picture_through() -> None:
    packed = laid_over(frame(np.zeros((4, 4), np.uint8)), frame(RAMP, padding=(0.0, 0.0)), GRAY, 1.0)
    assert packed is not None
    assert (packed[0, 0], packed[1, 1] >> 24) == (0, 255)


def test_colours_mix_as_opaque_as_they_are() -> None:
    below = np.full((1, 3, 3), 200, np.uint8)
    packed = np.array([[0, 0x80FF0000, 0xFF0000FF]], np.uint32)
    assert blended(below, packed, inverted=False)[0].tolist() == [[200, 200, 200], [228, 100, 100], [0, 0, 255]]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_it_turns_with_the_picture(turns: int) -> None:
    packed = laid_over(frame(np.zeros((4, 4), np.uint8)), frame(RAMP), GRAY, 1.0)
    both = frame(np.zeros((4, 4), np.uint8), superimposed=packed)
    shown = compose(both, View(zoom=1.0, quarter_turns=turns), (4, 4))
    expected = compose(frame(RAMP), View(zoom=1.0, quarter_turns=turns), (4, 4))
    assert np.abs(shown[..., 0].astype(int) - expected).max() <= 1


def test_the_nearest_slice_within_reach_is_taken() -> None:
    planes = [replace(PLANE, position=(0.0, 0.0, z)) for z in (0.0, 3.0, 6.0)]
    assert reach_of([*planes]) == pytest.approx(1.5, abs=0.01)
    at = replace(PLANE, position=(5.0, 5.0, 4.0))
    assert nearest_plane(at, [*planes, None], 1.5) == 1
    assert nearest_plane(at, [planes[0]], 1.5) is None
