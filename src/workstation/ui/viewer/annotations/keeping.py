"""Keeps what is marked in the window: each measurement when the hand lets go of it, each key mark, each undoing.

And brings back what was kept, when a study is opened, by the UIDs of its images wherever they lie.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication

from workstation.domain.errors import WorkstationError
from workstation.imaging.annotation import Annotation
from workstation.imaging.frame import Frame
from workstation.services.annotations import (
    Change,
    KeptMark,
    MarkedImage,
    MarkStore,
    fingerprint,
    is_of,
    key_image_uid,
    new_uid,
    with_number,
)
from workstation.services.display_sets import DisplaySet
from workstation.services.mark_keeping import MarkKeeper
from workstation.ui.background import Background
from workstation.ui.viewer.annotations.model import Annotations, Place, place_of
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.series_model import SeriesModel


class Keeping(QObject):
    """`refused` carries why something cannot be kept, and None once everything is."""

    refused = Signal(object)

    def __init__(
        self, store: MarkStore, annotations: Annotations, grid: ViewportGrid, series: SeriesModel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._annotations = annotations
        self._grid = grid
        self._series = series
        self._keeper = MarkKeeper(store, self.refused.emit)
        self._background = Background("marks", self)
        self._kept: dict[int, KeptMark] = {}  # by number, those that were removed as well: undoing brings them back
        self._key_images: dict[Place, MarkedImage] = {}
        self._nameless: set[Place | int] = set()  # what lies on images without UIDs, which cannot be kept
        self._images: dict[str, MarkedImage] | None = None  # of what is open, by instance
        self._changes = 0
        annotations.finished.connect(self._keep)
        annotations.key_image_set.connect(self._keep_key_image)
        series.modelReset.connect(self.read_again)
        grid.frame_shown.connect(self._compare)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):  # another window may have marked something meanwhile
            application.applicationStateChanged.connect(self._come_back)

    @property
    def unsaved(self) -> int:
        """Changes that would be lost with the program."""
        return self._keeper.unsaved + len(self._nameless)

    @property
    def studies(self) -> tuple[str, ...]:
        """Those that are open."""
        found = (one.study.study_instance_uid for one in self._series.display_sets)
        return tuple(dict.fromkeys(uid for uid in found if uid))

    def marks_of(self, study_instance_uid: str) -> tuple[KeptMark, ...]:
        """Of one study as the window shows them, in the order they were made."""
        there = {one.number for _, one in self._annotations.everything()}
        found = [mark for number, mark in self._kept.items() if number in there]
        found += [
            KeptMark(key_image_uid(image), image, None, made_at=time.time())
            for place, image in self._key_images.items()
            if self._annotations.is_key_image(place)
        ]
        ours = (mark for mark in found if mark.image.study_instance_uid == study_instance_uid)
        return tuple(sorted(ours, key=lambda mark: mark.made_at))

    def is_made_on(self, number: int, frame: Frame) -> bool:
        """Whether an annotation was made on `frame`, as far as that is known. Any thread may ask."""
        mark = self._kept.get(number)
        return mark is None or is_of(mark, fingerprint(frame))

    def read_again(self) -> None:
        """What is kept of the open studies, by this or another window."""
        self._images = None
        for uid in self.studies:
            self._read(uid)

    def _come_back(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive:
            self.read_again()

    def close(self) -> None:
        self._background.close()
        self._keeper.close()

    # --- keeping -----------------------------------------------------------------------------

    def _keep(self, place: Place, number: int) -> None:
        annotation = self._annotations.find(place, number)
        before = self._kept.get(number)
        image = before.image if before is not None else self._image(place)
        if image is None or not image.can_be_kept:
            self._note_nameless(number, annotation is not None)
            return
        if before is None:
            before = KeptMark(new_uid(), image, made_at=time.time())
        made_on = self._fingerprint(place) or before.fingerprint
        mark = replace(before, annotation=annotation or before.annotation, fingerprint=made_on)
        self._kept[number] = mark
        self._put(Change(mark, removed=annotation is None))
        self._annotations.set_elsewhere(number, False)

    def _keep_key_image(self, place: Place) -> None:
        marked = self._annotations.is_key_image(place)
        image = self._key_images.get(place) or self._image(place)
        if image is None or not image.can_be_kept:
            self._note_nameless(place, marked)
            return
        self._key_images[place] = image
        mark = KeptMark(key_image_uid(image), image, None, self._fingerprint(place), time.time())
        self._put(Change(mark, removed=not marked))

    def _put(self, change: Change) -> None:
        self._changes += 1
        self._keeper.keep(change)

    def _note_nameless(self, what: Place | int, there: bool) -> None:
        if there:
            self._nameless.add(what)
        else:
            self._nameless.discard(what)

    def _image(self, place: Place) -> MarkedImage | None:
        if self._images is None:
            self._images = {
                ref.sop_instance_uid: MarkedImage(
                    one.study.study_instance_uid,
                    one.series.series_instance_uid,
                    ref.sop_instance_uid,
                    ref.sop_class_uid,
                )
                for one in own_sets(self._series.display_sets)
                for ref in one.frames
                if ref.sop_instance_uid
            }
        found = self._images.get(place.instance)
        return replace(found, frame_index=place.frame_index) if found is not None else None

    def _fingerprint(self, place: Place) -> str:
        """Of the image as it is on the screen now."""
        for viewport in self._grid.viewports:
            if _place_in(viewport) == place and viewport.decoded is not None:
                return fingerprint(viewport.decoded)
        return ""

    # --- bringing back -----------------------------------------------------------------------

    def _read(self, study_instance_uid: str) -> None:
        known = partial(self._store.of_study, study_instance_uid)
        self._background.ask(known, partial(self._merge, study_instance_uid, self._changes), self._unreadable)

    def _unreadable(self, error: WorkstationError) -> None:
        self.refused.emit(error)

    def _merge(self, study_instance_uid: str, changes: int, marks: tuple[KeptMark, ...]) -> None:
        """Make the window show what is kept, but for what is newer here."""
        if changes != self._changes:  # something was marked while this was read
            self._read(study_instance_uid)
            return
        for mark in marks:
            if not self._keeper.is_waiting(mark.uid):
                self._show(mark)
        self._remove_others(study_instance_uid, {mark.uid for mark in marks})
        for viewport in self._grid.viewports:
            self._compare(viewport)

    def _show(self, mark: KeptMark) -> None:
        place = _place_of(mark.image)
        if mark.annotation is None:
            self._key_images[place] = mark.image
            self._annotations.set_key_image(place, True)
            return
        number = self._number_of(mark.uid) or self._annotations.next_number()
        self._kept[number] = mark
        self._annotations.set(place, number, with_number(mark, number))

    def _number_of(self, uid: str) -> int | None:
        return next((number for number, mark in self._kept.items() if mark.uid == uid), None)

    def _remove_others(self, study_instance_uid: str, uids: set[str]) -> None:
        """What another window has removed."""
        for number, mark in self._kept.items():
            if self._is_gone(mark.image, mark.uid, study_instance_uid, uids):
                self._annotations.set(_place_of(mark.image), number, None)
        for place, image in self._key_images.items():
            if self._is_gone(image, key_image_uid(image), study_instance_uid, uids):
                self._annotations.set_key_image(place, False)

    def _is_gone(self, image: MarkedImage, uid: str, study_instance_uid: str, uids: Iterable[str]) -> bool:
        return image.study_instance_uid == study_instance_uid and uid not in uids and not self._keeper.is_waiting(uid)

    # --- whether they are of this image ------------------------------------------------------

    def _compare(self, viewport: Viewport) -> None:
        """A file of the same name with other pixels makes measurements wrong: they say so instead of a value."""
        place = _place_in(viewport)
        here = self._annotations.of(place)
        if not here or viewport.decoded is None:
            return
        found = fingerprint(viewport.decoded)
        for annotation in here:
            self._compare_one(annotation, found)

    def _compare_one(self, annotation: Annotation, found: str) -> None:
        mark = self._kept.get(annotation.number)
        if mark is None or not found:
            return
        if not mark.fingerprint:  # drawn over the first look of a large image
            self._kept[annotation.number] = mark = replace(mark, annotation=annotation, fingerprint=found)
            self._put(Change(mark))
        self._annotations.set_elsewhere(annotation.number, not is_of(mark, found))


def own_sets(display_sets: Iterable[DisplaySet]) -> Iterator[DisplaySet]:
    """Without those of key objects, which show images of other series."""
    return (one for one in display_sets if one.series.modality != "KO")


def _place_of(image: MarkedImage) -> Place:
    return Place(image.sop_instance_uid, image.frame_index)


def _place_in(viewport: Viewport) -> Place | None:
    ref = viewport.shown_ref
    return place_of(ref) if ref is not None else None
