"""Writing a Key Object Selection document (PS3.3 A.35.4, PS3.16 TID 2010) about key images."""

from __future__ import annotations

from pydicom import Dataset

from workstation.dicom.content_items import Code, container, image, text
from workstation.dicom.marked_frames import MarkedFrame, evidence
from workstation.dicom.new_object import NewSeries, begun, items
from workstation.domain.key_objects import KeyObjectTitle

KEY_OBJECT = "1.2.840.10008.5.1.4.1.1.88.59"
_DESCRIPTION = Code("113012", "DCM", "Key Object Description")


def key_object(
    frames: tuple[MarkedFrame, ...], series: NewSeries, title: KeyObjectTitle, description: str = ""
) -> Dataset:
    """About the frames of one study that are key images, at least one."""
    made = begun(frames[0].header, KEY_OBJECT, series, 1)
    made.ContentDate, made.ContentTime = f"{series.made_at:%Y%m%d}", f"{series.made_at:%H%M%S}"
    made.ReferencedPerformedProcedureStepSequence = items()
    made.CurrentRequestedProcedureEvidenceSequence = items(evidence(frames))
    content = [text(_DESCRIPTION, description, relationship="CONTAINS")] if description else []
    content += [image(one.reference()) for one in frames]
    root = Code(title.code, "DCM", title.meaning)
    made.update(container(root, *content, relationship="", template="2010"))
    return made
