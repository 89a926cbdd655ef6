"""What every implementation of the Archive port does; run on the real archive and on the fake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.support.archive import ROOT, a_dataset, put, write
from tests.support.fake_archive import FakeArchive
from workstation.archive.local import LocalArchive
from workstation.dicom.summarise import summarise
from workstation.domain.errors import InvalidQuery
from workstation.domain.query import Query
from workstation.domain.study import Instance, Level, Patient, Series, Study
from workstation.services.ports import Archive, StoreOutcome


@pytest.fixture(params=["local", "fake"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    made: LocalArchive | FakeArchive
    made = LocalArchive(tmp_path / "archive") if request.param == "local" else FakeArchive(tmp_path)
    yield made
    made.close()


def studies(archive: Archive, **keys: str) -> list[str]:
    return [
        match.study_instance_uid for match in archive.find(Query.where(Level.STUDY, keys)) if isinstance(match, Study)
    ]


def test_new_incoming_gives_a_new_path_each_time_and_makes_nothing(archive: Archive) -> None:
    paths = {archive.new_incoming() for _ in range(20)}

    assert len(paths) == 20
    assert not any(path.exists() for path in paths)


def test_add_stores_the_bytes_unchanged_and_consumes_the_incoming_file(archive: Archive) -> None:
    path = write(a_dataset(SOPInstanceUID=f"{ROOT}.5"), archive.new_incoming())
    content = path.read_bytes()

    assert archive.add(path, summarise(path)) is StoreOutcome.STORED

    (stored,) = archive.instances_of(f"{ROOT}.1.1")
    assert stored.path.read_bytes() == content
    assert stored.size_bytes == len(content)
    assert stored.instance.sop_instance_uid == f"{ROOT}.5"
    assert not path.exists()


def test_the_same_instance_again_is_already_present(archive: Archive) -> None:
    dataset = a_dataset()
    put(archive, dataset)
    path = write(dataset, archive.new_incoming())

    assert archive.add(path, summarise(path)) is StoreOutcome.ALREADY_PRESENT
    assert not path.exists()
    assert len(archive.instances_of(dataset.SeriesInstanceUID)) == 1


def test_other_content_under_the_same_uid_is_a_conflict_and_replaces_nothing(archive: Archive) -> None:
    first = a_dataset(SOPInstanceUID=f"{ROOT}.5")
    put(archive, first)
    second = a_dataset(SOPInstanceUID=f"{ROOT}.5", PixelData=b"\1\2" * 64)
    path = write(second, archive.new_incoming())

    assert archive.add(path, summarise(path)) is StoreOutcome.CONFLICT

    (stored,) = archive.instances_of(f"{ROOT}.1.1")
    assert dcmread(stored.path).PixelData == first.PixelData
    assert not path.exists()


def test_discard_forgets_a_file_and_a_path_never_written(archive: Archive) -> None:
    written, unwritten = archive.new_incoming(), archive.new_incoming()
    written.write_bytes(b"half a file")

    archive.discard(written)
    archive.discard(unwritten)

    assert not written.exists()


def test_counts_are_kept_at_every_level(archive: Archive) -> None:
    put(archive, a_dataset())
    put(archive, a_dataset())
    put(archive, a_dataset(SeriesInstanceUID=f"{ROOT}.1.2", Modality="MR", SeriesNumber=2))
    put(archive, a_dataset(StudyInstanceUID=f"{ROOT}.2", SeriesInstanceUID=f"{ROOT}.2.1"))

    study = archive.study(f"{ROOT}.1")
    assert study is not None
    assert (study.series_count, study.instance_count, study.modalities) == (2, 3, ("CT", "MR"))
    assert [series.instance_count for series in archive.series_of(f"{ROOT}.1")] == [2, 1]
    (patient,) = archive.find(Query.where(Level.PATIENT))
    assert isinstance(patient, Patient)
    assert patient.study_count == 2


def test_an_unknown_study_is_none_and_has_nothing(archive: Archive) -> None:
    assert archive.study("1.2.3") is None
    assert archive.series_of("1.2.3") == []
    assert archive.instances_of("1.2.3") == []
    assert archive.instance_uids("1.2.3") == frozenset()


def test_instance_uids_of_a_study_and_of_one_series(archive: Archive) -> None:
    put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5"))
    put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.6", SeriesInstanceUID=f"{ROOT}.1.2"))

    assert archive.instance_uids(f"{ROOT}.1") == {f"{ROOT}.5", f"{ROOT}.6"}
    assert archive.instance_uids(f"{ROOT}.1", f"{ROOT}.1.2") == {f"{ROOT}.6"}


def test_studies_come_newest_first(archive: Archive) -> None:
    for number, (date, time) in enumerate([("20230101", "0900"), ("20240101", "0800"), ("20240101", "0900")]):
        put(archive, a_dataset(StudyInstanceUID=f"{ROOT}.{number}", StudyDate=date, StudyTime=time))

    assert studies(archive) == [f"{ROOT}.2", f"{ROOT}.1", f"{ROOT}.0"]


def test_series_come_by_number_and_instances_by_number(archive: Archive) -> None:
    put(archive, a_dataset(SeriesInstanceUID=f"{ROOT}.1.9", SeriesNumber=10))
    put(archive, a_dataset(SeriesInstanceUID=f"{ROOT}.1.3", SeriesNumber=9, InstanceNumber=11))
    put(archive, a_dataset(SeriesInstanceUID=f"{ROOT}.1.3", SeriesNumber=9, InstanceNumber=2))

    assert [series.series_number for series in archive.series_of(f"{ROOT}.1")] == [9, 10]
    assert [stored.instance.instance_number for stored in archive.instances_of(f"{ROOT}.1.3")] == [2, 11]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({}, True),
        ({"PatientName": "quux*"}, True),
        ({"PatientName": "QUUX^ALICE"}, True),
        ({"PatientName": "quux"}, False),
        ({"PatientName": "*^al?ce"}, True),
        ({"PatientID": "Q1"}, True),
        ({"PatientID": "Q2"}, False),
        ({"StudyDate": "20240102"}, True),
        ({"StudyDate": "20240101-20240131"}, True),
        ({"StudyDate": "-20240101"}, False),
        ({"StudyDate": "20240102-"}, True),
        ({"StudyInstanceUID": f"9.9\\{ROOT}.1"}, True),
        ({"StudyInstanceUID": "9.9"}, False),
        ({"ModalitiesInStudy": "CT"}, True),
        ({"ModalitiesInStudy": "MR\\CT"}, True),
        ({"ModalitiesInStudy": "MR"}, False),
        ({"PatientName": "quux*", "PatientID": "Q2"}, False),
    ],
)
def test_find_matches_as_dicom_does(archive: Archive, keys: dict[str, str], found: bool) -> None:
    put(archive)

    assert studies(archive, **keys) == ([f"{ROOT}.1"] if found else [])


def test_find_answers_at_series_and_image_level(archive: Archive) -> None:
    put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5"))
    put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.6", SeriesInstanceUID=f"{ROOT}.1.2", Modality="MR"))

    (series,) = archive.find(Query.where(Level.SERIES, {"StudyInstanceUID": f"{ROOT}.1", "Modality": "MR"}))
    assert isinstance(series, Series)
    assert series.series_instance_uid == f"{ROOT}.1.2"
    (instance,) = archive.find(Query.where(Level.IMAGE, {"SOPInstanceUID": f"{ROOT}.5"}))
    assert isinstance(instance, Instance)
    assert instance.series_instance_uid == f"{ROOT}.1.1"


@pytest.mark.parametrize(
    ("level", "keyword"),
    [
        (Level.STUDY, "NoSuchKeyword"),
        (Level.STUDY, "SOPInstanceUID"),
        (Level.PATIENT, "SeriesNumber"),
        (Level.STUDY, "NumberOfStudyRelatedSeries"),
    ],
)
def test_find_refuses_a_keyword_it_cannot_match(archive: Archive, level: Level, keyword: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        list(archive.find(Query.where(level, {keyword: "1"})))

    assert caught.value.details["keyword"] == keyword


def test_delete_study_removes_its_rows_and_files_and_no_others(archive: Archive) -> None:
    put(archive)
    put(archive, a_dataset(StudyInstanceUID=f"{ROOT}.2", SeriesInstanceUID=f"{ROOT}.2.1"))
    (gone,) = archive.instances_of(f"{ROOT}.1.1")

    archive.delete_study(f"{ROOT}.1")

    assert not gone.path.exists()
    assert studies(archive) == [f"{ROOT}.2"]
    (left,) = archive.instances_of(f"{ROOT}.2.1")
    assert left.path.exists()
    assert archive.size_bytes() == left.size_bytes


def test_a_deleted_study_can_be_stored_again(archive: Archive) -> None:
    dataset = a_dataset()
    put(archive, dataset)
    archive.delete_study(dataset.StudyInstanceUID)

    assert put(archive, dataset) is StoreOutcome.STORED


def test_size_is_the_bytes_of_all_stored_files(archive: Archive) -> None:
    assert archive.size_bytes() == 0
    put(archive)
    put(archive)

    assert archive.size_bytes() == sum(stored.size_bytes for stored in archive.instances_of(f"{ROOT}.1.1"))
