"""Pixel Data as an element: native or encapsulated, freed of what hides beside the picture (PS3.5 A.4)."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.dataelem import DataElement, RawDataElement

from workstation.deidentify.pixels import blank_comments, clear_unused_bits

_PIXEL_DATA = 0x7FE00010
UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM = b"\xfe\xff\x00\xe0"
_DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"
_STARTS = (b"\xff\xd8", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0c", b"\xff\x0a")


def cleaned_pixels(
    dataset: Dataset, raw: DataElement | RawDataElement, item: DataElement, little_endian: bool
) -> bytes | None:
    """The value with hidden bits and comments gone, or None when there are none; lengths never change."""
    value = item.value
    if int(item.tag) != _PIXEL_DATA or not isinstance(value, bytes) or not value:
        return None
    cleaned = _blanked(value) if is_encapsulated(raw, value) else clear_unused_bits(dataset, value, little_endian)
    return cleaned if cleaned != value else None


def is_encapsulated(raw: DataElement | RawDataElement, value: bytes) -> bool:
    undefined = raw.length == UNDEFINED_LENGTH if isinstance(raw, RawDataElement) else raw.is_undefined_length
    return bool(undefined) and value.startswith(_ITEM)


def fragment_spans(value: bytes) -> list[tuple[int, int]]:
    """Where the fragments lie in an encapsulated value, without the Basic Offset Table."""
    spans: list[tuple[int, int]] = []
    position = 0
    while value.startswith(_ITEM, position) and position + 8 <= len(value):
        start = position + 8
        end = start + int.from_bytes(value[position + 4 : position + 8], "little")
        if end > len(value):
            break
        spans.append((start, end))
        position = end
    return spans[1:]


def has_whole_fragments(value: bytes) -> bool:
    """Whether the value is items of even length from its start to its end (PS3.5 A.4)."""
    position = 0
    while value.startswith(_ITEM, position) and position + 8 <= len(value):
        length = int.from_bytes(value[position + 4 : position + 8], "little")
        position += 8 + length
        if length % 2:
            return False
    return position == len(value) or value[position:] == _DELIMITER


def _blanked(value: bytes) -> bytes:
    """A frame may lie in several fragments: those up to the next start of a codestream are read as one."""
    result = bytearray(value)
    group: list[tuple[int, int]] = []
    for start, end in fragment_spans(value):
        if group and value.startswith(_STARTS, start):
            _blank_group(value, group, result)
            group = []
        group.append((start, end))
    if group:
        _blank_group(value, group, result)
    return bytes(result)


def _blank_group(value: bytes, group: list[tuple[int, int]], result: bytearray) -> None:
    cleaned, count = blank_comments(b"".join(value[start:end] for start, end in group))
    if not count:
        return
    position = 0
    for start, end in group:
        result[start:end] = cleaned[position : position + end - start]
        position += end - start
