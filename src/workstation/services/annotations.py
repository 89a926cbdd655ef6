"""Keeping measurements and key marks: the nouns and the port of where they are kept.

They lie beside the originals, which are never modified, one by one: two windows on the same study do not
overwrite each other's.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from workstation.domain.uid import is_valid_uid
from workstation.imaging.annotation import Annotation
from workstation.imaging.annotation_words import full_size
from workstation.imaging.frame import Frame

_KEY_IMAGES = uuid.UUID("9f3f6a0e-6f0e-4d83-8f5b-9a5a0b5e1c11")  # namespace of the names of key marks


@dataclass(frozen=True, slots=True)
class MarkedImage:
    """A frame by the UIDs it has wherever its file lies."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str = ""
    frame_index: int = 0  # from 0

    @property
    def can_be_kept(self) -> bool:
        """Not where there is no name to know the image by: a file of the next disc may lie at the same path."""
        return is_valid_uid(self.study_instance_uid) and is_valid_uid(self.sop_instance_uid)


@dataclass(frozen=True, slots=True)
class KeptMark:
    """A measurement or, without `annotation`, the mark of a key image. `uid` is the same in every process."""

    uid: str  # 32 hexadecimal digits
    image: MarkedImage
    annotation: Annotation | None = None  # its number is of no meaning here
    fingerprint: str = ""  # of the image it was made on, see `fingerprint`; empty where that is not known
    made_at: float = 0.0  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Change:
    """`mark` is kept from now on as it is, or no longer."""

    mark: KeptMark
    removed: bool = False


class MarkStore(Protocol):
    """Where marks are kept. Safe to call from several threads and several processes; raises LocalError."""

    def apply(self, changes: Sequence[Change]) -> None:
        """All of them or none; when it returns, a killed process has not lost them."""

    def of_study(self, study_instance_uid: str) -> tuple[KeptMark, ...]:
        """In the order they were made."""

    def count(self, study_instance_uids: Iterable[str]) -> int:
        """How many there are in these studies."""

    def remove_study(self, study_instance_uid: str) -> None: ...


class MarksInMemory(MarkStore):
    """Keeps them as long as it lives: for a workplace without a folder."""

    def __init__(self) -> None:
        self._marks: dict[str, KeptMark] = {}
        self._lock = threading.Lock()

    def apply(self, changes: Sequence[Change]) -> None:
        with self._lock:
            for change in changes:
                self._marks.pop(change.mark.uid, None)
                if not change.removed:
                    self._marks[change.mark.uid] = change.mark

    def of_study(self, study_instance_uid: str) -> tuple[KeptMark, ...]:
        with self._lock:
            found = [mark for mark in self._marks.values() if mark.image.study_instance_uid == study_instance_uid]
        return tuple(sorted(found, key=lambda mark: (mark.made_at, mark.uid)))

    def count(self, study_instance_uids: Iterable[str]) -> int:
        return sum(len(self.of_study(uid)) for uid in study_instance_uids)

    def remove_study(self, study_instance_uid: str) -> None:
        self.apply([Change(mark, removed=True) for mark in self.of_study(study_instance_uid)])


def new_uid() -> str:
    return uuid.uuid4().hex


def key_image_uid(image: MarkedImage) -> str:
    """The same wherever and whenever that image is marked: two windows mark it once."""
    return uuid.uuid5(_KEY_IMAGES, f"{image.sop_instance_uid} {image.frame_index}").hex


def tracking_uid(mark: KeptMark) -> str:
    """A UID of it alone, for Tracking Unique Identifier (PS3.16 TID 1501), by PS3.5 B.2."""
    return f"2.25.{uuid.UUID(hex=mark.uid).int}"


def fingerprint(frame: Frame) -> str:
    """What measuring relies on: the size of the image, its pixels' and its place; empty for a reduced frame."""
    attributes = full_size(frame.attributes)
    if frame.attributes.reduction != 1:
        return ""
    parts = [f"{frame.columns}x{frame.rows}"]
    if attributes.pixel_spacing_mm is not None:
        parts.append(_numbers(attributes.pixel_spacing_mm))
    geometry = attributes.geometry
    if geometry is not None:
        parts += [_numbers(geometry.position), _numbers((*geometry.row_direction, *geometry.column_direction))]
    return " ".join(parts)


def is_of(mark: KeptMark, found: str) -> bool:
    """Whether `mark` was made on an image with the fingerprint `found`, as far as both are known."""
    return not mark.fingerprint or not found or mark.fingerprint == found


def with_number(mark: KeptMark, number: int) -> Annotation | None:
    """As it is called in one window."""
    return replace(mark.annotation, number=number) if mark.annotation is not None else None


def _numbers(values: Iterable[float]) -> str:
    return "\\".join(f"{value:.4g}" if abs(value) < 1 else f"{value:.3f}" for value in values)
