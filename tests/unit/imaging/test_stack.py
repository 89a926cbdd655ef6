"""Stacks: split by orientation, ordered by place, repeated places told apart; what is missing is said."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.imaging.frame import PlaneGeometry
from workstation.imaging.stack import Dimension, Stack, StackKey, stacks
from workstation.imaging.stack_notices import notices

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
Plane = tuple[tuple[float, float, float], tuple[float, float, float]]


def at(place: float, number: int | None = None, plane: Plane = AXIAL, **more: object) -> StackKey:
    """A frame `place` mm along the normal of its plane."""
    row, column = plane
    across = (
        row[1] * column[2] - row[2] * column[1],
        row[2] * column[0] - row[0] * column[2],
        row[0] * column[1] - row[1] * column[0],
    )
    x, y, z = (place * part for part in across)
    return StackKey(PlaneGeometry((x, y, z), row, column, "1.9"), number, **more)  # type: ignore[arg-type]


def with_(dimension: Dimension, value: float | str) -> dict[str, object]:
    return {"coordinates": ((dimension, value),)}


def height(key: StackKey) -> float:
    assert key.geometry is not None
    return key.geometry.position[2]


def row_of(key: StackKey) -> tuple[float, float, float]:
    assert key.geometry is not None
    return key.geometry.row_direction


def column_of(key: StackKey) -> tuple[float, float, float]:
    assert key.geometry is not None
    return key.geometry.column_direction


def heights(keys: list[StackKey], stack: Stack) -> list[float]:
    return [height(keys[index]) for index in stack.order]


# --- laws ----------------------------------------------------------------------------------------

coordinates = st.lists(
    st.tuples(st.sampled_from([Dimension.TIME, Dimension.ECHO, Dimension.B_VALUE]), st.integers(0, 2).map(float)),
    max_size=2,
    unique_by=lambda item: item[0],
).map(lambda items: tuple(sorted(items)))
keys_ = st.builds(
    lambda place, number, plane, more, acquired: at(
        place / 2, number, plane, coordinates=more, acquired=acquired, uid=f"{place}.{number}.{acquired}"
    ),
    st.integers(-8, 8),
    st.none() | st.integers(1, 20),
    st.sampled_from([AXIAL, CORONAL, SAGITTAL]),
    coordinates,
    st.none() | st.integers(0, 3).map(float),
) | st.builds(StackKey, instance_number=st.none() | st.integers(1, 9))


@given(st.lists(keys_, max_size=24))
def test_every_frame_is_in_exactly_one_stack(keys: list[StackKey]) -> None:
    assert sorted(index for stack in stacks(keys) for index in stack.order) == list(range(len(keys)))


@given(st.lists(keys_, max_size=24), st.randoms())
def test_the_order_does_not_depend_on_the_order_of_arrival(keys: list[StackKey], chance: random.Random) -> None:
    shuffled = keys[:]
    chance.shuffle(shuffled)
    expected = [[keys[index] for index in stack.order] for stack in stacks(keys)]
    assert [[shuffled[index] for index in stack.order] for stack in stacks(shuffled)] == expected


@given(st.lists(keys_, max_size=24))
def test_orientations_are_never_mixed(keys: list[StackKey]) -> None:
    for stack in stacks(keys):
        planes = {keys[index].geometry and (row_of(keys[index]), column_of(keys[index])) for index in stack.order}
        assert len(planes) == 1


@given(st.lists(keys_, max_size=24))
def test_each_phase_runs_along_the_normal_without_turning_back(keys: list[StackKey]) -> None:
    for stack in stacks(keys):
        if stack.ordered_by != "position":
            continue
        assert list(zip(stack.phases, stack.places, strict=True)) == sorted(
            zip(stack.phases, stack.places, strict=True)
        )
        along: dict[int, float] = {}
        for index, place in zip(stack.order, stack.places, strict=True):
            geometry = keys[index].geometry
            assert geometry is not None
            row, column = geometry.row_direction, geometry.column_direction
            across = (
                row[1] * column[2] - row[2] * column[1],
                row[2] * column[0] - row[0] * column[2],
                row[0] * column[1] - row[1] * column[0],
            )
            distance = sum(a * b for a, b in zip(across, geometry.position, strict=True))
            assert math.isclose(along.setdefault(place, distance), distance, abs_tol=1e-6)
        steps = [along[place] for place in sorted(along)]
        assert steps in (sorted(steps), sorted(steps, reverse=True))


# --- time, echo, b-value -------------------------------------------------------------------------


@pytest.mark.parametrize("volume_by_volume", [True, False])
def test_repeated_places_are_phases_whichever_ran_faster(volume_by_volume: bool) -> None:
    cells = [(time, place) for time in range(3) for place in range(4)]
    if not volume_by_volume:
        cells.sort(key=lambda cell: cell[1])
    keys = [at(5.0 * place, n + 1, **with_(Dimension.TIME, time)) for n, (time, place) in enumerate(cells)]
    (stack,) = stacks(keys)
    assert heights(keys, stack) == [0, 5, 10, 15] * 3
    assert stack.phases == (0,) * 4 + (1,) * 4 + (2,) * 4
    assert stack.dimension == "time"


@pytest.mark.parametrize(
    ("dimension", "values", "labels"),
    [
        (Dimension.ECHO, (9.2, 4.6), ("TE 4.6 ms", "TE 9.2 ms")),
        (Dimension.B_VALUE, (0.0, 800.0), ("b 0", "b 800")),
        (Dimension.TRIGGER, (0.0, 42.5), ("TD 0 ms", "TD 42.5 ms")),
        (Dimension.TYPE, ("M", "P"), ("M", "P")),
    ],
)
def test_what_repeats_a_place_is_named(dimension: Dimension, values: tuple, labels: tuple[str, str]) -> None:
    keys = [
        at(float(place), number, **with_(dimension, value))
        for number, (value, place) in enumerate((value, place) for place in range(3) for value in values)
    ]
    (stack,) = stacks(keys)
    assert stack.labels == labels
    assert stack.dimension == dimension.value


def test_two_dimensions_make_one_phase_each_pair() -> None:
    keys = [
        at(float(place), coordinates=((Dimension.TIME, time), (Dimension.ECHO, echo)))
        for place in range(3)
        for echo in (2.0, 1.0)
        for time in (1.0, 2.0)
    ]
    (stack,) = stacks(keys)
    assert stack.labels == ("1 · TE 1 ms", "1 · TE 2 ms", "2 · TE 1 ms", "2 · TE 2 ms")


def test_trigger_times_that_differ_from_place_to_place_still_make_phases() -> None:
    keys = [
        at(8.0 * place, 10 * place + phase, **with_(Dimension.TRIGGER, 40.0 * phase + place))
        for place in range(4)
        for phase in range(10)
    ]
    (stack,) = stacks(keys)
    assert len(stack.labels) == 10
    assert [keys[index].coordinate(Dimension.TRIGGER) for index in stack.order[:4]] == [0.0, 1.0, 2.0, 3.0]


def test_a_volume_that_broke_off_keeps_its_phase_and_is_reported() -> None:
    keys = [at(float(place), **with_(Dimension.TIME, time)) for time in range(5) for place in range(10)][:-3]
    (stack,) = stacks(keys)
    assert stack.phases.count(4) == 7
    assert "3 of 5 × 10 images missing" in notices(keys, stack)


def test_scans_that_overlap_by_a_few_slices_stay_one_stack() -> None:
    keys = [at(float(place), place, **with_(Dimension.ACQUISITION, 1)) for place in range(20)]
    keys += [at(float(place), place + 5, **with_(Dimension.ACQUISITION, 2)) for place in range(16, 40)]
    (stack,) = stacks(keys)
    assert stack.labels == ("",)
    assert heights(keys, stack) == sorted(heights(keys, stack))
    assert "4 more images of a place already shown" in notices(keys, stack)


def test_one_place_seen_many_times_runs_through_time() -> None:
    keys = [at(3.0, number, **with_(Dimension.TRIGGER, 100.0 - number)) for number in range(5)]
    (stack,) = stacks(keys)
    assert [keys[index].instance_number for index in stack.order] == [4, 3, 2, 1, 0]
    assert stack.ordered_by == "trigger"


# --- numbers that mislead ------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", [[1] * 6, [None] * 6, [4, 2, 6, 1, 3, 5]], ids=["equal", "absent", "random"])
def test_place_decides_where_instance_numbers_mislead(numbers: list[int | None]) -> None:
    keys = [at(float(place), number) for place, number in zip([2, 0, 5, 1, 4, 3], numbers, strict=True)]
    (stack,) = stacks(keys)
    assert heights(keys, stack) in ([0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0])


def test_without_a_place_equal_numbers_give_way_to_time() -> None:
    keys = [StackKey(instance_number=1, acquired=time) for time in (30.0, 10.0, 20.0)]
    (stack,) = stacks(keys)
    assert stack.order == (1, 2, 0)
    assert stack.ordered_by == "acquisition time"


def test_slice_location_stands_in_for_a_missing_position() -> None:
    keys = [StackKey(instance_number=number, location=place) for number, place in ((1, 10.0), (2, 30.0), (3, 20.0))]
    (stack,) = stacks(keys)
    assert [keys[index].location for index in stack.order] == [10.0, 20.0, 30.0]


def test_stack_ids_keep_parallel_stacks_apart() -> None:
    keys = [at(float(place), stack_id=name, in_stack_position=place) for name in "AB" for place in range(3)]
    assert [[keys[index].stack_id for index in stack.order] for stack in stacks(keys)] == [["A"] * 3, ["B"] * 3]


# --- notices -------------------------------------------------------------------------------------


def said(places: list[float], **more: object) -> tuple[str, ...]:
    keys = [at(place, number + 1, **more) for number, place in enumerate(places)]
    (stack,) = stacks(keys)
    return notices(keys, stack)


def test_missing_slices_are_counted_where_they_are_missing() -> None:
    assert said([0, 3, 6, 9, 18, 21, 24]) == ("2 slices missing between 4 and 5",)
    assert said([0, 3, 6, 12, 15, 18]) == ("1 slice missing between 3 and 4",)


def test_even_spacing_says_nothing() -> None:
    assert said([0, 2.5, 5.0, 7.501, 10.0]) == ()
    assert said([0.0]) == ()
    assert said([0.0, 4.0]) == ()


def test_uneven_spacing_is_told_by_its_range() -> None:
    assert said([0, 2.5, 5.0, 8.0, 11.0, 13.5]) == ("spacing varies 2.50 to 3.00 mm",)


def test_a_jump_longer_than_the_stack_is_told_in_millimetres() -> None:
    assert said([0, 1, 2, 3, 500]) == ("497.0 mm between 4 and 5",)


def test_duplicates_are_shown_and_counted() -> None:
    keys = [at(float(place), place) for place in range(5)] + [at(2.0, 2, uid="again"), at(3.0, 3, uid="again")]
    (stack,) = stacks(keys)
    assert len(stack.order) == 7
    assert notices(keys, stack) == ("2 duplicates",)


def test_a_whole_series_stored_twice_is_duplicates_not_phases() -> None:
    keys = [at(float(place), place, uid=copy) for place in range(5) for copy in ("a", "b")]
    (stack,) = stacks(keys)
    assert stack.labels == ("",)
    assert notices(keys, stack) == ("5 duplicates",)
