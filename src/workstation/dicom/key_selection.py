"""Reading Key Object Selection documents (PS3.3 A.35.4, PS3.16 TID 2010)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.dicom import elements
from workstation.dicom.read import open_file
from workstation.domain.errors import UnsupportedObject
from workstation.imaging.presentation import ImageReference

if TYPE_CHECKING:
    from pydicom import Dataset

KEY_OBJECT_SELECTION = "1.2.840.10008.5.1.4.1.1.88.59"
_DESCRIPTION = "113012"
# Titles by which images are taken back, not picked out (PS3.16 CID 7011, IHE RAD-66).
_REJECTIONS = frozenset({"113001", "113037", "113038", "113039"})
_DEEPEST = 16  # levels of a content tree
_MOST = 20_000  # images of one document


@dataclass(frozen=True, slots=True)
class KeySelection:
    """Images that somebody picked out, in the order of the document."""

    sop_instance_uid: str
    title: str  # why: `Of Interest`
    images: tuple[ImageReference, ...]
    description: str = ""
    is_rejection: bool = False  # the images are not to be used


def read_key_selection(path: str | Path) -> KeySelection:
    """Raises NotDicom, DamagedFile, UnsupportedObject for other objects."""
    with open_file(path) as opened, elements.quietly(opened.dataset):
        dataset = opened.dataset
        if elements.first_text(dataset, "SOPClassUID") != KEY_OBJECT_SELECTION:
            raise UnsupportedObject(path=path, reason="no key object selection")
        title = elements.first_item(dataset, "ConceptNameCodeSequence")
        content = list(_content(dataset, 0))
        return KeySelection(
            sop_instance_uid=elements.first_text(dataset, "SOPInstanceUID"),
            title=elements.first_text(title, "CodeMeaning") if title is not None else "",
            images=tuple(dict.fromkeys(image for item in content for image in _images(item)))[:_MOST],
            description=next((text for item in content if (text := _description(item))), ""),
            is_rejection=title is not None and elements.first_text(title, "CodeValue") in _REJECTIONS,
        )


def _content(dataset: Dataset, depth: int) -> Iterator[Dataset]:
    """The items of the content tree, as they are read."""
    for item in elements.items(dataset, "ContentSequence") if depth < _DEEPEST else ():
        yield item
        yield from _content(item, depth + 1)


def _images(item: Dataset) -> Iterator[ImageReference]:
    if elements.first_text(item, "ValueType").upper() != "IMAGE":
        return
    for reference in elements.items(item, "ReferencedSOPSequence"):
        uid = elements.first_text(reference, "ReferencedSOPInstanceUID")
        frames = tuple(round(number) for number in elements.numbers(reference, "ReferencedFrameNumber"))
        if uid:
            yield ImageReference(uid, frames)


def _description(item: Dataset) -> str:
    name = elements.first_item(item, "ConceptNameCodeSequence")
    if name is None or elements.first_text(name, "CodeValue") != _DESCRIPTION:
        return ""
    return elements.text(item, "TextValue")
