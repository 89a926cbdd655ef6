"""Deleting a study from this computer, with everything that was made on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workstation.services.ports import Archive

if TYPE_CHECKING:
    from workstation.services.annotations import MarkStore


def delete_study(archive: Archive, marks: MarkStore, study_instance_uid: str) -> None:
    """The study, and then what was measured on it. Raises LocalError."""
    archive.delete_study(study_instance_uid)
    marks.remove_study(study_instance_uid)
