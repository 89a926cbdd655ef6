"""Reading single values of a data set without trusting it: a value that breaks its VR counts as absent."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pydicom import Dataset
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import PersonName as PydicomName

from workstation.dicom.quiet import quiet
from workstation.domain.person_name import PersonName

_LEADING_INTEGER = re.compile(r"\s*([+-]?\d+)")


def value_of(dataset: Dataset, tag: str | int) -> Any:
    """The value of `tag` (keyword or number) as pydicom gives it, None when absent, empty or unreadable."""
    with quiet():
        try:
            number = _tag(tag)
            if number not in dataset:
                return None
            return dataset[number].value
        except Exception:  # noqa: BLE001 - hostile values raise anything, struct.error to NotImplementedError
            return _raw_text(dataset, tag)


@lru_cache(maxsize=4096)
def _tag(tag: str | int) -> BaseTag:
    """pydicom looks a keyword up three times per access: a third of the time of a summary."""
    return Tag(tag)


def _raw_text(dataset: Dataset, tag: str | int) -> str | None:
    """What the bytes say when their VR cannot be made of them, for texts and numbers as text."""
    try:
        raw: Any = dataset.get_item(tag, keep_deferred=True)
    except Exception:  # noqa: BLE001 - as above
        return None
    if isinstance(raw, RawDataElement) and isinstance(raw.value, bytes) and len(raw.value) <= 1024:
        text = raw.value.decode("latin-1").strip(" \0")
        return text if text.isprintable() else None
    return None


def values_of(dataset: Dataset, tag: str | int) -> list[Any]:
    """All values of `tag`, an empty list when absent."""
    value = value_of(dataset, tag)
    if value is None or value == "":
        return []
    if isinstance(value, MultiValue | list | tuple):
        return list(value)
    return [value]


def clean(text: str) -> str:
    """Without the padding and the control characters that no table can show."""
    return "".join(character for character in text if character.isprintable()).strip()


def text(dataset: Dataset, tag: str | int) -> str:
    """`tag` as one line of text; several values joined by backslash as DICOM writes them."""
    return "\\".join(texts(dataset, tag))


def texts(dataset: Dataset, tag: str | int) -> list[str]:
    """The values of `tag` as texts."""
    return [clean(str(value)) for value in values_of(dataset, tag) if not isinstance(value, bytes)]


def first_text(dataset: Dataset, tag: str | int) -> str:
    return next(iter(texts(dataset, tag)), "")


def person_name(dataset: Dataset, tag: str | int) -> PersonName:
    """The first PN value of `tag`, decoded."""
    for value in values_of(dataset, tag):
        with quiet():
            try:
                joined = "=".join(clean(str(group)) for group in value.components) if _is_name(value) else str(value)
            except Exception:  # noqa: BLE001 - decoding a name in a broken code extension
                joined = ""
        return PersonName.parse(joined)
    return PersonName()


def _is_name(value: Any) -> bool:
    return isinstance(value, PydicomName)


def integer(dataset: Dataset, tag: str | int) -> int | None:
    """The first value of `tag` as an integer; `"1A"` gives 1, as far as it can be read."""
    for value in values_of(dataset, tag):
        if isinstance(value, bytes):
            return None
        match = _LEADING_INTEGER.match(str(value))
        return int(match.group(1)[:20]) if match else None
    return None


def number(dataset: Dataset, tag: str | int) -> float | None:
    """The first value of `tag` as a finite number."""
    return next(iter(numbers(dataset, tag)), None)


def numbers(dataset: Dataset, tag: str | int) -> list[float]:
    """The values of `tag` as finite numbers; all or nothing, so positions keep their meaning."""
    found = []
    for value in values_of(dataset, tag):
        try:
            found.append(float(str(value) if isinstance(value, str) else value))
        except (TypeError, ValueError, OverflowError):
            return []
    return found if all(map(math.isfinite, found)) else []


def items(dataset: Dataset, tag: str | int) -> Sequence[Dataset]:
    """The items of a sequence, none when it is absent, empty or no sequence."""
    value = value_of(dataset, tag)
    if not isinstance(value, list) and not hasattr(value, "__getitem__"):
        return []
    return [item for item in value if isinstance(item, Dataset)] if not isinstance(value, str | bytes) else []


def first_item(dataset: Dataset, tag: str | int) -> Dataset | None:
    return next(iter(items(dataset, tag)), None)


def raw_bytes(dataset: Dataset, tag: int) -> bytes:
    """The bytes of an OW, OB, US or UN value as they were read, before any conversion; empty when absent."""
    element = dataset.get_item(BaseTag(tag), keep_deferred=True)
    value = None if element is None else element.value
    return value if isinstance(value, bytes) else b""


__all__ = [
    "DataElement",
    "clean",
    "first_item",
    "first_text",
    "integer",
    "items",
    "number",
    "numbers",
    "person_name",
    "raw_bytes",
    "text",
    "texts",
    "value_of",
    "values_of",
]
