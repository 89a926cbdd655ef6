"""The fast scan beside pydicom on written and on damaged headers, and what it leaves alone."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from tests.support.dicom_files import image_dataset, write
from workstation.dicom import elements
from workstation.dicom.header_scan import HeaderScan, NeedsFullHeader, scan_header
from workstation.dicom.read import PixelElement, open_file
from workstation.dicom.scanned_elements import SCANNED_ELEMENTS, SCANNED_META
from workstation.domain.errors import InputError

TEXTS, NUMBERS = (elements.texts, elements.first_text), (elements.integer, elements.numbers)
PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)


def accessors(keyword: str) -> tuple[Any, ...]:
    """Nobody asks for a person as a number."""
    is_name = (SCANNED_ELEMENTS | SCANNED_META)[keyword][1] == "PN"
    return (*TEXTS, elements.person_name) if is_name else (*TEXTS, *NUMBERS)


def answer(accessor: Any, source: Any, keyword: str) -> Any:
    try:
        return accessor(source, keyword)
    except NeedsFullHeader:
        return NeedsFullHeader


def assert_same(scan: HeaderScan, path: Path) -> None:
    with open_file(path) as opened:
        for keyword in SCANNED_ELEMENTS:
            assert (keyword in scan) == (keyword in opened.dataset), keyword
            for accessor in accessors(keyword):
                said = answer(accessor, scan, keyword)
                assert said is NeedsFullHeader or said == answer(accessor, opened.dataset, keyword), keyword
        assert place(scan.pixels) == place(opened.pixels)


def place(pixels: PixelElement | None) -> tuple[int, int | None] | None:
    return None if pixels is None else (pixels.offset, pixels.length)


def small_image(**attributes: Any) -> Dataset:
    return image_dataset(np.arange(64, dtype=np.uint16).reshape(8, 8), **attributes)


def test_the_table_is_that_of_the_standard() -> None:
    for keyword, (tag, vr) in (SCANNED_ELEMENTS | SCANNED_META).items():
        assert tag_for_keyword(keyword) == tag
        assert dictionary_VR(tag) in (vr, "US or SS" if vr == "xs" else vr)


def test_every_character_set_reads_ascii_alike() -> None:
    ascii_bytes = bytes(range(0x20, 0x7F))
    assert {ascii_bytes.decode(codec) for codec in python_encoding.values()} == {ascii_bytes.decode("ascii")}


@pytest.mark.parametrize("syntax", PLAIN)
def test_scan_gives_the_values_and_the_place_of_the_pixels(tmp_path: Path, syntax: str) -> None:
    dataset = small_image(
        PatientName="Müller^Ärni", SpecificCharacterSet="ISO_IR 100", PixelSpacing=[0.5, 0.25], InstanceNumber="7"
    )
    scan = scan_header(write(tmp_path / "a.dcm", dataset, syntax))
    assert scan is not None
    assert elements.person_name(scan, "PatientName").alphabetic == "Müller^Ärni"
    assert elements.numbers(scan, "PixelSpacing") == [0.5, 0.25]
    assert elements.integer(scan, "InstanceNumber") == 7
    assert elements.integer(scan, "Rows") == 8
    assert scan.pixels is not None and scan.pixels.length == 128
    assert scan.pixels.offset + 128 == scan.size
    assert scan.transfer_syntax == syntax


@pytest.mark.parametrize("syntax", PLAIN)
@pytest.mark.parametrize("undefined", [False, True])
def test_sequences_are_passed_over(tmp_path: Path, syntax: str, undefined: bool) -> None:
    inner = Dataset()
    inner.PatientID, inner.Rows = "wrong", 9
    inner.ReferencedImageSequence = [Dataset(), small_image()]
    dataset = small_image(ReferencedStudySequence=[inner, inner], VOILUTSequence=[inner])
    for holder, keyword in ((inner, "ReferencedImageSequence"), (dataset, "ReferencedStudySequence")):
        holder[keyword].is_undefined_length = undefined
        for item in holder[keyword].value:
            item.is_undefined_length_sequence_item = undefined
    path = write(tmp_path / "a.dcm", dataset, syntax)
    scan = scan_header(path)
    assert scan is not None
    assert elements.text(scan, "PatientID") == "42"
    assert_same(scan, path)
    with pytest.raises(NeedsFullHeader):
        elements.items(scan, "VOILUTSequence")


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, "1.2.3.4"])
def test_other_transfer_syntaxes_are_left_alone(tmp_path: Path, syntax: str) -> None:
    path = write(tmp_path / "a.dcm", small_image())
    content = path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", syntax.encode().ljust(20, b"\0")[:20])
    path.write_bytes(content)
    assert scan_header(path) is None


def test_what_is_no_plain_file_is_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", small_image())
    content = path.read_bytes()
    meta_length = struct.unpack("<L", content[140:144])[0]
    for damaged in (
        b"",
        content[:200],
        content[132:],  # no preamble
        content[144 + meta_length :],  # no meta information
        content[:140] + struct.pack("<L", meta_length + 2) + content[144:],
        content[:-201],  # cut inside the header
        content.replace(b"\x10\x00\x20\x00LO", b"\x10\x00\x20\x00XX"),
        content.replace(b"\x08\x00\x60\x00CS", b"\x02\x00\x60\x00CS"),  # not ascending
    ):
        path.write_bytes(damaged)
        assert scan_header(path) is None
    assert scan_header(tmp_path) is None
    assert scan_header(tmp_path / "absent") is None


def test_a_long_header_is_read_in_several_windows(tmp_path: Path) -> None:
    dataset = small_image(FrameTimeVector=[str(n) for n in range(4000)])
    dataset.add_new(0x00091001, "OB", b"\1" * 100_001)
    for element in range(0x10, 0xF0):
        dataset.add_new(0x00130000 + element, "LO", "x" * 64)
    dataset.add_new(0x00291010, "UN", b"\2" * 50_000)
    path = write(tmp_path / "a.dcm", dataset)
    scan = scan_header(path)
    assert scan is not None
    assert len(elements.numbers(scan, "FrameTimeVector")) == 4000
    assert_same(scan, path)


def test_deep_nesting_is_left_to_the_reader_that_refuses_it(tmp_path: Path) -> None:
    dataset = small_image()
    for _ in range(120):
        outer = Dataset()
        outer.ReferencedStudySequence = Sequence([dataset if "PixelData" not in dataset else Dataset()])
        dataset = outer
    whole = small_image()
    whole.ReferencedStudySequence = dataset.ReferencedStudySequence
    path = write(tmp_path / "a.dcm", whole)
    assert scan_header(path) is None
    with pytest.raises(InputError):
        open_file(path)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("InstanceNumber", b"1.5 "), ("WindowCenter", b"abc "), ("PatientName", b"\x1b$B:3\x1b(B"), ("Rows", b"\1\0\0")],
)
def test_values_that_are_more_than_plain_are_left_to_pydicom(keyword: str, value: bytes) -> None:
    scan = HeaderScan({SCANNED_ELEMENTS[keyword][0]: value})
    with pytest.raises(NeedsFullHeader):
        elements.values_of(scan, keyword)


def test_an_attribute_of_another_representation_is_left_to_pydicom(tmp_path: Path) -> None:
    dataset = small_image()
    dataset.add_new(0x00201041, "FL", 1.5)  # Slice Location is DS
    scan = scan_header(write(tmp_path / "a.dcm", dataset))
    assert scan is not None
    assert "SliceLocation" in scan
    with pytest.raises(NeedsFullHeader):
        elements.number(scan, "SliceLocation")


def test_what_a_scan_does_not_hold_is_never_called_absent() -> None:
    scan = HeaderScan({})
    for asked in (
        lambda: elements.text(scan, "PatientComments"),
        lambda: "PatientComments" in scan,
        lambda: scan.PatientName,
        lambda: list(scan),
    ):
        with pytest.raises(NeedsFullHeader):
            asked()


# --- whatever was written, whatever was damaged ------------------------------------------------

_TEXT = st.text(st.characters(codec="latin-1", categories=("L", "N", "P", "Zs")), max_size=24)
_ASCII = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=16)
_VALUES: dict[str, st.SearchStrategy[bytes]] = {
    vr: (_TEXT if vr in ("LO", "SH", "PN") else _ASCII).map(lambda text: text.encode("latin-1"))
    for vr in ("LO", "SH", "PN", "CS", "DA", "TM", "DT", "UI")
}
_NUMBERS = st.sampled_from(
    ["1", "-2", " 3", "+04", "1.50", "-1e3", "", " ", "1.", ".5", "x", "1\\2", "1\\\\2", "\\", "NaN"]
)
_VALUES |= {vr: _NUMBERS.map(str.encode) for vr in ("IS", "DS")}
_VALUES |= {vr: st.binary(max_size=12) for vr in ("US", "xs", "UL", "FL", "FD")}
_PADDED = st.sampled_from([b"", b" ", b"\0", b"  "])


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """A Part 10 file, explicit or implicit, of chosen elements with plausible and implausible values."""
    implicit = draw(st.booleans())
    chosen = draw(st.lists(st.sampled_from(sorted(SCANNED_ELEMENTS)), max_size=12, unique=True))
    charset = draw(st.sampled_from([None, b"", b"ISO_IR 100", b"ISO_IR 192", b"\\ISO 2022 IR 87", b"nonsense"]))
    found = {} if charset is None else {0x00080005: ("CS", charset)}
    for keyword in chosen:
        tag, vr = SCANNED_ELEMENTS[keyword]
        if vr in _VALUES and tag != 0x00080005:
            found[tag] = ("US" if vr == "xs" else vr, draw(_VALUES[vr]) + draw(_PADDED))
    found.setdefault(0x00280010, ("US", b"\x08\0"))
    meta_value = (b"1.2.840.10008.1.2" if implicit else b"1.2.840.10008.1.2.1") + b"\0"
    meta = struct.pack("<HH2sH", 2, 0x10, b"UI", len(meta_value)) + meta_value
    body = b"".join(element(tag, vr, value, implicit) for tag, (vr, value) in sorted(found.items()))
    pixels = element(0x7FE00010, "OW", b"\0" * 8, implicit)
    return b"\0" * 128 + b"DICM" + struct.pack("<HH2sHL", 2, 0, b"UL", 4, len(meta)) + meta + body + pixels


def element(tag: int, vr: str, value: bytes, implicit: bool) -> bytes:
    group_element = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if implicit:
        return group_element + struct.pack("<L", len(value)) + value
    length = struct.pack("<HL", 0, len(value)) if vr == "OW" else struct.pack("<H", len(value))
    return group_element + vr.encode() + length + value


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=headers())
def test_scan_of_any_written_header_equals_pydicom(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(content)
    scan = scan_header(path)
    if scan is not None:
        assert_same(scan, path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=headers(), damage=st.lists(st.tuples(st.integers(132, 600), st.integers(0, 255)), max_size=3))
def test_scan_of_a_damaged_header_equals_pydicom(tmp_path: Path, content: bytes, damage: list[tuple[int, int]]) -> None:
    damaged = bytearray(content)
    for position, value in damage:
        if position < len(damaged):
            damaged[position] = value
    path = tmp_path / "a.dcm"
    path.write_bytes(damaged)
    scan = scan_header(path)
    if scan is not None:
        assert_same(scan, path)


def test_the_scan_itself_needs_no_pydicom() -> None:
    import subprocess

    code = "import sys, workstation.dicom.elements, workstation.dicom.header_scan; print('pydicom' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
