"""Small valid instances made to measure, and how to put them into an archive."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from workstation.dicom.summarise import summarise
from workstation.services.ports import Archive, StoreOutcome

CT = "1.2.840.10008.5.1.4.1.1.2"
ROOT = "1.2.826.0.1.3680043.10.1"
_numbers = itertools.count(1)


def a_dataset(*, size: int = 8, **values: Any) -> Dataset:
    """A CT image of `size` x `size`; every call another instance unless told otherwise."""
    number = next(_numbers)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CT
    dataset.SOPInstanceUID = f"{ROOT}.9.{number}"
    dataset.StudyInstanceUID = f"{ROOT}.1"
    dataset.SeriesInstanceUID = f"{ROOT}.1.1"
    dataset.PatientName = "Quux^Alice"
    dataset.PatientID = "Q1"
    dataset.PatientBirthDate = "19700101"
    dataset.PatientSex = "F"
    dataset.StudyDate = "20240102"
    dataset.StudyTime = "101500"
    dataset.Modality = "CT"
    dataset.SeriesNumber = 1
    dataset.InstanceNumber = number
    dataset.Rows = dataset.Columns = size
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = bytes(size * size * 2)
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def write(dataset: Dataset, path: Path, *, implicit: bool = False, version: str = "TEST_1") -> Path:
    """`dataset` as a Part 10 file at `path`."""
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CT)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", f"{ROOT}.9.9.9")
    dataset.file_meta.ImplementationVersionName = version
    dataset.save_as(path, implicit_vr=implicit, little_endian=True, enforce_file_format=True)
    return path


def put(archive: Archive, dataset: Dataset | None = None, **how: Any) -> StoreOutcome:
    """Store `dataset` the way a receiver does."""
    path = write(dataset or a_dataset(), archive.new_incoming(), **how)
    return archive.add(path, summarise(path))
