"""RLE Lossless (PS3.5 annex G)."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable

import numpy as np

from workstation.dicom.codecs.decoded import CUT_OFF, IMAGECODECS, CodecPackage, Decoded
from workstation.dicom.codecs.native import unpack_bits
from workstation.dicom.pixel_format import PixelFormat

_RLE = CodecPackage("rle.rle")  # pylibjpeg-rle


def rle_imagecodecs(data: bytes, layout: PixelFormat) -> Decoded:
    return _segments(data, layout, lambda part: bytes(IMAGECODECS.packbits_decode(part)))


def rle_pylibjpeg(data: bytes, layout: PixelFormat) -> Decoded:
    return _segments(data, layout, lambda part: bytes(_RLE.decode_segment(part)))


def rle_python(data: bytes, layout: PixelFormat) -> Decoded:
    """Slow, and gives what is there of a segment that is cut."""
    return _segments(data, layout, unpack_rle)


def _segments(data: bytes, layout: PixelFormat, unpack: Callable[[bytes], bytes]) -> Decoded:
    """Byte planes, most significant first, sample by sample (PS3.5 G.2)."""
    if layout.frame_bytes > 64 * len(data):  # two bytes of RLE make 128 at most (PS3.5 G.3.1)
        raise ValueError("the frame is shorter than its rows and columns need")
    header = struct.unpack("<16L", data[:64].ljust(64, b"\0"))
    count, offsets = header[0], header[1:]
    bytes_per_sample = max(1, layout.bits_allocated // 8)
    width = 4 if bytes_per_sample == 3 else bytes_per_sample
    if count != bytes_per_sample * layout.samples:
        raise ValueError(f"{count} segments")
    bounds = [*offsets[:count], len(data)]
    plane_size = (layout.rows * layout.columns + 7) // 8 if layout.bits_allocated == 1 else layout.rows * layout.columns
    planes, short = [], False
    for first, end in itertools.pairwise(bounds):
        unpacked = unpack(data[first:end])
        short = short or len(unpacked) < plane_size
        planes.append(np.frombuffer(unpacked[:plane_size].ljust(plane_size, b"\0"), np.uint8))
    problem = CUT_OFF if short else ""
    if layout.bits_allocated == 1:
        return Decoded(unpack_bits(planes[0], layout), incomplete=problem)
    shape = (layout.rows, layout.columns, layout.samples, width)
    interleaved = np.zeros(shape, np.uint8)
    for index, plane in enumerate(planes):
        sample, byte = divmod(index, bytes_per_sample)
        interleaved[:, :, sample, bytes_per_sample - 1 - byte] = plane.reshape(layout.rows, layout.columns)
    samples = interleaved.reshape(-1).view(f"<u{width}").reshape(shape[:3])
    samples = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    return Decoded(samples[:, :, 0] if layout.samples == 1 else samples, incomplete=problem)


def unpack_rle(segment: bytes) -> bytes:
    """One RLE segment (PS3.5 G.3.2), as far as it goes."""
    output = bytearray()
    position = 0
    while position + 1 < len(segment):
        control = segment[position]
        if control < 128:
            output += segment[position + 1 : position + 2 + control]
            position += 2 + control
        elif control > 128:
            output += segment[position + 1 : position + 2] * (257 - control)
            position += 2
        else:
            position += 1
    return bytes(output)
