"""What one viewport scrolls through: the nouns of the viewer, made by `open_series` and `stacking`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from workstation.domain.job import ErrorReport
from workstation.domain.study import Series, Study
from workstation.imaging.frame import PlaneGeometry


class DisplayKind(StrEnum):
    IMAGE = "image"
    DOCUMENT = "document"  # a report or an encapsulated document: to be read, not looked at
    OTHER = "other"  # plans, structures, waveforms, presentation states, raw data
    DAMAGED = "damaged"  # could not be read at all; `error` says why


class SortBy(StrEnum):
    """What the user may have a display set sorted by."""

    POSITION = "position"  # as `stacking` found it: place in the patient, then time, echo, ...
    INSTANCE_NUMBER = "instance-number"
    ACQUISITION_TIME = "acquisition-time"


@dataclass(frozen=True, slots=True)
class Sorting:
    by: SortBy = SortBy.POSITION
    reversed: bool = False


@dataclass(frozen=True, slots=True)
class FrameRef:
    """Where one frame lies, and which instance it belongs to."""

    path: Path
    frame_index: int = 0  # within the file, from 0
    sop_instance_uid: str = ""
    sop_class_uid: str = ""
    instance_number: int | None = None
    geometry: PlaneGeometry | None = field(default=None, compare=False)  # where it lies, as far as opening read it
    place: int = field(default=0, compare=False)  # along the stack, from 0; images of one place share it
    phase: int = field(default=0, compare=False)  # of those of `DisplaySet.phases`
    acquired: float | None = field(default=None, compare=False)  # seconds, of a scale of its own


@dataclass(frozen=True, slots=True)
class Playback:
    """How the file wants to be played (PS3.3 C.7.6.5); all of it only where it says so."""

    frame_times_ms: tuple[float, ...] = ()  # how long each frame of the file is shown, where that varies
    sweeping: bool = False  # back and forth instead of from the last image to the first
    trim: tuple[int, int] | None = None  # first and last frame worth playing, from 0


@dataclass(frozen=True, slots=True)
class Part:
    """How much of a series is here, where it is not all that a node said it has."""

    here: int
    known: int

    @staticmethod
    def of(here: int, known: int | None) -> Part | None:
        return Part(here, known) if known is not None and here < known else None


@dataclass(frozen=True, slots=True)
class DisplaySet:
    uid: str  # unique within what was opened: the series UID and which part of it
    study: Study
    series: Series
    frames: tuple[FrameRef, ...]  # phase after phase, in each phase place after place, unless `sorting` says otherwise
    kind: DisplayKind = DisplayKind.IMAGE
    frame_rate: float | None = None  # images per second as the file recommends, None when it does not
    error: ErrorReport | None = None
    ordered_by: str = ""  # "position", "slice location", "instance number", "acquisition time", "echo", ...
    notices: tuple[str, ...] = ()  # what is missing, uneven or there twice; sentences without a full stop
    phases: tuple[str, ...] = ()  # what repeats the places: "TE 4.6 ms", "TE 9.2 ms"; empty when nothing does
    dimension: str = ""  # what the phases are: "echo", "time"
    sorting: Sorting = Sorting()
    playback: Playback = Playback()
    paged: bool = False  # its frames are the pages of a document
    part: Part | None = None  # of its series, told with the largest of its display sets

    @property
    def is_multi_frame(self) -> bool:
        return len(self.frames) > 1 and self.frames[0].path == self.frames[-1].path

    @property
    def middle(self) -> int:
        """The frame to begin with: the middle one of a stack (of its first phase), else the first."""
        if self.ordered_by != "position" or self.frame_rate is not None:
            return 0
        first = self.frames[0].phase if self.frames else 0
        return sum(ref.phase == first for ref in self.frames) // 2

    @property
    def plays_in_place(self) -> bool:
        """Whether cine shows one place through time instead of the places one after the other."""
        return bool(self.phases) and self.dimension.startswith(("time", "trigger"))

    def in_phase(self, index: int, steps: int) -> int:
        """The frame of the same place, or the nearest to it, `steps` phases on; from the last phase to the first."""
        if not self.phases:
            return index
        here = self.frames[index]
        phase = (here.phase + steps) % len(self.phases)
        return min(
            (number for number, ref in enumerate(self.frames) if ref.phase == phase),
            key=lambda number: abs(self.frames[number].place - here.place),
            default=index,
        )

    def sorted_as(self, sorting: Sorting) -> DisplaySet:
        """The same frames in the order that the user wants; the order of opening comes back with `Sorting()`.

        Reversed, a stack runs against the normal within each phase.
        """
        return replace(self, frames=tuple(sorted(self.frames, key=_order(sorting))), sorting=sorting)


def _order(sorting: Sorting) -> Callable[[FrameRef], tuple[float | str, ...]]:
    sign = -1 if sorting.reversed else 1
    last = math.inf  # what has no number or time comes last, in either direction

    def by_position(ref: FrameRef) -> tuple[float | str, ...]:
        return ref.phase, sign * ref.place, *by_number(ref)

    def by_number(ref: FrameRef) -> tuple[float | str, ...]:
        number = sign * ref.instance_number if ref.instance_number is not None else last
        return number, sign * ref.frame_index, ref.phase, sign * ref.place, ref.sop_instance_uid

    def by_time(ref: FrameRef) -> tuple[float | str, ...]:
        return sign * ref.acquired if ref.acquired is not None else last, *by_number(ref)

    return {
        SortBy.POSITION: by_position,
        SortBy.INSTANCE_NUMBER: by_number,
        SortBy.ACQUISITION_TIME: by_time,
    }[sorting.by]
