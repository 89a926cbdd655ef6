"""Identifiers planted in every place we know of are gone from everything that is released."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from tests.support.job import RecordingContext
from tests.support.planted import PEOPLE, Cohort, make_cohort
from workstation.deidentify.held import Why
from workstation.deidentify.words import folded
from workstation.dicom.quiet import quiet
from workstation.services.export import run_export
from workstation.services.export_command import DeidentifyFiles, ExportResult

ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "shift_jis", "iso2022_jp")


def export(cohort: Cohort, destination: Path, **values: object) -> ExportResult:
    command = DeidentifyFiles(str(destination), (str(cohort.folder),), **values)  # type: ignore[arg-type]
    outcome = run_export(command, RecordingContext(), archive=None)  # type: ignore[arg-type]
    assert isinstance(outcome.result, ExportResult)
    return outcome.result


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    with quiet():
        return make_cohort(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="module")
def exported(cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> ExportResult:
    folder = tmp_path_factory.mktemp("export")
    return export(
        cohort, folder / "out", key_file=str(folder / "project.key"), report=str(folder / "report" / "report.json")
    )


def released(result: ExportResult) -> list[Path]:
    return sorted(Path(result.folder).rglob("*.dcm"))


def datasets(result: ExportResult) -> Iterator[Dataset]:
    with quiet():
        yield from (dcmread(path) for path in released(result))


def leaks(content: bytes, words: tuple[str, ...]) -> set[str]:
    found = set()
    for word in words:
        for spelling in {word, word.lower(), word.upper(), word.replace("-", "")}:
            for encoding in ENCODINGS:
                try:
                    if spelling.encode(encoding) in content:
                        found.add(word)
                except UnicodeEncodeError:
                    continue
    return found


def test_no_planted_identifier_is_in_any_released_byte_or_name(cohort: Cohort, exported: ExportResult) -> None:
    assert len(released(exported)) == exported.written == len(cohort.files) - len(cohort.to_hold)
    for path in released(exported):
        assert not leaks(path.read_bytes(), cohort.words())
        assert not leaks(str(path.relative_to(exported.folder)).encode(), cohort.words())


def test_no_planted_identifier_is_in_any_released_text(cohort: Cohort, exported: ExportResult) -> None:
    words = {folded(word) for word in cohort.words()}
    for ds in datasets(exported):
        text = folded(str(ds.file_meta) + str(ds))
        assert not {word for word in words if word in text}


def test_no_original_uid_is_left(cohort: Cohort, exported: ExportResult) -> None:
    for path in released(exported):
        content = path.read_bytes()
        assert not {uid for uid in cohort.uids if uid.encode() in content}


def test_the_report_is_free_of_identifiers_and_counts_what_was_done(cohort: Cohort, exported: ExportResult) -> None:
    for path in (Path(exported.report), Path(exported.report_html)):
        assert not leaks(path.read_bytes(), cohort.words())
    counts = json.loads(Path(exported.report).read_text(encoding="utf-8"))["counts"]
    assert counts["written"] == exported.written
    assert counts["patients"] == exported.patients == len(PEOPLE)
    assert counts["not_released"] == len(cohort.to_hold)


def test_what_cannot_be_made_safe_is_held_and_listed(cohort: Cohort, exported: ExportResult) -> None:
    assert {Path(held.path) for held in exported.held} == set(cohort.to_hold)
    assert {held.reason for held in exported.held} == {Why.BURNED_IN_LIKELY, Why.ENCAPSULATED_DOCUMENT}


def test_accepted_images_are_released_and_documents_still_are_not(cohort: Cohort, tmp_path: Path) -> None:
    result = export(cohort, tmp_path / "out", pixels="accept", report=str(tmp_path / "r.json"))
    assert {held.reason for held in result.held} == {Why.ENCAPSULATED_DOCUMENT}
    content = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert content["counts"]["pixels_accepted_by_a_person"] == len(PEOPLE)
    assert "not cleaned" in content["pixels"]


def test_references_between_the_objects_are_whole(exported: ExportResult) -> None:
    everything = list(datasets(exported))
    instances = {ds.SOPInstanceUID for ds in everything}
    series = {ds.SeriesInstanceUID for ds in everything}
    by_modality = {(ds.PatientID, ds.Modality): ds for ds in everything}
    for patient in {ds.PatientID for ds in everything}:
        presentation, keys = by_modality[patient, "PR"], by_modality[patient, "KO"]
        structures, report = by_modality[patient, "RTSTRUCT"], by_modality[patient, "SR"]
        listed = presentation.ReferencedSeriesSequence[0]
        assert listed.SeriesInstanceUID in series
        assert listed.ReferencedImageSequence[0].ReferencedSOPInstanceUID in instances
        evidence = keys.CurrentRequestedProcedureEvidenceSequence[0]
        assert evidence.StudyInstanceUID == keys.StudyInstanceUID
        assert keys.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID in instances
        contour = structures.ROIContourSequence[0].ContourSequence[0]
        assert all(image.ReferencedSOPInstanceUID in instances for image in contour.ContourImageSequence)
        roi = structures.StructureSetROISequence[0]
        assert roi.ReferencedFrameOfReferenceUID == by_modality[patient, "CT"].FrameOfReferenceUID
        assert report.ContentSequence[1].ReferencedSOPSequence[0].ReferencedSOPInstanceUID in instances


def test_what_is_needed_is_kept(exported: ExportResult) -> None:
    for ds in datasets(exported):
        assert ds.Manufacturer == "ACME"
        assert ds.BodyPartExamined == "CHEST"
        assert ds.PatientIdentityRemoved == "YES"
        if ds.Modality == "CT":
            index = int(ds.InstanceNumber) - 1
            stored = np.frombuffer(ds.PixelData, "<u2")
            assert (stored == ((np.arange(256) + index) & 0x0FFF)).all()
        if ds.Modality == "RTSTRUCT":
            assert list(ds.ROIContourSequence[0].ContourSequence[0].ContourData) == [1.5, 2.5, 3.5]


def test_the_same_key_gives_the_same_files_and_another_key_shares_nothing(
    cohort: Cohort, exported: ExportResult, tmp_path: Path
) -> None:
    key = Path(exported.folder).parent / "project.key"
    again = export(cohort, tmp_path / "again", key_file=str(key))
    other = export(cohort, tmp_path / "other")

    def contents(result: ExportResult) -> dict[str, bytes]:
        return {path.relative_to(result.folder).as_posix(): path.read_bytes() for path in released(result)}

    assert contents(again) == contents(exported)
    assert not contents(other).keys() & contents(exported).keys()
    assert len(contents(other)) == len(contents(exported))


def test_an_export_treated_again_with_its_key_stays_as_it_is(exported: ExportResult, tmp_path: Path) -> None:
    key = Path(exported.folder).parent / "project.key"
    command = DeidentifyFiles(str(tmp_path / "out"), (exported.folder,), key_file=str(key))
    result = run_export(command, RecordingContext(), archive=None).result  # type: ignore[arg-type]
    before = {path.name: path.read_bytes() for path in released(exported)}
    assert {path.name: path.read_bytes() for path in released(result)} == before


def test_originals_are_not_changed(cohort: Cohort, tmp_path: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in cohort.files}
    export(cohort, tmp_path / "out")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in cohort.files} == before
