from __future__ import annotations

import hashlib
import json

import pytest

from workstation.deidentify.iod import type_of
from workstation.deidentify.tables import confidentiality_table, iod_types, method_meanings, safe_private
from workstation.settings import resources

CT, PR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.11.1"
BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"


@pytest.mark.parametrize("path", sorted((resources() / "standards").glob("*.json")), ids=lambda path: path.stem)
def test_the_rows_of_a_table_are_those_its_digest_names(path) -> None:
    table = json.loads(path.read_text(encoding="utf-8"))
    canonical = json.dumps(table["rows"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(canonical.encode()).hexdigest() == table["content_sha256"]


def test_the_table_has_an_edition_and_every_row_is_reachable() -> None:
    table = confidentiality_table()
    assert table.edition == "2026d"
    assert len(table.rows) + len(table.repeating) + 1 == 657  # and the one for private attributes


@pytest.mark.parametrize(
    ("tag", "basic"),
    [(0x00100010, "Z"), (0x60003000, "X"), (0x60123000, "X"), (0x501E0022, "X"), (0x00091010, "X")],
)
def test_a_row_is_found_by_tag_by_repeating_group_and_by_being_private(tag: int, basic: str) -> None:
    row = confidentiality_table().row(tag)
    assert row is not None
    assert row.basic == basic


def test_overlay_rows_are_not_in_the_table() -> None:
    assert confidentiality_table().row(0x60000010) is None


def test_safe_private_attributes_and_method_codes_are_there() -> None:
    assert ("Philips PET Private Group", 0x7053, 0x00, "DS") in safe_private()
    assert len(method_meanings()) == 13
    assert method_meanings()["113100"] == "Basic Application Confidentiality Profile"


@pytest.mark.parametrize(
    ("sop_class", "path", "expected"),
    [
        (CT, ("StudyDate",), "2"),
        (PR, ("PresentationCreationDate",), "1"),
        (BASIC_TEXT_SR, ("ContentSequence", "ContentSequence", "ContentSequence", "PersonName"), "1C"),
        (CT, ("NoSuchKeyword",), ""),
        ("1.2.3", ("StudyDate",), ""),
    ],
)
def test_the_strictest_type_of_an_attribute_in_an_iod(sop_class: str, path: tuple[str, ...], expected: str) -> None:
    assert type_of(sop_class, path) == expected


def test_types_of_180_sop_classes_are_known() -> None:
    assert len(iod_types()["sop_class_iod"]) == 180
