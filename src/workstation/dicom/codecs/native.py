"""Uncompressed samples (PS3.5 8.1.1, PS3.3 C.7.6.3.1.2) and deflated ones (PS3.5 A.4.13)."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workstation.dicom.codecs.decoded import CUT_OFF, Decoded, Samples
from workstation.dicom.pixel_format import PixelFormat

_UNPACKED_AT_ONCE = 1 << 20  # samples; each of their bits takes a byte meanwhile


def native_samples(data: bytes, layout: PixelFormat) -> Decoded:
    """One uncompressed frame that starts at a byte; what is missing at its end reads as zero."""
    missing = layout.frame_bytes - len(data)
    problem = ""
    if missing > 0:
        problem = f"{missing} of {layout.frame_bytes} bytes of the frame are missing"
        data = data.ljust(layout.frame_bytes, b"\0")
    if layout.is_packed:
        return Decoded(unpack_bits(np.frombuffer(data, np.uint8), layout), incomplete=problem)
    flat = np.frombuffer(data, layout.dtype, count=layout.frame_bytes // layout.dtype.itemsize)
    if layout.swapped_words and layout.bits_allocated == 32:
        flat = _halves_in_order(flat)
    if layout.is_subsampled:
        return Decoded(_upsample_422(flat, layout), incomplete=problem)
    if layout.samples == 1:
        return Decoded(flat.reshape(layout.rows, layout.columns), incomplete=problem)
    if layout.planar:
        planes = flat.reshape(layout.samples, layout.rows, layout.columns)
        return Decoded(np.moveaxis(planes, 0, -1), incomplete=problem)
    return Decoded(flat.reshape(layout.rows, layout.columns, layout.samples), incomplete=problem)


def _halves_in_order(flat: Samples) -> Samples:
    """32 bits in OW of big endian: two words of which the lower comes first (PS3.5 8.1.1), so DCMTK and GDCM have it.

    Others swap the four bytes as a whole. Of a picture that reads smooth in one way the other makes noise.
    """
    exchanged: Samples = flat.view(np.uint16).reshape(-1, 2)[:, ::-1].reshape(-1).view(flat.dtype)
    return exchanged if 2 * _roughness(exchanged) < _roughness(flat) else flat


def _roughness(flat: Samples) -> float:
    return float(np.abs(np.diff(flat.astype(np.float64))).sum())


def unpack_bits(packed: NDArray[np.uint8], layout: PixelFormat, skip: int = 0) -> Samples:
    """Packed samples, the first in the least significant bits (PS3.5 8.1.1, annex D of the 2009 edition).

    `skip` bits belong to the frame before.
    """
    count = layout.rows * layout.columns * layout.samples
    width = layout.bits_allocated
    shape = (layout.rows, layout.columns) if layout.samples == 1 else (layout.rows, layout.columns, -1)
    if width == 1:
        return np.unpackbits(packed, bitorder="little", count=skip + count)[skip:].reshape(shape)
    size = 1 if width <= 8 else 2 if width <= 16 else 4
    found = np.zeros(count, f"<u{size}")
    octets = found.view(np.uint8).reshape(count, size)
    for first in range(0, count, _UNPACKED_AT_ONCE):
        part = packed[first * width // 8 :]  # `first` samples fill whole bytes
        wanted = min(_UNPACKED_AT_ONCE, count - first) * width
        bits = np.unpackbits(part, bitorder="little", count=skip + wanted)[skip:]
        unpacked = np.packbits(bits.reshape(-1, width), axis=1, bitorder="little")
        octets[first : first + unpacked.shape[0], : unpacked.shape[1]] = unpacked
    return found.astype(found.dtype.newbyteorder("="), copy=False).reshape(shape)


def _upsample_422(flat: Samples, layout: PixelFormat) -> Samples:
    """Y1 Y2 Cb Cr per two pixels to one triple each; what an odd count lacks is made up."""
    count = layout.rows * layout.columns
    pairs = np.pad(flat, (0, -flat.size % 4), mode="edge").reshape(-1, 4)
    full = np.empty((pairs.shape[0], 2, 3), flat.dtype)
    full[:, :, 0] = pairs[:, :2]
    full[:, :, 1:] = pairs[:, None, 2:]
    return full.reshape(-1, 3)[:count].reshape(layout.rows, layout.columns, 3)


def deflated(data: bytes, layout: PixelFormat) -> Decoded:
    """Never inflates more than the frame holds."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(data, layout.frame_bytes + 1)
    if not inflated:
        raise ValueError("nothing inflates")
    decoded = native_samples(inflated, layout)
    return replace(decoded, incomplete=CUT_OFF) if decoded.incomplete else decoded
