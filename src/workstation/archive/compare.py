"""Whether two files hold the same data set though their bytes differ: a PACS may write it anew on the way."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.sequence import Sequence
from pydicom.uid import UID

from workstation.dicom.elements import first_text
from workstation.dicom.quiet import quiet
from workstation.dicom.read import read_dataset
from workstation.domain.errors import InputError

_PIXEL_DATA = 0x7FE00010
_TRAILING_PADDING = 0xFFFCFFFC


def same_content(first: Path, second: Path) -> bool:
    """Whether both say the same, in whatever VR encoding and order of bytes.

    Group lengths and trailing padding say nothing (PS3.5 7.2); pixel data that is compressed otherwise
    is other content. What cannot be read is taken for different.
    """
    try:
        one, other = read_dataset(first), read_dataset(second)
        with quiet():
            return _same_dataset(one, other, _pixels_comparable(one, other))
    except (InputError, OSError):
        return False
    except Exception:  # noqa: BLE001 - pydicom raises whatever the bytes provoke; undecided is different
        return False


def _pixels_comparable(one: Any, other: Any) -> bool:
    syntaxes = [UID(first_text(dataset.file_meta, "TransferSyntaxUID")) for dataset in (one, other)]
    if syntaxes[0] == syntaxes[1]:
        return True
    return not any(_is_compressed(syntax) for syntax in syntaxes) and (
        one.original_encoding[1] == other.original_encoding[1]
    )


def _is_compressed(syntax: UID) -> bool:
    try:
        return bool(syntax.is_encapsulated)
    except ValueError:
        return True


def _same_dataset(one: Dataset, other: Dataset, pixels_comparable: bool) -> bool:
    first, second = _telling(one), _telling(other)
    if first.keys() != second.keys():
        return False
    if _PIXEL_DATA in first and not pixels_comparable:
        return False
    return all(_same_element(first[tag], second[tag], pixels_comparable) for tag in first)


def _telling(dataset: Dataset) -> dict[int, DataElement]:
    elements: Iterable[DataElement] = dataset
    return {
        int(element.tag): element
        for element in elements
        if element.tag.element != 0 and int(element.tag) != _TRAILING_PADDING
    }


def _same_element(one: DataElement, other: DataElement, pixels_comparable: bool) -> bool:
    if isinstance(one.value, Sequence) and isinstance(other.value, Sequence):
        return len(one.value) == len(other.value) and all(
            _same_dataset(*pair, pixels_comparable) for pair in zip(one.value, other.value, strict=True)
        )
    if isinstance(one.value, bytes) and isinstance(other.value, bytes):
        return _even(one.value) == _even(other.value)
    if one.is_empty and other.is_empty:
        return True
    if one.VR != other.VR and "UN" in (one.VR, other.VR):
        return _encoded(one) == _encoded(other)
    return bool(one.value == other.value)


def _encoded(element: DataElement) -> bytes:
    """The value as implicit VR little endian writes it, which is what an element of unknown VR holds (PS3.5 6.2.2)."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = True, True
    write_data_element(buffer, element, ["utf-8"])
    return buffer.getvalue()[8:]


def _even(value: bytes) -> bytes:
    """With the byte that pads it to even length (PS3.5 6.2), and no further: trailing zeros are pixels."""
    return value + b"\0" * (len(value) % 2)
