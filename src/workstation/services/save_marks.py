"""Save marks for others: presentation states, a key object selection and a report, into the archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.dicom.key_object import key_object
from workstation.dicom.marked_frames import MarkedFrame, TrackedAnnotation
from workstation.dicom.measurement_report import measurement_report
from workstation.dicom.new_object import NewSeries, new_uid, write
from workstation.dicom.read import read_header
from workstation.dicom.state_writer import presentation_states
from workstation.dicom.summarise import summarise
from workstation.domain.errors import InputError
from workstation.domain.events import LOCAL, Publish
from workstation.domain.job import Progress
from workstation.imaging.present import presented
from workstation.imaging.view import View
from workstation.jobs.cancel import Cancellation
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.annotations import KeptMark, fingerprint, is_of, tracking_uid
from workstation.services.ingest import store
from workstation.services.ports import Archive
from workstation.services.save_command import Frames, Look, SavedMarks, SaveMarks

if TYPE_CHECKING:
    from pydicom import Dataset

_FIRST_NUMBER = 9001  # of our series, where the study's own are not known


def run_save_marks(
    command: SaveMarks, context: JobContext, *, archive: Archive, frames: Frames, publish: Publish
) -> Outcome:
    """Write new objects in new series of the study; nothing that is there is changed.

    Raises InputError where no mark is left to save, DiskFull, ArchiveUnusable.
    """
    found, left_out = _collect(command, context, frames)
    if not found:
        raise InputError(reason="none of the marked images is here as it was")
    made = _made(command, found, archive)
    uids = []
    for dataset in made:
        context.progress(Progress(step="writing"))
        uids.append(_store(dataset, archive, publish))
    if left_out:
        context.warn(f"{left_out} marks are of images that are not here or have other pixels now; they were left out.")
    modalities = [str(dataset.Modality) for dataset in made]
    states, key_objects, reports = (modalities.count(modality) for modality in ("PR", "KO", "SR"))
    return Outcome(SavedMarks(command.study_instance_uid, states, key_objects, reports, left_out, tuple(uids)))


def _collect(command: SaveMarks, context: JobContext, frames: Frames) -> tuple[tuple[MarkedFrame, ...], int]:
    """The marked frames in the order in which they were marked first, and how many marks have none."""
    files = dict(command.files)
    looks = {look.series_instance_uid: look for look in command.looks}
    by_place: dict[tuple[str, int], list[KeptMark]] = {}
    for mark in command.marks:
        by_place.setdefault((mark.image.sop_instance_uid, mark.image.frame_index), []).append(mark)
    found, left_out = [], 0
    for done, ((uid, _), marks) in enumerate(by_place.items()):
        context.progress(Progress(done, len(by_place), step="reading"))
        one = None
        if uid in files:
            look = looks.get(marks[0].image.series_instance_uid)
            one = _marked(Path(files[uid]), marks, look, frames, context.cancellation)
        kept = len(one.annotations) + one.is_key if one is not None else 0
        left_out += len(marks) - kept
        if one is not None and kept:
            found.append(one)
    return tuple(found), left_out


def _marked(
    path: Path, marks: Sequence[KeptMark], look: Look | None, frames: Frames, cancellation: Cancellation
) -> MarkedFrame | None:
    """None where the image cannot be read any more."""
    index = marks[0].image.frame_index
    try:
        header, frame = read_header(path), frames.frame(path, index, cancellation)
    except (InputError, OSError):
        return None
    found = fingerprint(frame)
    ours = [mark for mark in marks if is_of(mark, found)]
    view = look.view if look is not None else View()
    if view.presentation is not None:
        frame = presented(frame, view.presentation, marks[0].image.sop_instance_uid, index + 1)
    return MarkedFrame(
        header=header,
        frame=frame,
        frame_index=index,
        annotations=tuple(
            TrackedAnnotation(mark.annotation, tracking_uid(mark)) for mark in ours if mark.annotation is not None
        ),
        is_key=any(mark.annotation is None for mark in ours),
        view=view,
        size=look.size if look is not None else (frame.columns, frame.rows),
    )


def _made(command: SaveMarks, found: tuple[MarkedFrame, ...], archive: Archive) -> list[Dataset]:
    now = datetime.now()
    numbers = _numbers(archive, command.study_instance_uid)

    def series(modality: str, description: str) -> NewSeries:
        return NewSeries(modality, description, next(numbers), new_uid(), now)

    made = presentation_states(found, series("PR", "Measurements"))
    keys = tuple(one for one in found if one.is_key)
    if keys:
        made.append(key_object(keys, series("KO", "Key images"), command.title, command.description))
    if command.with_report:
        report = measurement_report(found, series("SR", "Measurement report"))
        made += [report] if report is not None else []
    return made


def _numbers(archive: Archive, study_instance_uid: str) -> Iterator[int]:
    used = [one.series_number or 0 for one in archive.series_of(study_instance_uid)]
    first = max([*used, _FIRST_NUMBER - 1]) + 1
    return iter(range(first, first + 100))


def _store(dataset: Dataset, archive: Archive, publish: Publish) -> str:
    path = archive.new_incoming()
    try:
        write(dataset, path)
        store(archive, publish, path, summarise(path), LOCAL)
    finally:
        archive.discard(path)
    return str(dataset.SOPInstanceUID)
