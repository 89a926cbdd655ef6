"""Measurements and marks as values in image coordinates of one frame: what was drawn, not what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from workstation.imaging.measure import Point, Region, Shape


class Kind(StrEnum):
    """What an annotation is; the values are those of the tools that make them."""

    LENGTH = "length"
    ANGLE = "angle"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    FREEHAND = "freehand"
    ARROW = "arrow"
    TEXT = "text"
    POINT = "point"


POINTS_OF = {  # how many points make one; a freehand outline has as many as the hand drew
    Kind.LENGTH: 2,
    Kind.ANGLE: 3,  # arm, vertex, other arm
    Kind.ELLIPSE: 2,
    Kind.RECTANGLE: 2,
    Kind.ARROW: 2,  # tip first
    Kind.TEXT: 1,
    Kind.POINT: 1,
}
SHAPES = {Kind.ELLIPSE: Shape.ELLIPSE, Kind.RECTANGLE: Shape.RECTANGLE, Kind.FREEHAND: Shape.POLYGON}


@dataclass(frozen=True, slots=True)
class Annotation:
    """`points` are (column, row) of the full image; corners of the box for ellipse and rectangle."""

    number: int
    kind: Kind
    points: tuple[Point, ...]
    text: str = ""

    @property
    def region(self) -> Region | None:
        shape = SHAPES.get(self.kind)
        return Region(shape, self.points) if shape is not None else None

    def moved(self, across: float, down: float) -> Annotation:
        """By image pixels."""
        return replace(self, points=tuple((column + across, row + down) for column, row in self.points))

    def with_point(self, index: int, point: Point) -> Annotation:
        return replace(self, points=(*self.points[:index], point, *self.points[index + 1 :]))
