"""From data sets to nouns: tolerant of values, strict about UIDs."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset

from tests.support.dicom_files import image_dataset, write
from workstation.dicom import elements
from workstation.dicom.charset import assume_character_set
from workstation.dicom.summarise import match_from, summarise, summary_of
from workstation.domain.errors import DamagedFile
from workstation.domain.person_name import PersonName
from workstation.domain.study import Instance, Patient, Series, Study


def test_a_summary_holds_the_four_levels(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path / "image.dcm", image_dataset(np.zeros((4, 6), np.uint8), SeriesNumber="3"))
    summary = summarise(path)
    assert summary.study.patient_name == PersonName("Doe^Jane")
    assert summary.study.modalities == ("OT",)
    assert summary.series.series_number == 3
    assert (summary.instance.rows, summary.instance.columns, summary.instance.number_of_frames) == (4, 6, 1)
    assert summary.instance.transfer_syntax_uid == "1.2.840.10008.1.2.1"


@pytest.mark.parametrize(
    ("keyword", "value", "reason"),
    [
        ("StudyInstanceUID", None, "StudyInstanceUID is missing"),
        ("SeriesInstanceUID", "../../etc", "SeriesInstanceUID is not a valid UID"),
        ("SOPInstanceUID", "1.2\\1.3", "SOPInstanceUID is not a valid UID"),
    ],
)
def test_a_file_without_usable_uids_is_refused(keyword: str, value: str | None, reason: str) -> None:
    dataset = image_dataset(np.zeros((4, 6), np.uint8))
    del dataset[keyword]
    if value is not None:
        dataset.add_new(keyword, "LO", value)
    with pytest.raises(DamagedFile) as caught:
        summary_of(dataset)
    assert caught.value.details["reason"] == reason


def test_uids_are_taken_from_the_meta_where_the_data_set_has_none(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path / "image.dcm", image_dataset(np.zeros((4, 6), np.uint8), SOPInstanceUID=None))
    assert summarise(path).instance.sop_instance_uid == "1.2.3.3"


def test_a_match_keeps_defaults_for_what_is_absent_or_unreadable() -> None:
    identifier = Dataset()
    identifier.PatientID = " 42 \0"
    identifier.add_new("NumberOfPatientRelatedStudies", "IS", "")
    assert match_from(identifier, Patient) == Patient(patient_id="42")
    identifier.ModalitiesInStudy = ["CT", "", "SR"]
    identifier.add_new("NumberOfStudyRelatedSeries", "LO", "7 ")
    study = match_from(identifier, Study)
    assert (study.modalities, study.series_count) == (("CT", "SR"), 7)
    identifier.add_new("SliceThickness", "LO", "thick")
    assert match_from(identifier, Series).slice_thickness is None
    assert match_from(identifier, Instance).rows is None


def raw_dataset(value: bytes, charset: bytes | None = None) -> Dataset:
    from pydicom.filebase import DicomBytesIO
    from pydicom.filereader import read_dataset

    from tests.support.dicom_files import element

    body = element(0x00080005, b"CS", charset) if charset is not None else b""
    return read_dataset(DicomBytesIO(body + element(0x00100010, b"PN", value)), False, True)


@pytest.mark.parametrize(
    ("value", "assumed", "name"),
    [
        ("Müller^Jörg ".encode(), "", "Müller^Jörg"),
        ("Müller^Jörg ".encode("latin-1"), "", "Müller^Jörg"),
        ("Люк^А".encode("iso8859_5"), "ISO_IR 144", "Люк^А"),
        (b"Plain^Name", "ISO_IR 144", "Plain^Name"),
    ],
)
def test_an_undeclared_character_set_is_assumed_or_guessed(value: bytes, assumed: str, name: str) -> None:
    dataset = raw_dataset(value)
    if not assumed:
        assume_character_set(dataset)
    assert match_from(dataset, Patient, assumed).patient_name.alphabetic == name


def test_a_declared_character_set_is_not_overruled() -> None:
    dataset = raw_dataset("Люк^А".encode("iso8859_5"), b"ISO_IR 144")
    assert match_from(dataset, Patient, "ISO_IR 192").patient_name.alphabetic == "Люк^А"


def test_control_characters_never_reach_a_table() -> None:
    dataset = Dataset()
    dataset.PatientID = "4\x1b[2J2\n"
    assert elements.text(dataset, "PatientID") == "4[2J2"


def test_numbers_are_read_as_far_as_they_are_numbers() -> None:
    dataset = Dataset()
    dataset.add_new("NumberOfFrames", "LO", "1A")
    dataset.add_new("WindowCenter", "LO", ["40", "x"])
    dataset.add_new("WindowWidth", "LO", ["nan", "3"])
    dataset.add_new("Rows", "OB", b"\1\2")
    assert elements.integer(dataset, "NumberOfFrames") == 1
    assert elements.numbers(dataset, "WindowCenter") == []
    assert elements.numbers(dataset, "WindowWidth") == []
    assert elements.integer(dataset, "Rows") is None
    assert elements.integer(dataset, "Columns") is None
    assert elements.number(dataset, "SliceThickness") is None
    assert elements.items(dataset, "NumberOfFrames") == []
    assert elements.first_item(dataset, "WindowCenter") is None
    assert elements.raw_bytes(dataset, 0x00280010) == b"\1\2"
    assert elements.person_name(dataset, "PatientName") == PersonName()
