"""The command to save marks for others, and what became of it; carrying it out is `save_marks`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from workstation.domain.key_objects import KeyObjectTitle

if TYPE_CHECKING:
    from pathlib import Path

    from workstation.imaging.frame import Frame
    from workstation.imaging.view import View
    from workstation.jobs.cancel import Cancellation
    from workstation.services.annotations import KeptMark
    from workstation.services.ports import Archive


class Frames(Protocol):
    """What decodes: `dicom.decode_pool.DecodePool`."""

    def frame(self, path: str | Path, index: int = 0, cancellation: Cancellation | None = None) -> Frame: ...


@dataclass(frozen=True, slots=True)
class Look:
    """How the images of a series are looked at, in a viewport of `size` (width, height) device pixels."""

    series_instance_uid: str
    view: View
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class SaveMarks:
    """The marks of one study. `files` says where its images lie, by SOP Instance UID. Not journalled."""

    kind: ClassVar[str] = "save-marks"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = False

    study_instance_uid: str
    marks: tuple[KeptMark, ...]
    files: tuple[tuple[str, str], ...]
    looks: tuple[Look, ...] = ()
    title: KeyObjectTitle = KeyObjectTitle.OF_INTEREST
    description: str = ""  # of the key images
    with_report: bool = True

    @property
    def lane(self) -> str:
        return "disk"

    @property
    def subject(self) -> str:
        return self.study_instance_uid


@dataclass(frozen=True, slots=True)
class SavedMarks:
    """What was written; `left_out` marks are of images that are not there or are no longer the same."""

    study_instance_uid: str
    states: int = 0
    key_objects: int = 0
    reports: int = 0
    left_out: int = 0
    sop_instance_uids: tuple[str, ...] = ()


def archived_files(archive: Archive, study_instance_uid: str) -> tuple[tuple[str, str], ...]:
    """Where the images of a study in the archive lie."""
    return tuple(
        (stored.instance.sop_instance_uid, str(stored.path))
        for series in archive.series_of(study_instance_uid)
        for stored in archive.instances_of(series.series_instance_uid)
    )
