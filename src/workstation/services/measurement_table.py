"""Kept marks as rows with their numbers, for tables and scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from workstation.domain.errors import InputError
from workstation.imaging.frame import Frame
from workstation.imaging.quantities import Quantity, quantities
from workstation.services.annotations import KeptMark, fingerprint, is_of, tracking_uid
from workstation.services.save_command import Frames

COLUMNS = (
    "series",
    "image",
    "frame",
    "kind",
    "text",
    "quantity",
    "value",
    "unit",
    "state",
    "points",
    "sop_instance_uid",
    "tracking_uid",
)
KEY_IMAGE = "key image"


@dataclass(frozen=True, slots=True)
class MeasuredMark:
    """`state` is empty, or says why there are no numbers."""

    mark: KeptMark
    quantities: tuple[Quantity, ...] = ()
    state: str = ""

    @property
    def kind(self) -> str:
        return self.mark.annotation.kind.value if self.mark.annotation is not None else KEY_IMAGE


@dataclass(frozen=True, slots=True)
class ImageNumbers:
    """How people call an image."""

    series: int | None = None
    image: int | None = None


def measured(marks: Iterable[KeptMark], files: Mapping[str, Path], frames: Frames) -> list[MeasuredMark]:
    """In the order of `marks`, each frame decoded once. Blocking."""
    known: dict[tuple[str, int], Frame | None] = {}
    found = []
    for mark in marks:
        if mark.annotation is None:
            found.append(MeasuredMark(mark))
            continue
        place = (mark.image.sop_instance_uid, mark.image.frame_index)
        if place not in known:
            known[place] = _frame(files.get(place[0]), place[1], frames)
        found.append(_measured(mark, known[place]))
    return found


def _frame(path: Path | None, index: int, frames: Frames) -> Frame | None:
    if path is None:
        return None
    try:
        return frames.frame(path, index)
    except (InputError, OSError):
        return None


def _measured(mark: KeptMark, frame: Frame | None) -> MeasuredMark:
    if frame is None or mark.annotation is None:
        return MeasuredMark(mark, state="image not here")
    if not is_of(mark, fingerprint(frame)):
        return MeasuredMark(mark, state="made on another image with the same UID")
    return MeasuredMark(mark, quantities(mark.annotation, frame))


def rows(marks: Iterable[MeasuredMark], numbers: Mapping[str, ImageNumbers]) -> list[tuple[str, ...]]:
    """By `COLUMNS`: a row for each number, at least one for each mark; frames are counted from 1."""
    found: list[tuple[str, ...]] = []
    for one in marks:
        image, annotation = one.mark.image, one.mark.annotation
        called = numbers.get(image.sop_instance_uid, ImageNumbers())
        points = " ".join(f"{column:g},{row:g}" for column, row in annotation.points) if annotation else ""
        for name, value, unit in _numbers_of(one):
            found.append(
                (
                    _text(called.series),
                    _text(called.image),
                    str(image.frame_index + 1),
                    one.kind,
                    annotation.text if annotation is not None else "",
                    name,
                    value,
                    unit,
                    one.state,
                    points,
                    image.sop_instance_uid,
                    tracking_uid(one.mark),
                )
            )
    return found


def _numbers_of(one: MeasuredMark) -> list[tuple[str, str, str]]:
    return [(each.name.value, f"{each.value:.6g}", each.unit) for each in one.quantities] or [("", "", "")]


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
