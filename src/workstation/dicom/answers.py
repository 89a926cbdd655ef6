"""Identifiers of C-FIND responses straight into our nouns: bytes in, one frozen value out, equal values shared.

A response takes pydicom 0.4 ms and the garbage of a data set; of a hundred thousand that would stop the window. What
is unusual in any way is said to be so (None), and the caller starts over with pydicom.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, Generic, TypeVar

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.datadict import dictionary_VR, tag_for_keyword

from workstation.dicom.code_extensions import decode_text
from workstation.dicom.elements import clean
from workstation.domain.person_name import PersonName
from workstation.domain.study import Instance, Patient, Series, Study

Noun = TypeVar("Noun", Patient, Study, Series, Instance)

_EXPLICIT = struct.Struct("<HH2sH").unpack_from
_IMPLICIT = struct.Struct("<HHL").unpack_from
_LENGTH = struct.Struct("<L").unpack_from
_US = struct.Struct("<H").unpack
_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_CHARACTER_SET = 0x00080005
_UNDEFINED = 0xFFFFFFFF
_MOST_SHARED = 4096  # different values of one attribute that are kept to be used again
_LONGEST = 4096
_SEVERAL = frozenset({"CS", "UI", "LO", "SH", "AE", "DS", "IS", "DA", "TM"})


class _Unusual(Exception):
    """Something that is left to pydicom."""


class AnswerReader(Generic[Noun]):
    """Reads responses for `noun` in implicit or explicit VR little endian.

    `assumed` (a node's character set) decodes texts where a response declares none. Not for two threads at once.
    """

    def __init__(self, noun: type[Noun], *, implicit: bool, assumed: str) -> None:
        self._noun: type[Noun] = noun
        self._implicit = implicit
        self._assumed = assumed
        self._wanted: dict[int, tuple[int, Callable[[bytes, str], Any]]] = {}
        self._shared: dict[int, dict[tuple[bytes, str], Any]] = {}
        self._defaults: list[Any] = []
        for place, field in enumerate(fields(noun)):
            tag = tag_for_keyword(field.metadata["keyword"])
            assert tag is not None
            self._wanted[tag] = (place, _conversion(field, tag))
            self._shared[tag] = {}
            self._defaults.append("" if field.default is MISSING else field.default)

    def read(self, data: bytes) -> Noun | None:
        """The noun of one response; None where pydicom has to look."""
        try:
            return self._read(data)
        except (_Unusual, LookupError, ValueError, struct.error):
            return None

    def _read(self, data: bytes) -> Noun:
        values = self._defaults.copy()
        character_set = self._assumed
        place, end, before = 0, len(data), -1
        while place < end:
            if self._implicit:
                group, element, length = _IMPLICIT(data, place)
                place += 8
            else:
                group, element, vr, length = _EXPLICIT(data, place)
                place += 8
                if vr in _LONG_VRS:
                    (length,) = _LENGTH(data, place)
                    place += 4
            tag = group << 16 | element
            if length == _UNDEFINED or place + length > end or tag <= before:
                raise _Unusual
            before = tag
            if length:
                if tag == _CHARACTER_SET:
                    character_set = data[place : place + length].decode("ascii").strip(" \0") or self._assumed
                elif tag in self._wanted:
                    target, convert = self._wanted[tag]
                    values[target] = self._converted(tag, data[place : place + length], character_set, convert)
            place += length
        answer: Noun = self._noun(*values)
        return answer

    def _converted(self, tag: int, raw: bytes, character_set: str, convert: Callable[[bytes, str], Any]) -> Any:
        shared = self._shared[tag]
        key = (raw, character_set)
        found = shared.get(key, MISSING)
        if found is not MISSING:
            return found
        if len(raw) > _LONGEST:
            raise _Unusual
        value = convert(raw, character_set)
        if len(shared) < _MOST_SHARED:
            shared[key] = value
        return value


def _conversion(field: Field[Any], tag: int) -> Callable[[bytes, str], Any]:
    vr = dictionary_VR(tag)
    if isinstance(field.default, PersonName):
        return _name
    if isinstance(field.default, tuple):
        return lambda raw, _: tuple(text for text in _texts(raw, "ascii", ("\\",)) if text)
    if field.type == "int | None":
        return _unsigned if vr == "US" else _integer
    if field.type == "float | None":
        return _number
    several = ("\\",) if vr in _SEVERAL else ()
    return lambda raw, character_set: "\\".join(_texts(raw, character_set, several))


def _texts(raw: bytes, character_set: str, separators: tuple[str, ...]) -> list[str]:
    text = raw.decode("ascii") if character_set == "ascii" else decode_text(raw, character_set)
    return [clean(part) for part in (text.split("\\") if separators else [text])]


def _name(raw: bytes, character_set: str) -> PersonName:
    first = decode_text(raw, character_set).split("\\")[0].rstrip(" \0")
    return PersonName.parse("=".join(map(clean, first.split("=")))) if first else PersonName()


def _unsigned(raw: bytes, _: str) -> int:
    if len(raw) != 2:
        raise _Unusual
    return int(_US(raw)[0])


def _integer(raw: bytes, _: str) -> int:
    text = raw.decode("ascii").strip(" \0")
    if not text.isdecimal() or len(text) > 12:
        raise _Unusual
    return int(text)


def _number(raw: bytes, _: str) -> float:
    number = float(raw.decode("ascii").strip(" \0"))
    if number - number != 0.0:
        raise _Unusual  # infinite or none
    return number
