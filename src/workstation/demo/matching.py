"""Attribute matching of a C-FIND SCP (PS3.4 C.2.2.2) as pure functions on pydicom elements.

Person names match regardless of case and accents, which PS3.4 C.2.2.2.1 leaves to the provider; everything
else is exact.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

WILDCARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
NUMBER_VRS = frozenset({"DS", "IS", "SL", "SS", "SV", "UL", "US", "UV", "FL", "FD"})
RANGE_VRS = frozenset({"DA", "TM", "DT"})
_RANGE_PADDING = {"DA": ("00000101", "99991231"), "TM": ("000000.000000", "235959.999999")}
_DATE_TIME_PADDING = ("00000101000000.000000", "99991231235959.999999")
_OFFSET = re.compile(r"\+\d{4}|(?:(?<=\d{14})|(?<=\.\d{6}))-\d{4}(?=$|-)")


def texts(element: DataElement | None) -> list[str]:
    """The values of `element` as texts; none when it is absent or of zero length."""
    if element is None or element.VR == "SQ":
        return []
    value: Any = element.value
    if value is None or value == "":
        return []
    values: Iterable[Any] = value if isinstance(value, (MultiValue, list, tuple)) else [value]
    return [text for item in values if (text := str(item).strip(" \0"))]


def matches(key: DataElement, candidate: DataElement | None) -> bool:
    """Whether `candidate` satisfies the matching key `key` of an identifier."""
    if key.VR == "SQ":
        return _sequence_matches(key, candidate)
    wanted = texts(key)
    if not wanted or wanted == ["*"]:
        return True
    found = texts(candidate)
    return any(_value_matches(key.VR, pattern, value) for pattern in wanted for value in found)


def all_match(keys: Iterable[DataElement], candidate: Dataset) -> bool:
    """Whether every one of `keys` is satisfied by `candidate`."""
    return all(matches(key, candidate.get(key.tag)) for key in keys)


def datetime_range_matches(date_key: str, time_key: str, date: str, time: str) -> bool:
    """Combined matching of a date and a time range as one period (PS3.4 C.2.2.2.5, K.6.1.2.2).

    A single date with a time range is the period within that day.
    """
    first_date, last_date = _bounds(date_key)
    first_time, last_time = _bounds(time_key)
    low, high = _DATE_TIME_PADDING
    start = _padded(first_date + (first_time if first_date else ""), low)
    end = _padded(last_date + (last_time if last_date else ""), high)
    return bool(date) and start <= _padded(_digits(date) + _digits(time), low) <= end


def _bounds(value: str) -> tuple[str, str]:
    first, separator, last = value.strip().partition("-")
    return _digits(first), _digits(last if separator else first)


def _digits(value: str) -> str:
    """DA or TM without the separators of the retired ACR-NEMA spellings, `2026.11.23` and `08:30:00`."""
    value = value.strip().replace(":", "")
    return value.replace(".", "") if value.count(".") == 2 else value


def _padded(value: str, padding: str) -> str:
    return value + padding[len(value) :]


def _sequence_matches(key: DataElement, candidate: DataElement | None) -> bool:
    """An item of the candidate must satisfy every key of the one item (PS3.4 C.2.2.2.6)."""
    if not key.value or not len(key.value[0]):
        return True
    item = key.value[0]
    if all(not texts(element) and element.VR != "SQ" for element in item):
        return True
    return candidate is not None and any(all_match(item, found) for found in candidate.value or [])


def _value_matches(vr: str, pattern: str, value: str) -> bool:
    if vr in RANGE_VRS:
        return _range_matches(vr, pattern, value)
    if vr == "PN":
        return _name_matches(pattern, value)
    if vr in NUMBER_VRS:
        return _number(pattern) == _number(value)
    if vr in WILDCARD_VRS:
        return wildcard_matches(pattern, value)
    return pattern == value


def wildcard_matches(pattern: str, value: str) -> bool:
    """`*` stands for any characters, `?` for one (PS3.4 C.2.2.2.4)."""
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _range_matches(vr: str, pattern: str, value: str) -> bool:
    if vr == "DT":
        pattern, value = _date_time_without_offset(pattern), _date_time_without_offset(value)
        low, high = _DATE_TIME_PADDING
    else:
        low, high = _RANGE_PADDING[vr]
    first, last = _bounds(pattern)
    return _padded(first, low) <= _padded(_digits(value), low) <= _padded(last, high)


def _date_time_without_offset(value: str) -> str:
    """Offsets are dropped, not converted: our own objects carry none."""
    return _OFFSET.sub("", value)


def _name_matches(pattern: str, value: str) -> bool:
    """Any group of the name, or the whole of it, against the pattern; `A^B` and `A^B^` are the same name."""
    wanted = _folded(pattern)
    whole = _folded(value)
    groups = [whole, *(group for group in whole.split("=") if group)]
    if "=" in wanted:
        parts = wanted.split("=")
        found = whole.split("=") + [""] * len(parts)
        return all(not part or wildcard_matches(_bare(part), _bare(found[index])) for index, part in enumerate(parts))
    return any(wildcard_matches(_bare(wanted), _bare(group)) for group in groups)


def _bare(group: str) -> str:
    return group.strip().rstrip("^").strip()


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()


def _number(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text
