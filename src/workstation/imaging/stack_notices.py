"""What a reader must know of a stack before trusting it: missing slices, uneven spacing, duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from workstation.imaging.geometry import distance_along_normal, normal
from workstation.imaging.stack import Stack, StackKey

_UNEVEN = 0.02  # of the spacing, and at least:
_UNEVEN_MM = 0.02
_FEW = 0.2  # share of the intervals that may be wide before the stack counts as irregular instead
_ENOUGH_INTERVALS = 3  # before a wide one can be told from the rule


def notices(keys: Sequence[StackKey], stack: Stack) -> tuple[str, ...]:
    """Sentences about `stack` of `keys`; positions count from 1 within the stack (or within each phase)."""
    return (*_spacing(keys, stack), *_incomplete_phases(stack), *_repeated(keys, stack))


def _median(values: Sequence[float]) -> float:
    """`statistics` brings decimals and fractions, which every start would wait for."""
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _spacing(keys: Sequence[StackKey], stack: Stack) -> list[str]:
    distances = _distances(keys, stack)
    steps = [abs(after - before) for before, after in pairwise(distances)]
    if len(steps) < 2:
        return []
    usual = _median(steps)
    tolerance = max(_UNEVEN_MM, _UNEVEN * usual)
    wide = [index for index, step in enumerate(steps) if _missing(step, usual, tolerance)]
    rest = [step for index, step in enumerate(steps) if index not in wide]
    if wide and (len(steps) < _ENOUGH_INTERVALS or len(wide) > max(1, _FEW * len(steps))):
        wide, rest = [], steps
    found = [_gap(index, steps[index], _missing(steps[index], usual, tolerance), len(steps)) for index in wide[:3]]
    if len(wide) > 3:
        count = sum(_missing(steps[index], usual, tolerance) for index in wide)
        found = [f"{count} slices missing in {len(wide)} places, the first after {wide[0] + 1}"]
    if max(rest) - min(rest) > tolerance:
        found.append(f"spacing varies {_mm(min(rest))} to {_mm(max(rest))} mm")
    return found


def _gap(index: int, step: float, count: int, present: int) -> str:
    """More missing than present is rather two scans than a hole in one: then only the distance is told."""
    between = f"between {index + 1} and {index + 2}"
    if count > present:
        return f"{_mm(step)} mm {between}"
    return f"{count} slice{'' if count == 1 else 's'} missing {between}"


def _mm(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _missing(step: float, usual: float, tolerance: float) -> int:
    """How many slices fit into an interval, 0 when it is no whole multiple of the usual one."""
    if usual <= 0 or step < 1.5 * usual:
        return 0
    multiple = round(step / usual)
    return multiple - 1 if abs(step - multiple * usual) <= multiple * tolerance else 0


def _distances(keys: Sequence[StackKey], stack: Stack) -> list[float]:
    """Where each place lies along the normal, in order of the places; empty without geometry."""
    first = keys[stack.order[0]].geometry
    if first is None or stack.ordered_by != "position":
        return []
    across = normal(first)
    found: dict[int, float] = {}
    for index, place in zip(stack.order, stack.places, strict=True):
        geometry = keys[index].geometry
        if geometry is not None and place not in found:
            found[place] = float(np.dot(across, geometry.position))
    return [found[place] for place in sorted(found)]


def _incomplete_phases(stack: Stack) -> list[str]:
    phases, places = len(stack.labels), len(set(stack.places))
    missing = phases * places - len(set(zip(stack.phases, stack.places, strict=True)))
    if phases < 2 or missing <= 0:
        return []
    return [f"{missing} of {phases} × {places} images missing"]


def _repeated(keys: Sequence[StackKey], stack: Stack) -> list[str]:
    """Images of one place and phase: duplicates when all they say is the same, else places taken more than once."""
    if keys[stack.order[0]].geometry is None:
        return []
    seen: dict[object, int] = {}
    cells: dict[object, int] = {}
    for index, phase in zip(stack.order, stack.phases, strict=True):
        key = keys[index]
        assert key.geometry is not None
        place = round(distance_along_normal(key.geometry), 2), tuple(round(x, 2) for x in key.geometry.position)
        same = (place, phase, key.coordinates, key.instance_number, key.frame_index, key.acquired)
        seen[same] = seen.get(same, 0) + 1
        if not key.coordinates or stack.ordered_by == "position":
            cells[place, phase] = cells.get((place, phase), 0) + 1
    duplicates = sum(count - 1 for count in seen.values())
    again = sum(count - 1 for count in cells.values()) - duplicates if stack.ordered_by == "position" else 0
    found = [f"{duplicates} duplicate{'' if duplicates == 1 else 's'}"] if duplicates else []
    if again > 0:
        found.append(f"{again} more image{'' if again == 1 else 's'} of a place already shown")
    return found
