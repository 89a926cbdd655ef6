"""Where each frame lies in the pixel data: native (PS3.5 8.1.1) and encapsulated in fragments (PS3.5 A.4)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from workstation.dicom import elements
from workstation.dicom.pixel_format import PixelFormat
from workstation.dicom.read import UNDEFINED_LENGTH, BoundedReader, OpenedFile, PixelElement
from workstation.domain.errors import DamagedFile

_ITEM = (0xFFFE, 0xE000)
_FRAGMENT_LIMIT = 1_000_000
_RLE = "1.2.840.10008.1.2.5"
# The first bytes of a frame: JPEG and JPEG-LS SOI, JPEG 2000 SOC, JP2 and JPEG XL boxes, bare JPEG XL.
_FRAME_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0c", b"\xff\x0a")
# The end of a codestream, padding, and the start of another: JPEG and JPEG-LS, JPEG 2000.
_NEXT_CODESTREAM = re.compile(rb"\xff\xd9\x00?(?=(\xff\xd8\xff|\xff\x4f\xff\x51))")


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes at `offset` of the stream."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """The frames that are in the file, each as the spans that make it up."""

    frames: tuple[tuple[Span, ...], ...]
    incomplete: str = ""

    def __len__(self) -> int:
        return len(self.frames)


def read_spans(stream: BoundedReader, spans: tuple[Span, ...]) -> bytes:
    """The bytes of one encapsulated frame."""
    parts = []
    for span in spans:
        stream.seek(span.offset)
        parts.append(stream.read(span.length))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def missing_text(present: int, declared: int) -> str:
    return f"only {present} of {declared} frames are in the file"


# --- encapsulated --------------------------------------------------------------------------------


def encapsulated_frames(opened: OpenedFile, pixels: PixelElement, layout: PixelFormat) -> FrameIndex:
    """Fragments grouped into frames by the extended or basic offset table, by count, or by what frames start with."""
    table, fragments, cut = _fragments(opened.stream, pixels.offset, opened.little_endian)
    if not fragments:
        raise DamagedFile(reason="encapsulated pixel data without a fragment")
    frames = (
        _by_extended_table(opened, fragments, layout)
        or _trivial(fragments, layout)
        or _by_offsets(table, fragments)
        or _within_one(opened.stream, fragments, layout)
        or _by_content(opened.stream, fragments, layout)
    )
    problem = missing_text(len(frames), layout.frames) if len(frames) < layout.frames else ""
    if cut and len(frames) >= layout.frames:
        problem = "the file ends inside the last frame"
    return FrameIndex(tuple(frames[: layout.frames]), problem)


def one_stream(opened: OpenedFile, pixels: PixelElement, layout: PixelFormat) -> FrameIndex:
    """Every frame is somewhere in all the fragments: a video (PS3.5 A.4.5 and on)."""
    _, fragments, cut = _fragments(opened.stream, pixels.offset, opened.little_endian)
    if not fragments:
        raise DamagedFile(reason="encapsulated pixel data without a fragment")
    return FrameIndex(
        (tuple(fragments),) * min(layout.frames, _FRAGMENT_LIMIT), "the file ends inside the video" if cut else ""
    )


def _fragments(stream: BoundedReader, start: int, little: bool) -> tuple[tuple[int, ...], list[Span], bool]:
    """The basic offset table, the fragments, and whether the file ends inside the last one."""
    header = struct.Struct("<HHL" if little else ">HHL")
    position, first, fragments = start, True, list[Span]()
    table: tuple[int, ...] = ()
    while position + 8 <= stream.size and len(fragments) < _FRAGMENT_LIMIT:
        stream.seek(position)
        group, element, length = header.unpack(stream.read(8))
        if (group, element) != _ITEM:
            break
        value = position + 8
        available = min(length, stream.size - value)
        if first:
            table = _offset_table(stream.read(min(available, 4 * _FRAGMENT_LIMIT)), length)
            first = False
        elif available:
            fragments.append(Span(value, available))
        if length == UNDEFINED_LENGTH or available < length:
            return table, fragments, True
        position = value + length
    return table, fragments, False


def _offset_table(value: bytes, length: int) -> tuple[int, ...]:
    if length % 4 or len(value) < length:
        return ()
    return struct.unpack(f"<{length // 4}L", value)


def _trivial(fragments: list[Span], layout: PixelFormat) -> list[tuple[Span, ...]]:
    """One frame takes all fragments; as many fragments as frames are one each."""
    if layout.frames == 1:
        return [tuple(fragments)]
    if len(fragments) == layout.frames or layout.transfer_syntax == _RLE:  # PS3.5 A.4.2: one RLE fragment per frame
        return [(fragment,) for fragment in fragments]
    return []


def _by_offsets(offsets: tuple[int, ...], fragments: list[Span]) -> list[tuple[Span, ...]]:
    """Offsets count from the first fragment's item tag (PS3.5 A.4); a table that fits no fragment is ignored."""
    base = fragments[0].offset - 8
    starts = [fragment.offset - 8 - base for fragment in fragments]
    if len(offsets) < 2 or not set(offsets) <= set(starts) or list(offsets) != sorted(set(offsets)):
        return []
    ends = [*offsets[1:], starts[-1] + 1]
    return [
        tuple(fragment for fragment, start in zip(fragments, starts, strict=True) if first <= start < end)
        for first, end in zip(offsets, ends, strict=True)
    ]


def _by_extended_table(opened: OpenedFile, fragments: list[Span], layout: PixelFormat) -> list[tuple[Span, ...]]:
    """Extended Offset Table (7FE0,0001) with its lengths (7FE0,0002), PS3.3 C.7.6.3.1.8: one fragment per frame."""
    offsets = _uint64s(opened, 0x7FE00001)
    lengths = _uint64s(opened, 0x7FE00002)
    if len(offsets) != layout.frames or len(lengths) != len(offsets):
        return []
    by_start = {fragment.offset - fragments[0].offset: fragment for fragment in fragments}
    if not all(offset in by_start for offset in offsets):
        return []
    if any(length > by_start[offset].length for offset, length in zip(offsets, lengths, strict=True)):
        return _by_offsets(offsets, fragments)  # against the standard: several fragments make a frame
    return [
        (Span(by_start[offset].offset, min(length, by_start[offset].length)),)
        for offset, length in zip(offsets, lengths, strict=True)
    ]


def _uint64s(opened: OpenedFile, tag: int) -> tuple[int, ...]:
    value = elements.raw_bytes(opened.dataset, tag)
    return struct.unpack(f"<{len(value) // 8}Q", value[: len(value) // 8 * 8])


def _by_content(stream: BoundedReader, fragments: list[Span], layout: PixelFormat) -> list[tuple[Span, ...]]:
    """No usable table: a fragment that starts like a codestream starts a frame."""
    grouped: list[list[Span]] = []
    for fragment in fragments:
        stream.seek(fragment.offset)
        if not grouped or stream.read(4).startswith(_FRAME_STARTS):
            grouped.append([])
        grouped[-1].append(fragment)
    if len(grouped) > layout.frames or len(fragments) < layout.frames:
        return [(fragment,) for fragment in fragments]
    return [tuple(group) for group in grouped]


def _within_one(stream: BoundedReader, fragments: list[Span], layout: PixelFormat) -> list[tuple[Span, ...]]:
    """One fragment for many frames: their codestreams follow each other (against PS3.5 A.4, but met)."""
    if len(fragments) != 1:
        return []
    data = read_spans(stream, (fragments[0],))
    starts = [0, *(match.start(1) for match in _NEXT_CODESTREAM.finditer(data))]
    if len(starts) != layout.frames:
        return []
    ends = [*starts[1:], len(data)]
    base = fragments[0].offset
    return [(Span(base + start, end - start),) for start, end in zip(starts, ends, strict=True)]
