"""Marks on a real image, saved as DICOM objects."""

from __future__ import annotations

from pathlib import Path

from tests.support.job import RecordingContext
from workstation.archive.local import LocalArchive
from workstation.dicom.decode import decode_frame
from workstation.dicom.summarise import summarise
from workstation.imaging.annotation import Annotation, Kind
from workstation.imaging.frame import Frame
from workstation.imaging.view import View
from workstation.jobs.cancel import Cancellation
from workstation.services.annotations import KeptMark, MarkedImage, fingerprint, new_uid
from workstation.services.save_command import Look, SavedMarks, SaveMarks
from workstation.services.save_marks import run_save_marks

OF_EVERY_KIND = {
    Kind.LENGTH: ((10.0, 12.0), (50.0, 40.5)),
    Kind.ANGLE: ((10.0, 10.0), (30.0, 30.0), (50.0, 20.0)),
    Kind.ELLIPSE: ((20.0, 20.0), (50.0, 40.0)),
    Kind.RECTANGLE: ((20.25, 20.0), (40.0, 45.0)),
    Kind.FREEHAND: ((10.0, 10.0), (30.0, 12.0), (35.0, 40.0), (9.0, 30.0)),
    Kind.ARROW: ((30.0, 30.0), (45.0, 45.0)),
    Kind.TEXT: ((5.0, 40.0),),
    Kind.POINT: ((15.5, 15.5),),
}

_PLAIN = View()


class InProcess:
    """Decodes without workers."""

    def frame(self, path: str | Path, index: int = 0, cancellation: Cancellation | None = None) -> Frame:
        return decode_frame(path, index)


def image_of(path: Path, frame_index: int = 0) -> MarkedImage:
    summary = summarise(path)
    return MarkedImage(
        summary.study.study_instance_uid,
        summary.series.series_instance_uid,
        summary.instance.sop_instance_uid,
        summary.instance.sop_class_uid,
        frame_index,
    )


def marks_on(path: Path, *, frame_index: int = 0, text: str = "nodule", key: bool = True) -> tuple[KeptMark, ...]:
    """One of every kind and a key mark."""
    image, made_on = image_of(path, frame_index), fingerprint(decode_frame(path, frame_index))
    annotations = [
        Annotation(0, kind, points, text if kind in (Kind.TEXT, Kind.ARROW) else "")
        for kind, points in OF_EVERY_KIND.items()
    ]
    made = [KeptMark(new_uid(), image, one, made_on, float(number)) for number, one in enumerate(annotations)]
    return (*made, KeptMark(new_uid(), image, None, made_on, 99.0)) if key else tuple(made)


def command_for(
    path: Path, marks: tuple[KeptMark, ...], view: View = _PLAIN, size: tuple[int, int] = (400, 300)
) -> SaveMarks:
    image = marks[0].image
    return SaveMarks(
        image.study_instance_uid,
        marks,
        ((image.sop_instance_uid, str(path)),),
        (Look(image.series_instance_uid, view, size),),
    )


def save(command: SaveMarks, archive: LocalArchive) -> tuple[SavedMarks, dict[str, Path]]:
    """What was told, and the file of each modality."""
    outcome = run_save_marks(
        command, RecordingContext(), archive=archive, frames=InProcess(), publish=lambda _event: None
    )
    found = {
        series.modality: stored.path
        for series in archive.series_of(command.study_instance_uid)
        for stored in archive.instances_of(series.series_instance_uid)
    }
    return outcome.result, found
