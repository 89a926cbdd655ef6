"""The shipped samples: readable, consistent, licensed, small, and nobody's."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.support.peers import require_program
from tests.support.testdata import REPOSITORY
from workstation.demo.samples import load, sample_files
from workstation.domain.uid import is_valid_uid

SAMPLES = REPOSITORY / "resources" / "samples"
SIZE_CAP = 8_500_000
PERMISSIVE = re.compile(r"^(MIT|BSD|Apache|MS-PL|CC0|Slicer BSD)")
FILES = sample_files(SAMPLES)
FIRST_OF_SERIES = sorted({min(path.parent.glob("*.dcm")) for path in FILES})


def rows() -> dict[str, list[str]]:
    """File -> cells of the table in README.md."""
    lines = (SAMPLES / "README.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {row[0]: row for row in cells if row[0].endswith(".dcm")}


def test_every_file_has_a_line_with_its_origin_and_a_permissive_licence() -> None:
    table = rows()
    assert set(table) == {path.relative_to(SAMPLES).as_posix() for path in FILES}
    for row in table.values():
        assert all(row)
        assert PERMISSIVE.match(row[4]), row


def test_every_licence_has_its_notice() -> None:
    notices = (SAMPLES / "LICENSES.md").read_text(encoding="utf-8")
    for row in rows().values():
        repository = row[1].removeprefix("github:")
        assert repository in notices or repository.split("/")[1] in notices or "Slicer" in repository


def test_the_samples_stay_small() -> None:
    assert sum(path.stat().st_size for path in FILES) <= SIZE_CAP


@pytest.mark.parametrize("path", FIRST_OF_SERIES, ids=lambda path: "-".join(path.parts[-3:-1]))
def test_each_sample_reads_with_valid_meta_information(path: Path) -> None:
    instance = dcmread(path)
    assert instance.file_meta.MediaStorageSOPInstanceUID == instance.SOPInstanceUID
    assert instance.SpecificCharacterSet == "ISO_IR 192"
    assert re.fullmatch(r"ACC-\d{6}", instance.AccessionNumber)
    assert all(
        is_valid_uid(uid) and uid.startswith("2.25.")
        for uid in (instance.SOPInstanceUID, instance.SeriesInstanceUID, instance.StudyInstanceUID)
    )


def test_dcmtk_reads_every_first_sample() -> None:
    import subprocess

    for path in FIRST_OF_SERIES:
        subprocess.run([require_program("dcmdump", "dcmtk"), "-q", str(path)], check=True, capture_output=True)


def test_no_private_attributes_and_no_names_outside_the_story() -> None:
    for path in FILES:
        instance = dcmread(path)
        assert [element.tag for element in walk(instance) if element.tag.is_private] == []
        names = {str(element.value) for element in walk(instance) if element.VR == "PN" and element.value}
        assert names <= {
            str(instance.PatientName),
            str(instance.ReferringPhysicianName),
            "Holm^Ingrid^^Dr",
            "Nilsen^Kari^^Dr",
            "Vik^Even",
        }


def walk(dataset: Dataset) -> list[Any]:
    found = []
    for element in dataset:
        found.append(element)
        if element.VR == "SQ":
            found += [inner for item in element.value for inner in walk(item)]
    return found


def test_identities_are_consistent_within_each_patient_study_and_series() -> None:
    of_patient, of_study, of_series = defaultdict(set), defaultdict(set), defaultdict(set)
    instances = [dcmread(path, stop_before_pixels=True) for path in FILES]
    for one in instances:
        of_patient[one.PatientID].add((str(one.PatientName), one.PatientBirthDate, one.PatientSex))
        of_study[one.StudyInstanceUID].add(
            (one.PatientID, one.StudyDate, one.StudyTime, one.StudyDescription, one.AccessionNumber)
        )
        of_series[one.SeriesInstanceUID].add((one.StudyInstanceUID, one.Modality, one.SeriesNumber))
    assert all(len(values) == 1 for group in (of_patient, of_study, of_series) for values in group.values())
    assert len(of_patient) >= 10
    assert len({one.SOPInstanceUID for one in instances}) == len(FILES)


def test_the_story_has_scripts_modalities_and_a_series_to_scroll() -> None:
    instances = load(SAMPLES)
    names = " ".join({str(one.PatientName) for one in instances})
    assert all(part in names for part in ("王", "佐藤", "Пётр", "حسن", "María", "Ü"))
    modalities = {one.Modality for one in instances}
    assert {"CT", "MR", "CR", "DX", "US", "NM", "PT", "MG", "SR", "ECG"} <= modalities
    assert any(int(one.get("NumberOfFrames", 1) or 1) > 20 for one in instances)


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2026, 11, 23), date(2031, 1, 1)])
def test_dates_move_together_and_end_today(today: date) -> None:
    moved, fixed = load(SAMPLES, today), [dcmread(path, stop_before_pixels=True) for path in FILES]
    assert max(one.StudyDate for one in moved) == today.strftime("%Y%m%d")
    newest = max(one.StudyDate for one in fixed)
    shift = today - date(int(newest[:4]), int(newest[4:6]), int(newest[6:]))
    for before, after in zip(fixed, moved, strict=True):
        day = date(int(before.StudyDate[:4]), int(before.StudyDate[4:6]), int(before.StudyDate[6:])) + shift
        assert after.StudyDate == day.strftime("%Y%m%d")
        assert after.get("SeriesDate") == after.StudyDate
        assert (after.StudyTime, after.PatientBirthDate) == (before.StudyTime, before.PatientBirthDate)


def test_moving_dates_reaches_into_sequences_and_leaves_code_versions_alone() -> None:
    from workstation.demo.samples import shift_dates

    item, dataset = Dataset(), Dataset()
    item.RadiopharmaceuticalStartDateTime, item.ContextGroupVersion = "20261122094200.5", "20020904"
    dataset.RadiopharmaceuticalInformationSequence = [item]
    dataset.PatientBirthDate, dataset.AcquisitionDate = "19610302", ["20261122", "20261123"]
    shift_dates(dataset, timedelta(days=10))
    assert item.RadiopharmaceuticalStartDateTime == "20261202094200.5"
    assert (item.ContextGroupVersion, dataset.PatientBirthDate) == ("20020904", "19610302")
    assert list(dataset.AcquisitionDate) == ["20261202", "20261203"]
