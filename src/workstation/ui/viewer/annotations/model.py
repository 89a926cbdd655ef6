"""Measurements and marks, as values in image coordinates of one frame, and the one store of them.

They belong to the instance and frame, not to a viewport: the same image shown twice shows them twice, and
they are there again after scrolling, another layout or another series. They are not saved to a file yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from workstation.imaging.measure import Point, Region, Shape
from workstation.services.display_sets import FrameRef


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


@dataclass(frozen=True, slots=True)
class Place:
    """One frame of one instance."""

    instance: str  # SOP Instance UID, or the file where it has none
    frame_index: int


def place_of(ref: FrameRef) -> Place:
    return Place(ref.sop_instance_uid or str(ref.path), ref.frame_index)


class Annotations(QObject):
    """All annotations and key images of this session, by the frame they lie on."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._by_place: dict[Place, tuple[Annotation, ...]] = {}
        self._key_images: set[Place] = set()
        self._last_number = 0

    def next_number(self) -> int:
        self._last_number += 1
        return self._last_number

    def of(self, place: Place | None) -> tuple[Annotation, ...]:
        """Oldest first, which is the order they are painted in."""
        return self._by_place.get(place, ()) if place is not None else ()

    def find(self, place: Place, number: int) -> Annotation | None:
        return next((one for one in self.of(place) if one.number == number), None)

    def set(self, place: Place, number: int, annotation: Annotation | None) -> None:
        """Put `annotation` where the one of that number is, or add it; None removes it."""
        before = self.of(place)
        kept = [one for one in before if one.number != number]
        if annotation is not None:
            kept.append(annotation)
        after = tuple(sorted(kept, key=lambda one: one.number))
        if after == before:
            return
        if after:
            self._by_place[place] = after
        else:
            del self._by_place[place]
        self.changed.emit()

    def is_key_image(self, place: Place | None) -> bool:
        return place in self._key_images

    def toggle_key_image(self, place: Place) -> None:
        self._key_images ^= {place}
        self.changed.emit()

    def everything(self) -> Iterator[tuple[Place, Annotation]]:
        """In the order they were made."""
        pairs = [(place, one) for place, many in self._by_place.items() for one in many]
        return iter(sorted(pairs, key=lambda pair: pair[1].number))

    @property
    def count(self) -> int:
        """Of annotations and key images, which end with the program."""
        return sum(map(len, self._by_place.values())) + len(self._key_images)

    def clear(self) -> None:
        if self._by_place or self._key_images:
            self._by_place, self._key_images = {}, set()
            self.changed.emit()


@dataclass(frozen=True, slots=True)
class AnnotationEdit:
    """One change of one annotation, as a step of a viewport's history."""

    annotations: Annotations
    place: Place
    number: int
    before: Annotation | None
    after: Annotation | None
    reveal: Callable[[Place], None]  # so that what changes is seen

    def undo(self) -> None:
        self.reveal(self.place)
        self.annotations.set(self.place, self.number, self.before)

    def redo(self) -> None:
        self.reveal(self.place)
        self.annotations.set(self.place, self.number, self.after)
