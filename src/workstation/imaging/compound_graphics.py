"""Compound graphics of a presentation state that have no plain ones in their place (PS3.3 C.10.5.1.3), as lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from workstation.imaging.graphic_paths import (
    Label,
    Path,
    Placing,
    Points,
    brush_of,
    circle,
    pen_of,
    styled,
)
from workstation.imaging.graphics import Compound, CompoundKind, Rgb, Tick

_TICK = 7.0  # logical pixels: length of a tick
_HEAD = 14.0  # logical pixels: length of the head of an arrow
_HEAD_ANGLE = math.radians(25)
_LABEL_GAP = 4.0  # logical pixels between a tick and its label
_LABEL_SIZE = 60.0  # logical pixels: room for the label of a tick


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    open: tuple[Points, ...] = ()
    filled: tuple[Points, ...] = ()  # closed, and painted full where that is wanted
    heads: tuple[Points, ...] = ()  # closed and always full
    ticks: tuple[tuple[Points, str, Points], ...] = ()  # where a label goes, its text, the direction away from the line


def compound_paths(
    compound: Compound, placing: Placing, colour: Rgb, ratio: float
) -> tuple[tuple[Path, ...], tuple[Label, ...]]:
    """`ratio` is device pixels per logical pixel."""
    pen = pen_of(compound.line, compound.units, placing, colour, ratio)
    brush = brush_of(compound.fill, pen.colour) if compound.filled else None
    lines = _lines(compound, placing, ratio)
    turned = _Turn.of(compound, placing)
    paths = []
    if lines.filled:
        paths.append(Path(tuple(map(turned, lines.filled)), pen, brush))
    if lines.open:
        paths.append(Path(tuple(map(turned, lines.open)), pen))
    if lines.heads:
        paths.append(Path(tuple(map(turned, lines.heads)), pen, brush_of(None, pen.colour)))
    labels = []
    for at, text, away in lines.ticks if compound.labels_shown else ():
        label = styled(Label((text,), pen.colour), compound.text, compound.units, placing, ratio)
        labels.append(_beside(label, turned(at[None])[0], turned.direction(away), ratio))
    return tuple(paths), tuple(labels)


def _lines(compound: Compound, placing: Placing, ratio: float) -> _Lines:
    points = placing.place(compound.points, compound.units)
    match compound.kind:
        case CompoundKind.RECTANGLE:
            corners = placing.place(_corners(compound), compound.units)
            return _Lines(filled=(np.concatenate([corners, corners[:1]]),))
        case CompoundKind.ELLIPSE:
            return _Lines(filled=(_inscribed(placing.place(_corners(compound), compound.units)),))
        case CompoundKind.ARROW:
            head, foot = points[0], points[1]
            return _Lines(open=(np.stack([foot, head]),), heads=(_head(head, foot, ratio),))
        case CompoundKind.RULER | CompoundKind.AXIS:
            return _scale(points[:2], compound, ratio)
        case _:
            return _Lines(open=_open_lines(points, compound, placing, ratio))


def _open_lines(points: Points, compound: Compound, placing: Placing, ratio: float) -> tuple[Points, ...]:
    match compound.kind:
        case CompoundKind.CROSSHAIR:
            return _crosshair(points[0], compound, placing)
        case CompoundKind.INFINITELINE:
            return _gapped(_endless(points[0], points[1], placing), _middle(compound, placing), compound, placing)
        case CompoundKind.CUTLINE:
            return _gapped(points[:2], _middle(compound, placing), compound, placing)
        case CompoundKind.RANGELINE:
            bars = (_tick(end, points[:2], "CENTER", ratio * 1.5) for end in points[:2])
            return (points[:2], *bars)
        case _:
            return tuple(points[index : index + 2] for index in range(0, len(points) - 1, 2))


def _corners(compound: Compound) -> list[tuple[float, float]]:
    """Of the box between the two points, clockwise, before anything is turned."""
    (left, top), (right, bottom) = compound.points[:2]
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _inscribed(corners: Points) -> Points:
    centre = corners.mean(axis=0)
    across, down = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    unit = circle(np.zeros(2), 1.0)
    ellipse: Points = centre + unit[:, :1] * across + unit[:, 1:] * down
    return ellipse


def _middle(compound: Compound, placing: Placing) -> Points:
    """What it is turned around, and where its gap is."""
    given = compound.points[:2] if compound.rotation_point is None else (compound.rotation_point,)
    middle: Points = placing.place(given, compound.units).mean(axis=0)
    return middle


def _endless(first: Points, last: Points, placing: Placing) -> Points:
    """Beyond the screen on both sides."""
    along = last - first
    length = float(np.hypot(*along))
    if length == 0:
        return np.stack([first, last])
    reach = along / length * 4 * (sum(placing.size) + float(np.abs(first).sum()))
    return np.stack([first - reach, last + reach])


def _gapped(line: Points, middle: Points, compound: Compound, placing: Placing) -> tuple[Points, ...]:
    """The line without the gap around the point of it that is nearest to `middle`."""
    along = line[1] - line[0]
    length = float(np.hypot(*along))
    if length == 0 or compound.gap <= 0:
        return (line,)
    direction = along / length
    gap = compound.gap * float(np.hypot(direction[0] * placing.area[2], direction[1] * placing.area[3]))
    at = float((middle - line[0]) @ direction)
    pieces = []
    for begin, end in ((0.0, at - gap / 2), (at + gap / 2, length)):
        if min(length, end) > max(0.0, begin):
            ends = (max(0.0, begin), min(length, end))
            pieces.append(np.stack([line[0] + direction * distance for distance in ends]))
    return tuple(pieces)


def _crosshair(at: Points, compound: Compound, placing: Placing) -> tuple[Points, ...]:
    """Within its diameter of visibility; without one, across the screen."""
    pieces: list[Points] = []
    for direction, side in ((np.array([1.0, 0.0]), placing.area[2]), (np.array([0.0, 1.0]), placing.area[3])):
        reach = compound.diameter * side / 2 or 4.0 * sum(placing.size)
        gap = compound.gap * side / 2
        if gap < reach:
            pieces += [np.stack([at + sign * direction * gap, at + sign * direction * reach]) for sign in (-1, 1)]
    return tuple(pieces)


def _head(head: Points, foot: Points, ratio: float) -> Points:
    back = foot - head
    length = float(np.hypot(*back))
    if length == 0:
        return np.stack([head, head])
    back = back / length * min(_HEAD * ratio, length)
    sides = [head + _rotated(back, sign * _HEAD_ANGLE) for sign in (-1, 1)]
    return np.stack([head, sides[0], sides[1], head])


def _scale(line: Points, compound: Compound, ratio: float) -> _Lines:
    """A ruler or an axis: a tick where the file says, at both ends where it says nothing."""
    ticks: Sequence[Tick] = compound.ticks or (Tick(0.0), Tick(1.0))
    drawn, labels = [], []
    for tick in ticks:
        at = line[0] + tick.position * (line[1] - line[0])
        mark = _tick(at, line, compound.tick_alignment, ratio)
        drawn.append(mark)
        if tick.label:
            away = _below(line) if compound.labels_below else -_below(line)
            end = max((mark[0], mark[1]), key=lambda point: float((point - at) @ away))
            labels.append((end, tick.label, away))
    return _Lines(open=(line, *drawn), ticks=tuple(labels))


def _tick(at: Points, line: Points, alignment: str, ratio: float) -> Points:
    """Across the line: below it, above it, or on both sides."""
    below = _below(line) * _TICK * ratio
    first, last = {"BOTTOM": (0.0, 1.0), "TOP": (-1.0, 0.0)}.get(alignment, (-0.5, 0.5))
    return np.stack([at + first * below, at + last * below])


def _below(line: Points) -> Points:
    """The direction that is below the line for someone who looks from its first point to its last."""
    along = line[1] - line[0]
    length = float(np.hypot(*along)) or 1.0
    return np.array([-along[1], along[0]]) / length


def _rotated(vector: Points, angle: float) -> Points:
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([cosine * vector[0] - sine * vector[1], sine * vector[0] + cosine * vector[1]])


@dataclass(frozen=True, slots=True, eq=False)
class _Turn:
    """The rotation of a compound graphic, counterclockwise on the image as it is stored."""

    centre: Points
    angle: float  # on the screen, clockwise

    @classmethod
    def of(cls, compound: Compound, placing: Placing) -> _Turn:
        angle = -math.radians(compound.rotation)
        return cls(_middle(compound, placing) if angle else np.zeros(2), -angle if placing.mirrored else angle)

    def __call__(self, points: Points) -> Points:
        if not self.angle:
            return points
        from_centre = points - self.centre
        turned: Points = _rotated(from_centre.T, self.angle).T + self.centre
        return turned

    def direction(self, vector: Points) -> Points:
        return _rotated(vector, self.angle) if self.angle else vector


def _beside(label: Label, end: Points, away: Points, ratio: float) -> Label:
    """A label at the end of a tick, on the side to which the tick points."""
    room, gap = _LABEL_SIZE * ratio, _LABEL_GAP * ratio
    across, down = (end + away * gap).tolist()
    if abs(away[1]) >= abs(away[0]):
        top = down if away[1] > 0 else down - room
        box = (across - room / 2, top, across + room / 2, top + room)
        return _in(label, box, "CENTER", "TOP" if away[1] > 0 else "BOTTOM")
    left = across if away[0] > 0 else across - room
    return _in(
        label, (left, down - room / 2, left + room, down + room / 2), "LEFT" if away[0] > 0 else "RIGHT", "CENTER"
    )


def _in(label: Label, box: tuple[float, float, float, float], horizontal: str, vertical: str) -> Label:
    return replace(label, box=box, horizontal=horizontal, vertical=vertical)
