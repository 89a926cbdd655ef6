"""What surrounds the data set in a Part 10 file: meta information, preamble, encoding, and writing it (PS3.10 7.1)."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from workstation.domain.uid import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

EMPTY_PREAMBLE = b"\0" * 128


def encoding_of(dataset: Dataset) -> tuple[bool, bool]:
    """(implicit VR, little endian) as the data set was read; explicit little endian when it was made here."""
    implicit, little = dataset.original_encoding
    return bool(implicit), little is not False


def syntax_of(dataset: Dataset) -> str:
    """The Transfer Syntax UID to write: the one it came with, unless that contradicts its encoding."""
    meta = getattr(dataset, "file_meta", None)
    declared = str(meta.get("TransferSyntaxUID", "") or "") if meta is not None else ""
    implicit, little = encoding_of(dataset)
    native = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    if not declared:
        return str(native)
    uid = UID(declared)
    if uid.is_private or not uid.is_transfer_syntax or uid.is_encapsulated or uid.is_deflated:
        return declared
    return str(native) if (uid.is_implicit_VR, uid.is_little_endian) != (implicit, little) else declared


def keeps_encoding(dataset: Dataset, syntax: str) -> bool:
    """Whether elements may be written with the bytes they were read with."""
    if dataset.original_encoding[0] is None:
        return False
    uid = UID(syntax)
    if uid.is_private or not uid.is_transfer_syntax:
        return True
    return (uid.is_implicit_VR, uid.is_little_endian) == encoding_of(dataset)


def new_meta(dataset: Dataset, syntax: str) -> FileMetaDataset:
    """File meta information of our own: nothing of the old one but the transfer syntax."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = UID(str(dataset.get("SOPClassUID", "")))
    meta.MediaStorageSOPInstanceUID = UID(str(dataset.get("SOPInstanceUID", "")))
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    return meta


def write(dataset: Dataset, path: Path) -> None:
    """Write what `apply` made as a Part 10 file; `path` must not exist."""
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    implicit, little = encoding_of(dataset)
    with path.open("xb") as file:
        if not syntax.is_transfer_syntax:  # one that is newer than pydicom's registry
            _write_unregistered(dataset, file, implicit, little)
        elif syntax.is_private:
            dcmwrite(file, dataset, implicit_vr=implicit, little_endian=little, enforce_file_format=True)
        else:
            dcmwrite(file, dataset, enforce_file_format=True)


def _write_unregistered(dataset: Dataset, file: BinaryIO, implicit: bool, little: bool) -> None:
    stream = DicomIO(file)
    stream.write(EMPTY_PREAMBLE + b"DICM")
    write_file_meta_info(stream, dataset.file_meta, enforce_standard=True)
    stream.is_implicit_VR, stream.is_little_endian = implicit, little
    write_dataset(stream, dataset)
