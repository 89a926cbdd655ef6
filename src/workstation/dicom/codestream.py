"""What a codestream's own header says, where that decides how its samples are meant."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_TILE_PART = b"\xff\x90\x00\x0a"  # SOT with its length


@dataclass(frozen=True, slots=True)
class Jpeg2000Header:
    """From SIZ and COD of ISO/IEC 15444-1 annex A."""

    rows: int
    columns: int
    precision: int
    signed: bool
    component_transform: bool
    levels: int  # of decomposition: how often the size can be halved


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """From the frame header (SOF) of ISO/IEC 10918-1 B.2.2 or 14495-1 C.2.2."""

    process: int  # the marker's second byte
    precision: int
    rows: int
    columns: int
    components: int


def jpeg2000_header(data: bytes) -> Jpeg2000Header | None:
    """The header of a bare codestream or of the one inside a JP2 file, None when there is none."""
    start = data.find(b"\xff\x4f\xff\x51")
    siz = data[start + 4 : start + 60] if start >= 0 else b""
    if len(siz) < 40:
        return None
    columns, rows, left, top = struct.unpack(">4L", siz[4:20])
    depth = siz[38]
    cod = data.find(b"\xff\x52", start)
    transform = cod >= 0 and len(data) > cod + 8 and data[cod + 8] != 0
    levels = data[cod + 9] if cod >= 0 and len(data) > cod + 9 else 0
    precision, signed = (depth & 0x7F) + 1, bool(depth & 0x80)
    return Jpeg2000Header(rows - top, columns - left, precision, signed, transform, min(levels, 32))


def repaired_jpeg2000(data: bytes, rows: int, columns: int) -> bytes | None:
    """The codestream with its overwritten image size restored, if its one tile is as large as the frame.

    Some writers strike out what looks like a delimiter in the middle of SIZ (ISO/IEC 15444-1 A.5.1).
    """
    start = data.find(b"\xff\x4f\xff\x51")
    siz = data[start + 4 : start + 40] if start >= 0 else b""
    if len(siz) < 36 or struct.unpack(">6L", siz[12:36]) != (0, 0, columns, rows, 0, 0):
        return None
    return data[: start + 6] + struct.pack(">HLL", 0, columns, rows) + data[start + 16 :]


def jpeg2000_shortfall(data: bytes) -> int:
    """How many bytes the last tile-part states (Psot, ISO/IEC 15444-1 A.4.2) beyond the end of the data."""
    start = data.find(b"\xff\x4f\xff\x51")
    position = data.find(_TILE_PART, start) if start >= 0 else -1
    while position >= 0 and position + 10 <= len(data) and data[position : position + 4] == _TILE_PART:
        (length,) = struct.unpack(">L", data[position + 6 : position + 10])
        if length < 14:  # 0: runs to the end
            return 0
        position += length
    return max(0, position - len(data))


def jpeg_frame(data: bytes) -> JpegFrame | None:
    """The frame header of a JPEG or JPEG-LS codestream, None when there is none."""
    for marker, offset, length in jpeg_segments(data):
        if _is_frame_header(marker) and length >= 6 and offset + 6 <= len(data):
            return JpegFrame(marker, *struct.unpack(">BHHB", data[offset : offset + 6]))
    return None


def scan_components(data: bytes) -> int:
    """How many components the first scan holds (Ns of SOS): all of them when they are interleaved."""
    segments = jpeg_segments(data)
    end = segments[-1][1] + segments[-1][2] if segments else 2
    return data[end + 4] if data[end : end + 2] == b"\xff\xda" and len(data) > end + 4 else 0


def _is_frame_header(marker: int) -> bool:
    return (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)) or marker == 0xF7


def dimensions(data: bytes) -> tuple[int, int] | None:
    """Rows and columns as a JPEG, JPEG-LS or JPEG 2000 header states them, None where there is none."""
    header = jpeg2000_header(data[:4096]) if b"\xff\x4f\xff\x51" in data[:4096] else None
    if header is not None:
        return header.rows, header.columns
    frame = jpeg_frame(data)
    return (frame.rows, frame.columns) if frame is not None else None


def has_start(data: bytes) -> bool:
    """Whether this begins like a JPEG, JPEG-LS or JPEG 2000 codestream."""
    return data[:3] == b"\xff\xd8\xff" or data[:4] == b"\xff\x4f\xff\x51" or data[4:8] == b"jP  "


def has_end(data: bytes) -> bool:
    """Whether a codestream that must end in EOI or EOC (padding, boxes aside) does; True for other formats."""
    return not has_start(data) or b"\xff\xd9" in data[-256:]


def closed_jpeg2000(data: bytes) -> bytes:
    """A cut codestream with its last tile-part running to the end (Psot 0) and an EOC (ISO/IEC 15444-1 A.4.2)."""
    start = data.rfind(_TILE_PART)
    if start < 0 or start + 10 > len(data):
        return data
    return data[: start + 6] + b"\0\0\0\0" + data[start + 10 :] + b"\xff\xd9"


def adobe_transform(data: bytes) -> int | None:
    """The colour transform of a JPEG's Adobe APP14 marker: 0 none, 1 YCbCr; None where there is no marker."""
    for marker, offset, length in jpeg_segments(data):
        if marker == 0xEE and length >= 12 and data[offset : offset + 5] == b"Adobe":
            return data[offset + 11]
    return None


def has_subsampled_colour(data: bytes) -> bool:
    """Whether the second and third component of a JPEG are coarser than the first: only YCbCr is written so."""
    for marker, offset, length in jpeg_segments(data):
        if 0xC0 <= marker <= 0xC3 and length >= 15 and data[offset + 5] == 3:
            first, second, third = (data[offset + 7 + 3 * index] for index in range(3))
            return second == third and (first >> 4 > second >> 4 or first & 15 > second & 15)
    return False


def jpeg_segments(data: bytes) -> list[tuple[int, int, int]]:
    """(marker, offset of the payload, its length) of the segments before the first scan."""
    found = []
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])
        if marker == 0xDA or length < 2 or position + 2 + length > len(data):
            break
        found.append((marker, position + 4, length - 2))
        position += 2 + length
    return found
