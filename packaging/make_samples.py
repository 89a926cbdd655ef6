"""Make resources/samples from the large test data: real images under invented names. For developers.

    python packaging/make_samples.py --testdata FOLDER     (the folder that holds MANIFEST.csv)

Pixel data stays as it was, byte by byte, except where `recompress` says that the same stored values are
written as JPEG-LS lossless to save space (checked by decoding). Private attributes are dropped, names, numbers,
dates and UIDs replaced. README.md with the origin and licence of each file is written too.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.multival import MultiValue
from pydicom.uid import UID, JPEGLosslessSV1, JPEGLSLossless

REPOSITORY = Path(__file__).resolve().parents[1]
TARGET = REPOSITORY / "resources" / "samples"
INSTITUTION = "St Olav Hospital"
SIZE_CAP = 8_500_000
REFUSED_LICENCES = ("GPL", "MPL", "CC BY-NC")


@dataclass(frozen=True)
class Series:
    folder: str
    sources: tuple[str, ...]  # paths or patterns below the test data
    number: int
    description: str
    values: tuple[tuple[str, object], ...] = ()  # further attributes of the story
    recompress: bool = False


@dataclass(frozen=True)
class Study:
    folder: str
    date: str
    time: str
    description: str
    accession: int
    referring: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Person:
    name: str
    identifier: str
    born: str
    sex: str
    studies: tuple[Study, ...]


# fmt: off
STORY: tuple[Person, ...] = (
    Person("GARCÍA LÓPEZ^María", "4471920", "19610302", "F", (
        Study("ct-head", "20261123", "081400", "CT Head without contrast", 908801, "Nilsen^Kari^^Dr", (
            Series("axial", ("volumes/ct_head_slicer_93/*.dcm",), 2, "Head 1.5", (("BodyPartExamined", "HEAD"),)),
            Series("report", ("structured_reports/test-SR.dcm",), 99, "Radiology report"),
        )),
    )),
    Person("WANG^Xiaodong=王^小東", "5520071", "19881011", "M", (
        Study("mr-brain", "20261123", "075800", "MR Brain", 908809, "Lund^Henrik^^Dr", (
            Series("t1-sagittal", ("volumes/mr_t1_sag_hfs_35/*.dcm",), 2, "T1 sagittal", recompress=True),
        )),
        Study("mr-brain-prior", "20240211", "101500", "MR Brain functional", 871204, "Lund^Henrik^^Dr", (
            Series("bold", ("transfer_syntaxes/dcm_qa_ts_same_image/7.dcm",), 5, "BOLD mosaic"),
        )),
    )),
    Person("Иванов^Пётр", "3310045", "19470130", "M", (
        Study("cr-hip", "20261122", "194100", "Hip left AP", 908744, "Berg^Solveig^^Dr", (
            Series("ap", ("transfer_syntaxes/RG2_JPLY_fixed.dcm",), 1, "Hip AP", (("ViewPosition", "AP"),)),
        )),
    )),
    Person("O'BRIEN^Siobhán", "7780021", "19900605", "F", (
        Study("us-neck", "20261122", "172000", "US Neck lymph nodes", 908731, "Berg^Solveig^^Dr", (
            Series("doppler", ("transfer_syntaxes/US1_J2KR.dcm",), 1, "Neck Doppler",
                   (("BodyPartExamined", "NECK"), ("BurnedInAnnotation", "YES"))),
        )),
    )),
    Person("MÜLLER^Jürgen", "1190333", "19551212", "M", (
        Study("nm-bone", "20261122", "160200", "Bone scan whole body", 908702, "Nilsen^Kari^^Dr", (
            Series("whole-body", ("transfer_syntaxes/JPEGExtended_1s_1f_u_16_12.dcm",), 2, "Whole body anterior"),
        )),
    )),
    Person("SATO^Hanako=佐藤^花子=さとう^はなこ", "8804512", "19790418", "F", (
        Study("mg-screening", "20261122", "143700", "Mammography screening, left", 908688, "Lund^Henrik^^Dr", (
            Series("cc", ("overlays_luts/OutOfBoundsOverlay.dcm",), 1, "L CC"),
        )),
    )),
    Person("DUPONT^Élodie", "2213097", "20190821", "F", (
        Study("cr-dental", "20261122", "111500", "Dental panoramic", 908640, "Berg^Solveig^^Dr", (
            Series("panoramic", ("modalities/CR-ModalitySequenceLUT.dcm",), 1, "Panoramic", (
                ("BodyPartExamined", "JAW"),), recompress=True),
        )),
    )),
    Person("KOWALSKI^Piotr", "6120984", "19690227", "M", (
        Study("pet-ct", "20261122", "104800", "PET-CT FLT", 908633, "Nilsen^Kari^^Dr", (
            Series("ct", ("overlays_luts/IM-0001-0001-0001.dcm",), 2, "CT low dose", (("BodyPartExamined", "HEAD"),)),
            Series("pet-head", ("modalities/1.dcm",), 3, "PET WB, bed 1", (("BodyPartExamined", "HEAD"),)),
            Series("pet-abdomen", ("modalities/2.dcm",), 4, "PET WB, bed 4", (("BodyPartExamined", "ABDOMEN"),)),
        )),
    )),
    Person("NGUYEN^Thi Lan=Nguyễn^Thị Lan", "9034412", "19840909", "F", (
        Study("mr-diffusion", "20261122", "093000", "MR Brain diffusion", 908611, "Lund^Henrik^^Dr", (
            Series("colour-fa", ("multiframe/0001_1.3.12.2.1107.5.2.43.67093.2022071112123439621008676.dcm",), 8,
                   "DTI colour FA"),
        )),
    )),
    Person("HASSAN^Omar=حسن^عمر", "4409123", "19720516", "M", (
        Study("us-echo", "20261121", "181200", "Echocardiography", 908560, "Nilsen^Kari^^Dr", (
            Series("four-chamber", ("modalities/examples_ybr_color.dcm",), 1, "Apical four-chamber",
                   (("BodyPartExamined", "HEART"),)),
            Series("aorta", ("transfer_syntaxes/JPEGLosslessP14SV1_1s_1f_u_08_08.dcm",), 2, "Ascending aorta",
                   (("BodyPartExamined", "HEART"),)),
            Series("ecg", ("waveforms/1074466202.fixed.dcm",), 3, "Resting ECG, 12 leads"),
        )),
    )),
    Person("NORDMANN^Bamse", "VET-0071", "20180412", "M", (
        Study("dx-thorax", "20261120", "152500", "Thorax lateral (dog)", 908502, "Dahl^Astrid^^DVM", (
            Series("lateral", ("modalities/dx_image.dcm",), 1, "Thorax LL"),
        )),
    )),
)
# fmt: on

# Beyond names: what describes the first patient, place or person, and has no place in the story.
DROPPED = frozenset(
    {
        "PatientAge",
        "PatientWeight",
        "PatientSize",
        "PatientAddress",
        "PatientTelephoneNumbers",
        "OtherPatientIDs",
        "OtherPatientNames",
        "OtherPatientIDsSequence",
        "PatientBirthTime",
        "PatientComments",
        "AdditionalPatientHistory",
        "EthnicGroup",
        "Occupation",
        "MilitaryRank",
        "BranchOfService",
        "PatientReligiousPreference",
        "MedicalRecordLocator",
        "IssuerOfPatientID",
        "InstitutionAddress",
        "InstitutionalDepartmentName",
        "OriginalAttributesSequence",
        "ReferencedPerformedProcedureStepSequence",
        "RequestAttributesSequence",
        "PerformedProcedureStepID",
        "PerformedProcedureStepDescription",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "PerformedProcedureStepEndDate",
        "PerformedProcedureStepEndTime",
        "RequestedProcedureDescription",
        "RequestedProcedureID",
        "RequestingPhysician",
        "RequestingService",
        "AdmissionID",
        "CurrentPatientLocation",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
        "PatientIdentityRemoved",
        "LongitudinalTemporalInformationModified",
        "ClinicalTrialSponsorName",
        "ClinicalTrialProtocolID",
        "ClinicalTrialProtocolName",
        "ClinicalTrialSiteID",
        "ClinicalTrialSiteName",
        "ClinicalTrialSubjectID",
        "ClinicalTrialTimePointID",
        "ClinicalTrialTimePointDescription",
        "ClinicalTrialCoordinatingCenterName",
        "StationName",
        "DateOfSecondaryCapture",
        "TimeOfSecondaryCapture",
        "InstanceCreatorUID",
        "TimezoneOffsetFromUTC",
        "ReferencedStudySequence",
        "ReferencedPatientSequence",
        "PredecessorDocumentsSequence",
        "IconImageSequence",
        "ImageComments",
        "PerformedLocation",
        "PatientState",
        "PregnancyStatus",
        "NamesOfIntendedRecipientsOfResults",
        "IssuerOfPatientIDQualifiersSequence",
        "DigitalSignaturesSequence",
        "FillerOrderNumberImagingServiceRequest",
        "PlacerOrderNumberImagingServiceRequest",
        "HangingProtocolName",
        "AcquisitionDeviceProcessingCode",
        "PatientInsurancePlanCodeSequence",
        "ReasonForStudy",
        "StudyComments",
        "SourceApplicationEntityTitle",
    }
)
NAMES = {
    "ReferringPhysicianName": None,  # the study's
    "PerformingPhysicianName": "Holm^Ingrid^^Dr",
    "OperatorsName": "Vik^Even",
    "NameOfPhysiciansReadingStudy": "Holm^Ingrid^^Dr",
    "PhysiciansOfRecord": "Nilsen^Kari^^Dr",
    "VerifyingObserverName": "Holm^Ingrid^^Dr",
}
VERSIONS = ("ContextGroupVersion", "ContextGroupLocalVersion")  # of code tables, not of the study
STATION = {"CT": "CT1", "MR": "MR1", "US": "US1", "CR": "CR1", "DX": "DX1"}


def new_uid(old: str) -> str:
    """The same UID for the same one, so that references keep pointing (PS3.5 B.2)."""
    digest = hashlib.sha256(f"workstation samples {old}".encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def is_instance_uid(element: DataElement) -> bool:
    return element.VR == "UI" and not element.keyword.endswith("ClassUID") and not _is_registered(element)


def _is_registered(element: DataElement) -> bool:
    values = element.value if isinstance(element.value, MultiValue) else [element.value]
    return all(str(value).startswith("1.2.840.10008.") for value in values) or element.keyword == "CodingSchemeUID"


def clean(dataset: Dataset, person: Person, study: Study, minutes: int) -> None:
    """Replace what names somebody, at any depth."""
    dataset.remove_private_tags()
    for element in list(dataset):
        if element.keyword in DROPPED or element.tag.element == 0:
            del dataset[element.tag]
        elif element.VR == "SQ":
            for item in element.value:
                clean(item, person, study, minutes)
        elif element.keyword == "DeviceSerialNumber":
            element.value = "SN-0001"
        elif element.VR == "PN":
            element.value = _name(element.keyword, person, study) if element.value else ""
        elif is_instance_uid(element) and element.value:
            _replace(element, new_uid)
        elif element.keyword in VERSIONS:
            continue
        elif element.VR == "DA" and element.value:
            _replace(element, lambda _: study.date)
        elif element.VR == "DT" and element.value:
            _replace(element, lambda value: study.date + _moved(value[8:] or "120000", minutes))
        elif element.VR == "TM" and element.value:
            _replace(element, lambda value: _moved(value, minutes))


def _replace(element: DataElement, change: Callable[[str], str]) -> None:
    if isinstance(element.value, MultiValue):
        element.value = [change(str(value)) for value in element.value]
    else:
        element.value = change(str(element.value))


def _name(keyword: str, person: Person, study: Study) -> str:
    if keyword == "PatientName":
        return person.name
    return NAMES.get(keyword) or (study.referring if keyword == "ReferringPhysicianName" else "Vik^Even")


def _moved(time: str, minutes: int) -> str:
    """Times move together, so that the decay between injection and scan stays as it was."""
    time = time.partition("+")[0].partition("-")[0]
    if len(time) < 4:
        return time
    total = (int(time[:2]) * 60 + int(time[2:4]) + minutes) % (24 * 60)
    return f"{total // 60:02d}{total % 60:02d}{time[4:]}"


def _offset(dataset: Dataset, study: Study) -> int:
    keywords = ("AcquisitionTime", "SeriesTime", "StudyTime", "ContentTime", "AcquisitionDateTime")
    times = [str(dataset.get(keyword) or "") for keyword in keywords]
    found = next((time[8:] if len(time) > 13 and "." not in time[:9] else time for time in times if len(time) >= 4), "")
    if not found:
        return 0
    return (int(study.time[:2]) - int(found[:2])) * 60 + int(study.time[2:4]) - int(found[2:4])


def tell(dataset: Dataset, person: Person, study: Study, series: Series) -> None:
    """Write the story into the data set."""
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID = person.name, person.identifier
    dataset.PatientBirthDate, dataset.PatientSex = person.born, person.sex
    dataset.StudyDate, dataset.StudyTime = study.date, study.time
    dataset.StudyDescription, dataset.StudyID = study.description, f"RP-{study.accession - 864692}"
    dataset.AccessionNumber = f"ACC-{study.accession}"
    dataset.ReferringPhysicianName = study.referring
    dataset.InstitutionName = INSTITUTION
    dataset.StudyInstanceUID = new_uid(f"study {study.folder} {study.accession}")
    dataset.SeriesInstanceUID = new_uid(f"series {study.folder} {series.folder}")
    dataset.SeriesNumber, dataset.SeriesDescription = series.number, series.description
    dataset.SeriesDate = study.date
    dataset.SeriesTime = dataset.get("SeriesTime") or study.time
    dataset.StationName = STATION.get(dataset.Modality, f"{dataset.Modality}1")
    if dataset.Modality == "SR":
        dataset.ReferencedPerformedProcedureStepSequence = []  # type 2 there
    if not dataset.get("Laterality"):
        dataset.pop("Laterality", None)
    for keyword, value in series.values:
        setattr(dataset, keyword, value)


def recompressed(dataset: FileDataset) -> None:
    """The same stored values as JPEG-LS lossless (PS3.5 A.4.3), frame by frame."""
    dtype = np.dtype(np.int16 if dataset.PixelRepresentation else np.uint16 if dataset.BitsAllocated > 8 else np.uint8)
    shape = (dataset.Rows, dataset.Columns)
    if dataset.file_meta.TransferSyntaxUID == JPEGLosslessSV1:
        frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
        values = np.asarray(imagecodecs.ljpeg_decode(frame)).astype(np.uint16)
    else:
        values = np.frombuffer(dataset.PixelData, dtype.newbyteorder("<"), count=shape[0] * shape[1]).reshape(shape)
    values = np.ascontiguousarray(values.astype(np.uint16) if dtype.itemsize == 2 else values)
    code = imagecodecs.jpegls_encode(values)
    if not np.array_equal(imagecodecs.jpegls_decode(code), values):
        raise SystemExit("JPEG-LS did not keep the stored values")
    dataset.PixelData = encapsulate([bytes(code)])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless


def make(source: Path, target: Path, person: Person, study: Study, series: Series) -> None:
    dataset = dcmread(source)
    original = dataset.get("PixelData")
    clean(dataset, person, study, _offset(dataset, study))
    tell(dataset, person, study, series)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(dataset.file_meta.TransferSyntaxUID)
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta = meta
    if series.recompress:
        recompressed(dataset)
    elif dataset.get("PixelData") != original:
        raise SystemExit(f"pixel data of {source.name} changed")
    target.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(target, enforce_file_format=True)


def plan(testdata: Path) -> Iterator[tuple[Person, Study, Series, Path, Path]]:
    for person in STORY:
        for study in person.studies:
            for series in study.series:
                sources = sorted(path for pattern in series.sources for path in testdata.glob(pattern))
                if not sources:
                    raise SystemExit(f"nothing matches {series.sources}")
                by_number = sorted(sources, key=_instance_number)
                for count, source in enumerate(by_number, 1):
                    yield person, study, series, source, TARGET / study.folder / series.folder / f"{count:03d}.dcm"


def _instance_number(path: Path) -> tuple[int, str]:
    header = dcmread(path, stop_before_pixels=True, specific_tags=["InstanceNumber"])
    return int(header.get("InstanceNumber") or 0), path.name


def readme(rows: list[tuple[str, dict[str, str], bool]]) -> str:
    lines = [
        "# Sample studies",
        "",
        "Real DICOM objects from public, permissively licensed sources, for `workstation demo` and the tests. Made by",
        "`packaging/make_samples.py`; the names, numbers, dates, UIDs, descriptions and institution are invented and",
        "belong to nobody, private attributes were dropped. Pixel data are those of the source file,",
        "byte by byte; where the table says *JPEG-LS*, the same stored values were compressed losslessly. Text burned",
        "into ultrasound images comes from the published sources.",
        "",
        "Notices that go with the files are in `LICENSES.md`. The commit and the original path identify the file in",
        "its source repository.",
        "",
        "| file | source | commit | original path | licence | changed |",
        "|---|---|---|---|---|---|",
    ]
    for target, row, changed in rows:
        lines.append(
            f"| {target} | {row['source_repo']} | {row['commit'][:12]} | {row['original_path']} | {row['licence']} | "
            f"{'header; JPEG-LS' if changed else 'header'} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--testdata", type=Path, required=True)
    testdata = parser.parse_args().testdata
    with (testdata / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        manifest = {row["path"]: row for row in csv.DictReader(file)}
    for study in (study for person in STORY for study in person.studies):
        shutil.rmtree(TARGET / study.folder, ignore_errors=True)
    rows = []
    for person, study, series, source, target in plan(testdata):
        row = manifest[source.relative_to(testdata).as_posix()]
        if any(refused in row["licence"] for refused in REFUSED_LICENCES):
            raise SystemExit(f"{row['path']} is {row['licence']}: not to be shipped")
        make(source, target, person, study, series)
        rows.append((target.relative_to(TARGET).as_posix(), row, series.recompress))
    (TARGET / "README.md").write_text(readme(rows), encoding="utf-8")
    size = sum(path.stat().st_size for path in TARGET.rglob("*.dcm"))
    if size > SIZE_CAP:
        raise SystemExit(f"{size} bytes are more than {SIZE_CAP}")


if __name__ == "__main__":
    main()
