"""What the tools do to a view, checked against the picture that `compose` makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.imaging.compose import compose
from workstation.imaging.frame import Frame, PixelAttributes
from workstation.imaging.view import Interpolation, View
from workstation.ui.viewer import tools

SIZE = (40, 40)
views = st.builds(
    View,
    quarter_turns=st.integers(0, 3),
    flipped=st.booleans(),
    pan=st.tuples(st.integers(-5, 5).map(float), st.integers(-5, 5).map(float)),
    zoom=st.just(1.0),
    interpolation=st.just(Interpolation.NEAREST),
)


def picture(view: View) -> np.ndarray:
    stored = np.arange(64, dtype=np.uint8).reshape(8, 8) + 100
    return compose(Frame(stored, PixelAttributes("MONOCHROME2", 8, False)), view, SIZE)


@given(views)
def test_flip_horizontally_mirrors_what_is_on_the_screen(view: View) -> None:
    assert np.array_equal(picture(tools.flip_horizontally(view)), picture(view)[:, ::-1])


@given(views)
def test_flip_vertically_turns_what_is_on_the_screen_upside_down(view: View) -> None:
    assert np.array_equal(picture(tools.flip_vertically(view)), picture(view)[::-1, :])


@given(views, st.integers(-3, 3))
def test_rotate_turns_what_is_on_the_screen_clockwise(view: View, turns: int) -> None:
    assert np.array_equal(picture(tools.rotate(view, turns)), np.rot90(picture(view), -turns))


@given(views)
def test_four_turns_and_two_flips_change_nothing(view: View) -> None:
    assert tools.rotate(view, 4) == view
    assert tools.flip_horizontally(tools.flip_horizontally(view)) == view
    assert tools.flip_vertically(tools.flip_vertically(view)) == view


@given(views, st.floats(-400, 400))
def test_turning_back_and_forth_changes_nothing(view: View, degrees: float) -> None:
    turned = tools.turn_to(view, degrees)
    assert abs((turned.angle - degrees + 180) % 360 - 180) < 1e-2
    back = tools.turn_to(turned, view.angle)
    assert (back.quarter_turns, back.tilt, back.flipped) == (view.quarter_turns, 0.0, view.flipped)
    assert back.pan == pytest.approx(view.pan, abs=1e-2)


@given(views, st.floats(-44, 44))
def test_a_tilted_picture_is_mirrored_as_it_stands(view: View, tilt: float) -> None:
    tilted = tools.turn_to(view, view.angle + tilt)
    assert tools.flip_horizontally(tilted).angle == pytest.approx(
        tools.flip_horizontally(view).angle - tilt, abs=0.01
    ) or (abs(tools.flip_horizontally(tilted).angle - tools.flip_horizontally(view).angle + tilt) > 180)
    assert tools.flip_vertically(tools.flip_vertically(tilted)) == tilted


@given(
    st.floats(0.2, 5),
    st.tuples(st.floats(0, 400), st.floats(0, 300)),
    st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    st.floats(0.5, 2),
)
def test_zoom_keeps_what_lies_under_the_pointer(
    factor: float, point: tuple[float, float], pan: tuple[float, float], current: float
) -> None:
    size = (400, 300)
    before = View(zoom=current, pan=pan)
    after = tools.zoom_at(before, factor, point, size, current)
    assert after.zoom is not None
    for axis in range(2):
        centre = size[axis] / 2
        image_before = (point[axis] - centre - before.pan[axis]) / current
        image_after = (point[axis] - centre - after.pan[axis]) / after.zoom
        assert image_after == pytest.approx(image_before, abs=1e-6)


def test_zoom_stops_at_its_limits() -> None:
    view = View(zoom=tools.LARGEST_ZOOM)
    assert tools.zoom_at(view, 2, (0, 0), (10, 10), tools.LARGEST_ZOOM).zoom == tools.LARGEST_ZOOM
