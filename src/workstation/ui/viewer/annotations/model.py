"""The measurements and marks that are in the window, and the frames that they lie on.

They belong to the instance and frame, not to a viewport: the same image shown twice shows them twice, and
they are there again after scrolling, another layout or another series. What is finished is told to whoever
keeps them (`keeping`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from workstation.imaging.annotation import POINTS_OF, Annotation, Kind
from workstation.services.display_sets import FrameRef

__all__ = ["POINTS_OF", "Annotation", "AnnotationEdit", "Annotations", "KeyImageEdit", "Kind", "Place", "place_of"]


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
    finished = Signal(object, int)  # Place and number of what is now as it is meant to stay, or is gone
    key_image_set = Signal(object)  # Place, marked or no longer

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._by_place: dict[Place, tuple[Annotation, ...]] = {}
        self._key_images: set[Place] = set()
        self._picked_out: frozenset[Place] = frozenset()  # by documents of the study
        self._elsewhere: set[int] = set()  # numbers of those that were made on another image of the same name
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

    def finish(self, place: Place, number: int) -> None:
        """Say that the hand has let go of it."""
        self.finished.emit(place, number)

    def is_key_image(self, place: Place | None) -> bool:
        return place in self._key_images

    def toggle_key_image(self, place: Place) -> None:
        self.set_key_image(place, not self.is_key_image(place))
        self.key_image_set.emit(place)

    def set_key_image(self, place: Place, marked: bool) -> None:
        if marked == (place in self._key_images):
            return
        self._key_images ^= {place}
        self.changed.emit()

    @property
    def key_images(self) -> frozenset[Place]:
        return frozenset(self._key_images)

    @property
    def picked_out(self) -> frozenset[Place]:
        """Key images of others, as documents of the study name them."""
        return self._picked_out

    def set_picked_out(self, places: Iterable[Place]) -> None:
        picked_out = frozenset(places)
        if picked_out != self._picked_out:
            self._picked_out = picked_out
            self.changed.emit()

    def is_marked(self, place: Place | None) -> bool:
        """Whether it is a key image, of whomever."""
        return place in self._key_images or place in self._picked_out

    def is_elsewhere(self, number: int) -> bool:
        """Whether it was made on other pixels than those that the image has now."""
        return number in self._elsewhere

    def set_elsewhere(self, number: int, elsewhere: bool) -> None:
        if elsewhere == (number in self._elsewhere):
            return
        self._elsewhere ^= {number}
        self.changed.emit()

    def everything(self) -> Iterator[tuple[Place, Annotation]]:
        """In the order they were made."""
        pairs = [(place, one) for place, many in self._by_place.items() for one in many]
        return iter(sorted(pairs, key=lambda pair: pair[1].number))

    @property
    def count(self) -> int:
        """Of annotations and key images."""
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
        self._put(self.before)

    def redo(self) -> None:
        self.reveal(self.place)
        self._put(self.after)

    def _put(self, annotation: Annotation | None) -> None:
        self.annotations.set(self.place, self.number, annotation)
        self.annotations.finish(self.place, self.number)


@dataclass(frozen=True, slots=True)
class KeyImageEdit:
    """An image marked as a key image, or no longer, as a step of a viewport's history."""

    annotations: Annotations
    place: Place
    reveal: Callable[[Place], None]

    def undo(self) -> None:
        self.reveal(self.place)
        self.annotations.toggle_key_image(self.place)

    def redo(self) -> None:
        self.undo()
