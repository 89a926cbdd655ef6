"""Where planes cut, and which slice is nearest: against places known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.imaging.frame import Frame, PixelAttributes, PlaneGeometry
from workstation.imaging.planes import (
    ImagePlane,
    SlicePlaces,
    are_parallel,
    intersection,
    look_alike,
    plane_of,
    share_frame_of_reference,
)


def axial(height: float = 0.0, frame_of_reference: str = "1.2") -> PlaneGeometry:
    return PlaneGeometry((-100.0, -100.0, height), (1, 0, 0), (0, 1, 0), frame_of_reference)


def sagittal(left: float = 0.0, top: float = 100.0) -> PlaneGeometry:
    return PlaneGeometry((left, -100.0, top), (0, 1, 0), (0, 0, -1), "1.2")


def image(geometry: PlaneGeometry, rows: int = 200, columns: int = 200) -> ImagePlane:
    return ImagePlane(geometry, (1.0, 1.0), rows, columns)


def test_an_axial_plane_cuts_a_sagittal_image_in_a_level_line_at_its_height() -> None:
    line = intersection(image(axial(40.0)), image(sagittal()))
    assert line is not None
    (begin, begin_row), (end, end_row) = line
    assert (begin_row, end_row) == pytest.approx((60.5, 60.5))  # 60 mm below the centre of the first row
    assert sorted((begin, end)) == pytest.approx([0.0, 200.0])


def test_a_line_is_no_longer_than_the_image_it_stands_for() -> None:
    narrow = ImagePlane(PlaneGeometry((-100.0, -50.0, 0.0), (1, 0, 0), (0, 1, 0), "1.2"), (0.5, 1.0), 100, 200)
    line = intersection(narrow, image(sagittal()))
    assert line is not None
    assert sorted(point[0] for point in line) == pytest.approx([50.25, 100.25])


def test_planes_that_miss_each_other_have_no_line() -> None:
    assert intersection(image(axial(150.0)), image(sagittal())) is None
    assert intersection(image(axial()), image(sagittal(left=300.0))) is None


@pytest.mark.parametrize("degrees", [0.0, 3.0])
def test_nearly_parallel_planes_have_no_line(degrees: float) -> None:
    turned = math.radians(degrees)
    tilted = PlaneGeometry((-100, -100, 0), (1, 0, 0), (0, math.cos(turned), math.sin(turned)), "1.2")
    assert intersection(image(tilted), image(axial())) is None


angles = st.floats(-math.pi, math.pi)
places = st.tuples(*[st.floats(-80, 80)] * 3)


@given(angles, angles, places, angles, places)
def test_every_point_of_the_line_lies_in_both_images(
    first: float, second: float, place: tuple[float, float, float], third: float, other: tuple[float, float, float]
) -> None:
    row = np.array((math.cos(first), math.sin(first), 0.0))
    column = np.cross((math.cos(second) * row[1], -math.cos(second) * row[0], math.sin(second)), row)
    column = column / np.linalg.norm(column) if np.linalg.norm(column) > 1e-3 else np.array((0.0, 0.0, 1.0))
    plane = image(PlaneGeometry(place, tuple(row), tuple(column), "1.2"))
    on = image(PlaneGeometry(other, (math.cos(third), 0.0, math.sin(third)), (0, 1, 0), "1.2"))
    line = intersection(plane, on)
    if line is None:
        return
    for point in line:
        assert -1e-6 <= point[0] <= 200 + 1e-6
        assert -1e-6 <= point[1] <= 200 + 1e-6
        across, down, distance = plane.project(on.point(*point))
        assert abs(distance) < 1e-6
        assert -1e-6 <= across <= 200 + 1e-6
        assert -1e-6 <= down <= 200 + 1e-6


@given(places, angles)
def test_what_is_projected_comes_back(place: tuple[float, float, float], angle: float) -> None:
    plane = ImagePlane(
        PlaneGeometry((3, 4, 5), (math.cos(angle), math.sin(angle), 0), (0, 0, -1), "1"), (0.7, 0.4), 9, 9
    )
    column, row, _ = plane.project(place)
    again = plane.project(plane.point(column, row))
    assert again == pytest.approx((column, row, 0.0), abs=1e-9)


def test_the_nearest_slice_is_found_whatever_the_order() -> None:
    stack = SlicePlaces([axial(height) for height in (20.0, 5.0, 10.0, 15.0)])
    assert stack.nearest((0, 0, 12.0)) == 2
    assert stack.nearest((50, -3, 1000.0)) == 0
    assert stack.nearest((0, 0, -9.0)) == 1


def test_of_several_images_at_one_place_the_next_is_taken() -> None:
    stack = SlicePlaces([axial(height) for height in (0.0, 5.0, 10.0) * 3])
    assert [stack.nearest((0, 0, 5.0), beside) for beside in (0, 3, 8)] == [1, 4, 7]


def test_images_without_a_place_are_never_the_nearest() -> None:
    assert SlicePlaces([None, axial(), None]).nearest((0, 0, 0)) == 1
    assert SlicePlaces([None, None]).nearest((0, 0, 0)) is None
    assert SlicePlaces([]).nearest((0, 0, 0)) is None


def test_a_frame_of_reference_without_a_name_is_shared_with_nobody() -> None:
    assert share_frame_of_reference(axial(), sagittal())
    assert not share_frame_of_reference(axial(), axial(frame_of_reference="1.3"))
    assert not share_frame_of_reference(axial(frame_of_reference=""), axial(frame_of_reference=""))
    assert not share_frame_of_reference(None, axial())


def test_parallel_planes_may_be_seen_from_the_other_side() -> None:
    mirrored = PlaneGeometry((0, 0, 0), (-1, 0, 0), (0, 1, 0), "1.2")
    assert are_parallel(axial(), mirrored, within_degrees=1)
    assert not look_alike(axial(), mirrored, within_degrees=1)
    assert look_alike(axial(), axial(7.0), within_degrees=1)
    assert not are_parallel(axial(), sagittal(), within_degrees=30)


def test_a_frame_without_place_or_calibration_has_no_plane() -> None:
    stored = np.zeros((4, 6), np.uint8)
    placed = PixelAttributes("MONOCHROME2", 8, False, geometry=axial(), pixel_spacing_mm=(0.5, 0.4))
    assert plane_of(Frame(stored, placed)) == ImagePlane(axial(), (0.5, 0.4), 4, 6)
    assert plane_of(Frame(stored, PixelAttributes("MONOCHROME2", 8, False, geometry=axial()))) is None
    assert plane_of(Frame(stored, PixelAttributes("MONOCHROME2", 8, False, pixel_spacing_mm=(1, 1)))) is None
