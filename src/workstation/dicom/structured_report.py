"""Reading structured reports: their head and content tree in words (PS3.3 A.35, C.17, C.18).

All SR classes share one module, so nothing here depends on a template: Key Object Selections, dose reports,
CAD and TID 1500 are read alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from workstation.dicom import elements
from workstation.dicom.describe import date_text, time_text
from workstation.dicom.object_names import class_name
from workstation.dicom.report_values import (
    coded,
    day_and_hour,
    measured,
    moment,
    name_of,
    person,
    points_of,
    prose,
)
from workstation.domain.document import Document, Item, ItemKind, Reference, Region

if TYPE_CHECKING:
    from pydicom import Dataset

_DEEPEST = 60  # levels
_MOST = 20_000  # items of one report
_RELATIONS = {
    "INFERRED FROM": "inferred from",
    "SELECTED FROM": "on",
    "HAS OBS CONTEXT": "",
    "HAS ACQ CONTEXT": "",
    "HAS CONCEPT MOD": "",
    "HAS PROPERTIES": "",
    "CONTAINS": "",
}
_SHAPES = {
    "POINT": "Point",
    "MULTIPOINT": "Points",
    "POLYLINE": "Line",
    "POLYGON": "Polygon",
    "CIRCLE": "Circle",
    "ELLIPSE": "Ellipse",
    "ELLIPSOID": "Ellipsoid",
}


def read_report(dataset: Dataset) -> Document:
    """The report as it is to be read. Never raises for what is missing or broken in it: that is said."""
    reader = _Reader(dataset)
    items = reader.items_of(dataset, 0, ())
    title = name_of(dataset) or elements.first_text(dataset, "SeriesDescription") or "Report without a title"
    warnings = [*_warnings(dataset)]
    if reader.cut:
        warnings.append(f"Only the first {_MOST} items are shown")
    if not items:
        warnings.append("The report is empty")
    return Document(
        title=title,
        kind=class_name(elements.first_text(dataset, "SOPClassUID")),
        facts=tuple((label, text) for label, text in _facts(dataset) if text),
        warnings=tuple(warnings),
        items=items,
    )


# --- the head --------------------------------------------------------------------------------


def _warnings(dataset: Dataset) -> Iterator[str]:
    if elements.first_text(dataset, "CompletionFlag") == "PARTIAL":
        why = elements.first_text(dataset, "CompletionFlagDescription")
        yield "Partial: the report is not finished" + (f" ({why})" if why else "")
    if elements.first_text(dataset, "PreliminaryFlag") == "PRELIMINARY":
        yield "Preliminary"
    if elements.first_text(dataset, "VerificationFlag") != "VERIFIED" and "CompletionFlag" in dataset:
        yield "Unverified: nobody has signed it"


def _facts(dataset: Dataset) -> Iterator[tuple[str, str]]:
    yield "Written", day_and_hour(dataset, "ContentDate", "ContentTime")
    complete = elements.first_text(dataset, "CompletionFlag") == "COMPLETE"
    yield "State", "Complete" if complete else ""
    for observer in elements.items(dataset, "VerifyingObserverSequence"):
        parts = (
            person(observer, "VerifyingObserverName"),
            elements.first_text(observer, "VerifyingOrganization"),
            moment(elements.first_text(observer, "VerificationDateTime")),
        )
        yield "Verified by", " · ".join(part for part in parts if part) or "(not said)"
    for author in elements.items(dataset, "AuthorObserverSequence"):
        who = person(author, "PersonName") or elements.first_text(author, "StationName")
        made = elements.first_text(author, "ManufacturerModelName")
        yield "Author", " · ".join(part for part in (who, made, elements.first_text(author, "InstitutionName")) if part)
    for request in elements.items(dataset, "ReferencedRequestSequence"):
        asked = elements.first_text(request, "RequestedProcedureDescription")
        asked = asked or coded(request, "RequestedProcedureCodeSequence")
        number = elements.first_text(request, "AccessionNumber")
        yield "Request", " · ".join(part for part in (number, asked) if part)
    device = (elements.first_text(dataset, "Manufacturer"), elements.first_text(dataset, "ManufacturerModelName"))
    yield "Device", " ".join(part for part in device if part)
    template = elements.first_item(dataset, "ContentTemplateSequence")
    if template is not None:
        yield "Template", f"TID {elements.first_text(template, 'TemplateIdentifier')}"
    earlier = sum(1 for _ in _documents(dataset, "PredecessorDocumentsSequence"))
    yield "Replaces", (f"{earlier} earlier document" + ("s" if earlier > 1 else "")) if earlier else ""


def _documents(dataset: Dataset, keyword: str) -> Iterator[Dataset]:
    for study in elements.items(dataset, keyword):
        for series in elements.items(study, "ReferencedSeriesSequence"):
            yield from elements.items(series, "ReferencedSOPSequence")


# --- the content tree ------------------------------------------------------------------------


class _Reader:
    """One reading: how many items there were."""

    def __init__(self, root: Dataset) -> None:
        self._root = root
        self._count = 0
        self.cut = False

    def items_of(self, dataset: Dataset, depth: int, names: tuple[str, ...]) -> tuple[Item, ...]:
        if depth >= _DEEPEST:
            self.cut = True
            return ()
        found = []
        for content in elements.items(dataset, "ContentSequence"):
            if self._count >= _MOST:
                self.cut = True
                break
            self._count += 1
            found.append(self._item(content, depth, names))
        return tuple(found)

    def _item(self, content: Dataset, depth: int, names: tuple[str, ...]) -> Item:
        kind = elements.first_text(content, "ValueType").upper()
        relation = elements.first_text(content, "RelationshipType").upper()
        name = name_of(content)
        items = self.items_of(content, depth + 1, (*names, name) if name else names)
        words = _RELATIONS.get(relation, relation.lower())
        if not kind and "ReferencedContentItemIdentifier" in content:
            return Item("", f"see “{self._target_name(content)}”", relation=words or "see", items=items)
        if kind == "CONTAINER":
            return Item(name, kind=ItemKind.HEADING, relation=words, items=items)
        if kind in ("IMAGE", "COMPOSITE", "WAVEFORM"):
            return _reference_item(content, name, kind, words, items)
        if kind == "SCOORD":
            return self._region_item(content, name, words, items, names)
        return Item(name, _value(content, kind) or "(no value)", relation=words, items=items)

    def _region_item(
        self, content: Dataset, name: str, words: str, items: tuple[Item, ...], names: tuple[str, ...]
    ) -> Item:
        """Places are drawn on the image that they were selected from, which is an item of theirs."""
        points = points_of(content)
        shape = elements.first_text(content, "GraphicType").upper()
        about = next((item.reference for item in items if item.reference is not None), None)
        region = Region(shape, points, next((each for each in reversed(names) if each), name))
        text = _SHAPES.get(shape, shape.lower() or "place")
        if len(points) > 1:
            text += f" of {len(points)} points"
        others = tuple(item for item in items if item.reference is not about or about is None)
        return Item(name, text, ItemKind.REGION, words, about, region if points else None, others)

    def _target_name(self, content: Dataset) -> str:
        """What an item is called that is referred to by its place in the tree, from 1 (PS3.3 C.17.3.2.5)."""
        path = [int(number) for number in elements.numbers(content, "ReferencedContentItemIdentifier")]
        where, item = ".".join(map(str, path)), self._root
        for number in path[1:]:
            beneath = elements.items(item, "ContentSequence")
            if not 1 <= number <= len(beneath):
                return where
            item = beneath[number - 1]
        value = _value(item, elements.first_text(item, "ValueType").upper())
        return ": ".join(part for part in (name_of(item), value) if part) or where


def _reference_item(content: Dataset, name: str, kind: str, words: str, items: tuple[Item, ...]) -> Item:
    reference = elements.first_item(content, "ReferencedSOPSequence")
    if reference is None:
        return Item(name, "(refers to nothing)", relation=words, items=items)
    return replace(reference_item(reference, name, kind), relation=words, items=items)


def reference_item(reference: Dataset, name: str = "", kind: str = "") -> Item:
    """From an item of a Referenced SOP Sequence, with frames, segments or channels where it names some."""
    what = class_name(elements.first_text(reference, "ReferencedSOPClassUID")) or kind.capitalize()
    frames = tuple(round(number) for number in elements.numbers(reference, "ReferencedFrameNumber"))
    more = []
    if frames:
        more.append(f"frame{'s' if len(frames) > 1 else ''} {_listed(frames)}")
    segments = [round(number) for number in elements.numbers(reference, "ReferencedSegmentNumber")]
    if segments:
        more.append(f"segment{'s' if len(segments) > 1 else ''} {_listed(segments)}")
    channels = [round(number) for number in elements.numbers(reference, "ReferencedWaveformChannels")]
    if channels:
        pairs = [f"{group}.{one}" for group, one in zip(channels[::2], channels[1::2], strict=False)]
        more.append(f"channels {', '.join(pairs[:12])}")
    if elements.first_item(reference, "ReferencedSOPSequence") is not None:
        more.append("with a presentation state")
    target = Reference(elements.first_text(reference, "ReferencedSOPInstanceUID"), what, frames)
    return Item(name, ", ".join([what, *more]), ItemKind.REFERENCE, reference=target)


def _listed(numbers: tuple[int, ...] | list[int]) -> str:
    shown = ", ".join(map(str, numbers[:12]))
    return f"{shown}, …" if len(numbers) > 12 else shown


def _value(content: Dataset, kind: str) -> str:
    reader = _VALUES.get(kind)
    return reader(content) if reader is not None else f"({kind.lower() or 'an item'} of a kind that is not known)"


def _uid(content: Dataset) -> str:
    """A UID, or what it stands for."""
    uid = elements.first_text(content, "UID")
    return class_name(uid) or uid


def _times(content: Dataset) -> str:
    """Temporal coordinates (PS3.3 C.18.7)."""
    shape = elements.first_text(content, "TemporalRangeType").lower()
    offsets = elements.numbers(content, "ReferencedTimeOffsets")
    samples = elements.numbers(content, "ReferencedSamplePositions")
    moments = [moment(text) for text in elements.texts(content, "ReferencedDateTime")]
    where = [f"{number:g} s" for number in offsets] or [f"sample {number:g}" for number in samples] or moments
    return f"{shape} {', '.join(where[:12])}".strip()


def _place_in_space(content: Dataset) -> str:
    """3D coordinates in millimetres of the patient (PS3.3 C.18.9)."""
    shape = elements.first_text(content, "GraphicType").upper()
    numbers = elements.numbers(content, "GraphicData")
    count = len(numbers) // 3
    text = _SHAPES.get(shape, shape.lower())
    if count == 1:
        return f"{text} at ({', '.join(f'{number:g}' for number in numbers[:3])}) mm"
    return f"{text} of {count} points in space"


_VALUES: dict[str, Callable[[Dataset], str]] = {
    "TEXT": lambda content: prose(content, "TextValue"),
    "CODE": lambda content: coded(content, "ConceptCodeSequence"),
    "NUM": measured,
    "PNAME": lambda content: person(content, "PersonName"),
    "DATE": lambda content: date_text(elements.first_text(content, "Date")),
    "TIME": lambda content: time_text(elements.first_text(content, "Time")),
    "DATETIME": lambda content: moment(elements.first_text(content, "DateTime")),
    "UIDREF": _uid,
    "SCOORD": lambda content: _SHAPES.get(elements.first_text(content, "GraphicType").upper(), "Place"),
    "CONTAINER": lambda _content: "",
    "TCOORD": _times,
    "SCOORD3D": _place_in_space,
}
