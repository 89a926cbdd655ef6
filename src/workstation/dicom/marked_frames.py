"""What the writers of presentation states, key objects and reports are given: frames with what was marked on them."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom import Dataset

from workstation.dicom import elements
from workstation.dicom.new_object import image_reference, is_multi_frame, items
from workstation.imaging.annotation import Annotation
from workstation.imaging.frame import Frame
from workstation.imaging.view import View


@dataclass(frozen=True, slots=True)
class TrackedAnnotation:
    annotation: Annotation
    tracking_uid: str


@dataclass(frozen=True, slots=True, eq=False)
class MarkedFrame:
    """A whole frame as it is looked at in a viewport of `size` (width, height)."""

    header: Dataset  # of its file, without pixel data
    frame: Frame
    frame_index: int  # from 0
    annotations: tuple[TrackedAnnotation, ...] = ()
    is_key: bool = False
    view: View = View()
    size: tuple[int, int] = (1, 1)

    @property
    def series_instance_uid(self) -> str:
        return elements.first_text(self.header, "SeriesInstanceUID")

    @property
    def sop_instance_uid(self) -> str:
        return elements.first_text(self.header, "SOPInstanceUID")

    def reference(self) -> Dataset:
        """To the image, and to the frame where it has several."""
        return image_reference(self.header, (self.frame_index + 1,) if is_multi_frame(self.header) else ())


def evidence(frames: tuple[MarkedFrame, ...]) -> Dataset:
    """An item of Current Requested Procedure Evidence Sequence (0040,A375) about the images of one study."""
    item = Dataset()
    item.StudyInstanceUID = elements.first_text(frames[0].header, "StudyInstanceUID")
    series: dict[str, dict[str, Dataset]] = {}
    for one in frames:
        series.setdefault(one.series_instance_uid, {})[one.sop_instance_uid] = image_reference(one.header)
    parts = []
    for uid, images in series.items():
        part = Dataset()
        part.SeriesInstanceUID = uid
        part.ReferencedSOPSequence = items(*images.values())
        parts.append(part)
    item.ReferencedSeriesSequence = items(*parts)
    return item
