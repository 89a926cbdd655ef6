"""The machine-readable tables of PS3.15 and PS3.16 as they lie in resources/standards, read once."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from workstation.settings import resources

_CONCRETE = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)")
_REPEATING = re.compile(r"\(([0-9A-F]{2})xx,([0-9A-Fx]{4})\)")
_PRIVATE = re.compile(r"\(([0-9A-F]{4}),xx([0-9A-F]{2})\)")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of Table E.1-1: the Basic Profile's action code and what each option makes of it."""

    name: str
    basic: str
    options: MappingProxyType[str, str]


@dataclass(frozen=True, slots=True)
class ConfidentialityTable:
    """Table E.1-1: concrete tags, repeating groups (50xx, 60xx) and the row for private attributes."""

    edition: str
    digest: str
    rows: MappingProxyType[int, Row]
    repeating: tuple[tuple[int, int | None, Row], ...]  # group's high byte, element or None for any
    private: Row

    def row(self, tag: int) -> Row | None:
        """The row for `tag`, or None when the table does not name it."""
        group, element = tag >> 16, tag & 0xFFFF
        if group % 2:
            return self.private
        found = self.rows.get(tag)
        if found is None:
            for high, wanted, row in self.repeating:
                if group >> 8 == high and wanted in (None, element):
                    return row
        return found


@cache
def confidentiality_table() -> ConfidentialityTable:
    """PS3.15 Table E.1-1."""
    table = _read("ps315_2026d_table_e1_1.json")
    rows: dict[int, Row] = {}
    repeating: list[tuple[int, int | None, Row]] = []
    private: Row | None = None
    for entry in table["rows"]:
        row = Row(entry["name"], entry["basic_profile"], MappingProxyType(dict(entry["options"])))
        if match := _CONCRETE.fullmatch(entry["tag"]):
            rows[int(match[1] + match[2], 16)] = row
        elif match := _REPEATING.fullmatch(entry["tag"]):
            repeating.append((int(match[1], 16), None if match[2] == "xxxx" else int(match[2], 16), row))
        elif "odd" in entry["tag"]:
            private = row
        else:
            raise ValueError(f"a tag of Table E.1-1 in no known form: {entry['tag']}")
    assert private is not None
    return ConfidentialityTable(
        table["edition"], table["content_sha256"], MappingProxyType(rows), tuple(repeating), private
    )


@cache
def safe_private() -> frozenset[tuple[str, int, int, str]]:
    """PS3.15 Table E.3.10-1 as (private creator, group, low byte of the element, VR)."""
    found = set()
    for entry in _read("ps315_2026d_table_e3_10_1.json")["rows"]:
        if match := _PRIVATE.fullmatch(entry["tag"].upper().replace("XX", "xx")):
            found.add((entry["private_creator"].strip(), int(match[1], 16), int(match[2], 16), entry["vr"]))
    return frozenset(found)


@cache
def method_meanings() -> MappingProxyType[str, str]:
    """CID 7050 (PS3.16): code value -> code meaning."""
    rows = _read("ps316_2026d_cid_7050.json")["rows"]
    return MappingProxyType({row["code_value"]: row["code_meaning"] for row in rows})


@cache
def iod_types() -> dict[str, Any]:
    """Types of the attributes of Table E.1-1 by module, and the modules of each SOP class."""
    with gzip.open(resources() / "standards" / "iod_types_e1_1.json.gz", "rt", encoding="utf-8") as file:
        content: dict[str, Any] = json.load(file)
    return content


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((resources() / "standards" / name).read_text(encoding="utf-8"))
    return content
