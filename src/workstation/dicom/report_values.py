"""Values of content items as they are read: codes, numbers with units, names, dates, coordinates (PS3.3 C.18)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workstation.dicom import elements
from workstation.dicom.describe import date_text, time_text

if TYPE_CHECKING:
    from pydicom import Dataset

_LONGEST = 100_000  # characters of one text
_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_UNITS = {"1": "", "[hnsf'U]": "HU", "Cel": "°C", "deg": "°", "um": "µm", "uGy": "µGy", "uV": "µV", "us": "µs"}
_ANNOTATED = re.compile(r"[\[\]{}]")
_OFFSET = re.compile(r"([+-]\d{2})(\d{2})$")


def meaning(item: Dataset | None) -> str:
    """Of a code sequence item: its meaning, else its value and scheme."""
    if item is None:
        return ""
    said = elements.first_text(item, "CodeMeaning")
    if said:
        return said
    for keyword in ("CodeValue", "LongCodeValue", "URNCodeValue"):
        value = elements.first_text(item, keyword)
        if value:
            return " ".join(part for part in (value, elements.first_text(item, "CodingSchemeDesignator")) if part)
    return ""


def coded(dataset: Dataset, keyword: str) -> str:
    """All meanings of a code sequence."""
    return ", ".join(filter(None, (meaning(item) for item in elements.items(dataset, keyword))))


def name_of(item: Dataset) -> str:
    return meaning(elements.first_item(item, "ConceptNameCodeSequence"))


def prose(dataset: Dataset, keyword: str) -> str:
    """A text with its line breaks; what cannot be printed is left out."""
    values = [str(value) for value in elements.values_of(dataset, keyword) if not isinstance(value, bytes)]
    text = "\\".join(values)[:_LONGEST].replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "\n".join(elements.clean(line) for line in text.split("\n")).strip("\n")


def unit(item: Dataset | None) -> str:
    """`mm²` from (mm2, UCUM, "square millimeter"); the meaning where the code is not how a unit is written."""
    if item is None:
        return ""
    value, scheme = elements.first_text(item, "CodeValue"), elements.first_text(item, "CodingSchemeDesignator")
    if value in _UNITS:
        return _UNITS[value]
    if not value or scheme != "UCUM" or _ANNOTATED.search(value):
        said = meaning(item)
        return "" if said.lower() in ("no units", "ratio", "1") else said
    parts = [re.sub(r"(?<=[A-Za-z])-?\d+$", _raised, part) for part in value.split(".")]
    return "·".join(parts)


def _raised(match: re.Match[str]) -> str:
    return match.group().replace("-", "⁻").translate(_POWERS)


def measured(item: Dataset) -> str:
    """A NUM's values with their unit, or why there is none (PS3.3 C.18.1)."""
    said = []
    for value in elements.items(item, "MeasuredValueSequence"):
        number = elements.first_text(value, "NumericValue")
        if number:
            words = unit(elements.first_item(value, "MeasurementUnitsCodeSequence"))
            joint = "" if words in ("°", "%") else " "
            said.append(f"{_plain(number)}{joint}{words}".strip())
    qualifier = coded(item, "NumericValueQualifierCodeSequence")
    return "; ".join(said) + (f" ({qualifier})" if qualifier and said else qualifier)


def _plain(text: str) -> str:
    """As it was sent, without an exponent or trailing zeros that say nothing (`1.250000e+01`)."""
    if "e" not in text.lower() and not re.search(r"\.\d*0{3,}\d?$", text):
        return text
    try:
        return f"{float(text):.10g}"
    except ValueError:
        return text


def person(item: Dataset, keyword: str) -> str:
    """A name with all its groups (PS3.5 6.2.1): `YAMADA, Tarou 山田 太郎 (やまだ たろう)`."""
    name = elements.person_name(item, keyword)
    spoken = name.phonetic.replace("^", " ").strip()
    shown = name.display
    return f"{shown} ({spoken})" if spoken and spoken != shown and (name.alphabetic or name.ideographic) else shown


def moment(value: str) -> str:
    """A DT value as `2015-08-19 11:21:53 +01:00`; what is none stays as it is."""
    offset = _OFFSET.search(value)
    stem = value[: offset.start()] if offset else value
    zone = f"{offset.group(1)}:{offset.group(2)}" if offset else ""
    return " ".join(part for part in (date_text(stem[:8]), time_text(stem[8:]), zone) if part)


def day_and_hour(dataset: Dataset, day: str, hour: str) -> str:
    return f"{date_text(elements.first_text(dataset, day))} {time_text(elements.first_text(dataset, hour))}".strip()


def points_of(item: Dataset) -> tuple[tuple[float, float], ...]:
    """Graphic Data in pairs; empty where it does not come in pairs."""
    numbers = elements.numbers(item, "GraphicData")
    if len(numbers) % 2:
        return ()
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
