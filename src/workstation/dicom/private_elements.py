"""What makers say of MR frames in private elements only (PS3.5 7.8): b-value, gradient, phase, magnitude or phase.

An element counts only under its maker's Private Creator. After the makers' conformance statements.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workstation.dicom import elements
from workstation.dicom.csa import csa_numbers
from workstation.dicom.header_scan import HeaderScan
from workstation.dicom.scanned_elements import PRIVATE_BLOCKS

if TYPE_CHECKING:
    from workstation.dicom.elements import Header

_IMAGE_TYPES = {0: "M", 1: "P", 2: "R", 3: "I"}  # of General Electric
_COMMENT = re.compile(r"b=\s*(\d+(?:\.\d+)?)")
_LARGEST_B_VALUE = 1e6  # s/mm2
_NUMBER = re.compile(r"\s*[+-]?[\d.]+(?:[eE][+-]?\d+)?\s*\Z")


@dataclass(frozen=True, slots=True)
class _Private:
    group: int
    creator: str
    element: int
    code: str = ""  # of `struct`, as the bytes are in UN; empty: numbers as text


_GE_B_VALUE = _Private(0x0043, "GEMS_PARM_01", 0x39)
_GE_IMAGE_TYPE = _Private(0x0043, "GEMS_PARM_01", 0x2F, "h")
_GE_DIRECTION = tuple(_Private(0x0019, "GEMS_ACQU_01", element) for element in (0xBB, 0xBC, 0xBD))
_SIEMENS_B_VALUE = _Private(0x0019, "SIEMENS MR HEADER", 0x0C)
_SIEMENS_DIRECTION = _Private(0x0019, "SIEMENS MR HEADER", 0x0E, "d")
_SIEMENS_CSA = _Private(0x0029, "SIEMENS CSA HEADER", 0x10)
_PHILIPS_B_VALUE = _Private(0x2001, "Philips Imaging DD 001", 0x03, "f")
_PHILIPS_PHASE = _Private(0x2001, "Philips Imaging DD 001", 0x08)
_PHILIPS_DIRECTION = tuple(
    _Private(0x2005, "Philips MR Imaging DD 001", element, "f") for element in (0xB0, 0xB1, 0xB2)
)
_GE_AND_PHILIPS = (_GE_DIRECTION, _PHILIPS_DIRECTION)
_UIH_B_VALUE = _Private(0x0065, "Image Private Header", 0x09, "d")
_UIH_DIRECTION = _Private(0x0065, "Image Private Header", 0x37, "d")


def private_b_value(header: Header) -> float | None:
    """s/mm2. For who has looked for Diffusion b-value (0018,9087) in vain."""
    readers: tuple[Callable[[Header], float | None], ...] = (
        lambda header: _first(header, _SIEMENS_B_VALUE),
        _ge_b_value,
        lambda header: _first(header, _PHILIPS_B_VALUE),
        lambda header: _first(header, _UIH_B_VALUE),
        _csa_b_value,
        _b_value_of_comment,
    )
    found = (reader(header) for reader in readers)
    return next((value for value in found if value is not None and 0 <= value < _LARGEST_B_VALUE), None)


def private_direction(header: Header) -> str:
    """The diffusion gradient, only to tell images apart: each maker has its own axes."""
    for one in (_SIEMENS_DIRECTION, _UIH_DIRECTION, *_GE_AND_PHILIPS):
        direction = _numbers(header, one) if isinstance(one, _Private) else _axes(header, one)
        if len(direction) == 3 and any(direction):
            return " ".join(f"{value:.3f}" for value in direction)
    return ""


def _axes(header: Header, axes: tuple[_Private, ...]) -> list[float]:
    return [value for axis in axes if (value := _first(header, axis)) is not None]


def private_phase(header: Header) -> float | None:
    """The number of the cardiac phase, for who has looked for Trigger Time in vain."""
    return _first(header, _PHILIPS_PHASE)


def private_image_type(header: Header) -> str:
    """M, P, R, I: magnitude, phase, real, imaginary, where Image Type says the same of all."""
    number = _first(header, _GE_IMAGE_TYPE)
    return _IMAGE_TYPES.get(int(number), "") if number is not None else ""


def _ge_b_value(header: Header) -> float | None:
    """GE adds 1,000,000,000 where a sequence plays several directions."""
    value = _first(header, _GE_B_VALUE)
    return value % 100_000 if value is not None and value >= 10_000 else value


def _csa_b_value(header: Header) -> float | None:
    """Siemens before the software version VB13 (0019,xx0C is missing)."""
    if "DIFFUSION" not in elements.texts(header, "ImageType"):
        return None
    number = _place(header, _SIEMENS_CSA)
    if number is None:
        return None
    value = elements.raw_bytes(header, number)
    if not value and not isinstance(header, HeaderScan):
        converted = elements.value_of(header, number)
        value = converted if isinstance(converted, bytes) else b""
    return next(iter(csa_numbers(value, "B_value")), None)


def _b_value_of_comment(header: Header) -> float | None:
    """Toshiba and early Canon: `b=1000(0.445,0.000,0.895)` in Image Comments."""
    if elements.first_text(header, "Manufacturer").upper()[:5] not in ("TOSHI", "CANON"):
        return None
    found = _COMMENT.match(elements.first_text(header, "ImageComments"))
    return float(found[1]) if found else None


def _first(header: Header, private: _Private) -> float | None:
    return next(iter(_numbers(header, private)), None)


def _numbers(header: Header, private: _Private) -> list[float]:
    tag = _place(header, private)
    if tag is None:
        return []
    if isinstance(header, HeaderScan):
        return _of_bytes(header.raw(tag), private.code)
    values = elements.values_of(header, tag)
    if len(values) == 1 and isinstance(values[0], bytes):
        return _of_bytes(values[0], private.code)
    return elements.numbers(header, tag)


def _place(header: Header, private: _Private) -> int | None:
    """The element's tag in the block that its creator reserved (PS3.5 7.8.1), None where there is none."""
    for block in PRIVATE_BLOCKS:
        reserved = private.group << 16 | block
        if reserved not in header:
            continue
        tag = private.group << 16 | block << 8 | private.element
        if tag in header and _creator(header, reserved) == private.creator.upper():
            return tag
    return None


def _creator(header: Header, reserved: int) -> str:
    if isinstance(header, HeaderScan):
        return header.raw(reserved).decode("latin-1").strip(" \0").upper()
    value = elements.value_of(header, reserved)
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
    return text.strip(" \0").upper()


def _of_bytes(value: bytes, code: str) -> list[float]:
    """Little endian binary numbers, or numbers as text; of nonsense none."""
    if not code:
        parts = value.decode("latin-1").rstrip(" \0").split("\\")
        return [float(part) for part in parts] if all(map(_NUMBER.match, parts)) else []
    size = struct.calcsize(code)
    if not value or len(value) % size:
        return []
    return [float(number) for number in struct.unpack(f"<{len(value) // size}{code}", value)]
