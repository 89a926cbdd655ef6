"""One foreign file, copied into Part 10 form (PS3.10 chapter 7) and judged; the original is only read."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from workstation.dicom import elements
from workstation.dicom.header_scan import NeedsFullHeader, PixelElement, scan_header
from workstation.dicom.quiet import quiet
from workstation.dicom.read import BoundedReader, OpenedFile, looks_like_dicom, open_file
from workstation.dicom.summarise import summary_of
from workstation.domain.errors import InputError, NotDicom, UnsupportedObject
from workstation.domain.study import InstanceSummary
from workstation.services.file_walk import unreadable

if TYPE_CHECKING:
    from workstation.dicom.elements import Header

_CHUNK = 1024 * 1024
_ITEM = b"\xfe\xff\x00\xe0"
_SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0"


class IsDirectory(NotDicom):
    """A DICOMDIR: it lists instances and is none (PS3.3 annex F)."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What a copied file is. `damage` says in words what is missing of it, empty when it is whole."""

    summary: InstanceSummary
    size_bytes: int
    damage: str = ""


def take_copy(source: Path, target: Path, proceed: Callable[[int], None]) -> Intake:
    """Copy `source` to `target`, wrapped when it has no file meta information, calling `proceed` per chunk.

    Raises NotDicom, IsDirectory, DamagedFile, UnsupportedObject for what `source` is, OSError for `target`.
    """
    try:
        reading, head = _open(source)
        with reading, target.open("xb") as writing:
            writing.write(head)
            _copy(source, reading, writing, proceed)
        return _judge(target)
    except InputError as error:
        raise type(error)(**(error.details | {"path": str(source)})) from error


def _judge(path: Path) -> Intake:
    scan = scan_header(path)
    if scan is not None:
        with suppress(NeedsFullHeader), path.open("rb") as stream:
            return _judged(path, scan, _pixel_damage(scan.pixels, stream, scan.size))
    with open_file(path) as opened:
        damage = opened.incomplete or _pixel_damage(opened.pixels, opened.stream, opened.stream.size)
        return _judged(path, opened.dataset, damage)


def _judged(path: Path, header: Header, damage: str) -> Intake:
    if _is_directory(header):
        raise IsDirectory(reason="DICOMDIR")
    return Intake(summary_of(header), path.stat().st_size, damage)


def _is_directory(header: Header) -> bool:
    sop_class = elements.first_text(header.file_meta, "MediaStorageSOPClassUID")
    sop_class = sop_class or elements.first_text(header, "SOPClassUID")
    return sop_class == MediaStorageDirectoryStorage or "DirectoryRecordSequence" in header


# --- copying -------------------------------------------------------------------------------------


def _open(source: Path) -> tuple[BinaryIO, bytes]:
    """The original at the first byte to copy, and what must stand before it."""
    reading: BinaryIO | None = None
    try:
        reading = source.open("rb")
        if not looks_like_dicom(source):
            raise NotDicom(reason="no DICOM prefix")
        return reading, _new_head(source, reading)
    except BaseException as error:
        if reading is not None:
            reading.close()
        if isinstance(error, OSError):
            raise unreadable(source, error) from error
        raise


def _copy(source: Path, reading: BinaryIO, writing: BinaryIO, proceed: Callable[[int], None]) -> None:
    while True:
        try:
            chunk = reading.read(_CHUNK)
        except OSError as error:  # a scratched disc: the original's fault, not the archive's
            raise unreadable(source, error) from error
        if not chunk:
            return
        writing.write(chunk)
        proceed(len(chunk))


# --- the head that a bare data set lacks -----------------------------------------------------------


def _new_head(source: Path, reading: BinaryIO) -> bytes:
    """Preamble and file meta information to write before what is left to read, empty for a Part 10 file."""
    head = reading.read(132)
    reading.seek(0)
    if head[128:] == b"DICM" and _declared_syntax(source):
        return b""
    with open_file(source) as opened:
        dataset = opened.dataset
        if _is_directory(dataset):
            raise IsDirectory(reason="DICOMDIR")
        syntax = elements.first_text(dataset.file_meta, "TransferSyntaxUID") or _detected_syntax(opened)
        written = _meta_for(dataset, syntax)
    reading.seek(_dataset_start(reading))
    return b"\0" * 128 + b"DICM" + written


def _declared_syntax(source: Path) -> str:
    scan = scan_header(source)
    if scan is not None:
        return scan.transfer_syntax
    with open_file(source) as opened:
        return elements.first_text(opened.dataset.file_meta, "TransferSyntaxUID")


def _detected_syntax(opened: OpenedFile) -> str:
    if opened.pixels is not None and opened.pixels.length is None:
        raise UnsupportedObject(reason="compressed pixel data without a transfer syntax")
    implicit, little = opened.dataset.original_encoding
    if implicit:
        return str(ImplicitVRLittleEndian)
    return str(ExplicitVRLittleEndian if little else ExplicitVRBigEndian)


def _meta_for(dataset: FileDataset, syntax: str) -> bytes:
    summary = summary_of(dataset)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(summary.instance.sop_class_uid)
    meta.MediaStorageSOPInstanceUID = UID(summary.instance.sop_instance_uid)
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationVersionName = "WORKSTATION"
    buffer = DicomBytesIO()
    with quiet():
        write_file_meta_info(buffer, meta, enforce_standard=True)
    return buffer.getvalue()


def _dataset_start(reading: BinaryIO) -> int:
    """Where the elements behind a preamble or a bare group 0002 begin."""
    reading.seek(0)
    position = 132 if reading.read(132)[128:] == b"DICM" else 0
    while True:
        reading.seek(position)
        header = reading.read(12)
        if len(header) < 8 or header[:2] != b"\x02\x00":
            return position
        if header[4:6] in (b"OB", b"OW", b"UN", b"UT"):
            position += 12 + int.from_bytes(header[8:12], "little")
        elif header[4:6].isalpha():
            position += 8 + int.from_bytes(header[6:8], "little")
        else:  # implicit VR, not allowed in group 0002 but written
            position += 8 + int.from_bytes(header[4:8], "little")


# --- what is missing of a file -----------------------------------------------------------------


def _pixel_damage(pixels: PixelElement | None, stream: BinaryIO | BoundedReader, size: int) -> str:
    if pixels is None:
        return ""
    if pixels.length is not None:
        missing = pixels.offset + pixels.length - size
        return f"the pixel data is cut off, {missing} bytes are missing" if missing > 0 else ""
    return "" if _fragments_end(stream, pixels.offset) else "the compressed pixel data is cut off"


def _fragments_end(stream: BinaryIO | BoundedReader, position: int) -> bool:
    """Whether the fragments that begin at `position` reach their sequence delimiter (PS3.5 A.4)."""
    while True:
        stream.seek(position, os.SEEK_SET)
        header = stream.read(8)
        if header[:4] == _SEQUENCE_DELIMITER:
            return True
        if len(header) < 8 or header[:4] != _ITEM:
            return False
        position += 8 + int.from_bytes(header[4:], "little")
