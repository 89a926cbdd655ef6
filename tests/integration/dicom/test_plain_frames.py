"""Frames read straight into arrays are those that the decoder gives, one after the other."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.dicom_files import image_dataset, write
from tests.support.testdata import manifest, require_testdata
from workstation.dicom.decode import ImageFile
from workstation.dicom.plain_frames import Precedents, plain_frame

NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
FOLDERS = sorted({row["path"].split("/")[0] for row in manifest() if row["transfer_syntax_uid"] in NATIVE})


def equal(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    if is_dataclass(first) and type(first) is type(second):
        return all(equal(getattr(first, each.name), getattr(second, each.name)) for each in fields(first))
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(equal, first, second))
    return bool(first == second)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_plain_frame_is_what_the_decoder_gives(folder: str) -> None:
    precedents = Precedents()
    for row in manifest():
        if not row["path"].startswith(f"{folder}/") or row["transfer_syntax_uid"] not in NATIVE:
            continue
        path = require_testdata() / row["path"]
        plain = plain_frame(path, 0, precedents)
        if plain is None:
            continue
        with ImageFile(path) as image:
            assert equal(plain, image.frame(0)), row["path"]
            last = image.frame_count - 1
            assert equal(plain_frame(path, last, precedents), image.frame(last)), row["path"]


def small(path: Path, values: np.ndarray[Any, Any], **attributes: Any) -> tuple[Path, int]:
    return write(path, image_dataset(values, **attributes)), 0


@pytest.mark.parametrize("damage", [slice(0, -16), slice(0, 0)])
def test_what_is_cut_off_or_absent_is_no_plain_frame(tmp_path: Path, damage: slice) -> None:
    path, index = small(tmp_path / "cut.dcm", np.arange(64, dtype=np.uint16).reshape(8, 8))
    path.write_bytes(path.read_bytes()[damage])
    assert plain_frame(path, index) is None
    assert plain_frame(tmp_path / "absent.dcm") is None
    assert plain_frame(path, 1) is None


@pytest.mark.parametrize("signed", [False, True])
def test_bits_beyond_bits_stored_are_cleared_or_the_sign(tmp_path: Path, signed: bool) -> None:
    values = np.array([[0, 1, 0x0FFF, 0xF123], [0x0800, 0x07FF, 0x8000, 0xFFFF]], np.uint16)
    place = small(tmp_path / "a.dcm", values.view(np.int16) if signed else values, BitsStored=12, HighBit=11)
    plain = plain_frame(place[0])
    with ImageFile(place[0]) as image:
        assert plain is not None
        assert equal(plain, image.frame(0))


def test_slices_that_tell_the_same_differ_in_their_place_and_no_more(tmp_path: Path) -> None:
    """Each as the decoder gives it: what one slice tells is taken for the next only where all that decided is equal."""
    grey = np.arange(64, dtype=np.uint16).reshape(8, 8)
    axial = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
    told: list[dict[str, Any]] = [
        {"ImagePositionPatient": [0, 0, 1]},
        {"ImagePositionPatient": [0, 0, 2]},
        {"ImagePositionPatient": [0, 0, 3], "WindowCenter": 40, "WindowWidth": 400},
        {"ImagePositionPatient": [0, 0, 4], "WindowCenter": 50, "WindowWidth": 400},
        {"ImagePositionPatient": [0, 0, 5], "RescaleSlope": 2, "RescaleIntercept": 0},
        {},
        {"ImagePositionPatient": [0, 0, 6], "PixelPaddingValue": 3},
        {"ImagePositionPatient": [0, 0, 7], "PixelRepresentation": 1},
        {"ImagePositionPatient": [0, 0, 8], "BitsStored": 12, "HighBit": 11},
        {"ImagePositionPatient": [0, 0, 9], "PhotometricInterpretation": "MONOCHROME1"},
    ]
    precedents = Precedents()
    for number, more in enumerate(told):
        path, index = small(tmp_path / f"{number}.dcm", grey, **axial, **more)
        with ImageFile(path) as image:
            assert equal(plain_frame(path, index, precedents), image.frame(0)), more


def test_a_slice_of_another_form_is_not_taken_for_the_last(tmp_path: Path) -> None:
    grey = np.arange(64, dtype=np.uint16).reshape(8, 8)
    precedents = Precedents()
    assert plain_frame(*small(tmp_path / "a.dcm", grey), precedents) is not None
    wide = plain_frame(*small(tmp_path / "wide.dcm", grey.reshape(4, 16)), precedents)
    assert wide is not None
    assert wide.stored.shape == (4, 16)
    cut, index = small(tmp_path / "cut.dcm", grey.reshape(4, 16))
    cut.write_bytes(cut.read_bytes()[:-16])
    assert plain_frame(cut, index, precedents) is None
