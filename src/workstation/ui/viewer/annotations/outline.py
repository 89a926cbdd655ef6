"""Where the lines and handles of an annotation run on the screen, and which of them lies under the pointer."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.compose import Layout
from workstation.imaging.measure import Point
from workstation.ui.viewer.annotations.model import Annotation, Kind

Points = NDArray[np.float64]  # (n, 2): across, down
_TURN = np.linspace(0.0, 2 * math.pi, 65)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
NEAR_HANDLE = 8.0  # logical pixels
NEAR_LINE = 5.0
_BARB = 12.0  # the length of an arrow's barbs


@dataclass(frozen=True, slots=True)
class Screen:
    """From image to logical pixels of the viewport; a reduced frame's pixel is `reduction` of the full image."""

    layout: Layout
    ratio: float = 1.0  # device pixels per logical pixel
    reduction: int = 1

    def place(self, points: Iterable[Point] | Points) -> Points:
        listed = points if isinstance(points, np.ndarray) else tuple(points)
        image = np.array(listed, np.float64).reshape(-1, 2) / self.reduction
        (a, b, left), (c, d, top) = self.layout.across, self.layout.down
        placed: Points = (image @ np.array([[a, c], [b, d]]) + np.array([left, top])) / self.ratio
        return placed

    def image_point(self, at: Point) -> Point:
        """(column, row) of the full image under a point in logical pixels."""
        column, row = self.layout.to_image(at[0] * self.ratio, at[1] * self.ratio)
        return column * self.reduction, row * self.reduction


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """One annotation on the screen, in logical pixels."""

    lines: tuple[Points, ...]  # polylines
    handles: Points
    label: Point  # where its text begins, its left middle


def outline(annotation: Annotation, screen: Screen) -> Outline:
    placed = screen.place(annotation.points)
    match annotation.kind:
        case Kind.ELLIPSE | Kind.RECTANGLE:
            handles = screen.place(_corners(annotation))
            round_ = annotation.kind is Kind.ELLIPSE
            line = screen.place(_ellipse(np.array(annotation.points))) if round_ else np.vstack([handles, handles[:1]])
            return Outline((line,), handles, _right_of(line))
        case Kind.FREEHAND:
            closed = np.vstack([placed, placed[:1]])
            return Outline((closed,), np.zeros((0, 2)), _right_of(closed))
        case Kind.LENGTH | Kind.ANGLE:
            at = placed[1] if len(placed) > 1 else placed[0]
            return Outline((placed,), placed, (float(at[0]) + 10, float(at[1])))
        case Kind.ARROW:
            return Outline((placed, _head(placed)), placed, _right_of(placed[-1:]))
        case _:
            return Outline((), placed, (float(placed[0][0]) + 10, float(placed[0][1])))


def _corners(annotation: Annotation) -> tuple[Point, ...]:
    """The two points of the box and the two corners between them, so that handle 0 is point 0 and 2 is point 1."""
    (left, top), (right, bottom) = annotation.points[0], annotation.points[-1]
    return (left, top), (right, top), (right, bottom), (left, bottom)


def with_handle(annotation: Annotation, handle: int, point: Point) -> Annotation:
    """The annotation with one of its handles dragged to `point`."""
    if annotation.kind not in (Kind.ELLIPSE, Kind.RECTANGLE):
        return annotation.with_point(handle, point)
    opposite = _corners(annotation)[(handle + 2) % 4]
    # Keep the handle's number while it is dragged: handle 0 is the first point, 1 shares its row, 3 its column.
    match handle:
        case 0:
            first, second = point, opposite
        case 1:
            first, second = (opposite[0], point[1]), (point[0], opposite[1])
        case 2:
            first, second = opposite, point
        case _:
            first, second = (point[0], opposite[1]), (opposite[0], point[1])
    return replace(annotation, points=(first, second))


def _ellipse(corners: Points) -> Points:
    """Inside the box of two corners, in the pixels of the image: on the screen it turns with the picture."""
    middle, half = corners.mean(axis=0), np.abs(corners[-1] - corners[0]) / 2
    curve: Points = middle + _CIRCLE * half
    return curve


def _head(points: Points) -> Points:
    """The two barbs of an arrow that points at `points[0]`."""
    if len(points) < 2 or not np.any(points[0] != points[-1]):
        return points[:1]
    direction = math.atan2(*(points[-1] - points[0])[::-1])
    barbs = [
        points[0] + 12 * np.array([math.cos(direction + turn), math.sin(direction + turn)]) for turn in (-0.4, 0.4)
    ]
    return np.array([barbs[0], points[0], barbs[1]])


def _right_of(points: Points) -> Point:
    rightmost = points[np.argmax(points[:, 0])]
    return float(rightmost[0]) + 8, float(rightmost[1])


def handle_under(shape: Outline, at: Point) -> int | None:
    """The nearest handle within reach of the pointer."""
    if not len(shape.handles):
        return None
    distances = np.hypot(*(shape.handles - np.array(at)).T)
    nearest = int(np.argmin(distances))
    return nearest if distances[nearest] <= NEAR_HANDLE else None


def is_on_line(shape: Outline, at: Point) -> bool:
    return any(distance_to(line, at) <= NEAR_LINE for line in shape.lines)


def distance_to(line: Points, at: Point) -> float:
    """From a point to the nearest place of a polyline, all its segments at once."""
    point = np.array(at)
    if len(line) < 2:
        return float(np.hypot(*(line[0] - point))) if len(line) else math.inf
    start, along = line[:-1], np.diff(line, axis=0)
    length = np.einsum("ij,ij->i", along, along)
    share = np.clip(np.einsum("ij,ij->i", point - start, along) / np.where(length == 0, 1, length), 0.0, 1.0)
    return float(np.hypot(*(start + share[:, None] * along - point).T).min())
