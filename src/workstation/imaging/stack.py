"""Which frames make one stack, and in which order: by place in the patient, by number where there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workstation.imaging.frame import PlaneGeometry
from workstation.imaging.geometry import normal

_SAME_DIRECTION = math.cos(math.radians(1.0))


@dataclass(frozen=True, slots=True)
class StackKey:
    """What ordering needs to know of one frame."""

    geometry: PlaneGeometry | None = None
    instance_number: int | None = None
    frame_index: int = 0


def split_and_order(keys: Sequence[StackKey]) -> list[list[int]]:
    """Indices of `keys` in stacks of one orientation and frame of reference, each in display order.

    The order runs along the normal, towards higher instance numbers where these have a direction.
    """
    by_number = sorted(range(len(keys)), key=lambda index: _number_key(keys, index))
    groups: list[list[int]] = []
    for index in by_number:
        for group in groups:
            if _belong_together(keys[group[0]].geometry, keys[index].geometry):
                group.append(index)
                break
        else:
            groups.append([index])
    return [_ordered(keys, group) for group in groups]


def _number_key(keys: Sequence[StackKey], index: int) -> tuple[bool, int, int, int]:
    number = keys[index].instance_number
    return number is None, number or 0, keys[index].frame_index, index


def _belong_together(first: PlaneGeometry | None, second: PlaneGeometry | None) -> bool:
    if first is None or second is None:
        return first is second
    if first.frame_of_reference_uid != second.frame_of_reference_uid:
        return False
    rows = np.dot(first.row_direction, second.row_direction)
    columns = np.dot(first.column_direction, second.column_direction)
    return bool(rows >= _SAME_DIRECTION and columns >= _SAME_DIRECTION)


def _ordered(keys: Sequence[StackKey], group: list[int]) -> list[int]:
    """`group` comes ordered by number, which is the order where no geometry is known."""
    geometry = keys[group[0]].geometry
    if geometry is None or len(group) < 2:
        return group
    across = normal(geometry)
    distances = {
        index: float(np.dot(across, place.position)) for index in group if (place := keys[index].geometry) is not None
    }
    if len({round(distance, 3) for distance in distances.values()}) < 2:
        return group
    # Least squares slope of distance over number order: does the scanner count against the normal?
    places = np.array([distances[index] for index in group])
    slope = float(np.dot(np.arange(len(group)) - (len(group) - 1) / 2, places - places.mean()))
    sign = -1.0 if slope < 0 else 1.0
    return sorted(group, key=lambda index: (round(sign * distances[index], 3), _number_key(keys, index)))
