"""LUT descriptors and data (PS3.3 C.11.1.1, C.7.6.3.1.5, C.7.9.2), read from their bytes.

Their VR is "US or SS or OW" and writers get it wrong, so pydicom's guess is not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workstation.dicom import elements
from workstation.dicom.header_scan import HeaderScan
from workstation.imaging.frame import LookupTable

if TYPE_CHECKING:
    from pydicom import Dataset

    from workstation.dicom.elements import Header

LUT_DESCRIPTOR = 0x00283002
LUT_DATA = 0x00283006
PALETTE_DESCRIPTORS = (0x00281101, 0x00281102, 0x00281103)
PALETTE_DATA = (0x00281201, 0x00281202, 0x00281203)
SEGMENTED_PALETTE_DATA = (0x00281221, 0x00281222, 0x00281223)
_MAXIMUM_ENTRIES = 65536

Words = NDArray[np.uint16]


def words(dataset: Header, tag: int, little_endian: bool) -> Words:
    """The 16-bit words of a US, SS or OW value, as unsigned bit patterns; empty when absent or odd."""
    if isinstance(dataset, HeaderScan):
        raw = dataset.raw(tag)
        return np.frombuffer(raw[: len(raw) // 2 * 2], "<u2").astype(np.uint16)
    element: Any = dataset.get_item(tag, keep_deferred=True)
    if element is None:
        return np.empty(0, np.uint16)
    value = element.value
    little_endian = getattr(element, "is_little_endian", little_endian)  # as read, not converted yet
    if isinstance(value, bytes):
        usable = value[: len(value) // 2 * 2]
        return np.frombuffer(usable, "<u2" if little_endian else ">u2").astype(np.uint16)
    numbers = list(value) if isinstance(value, Sequence) else [value]
    if not all(isinstance(number, int) for number in numbers):
        return np.empty(0, np.uint16)
    return np.array([int(number) & 0xFFFF for number in numbers], np.uint16)


def lookup_table(item: Dataset, signed: bool, little_endian: bool) -> LookupTable | None:
    """The LUT of a Modality or VOI LUT Sequence item, None when it is unusable."""
    descriptor = words(item, LUT_DESCRIPTOR, little_endian)
    if descriptor.size != 3:
        return None
    explanation = elements.first_text(item, "LUTExplanation") or elements.first_text(item, "ModalityLUTType")
    return _table(descriptor, words(item, LUT_DATA, little_endian), signed, explanation)


def palette(dataset: Header, little_endian: bool) -> tuple[LookupTable, LookupTable, LookupTable] | None:
    """Red, green and blue, plain or segmented; None unless all three are usable."""
    tables = []
    for descriptor_tag, plain, segmented in zip(PALETTE_DESCRIPTORS, PALETTE_DATA, SEGMENTED_PALETTE_DATA, strict=True):
        descriptor = words(dataset, descriptor_tag, little_endian)
        if descriptor.size != 3:
            return None
        data = words(dataset, plain, little_endian)
        if not data.size:
            data = expand_segments(words(dataset, segmented, little_endian), int(descriptor[2]) == 8)
        signed = elements.integer(dataset, "PixelRepresentation") == 1
        table = _table(descriptor, data, signed, "")
        if table is None:
            return None
        tables.append(table)
    red, green, blue = tables
    return red, green, blue


def _table(descriptor: Words, data: Words, signed: bool, explanation: str) -> LookupTable | None:
    entries = int(descriptor[0]) or _MAXIMUM_ENTRIES  # 65536 does not fit and is written as 0
    first = int(descriptor[1])
    if signed and first >= 0x8000:
        first -= 0x10000
    bits = int(descriptor[2])
    if not data.size:
        return None
    # The test leaves a pad byte at the end of an odd number of 8-bit entries.
    if data.size < entries and bits <= 8 and data.size * 2 >= entries:
        data = data.astype("<u2").view(np.uint8).astype(np.uint16)
    values = data[:entries]
    highest = int(values.max())
    if not 8 <= bits <= 16 or highest >> bits:
        bits = max(8, highest.bit_length())
    elif bits == 16 and entries <= 256 and highest < 256:
        bits = 8  # 8-bit entries declared as 16: every picture made from them would be black
    return LookupTable(first, values, bits, explanation)


def expand_segments(segments: Words, eight_bit: bool) -> Words:
    """Segmented Palette Color LUT Data (PS3.3 C.7.9.2.1): discrete, linear and indirect segments."""
    source = segments.astype("<u2").view(np.uint8).astype(np.uint16) if eight_bit else segments
    output: list[int] = []
    _expand(source.tolist(), 0, None, output, eight_bit)
    return np.array(output[:_MAXIMUM_ENTRIES], np.uint16)


def _expand(source: list[int], position: int, count: int | None, output: list[int], eight_bit: bool) -> None:
    """Expand `count` segments (None: all) from `position` on."""
    done = 0
    while position + 1 < len(source) and (count is None or done < count) and len(output) < _MAXIMUM_ENTRIES:
        opcode, length = source[position], source[position + 1]
        position += 2
        if opcode == 0:
            output += source[position : position + length]
            position += length
        elif opcode == 1 and position < len(source) and output:
            start, end = output[-1], source[position]
            output += [round(start + (end - start) * step / length) for step in range(1, length + 1)]
            position += 1
        elif opcode == 2 and count is None:  # an indirect segment must not point at another (C.7.9.2.1.3)
            width = 4 if eight_bit else 2
            parts = source[position : position + width]
            shift = 8 if eight_bit else 16
            target = sum(part << shift * index for index, part in enumerate(parts))
            # The offset counts bytes from the beginning of the data.
            _expand(source, target if eight_bit else target // 2, length, output, eight_bit)
            position += width
        else:
            return
        done += 1
