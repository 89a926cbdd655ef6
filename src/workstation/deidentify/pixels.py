"""What may hide in pixel data beside the picture: bits above High Bit, comments in compressed streams (PS3.5 8.1, A.4).

The picture itself stays as it is, byte for byte: nothing is decoded. Hidden content is blanked in
place, so that no length or offset changes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydicom import Dataset

_JPEG_START = b"\xff\xd8"
_JPEG2000_START = b"\xff\x4f\xff\x51"
_JPEG2000_BOXES = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_JPEGXL_BOXES = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM, RSTn: no length follows
_HARMLESS_BOXES = frozenset(
    {b"jP  ", b"JXL ", b"ftyp", b"jp2h", b"ihdr", b"colr", b"bpcc", b"pclr", b"cmap", b"cdef", b"res ", b"jp2c"}
    | {b"jxlc", b"jxlp", b"jxll", b"jxli"}
)
_REBUILD_BOX = b"jbrd"  # the metadata of a JPEG file, compressed (ISO/IEC 18181-2): cannot be blanked


def clear_unused_bits(dataset: Dataset, value: bytes, little_endian: bool) -> bytes:
    """Native Pixel Data with the bits outside Bits Stored holding nothing: zero, or the sign where it is signed.

    Retired overlays and hidden text lived there (PS3.5 8.1.1). Stored values are the same before and after.
    """
    try:
        allocated, stored = int(dataset.BitsAllocated), int(dataset.BitsStored)
        high = int(dataset.get("HighBit", stored - 1))
        signed = int(dataset.get("PixelRepresentation", 0) or 0) == 1
    except (AttributeError, TypeError, ValueError):
        return value
    if allocated not in (8, 16, 32) or not 0 < stored <= high + 1 <= allocated or stored == allocated:
        return value
    width = allocated // 8
    usable = len(value) - len(value) % width
    order = "<" if little_endian else ">"
    words = np.frombuffer(value, dtype=f"{order}u{width}", count=usable // width)
    left = allocated - 1 - high
    right = allocated - stored
    low = high + 1 - stored
    # Up to the sign, down again with it: what lay above and below Bits Stored is gone on the way.
    moved = (words.astype(f"=u{width}") << left).view(f"=i{width}" if signed else f"=u{width}")
    cleared = ((moved >> right) << low).astype(f"{order}{'i' if signed else 'u'}{width}")
    return cleared.tobytes() + value[usable:]


def blank_comments(fragment: bytes) -> tuple[bytes, int]:
    """A codestream (or a fragment of one) with comments and application data blanked, and how many there were."""
    if fragment.startswith(_JPEG_START):
        spans = list(_jpeg_spans(fragment))
    elif fragment.startswith(_JPEG2000_START):
        spans = list(_jpeg2000_spans(fragment, 2))
    elif fragment.startswith((_JPEG2000_BOXES, _JPEGXL_BOXES)):
        spans = list(_box_spans(fragment))
    else:
        return fragment, 0
    spans = [(start, end) for start, end in spans if any(fragment[start:end].strip(b"\0"))]
    if not spans:
        return fragment, 0
    blanked = bytearray(fragment)
    for start, end in spans:
        blanked[start:end] = bytes(end - start)
    return bytes(blanked), len(spans)


def has_unblankable_metadata(fragment: bytes) -> bool:
    """Whether a JPEG XL container carries the compressed metadata of the JPEG file that it was."""
    return fragment.startswith(_JPEGXL_BOXES) and any(kind == _REBUILD_BOX for kind, _, _ in _boxes(fragment))


def _jpeg_spans(data: bytes) -> Iterator[tuple[int, int]]:
    """Contents of COM and APPn segments; those that decide how to decode stay (JFIF, Adobe, HP's mrfx)."""
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            return
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _BARE_MARKERS:
            position += 2
            continue
        if marker == 0xD9:
            return
        start, end = position + 4, position + 2 + int.from_bytes(data[position + 2 : position + 4])
        if end < start or end > len(data):
            return
        if marker == 0xFE or 0xE0 <= marker <= 0xEF:
            yield start + _needed(marker, data[start:end]), end
        position = end
        if marker == 0xDA:
            position = _after_scan(data, end)


def _needed(marker: int, content: bytes) -> int:
    if marker == 0xE0 and content.startswith(b"JFIF\0"):
        return 12  # up to the thumbnail's size
    if marker == 0xEE and content.startswith(b"Adobe"):
        return 12
    if marker == 0xE8 and content.startswith(b"mrfx"):
        return 5
    return 0


def _after_scan(data: bytes, position: int) -> int:
    """The next marker after entropy-coded data: FF followed by no stuffing (JPEG-LS stuffs bits below 80)."""
    while True:
        position = data.find(b"\xff", position)
        if position < 0 or position + 1 >= len(data):
            return len(data)
        following = data[position + 1]
        if following >= 0x80 and following != 0xFF and following not in _BARE_MARKERS:
            return position
        position += 1 if following == 0xFF else 2


def _jpeg2000_spans(data: bytes, position: int) -> Iterator[tuple[int, int]]:
    """Contents of COM segments in the main and the tile-part headers (ISO/IEC 15444-1 A.9.2)."""
    tile_end = 0
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xD9:
            return
        if marker == 0x93:  # SOD: the tile-part's data, up to where its header said
            if tile_end <= position:
                return
            position = tile_end
            continue
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4])
        if end > len(data) or end < position + 4:
            return
        if marker == 0x90:  # SOT
            length = int.from_bytes(data[position + 6 : position + 10])
            tile_end = position + length if length else len(data)
        if marker == 0x64:
            yield position + 6, end  # behind Rcom, which says that it is text
        position = end


def _box_spans(data: bytes) -> Iterator[tuple[int, int]]:
    for kind, start, end in _boxes(data):
        if kind == b"jp2c":
            yield from _jpeg2000_spans(data[:end], start + 2)
        elif kind not in _HARMLESS_BOXES and kind != _REBUILD_BOX:
            yield start, end


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    position = 0
    while position + 8 <= len(data):
        length, kind, start = int.from_bytes(data[position : position + 4]), data[position + 4 : position + 8], 8
        if length == 1:
            length, start = int.from_bytes(data[position + 8 : position + 16]), 16
        end = len(data) if length == 0 else position + length
        if end < position + start or end > len(data):
            return
        yield kind, position + start, end
        position = end
