"""What only the makers' private elements tell of MR frames, under their creators alone."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from tests.support.dicom_files import image_dataset, write
from workstation.dicom.csa import csa_numbers
from workstation.dicom.frame_keys import stack_facts
from workstation.dicom.header_scan import scan_header
from workstation.dicom.read import read_header
from workstation.imaging.stack import Dimension, StackKey

IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
SIEMENS, GE, GE_ACQUISITION = "SIEMENS MR HEADER", "GEMS_PARM_01", "GEMS_ACQU_01"
PHILIPS, PHILIPS_MR, UIH = "Philips Imaging DD 001", "Philips MR Imaging DD 001", "Image Private Header"
Private = tuple[int, str, int, str, Any]  # group, creator, element in its block, representation, value

B_VALUES: dict[str, tuple[tuple[Private, ...], str]] = {
    "Siemens": (
        ((0x19, SIEMENS, 0x0C, "IS", 800), (0x19, SIEMENS, 0x0E, "FD", [0.0, 0.6, 0.8])),
        "0.000 0.600 0.800",
    ),
    "Siemens, unknown": (((0x19, SIEMENS, 0x0C, "UN", b"800 "),), ""),
    "GE": (((0x43, GE, 0x39, "IS", [800, 8, 0, 0]),), ""),
    "GE, several directions": (
        (
            (0x43, GE, 0x39, "IS", [1_000_000_800, 8, 0, 0]),
            *((0x19, GE_ACQUISITION, 0xBB + axis, "DS", value) for axis, value in enumerate(("1", "0", "0"))),
        ),
        "1.000 0.000 0.000",
    ),
    "Philips": (
        (
            (0x2001, PHILIPS, 0x03, "FL", 800.0),
            *((0x2005, PHILIPS_MR, 0xB0 + axis, "FL", value) for axis, value in enumerate((0.0, 0.0, 1.0))),
        ),
        "0.000 0.000 1.000",
    ),
    "UIH": (((0x65, UIH, 0x09, "FD", 800.0), (0x65, UIH, 0x37, "FD", [1.0, 0.0, 0.0])), "1.000 0.000 0.000"),
}


def keys_of(path: Path, *private: Private, syntax: str = EXPLICIT, **attributes: Any) -> list[StackKey]:
    """As the scan reads it where it does, and as pydicom does."""
    dataset = image_dataset(np.zeros((2, 2), np.uint8), Modality="MR", **attributes)
    for group, creator, element, representation, value in private:
        dataset.private_block(group, creator, create=True).add_new(element, representation, value)
    write(path, dataset, syntax)
    scan = scan_header(path)
    assert (scan is None) == (syntax == BIG_ENDIAN)
    headers = [header for header in (scan, read_header(path)) if header is not None]
    return [stack_facts(header, 1).keys[0] for header in headers]


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize("maker", B_VALUES)
def test_the_b_value_and_its_gradient(maker: str, syntax: str, tmp_path: Path) -> None:
    private, direction = B_VALUES[maker]
    for key in keys_of(tmp_path / "image.dcm", *private, syntax=syntax):
        assert key.coordinate(Dimension.B_VALUE) == 800
        assert (key.coordinate(Dimension.DIRECTION) or "") == direction


def test_the_standard_element_comes_first(tmp_path: Path) -> None:
    private = (0x19, SIEMENS, 0x0C, "IS", 800)
    for key in keys_of(tmp_path / "image.dcm", private, DiffusionBValue=50.0):
        assert key.coordinate(Dimension.B_VALUE) == 50


def test_the_same_element_of_another_creator_says_nothing(tmp_path: Path) -> None:
    private = (0x19, "SOMEBODY ELSE", 0x0C, "IS", 800), (0x43, "SIEMENS MR HEADER", 0x39, "IS", 800)
    for key in keys_of(tmp_path / "image.dcm", *private):
        assert key.coordinate(Dimension.B_VALUE) is None


def test_a_creator_may_have_any_block(tmp_path: Path) -> None:
    private = (0x19, "SOMEBODY ELSE", 0x0C, "IS", 1), (0x19, SIEMENS, 0x0C, "IS", 800)
    for key in keys_of(tmp_path / "image.dcm", *private):
        assert key.coordinate(Dimension.B_VALUE) == 800


def test_what_toshiba_writes_into_the_comment(tmp_path: Path) -> None:
    comment = "b=1000(0.445,0.000,0.895)"
    for manufacturer, value in (("TOSHIBA", 1000), ("CANON_MEC", 1000), ("SIEMENS", None)):
        for key in keys_of(tmp_path / "image.dcm", Manufacturer=manufacturer, ImageComments=comment):
            assert key.coordinate(Dimension.B_VALUE) == value


def test_magnitude_and_phase_of_ge(tmp_path: Path) -> None:
    image_type = ["ORIGINAL", "PRIMARY", "OTHER"]
    for number, letter in enumerate("MPRI"):
        for key in keys_of(tmp_path / "image.dcm", (0x43, GE, 0x2F, "SS", number), ImageType=image_type):
            assert key.coordinate(Dimension.TYPE) == f"OTHER/{letter}"


def test_the_cardiac_phase_of_philips(tmp_path: Path) -> None:
    for key in keys_of(tmp_path / "image.dcm", (0x2001, PHILIPS, 0x08, "IS", 7)):
        assert key.coordinate(Dimension.TRIGGER) == 7


def csa(second: bool, *values: str) -> bytes:
    """A header with an empty entry and B_value."""
    head = b"SV10\4\3\2\1" if second else b""
    head += struct.pack("<2I", 2, 77)
    first = struct.pack("<64si4siii", b"Nothing", 0, b"US\0\0", 0, 0, 77)
    body = struct.pack("<64si4siii", b"B_value", 1, b"IS\0\0", 6, len(values), 77)
    for value in values:
        data = value.encode() + b"\0"
        body += struct.pack("<4i", len(data), len(data), 77, len(data)) + data + b"\0" * (-len(data) % 4)
    return head + first + body


@pytest.mark.parametrize("second", [True, False])
def test_the_b_value_of_old_siemens_files(second: bool, tmp_path: Path) -> None:
    private = (0x29, "SIEMENS CSA HEADER", 0x10, "OB", csa(second, "1000"))
    dataset = image_dataset(np.zeros((2, 2), np.uint8), Modality="MR", ImageType=["ORIGINAL", "PRIMARY", "DIFFUSION"])
    dataset.private_block(private[0], private[1], create=True).add_new(*private[2:])
    header = read_header(write(tmp_path / "image.dcm", dataset))
    assert stack_facts(header, 1).keys[0].coordinate(Dimension.B_VALUE) == 1000


@given(st.binary(max_size=400), st.integers(0, 300))
def test_a_damaged_header_of_siemens_says_nothing(data: bytes, cut: int) -> None:
    csa_numbers(data, "B_value")
    csa_numbers(csa(True, "1000", "x")[:cut] + data, "B_value")


def test_other_modalities_are_left_alone(tmp_path: Path) -> None:
    dataset: Dataset = image_dataset(np.zeros((2, 2), np.uint8), Modality="CT")
    dataset.private_block(0x43, GE, create=True).add_new(0x39, "IS", 800)
    header = read_header(write(tmp_path / "image.dcm", dataset))
    assert stack_facts(header, 1).keys[0].coordinate(Dimension.B_VALUE) is None
