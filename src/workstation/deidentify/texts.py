"""Element values as text, whatever state they are in, and new elements that pydicom does not argue with."""

from __future__ import annotations

from typing import Any

from pydicom import Dataset, config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.valuerep import PersonName

FREE_TEXT = frozenset({"LO", "LT", "SH", "ST", "UC", "UR", "UT"})
STRINGS = FREE_TEXT | {"AE", "CS", "PN"}
TEMPORAL = frozenset({"DA", "DT", "TM"})
BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
NUMBERS = frozenset({"AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"})
SHOWN_CHARACTERS = 120


def element(tag: int, vr: str, value: Any) -> DataElement:
    """A new element; validation is the reader's affair, and its warnings quote values."""
    return DataElement(tag, vr, value, validation_mode=config.IGNORE)


def vr_of(raw: DataElement | RawDataElement) -> str:
    """The VR without decoding the value; "" when only decoding would tell."""
    if raw.VR and raw.VR != "UN":
        return str(raw.VR)
    try:
        return str(dictionary_VR(raw.tag))
    except KeyError:
        return ""


def decoded(source: Dataset, raw: DataElement | RawDataElement) -> DataElement:
    """The element with its value; lists of decimals stay texts: making numbers of contours takes most of the time.

    Raises whatever the bytes provoke in pydicom.
    """
    if isinstance(raw, RawDataElement) and isinstance(raw.value, bytes) and vr_of(raw) in ("DS", "IS"):
        texts = [part.strip() for part in raw.value.decode("latin-1").rstrip("\0 ").split("\\")]
        return DataElement(raw.tag, vr_of(raw), texts[0] if len(texts) == 1 else texts, already_converted=True)
    return source[raw.tag]


def values_of(item: DataElement) -> tuple[str, ...]:
    """The values of a textual element as plain texts."""
    value = item.value
    if value is None or value == "":
        return ()
    values = value if isinstance(value, MultiValue | list | tuple) else (value,)
    return tuple(_text(part) for part in values)


def shown(item: DataElement | RawDataElement) -> str:
    """What a preview shows of a value: capped, and only the size of what is binary."""
    value = item.value
    if isinstance(value, Sequence):
        return "1 item" if len(value) == 1 else f"{len(value)} items"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, MultiValue | list) and len(value) > 16:
        value = list(value)[:16]
    text = (
        ""
        if value is None
        else "\\".join(_text(part) for part in (value if isinstance(value, MultiValue | list) else [value]))
    )
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, PersonName):
        return str(value)
    return str(getattr(value, "original_string", None) or value)


def in_encodings(text: str, encodings: tuple[str, ...]) -> set[bytes]:
    """`text` as bytes in the file's character sets, UTF-8, Latin-1 and UTF-16, where it has a form."""
    found: set[bytes] = set()
    for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be", *encodings):
        try:
            found.add(text.encode(encoding))
        except (UnicodeEncodeError, LookupError):
            continue
    return found
