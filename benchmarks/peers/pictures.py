"""What every viewer is given: series of noise with a place in space, and a mammogram's size with calcifications."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import support
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CALCIFICATIONS = 400
MARK, INSET = 96, 200  # the squares from which the place on the screen is found: side, distance from the edges
TISSUE, _BRIGHT = 1000, 4000
_BAND, _BAND_WIDTH = 330, 340
_MAMMOGRAM = (4096, 3328)


@dataclass(frozen=True)
class Mammogram:
    """A folder with one image; where its calcifications of 2 x 2 pixels lie, as column and row of their middle."""

    folder: Path
    shape: tuple[int, int]
    places: NDArray[np.float64]


def write_series(folder: Path, count: int, rows: int, columns: int) -> Path:
    """`count` images of 12-bit noise, no two alike, named in their order in space."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(7).integers(0, 4096, (rows, columns), np.uint16)
    dataset = _dataset(rows, columns)
    for number in range(1, count + 1):
        _write(dataset, folder, number, np.roll(noise, (31 * number, 17 * number), (0, 1)))
    return folder


def write_mammogram(folder: Path) -> Mammogram:
    """An even ground, a bright square in each corner, calcifications over the middle, beside them bands of noise."""
    folder.mkdir(parents=True)
    rows, columns = _MAMMOGRAM
    pixels = np.full(_MAMMOGRAM, TISSUE, np.uint16)
    random = np.random.default_rng(11)
    for column in (_BAND, columns - _BAND - _BAND_WIDTH):
        pixels[:, column : column + _BAND_WIDTH] = random.integers(0, 4096, (rows, _BAND_WIDTH))
    for row in (INSET, rows - INSET - MARK):
        for column in (INSET, columns - INSET - MARK):
            pixels[row : row + MARK, column : column + MARK] = _BRIGHT
    side = int(CALCIFICATIONS**0.5)
    cells = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)
    room = np.array([(columns - 1400) / side, (rows - 1400) / side])
    corners = (700 + (cells + random.uniform(0.2, 0.8, cells.shape)) * room).astype(int)
    for column, row in corners:
        pixels[row : row + 2, column : column + 2] = _BRIGHT
    _write(_dataset(rows, columns), folder, 1, pixels)
    return Mammogram(folder, _MAMMOGRAM, corners + 1.0)


def _dataset(rows: int, columns: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, support.CT_IMAGE_STORAGE
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    values: dict[str, object] = {
        "SOPClassUID": support.CT_IMAGE_STORAGE,
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "FrameOfReferenceUID": generate_uid(),
        "PatientName": "Bench^Mark",
        "PatientID": "BENCH1",
        "PatientBirthDate": "19700101",
        "PatientSex": "O",
        "Modality": "CT",
        "StudyDate": "20260101",
        "StudyTime": "120000",
        "StudyID": "1",
        "AccessionNumber": "A1",
        "ReferringPhysicianName": "",
        "SeriesNumber": 1,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [0.75, 0.75],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "RescaleSlope": 1,
        "RescaleIntercept": 0,
        "WindowCenter": 2048,
        "WindowWidth": 4096,
    }
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def _write(dataset: FileDataset, folder: Path, number: int, pixels: NDArray[np.uint16]) -> None:
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.InstanceNumber = number
    dataset.ImagePositionPatient = [-200.0, -200.0, number * 0.75]
    dataset.PixelData = pixels.tobytes()
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    (folder / f"{number:05d}.dcm").write_bytes(buffer.getvalue())
