"""Frames read straight into arrays are those that the decoder gives, neighbours in one block of memory."""

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
from workstation.dicom.plain_frames import FrameMemory, plain_frame

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
    memory = FrameMemory()
    for row in manifest():
        if not row["path"].startswith(f"{folder}/") or row["transfer_syntax_uid"] not in NATIVE:
            continue
        path = require_testdata() / row["path"]
        plain = plain_frame(path, 0, memory)
        if plain is None:
            continue
        with ImageFile(path) as image:
            assert equal(plain, image.frame(0)), row["path"]
            last = image.frame_count - 1
            assert equal(plain_frame(path, last, memory), image.frame(last)), row["path"]


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


def test_neighbours_lie_in_one_block_and_do_not_touch(tmp_path: Path) -> None:
    memory = FrameMemory()
    values = [np.full((5, 5), number, np.uint16) for number in range(4)]
    frames = [plain_frame(*small(tmp_path / f"{n}.dcm", value), memory) for n, value in enumerate(values)]
    assert all(frame is not None and equal(frame.stored, value) for frame, value in zip(frames, values, strict=True))
    assert len({id(frame.stored.base) for frame in frames if frame is not None}) == 1


def test_a_block_that_is_full_is_followed_by_another_and_a_large_frame_has_its_own() -> None:
    memory = FrameMemory()
    arrays = [memory.array((1000, 1000), np.dtype(np.uint16)) for _ in range(9)]
    assert len({id(array.base) for array in arrays}) == 2
    assert memory.array((4000, 3000), np.dtype(np.int16)).base is None


def test_threads_get_memory_of_their_own() -> None:
    memory = FrameMemory()
    found: list[np.ndarray[Any, Any]] = []

    def work(number: int) -> None:
        for _ in range(200):
            array = memory.array((7, 9), np.dtype(np.uint8))
            array[...] = number
            found.append(array)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((array == array[0, 0]).all() for array in found)
    assert sorted(int(array[0, 0]) for array in found) == sorted(list(range(4)) * 200)
