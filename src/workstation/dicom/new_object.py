"""Beginning and writing objects of our own about images that are there: patient and study are theirs."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import DSfloat

import workstation
from workstation.dicom import elements
from workstation.dicom.quiet import quiet

IMPLEMENTATION_CLASS_UID = "2.25.333204021656644225067897451572068575248"
NAME = "Workstation"
_TYPE_2 = (  # there, if empty (PS3.3 C.7.1.1, C.7.2.1)
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)
_COPIED = (
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "TypeOfPatientID",
    "PatientBirthTime",
    "OtherPatientIDsSequence",
    "EthnicGroup",
    "PatientSpeciesDescription",
    "PatientSpeciesCodeSequence",
    "PatientBreedDescription",
    "PatientBreedCodeSequence",
    "BreedRegistrationSequence",
    "ResponsiblePerson",
    "ResponsiblePersonRole",
    "ResponsibleOrganization",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "IssuerOfAccessionNumberSequence",
    "StudyDescription",
    "InstitutionName",
)
_TRIAL = 0x0012  # clinical trial, and that the patient's identity was removed
_NOT_IN_A_SERIES = frozenset(range(0x00120040, 0x00120050)) | {0x00120071, 0x00120072}


@dataclass(frozen=True, slots=True)
class NewSeries:
    """Where an object goes: into one of our series of the study, as its only instance of that number."""

    modality: str
    description: str
    number: int
    uid: str
    made_at: datetime


def new_uid() -> str:
    """Of nobody else (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def begun(header: Dataset, sop_class_uid: str, series: NewSeries, instance_number: int) -> Dataset:
    """An object of the patient and study of the image `header`, up to its equipment."""
    made = Dataset()
    with quiet():
        for keyword in _TYPE_2:
            _copy(header, made, keyword, empty=True)
        for keyword in _COPIED:
            _copy(header, made, keyword)
        for tag in [tag for tag in header.keys() if tag.group == _TRIAL and tag not in _NOT_IN_A_SERIES]:  # noqa: SIM118
            _copy(header, made, tag)
    if "PatientSpeciesDescription" in made or "PatientSpeciesCodeSequence" in made:  # animals (PS3.3 C.7.1.1)
        for keyword in ("PatientBreedCodeSequence", "BreedRegistrationSequence"):
            if keyword not in made:
                setattr(made, keyword, items())
        _copy(header, made, "PatientSexNeutered", empty=True)
    if elements.first_text(made, "PatientIdentityRemoved") == "YES" and not _says_how_removed(made):
        made.DeidentificationMethod = "not told by the images"
    made.StudyInstanceUID = elements.first_text(header, "StudyInstanceUID")
    made.SOPClassUID, made.SOPInstanceUID = sop_class_uid, new_uid()
    made.Modality, made.SeriesInstanceUID, made.SeriesNumber = series.modality, series.uid, series.number
    made.SeriesDescription = series.description
    made.InstanceNumber = instance_number
    made.SeriesDate = made.InstanceCreationDate = f"{series.made_at:%Y%m%d}"
    made.SeriesTime = made.InstanceCreationTime = f"{series.made_at:%H%M%S}"
    made.Manufacturer = made.ManufacturerModelName = NAME
    made.SoftwareVersions = workstation.__version__
    return made


def write(dataset: Dataset, path: Path) -> None:
    """As a Part 10 file in the smallest character set that holds its texts; `path` must not exist."""
    character_set = _character_set(dataset)
    if character_set:
        dataset.SpecificCharacterSet = character_set
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = UID(str(dataset.SOPClassUID))
    meta.MediaStorageSOPInstanceUID = UID(str(dataset.SOPInstanceUID))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = NAME.upper()
    dataset.file_meta = meta
    with quiet(), path.open("xb") as file:
        dcmwrite(file, dataset, enforce_file_format=True)


def decimal(value: float) -> DSfloat:
    """A Decimal String of at most 16 characters."""
    return DSfloat(float(value), auto_format=True)


def items(*datasets: Dataset) -> Sequence:
    return Sequence(list(datasets))


def image_reference(header: Dataset, frames: tuple[int, ...] = ()) -> Dataset:
    """An Image SOP Instance Reference (PS3.3 table 10-3); `frames` from 1, for multi-frame images."""
    item = Dataset()
    item.ReferencedSOPClassUID = elements.first_text(header, "SOPClassUID")
    item.ReferencedSOPInstanceUID = elements.first_text(header, "SOPInstanceUID")
    if frames:
        item.ReferencedFrameNumber = list(frames) if len(frames) > 1 else frames[0]
    return item


def is_multi_frame(header: Dataset) -> bool:
    return (elements.integer(header, "NumberOfFrames") or 1) > 1


def _says_how_removed(dataset: Dataset) -> bool:
    """One of the two is required (PS3.3 C.7.1.1)."""
    return any(name in dataset for name in ("DeidentificationMethod", "DeidentificationMethodCodeSequence"))


def _copy(source: Dataset, target: Dataset, what: str | int, *, empty: bool = False) -> None:
    element = source.get(what) if isinstance(what, int) else source.data_element(what) if what in source else None
    if element is None:
        if empty:
            setattr(target, str(what), "")
        return
    value = element.value
    if element.VR == "PN":  # by its characters: its bytes are those of another character set
        value = str(value) if value is not None else ""
    target.add_new(element.tag, element.VR, copy.deepcopy(value))


def _character_set(dataset: Dataset) -> str:
    texts = "".join(_texts(dataset))
    if texts.isascii():
        return ""
    try:
        texts.encode("latin-1")
    except UnicodeEncodeError:
        return "ISO_IR 192"
    return "ISO_IR 100"


def _texts(dataset: Dataset) -> Iterator[str]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _texts(item)
        elif element.VR in ("PN", "LO", "SH", "ST", "LT", "UT", "UC"):
            yield str(element.value)
