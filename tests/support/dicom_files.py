"""Small DICOM files made on the spot, whole or broken on purpose."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

STUDY, SERIES, INSTANCE = "1.2.3.1", "1.2.3.2", "1.2.3.3"


def image_dataset(stored: np.ndarray, **attributes: Any) -> Dataset:  # type: ignore[type-arg]
    """A Secondary Capture holding `stored`: (rows, columns) or (rows, columns, 3); `attributes` overrides."""
    dataset = Dataset()
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID = INSTANCE, STUDY, SERIES
    dataset.Modality = "OT"
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "42"
    bits = stored.dtype.itemsize * 8
    dataset.Rows, dataset.Columns = stored.shape[:2]
    dataset.SamplesPerPixel = 3 if stored.ndim == 3 else 1
    dataset.PhotometricInterpretation = "RGB" if stored.ndim == 3 else "MONOCHROME2"
    if stored.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    data = stored.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def write(path: Path, dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> Path:
    """As a Part 10 file."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", SecondaryCaptureImageStorage)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", INSTANCE)
    dataset.file_meta = meta
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # broken on purpose
        little, implicit = syntax != ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
        if "PixelData" in dataset:
            dataset["PixelData"].VR = "OB" if dataset.get("BitsAllocated", 8) <= 8 else "OW"
        # By hand, since `save_as` refuses the transfer syntaxes that pydicom does not know yet.
        buffer = DicomBytesIO(b"\0" * 128 + b"DICM")
        buffer.seek(0, 2)
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        write_file_meta_info(buffer, meta, enforce_standard=True)
        buffer.is_little_endian, buffer.is_implicit_VR = little, implicit
        write_dataset(buffer, dataset)
    path.write_bytes(buffer.getvalue())
    return path


def write_encapsulated(path: Path, dataset: Dataset, syntax: str, frames: list[bytes], offsets: bool = True) -> Path:
    """With `frames` as encapsulated pixel data."""
    dataset.PixelData = encapsulate(frames, has_bot=offsets)
    dataset["PixelData"].is_undefined_length = True
    return write(path, dataset, syntax)


def element(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """One explicit little endian element, with a lying `length` if wanted."""
    size = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT", b"OF", b"UC"):
        return head + struct.pack("<HL", 0, size) + value
    return head + struct.pack("<H", size) + value


def part10(body: bytes, syntax: bytes = b"1.2.840.10008.1.2.1\0") -> bytes:
    """A Part 10 file around an encoded data set."""
    meta = element(0x00020010, b"UI", syntax)
    return b"\0" * 128 + b"DICM" + element(0x00020000, b"UL", struct.pack("<L", len(meta))) + meta + body


def nested(levels: int, undefined: bool) -> bytes:
    """A file whose sequences are nested `levels` deep, by undefined or by explicit lengths."""
    body = element(0x00081150, b"UI", b"1.2\0")
    for _ in range(levels):
        if undefined:
            item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + body + b"\xfe\xff\x0d\xe0\0\0\0\0"
            body = element(0x00081140, b"SQ", item + b"\xfe\xff\xdd\xe0\0\0\0\0", 0xFFFFFFFF)
        else:
            body = element(0x00081140, b"SQ", b"\xfe\xff\x00\xe0" + struct.pack("<L", len(body)) + body)
    return part10(element(0x00080060, b"CS", b"OT") + body)
