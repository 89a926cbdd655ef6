"""Every step from stored value to screen beside DCMTK's, on files made for it: each number of the LUTs counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.support.dcmtk import picture
from tests.support.dicom_files import image_dataset, write
from workstation.dicom.decode import decode_frame
from workstation.imaging.compose import compose
from workstation.imaging.frame import Frame, VoiFunction, Window
from workstation.imaging.view import View

SYNTAXES = {"explicit": ExplicitVRLittleEndian, "implicit": ImplicitVRLittleEndian, "big": ExplicitVRBigEndian}
UNSIGNED = np.arange(4096, dtype=np.uint16).reshape(64, 64)
SIGNED = (np.arange(4096) - 2048).astype(np.int16).reshape(64, 64)
BYTES = np.arange(256, dtype=np.uint8).reshape(16, 16)
WINDOWS = {"WindowCenter": [300.0, 1000.5], "WindowWidth": [200.0, 777.0]}


def lut(descriptor: list[int], data: NDArray[np.integer[Any]], vr: str = "US", **more: str) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, vr, descriptor)
    item.add_new(0x00283006, "US", [int(value) for value in data])
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


def shape(entries: int, bits: int) -> NDArray[np.uint16]:
    """Neither straight nor ascending all the way, so that no mistake in the index goes unseen."""
    inputs = np.arange(entries)
    return ((inputs * inputs // 7 + 3 * inputs) % (1 << bits)).astype(np.uint16)


def beside(
    path: Path, view: View, *options: str, plain: bool = True, tolerance: int = 1, frame_index: int = 0
) -> NDArray[np.uint8]:
    """Ours, asserted to be theirs."""
    theirs = picture(path, path.with_suffix(".pnm"), *options, "+F", str(frame_index + 1))
    assert theirs is not None
    frame = decode_frame(path, frame_index)
    if plain:
        frame = Frame(frame.stored, replace(frame.attributes, padding=None))
    ours = compose(frame, replace(view, zoom=1.0), (frame.columns, frame.rows))
    assert ours.shape == theirs.shape
    assert int(np.abs(ours.astype(np.int16) - theirs).max()) <= tolerance
    return ours


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
@pytest.mark.parametrize("stored", [UNSIGNED, SIGNED], ids=["unsigned", "signed"])
@pytest.mark.parametrize("number", [1, 2])
def test_the_windows_of_the_file_after_rescaling(
    stored: NDArray[Any], number: int, syntax: str, tmp_path: Path
) -> None:
    """Whole numbers: DCMTK cuts modality values off to such before windowing, which C.11.1.1.2 does not ask for."""
    signed = int(stored.dtype.kind == "i")
    dataset = image_dataset(stored, **WINDOWS, RescaleSlope=2.0, RescaleIntercept=-700.0, PixelRepresentation=signed)
    path = write(tmp_path / "file.dcm", dataset, syntax)
    beside(path, View(window=decode_frame(path).attributes.windows[number - 1]), "+Wi", str(number))


@pytest.mark.parametrize("width", [1.0, 1.5, 2.0, 3.0, 4095.0])
def test_windows_of_every_width(width: float, tmp_path: Path) -> None:
    path = write(tmp_path / "file.dcm", image_dataset(UNSIGNED))
    beside(path, View(window=Window(2000.0, width)), "+Ww", "2000", str(width))


def test_sigmoid(tmp_path: Path) -> None:
    path = write(tmp_path / "file.dcm", image_dataset(UNSIGNED, RescaleSlope=2.0, RescaleIntercept=-1024.0))
    beside(path, View(window=Window(2000.0, 1500.0, "", VoiFunction.SIGMOID)), "+Ww", "2000", "1500", "+Wfs")


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_both_photometric_interpretations(photometric: str, tmp_path: Path) -> None:
    dataset = image_dataset(UNSIGNED, **WINDOWS, PhotometricInterpretation=photometric)
    ours = beside(write(tmp_path / "file.dcm", dataset), View(), "+Wi", "1")
    assert ours[0, 0] == (255 if photometric == "MONOCHROME1" else 0)


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_modality_lut(bits: int, syntax: str, tmp_path: Path) -> None:
    """A VOI window follows it: its input is the LUT's output, not the stored value."""
    table = lut([2048, 512, bits], shape(2048, bits), ModalityLUTType="US")
    dataset = image_dataset(UNSIGNED, ModalityLUTSequence=Sequence([table]))
    window = Window(float(1 << (bits - 1)), float(1 << bits))
    path = write(tmp_path / "file.dcm", dataset, syntax)
    beside(path, View(window=window), "+Ww", str(window.center), str(window.width))


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_voi_lut(bits: int, syntax: str, tmp_path: Path) -> None:
    dataset = image_dataset(UNSIGNED, VOILUTSequence=Sequence([lut([1024, 700, bits], shape(1024, bits))]))
    beside(write(tmp_path / "file.dcm", dataset, syntax), View(voi_lut_index=0), "+Wl", "1")


def test_second_voi_lut(tmp_path: Path) -> None:
    tables = Sequence([lut([1024, 0, 12], shape(1024, 12)), lut([100, 50, 10], shape(100, 10))])
    beside(
        write(tmp_path / "file.dcm", image_dataset(UNSIGNED, VOILUTSequence=tables)), View(voi_lut_index=1), "+Wl", "2"
    )


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_a_lut_begins_below_zero(syntax: str, tmp_path: Path) -> None:
    """The first value mapped is signed where the stored values are (PS3.3 C.11.1.1), whatever VR it was written in."""
    table = lut([3000, -2000, 12], shape(3000, 12), vr="SS")
    dataset = image_dataset(SIGNED, PixelRepresentation=1, VOILUTSequence=Sequence([table]))
    beside(write(tmp_path / "file.dcm", dataset, syntax), View(voi_lut_index=0), "+Wl", "1")


def test_zero_entries_are_65536(tmp_path: Path) -> None:
    stored = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    table = lut([0, 0, 16], shape(65536, 16))
    item = Dataset()
    item.add_new(0x00283002, "US", [0, 0, 16])
    item.add_new(0x00283006, "OW", table[0x00283006].value and np.array(table[0x00283006].value, "<u2").tobytes())
    dataset = image_dataset(stored, VOILUTSequence=Sequence([item]), BitsStored=16, HighBit=15)
    beside(write(tmp_path / "file.dcm", dataset), View(voi_lut_index=0), "+Wl", "1")


def test_modality_lut_then_voi_lut(tmp_path: Path) -> None:
    dataset = image_dataset(
        UNSIGNED,
        ModalityLUTSequence=Sequence([lut([4096, 0, 12], shape(4096, 12), ModalityLUTType="OD")]),
        VOILUTSequence=Sequence([lut([4096, 0, 10], shape(4096, 10)[::-1])]),
    )
    beside(write(tmp_path / "file.dcm", dataset), View(voi_lut_index=0), "+Wl", "1")


# --- palettes --------------------------------------------------------------------------------------


def palette(dataset: Dataset, first: int, bits: int, tables: list[NDArray[np.uint16]]) -> Dataset:
    for channel, table in enumerate(tables):
        dataset.add_new(0x00281101 + channel, "US", [table.size % 65536, first, bits])
        packed = table.astype("<u2") if bits == 16 else table.astype(np.uint8)
        dataset.add_new(0x00281201 + channel, "OW", packed.tobytes())
    return dataset


@pytest.mark.parametrize("first", [0, 40])
@pytest.mark.parametrize("bits", [8, 16])
def test_palettes(first: int, bits: int, tmp_path: Path) -> None:
    tables = [shape(200, bits), shape(200, bits)[::-1], (shape(200, bits) // 3).astype(np.uint16)]
    dataset = palette(image_dataset(BYTES, PhotometricInterpretation="PALETTE COLOR"), first, bits, tables)
    beside(write(tmp_path / "file.dcm", dataset), View())


def test_a_palette_of_16_bit_indices(tmp_path: Path) -> None:
    tables = [shape(4096, 16), shape(4096, 16)[::-1], (shape(4096, 16) // 3).astype(np.uint16)]
    dataset = palette(image_dataset(UNSIGNED, PhotometricInterpretation="PALETTE COLOR"), 0, 16, tables)
    beside(write(tmp_path / "file.dcm", dataset), View())


# --- overlays --------------------------------------------------------------------------------------


def overlay(
    dataset: Dataset, plane: NDArray[np.bool_], origin: tuple[int, int] = (1, 1), group: int = 0x6000, **more: Any
) -> Dataset:
    """An overlay plane in its own element; `plane` may be (frames, rows, columns)."""
    dataset.add_new(group << 16 | 0x10, "US", plane.shape[-2])
    dataset.add_new(group << 16 | 0x11, "US", plane.shape[-1])
    dataset.add_new(group << 16 | 0x40, "CS", more.get("kind", "G"))
    dataset.add_new(group << 16 | 0x50, "SS", list(origin))
    dataset.add_new(group << 16 | 0x100, "US", 1)
    dataset.add_new(group << 16 | 0x102, "US", 0)
    if plane.ndim == 3:
        dataset.add_new(group << 16 | 0x15, "IS", plane.shape[0])
        dataset.add_new(group << 16 | 0x51, "US", more.get("frame_origin", 1))
    bits = np.packbits(plane.reshape(-1), bitorder="little")
    words = np.pad(bits, (0, bits.size % 2))
    if more.get("big"):  # words of OW stand the wrong way round in big endian (PS3.5 8.1.2)
        words = words.reshape(-1, 2)[:, ::-1].reshape(-1)
    dataset.add_new(group << 16 | 0x3000, "OW", words.tobytes())
    return dataset


def scattered(shape: tuple[int, ...], seed: int = 7) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random(shape) < 0.2


@pytest.mark.parametrize("name", SYNTAXES)
@pytest.mark.parametrize("origin", [(1, 1), (5, 9), (-7, -3), (60, 60)])
def test_an_overlay_at_its_origin(origin: tuple[int, int], name: str, tmp_path: Path) -> None:
    dataset = overlay(image_dataset(UNSIGNED), scattered((31, 17)), origin, big=name == "big")
    beside(
        write(tmp_path / "file.dcm", dataset, SYNTAXES[name]), View(window=Window(2048, 4096)), "+Ww", "2048", "4096"
    )


def test_several_overlays(tmp_path: Path) -> None:
    dataset = overlay(image_dataset(UNSIGNED), scattered((64, 64)))
    overlay(dataset, scattered((10, 70), 8), (3, 2), 0x601E)
    beside(write(tmp_path / "file.dcm", dataset), View(window=Window(2048, 4096)), "+Ww", "2048", "4096")


def test_an_overlay_in_unused_bits_of_the_pixels(tmp_path: Path) -> None:
    plane = scattered((64, 64))
    dataset = image_dataset(UNSIGNED | (plane.astype(np.uint16) << 13), BitsStored=12, HighBit=11)
    for element, vr, value in (
        (0x10, "US", 64),
        (0x11, "US", 64),
        (0x40, "CS", "G"),
        (0x50, "SS", [1, 1]),
        (0x100, "US", 16),
        (0x102, "US", 13),
    ):
        dataset.add_new(0x60000000 | element, vr, value)
    path = write(tmp_path / "file.dcm", dataset)
    ours = beside(path, View(window=Window(2048, 4096)), "+Ww", "2048", "4096")
    assert (ours == 255)[plane].all()
    assert decode_frame(path).stored.max() == 4095


@pytest.mark.parametrize("frame_index", range(4))
def test_frames_of_an_overlay_lie_over_frames_of_the_image(frame_index: int, tmp_path: Path) -> None:
    """Two frames of 5 x 7 bits, which do not end on a byte, from the image's second frame on."""
    stored = np.tile(UNSIGNED[None, :16, :16], (4, 1, 1))
    dataset = image_dataset(stored[0], NumberOfFrames=4)
    dataset.PixelData = stored.tobytes()
    overlay(dataset, np.ones((2, 5, 7), np.bool_), (4, 4), frame_origin=2)
    path = write(tmp_path / "file.dcm", dataset)
    view = View(window=Window(2048, 4096))
    ours = beside(path, view, "+Ww", "2048", "4096", frame_index=frame_index)
    assert int((ours == 255).sum()) == (35 if frame_index in (1, 2) else 0)
