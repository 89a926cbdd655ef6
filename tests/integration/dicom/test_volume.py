"""Frames read straight into arrays are those that the decoder gives, and a series fits into one array."""

from __future__ import annotations

import threading
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.dicom_files import image_dataset, write
from tests.support.testdata import manifest, require_testdata
from workstation.dicom.decode import ImageFile
from workstation.dicom.decode_pool import DecodePool
from workstation.dicom.plain_frames import plain_frame
from workstation.dicom.volume import volume_of
from workstation.imaging.frame import Frame

NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
FOLDERS = sorted({row["path"].split("/")[0] for row in manifest() if row["transfer_syntax_uid"] in NATIVE})
EVERYTHING = 1 << 32


def equal(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    if is_dataclass(first) and type(first) is type(second):
        return all(equal(getattr(first, each.name), getattr(second, each.name)) for each in fields(first))
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(equal, first, second))
    return bool(first == second)


def slices(folder: str) -> list[tuple[Path, int]]:
    return [(path, 0) for path in sorted((require_testdata() / "volumes" / folder).iterdir()) if path.is_file()]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_plain_frame_is_what_the_decoder_gives(folder: str) -> None:
    for row in manifest():
        if not row["path"].startswith(f"{folder}/") or row["transfer_syntax_uid"] not in NATIVE:
            continue
        path = require_testdata() / row["path"]
        plain = plain_frame(path)
        if plain is None:
            continue
        with ImageFile(path) as image:
            assert equal(plain, image.frame(0)), row["path"]
            last = image.frame_count - 1
            assert equal(plain_frame(path, last), image.frame(last)), row["path"]


@pytest.mark.parametrize("folder", ["ct_head_slicer_93", "mr_t1_sag_hfs_35"])
def test_a_volume_holds_each_slice_of_a_series(folder: str) -> None:
    places = slices(folder)
    volume = volume_of(places, EVERYTHING)
    assert volume is not None
    assert volume.frame(0) is None
    volume.fill()
    assert volume.loaded == len(places)
    for index in (0, len(places) // 2, len(places) - 1):
        frame = volume.frame(index)
        with ImageFile(places[index][0]) as image:
            assert equal(frame, image.frame(0))
        assert frame is not None and np.shares_memory(frame.stored, volume.array)


def test_slices_come_in_the_order_that_is_asked_for_until_cancelled() -> None:
    places = slices("mr_t1_sag_hfs_35")
    volume = volume_of(places, EVERYTHING)
    assert volume is not None

    class Cancelled:
        @property
        def cancelled(self) -> bool:
            return volume.loaded >= 3

    volume.fill([7, 8, 6, *range(len(places))], Cancelled(), threads=1)
    assert [index for index in range(len(places)) if volume.frame(index) is not None] == [6, 7, 8]


def test_a_series_beyond_the_limit_gets_no_volume() -> None:
    places = slices("mr_t1_sag_hfs_35")
    volume = volume_of(places, EVERYTHING)
    assert volume is not None
    assert volume_of(places, volume.nbytes) is not None
    assert volume_of(places, volume.nbytes - 1) is None
    assert volume_of([], EVERYTHING) is None


def test_compressed_frames_are_decoded_into_the_same_array() -> None:
    path = require_testdata() / "multiframe" / "emri_small_jpeg_2k_lossless.dcm"
    if not path.exists():
        path = next(
            require_testdata() / row["path"]
            for row in manifest()
            if row["transfer_syntax_uid"] not in NATIVE and row["expected"] == "loads" and row["frames"] in ("2", "10")
        )
    with DecodePool() as pool, ImageFile(path) as image:
        places = [(path, index) for index in range(image.frame_count)]
        volume = volume_of(places, EVERYTHING, pool)
        assert volume is not None
        volume.fill()
        assert volume.loaded == len(places)
        last = volume.frame(len(places) - 1)
        assert last is not None
        assert np.array_equal(last.stored, image.frame(len(places) - 1).stored)


def small(path: Path, values: np.ndarray[Any, Any], **attributes: Any) -> tuple[Path, int]:
    return write(path, image_dataset(values, **attributes)), 0


def test_a_frame_of_another_kind_or_cut_off_is_left_to_the_pool(tmp_path: Path) -> None:
    grey = np.arange(64, dtype=np.uint16).reshape(8, 8)
    places = [
        small(tmp_path / "a.dcm", grey),
        small(tmp_path / "wide.dcm", grey.reshape(4, 16)),
        small(tmp_path / "signed.dcm", grey.astype(np.int16)),
        small(tmp_path / "cut.dcm", grey),
        (tmp_path / "absent.dcm", 0),
    ]
    places[3][0].write_bytes(places[3][0].read_bytes()[:-16])
    volume = volume_of(places, EVERYTHING)
    assert volume is not None
    volume.fill()
    assert [volume.frame(index) is not None for index in range(5)] == [True, False, False, False, False]


@pytest.mark.parametrize("signed", [False, True])
def test_bits_beyond_bits_stored_are_cleared_or_the_sign(tmp_path: Path, signed: bool) -> None:
    values = np.array([[0, 1, 0x0FFF, 0xF123], [0x0800, 0x07FF, 0x8000, 0xFFFF]], np.uint16)
    place = small(tmp_path / "a.dcm", values.view(np.int16) if signed else values, BitsStored=12, HighBit=11)
    plain = plain_frame(place[0])
    with ImageFile(place[0]) as image:
        assert plain is not None
        assert equal(plain, image.frame(0))


def test_two_threads_that_want_the_same_frame_both_get_it() -> None:
    places = slices("mr_t1_sag_hfs_35")
    volume = volume_of(places, EVERYTHING)
    assert volume is not None
    found: list[Frame | None] = []
    threads = [threading.Thread(target=lambda: found.append(volume.load(5))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    with ImageFile(places[5][0]) as image:
        assert all(equal(each, image.frame(0)) for each in found)
