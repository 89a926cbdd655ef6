"""A query as SQL: the matching rules of PS3.4 C.2.2.2 over the columns of the index.

Texts match without regard to case and diacritics ("muller*" finds Müller), a superset of what the
standard asks; a person name matches when one of its component groups does.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from workstation.domain.errors import InvalidQuery
from workstation.domain.query import Query
from workstation.domain.study import Instance, Level, Patient, Series, Study, keywords
from workstation.domain.uid import is_valid_uid

# Letters that Unicode does not decompose into a base letter and a mark.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})
_DATE = re.compile(r"\d{8}|\d{4}\.\d{2}\.\d{2}")
_TIME = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?")


class _How(Enum):
    TEXT = auto()
    CODE = auto()
    NAME = auto()
    PATIENT_NAME = auto()
    DATE = auto()
    TIME = auto()
    UID = auto()
    NUMBER = auto()
    MODALITIES = auto()


_HOW = {
    "PatientName": _How.PATIENT_NAME,
    "ReferringPhysicianName": _How.NAME,
    "PatientBirthDate": _How.DATE,
    "StudyDate": _How.DATE,
    "SeriesDate": _How.DATE,
    "StudyTime": _How.TIME,
    "SeriesTime": _How.TIME,
    "StudyInstanceUID": _How.UID,
    "SeriesInstanceUID": _How.UID,
    "SOPInstanceUID": _How.UID,
    "SOPClassUID": _How.UID,
    "TransferSyntaxUID": _How.UID,
    "ModalitiesInStudy": _How.MODALITIES,
    "Modality": _How.CODE,
    "PatientSex": _How.CODE,
    "BodyPartExamined": _How.CODE,
    "SeriesNumber": _How.NUMBER,
    "InstanceNumber": _How.NUMBER,
    "NumberOfFrames": _How.NUMBER,
    "Rows": _How.NUMBER,
    "Columns": _How.NUMBER,
    "SliceThickness": _How.NUMBER,
}
_TABLES = {"study": Study, "series": Series, "instance": Instance}
_REACH = {
    Level.PATIENT: ("study",),
    Level.STUDY: ("study",),
    Level.SERIES: ("study", "series"),
    Level.IMAGE: ("study", "series", "instance"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A WHERE clause and its values."""

    sql: str
    values: tuple[str | float, ...]


def condition(query: Query) -> Condition:
    """What rows of study, series and instance must satisfy. Raises InvalidQuery."""
    columns = _columns(query.level)
    parts: list[Condition] = []
    for keyword, value in query.keys:
        if keyword not in columns:
            raise InvalidQuery(keyword=keyword, expected="one of " + ", ".join(sorted(columns)))
        if value.strip("*"):  # a lone * matches everything, also where there is no value
            parts.append(_condition(keyword, columns[keyword], value))
    return Condition(
        " AND ".join(f"({part.sql})" for part in parts) or "1", tuple(v for part in parts for v in part.values)
    )


def fold(text: str) -> str:
    """`text` without case and diacritics, composed again so that `?` stands for one letter."""
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_PLAIN_LETTERS)
    decomposed = unicodedata.normalize("NFKD", folded)
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", bare)


def register_functions(connection: sqlite3.Connection) -> None:
    """Make what the conditions call known to `connection`."""
    connection.create_function("fold", 1, lambda value: fold(value or ""), deterministic=True)
    connection.create_function("fold_group", 2, _fold_group, deterministic=True)


def _fold_group(value: str | None, number: int) -> str:
    groups = (value or "").split("=")
    return fold(groups[number]) if number < len(groups) else ""


def _columns(level: Level) -> dict[str, str]:
    """Keyword -> column of everything that may be asked for at `level`."""
    nouns = {table: Patient if level is Level.PATIENT else _TABLES[table] for table in _REACH[level]}
    columns: dict[str, str] = {}
    for table, noun in nouns.items():
        for name, keyword in keywords(noun).items():
            if not keyword.startswith("NumberOf") or keyword == "NumberOfFrames":
                columns.setdefault(keyword, f"{table}.{name}")
    return columns


def _condition(keyword: str, column: str, value: str) -> Condition:
    return _RULES[_HOW.get(keyword, _How.TEXT)](keyword, column, value)


def _text(keyword: str, column: str, value: str) -> Condition:
    if "\\" in value:
        raise InvalidQuery(keyword=keyword, expected="a single value")
    return _any_glob([f"fold({column})"], [value])


def _codes(_keyword: str, column: str, value: str) -> Condition:
    return _any_glob([f"fold({column})"], value.split("\\"))


def _modalities(keyword: str, _column: str, value: str) -> Condition:
    inner = _codes(keyword, "asked.modality", value)
    series = "SELECT 1 FROM series AS asked WHERE asked.study_instance_uid = study.study_instance_uid"
    return Condition(f"EXISTS ({series} AND ({inner.sql}))", inner.values)


def _patient_name(_keyword: str, _column: str, value: str) -> Condition:
    return _groups(["study.name_alphabetic", "study.name_ideographic", "study.name_phonetic"], value)


def _name(_keyword: str, column: str, value: str) -> Condition:
    return _groups([f"fold_group({column}, {number})" for number in range(3)], value)


def _any_glob(columns: list[str], patterns: list[str]) -> Condition:
    globs = [_glob(pattern) for pattern in patterns]
    sql = " OR ".join(f"{column} GLOB ?" for column in columns for _ in globs)
    return Condition(sql, tuple(glob for _ in columns for glob in globs))


def _glob(pattern: str) -> str:
    return fold(pattern.strip()).replace("[", "[[]")


def _groups(columns: list[str], value: str) -> Condition:
    """Groups given with `=` must each match their own, a single one any of the three."""
    groups = [group.strip().rstrip("^").strip() for group in value.split("=")[:3]]
    if len(groups) == 1:
        return _any_glob(columns, groups)
    given = [(column, _glob(group)) for column, group in zip(columns, groups, strict=False) if group.strip("*")]
    return Condition(" AND ".join(f"{column} GLOB ?" for column, _ in given) or "1", tuple(glob for _, glob in given))


def _dates(keyword: str, column: str, value: str) -> Condition:
    low, high = _range(value)
    for end in (low, high):
        if end and not _DATE.fullmatch(end):
            raise InvalidQuery(keyword=keyword, expected="YYYYMMDD, YYYYMMDD-, -YYYYMMDD or YYYYMMDD-YYYYMMDD")
    return _between(f"replace({column}, '.', '')", low.replace(".", ""), high.replace(".", ""))


def _times(keyword: str, column: str, value: str) -> Condition:
    low, high = _range(value.replace(":", ""))
    for end in (low, high):
        if end and not _TIME.fullmatch(end):
            raise InvalidQuery(keyword=keyword, expected="HHMMSS, HHMMSS-, -HHMMSS or HHMMSS-HHMMSS")
    # `1200` stands for the whole minute: `~` sorts behind every digit of the seconds.
    return _between(f"replace({column}, ':', '')", low, f"{high}~" if high else "")


def _range(value: str) -> tuple[str, str]:
    low, dash, high = (part.strip() for part in value.strip().partition("-"))
    if dash and not low and not high:
        return "-", ""  # no end at all is no range; the callers' patterns refuse it
    return (low, high) if dash else (low, low)


def _between(column: str, low: str, high: str) -> Condition:
    clauses = [f"{column} <> ''", *([f"{column} >= ?"] if low else []), *([f"{column} <= ?"] if high else [])]
    return Condition(" AND ".join(clauses), tuple(end for end in (low, high) if end))


def _uids(keyword: str, column: str, value: str) -> Condition:
    uids = [uid.strip(" \0") for uid in value.split("\\")]
    if not all(is_valid_uid(uid) for uid in uids):
        raise InvalidQuery(keyword=keyword, expected="a UID, or several with a backslash between them")
    return Condition(f"{column} IN ({', '.join('?' * len(uids))})", tuple(uids))


def _number(keyword: str, column: str, value: str) -> Condition:
    try:
        return Condition(f"{column} = ?", (float(value),))
    except ValueError:
        raise InvalidQuery(keyword=keyword, expected="a number") from None


def folded_name(value: str) -> Iterator[str]:
    """The three groups of a PN value as the index keeps them for matching."""
    return (_fold_group(value, number) for number in range(3))


_RULES: dict[_How, Callable[[str, str, str], Condition]] = {
    _How.TEXT: _text,
    _How.CODE: _codes,
    _How.NAME: _name,
    _How.PATIENT_NAME: _patient_name,
    _How.DATE: _dates,
    _How.TIME: _times,
    _How.UID: _uids,
    _How.NUMBER: _number,
    _How.MODALITIES: _modalities,
}
