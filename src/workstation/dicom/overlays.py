"""Overlay planes of a data set (PS3.3 C.9.2), in their own element or in unused bits of the pixel data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workstation.dicom import elements
from workstation.dicom.header_scan import HeaderScan
from workstation.dicom.lookup_tables import words
from workstation.imaging.overlay import Bits, Overlay, pack

if TYPE_CHECKING:
    from pydicom import Dataset

    from workstation.dicom.elements import Header

_FIRST, _LAST = 0x6000, 0x601E
_ROWS, _COLUMNS, _FRAMES, _TYPE, _ORIGIN, _FRAME_ORIGIN = 0x10, 0x11, 0x15, 0x40, 0x50, 0x51
_BITS_ALLOCATED, _BIT_POSITION, _DATA = 0x100, 0x102, 0x3000
_DESCRIPTION, _LABEL = 0x22, 0x1500
_PIXEL_LIMIT = 1 << 28
Words = NDArray[np.generic]


def overlay_groups(dataset: Dataset) -> list[int]:
    """The groups 60xx in use, ascending."""
    groups = {tag >> 16 for tag in dataset.keys()}  # noqa: SIM118 - iterating the data set converts every element
    return sorted(group for group in groups if _FIRST <= group <= _LAST and group % 2 == 0)


def separate_overlays(dataset: Header, frame_index: int) -> tuple[Overlay, ...]:
    """The planes with data of their own that belong to one frame of the image."""
    if isinstance(dataset, HeaderScan):
        return ()  # a file with overlays is not scanned
    return tuple(_found(dataset, frame_index, _own_bits))


def embedded_overlays(dataset: Dataset, frame_index: int, allocated: Words) -> tuple[Overlay, ...]:
    """The planes in bits of the pixel data itself (retired, PS3.3-2004 C.9.2). `allocated`: samples before masking."""
    if allocated.ndim != 2 or allocated.dtype.kind not in "iu":
        return ()

    def bits(dataset: Dataset, group: int, rows: int, columns: int, frame_index: int) -> Bits | None:
        position = _word(dataset, group, _BIT_POSITION)
        if not is_embedded(dataset, group) or allocated.shape != (rows, columns) or position is None:
            return None
        if position >= allocated.dtype.itemsize * 8:
            return None
        return pack((allocated >> np.asarray(position, allocated.dtype)) & 1 != 0)

    return tuple(_found(dataset, frame_index, bits))


def has_embedded_overlays(dataset: Dataset) -> bool:
    return any(is_embedded(dataset, group) for group in overlay_groups(dataset))


def is_embedded(dataset: Dataset, group: int) -> bool:
    """No data of its own, and a bit beyond Bits Stored: one of these would be part of the pixel's value."""
    if (group << 16 | _DATA) in dataset:
        return False
    position, allocated = _word(dataset, group, _BIT_POSITION), _word(dataset, group, _BITS_ALLOCATED)
    stored = elements.integer(dataset, "BitsStored") or 16
    high = elements.integer(dataset, "HighBit")
    high = stored - 1 if high is None else high
    if position is None or not allocated or allocated <= 1 or allocated != elements.integer(dataset, "BitsAllocated"):
        return False
    return high < position < allocated or position < high + 1 - stored


def _found(
    dataset: Dataset, frame_index: int, bits_of: Callable[[Dataset, int, int, int, int], Bits | None]
) -> Iterator[Overlay]:
    for group in overlay_groups(dataset):
        rows, columns = _word(dataset, group, _ROWS), _word(dataset, group, _COLUMNS)
        if not rows or not columns or rows * columns > _PIXEL_LIMIT:
            continue
        own_frame = _own_frame(dataset, group, frame_index)
        bits = None if own_frame is None else bits_of(dataset, group, rows, columns, own_frame)
        if bits is None:
            continue
        yield Overlay(
            group=group,
            rows=rows,
            columns=columns,
            bits=bits,
            origin=_origin(dataset, group),
            is_roi=elements.first_text(dataset, group << 16 | _TYPE).upper() == "R",
            label=elements.first_text(dataset, group << 16 | _LABEL)
            or elements.first_text(dataset, group << 16 | _DESCRIPTION),
        )


def _own_frame(dataset: Dataset, group: int, frame_index: int) -> int | None:
    """Which frame of the overlay lies over a frame of the image (PS3.3 C.9.3.1.1); one frame lies over all."""
    frames = elements.integer(dataset, group << 16 | _FRAMES)
    if frames is None or frames < 1 or (group << 16 | _DATA) not in dataset:
        return 0
    first = _word(dataset, group, _FRAME_ORIGIN) or 1
    own = frame_index + 1 - first
    return own if 0 <= own < frames else None


def _own_bits(dataset: Dataset, group: int, rows: int, columns: int, frame: int) -> Bits | None:
    """Frames follow each other bit by bit, without padding between them; what is missing at the end is clear."""
    data = _bytes(dataset, group << 16 | _DATA)
    if not data.size:
        return None
    first = frame * rows * columns
    count = rows * columns
    part = data[first // 8 : (first + count + 7) // 8]
    if first % 8:
        part = np.packbits(np.unpackbits(part, bitorder="little")[first % 8 :], bitorder="little")
    needed = (count + 7) // 8
    return part[:needed] if part.size >= needed else np.pad(part, (0, needed - part.size))


def _bytes(dataset: Dataset, tag: int) -> Bits:
    """In the order of the bits: words of OW stand the wrong way round in big endian (PS3.5 8.1.2)."""
    raw = dataset.get_item(tag, keep_deferred=True)
    data = np.frombuffer(elements.raw_bytes(dataset, tag), np.uint8)
    little = getattr(raw, "is_little_endian", dataset.original_encoding[1] is not False)
    if little or raw is None or raw.VR == "OB":
        return data
    return data[: data.size // 2 * 2].reshape(-1, 2)[:, ::-1].reshape(-1)


def _origin(dataset: Dataset, group: int) -> tuple[int, int]:
    little = dataset.original_encoding[1] is not False
    values = words(dataset, group << 16 | _ORIGIN, little).view(np.int16)
    return (int(values[0]), int(values[1])) if values.size >= 2 else (1, 1)


def _word(dataset: Dataset, group: int, element: int) -> int | None:
    return elements.integer(dataset, group << 16 | element)
