"""Plain values from their bytes as pydicom would give them (PS3.5 6.2); `header_scan` leaves the others to it."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any


class NeedsFullHeader(Exception):
    """The scan does not know what it was asked for: read the file with `dicom.read`."""


_INTEGER = re.compile(r" *[+-]?\d{1,12} *\Z")
_DECIMAL = re.compile(r" *[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? *\Z")
_CODECS = {"": "ascii", "ISO_IR 6": "ascii", "ISO_IR 100": "latin-1", "ISO_IR 192": "utf-8"}


def _ascii(value: bytes) -> str:
    if not value.isascii():
        raise NeedsFullHeader
    return value.decode("ascii")


def decoded(value: bytes, character_set: bytes | None) -> str:
    """Every character set of PS3.3 C.12.1.1.2 holds ASCII until an escape sequence says otherwise."""
    if b"\x1b" in value:
        raise NeedsFullHeader
    if value.isascii():
        return value.decode("ascii")
    codec = _CODECS.get(_ascii(character_set or b"").strip(" \0"), "")
    if not codec or character_set is None:
        raise NeedsFullHeader
    try:
        return value.decode(codec)
    except UnicodeDecodeError:
        raise NeedsFullHeader from None


def _strings(value: bytes) -> list[Any]:
    return _several(_ascii(value).rstrip(" \0").split("\\"))


def _several(items: list[str]) -> list[Any]:
    return [] if items == [""] else items


def _titles(value: bytes) -> list[Any]:
    return _several([item.strip() for item in _ascii(value).split("\\")])


def _long_text(text: str) -> list[Any]:
    return _several([text.rstrip("\0 ")])


def _long_strings(text: str) -> list[Any]:
    return _several([item.rstrip("\0 ") for item in text.split("\\")])


def _names(text: str) -> list[Any]:
    return _several([name.rstrip("=") for name in text.rstrip("\0 ").split("\\")])


def _numbers_as_text(form: re.Pattern[str]) -> Callable[[bytes], list[Any]]:
    @lru_cache(maxsize=1024)  # the images of a series share orientation, spacing, rescaling, windows
    def converted(value: bytes) -> tuple[Any, ...]:
        items = _ascii(value).rstrip(" \0").split("\\")
        if items == [""]:
            return ()
        if not all(map(form.match, items)):
            raise NeedsFullHeader
        return tuple(item.strip() for item in items)

    return lambda value: list(converted(value))


def _binary(code: str) -> Callable[[bytes], list[Any]]:
    size = struct.calcsize("<" + code)

    def convert(value: bytes) -> list[Any]:
        if len(value) % size:
            raise NeedsFullHeader
        return list(struct.unpack(f"<{len(value) // size}{code}", value))

    return convert


TEXTS: dict[str, Callable[[str], list[Any]]] = {
    "LO": _long_strings,
    "LT": _long_text,
    "PN": _names,
    "SH": _long_strings,
}
CONVERSIONS: dict[str, Callable[[bytes], list[Any]]] = {
    **dict.fromkeys(("AS", "CS", "DA", "DT", "TM", "UI"), _strings),
    "AE": _titles,
    "IS": _numbers_as_text(_INTEGER),
    "DS": _numbers_as_text(_DECIMAL),
    **{vr: _binary(code) for vr, code in (("US", "H"), ("UL", "L"), ("SL", "l"), ("FL", "f"), ("FD", "d"))},
}
