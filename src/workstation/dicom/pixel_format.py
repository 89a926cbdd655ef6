"""How the pixel data is laid out (PS3.3 C.7.6.3, PS3.5 chapter 8), checked before anything is allocated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from workstation.dicom import elements
from workstation.dicom.read import OpenedFile, PixelElement
from workstation.domain.errors import DamagedFile, NoPixelData, UnsupportedObject

FRAME_LIMIT = 1 << 30  # bytes of one decoded frame
FLOAT_PIXEL_DATA = 0x7FE00008
DOUBLE_FLOAT_PIXEL_DATA = 0x7FE00009


@dataclass(frozen=True, slots=True)
class PixelFormat:
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar: bool
    photometric: str
    frames: int
    transfer_syntax: str
    little_endian: bool
    kind: str  # "i" integer, "f" float
    swapped_words: bool = False  # bytes of OW in big endian stand the wrong way round (PS3.5 8.1.2)

    @property
    def is_subsampled(self) -> bool:
        """Two pixels share one chroma pair (PS3.3 C.7.6.3.1.2), in native data."""
        return self.samples == 3 and self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422")

    @property
    def frame_bits(self) -> int:
        """Size of one uncompressed frame in bits: 1-bit frames need not end on a byte."""
        samples = 2 if self.is_subsampled else self.samples
        return self.rows * self.columns * samples * self.bits_allocated

    @property
    def frame_bytes(self) -> int:
        return (self.frame_bits + 7) // 8

    @property
    def is_packed(self) -> bool:
        """Whether samples do not fill whole 8, 16, 32 or 64 bits: 1 bit, 24 bits, the 12 bits of ACR-NEMA files."""
        return self.bits_allocated not in (8, 16, 32, 64)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of one allocated sample as it is read; not for packed ones."""
        kind = "f" if self.kind == "f" else "i" if self.signed else "u"
        size = max(1, -(-self.bits_allocated // 8))
        little = self.little_endian or self.swapped_words
        return np.dtype(f"{'<' if little else '>'}{kind}{size}")


def pixel_format(opened: OpenedFile) -> PixelFormat:
    """Raises NoPixelData, UnsupportedObject, DamagedFile."""
    dataset, pixels = opened.dataset, opened.pixels
    if pixels is None or pixels.length == 0:
        raise NoPixelData(reason="no pixel data element" if pixels is None else "the pixel data element is empty")
    rows, columns = _dimension(dataset, "Rows"), _dimension(dataset, "Columns")
    allocated = _bits_allocated(dataset, pixels)
    stored = elements.integer(dataset, "BitsStored") or allocated
    stored = stored if 0 < stored <= allocated else allocated
    high = elements.integer(dataset, "HighBit")
    found = PixelFormat(
        rows=rows,
        columns=columns,
        samples=elements.integer(dataset, "SamplesPerPixel") or 1,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high if high is not None and stored - 1 <= high < allocated else stored - 1,
        signed=elements.integer(dataset, "PixelRepresentation") == 1,
        planar=elements.integer(dataset, "PlanarConfiguration") == 1,
        photometric=elements.first_text(dataset, "PhotometricInterpretation").upper() or "MONOCHROME2",
        frames=max(1, elements.integer(dataset, "NumberOfFrames") or 1),
        transfer_syntax=transfer_syntax(opened),
        little_endian=opened.little_endian,
        kind="i" if pixels.tag not in (FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA) else "f",
        swapped_words=not opened.little_endian and pixels.vr == "OW" and allocated not in (16, 64),
    )
    if found.samples not in (1, 3):
        raise UnsupportedObject(reason=f"{found.samples} samples per pixel")
    if found.frame_bytes > FRAME_LIMIT:
        raise UnsupportedObject(reason=f"frames of {rows} x {columns} pixels are beyond the limit")
    return found


def transfer_syntax(opened: OpenedFile) -> str:
    """The transfer syntax as declared, or as the data turned out to be where it is missing."""
    declared = elements.first_text(opened.dataset.file_meta, "TransferSyntaxUID")
    if declared:
        return declared
    implicit, little = opened.dataset.original_encoding
    return "1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"


def _dimension(dataset: Dataset, keyword: str) -> int:
    value = elements.integer(dataset, keyword)
    if value is None or not 0 < value <= 0xFFFF:
        raise NoPixelData(reason=f"{keyword} is {'missing' if value is None else value}")
    return value


def _bits_allocated(dataset: Dataset, pixels: PixelElement) -> int:
    if pixels.tag == FLOAT_PIXEL_DATA:
        return 32
    if pixels.tag == DOUBLE_FLOAT_PIXEL_DATA:
        return 64
    bits = elements.integer(dataset, "BitsAllocated")
    if bits is None:
        raise DamagedFile(reason="BitsAllocated is missing")
    if not (0 < bits <= 32 or bits == 64):  # others than 1 and multiples of 8: packed, of ACR-NEMA and retired
        raise UnsupportedObject(reason=f"{bits} bits allocated")
    return bits
