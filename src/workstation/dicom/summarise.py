"""From a data set to our nouns: what the index keeps, and what a query answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from workstation.dicom import elements
from workstation.dicom.header import from_header
from workstation.dicom.header_scan import HeaderScan
from workstation.dicom.scanned_elements import SCANNED_ELEMENTS
from workstation.domain.errors import DamagedFile
from workstation.domain.person_name import PersonName
from workstation.domain.study import Instance, InstanceSummary, Patient, Series, Study
from workstation.domain.uid import is_valid_uid

# What the File Meta Information says as well (PS3.10 table 7.1-1).
_IN_META = {
    "TransferSyntaxUID": "TransferSyntaxUID",
    "SOPClassUID": "MediaStorageSOPClassUID",
    "SOPInstanceUID": "MediaStorageSOPInstanceUID",
}

if TYPE_CHECKING:
    from workstation.dicom.elements import Header

Noun = TypeVar("Noun", Patient, Study, Series, Instance)


def summarise(path: str | Path, shared: SharedNouns | None = None) -> InstanceSummary:
    """What the index keeps of the file; `shared` for many files of one study takes half the time.

    Raises NotDicom, and DamagedFile where the UIDs that place it are missing.
    """
    try:
        return from_header(path, partial(summary_of, shared=shared))
    except DamagedFile as error:
        raise DamagedFile(**{"path": path, **error.details}) from error


def summary_of(dataset: Header, shared: SharedNouns | None = None) -> InstanceSummary:
    """What the index keeps of a data set with its group 0002 in `file_meta`.

    Raises DamagedFile when one of its four UIDs is missing or is none: they become keys and file names.
    """
    match = shared.match if shared is not None else match_from
    with elements.quietly(dataset):
        study = match(dataset, Study)
        series = match(dataset, Series)
        instance = match_from(dataset, Instance)
    for keyword, uid in (
        ("SOPInstanceUID", instance.sop_instance_uid),
        ("SOPClassUID", instance.sop_class_uid),
        ("StudyInstanceUID", study.study_instance_uid),
        ("SeriesInstanceUID", series.series_instance_uid),
    ):
        if not is_valid_uid(uid):
            raise DamagedFile(reason=f"{keyword} is {'not a valid UID' if uid else 'missing'}")
    if series.modality and not study.modalities:
        study = replace(study, modalities=(series.modality,))
    if instance.rows and instance.number_of_frames is None:
        instance = replace(instance, number_of_frames=1)
    return InstanceSummary(study, series, instance)


def match_from(dataset: Header, noun: type[Noun], assumed_character_set: str = "") -> Noun:
    """Fill `noun` from any data set, a C-FIND identifier say; what is absent or unreadable keeps its default.

    `assumed_character_set` (a node's habit) decodes texts where the data set declares none.
    """
    if isinstance(dataset, HeaderScan):
        return noun(**{field.name: _field_value(dataset, field) for field in fields(noun)})
    from workstation.dicom.charset import assume_character_set
    from workstation.dicom.quiet import quiet

    if assumed_character_set:
        assume_character_set(dataset, assumed_character_set)
    with quiet():
        return noun(**{field.name: _field_value(dataset, field) for field in fields(noun)})


class SharedNouns:
    """`match_from` for the studies and series of many files: equal bytes give one noun, once."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], Any] = {}

    def match(self, header: Header, noun: type[Noun]) -> Noun:
        if not isinstance(header, HeaderScan):
            return match_from(header, noun)
        values: Mapping[int, bytes | None] = header.values
        keywords: list[str] = ["SpecificCharacterSet", *(each.metadata["keyword"] for each in fields(noun))]
        key: tuple[object, ...] = (noun, *[values.get(SCANNED_ELEMENTS[name][0]) for name in keywords])
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = match_from(header, noun)
        return cast(Noun, found)


def _field_value(dataset: Header, field: Field[Any]) -> Any:
    keyword = field.metadata["keyword"]
    if keyword in _IN_META and keyword not in dataset:
        meta = getattr(dataset, "file_meta", None)
        return elements.first_text(meta, _IN_META[keyword]) if meta else ""
    if isinstance(field.default, PersonName):
        return elements.person_name(dataset, keyword)
    if isinstance(field.default, tuple):
        return tuple(value for value in elements.texts(dataset, keyword) if value)
    if field.type == "int | None":
        return elements.integer(dataset, keyword)
    if field.type == "float | None":
        return elements.number(dataset, keyword)
    return elements.text(dataset, keyword)
