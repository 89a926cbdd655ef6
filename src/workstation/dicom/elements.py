"""Reading single values of a data set without trusting it: a value that breaks its VR counts as absent.

A `HeaderScan` may stand for the data set: it answers what it knows and raises NeedsFullHeader for the rest. So that
a plain image can be shown before pydicom is loaded (0.3 s), it is imported where a data set is there already.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from workstation.dicom.header_scan import HeaderScan
from workstation.domain.person_name import PersonName

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.tag import BaseTag

    Header = Dataset | HeaderScan

_LEADING_INTEGER = re.compile(r"\s*([+-]?\d+)")


def quietly(header: Header) -> AbstractContextManager[None]:
    """`quiet` for what pydicom reads, nothing for a scan."""
    if isinstance(header, HeaderScan):
        return nullcontext()
    from workstation.dicom.quiet import quiet

    return quiet()


def value_of(dataset: Header, tag: str | int) -> Any:
    """The value of `tag` (keyword or number) as pydicom gives it, None when absent, empty or unreadable."""
    if isinstance(dataset, HeaderScan):
        values = dataset.values_of(tag)
        return values if len(values) > 1 else next(iter(values), None)
    from workstation.dicom.quiet import quiet

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
    import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
    from pydicom.tag import Tag

    return Tag(tag)


def _raw_text(dataset: Dataset, tag: str | int) -> str | None:
    """What the bytes say when their VR cannot be made of them, for texts and numbers as text."""
    import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
    from pydicom.dataelem import RawDataElement

    try:
        raw: Any = dataset.get_item(tag, keep_deferred=True)
    except Exception:  # noqa: BLE001 - as above
        return None
    if isinstance(raw, RawDataElement) and isinstance(raw.value, bytes) and len(raw.value) <= 1024:
        text = raw.value.decode("latin-1").strip(" \0")
        return text if text.isprintable() else None
    return None


def values_of(dataset: Header, tag: str | int) -> list[Any]:
    """All values of `tag`, an empty list when absent."""
    if isinstance(dataset, HeaderScan):
        return dataset.values_of(tag)
    import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
    from pydicom.multival import MultiValue

    value = value_of(dataset, tag)
    if value is None or value == "":
        return []
    if isinstance(value, MultiValue | list | tuple):
        return list(value)
    return [value]


def clean(text: str) -> str:
    """Without the padding and the control characters that no table can show."""
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text.strip()


def text(dataset: Header, tag: str | int) -> str:
    """`tag` as one line of text; several values joined by backslash as DICOM writes them."""
    return "\\".join(texts(dataset, tag))


def texts(dataset: Header, tag: str | int) -> list[str]:
    """The values of `tag` as texts."""
    return [clean(str(value)) for value in values_of(dataset, tag) if not isinstance(value, bytes)]


def first_text(dataset: Header, tag: str | int) -> str:
    return next(iter(texts(dataset, tag)), "")


def person_name(dataset: Header, tag: str | int) -> PersonName:
    """The first PN value of `tag`, decoded."""
    for value in values_of(dataset, tag):
        return PersonName.parse("=".join(map(clean, _name_groups(value))))
    return PersonName()


def _name_groups(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.split("=")
    import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
    from pydicom.valuerep import PersonName as PydicomName

    from workstation.dicom.quiet import quiet

    with quiet():
        try:
            return [str(group) for group in (value.components if isinstance(value, PydicomName) else [value])]
        except Exception:  # noqa: BLE001 - decoding a name in a broken code extension
            return []


def integer(dataset: Header, tag: str | int) -> int | None:
    """The first value of `tag` as an integer; `"1A"` gives 1, as far as it can be read."""
    for value in values_of(dataset, tag):
        if isinstance(value, bytes):
            return None
        match = _LEADING_INTEGER.match(str(value))
        return int(match.group(1)[:20]) if match else None
    return None


def number(dataset: Header, tag: str | int) -> float | None:
    """The first value of `tag` as a finite number."""
    return next(iter(numbers(dataset, tag)), None)


def numbers(dataset: Header, tag: str | int) -> list[float]:
    """The values of `tag` as finite numbers; all or nothing, so positions keep their meaning."""
    found = []
    for value in values_of(dataset, tag):
        try:
            found.append(float(str(value) if isinstance(value, str) else value))
        except (TypeError, ValueError, OverflowError):
            return []
    return found if all(map(math.isfinite, found)) else []


def items(dataset: Header, tag: str | int) -> Sequence[Dataset]:
    """The items of a sequence, none when it is absent, empty or no sequence."""
    if isinstance(dataset, HeaderScan):
        return cast("Sequence[Dataset]", dataset.items_of(tag))  # to be read through this module as those are
    from pydicom import Dataset

    value = value_of(dataset, tag)
    if not isinstance(value, list) and not hasattr(value, "__getitem__"):
        return []
    return [item for item in value if isinstance(item, Dataset)] if not isinstance(value, str | bytes) else []


def first_item(dataset: Header, tag: str | int) -> Dataset | None:
    found = items(dataset, tag)
    return found[0] if found else None


def raw_bytes(dataset: Header, tag: int) -> bytes:
    """The bytes of an OW, OB, US or UN value as they were read, before any conversion; empty when absent."""
    if isinstance(dataset, HeaderScan):
        return dataset.raw(tag)
    element = dataset.get_item(_tag(tag), keep_deferred=True)
    value = None if element is None else element.value
    return value if isinstance(value, bytes) else b""


__all__ = [
    "clean",
    "first_item",
    "first_text",
    "integer",
    "items",
    "number",
    "numbers",
    "person_name",
    "quietly",
    "raw_bytes",
    "text",
    "texts",
    "value_of",
    "values_of",
]
