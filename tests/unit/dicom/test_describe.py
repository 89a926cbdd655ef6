"""Corner texts, the list of attributes, the facts of a file, the picture of a frame."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset

from tests.support.dicom_files import element, image_dataset, nested, part10, write
from workstation.dicom.decode_pool import DecodePool
from workstation.dicom.describe import attributes_of, date_text, describe, time_text
from workstation.dicom.inspect import inspect, stored_sha256, uid_name
from workstation.dicom.keywords import is_keyword, similar_keywords
from workstation.dicom.render import render_png
from workstation.domain.errors import DiskFull, LocalError
from workstation.imaging.frame import Window

STORED = np.arange(24, dtype=np.uint8).reshape(4, 6)


def labels(tmp_path: Path, **attributes: Any) -> Any:
    return describe(write(tmp_path / "image.dcm", image_dataset(STORED, **attributes)))


def test_corner_texts_of_a_ct_slice(tmp_path: Path) -> None:
    found = labels(
        tmp_path,
        PatientBirthDate="19700131",
        PatientSex="F",
        InstitutionName="General",
        StudyDate="20240130",
        StudyTime="140509.5",
        StudyDescription="Head",
        AccessionNumber="A1",
        Modality="CT",
        SeriesNumber="3",
        SeriesDescription="AX",
        KVP="120",
        Exposure="80",
        SliceThickness="2.50",
        SliceLocation="-12.345",
        InstanceNumber="7",
    )
    assert (found.patient_name, found.patient_id) == ("Doe, Jane", "42")
    assert (found.birth, found.sex) == ("1970-01-31 (53 y)", "F")
    assert (found.institution, found.study_date_time, found.study_description, found.accession_number) == (
        "General",
        "2024-01-30 14:05:09",
        "Head",
        "A1",
    )
    assert (found.modality, found.series, found.technique) == ("CT", "3 AX", "120 kV · 80 mAs · 2.5 mm")
    assert (found.image, found.slice_location) == ("Image 7", "Slice -12.35 mm")


def test_technique_follows_the_modality(tmp_path: Path) -> None:
    found = labels(tmp_path, Modality="MR", RepetitionTime="500", EchoTime="14.5", FlipAngle="90", KVP="120")
    assert found.technique == "TR 500 · TE 14.5 · FA 90°"
    mammogram = labels(tmp_path, Modality="MG", KVP="28", ImageLaterality="L", ViewPosition="CC")
    assert (mammogram.technique, mammogram.laterality) == ("28 kV", "L CC")


def test_the_age_told_by_the_file_comes_before_the_one_computed(tmp_path: Path) -> None:
    assert labels(tmp_path, PatientAge="003M", PatientBirthDate="20240101", StudyDate="20240401").birth == (
        "2024-01-01 (3 m)"
    )
    assert labels(tmp_path, PatientBirthDate="nonsense", PatientAge="old").birth == "nonsense"
    assert labels(tmp_path, PatientBirthDate="20240101", StudyDate="20200101").birth == "2024-01-01"


def test_an_enhanced_frame_has_no_slice_location_of_the_top_level(tmp_path: Path) -> None:
    found = labels(tmp_path, SliceLocation="5", PerFrameFunctionalGroupsSequence=[Dataset()])
    assert found.slice_location == ""


@pytest.mark.parametrize(("value", "text"), [("20240131", "2024-01-31"), ("2024.01.31", "2024-01-31"), ("?", "?")])
def test_dates(value: str, text: str) -> None:
    assert date_text(value) == text


@pytest.mark.parametrize(("value", "text"), [("14", "14"), ("1405", "14:05"), ("140509.123", "14:05:09"), ("x", "x")])
def test_times(value: str, text: str) -> None:
    assert time_text(value) == text


def test_attributes_are_listed_in_order_with_depth(tmp_path: Path) -> None:
    code = Dataset()
    code.CodeValue = "T-1"
    path = write(tmp_path / "image.dcm", image_dataset(STORED, AnatomicRegionSequence=[code]))
    rows = attributes_of(path)
    assert ("(0010,0010)", "Patient's Name", "Doe^Jane", 0) in rows
    start = rows.index(("(0008,2218)", "Anatomic Region Sequence", "1 items", 0))
    assert rows[start + 1 : start + 3] == [
        ("(FFFE,E000)", "Item 1", "", 1),
        ("(0008,0100)", "Code Value", "T-1", 2),
    ]
    assert rows[-1] == ("(7FE0,0010)", "Pixel Data", "24 bytes", 0)


def test_the_list_is_cut_at_its_limit_and_says_so(tmp_path: Path) -> None:
    rows = attributes_of(write(tmp_path / "image.dcm", image_dataset(STORED)), 5)
    assert len(rows) == 6
    assert rows[-1] == ("", "", "… more than 5 elements", 0)


def test_long_private_and_broken_values_are_told_shortly(tmp_path: Path) -> None:
    body = (
        element(0x00080060, b"CS", b"OT")
        + element(0x00090010, b"LO", b"ACME")
        + element(0x00091001, b"OB", b"\0" * 10)
        + element(0x00104000, b"LT", b"a\r\nb" + b"x" * 400)
        + element(0x00280010, b"US", b"\1\2\3")
        + element(0x00420011, b"OB", b"\0" * 70_000)
        + element(0x00990012, b"ZZ", b"odd!")
    )
    path = tmp_path / "odd.dcm"
    path.write_bytes(part10(body))
    rows = {tag: (name, value) for tag, name, value, _ in attributes_of(path)}
    assert rows["(0009,0010)"] == ("Private Creator", "ACME")
    assert rows["(0009,1001)"] == ("Private (ACME)", "10 bytes")
    assert rows["(0010,4000)"][1].startswith("a  bxxx")
    assert len(rows["(0010,4000)"][1]) == 257
    assert rows["(0042,0011)"][1] == "70000 bytes"
    assert rows["(0028,0010)"][0] == "Rows"


@pytest.mark.parametrize("undefined", [True, False])
def test_deep_nesting_is_listed_without_recursion(tmp_path: Path, undefined: bool) -> None:
    path = tmp_path / "deep.dcm"
    path.write_bytes(nested(50, undefined))
    assert attributes_of(path)[-1][3] == 100


# --- inspect and render ------------------------------------------------------------------------------


def test_facts_of_a_file_and_its_frames(tmp_path: Path) -> None:
    path = write(tmp_path / "image.dcm", image_dataset(STORED))
    facts = inspect(path)
    assert (facts.transfer_syntax, facts.sop_class) == ("Explicit VR Little Endian", "Secondary Capture Image Storage")
    assert (facts.rows, facts.columns, facts.frames, facts.patient_name) == (4, 6, 1, "Doe^Jane")
    assert facts.frame_facts == ()
    (frame,) = inspect(path, pixels=True).frame_facts
    assert (frame.minimum, frame.maximum, frame.mean, frame.shape) == (0, 23, 11.5, (4, 6))
    assert frame.sha256 == hashlib.sha256(struct.pack("<24i", *range(24))).hexdigest()
    assert uid_name("1.2.3") == ""


def test_the_digest_is_over_little_endian_int32() -> None:
    signed = np.array([[-1, 2]], np.int16)
    assert stored_sha256(signed) == hashlib.sha256(struct.pack("<2i", -1, 2)).hexdigest()
    floating = np.array([[0.5]], np.float32)
    assert stored_sha256(floating) == hashlib.sha256(struct.pack("<f", 0.5)).hexdigest()


def test_a_frame_that_cannot_be_decoded_is_a_fact_and_no_failure(tmp_path: Path) -> None:
    path = write(tmp_path / "image.dcm", image_dataset(STORED, NumberOfFrames="3"))
    with DecodePool() as pool:
        first, second, third = inspect(path, pixels=True, pool=pool).frame_facts
    assert (first.error, first.incomplete) == ("", "only 1 of 3 frames are in the file")
    assert (second.error, third.error) == ("decode-failed", "decode-failed")


def test_an_object_without_an_image_has_no_frames(tmp_path: Path) -> None:
    path = write(tmp_path / "image.dcm", image_dataset(STORED, Rows=None, PixelData=b"\0\0"))
    assert inspect(path, pixels=True).frame_facts == ()


def test_a_frame_is_rendered_as_it_is_shown(tmp_path: Path) -> None:
    path = write(tmp_path / "image.dcm", image_dataset(STORED, PixelAspectRatio=["2", "1"]))
    out = tmp_path / "out.png"
    with DecodePool() as pool:
        assert render_png(path, out, pool=pool) == (6, 8)
        with Image.open(out) as picture:
            assert (picture.size, picture.mode) == ((6, 8), "L")
        render_png(path, out, window=Window(1, 1), pool=pool)
        with Image.open(out) as picture:
            assert picture.getextrema() == (0, 255)
        with pytest.raises(LocalError):
            render_png(path, tmp_path / "missing" / "out.png", pool=pool)
        if os.path.exists("/dev/full"):  # noqa: PTH110
            (tmp_path / "full.png.part").symlink_to("/dev/full")
            with pytest.raises(DiskFull):
                render_png(path, tmp_path / "full.png", pool=pool)
    assert [each.name for each in tmp_path.glob("*.part")] == []


def test_keywords_are_known_and_corrected() -> None:
    assert is_keyword("PatientName")
    assert not is_keyword("patientname")
    assert similar_keywords("patientname") == ["PatientName"]
    assert "PatientID" in similar_keywords("PatientIDD")
    assert similar_keywords("qqqqqqqq") == []


def test_exact_rows_tell_long_and_binary_values_apart(tmp_path: Path) -> None:
    rows = []
    for end in "AB":
        dataset = image_dataset(STORED)
        dataset.ImageComments = "x" * 3000 + end
        dataset.add_new(0x00091010, "OB", b"\0" * 99 + end.encode())
        path = write(tmp_path / f"{end}.dcm", dataset)
        shown = {tag: value for tag, _, value, _ in attributes_of(path)}
        exact = {tag: value for tag, _, value, _ in attributes_of(path, exact=True)}
        rows.append((shown, exact))
    for tag in ("(0020,4000)", "(0009,1010)"):
        assert rows[0][0][tag] == rows[1][0][tag]
        assert rows[0][1][tag] != rows[1][1][tag]
