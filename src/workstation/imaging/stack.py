"""Which frames make one stack, and in which order: by place in the patient, then by what repeats a place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from workstation.imaging.frame import PlaneGeometry

_SAME_DIRECTION = math.cos(math.radians(1.0))
_SAME_PLACE_MM = 0.005
_FULL_ENOUGH = 0.8  # share of place x phase that must be there before repeated places count as phases

Coordinate = float | str


class Dimension(StrEnum):
    """What may differ between images of one place, the slowest first (PS3.3 C.7.6.17)."""

    TIME = "time"  # Temporal Position Identifier or Index, Frame Reference Time
    TRIGGER = "trigger"  # ms after the R wave
    ECHO = "echo"  # Echo Time in ms, or the Echo Number where no time is given
    INVERSION = "inversion"  # ms
    B_VALUE = "b-value"  # s/mm2
    DIRECTION = "direction"  # of the diffusion gradient
    TYPE = "type"  # Image Type, Frame Type, Complex Image Component
    INDEX = "dimension"  # Dimension Index Values of what is not named here
    ACQUISITION = "acquisition"  # Acquisition Number


_WITHOUT_WORDS = (Dimension.INDEX, Dimension.ACQUISITION)  # tell images apart, but tell a reader nothing


@dataclass(frozen=True, slots=True)
class StackKey:
    """What ordering needs to know of one frame."""

    geometry: PlaneGeometry | None = None
    instance_number: int | None = None
    frame_index: int = 0
    stack_id: str = ""
    in_stack_position: int | None = None
    location: float | None = None  # Slice Location, mm: the place where no geometry is given
    acquired: float | None = None  # seconds, of a scale of its own
    coordinates: tuple[tuple[Dimension, Coordinate], ...] = ()
    uid: str = ""  # decides where nothing else does, so that the order never depends on the file names

    def coordinate(self, dimension: Dimension) -> Coordinate | None:
        return next((value for name, value in self.coordinates if name is dimension), None)


@dataclass(frozen=True, slots=True)
class Stack:
    """Frames of one orientation in display order: phase after phase, in each phase along the normal."""

    order: tuple[int, ...]  # indices of the keys
    places: tuple[int, ...]  # of each frame in `order`, from 0 along the stack
    phases: tuple[int, ...]  # of each frame in `order`, from 0
    labels: tuple[str, ...] = ("",)  # one for each phase
    dimension: str = ""  # what the phases are: "echo", "time x b-value"; empty when there is one phase
    ordered_by: str = "instance number"


def stacks(keys: Sequence[StackKey]) -> list[Stack]:
    """`keys` in stacks of one orientation, frame of reference and Stack ID; the first image's stack comes first.

    The order runs along the normal, towards higher instance numbers where these have a direction. The result
    depends on what the keys say only, never on the order in which they come.
    """
    by_number = sorted(range(len(keys)), key=lambda index: number_key(keys[index]))
    groups: list[list[int]] = []
    for index in by_number:
        for group in groups:
            if _belong_together(keys[group[0]], keys[index]):
                group.append(index)
                break
        else:
            groups.append([index])
    return [_stack(keys, group) for group in groups]


def split_and_order(keys: Sequence[StackKey]) -> list[list[int]]:
    """The indices of `keys` as `stacks` orders them."""
    return [list(stack.order) for stack in stacks(keys)]


NumberKey = tuple[object, ...]


def number_key(key: StackKey) -> NumberKey:
    """By instance number; equal ones by place in the stack, time and whatever else tells images apart."""
    place = key.geometry.position + key.geometry.row_direction + key.geometry.column_direction if key.geometry else ()
    return (
        _absent_last(key.instance_number),
        _absent_last(key.in_stack_position),
        key.frame_index,
        _absent_last(key.acquired),
        tuple((name.value, _comparable(value)) for name, value in key.coordinates),
        place,
        key.uid,
    )


def _absent_last(value: float | None) -> tuple[bool, float]:
    return value is None, value if value is not None else 0


def _comparable(value: Coordinate | None) -> tuple[float, str]:
    """None before everything else, numbers before texts."""
    if value is None:
        return -math.inf, ""
    return (math.inf, value) if isinstance(value, str) else (value, "")


# --- splitting ----------------------------------------------------------------------------------


def _belong_together(first: StackKey, second: StackKey) -> bool:
    if first.stack_id != second.stack_id:
        return False
    one, other = first.geometry, second.geometry
    if one is None or other is None:
        return one is other
    if one.frame_of_reference_uid != other.frame_of_reference_uid:
        return False
    rows = _dot(one.row_direction, other.row_direction)
    columns = _dot(one.column_direction, other.column_direction)
    return rows >= _SAME_DIRECTION and columns >= _SAME_DIRECTION


Vector = tuple[float, float, float]


def _dot(one: Vector, other: Vector) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


# --- ordering -----------------------------------------------------------------------------------


def _stack(keys: Sequence[StackKey], group: list[int]) -> Stack:
    """`group` comes ordered by number, which is the order where nothing better is known."""
    distances, ordered_by = _distances(keys, group)
    places = _places(distances)
    if len(places) < 2:
        return _at_one_place(keys, group)
    backwards = _counts_backwards(distances)
    members: list[list[int]] = [[] for _ in places]
    for place, positions in enumerate(reversed(places) if backwards else places):
        members[place] = [group[position] for position in positions]
    return _in_phases(keys, members, ordered_by)


def _distances(keys: Sequence[StackKey], group: list[int]) -> tuple[list[float], str]:
    """How far along the stack each frame of `group` lies: by geometry, Slice Location or In-Stack Position Number."""
    geometry = keys[group[0]].geometry
    if geometry is not None:
        across = _cross(geometry.row_direction, geometry.column_direction)
        return [_dot(across, plane.position) for index in group if (plane := keys[index].geometry)], "position"
    locations = [location for index in group if (location := keys[index].location) is not None]
    if len(locations) == len(group) and max(locations) - min(locations) > _SAME_PLACE_MM:
        return locations, "slice location"
    steps = [float(step) for index in group if (step := keys[index].in_stack_position) is not None]
    return (steps, "position in the stack") if len(steps) == len(group) else ([0.0] * len(group), "instance number")


def _cross(one: Vector, other: Vector) -> Vector:
    x, y, z = (
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    )
    length = math.sqrt(x * x + y * y + z * z) or 1.0
    return x / length, y / length, z / length


def _places(distances: Sequence[float]) -> list[list[int]]:
    """Positions in `distances` gathered by place, the nearest first; rounding errors do not make a place."""
    by_distance = sorted(range(len(distances)), key=lambda position: (distances[position], position))
    extent = distances[by_distance[-1]] - distances[by_distance[0]]
    if extent < _SAME_PLACE_MM:
        return [sorted(by_distance)]
    tolerance = min(2 * _SAME_PLACE_MM, 0.01 * extent)
    places = [[by_distance[0]]]
    for previous, position in pairwise(by_distance):
        if distances[position] - distances[previous] <= tolerance:
            places[-1].append(position)
        else:
            places.append([position])
    return [sorted(place) for place in places]


def _counts_backwards(distances: Sequence[float]) -> bool:
    """Least squares slope of distance over number order: does the scanner count against the normal?"""
    middle, mean = (len(distances) - 1) / 2, sum(distances) / len(distances)
    return sum((step - middle) * (distance - mean) for step, distance in enumerate(distances)) < 0


def _at_one_place(keys: Sequence[StackKey], group: list[int]) -> Stack:
    """Images of one place, or of none, follow each other by what tells them apart."""
    varying = [dimension for dimension in Dimension if _varies(keys, group, dimension)]
    numbered = len({keys[index].instance_number for index in group}) > 1 or len({*_moments(keys, group)}) < 2
    if keys[group[0]].geometry is None:
        ordered_by = "instance number" if numbered else "acquisition time"
        return Stack(tuple(group), tuple(range(len(group))), (0,) * len(group), ordered_by=ordered_by)
    order = sorted(group, key=lambda index: (_composite(keys[index], varying), number_key(keys[index])))
    ordered_by = " × ".join(varying) or ("instance number" if numbered else "acquisition time")
    return Stack(tuple(order), tuple(range(len(order))), (0,) * len(order), ordered_by=ordered_by)


def _moments(keys: Sequence[StackKey], group: list[int]) -> list[float]:
    return [moment for index in group if (moment := keys[index].acquired) is not None]


Composite = tuple[tuple[float, str], ...]


def _composite(key: StackKey, dimensions: Sequence[Dimension]) -> Composite:
    return tuple(_comparable(key.coordinate(dimension)) for dimension in dimensions)


def _varies(keys: Sequence[StackKey], group: Sequence[int], dimension: Dimension) -> bool:
    return len({keys[index].coordinate(dimension) for index in group}) > 1


# --- phases -------------------------------------------------------------------------------------


def _in_phases(keys: Sequence[StackKey], members: list[list[int]], ordered_by: str) -> Stack:
    """`members` are the frames of each place. What repeats most places is a phase, what repeats few is not."""
    depth = max(map(len, members))
    if depth > 1:
        varying = [one for one in Dimension if any(_varies(keys, place, one) for place in members)]
        named = _by_value(keys, members, varying) or _by_rank(keys, members, varying)
        if named is not None:
            phase_of, labels, dimension = named
            cells = sorted(
                ((phase_of[index], place, order), index)
                for place, group in enumerate(members)
                for order, index in enumerate(group)
            )
            return Stack(
                order=tuple(index for _, index in cells),
                places=tuple(cell[1] for cell, _ in cells),
                phases=tuple(cell[0] for cell, _ in cells),
                labels=labels,
                dimension=dimension,
                ordered_by=ordered_by,
            )
    order = [index for place in members for index in place]
    places = tuple(number for number, place in enumerate(members) for _ in place)
    return Stack(tuple(order), places, (0,) * len(order), ordered_by=ordered_by)


Phases = tuple[dict[int, int], tuple[str, ...], str]  # key index -> phase, their names, and what they are


def _by_value(keys: Sequence[StackKey], members: list[list[int]], varying: list[Dimension]) -> Phases | None:
    """Phases by the values of the dimensions that have the same values at every place."""
    common = [one for one in varying if _values(keys, members, one) == max(len(_of(keys, g, one)) for g in members)]
    if not common:
        return None
    values = {index: _composite(keys[index], common) for place in members for index in place}
    phases = sorted(set(values.values()))
    distinct = sum(len({values[index] for index in place}) for place in members)
    if distinct < len(values) or len(values) < _FULL_ENOUGH * len(phases) * len(members):
        return None
    numbers = {value: number for number, value in enumerate(phases)}
    told = [one for one in common if one not in _WITHOUT_WORDS] or common
    labels = [""] * len(phases)
    for index, value in values.items():
        labels[numbers[value]] = " · ".join(_label(one, keys[index].coordinate(one)) for one in told)
    return {index: numbers[value] for index, value in values.items()}, tuple(labels), " × ".join(told)


def _of(keys: Sequence[StackKey], group: Sequence[int], dimension: Dimension) -> set[Coordinate | None]:
    return {keys[index].coordinate(dimension) for index in group}


def _values(keys: Sequence[StackKey], members: list[list[int]], dimension: Dimension) -> int:
    return len({value for place in members for value in _of(keys, place, dimension)})


def _by_rank(keys: Sequence[StackKey], members: list[list[int]], varying: list[Dimension]) -> Phases | None:
    """The first image of each place, the second, ...: where trigger or acquisition times differ from place to place."""
    depth = max(map(len, members))
    if sum(map(len, members)) < _FULL_ENOUGH * depth * len(members):
        return None
    if not varying and all(_same_number(keys, place) for place in members if len(place) > 1):
        return None  # the same images once more
    ranks = {}
    for place in members:
        ordered = sorted(place, key=lambda index: (_composite(keys[index], varying), number_key(keys[index])))
        ranks.update({index: rank for rank, index in enumerate(ordered)})
    told = [one for one in varying if one not in _WITHOUT_WORDS] or varying
    return ranks, tuple(f"{rank + 1}" for rank in range(depth)), " × ".join(told) or "repetition"


def _same_number(keys: Sequence[StackKey], place: Sequence[int]) -> bool:
    return len({(keys[index].instance_number, keys[index].frame_index) for index in place}) < len(place)


def _label(dimension: Dimension, value: Coordinate | None) -> str:
    if value is None:
        return "–"
    text = value if isinstance(value, str) else f"{value:g}"
    match dimension:
        case Dimension.TRIGGER:
            return f"TD {text} ms"
        case Dimension.ECHO:
            return f"TE {text} ms"
        case Dimension.INVERSION:
            return f"TI {text} ms"
        case Dimension.B_VALUE:
            return f"b {text}"
    return text
