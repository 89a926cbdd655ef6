"""What must hold of any bytes: the reader refuses or reads, the scan agrees with it, frames are found or refused.

No native decoder is called: those run in processes of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workstation.dicom import elements, frame_keys
from workstation.dicom.attributes import pixel_attributes
from workstation.dicom.decode import ImageFile
from workstation.dicom.header_scan import NeedsFullHeader, scan_header
from workstation.dicom.plain_frames import plain_frame
from workstation.dicom.read import OpenedFile, open_file
from workstation.dicom.scanned_elements import SCANNED_ELEMENTS
from workstation.dicom.summarise import match_from
from workstation.domain.errors import InputError
from workstation.domain.study import Instance, Series, Study

_LARGEST_DECODED = 1 << 22  # bytes; beyond it only the place of the frames is looked at


def check_reading(path: Path) -> None:
    """Raises whatever is no InputError."""
    try:
        with open_file(path) as opened:
            _walk(opened.dataset)
            for noun in (Study, Series, Instance):
                match_from(opened.dataset, noun)
            pixel_attributes(opened.dataset, 0)
            check_quick_facts(path, opened)
            check_scan(path, opened)
    except InputError:
        pass


def check_quick_facts(path: Path, opened: OpenedFile) -> None:
    """What is read from the bytes of functional groups is what pydicom reads."""
    dataset = opened.dataset
    slow = frame_keys.facts_of(dataset, 3, frame_keys.pointers_of(dataset))
    with open_file(path) as again:  # pydicom has converted everything in the first one
        assert frame_keys.stack_facts(again.dataset, 3) == slow


def check_scan(path: Path, opened: OpenedFile) -> None:
    scan = scan_header(path)
    if scan is None or opened.incomplete:  # it passes over a broken item by its length, where pydicom stops
        return
    for keyword, (_, vr) in SCANNED_ELEMENTS.items():
        accessor: Any = elements.person_name if vr == "PN" else elements.texts
        try:
            said = accessor(scan, keyword)
        except NeedsFullHeader:
            continue
        assert said == accessor(opened.dataset, keyword), keyword
    found, expected = scan.pixels, opened.pixels
    assert (found and found.offset) == (expected and expected.offset)


def check_frames(path: Path) -> None:
    """Raises whatever is no InputError."""
    try:
        with ImageFile(path) as image:
            last = image.frame_count - 1
            for index in sorted({0, 1, last}):
                if image.is_native and image.layout.frame_bytes < _LARGEST_DECODED:
                    _check_frame(image, index)
    except InputError:
        pass


def _check_frame(image: ImageFile, index: int) -> None:
    try:
        frame = image.frame(index)
    except InputError:
        return
    plain = plain_frame(image.path, index)
    if plain is not None:
        assert plain.stored.dtype == frame.stored.dtype
        assert (plain.stored == frame.stored).all()


def _walk(dataset: Any, depth: int = 0) -> None:
    for tag in list(dataset.keys()):
        value = elements.value_of(dataset, tag)
        if depth < 3 and isinstance(value, list) and hasattr(value, "is_undefined_length"):
            for item in list(value)[:4]:
                _walk(item, depth + 1)
