"""The fast reader of C-FIND responses gives what pydicom gives, or leaves them to it."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pynetdicom.dsutils import decode, encode

from workstation.dicom.answers import AnswerReader
from workstation.dicom.quiet import quiet
from workstation.dicom.summarise import match_from
from workstation.domain.study import Instance, Level, Patient, Series, Study

UTF_8 = "ISO_IR 192"


def response(level: Level = Level.STUDY, **values: object) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = UTF_8
    dataset.QueryRetrieveLevel = level.upper()
    with quiet():
        for keyword, value in values.items():
            setattr(dataset, keyword, value)
    return dataset


def both(dataset: Dataset, noun: type, *, implicit: bool) -> tuple[object, object]:
    with quiet():
        data = encode(dataset, implicit, True)
        assert data is not None
        slow = match_from(decode(BytesIO(data), implicit, True), noun)
    return AnswerReader(noun, implicit=implicit, assumed=UTF_8).read(data), slow


STUDY = {
    "StudyInstanceUID": "1.2.3",
    "PatientName": "Müller^Jörg^^Dr.=山田^太郎=やまだ^たろう",
    "PatientID": " P 1 ",
    "StudyDate": "20200101",
    "StudyTime": "101112.5",
    "StudyDescription": "Thorax nativ ",
    "ModalitiesInStudy": ["CT", "SR"],
    "NumberOfStudyRelatedSeries": 3,
    "NumberOfStudyRelatedInstances": 1500,
    "AccessionNumber": "",
    "ReferringPhysicianName": "Hälsa^Anna",
}
SERIES = {"SeriesInstanceUID": "1.2.4", "SeriesNumber": 7, "SliceThickness": "0.625", "SeriesDescription": "a\\b"}
INSTANCE = {"SOPInstanceUID": "1.2.5", "InstanceNumber": "12", "Rows": 512, "Columns": 300, "NumberOfFrames": "2"}


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize(
    ("noun", "values"),
    [(Study, STUDY), (Series, SERIES), (Instance, INSTANCE), (Patient, {"PatientID": "1", "PatientName": "A^B"})],
)
def test_it_reads_what_pydicom_reads(noun: type, values: dict[str, object], implicit: bool) -> None:
    fast, slow = both(response(**values), noun, implicit=implicit)

    assert fast == slow


@settings(deadline=None)
@given(
    name=st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=20),
    description=st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20),
)
def test_it_reads_any_text_as_pydicom_does(name: str, description: str) -> None:
    fast, slow = both(response(PatientName=name, StudyDescription=description), Study, implicit=True)

    assert fast in (None, slow)


@pytest.mark.parametrize("implicit", [True, False])
def test_sequences_are_left_to_pydicom_or_stepped_over(implicit: bool) -> None:
    dataset = response(**STUDY)
    dataset.ProcedureCodeSequence = [Dataset()]
    dataset.ProcedureCodeSequence.is_undefined_length = True
    fast, slow = both(dataset, Study, implicit=implicit)

    assert fast in (None, slow)


@pytest.mark.parametrize("count", ["3x", "1e5", "-1"])
def test_odd_numbers_are_left_to_pydicom(count: str) -> None:
    data = encode(response(StudyInstanceUID="1.2"), True, True)
    assert data is not None
    element = b"\x20\x00\x06\x12" + len(count).to_bytes(4, "little") + count.encode()

    assert AnswerReader(Study, implicit=True, assumed=UTF_8).read(data + element) is None


@given(st.binary(max_size=80), st.booleans())
def test_no_bytes_break_it(data: bytes, implicit: bool) -> None:
    found = AnswerReader(Study, implicit=implicit, assumed=UTF_8).read(data)

    assert found is None or isinstance(found, Study)


def test_equal_values_are_one_object() -> None:
    reader = AnswerReader(Study, implicit=True, assumed=UTF_8)
    one, other = (encode(response(**STUDY | {"StudyInstanceUID": uid}), True, True) for uid in ("1.1", "1.2"))
    assert one is not None
    assert other is not None
    first, second = reader.read(one), reader.read(other)

    assert first is not None
    assert second is not None
    assert first != second
    assert first.description is second.description
    assert first.modalities is second.modalities


def test_a_response_without_a_character_set_is_read_in_the_assumed_one() -> None:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 144"
    dataset.PatientName = "Люк"
    data = encode(dataset, True, True)
    assert data is not None
    bare = data[8 + 10 :]

    assert AnswerReader(Study, implicit=True, assumed="ISO_IR 144").read(bare) == Study(
        "", match_from(dataset, Study).patient_name
    )
