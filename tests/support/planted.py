"""A cohort of our own making with identifiers in every place we know of, and the key to what was planted.

Every planted text is unique to this file, so that finding it in an export is a leak and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom import Dataset, config
from pydicom.dataelem import DataElement
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
US = "1.2.840.10008.5.1.4.1.1.6.1"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
GRAYSCALE_PR = "1.2.840.10008.5.1.4.1.1.11.1"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"
ECG = "1.2.840.10008.5.1.4.1.1.9.1.1"

_ROOT = "1.2.826.0.1.3680043.9.7777"


@dataclass(frozen=True)
class Person:
    """A patient of the cohort; `variants` are other spellings of the name that were planted."""

    number: int
    name: str
    patient_id: str
    born: str
    charset: str
    words: tuple[str, ...]  # what must not be found anywhere
    variants: tuple[str, ...] = ()


PEOPLE = (
    Person(1, "Quillfeather^Ottoline^Maud", "QF-8817-2204", "19510317", "ISO_IR 100", ("Quillfeather", "Ottoline")),
    Person(
        2,
        "Brömmelkämper^Jürgen",
        "0093881726",
        "19620911",
        "ISO_IR 100",
        ("Brömmelkämper", "Jürgen", "Broemmelkaemper", "Brommelkamper"),
        ("Broemmelkaemper, Juergen", "BROMMELKAMPER JURGEN"),
    ),
    Person(
        3,
        "Kurosawaguchi^Haruhiko=黒澤口^晴彦=くろさわぐち^はるひこ",
        "JP/55-120933",
        "19701225",
        "ISO_IR 192",
        ("Kurosawaguchi", "Haruhiko", "黒澤口", "くろさわぐち"),
    ),
    Person(4, "Van der Zwaluwen^Pleun^^Dr^", "NLZW4471", "19881102", "ISO_IR 192", ("Zwaluwen", "Pleun")),
)
STAFF = ("Ottershaw^Wilhelmina", "Pennyfarthing^Rufus")
STAFF_WORDS = ("Ottershaw", "Wilhelmina", "Pennyfarthing")
PLACES = ("Sankt Gumbertus Klinikum", "Fiddlers Reach 77, Nettlecombe", "GUMBCT03")
PLACE_WORDS = ("Gumbertus", "Nettlecombe", "GUMBCT03")
HIDDEN = ("Murgatroydson",)  # stands only where removing does not depend on knowing it
STUDY_DATE = "20180427"


@dataclass
class Cohort:
    """Where the files lie and what was planted in them."""

    folder: Path
    files: list[Path] = field(default_factory=list)
    uids: set[str] = field(default_factory=set)
    to_hold: list[Path] = field(default_factory=list)

    def words(self) -> tuple[str, ...]:
        """Every planted text that must not be found in any released file or name."""
        people = (word for person in PEOPLE for word in (*person.words, person.patient_id, person.born))
        accessions = (f"ACC{person.number}77120934" for person in PEOPLE)
        return (*people, *accessions, *STAFF_WORDS, *PLACE_WORDS, *HIDDEN, STUDY_DATE)


def make_cohort(folder: Path) -> Cohort:
    """Write the files, in folders and under names that name the patients too."""
    cohort = Cohort(folder)
    for person in PEOPLE:
        _Writer(cohort, person).write_all()
    return cohort


def put(dataset: Dataset, keyword: str, value: object, vr: str = "") -> None:
    """Add without validation: half of the planted values are not what their VR allows."""
    from pydicom.datadict import dictionary_VR

    tag = Tag(keyword)
    dataset.add(DataElement(tag, vr or dictionary_VR(tag), value, validation_mode=config.IGNORE))


def item(**values: object) -> Dataset:
    result = Dataset()
    for keyword, value in values.items():
        put(result, keyword, value)
    return result


def code(value: str, scheme: str, meaning: str) -> Dataset:
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


class _Writer:
    def __init__(self, cohort: Cohort, person: Person) -> None:
        self._cohort = cohort
        self._person = person
        self._count = 0
        self._study = self._uid("1")
        self._frame_of_reference = self._uid("2")
        self._plain_name = person.name.split("=")[0].replace("^", " ").strip()

    def write_all(self) -> None:
        images = [self._ct(index) for index in range(2)]
        self._mr()
        self._report(images)
        self._presentation(images[0])
        self._key_objects(images)
        self._structures(images)
        self._waveform()
        self._ultrasound()
        self._document()

    def _uid(self, suffix: str) -> str:
        uid = f"{_ROOT}.{self._person.number}.{suffix}"
        self._cohort.uids.add(uid)
        return uid

    def _base(self, sop_class: str, modality: str, series: str) -> Dataset:
        person, self._count = self._person, self._count + 1
        ds = Dataset()
        accession = f"ACC{person.number}77120934"
        physician, other = STAFF
        values: dict[str, object] = {
            "SpecificCharacterSet": person.charset,
            "ImageType": ["ORIGINAL", "PRIMARY"],
            "InstanceCreationDate": STUDY_DATE,
            "SOPClassUID": sop_class,
            "SOPInstanceUID": self._uid(f"9.{self._count}"),
            "StudyDate": STUDY_DATE,
            "ContentDate": STUDY_DATE,
            "StudyTime": "101112",
            "AccessionNumber": accession,
            "Modality": modality,
            "Manufacturer": "ACME",
            "InstitutionName": PLACES[0],
            "InstitutionAddress": PLACES[1],
            "ReferringPhysicianName": physician,
            "StationName": PLACES[2],
            "StudyDescription": f"Control for {self._plain_name}",
            "SeriesDescription": f"{self._plain_name} axial",
            "OperatorsName": other,
            "PatientName": person.name,
            "PatientID": person.patient_id,
            "PatientBirthDate": person.born,
            "PatientSex": "O",
            "OtherPatientNames": f"Murgatroydson^{self._plain_name.split()[0]}",
            "PatientComments": f"Sister of Murgatroydson, born {person.born}",
            "PatientTelephoneNumbers": "+49 9171 555 0199",
            # attributes that the table does not name
            "SoftwareVersions": f"V1 installed for {physician.split('^')[0]}",
            "WindowCenterWidthExplanation": f"seen by {self._plain_name}",
            "ContentDescription": f"{' '.join(person.variants) or self._plain_name} {person.born}",
            "ContrastBolusRoute": PLACES[0],
            "BodyPartExamined": "CHEST",
            "StudyInstanceUID": self._study,
            "SeriesInstanceUID": self._uid(series),
            "FrameOfReferenceUID": self._frame_of_reference,
            "StudyID": "S1",
            "SeriesNumber": "1",
            "InstanceNumber": str(self._count),
        }
        for keyword, value in values.items():
            put(ds, keyword, value)
        request = item(ScheduledProcedureStepID=accession, RequestedProcedureID=accession)
        put(ds, "RequestAttributesSequence", Sequence([request]))
        equipment = item(Manufacturer="ACME", InstitutionName=PLACES[0], StationName=PLACES[2], OperatorsName=other)
        put(equipment, "ContributionDescription", f"Corrected by {physician.replace('^', ' ')}")
        put(equipment, "PurposeOfReferenceCodeSequence", Sequence([code("109103", "DCM", "Modifying Equipment")]))
        put(ds, "ContributingEquipmentSequence", Sequence([equipment]))
        person_id = code(f"ID-{physician}", "99LOCAL", physician.replace("^", " "))
        put(ds, "ReferringPhysicianIdentificationSequence", Sequence([_identification(person_id)]))
        block = ds.private_block(0x0029, "ACME PRIVATE 1", create=True)
        block.add_new(0x10, "LO", f"private {self._plain_name}")
        block.add_new(0x11, "PN", person.name.split("=")[0])
        block.add_new(0x12, "UI", self._study)
        put(ds, "DataSetTrailingPadding", b"padding for Murgatroydson ", "OB")
        return ds

    def _ct(self, index: int) -> Dataset:
        ds = self._base(CT, "CT", "3")
        pixels = (np.arange(16 * 16, dtype="<u2").reshape(16, 16) + index) & 0x0FFF
        hidden = np.zeros((16, 16), dtype="<u2")
        hidden[::3, ::2] = 0xA000  # a retired overlay in the bits above High Bit
        self._image(ds, pixels | hidden, stored=12)
        ds.add_new(0x60000010, "US", 16)
        ds.add_new(0x60000011, "US", 16)
        ds.add_new(0x60000022, "LO", f"overlay of {self._plain_name}")
        ds.add_new(0x60003000, "OW", b"Murgatroydson!!!" * 2)
        ds.add_new(0x50000022, "LO", f"curve of {self._plain_name}")
        self._write(ds, f"ct{index}", ImplicitVRLittleEndian if index else ExplicitVRLittleEndian)
        return ds

    def _mr(self) -> None:
        ds = self._base(MR, "MR", "4")
        self._image(ds, np.zeros((8, 8), dtype="u1"), stored=8)
        stream = b"\xff\xd8" + _segment(0xFE, self._plain_name.encode("utf-8")) + _segment(0xE1, b"Exif Murgatroydson")
        stream += _segment(0xDB, bytes(65)) + b"\xff\xd9"
        ds.PixelData = encapsulate([stream])
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
        self._write(ds, "mr", JPEGBaseline8Bit)

    def _report(self, images: list[Dataset]) -> None:
        ds = self._base(COMPREHENSIVE_SR, "SR", "5")
        put(ds, "VerificationFlag", "VERIFIED")
        observer = item(
            VerifyingObserverName=STAFF[0], VerifyingOrganization=PLACES[0], VerificationDateTime=STUDY_DATE + "120000"
        )
        put(ds, "VerifyingObserverSequence", Sequence([observer]))
        text = self._content("TEXT", TextValue=f"{self._plain_name} has a nodule; see Murgatroydson, {PLACES[0]}")
        name = self._content("PNAME", PersonName=STAFF[1])
        deep = self._content("CONTAINER", ContentSequence=Sequence([text, name]))
        image = self._content("IMAGE", ReferencedSOPSequence=Sequence([_reference(images[0])]))
        date = self._content("DATE", Date=STUDY_DATE)
        put(ds, "ContentSequence", Sequence([deep, image, date, self._content("UIDREF", UID=self._study)]))
        self._write(ds, "sr", ExplicitVRLittleEndian)

    def _content(self, kind: str, **values: object) -> Dataset:
        names = Sequence([code("121071", "DCM", "Finding")])
        return item(RelationshipType="CONTAINS", ValueType=kind, ConceptNameCodeSequence=names, **values)

    def _presentation(self, image: Dataset) -> None:
        ds = self._base(GRAYSCALE_PR, "PR", "6")
        put(ds, "ContentLabel", "LABEL")
        put(ds, "ContentCreatorName", STAFF[1])
        put(ds, "PresentationCreationDate", STUDY_DATE)
        text = item(UnformattedTextValue=f"{self._plain_name}\r\nMurgatroydson", AnchorPointVisibility="Y")
        graphic = item(GraphicLayer="LAYER", TextObjectSequence=Sequence([text]))
        put(ds, "GraphicAnnotationSequence", Sequence([graphic]))
        series = item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=Sequence([_reference(image)]))
        put(ds, "ReferencedSeriesSequence", Sequence([series]))
        self._write(ds, "pr", ExplicitVRLittleEndian)

    def _key_objects(self, images: list[Dataset]) -> None:
        ds = self._base(KEY_OBJECTS, "KO", "7")
        references = Sequence([_reference(image) for image in images])
        series = item(SeriesInstanceUID=images[0].SeriesInstanceUID, ReferencedSOPSequence=references)
        study = item(StudyInstanceUID=self._study, ReferencedSeriesSequence=Sequence([series]))
        put(ds, "CurrentRequestedProcedureEvidenceSequence", Sequence([study]))
        image = self._content("IMAGE", ReferencedSOPSequence=Sequence([_reference(images[1])]))
        put(ds, "ContentSequence", Sequence([image]))
        self._write(ds, "ko", ExplicitVRLittleEndian)

    def _structures(self, images: list[Dataset]) -> None:
        ds = self._base(RT_STRUCTURE_SET, "RTSTRUCT", "8")
        put(ds, "StructureSetLabel", self._plain_name[:16])
        put(ds, "StructureSetDate", STUDY_DATE)
        contours = item(ContourImageSequence=Sequence([_reference(image) for image in images]))
        put(contours, "ContourGeometricType", "POINT")
        put(contours, "ContourData", ["1.5", "2.5", "3.5"])
        put(ds, "ROIContourSequence", Sequence([item(ContourSequence=Sequence([contours]))]))
        roi = item(ROINumber="1", ReferencedFrameOfReferenceUID=self._frame_of_reference)
        put(roi, "ROIName", f"{self._plain_name} tumour")
        put(ds, "StructureSetROISequence", Sequence([roi]))
        observation = item(ROIInterpreter=STAFF[0], ROIObservationLabel="Murgatroydson")
        put(ds, "RTROIObservationsSequence", Sequence([observation]))
        self._write(ds, "rs", ImplicitVRLittleEndian)

    def _waveform(self) -> None:
        ds = self._base(ECG, "ECG", "10")
        annotation = item(UnformattedTextValue=f"arrhythmia of {self._plain_name}")
        put(ds, "WaveformAnnotationSequence", Sequence([annotation]))
        wave = item(MultiplexGroupLabel=self._plain_name[:16], WaveformBitsAllocated=16)
        put(wave, "WaveformData", b"\1\0" * 32, "OW")
        put(ds, "WaveformSequence", Sequence([wave]))
        self._write(ds, "ecg", ExplicitVRLittleEndian)

    def _ultrasound(self) -> None:
        ds = self._base(US, "US", "11")
        self._image(ds, np.zeros((8, 8), dtype="u1"), stored=8)
        self._cohort.to_hold.append(self._write(ds, "us", ExplicitVRLittleEndian))

    def _document(self) -> None:
        ds = self._base(PDF, "DOC", "12")
        put(ds, "EncapsulatedDocument", b"%PDF-1.4 " + self._plain_name.encode("utf-8").ljust(64), "OB")
        put(ds, "MIMETypeOfEncapsulatedDocument", "application/pdf")
        self._cohort.to_hold.append(self._write(ds, "pdf", ExplicitVRLittleEndian))

    @staticmethod
    def _image(ds: Dataset, pixels: np.ndarray, stored: int) -> None:
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.Rows, ds.Columns = pixels.shape
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = pixels.itemsize * 8, stored, stored - 1
        ds.PixelRepresentation = 0
        ds.PixelData = pixels.tobytes()
        ds["PixelData"].VR = "OW" if pixels.itemsize > 1 else "OB"

    def _write(self, ds: Dataset, name: str, syntax: UID) -> Path:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
        meta.TransferSyntaxUID = syntax
        meta.ImplementationClassUID = UID("1.2.3.4.5")
        meta.SourceApplicationEntityTitle = "GUMBCT03"
        meta.PrivateInformationCreatorUID = UID("1.2.3.4.6")
        meta.PrivateInformation = b"Murgatroydson "
        ds.file_meta = meta
        ds.preamble = b"Murgatroydson".ljust(128, b"\0")
        folder = self._cohort.folder / self._person.name.split("^")[0]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self._person.words[0]}-{name}.dcm"
        dcmwrite(path, ds, enforce_file_format=True)
        self._cohort.files.append(path)
        return path


def _identification(person: Dataset) -> Dataset:
    return item(PersonIdentificationCodeSequence=Sequence([person]), InstitutionName=PLACES[0])


def _reference(image: Dataset) -> Dataset:
    return item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2) + content
