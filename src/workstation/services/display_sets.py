"""What one viewport scrolls through: the nouns of the viewer, made by `open_series` and `stacking`."""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class FrameRef:
    """Where one frame lies, and which instance it belongs to."""

    path: Path
    frame_index: int = 0  # within the file, from 0
    sop_instance_uid: str = ""
    sop_class_uid: str = ""
    instance_number: int | None = None
    geometry: PlaneGeometry | None = field(default=None, compare=False)  # where it lies, as far as opening read it


@dataclass(frozen=True, slots=True)
class DisplaySet:
    uid: str  # unique within what was opened: the series UID and which part of it
    study: Study
    series: Series
    frames: tuple[FrameRef, ...]
    kind: DisplayKind = DisplayKind.IMAGE
    frame_rate: float | None = None  # images per second as the file recommends, None when it does not
    error: ErrorReport | None = None
    ordered_by: str = ""  # "position" or "instance number"

    @property
    def is_multi_frame(self) -> bool:
        return len(self.frames) > 1 and self.frames[0].path == self.frames[-1].path
