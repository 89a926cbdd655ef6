"""Reading files that are headless, cut off or hostile."""

from __future__ import annotations

import os
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest

from tests.support.dicom_files import element, image_dataset, nested, part10, write
from workstation.dicom import read
from workstation.dicom.quiet import quiet
from workstation.dicom.read import looks_like_dicom, open_file, read_dataset, read_header, transfer_syntax_of
from workstation.domain.errors import DamagedFile, InputError, NotDicom

BODY = element(0x00080016, b"UI", b"1.2.840.10008.5.1.4.1.1.7\0") + element(0x00100020, b"LO", b"42")


@pytest.fixture
def file(tmp_path: Path):  # type: ignore[no-untyped-def]
    def make(content: bytes) -> Path:
        path = tmp_path / "file.dcm"
        path.write_bytes(content)
        return path

    return make


def test_header_stops_before_pixel_data_and_the_data_set_does_not(tmp_path: Path) -> None:
    path = write(tmp_path / "image.dcm", image_dataset(np.zeros((4, 4), np.uint8)))
    assert "PixelData" not in read_header(path)
    assert len(read_dataset(path).PixelData) == 16
    assert read_header(path).file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert transfer_syntax_of(path) == "1.2.840.10008.1.2.1"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<html>" + b" " * 200, "no DICOM prefix"),
        (b"\0" * 128 + b"DICM", "no DICOM prefix"),
        (b"\x1f\x8b\x08" + b"\0" * 200, "gzip-compressed"),
        (b"MZ" + b"\0" * 300, "no DICOM prefix"),
    ],
)
def test_other_files_are_no_dicom(file, content: bytes, reason: str) -> None:  # type: ignore[no-untyped-def]
    path = file(content)
    assert not looks_like_dicom(path)
    with pytest.raises(NotDicom) as caught:
        read_header(path)
    assert caught.value.details["reason"] == reason


def test_a_pipe_and_a_folder_are_no_dicom_and_do_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        assert not looks_like_dicom(path)
        with pytest.raises(NotDicom):
            read_header(path)


def test_a_data_set_without_preamble_or_meta_is_read(file) -> None:  # type: ignore[no-untyped-def]
    assert read_header(file(BODY)).PatientID == "42"
    implicit = struct.pack("<HHL", 0x0008, 0x0060, 2) + b"CT" + struct.pack("<HHL", 0x0010, 0x0020, 2) + b"42"
    header = read_header(file(implicit))
    assert (header.Modality, header.PatientID) == ("CT", "42")
    big = b"\0\x08\0\x60CS\0\x02CT\0\x10\0\x20LO\0\x0242"
    assert read_header(file(big)).PatientID == "42"


def test_a_syntax_that_lies_about_explicit_vr_is_found_out(file) -> None:  # type: ignore[no-untyped-def]
    implicit = struct.pack("<HHL", 0x0008, 0x0060, 2) + b"CT" + struct.pack("<HHL", 0x0010, 0x0020, 2) + b"42"
    assert read_header(file(part10(implicit))).PatientID == "42"


def test_a_broken_length_in_the_meta_does_not_cost_the_data_set(file) -> None:  # type: ignore[no-untyped-def]
    content = bytearray(part10(BODY))
    position = content.find(b"\x02\x00\x10\x00UI") + 6
    content[position : position + 2] = b"\xff\x7f"
    assert read_header(file(bytes(content))).PatientID == "42"


def test_a_length_of_four_gigabytes_over_ten_bytes_is_damage(file) -> None:  # type: ignore[no-untyped-def]
    path = file(part10(BODY + element(0x00420011, b"OB", b"0123456789", 0xFFFFFFF0)))
    with pytest.raises(DamagedFile) as caught:
        read_header(path)
    assert caught.value.details["reason"] == "length of element (0042,0011) is beyond the end of the file"


def test_a_cut_file_gives_what_is_there_and_says_where_it_ends(file) -> None:  # type: ignore[no-untyped-def]
    path = file(part10(BODY + element(0x00104000, b"LT", b"short", 900)))
    with open_file(path) as opened:
        assert opened.dataset.PatientID == "42"
        assert opened.incomplete == "the file ends inside element (0010,4000)"


def test_a_file_cut_anywhere_is_read_or_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "image.dcm", image_dataset(np.zeros((8, 8), np.uint16))).read_bytes()
    path = tmp_path / "cut.dcm"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        try:
            assert len(read_header(path))
        except InputError as error:
            assert error.details["reason"]


@pytest.mark.parametrize("undefined", [True, False])
def test_fifty_levels_are_read_and_a_thousand_refused(file, undefined: bool) -> None:  # type: ignore[no-untyped-def]
    assert read_header(file(nested(50, undefined))).Modality == "OT"
    # A sequence of defined length in an explicit file may be 64 KiB and more: SQ has 32-bit lengths.
    with pytest.raises(DamagedFile) as caught:
        read_header(file(nested(1000, undefined)))
    assert "nested" in caught.value.details["reason"]


def test_many_items_side_by_side_are_not_deep(file) -> None:  # type: ignore[no-untyped-def]
    item = b"\xfe\xff\x00\xe0" + struct.pack("<L", len(BODY)) + BODY
    assert len(read_header(file(part10(element(0x00081140, b"SQ", item * 300))))[0x00081140].value) == 300


def test_deflated_data_sets_inflate_up_to_a_cap(file, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    syntax = b"1.2.840.10008.1.2.1.99"
    deflater = zlib.compressobj(wbits=-15)
    packed = deflater.compress(BODY + element(0x00420011, b"OB", b"\0" * 100_000)) + deflater.flush()
    path = file(part10(packed, syntax))
    assert read_header(path).PatientID == "42"
    monkeypatch.setattr(read, "INFLATED_LIMIT", 50_000)
    with pytest.raises(DamagedFile) as caught:
        read_header(path)
    assert caught.value.details["reason"].startswith("inflates to more")
    with pytest.raises(DamagedFile):
        read_header(file(part10(b"\xff" * 100, syntax)))


def test_an_unknown_vr_does_not_break_later_access(file) -> None:  # type: ignore[no-untyped-def]
    header = read_header(file(part10(BODY + element(0x00101010, b"ZZ", b"050Y") + element(0x00101030, b"QQ", b""))))
    assert [element.tag for element in header] == [0x00080016, 0x00100020, 0x00101010, 0x00101030]


def test_a_missing_file_is_no_dicom_to_the_syntax_look_up(tmp_path: Path) -> None:
    assert transfer_syntax_of(tmp_path / "nothing.dcm") == ""
    assert not looks_like_dicom(tmp_path / "nothing.dcm")


def test_warnings_return_when_the_last_quiet_block_ends() -> None:
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with quiet():
            entered.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    entered.wait(60)
    with quiet():
        warnings.warn("not heard", UserWarning, stacklevel=1)
    warnings.warn("still not heard: the other thread reads", UserWarning, stacklevel=1)
    leave.set()
    thread.join()
    with pytest.raises(UserWarning):
        warnings.warn("heard", UserWarning, stacklevel=1)


def test_a_data_set_read_whole_says_that_its_pixel_data_is_cut(tmp_path: Path) -> None:
    path = write(tmp_path / "image.dcm", image_dataset(np.zeros((8, 8), np.uint8)))
    path.write_bytes(path.read_bytes()[:-10])
    with open_file(path, whole=True) as opened:
        assert opened.incomplete == "the file ends inside element (7FE0,0010)"
        assert len(opened.dataset.PixelData) == 54


def test_odd_lengths_and_private_elements_are_read(file) -> None:  # type: ignore[no-untyped-def]
    private = element(0x00090010, b"LO", b"ACME 1.0") + element(0x00091001, b"UN", b"\1\2\3")
    path = file(BODY[:-10] + element(0x00100020, b"LO", b"421") + element(0x00280010, b"US", b"\x08\0"))
    assert read_header(path).PatientID == "421"
    path = file(
        element(0x00080016, b"UI", b"1.2.840.10008.5.1.4.1.1.7\0") + private + element(0x00100020, b"LO", b"42")
    )
    assert read_header(path).PatientID == "42"


def test_a_value_of_another_representation_than_the_standards_is_read(file) -> None:  # type: ignore[no-untyped-def]
    path = file(BODY + element(0x00280010, b"UL", b"\x08\0\0\0"))
    assert read_header(path).Rows == 8


def test_a_wrong_group_length_in_the_meta_is_corrected(tmp_path: Path) -> None:
    path = write(tmp_path / "image.dcm", image_dataset(np.zeros((4, 4), np.uint8)))
    content = path.read_bytes()
    for length in (0, 1, 40, 0xFFFF, 0xFFFFFFFF):
        path.write_bytes(content[:140] + length.to_bytes(4, "little") + content[144:])
        assert read_header(path).Rows == 4
        assert transfer_syntax_of(path) == "1.2.840.10008.1.2.1"
