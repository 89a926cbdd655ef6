"""Pictures turned by any angle: places, values, letters, what is laid over them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.frames import frame_of
from tests.unit.imaging.test_compose import IDENTITY
from workstation.imaging.compose import Layout, compose, fit_zoom, layout
from workstation.imaging.frame import PlaneGeometry
from workstation.imaging.geometry import edge_letters
from workstation.imaging.overlay import Overlay
from workstation.imaging.shutter import Shutter
from workstation.imaging.view import Interpolation, View

SIZE = (120, 100)
AXIAL = PlaneGeometry((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), "1.2.3")
tilts = st.floats(-45, 45).filter(lambda tilt: abs(tilt) > 0.01)
views = st.builds(
    View,
    window=st.just(IDENTITY),
    zoom=st.none() | st.floats(0.2, 5.0),
    pan=st.tuples(st.floats(-30, 30), st.floats(-30, 30)),
    quarter_turns=st.integers(0, 3),
    tilt=tilts,
    flipped=st.booleans(),
)


def ramp(rows: int = 60, columns: int = 80) -> np.ndarray:
    return (np.arange(rows)[:, None] * 2 + np.arange(columns)[None, :] + 20).astype(np.uint8)


def places(plan: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Column and row under the centre of each screen pixel."""
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    found = np.array([plan.to_image(float(a), float(b)) for a, b in zip(x.ravel(), y.ravel(), strict=True)])
    return found[:, 0].reshape(x.shape), found[:, 1].reshape(x.shape)


@given(views)
def test_each_screen_pixel_shows_the_value_at_its_place_of_the_image(view: View) -> None:
    frame = frame_of(ramp())
    column, row = places(layout(frame, view, SIZE))
    margin = max(1.5, 1.5 / (view.zoom or 1.0))
    inside = (column > margin) & (column < 80 - margin) & (row > margin) & (row < 60 - margin)
    expected = (row - 0.5) * 2 + (column - 0.5) + 20
    assert np.abs(compose(frame, view, SIZE)[inside] - expected[inside]).max(initial=0) <= 1.6


@given(views)
def test_outside_the_image_the_screen_is_black(view: View) -> None:
    frame = frame_of(ramp())
    column, row = places(layout(frame, view, SIZE))
    outside = (column < -1e-6) | (column > 80 + 1e-6) | (row < -1e-6) | (row > 60 + 1e-6)
    assert not compose(frame, view, SIZE)[outside].any()


@given(tilts, st.integers(0, 3))
def test_a_fitted_picture_is_whole_whatever_its_angle(tilt: float, turns: int) -> None:
    frame, view = frame_of(ramp()), View(tilt=tilt, quarter_turns=turns)
    corners = [layout(frame, view, SIZE).to_screen(x, y) for x in (0, 80) for y in (0, 60)]
    assert all(-1e-6 <= x <= SIZE[0] + 1e-6 and -1e-6 <= y <= SIZE[1] + 1e-6 for x, y in corners)
    assert fit_zoom(frame, view, SIZE) <= fit_zoom(frame, View(quarter_turns=turns), SIZE) * 1.42


def test_made_smaller_it_is_the_mean_so_that_nothing_small_is_lost() -> None:
    stored = np.zeros((400, 400), np.uint16)
    stored[::20, ::20] = 4000
    frame = frame_of(stored)
    seen = compose(frame, View(window=replace(IDENTITY, center=2000, width=4000), zoom=0.3, tilt=10.0), SIZE)
    assert np.count_nonzero(seen > 2) > 20


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.float32])
@pytest.mark.parametrize("interpolation", list(Interpolation))
def test_every_type_of_pixel_can_be_turned(dtype: type[np.generic], interpolation: Interpolation) -> None:
    view = View(window=IDENTITY, tilt=7.0, interpolation=interpolation)
    seen = compose(frame_of(ramp().astype(dtype)), view, SIZE)
    assert 100 < int(seen[50, 60]) < 140


def test_colour_is_turned_too() -> None:
    stored = np.zeros((60, 80, 3), np.uint8)
    stored[..., 1] = 200
    frame = frame_of(stored, photometric_interpretation="RGB", bits_stored=8)
    assert compose(frame, View(tilt=20.0), SIZE)[50, 60].tolist() == [0, 200, 0]


def test_padding_weighs_nothing_and_is_black() -> None:
    stored = ramp().astype(np.int16)
    stored[:, :40] = -2000
    seen = compose(frame_of(stored, padding=(-2000, -2000), signed=True), View(window=IDENTITY, tilt=5.0), SIZE)
    assert not seen[50, :50].any()
    assert seen[50, 66:90].min() > 60


def test_overlays_and_shutter_turn_with_the_picture() -> None:
    bits = np.zeros((60, 80), np.bool_)
    bits[10:50, 40] = True
    overlay = Overlay(0x6000, 60, 80, np.packbits(bits, bitorder="little"))
    frame = frame_of(ramp(), overlays=(overlay,), shutter=Shutter(rectangle=(5, 5, 76, 56)))
    view = View(window=IDENTITY, zoom=1.0, tilt=30.0)
    seen = compose(frame, view, SIZE)
    plan = layout(frame, view, SIZE)
    for row in (12, 30, 48):
        x, y = plan.to_screen(40.5, row + 0.5)
        assert seen[int(y), int(x)] == 255
    for column, row in ((2, 30), (40, 2), (78, 30)):
        x, y = plan.to_screen(column + 0.5, row + 0.5)
        assert seen[int(y), int(x)] == 0
    thin = compose(frame, replace(view, zoom=0.4), SIZE)
    assert np.count_nonzero(thin == 255) >= 14


def test_letters_follow_the_angle() -> None:
    geometric = frame_of(ramp(), geometry=AXIAL).attributes
    assert edge_letters(geometric, View(tilt=5.0)) == ("R", "A", "L", "P")
    assert edge_letters(geometric, View(tilt=30.0)) == ("RP", "AR", "LA", "PL")
    assert edge_letters(geometric, View(tilt=30.0, quarter_turns=1)) == ("PL", "RP", "AR", "LA")
    worded = frame_of(ramp(), patient_orientation=("L", "F")).attributes
    assert edge_letters(worded, View(tilt=5.0)) == ("R", "H", "L", "F")
    assert edge_letters(worded, View(tilt=30.0)) == ("RF", "HR", "LH", "FL")
    assert edge_letters(worded, View(tilt=-30.0)) == ("RH", "HL", "LF", "FR")


def test_the_angle_of_a_view_counts_quarter_turns_and_tilt() -> None:
    assert View(quarter_turns=1, tilt=-10.0).angle == 80.0
    assert View(quarter_turns=3).angle == -90.0
    assert View(quarter_turns=2).angle == 180.0
