"""Directions, places and stacks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.frames import frame_of
from workstation.imaging.frame import PlaneGeometry
from workstation.imaging.geometry import (
    direction_letters,
    distance_along_normal,
    edge_letters,
    normal,
    opposite,
    patient_point,
    pixel_position,
)
from workstation.imaging.stack import StackKey, split_and_order
from workstation.imaging.view import View

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))


def plane(
    directions: tuple[tuple[float, float, float], tuple[float, float, float]] = AXIAL,
    position: tuple[float, float, float] = (0.0, 0.0, 0.0),
    uid: str = "1.2",
) -> PlaneGeometry:
    return PlaneGeometry(position, *directions, uid)


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1, 0, 0), "L"),
        ((-1, 0, 0), "R"),
        ((0, 1, 0), "P"),
        ((0, -1, 0), "A"),
        ((0, 0, 1), "H"),
        ((0, 0, -1), "F"),
        ((0.99, 0.1, 0), "L"),
        ((0.8, 0.6, 0), "LP"),
        ((-0.5, 0.7, -0.51), "PFR"),
        ((0, 0, 0), ""),
        ((math.nan, 0, 0), ""),
    ],
)
def test_letters_of_a_direction(direction: tuple[float, float, float], letters: str) -> None:
    assert direction_letters(direction) == letters


@given(st.tuples(*[st.floats(-1, 1)] * 3))
def test_the_opposite_direction_has_the_opposite_letters(direction: tuple[float, float, float]) -> None:
    x, y, z = direction
    if max(abs(x), abs(y), abs(z)) > 1e-6:
        assert sorted(direction_letters((-x, -y, -z))) == sorted(opposite(direction_letters(direction)))


def test_the_radiologist_s_view_of_an_axial_slice() -> None:
    frame = frame_of(np.zeros((2, 2)), geometry=plane())
    assert edge_letters(frame.attributes, View()) == ("R", "A", "L", "P")
    assert edge_letters(frame.attributes, View(flipped=True)) == ("L", "A", "R", "P")
    assert edge_letters(frame.attributes, View(quarter_turns=1)) == ("P", "R", "A", "L")
    assert edge_letters(frame.attributes, View(quarter_turns=2)) == ("L", "P", "R", "A")
    assert edge_letters(frame.attributes, View(flipped=True, quarter_turns=3)) == ("A", "R", "P", "L")


@pytest.mark.parametrize(
    ("orientation", "letters"),
    [
        (("L", "F"), ("R", "H", "L", "F")),
        (("AR", "PF"), ("PL", "AH", "AR", "PF")),
        (("p", "f"), ("A", "H", "P", "F")),
        (("LE", "RT"), ("", "", "", "")),
        (None, ("", "", "", "")),
    ],
)
def test_patient_orientation_serves_where_there_is_no_geometry(
    orientation: tuple[str, str] | None, letters: tuple[str, str, str, str]
) -> None:
    frame = frame_of(np.zeros((2, 2)), patient_orientation=orientation)
    assert edge_letters(frame.attributes, View()) == letters


def test_a_pixel_and_its_place_in_the_patient_lead_to_each_other() -> None:
    frame = frame_of(np.zeros((9, 9)), geometry=plane(CORONAL, (-100.0, 20.0, 300.0)), pixel_spacing_mm=(2.0, 0.5))
    point = patient_point(frame.attributes, 3, 4)
    assert point == (-98.0, 20.0, 294.0)
    assert pixel_position(frame.attributes, point) == (3.0, 4.0)


def test_without_geometry_or_spacing_there_is_no_place() -> None:
    assert patient_point(frame_of([[0]], geometry=plane()).attributes, 0, 0) is None
    assert pixel_position(frame_of([[0]], pixel_spacing_mm=(1.0, 1.0)).attributes, (0, 0, 0)) is None


def test_the_normal_of_parallel_axes_is_zero() -> None:
    assert not normal(plane(((1.0, 0.0, 0.0), (1.0, 0.0, 0.0)))).any()
    assert distance_along_normal(plane(position=(5.0, 6.0, 7.0))) == 7.0


# --- stacks ------------------------------------------------------------------------------------------


def test_slices_are_ordered_by_place_and_not_by_number() -> None:
    places = [10.0, 0.0, 30.0, 20.0]
    keys = [StackKey(plane(position=(0.0, 0.0, z)), number) for number, z in enumerate(places)]
    assert split_and_order(keys) == [[1, 0, 3, 2]]


def test_the_stack_runs_as_the_scanner_counts() -> None:
    keys = [StackKey(plane(position=(0.0, 0.0, -5.0 * number)), number) for number in range(4)]
    assert split_and_order(keys) == [[0, 1, 2, 3]]


def test_orientations_and_frames_of_reference_are_stacks_of_their_own() -> None:
    keys = [
        StackKey(plane(AXIAL), 1),
        StackKey(plane(SAGITTAL), 2),
        StackKey(plane(AXIAL, (0.0, 0.0, 5.0)), 3),
        StackKey(plane(AXIAL, uid="9.9"), 4),
        StackKey(None, 5),
        StackKey(None, None),
    ]
    assert split_and_order(keys) == [[0, 2], [1], [3], [4, 5]]


def test_without_geometry_the_number_orders_and_then_the_frame() -> None:
    keys = [StackKey(None, 2, 1), StackKey(None, 2, 0), StackKey(None, None), StackKey(None, 1)]
    assert split_and_order(keys) == [[3, 1, 0, 2]]


def test_frames_at_one_place_keep_the_order_of_their_numbers() -> None:
    keys = [StackKey(plane(), 3), StackKey(plane(), 1), StackKey(plane(), 2)]
    assert split_and_order(keys) == [[1, 2, 0]]


@given(st.permutations(range(12)))
def test_the_order_does_not_depend_on_the_order_of_arrival(arrival: list[int]) -> None:
    keys = [StackKey(plane(CORONAL, (0.0, 3.0 * number, 0.0)), number) for number in arrival]
    (stack,) = split_and_order(keys)
    assert [arrival[index] for index in stack] == list(range(12))


def test_nothing_makes_no_stack() -> None:
    assert split_and_order([]) == []
