from __future__ import annotations

import pytest

from workstation.deidentify.identifiers import Identifiers
from workstation.deidentify.suspicions import looks_identifying


def known() -> Identifiers:
    identifiers = Identifiers()
    identifiers.add_name("Brömmelkämper^Jürgen^Karl^Dr")
    identifiers.add_name("Stone^Li")
    identifiers.add_name("Yamada^Tarou=山田^太郎=やまだ^たろう")
    identifiers.add_id("QF-8817-2204")
    identifiers.add_id("00417")
    identifiers.add_id("Sankt Gumbertus Klinikum")
    identifiers.add_date("19510317")
    return identifiers


@pytest.mark.parametrize(
    "text",
    [
        "seen with BROEMMELKAEMPER",
        "Brommelkamper J.",
        "Jürgen Brömmelkämper",
        "jurgen_brommelkamper_axial",
        "xBroemmelkaemperx",
        "JuergenBroemmelkaemper",
        "Mr Li",
        "stone, li",
        "LiStone",
        "検査 山田太郎 様",
        "たろう",
        "id QF 8817 2204",
        "QF88172204",
        "no. 00417.",
        "sankt-gumbertus klinikum, Haus 2",
        "born 17.03.1951",
        "1951-03-17",
        "03/17/1951",
        "17 March 1951",
        "17MAR51",
        "19510317",
    ],
)
def test_an_identifier_is_found_in_other_spellings(text: str) -> None:
    assert known().found_in(text)


@pytest.mark.parametrize(
    "text", ["", "axial T2 FSE", "ISO 100417", "liver", "20010101", "Karla", "Klinikum", "山口", "17 03"]
)
def test_what_is_no_identifier_is_left(text: str) -> None:
    assert not known().found_in(text)


def test_a_name_that_is_a_medical_word_counts_in_free_text_only() -> None:
    assert known().found_in("kidney stone", strict=True)
    assert not known().found_in("kidney stone", strict=False)
    assert known().found_in("Stone Li", strict=False)


@pytest.mark.parametrize("value", ["", "0", "000", "ab", "ANONYMOUS", "Unknown"])
def test_values_that_say_nothing_are_no_identifiers(value: str) -> None:
    identifiers = Identifiers()
    identifiers.add_id(value)
    assert not identifiers.found_in(f"x {value} y")


def test_byte_patterns_hold_every_encoding_and_no_short_text() -> None:
    texts, numbers = known().byte_patterns(("shift_jis",))
    assert "Brömmelkämper".encode() in texts
    assert "Brömmelkämper".encode("latin-1") in texts
    assert "Yamada^Tarou".encode("utf-16-le") in texts
    assert "山田^太郎".encode("shift_jis") in texts
    assert all(len(text) >= 6 for text in texts)
    assert numbers is None


def test_a_number_counts_among_bytes_only_when_it_stands_alone() -> None:
    identifiers = Identifiers()
    identifiers.add_id("0093881726")
    _, numbers = identifiers.byte_patterns()
    assert numbers is not None
    assert numbers.search(b"\x00\x000093881726 \x00")
    assert not numbers.search(b"2.25.10093881726123")


@pytest.mark.parametrize(
    "text",
    [
        "2019-03-05",
        "scan of 20190305",
        "5.3.2019",
        "12 Mar 2019",
        "a.b@example.org",
        "+41 61 265 25 25",
        "555 123-4567",
        "Dr. Smith",
        "DR. SMITH",
        "id 12345678",
        "1.2.840.113619.2.55.3.604688119",
    ],
)
def test_texts_in_the_form_of_an_identifier_are_suspected(text: str) -> None:
    assert looks_identifying(text)


@pytest.mark.parametrize(
    "text", ["syngo MR E11", "SE 2", "VB17A 1.2.3", "0.5 mm", "MR Imaging DD 001", "120 kVp", "10:30"]
)
def test_versions_and_measures_are_not_suspected(text: str) -> None:
    assert not looks_identifying(text)
