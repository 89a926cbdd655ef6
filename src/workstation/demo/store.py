"""The in-memory catalogue of the embedded PACS: what C-STORE put in, C-FIND, C-MOVE and C-GET take out.

Queries are relational in leniency (PS3.4 C.4.1.3.2.1): unique keys of upper levels may be missing.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset

from workstation.demo.matching import all_match, matches, texts

LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")
UNIQUE_KEY = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}

# Which level an attribute belongs to (PS3.4 C.6.1.1, C.6.2.1 and what other providers offer); the rest is IMAGE.
_PATIENT_KEYS = """PatientName PatientID IssuerOfPatientID PatientBirthDate PatientBirthTime PatientSex EthnicGroup
    OtherPatientNames OtherPatientIDsSequence PatientComments NumberOfPatientRelatedStudies
    NumberOfPatientRelatedSeries NumberOfPatientRelatedInstances PatientSpeciesDescription"""
_STUDY_KEYS = """StudyInstanceUID StudyDate StudyTime AccessionNumber StudyID StudyDescription ReferringPhysicianName
    NameOfPhysiciansReadingStudy InstitutionName ModalitiesInStudy SOPClassesInStudy PatientAge PatientSize
    PatientWeight Occupation AdditionalPatientHistory AdmittingDiagnosesDescription ProcedureCodeSequence
    NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances"""
_SERIES_KEYS = """SeriesInstanceUID SeriesNumber Modality SeriesDescription SeriesDate SeriesTime BodyPartExamined
    ProtocolName Manufacturer ManufacturerModelName StationName InstitutionalDepartmentName Laterality SliceThickness
    PerformingPhysicianName OperatorsName PerformedProcedureStepStartDate PerformedProcedureStepStartTime
    PerformedProcedureStepID PerformedProcedureStepDescription RequestAttributesSequence NumberOfSeriesRelatedInstances
    FrameOfReferenceUID PatientPosition"""
_LEVEL_OF = {
    keyword: rank
    for rank, keywords in enumerate((_PATIENT_KEYS, _STUDY_KEYS, _SERIES_KEYS))
    for keyword in keywords.split()
}

_COLLECTED = {"ModalitiesInStudy": "Modality", "SOPClassesInStudy": "SOPClassUID"}
_COUNTED = {"Studies": "StudyInstanceUID", "Series": "SeriesInstanceUID", "Instances": "SOPInstanceUID"}


class InvalidIdentifier(ValueError):
    """The identifier does not fit the SOP class or lacks a unique key (status A900)."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A patient, study, series or instance: the instances below it, the first of them standing for the rest."""

    instances: tuple[FileDataset, ...]

    @property
    def header(self) -> Dataset:
        return self.instances[0]

    def element(self, keyword: str) -> DataElement | None:
        """The value of `keyword`: stored, or counted over the instances below."""
        tag = tag_for_keyword(keyword)
        if tag is None:
            return None
        counted = self._counted(keyword)
        if counted is not None:
            return DataElement(tag, dictionary_VR(tag), counted)
        return self.header.get(tag)

    def _counted(self, keyword: str) -> int | list[str] | None:
        collected = _COLLECTED.get(keyword)
        if collected is not None:
            return sorted(self._distinct(collected))
        if keyword == "AvailableTransferSyntaxUID":
            return sorted({str(instance.file_meta.TransferSyntaxUID) for instance in self.instances})
        if not (keyword.startswith("NumberOf") and "Related" in keyword):
            return None
        counted = keyword.partition("Related")[2]
        return len(self._distinct(_COUNTED[counted])) if counted in _COUNTED else None

    def _distinct(self, keyword: str) -> set[str]:
        return {value for instance in self.instances if (value := str(instance.get(keyword, "")))}


class Catalogue:
    """Every stored instance by SOP Instance UID. Safe to call from several threads."""

    def __init__(self, instances: Iterable[FileDataset] = ()) -> None:
        self._lock = threading.Lock()
        self._instances: dict[str, FileDataset] = {}
        for instance in instances:
            self.add(instance)

    def __len__(self) -> int:
        return len(self._instances)

    def __contains__(self, sop_instance_uid: object) -> bool:
        return sop_instance_uid in self._instances

    def add(self, instance: FileDataset) -> None:
        """Take `instance` in; one with the same SOP Instance UID is replaced."""
        with self._lock:
            self._instances[str(instance.SOPInstanceUID)] = instance

    def get(self, sop_instance_uid: str) -> FileDataset | None:
        return self._instances.get(sop_instance_uid)

    def transfer_syntaxes(self) -> dict[str, list[str]]:
        """SOP Class UID -> the transfer syntaxes its instances are kept in, the most frequent first."""
        with self._lock:
            kinds = [(str(one.SOPClassUID), str(one.file_meta.TransferSyntaxUID)) for one in self._instances.values()]
        syntaxes: dict[str, list[str]] = {}
        for (sop_class, syntax), _ in Counter(kinds).most_common():
            syntaxes.setdefault(sop_class, []).append(syntax)
        return syntaxes

    def entities(self, level: str) -> list[Entity]:
        """Everything stored, grouped by the unique key of `level`, studies newest first."""
        with self._lock:
            instances = list(self._instances.values())
        groups: dict[str, list[FileDataset]] = {}
        for instance in sorted(instances, key=_story_order):
            groups.setdefault(str(instance.get(UNIQUE_KEY[level], "")), []).append(instance)
        return [Entity(tuple(group)) for group in groups.values()]

    def find(self, level: str, identifier: Dataset) -> Iterator[Dataset]:
        """Replies to a C-FIND identifier at `level` (PS3.4 C.4.1)."""
        keys = [key for key in identifier if _is_answered(key, level)]
        for entity in self.entities(level):
            if all(matches(key, entity.element(key.keyword)) for key in keys):
                yield _reply(level, keys, entity)

    def select(self, level: str, identifier: Dataset) -> list[FileDataset]:
        """The instances that a C-MOVE or C-GET identifier names by unique keys (PS3.4 C.4.2.1, C.4.3.1)."""
        if not texts(_key(identifier, level)):
            raise InvalidIdentifier(UNIQUE_KEY[level])
        keys = [key for above in LEVELS[: LEVELS.index(level) + 1] if (key := _key(identifier, above)) is not None]
        return [entity.instances[0] for entity in self.entities("IMAGE") if all_match(keys, entity.header)]


def query_level(identifier: Dataset, root: str) -> str:
    """The Query/Retrieve Level, checked against the information model's `root` (PATIENT or STUDY)."""
    level = str(identifier.get("QueryRetrieveLevel", "")).strip().upper()
    if level not in LEVELS[LEVELS.index(root) :]:
        raise InvalidIdentifier("QueryRetrieveLevel")
    return level


def _key(identifier: Dataset, level: str) -> DataElement | None:
    tag = tag_for_keyword(UNIQUE_KEY[level])
    return identifier.get(tag) if tag is not None else None


def _is_answered(key: DataElement, level: str) -> bool:
    """Attributes of lower levels are no keys here (PS3.4 C.4.1.2.1); neither are control attributes."""
    keyword = keyword_for_tag(key.tag)
    if not keyword or keyword in ("QueryRetrieveLevel", "SpecificCharacterSet", "TimezoneOffsetFromUTC"):
        return False
    if keyword in ("RetrieveAETitle", "InstanceAvailability"):
        return False
    return _LEVEL_OF.get(keyword, LEVELS.index("IMAGE")) <= LEVELS.index(level)


def _reply(level: str, keys: Iterable[DataElement], entity: Entity) -> Dataset:
    reply = Dataset()
    reply.SpecificCharacterSet = "ISO_IR 192"
    reply.QueryRetrieveLevel = level
    reply.InstanceAvailability = "ONLINE"
    for key in keys:
        found = entity.element(key.keyword)
        value = found.value if found is not None else ([] if key.VR == "SQ" else None)
        reply.add(DataElement(key.tag, found.VR if found is not None else key.VR, value))
    return reply


def _story_order(instance: Dataset) -> tuple[int, str, int, str, int]:
    """Newest study first, then series and instances by their numbers."""
    moment = f"{instance.get('StudyDate') or '':<8.8}{instance.get('StudyTime') or ''!s:0<6.6}"
    return (
        -_as_int(moment),
        str(instance.get("StudyInstanceUID", "")),
        _as_int(instance.get("SeriesNumber")),
        str(instance.get("SeriesInstanceUID", "")),
        _as_int(instance.get("InstanceNumber")),
    )


def _as_int(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
