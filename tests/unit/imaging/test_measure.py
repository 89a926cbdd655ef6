"""What angles and regions of a frame say, against plain numpy over every pixel centre."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.frames import frame_of
from workstation.imaging.frame import LookupTable
from workstation.imaging.measure import Point, Region, Shape, angle_degrees, area_px, bounds, mask, statistics

coordinate = st.floats(-3, 23, allow_nan=False).map(lambda value: round(value, 3))
point = st.tuples(coordinate, coordinate)


def whole(region: Region, rows: int, columns: int) -> np.ndarray:
    """The mask over the whole image."""
    result = np.zeros((rows, columns), np.bool_)
    result[bounds(region, rows, columns)] = mask(region, rows, columns)
    return result


def inside_ellipse(x: float, y: float, one: Point, two: Point) -> bool:
    centre = ((one[0] + two[0]) / 2, (one[1] + two[1]) / 2)
    half = (max(1e-12, abs(one[0] - two[0]) / 2), max(1e-12, abs(one[1] - two[1]) / 2))
    return ((x - centre[0]) / half[0]) ** 2 + ((y - centre[1]) / half[1]) ** 2 <= 1.0


@given(point, point)
def test_a_rectangle_holds_the_pixels_whose_centres_lie_in_it(one: Point, two: Point) -> None:
    left, right = sorted((one[0], two[0]))
    top, bottom = sorted((one[1], two[1]))
    expected = [[left <= c + 0.5 <= right and top <= r + 0.5 <= bottom for c in range(20)] for r in range(15)]
    assert whole(Region(Shape.RECTANGLE, (one, two)), 15, 20).tolist() == expected


@given(point, point)
def test_an_ellipse_holds_the_pixels_whose_centres_lie_in_it(one: Point, two: Point) -> None:
    expected = [[inside_ellipse(c + 0.5, r + 0.5, one, two) for c in range(20)] for r in range(15)]
    assert whole(Region(Shape.ELLIPSE, (one, two)), 15, 20).tolist() == expected


def test_a_polygon_holds_the_pixels_whose_centres_lie_in_it_also_when_it_is_concave() -> None:
    arrow_head = Region(Shape.POLYGON, ((0, 0), (8, 0), (8, 8), (4, 3)))
    held = whole(arrow_head, 10, 10)
    assert held[1, 4]
    assert held[6, 7]
    assert not held[6, 4]  # in the notch
    assert not held[:, 8:].any()


@given(point, point)
def test_a_polygon_of_four_corners_holds_what_the_rectangle_holds(one: Point, two: Point) -> None:
    corners = (one, (two[0], one[1]), two, (one[0], two[1]))
    # A centre exactly on the border belongs to a rectangle and may or may not belong to a polygon.
    off = tuple((x + 0.00031, y + 0.00017) for x, y in corners)
    polygon = whole(Region(Shape.POLYGON, off), 15, 20)
    assert np.array_equal(polygon, whole(Region(Shape.RECTANGLE, (off[0], off[2])), 15, 20))
    assert area_px(Region(Shape.POLYGON, corners)) == pytest.approx(area_px(Region(Shape.RECTANGLE, (one, two))))


def test_statistics_are_those_of_the_modality_values_in_the_region() -> None:
    random = np.random.default_rng(4)
    stored = random.integers(-1000, 3000, (60, 80), dtype=np.int16)
    frame = frame_of(stored, rescale_slope=0.5, rescale_intercept=-24.0)
    region = Region(Shape.ELLIPSE, ((10.2, 5.7), (61.9, 44.1)))
    found = statistics(frame, region)
    values = stored[whole(region, 60, 80)] * 0.5 - 24.0
    assert found is not None
    assert found.count == values.size
    assert found.mean == pytest.approx(np.mean(values), rel=1e-12)
    assert found.deviation == pytest.approx(np.std(values), rel=1e-12)
    assert (found.smallest, found.largest) == (values.min(), values.max())


def test_statistics_go_through_the_modality_lut() -> None:
    table = LookupTable(0, np.array([7, 100, 900], np.uint16), 16)
    found = statistics(frame_of([[0, 1, 2]], modality_lut=table), Region(Shape.RECTANGLE, ((1, 0), (3, 1))))
    assert found is not None
    assert (found.mean, found.smallest, found.largest) == (500.0, 100.0, 900.0)


def test_padding_and_what_is_no_number_are_left_out() -> None:
    everything = Region(Shape.RECTANGLE, ((0, 0), (9, 9)))
    found = statistics(frame_of(np.array([[-2000, 1], [3, -2000]], np.int16), padding=(-2000, -2000)), everything)
    assert found is not None
    assert (found.count, found.mean) == (2, 2.0)
    found = statistics(frame_of(np.array([[np.nan, 1.0, 3.0]], np.float32)), everything)
    assert found is not None
    assert (found.count, found.mean) == (2, 2.0)
    assert statistics(frame_of(np.array([[5, 5]], np.int16), padding=(5, 6)), everything) is None


def test_a_region_between_the_pixel_centres_or_on_colour_has_no_statistics() -> None:
    assert statistics(frame_of(np.ones((9, 9), np.uint8)), Region(Shape.ELLIPSE, ((2.6, 2.6), (3.4, 3.4)))) is None
    assert statistics(frame_of(np.ones((9, 9, 3), np.uint8)), Region(Shape.RECTANGLE, ((0, 0), (9, 9)))) is None


def test_areas_are_those_of_the_shape() -> None:
    assert area_px(Region(Shape.RECTANGLE, ((6, 7), (2, 2)))) == 20
    assert area_px(Region(Shape.ELLIPSE, ((2, 2), (6, 7)))) == pytest.approx(math.pi * 2 * 2.5)
    assert area_px(Region(Shape.POLYGON, ((0, 0), (4, 0), (4, 3)))) == 6


def test_angles_are_those_on_the_patient_where_pixels_are_not_square() -> None:
    square = frame_of(np.ones((4, 4), np.uint8)).attributes
    assert angle_degrees(square, (1, 0), (0, 0), (0, 5)) == pytest.approx(90)
    assert angle_degrees(square, (1, 0), (0, 0), (-1, 0)) == pytest.approx(180)
    assert angle_degrees(square, (1, 0), (0, 0), (1, 1)) == pytest.approx(45)
    tall = frame_of(np.ones((4, 4), np.uint8), pixel_spacing_mm=(2.0, 1.0)).attributes
    assert angle_degrees(tall, (1, 0), (0, 0), (2, 1)) == pytest.approx(45)
