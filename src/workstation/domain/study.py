"""Patient, study, series and instance: the four levels of the query/retrieve model (PS3.4 C.6).

Every field names its DICOM keyword, so that reading a data set, asking a peer for a return key
and printing a record for a script are the same table and cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from workstation.domain.person_name import PersonName


class Level(StrEnum):
    """Query/Retrieve Level (0008,0052), PS3.4 C.6.1.1, in the spelling of the command line."""

    PATIENT = "patient"
    STUDY = "study"
    SERIES = "series"
    IMAGE = "image"


def attribute(keyword: str, default: Any = "") -> Any:
    """A dataclass field that stands for the attribute `keyword` (PS3.6)."""
    return field(default=default, metadata={"keyword": keyword})


@dataclass(frozen=True, slots=True)
class Patient:
    patient_id: str = attribute("PatientID")
    patient_name: PersonName = attribute("PatientName", PersonName())
    issuer_of_patient_id: str = attribute("IssuerOfPatientID")
    birth_date: str = attribute("PatientBirthDate")  # DA, YYYYMMDD, as sent
    sex: str = attribute("PatientSex")
    study_count: int | None = attribute("NumberOfPatientRelatedStudies", None)


@dataclass(frozen=True, slots=True)
class Study:
    study_instance_uid: str = attribute("StudyInstanceUID")
    patient_name: PersonName = attribute("PatientName", PersonName())
    patient_id: str = attribute("PatientID")
    issuer_of_patient_id: str = attribute("IssuerOfPatientID")
    birth_date: str = attribute("PatientBirthDate")
    sex: str = attribute("PatientSex")
    study_date: str = attribute("StudyDate")  # DA, as sent
    study_time: str = attribute("StudyTime")  # TM, as sent
    description: str = attribute("StudyDescription")
    accession_number: str = attribute("AccessionNumber")
    study_id: str = attribute("StudyID")
    modalities: tuple[str, ...] = attribute("ModalitiesInStudy", ())
    referring_physician: PersonName = attribute("ReferringPhysicianName", PersonName())
    institution: str = attribute("InstitutionName")
    series_count: int | None = attribute("NumberOfStudyRelatedSeries", None)
    instance_count: int | None = attribute("NumberOfStudyRelatedInstances", None)


@dataclass(frozen=True, slots=True)
class Series:
    series_instance_uid: str = attribute("SeriesInstanceUID")
    study_instance_uid: str = attribute("StudyInstanceUID")
    series_number: int | None = attribute("SeriesNumber", None)
    modality: str = attribute("Modality")
    description: str = attribute("SeriesDescription")
    series_date: str = attribute("SeriesDate")
    series_time: str = attribute("SeriesTime")
    body_part: str = attribute("BodyPartExamined")
    protocol_name: str = attribute("ProtocolName")
    manufacturer: str = attribute("Manufacturer")
    model_name: str = attribute("ManufacturerModelName")
    station_name: str = attribute("StationName")
    slice_thickness: float | None = attribute("SliceThickness", None)  # mm
    instance_count: int | None = attribute("NumberOfSeriesRelatedInstances", None)


@dataclass(frozen=True, slots=True)
class Instance:
    sop_instance_uid: str = attribute("SOPInstanceUID")
    sop_class_uid: str = attribute("SOPClassUID")
    series_instance_uid: str = attribute("SeriesInstanceUID")
    study_instance_uid: str = attribute("StudyInstanceUID")
    instance_number: int | None = attribute("InstanceNumber", None)
    transfer_syntax_uid: str = attribute("TransferSyntaxUID")
    number_of_frames: int | None = attribute("NumberOfFrames", None)
    rows: int | None = attribute("Rows", None)
    columns: int | None = attribute("Columns", None)


QueryMatch = Patient | Study | Series | Instance
NOUN_OF_LEVEL: dict[Level, type[QueryMatch]] = {
    Level.PATIENT: Patient,
    Level.STUDY: Study,
    Level.SERIES: Series,
    Level.IMAGE: Instance,
}


@dataclass(frozen=True, slots=True)
class InstanceSummary:
    """What the index keeps of one stored instance."""

    study: Study
    series: Series
    instance: Instance


def keywords(noun: type[QueryMatch]) -> dict[str, str]:
    """Field name -> DICOM keyword of `noun`, in the order of declaration."""
    return {item.name: item.metadata["keyword"] for item in fields(noun)}


def to_record(match: QueryMatch) -> dict[str, Any]:
    """`match` as DICOM keyword -> plain value (names in DICOM spelling, lists for several values)."""
    record: dict[str, Any] = {}
    for name, keyword in keywords(type(match)).items():
        value = getattr(match, name)
        if isinstance(value, PersonName):
            value = value.value
        elif isinstance(value, tuple):
            value = list(value)
        record[keyword] = value
    return record
