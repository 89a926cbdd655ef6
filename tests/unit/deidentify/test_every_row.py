"""Every row of Table E.1-1, alone, in a sequence, and for each Type the attribute has in any IOD."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydicom import Dataset
from pydicom.datadict import dictionary_keyword, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence

from tests.support.planted import item, put
from workstation.deidentify.apply import apply
from workstation.deidentify.identities import Identities, ProjectKey
from workstation.deidentify.iod import type_of
from workstation.deidentify.profile import load_profile
from workstation.deidentify.tables import Row, confidentiality_table, iod_types
from workstation.deidentify.texts import element

IDENTITIES = Identities(ProjectKey(bytes(32)))
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
PLANTED = {
    "AE": "MURGATROYD",
    "AS": "042Y",
    "CS": "MURGATROYD",
    "DA": "20180427",
    "DS": "47.11",
    "DT": "20180427101112",
    "IS": "4711",
    "PN": "Murgatroydson^Zebedee",
    "TM": "101112",
    "UI": "1.2.826.0.1.3680043.9.7777.1",
    "OB": b"Murgatroydson!",
    "UN": b"Murgatroydson!",
    "US": 4711,
    "FD": 47.11,
    "SQ": None,
}
# What they hold is structure: its codes stay unless an identifier known from elsewhere is in them.
CONTENT = {0x0040A730, 0x00700001, 0x0040B020, 0x00400555, 0x00081111, 0x00081140, 0x00082112, 0x00340001, 0x0040A073}
NEWER_THAN_PYDICOM = {  # VRs of attributes that its dictionary does not have yet (PS3.6 2026d)
    **dict.fromkeys(("DateTime",), "DT"),
    **dict.fromkeys(("Sequence",), "SQ"),
    **dict.fromkeys(("Comment",), "LT"),
}


def vr_of(tag: int, row: Row) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return next((vr for end, vr in NEWER_THAN_PYDICOM.items() if row.name.endswith(end)), "LO")


def planted(tag: int, vr: str) -> DataElement:
    if vr == "SQ":
        inner = item(TextValue="Murgatroydson")
        if tag not in CONTENT:
            put(inner, "CodeValue", "MURGATROYD")
            put(inner, "CodeMeaning", "Murgatroydson")
        put(inner, "PersonName", "Murgatroydson^Zebedee")
        put(inner, "ReferencedSOPInstanceUID", PLANTED["UI"])
        return element(tag, "SQ", Sequence([inner]))
    return element(tag, vr, PLANTED.get(vr, "Murgatroydson"))


def dataset(sop_class: str) -> Dataset:
    return item(SOPClassUID=sop_class, SOPInstanceUID="1.2.826.0.1.3680043.9.7777.2")


def holds_planted(ds: Dataset) -> bool:
    text = str(ds)
    return any(str(value) in text for value in ("Murgatroyd", "MURGATROYD", "Zebedee", "20180427", PLANTED["UI"]))


def rows() -> Iterator[tuple[int, Row]]:
    table = confidentiality_table()
    yield from sorted(table.rows.items())
    for high, number, row in table.repeating:
        yield high << 24 | 0x020000 | (number or 0x0022), row
    yield 0x00291010, table.private


ROWS = [pytest.param(tag, row, id=f"{tag:08X}-{row.basic}") for tag, row in rows()]


def with_types() -> Iterator[tuple[str, str, int, str]]:
    """One SOP class for each (code, Type) that a root attribute of the table has in the standard."""
    seen = set()
    tables = iod_types()
    for tag, row in confidentiality_table().rows.items():
        try:
            keyword = dictionary_keyword(tag)
        except KeyError:
            continue
        for sop_class in tables["sop_class_iod"]:
            found = type_of(sop_class, (keyword,))
            if found and (tag, found) not in seen:
                seen.add((tag, found))
                yield row.basic, found, tag, sop_class


def fate(before: DataElement, after: Dataset) -> str:
    if before.tag not in after:
        return "removed"
    left = after[before.tag]
    return "empty" if left.is_empty or (left.VR == "SQ" and not left.value) else "filled"


EXPECTED = {  # code -> what may become of it for Type 1, Type 2, and another or unknown one
    "X": ("filled", "empty", "removed"),
    "Z": ("filled", "empty", "empty"),
    "D": ("filled", "filled", "filled"),
    "U": ("filled", "filled", "filled"),
    "Z/D": ("filled", "empty", "empty"),
    "X/Z": ("filled", "empty", "removed"),
    "X/D": ("filled", "empty", "removed"),
    "X/Z/D": ("filled", "empty", "removed"),
    "X/Z/U*": ("filled", "filled", "removed"),
}
PSEUDONYMS = {0x00100010, 0x00100020}  # always filled, or all patients become one
NOT_IN_OBJECTS = {0x0002, 0x0000, 0x0004}  # groups: written anew or dropped


@pytest.mark.parametrize(("tag", "row"), ROWS)
def test_no_attribute_of_the_table_survives_with_its_value(tag: int, row: Row) -> None:
    before = planted(tag, vr_of(tag, row))
    ds = dataset(SECONDARY_CAPTURE)
    if tag >> 16 & 1:
        ds.private_block(tag >> 16, "ACME", create=True)
    ds[before.tag] = before
    after = apply(ds, load_profile(), IDENTITIES).dataset
    assert not holds_planted(after)
    if before.VR not in ("SQ", "UI") and before.tag in after:
        assert after[before.tag].is_empty or after[before.tag].value != before.value


@pytest.mark.parametrize(("tag", "row"), ROWS)
def test_no_attribute_of_the_table_survives_inside_of_a_sequence(tag: int, row: Row) -> None:
    inner = Dataset()
    if tag >> 16 & 1:
        inner.private_block(tag >> 16, "ACME", create=True)
    inner[tag] = planted(tag, vr_of(tag, row))
    ds = dataset(SECONDARY_CAPTURE)
    put(ds, "ContributingEquipmentSequence", Sequence([inner]))
    assert not holds_planted(apply(ds, load_profile(), IDENTITIES).dataset)


@pytest.mark.parametrize(
    ("code", "type_", "tag", "sop_class"),
    [pytest.param(*case, id=f"{case[2]:08X}-{case[0]}-{case[1]}") for case in with_types()],
)
def test_the_type_decides_between_removing_emptying_and_a_dummy(
    code: str, type_: str, tag: int, sop_class: str
) -> None:
    before = planted(tag, dictionary_VR(tag))
    ds = dataset(sop_class)
    ds[before.tag] = before
    after = apply(ds, load_profile(), IDENTITIES).dataset
    column = {"1": 0, "2": 1}.get(type_ if code == "X" else type_[0], 2)
    expected = EXPECTED[code][column]
    if tag >> 16 in NOT_IN_OBJECTS:
        expected = "removed"
    if tag in PSEUDONYMS:
        expected = "filled"
    if tag in (0xFFFAFFFA, 0xFFFCFFFC):
        expected = "removed"
    assert fate(before, after) == expected
    assert not holds_planted(after)


@pytest.mark.parametrize(
    ("option", "column"),
    [
        ("retain-uids", "retain_uids"),
        ("retain-device-identity", "retain_device_identity"),
        ("retain-institution-identity", "retain_institution_identity"),
        ("retain-patient-characteristics", "retain_patient_characteristics"),
        ("retain-full-dates", "retain_longitudinal_full_dates"),
    ],
)
def test_a_retain_option_keeps_exactly_the_rows_of_its_column(option: str, column: str) -> None:
    profile = load_profile("basic", [option])
    wrong = []
    for tag, row in confidentiality_table().rows.items():
        if tag >> 16 in NOT_IN_OBJECTS:
            continue
        before = planted(tag, vr_of(tag, row))
        ds = dataset(SECONDARY_CAPTURE)
        ds[before.tag] = before
        after = apply(ds, profile, IDENTITIES).dataset
        kept = before.tag in after and (after[before.tag] == before or before.VR == "SQ")
        if row.options.get(column) == "K" and not kept:
            wrong.append(f"{tag:08X} not kept")
        if column not in row.options and before.VR != "SQ" and kept:
            wrong.append(f"{tag:08X} kept")
    assert not wrong
