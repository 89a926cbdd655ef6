"""Content items of structured documents (PS3.3 C.17.3), as they are written."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom import Dataset

from workstation.dicom.new_object import decimal, items
from workstation.imaging.measure import Point


@dataclass(frozen=True, slots=True)
class Code:
    value: str
    scheme: str
    meaning: str

    def item(self) -> Dataset:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = self.value, self.scheme, self.meaning
        return item


def container(name: Code, *content: Dataset, relationship: str = "CONTAINS", template: str = "") -> Dataset:
    item = _item("CONTAINER", relationship, name)
    item.ContinuityOfContent = "SEPARATE"
    if template:
        part = Dataset()
        part.MappingResource, part.TemplateIdentifier = "DCMR", template
        item.ContentTemplateSequence = items(part)
    return with_content(item, *content)


def with_content(item: Dataset, *content: Dataset) -> Dataset:
    if content:
        item.ContentSequence = items(*content)
    return item


def code(name: Code, value: Code, *content: Dataset, relationship: str) -> Dataset:
    item = _item("CODE", relationship, name)
    item.ConceptCodeSequence = items(value.item())
    return with_content(item, *content)


def text(name: Code, value: str, *, relationship: str) -> Dataset:
    item = _item("TEXT", relationship, name)
    item.TextValue = value
    return item


def uid_reference(name: Code, value: str, *, relationship: str) -> Dataset:
    item = _item("UIDREF", relationship, name)
    item.UID = value
    return item


def number(name: Code, value: float, unit: Code, *content: Dataset, relationship: str = "CONTAINS") -> Dataset:
    item = _item("NUM", relationship, name)
    measured = Dataset()
    measured.MeasurementUnitsCodeSequence = items(unit.item())
    measured.NumericValue = decimal(value)
    item.MeasuredValueSequence = items(measured)
    return with_content(item, *content)


def image(reference: Dataset, relationship: str = "CONTAINS") -> Dataset:
    item = _item("IMAGE", relationship, None)
    item.ReferencedSOPSequence = items(reference)
    return item


def coordinates(
    name: Code, graphic_type: str, points: list[Point], reference: Dataset, *, relationship: str
) -> Dataset:
    """Spatial coordinates, selected from an image (PS3.3 C.18.6)."""
    item = _item("SCOORD", relationship, name)
    item.GraphicData = [float(value) for point in points for value in point]
    item.GraphicType = graphic_type
    return with_content(item, image(reference, "SELECTED FROM"))


def _item(value_type: str, relationship: str, name: Code | None) -> Dataset:
    item = Dataset()
    if relationship:
        item.RelationshipType = relationship
    item.ValueType = value_type
    if name is not None:
        item.ConceptNameCodeSequence = items(name.item())
    return item
