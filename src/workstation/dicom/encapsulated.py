"""Documents wrapped in a DICOM object: what they are, their bytes, and the narrative of a CDA (PS3.3 A.45, C.24)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.dicom import elements
from workstation.dicom.cda import NotCda, narrative
from workstation.dicom.object_names import class_name
from workstation.dicom.read import read_header
from workstation.dicom.report_values import coded, day_and_hour
from workstation.domain.document import Document
from workstation.domain.errors import UnsupportedObject

if TYPE_CHECKING:
    from pydicom import Dataset

_DOCUMENT = 0x00420011
_CLASSES = {  # the standard fixes the media type of each (PS3.3 A.45.1.4, A.45.2.4, A.85)
    "1.2.840.10008.5.1.4.1.1.104.1": "application/pdf",
    "1.2.840.10008.5.1.4.1.1.104.2": "text/xml",
    "1.2.840.10008.5.1.4.1.1.104.3": "model/stl",
    "1.2.840.10008.5.1.4.1.1.104.4": "model/obj",
    "1.2.840.10008.5.1.4.1.1.104.5": "model/mtl",
}
_WHAT = {
    "application/pdf": ("A PDF document", ".pdf"),
    "text/xml": ("A clinical document (HL7 CDA)", ".xml"),
    "model/stl": ("A surface for three-dimensional printing (STL)", ".stl"),
    "model/obj": ("A three-dimensional model (OBJ)", ".obj"),
    "model/mtl": ("The materials of a three-dimensional model (MTL)", ".mtl"),
}


@dataclass(frozen=True, slots=True)
class Encapsulated:
    """`data` as it was before it was wrapped, without the byte that makes its length even."""

    media_type: str
    data: bytes
    title: str = ""

    @property
    def suffix(self) -> str:
        return _WHAT.get(self.media_type, ("", ".bin"))[1]


def read_encapsulated(path: str | Path) -> Encapsulated:
    """Raises NotDicom, DamagedFile, UnsupportedObject where there is no document in it."""
    with_document = encapsulated_of(read_header(path))
    if with_document is None:
        raise UnsupportedObject(path=path, reason="no document in it")
    return with_document


def encapsulated_of(dataset: Dataset) -> Encapsulated | None:
    """None where the object wraps nothing."""
    data = elements.raw_bytes(dataset, _DOCUMENT)
    if not data:
        return None
    length = elements.integer(dataset, "EncapsulatedDocumentLength")
    if length is not None and len(data) - 1 <= length <= len(data):
        data = data[:length]
    media_type = _CLASSES.get(elements.first_text(dataset, "SOPClassUID"), "")
    media_type = media_type or elements.first_text(dataset, "MIMETypeOfEncapsulatedDocument").lower()
    return Encapsulated(media_type, data, elements.first_text(dataset, "DocumentTitle"))


def encapsulated_card(dataset: Dataset) -> Document:
    """What is wrapped, and the text of a CDA. Never raises for what is missing or broken in it."""
    wrapped = encapsulated_of(dataset)
    kind = class_name(elements.first_text(dataset, "SOPClassUID")) or "Encapsulated document"
    name = coded(dataset, "ConceptNameCodeSequence")
    title = elements.first_text(dataset, "DocumentTitle") or name or kind
    facts = [("Made", day_and_hour(dataset, "ContentDate", "ContentTime"))]
    if name != title:
        facts.append(("Name", name))
    if wrapped is None:
        return Document(
            title, kind, _said(facts), warnings=("The document is missing: there is nothing in the object",)
        )
    what = _WHAT.get(wrapped.media_type, (f"A document of type {wrapped.media_type or 'unknown'}", ""))[0]
    facts = [("What it is", what), *facts, ("Size", _size(len(wrapped.data)))]
    facts.append(("Unit", coded(dataset, "MeasurementUnitsCodeSequence")))
    if wrapped.media_type not in ("text/xml", "application/xml"):
        return Document(title, kind, _said(facts), attachment=wrapped.media_type)
    try:
        told, items, warnings = narrative(wrapped.data)
    except NotCda as error:
        return Document(title, kind, _said(facts), (f"Its text cannot be read: {error}",), attachment="text/xml")
    return Document(title, kind, _said([*facts, *told]), warnings, items, attachment="text/xml")


def _said(facts: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((label, text) for label, text in facts if text)


def _size(count: int) -> str:
    return f"{count / 1024:.0f} KB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MB"
