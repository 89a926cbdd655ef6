"""Rows of attributes as text and side by side."""

from __future__ import annotations

from workstation.ui.viewer.attribute_rows import Pair, Row, compare, keys, path_text, text_of

CODE: list[Row] = [
    ("(0008,0060)", "Modality", "CT", 0),
    ("(0040,A043)", "Concept Name Code Sequence", "2 items", 0),
    ("(FFFE,E000)", "Item 1", "", 1),
    ("(0008,0100)", "Code Value", "A", 2),
    ("(FFFE,E000)", "Item 2", "", 1),
    ("(0008,0100)", "Code Value", "B", 2),
    ("(0040,A050)", "Continuity Of Content", "SEPARATE", 0),
    ("(0002,0010)", "Transfer Syntax UID", "1.2", 0),
]


def differing(left: list[Row], right: list[Row]) -> list[tuple[str, tuple[str | None, str | None]]]:
    return [(pair.tag, pair.values) for pair in compare(left, right) if pair.differs]


def test_a_path_leads_through_items() -> None:
    paths = [path_text(key) for key in keys(CODE)]
    assert paths[0] == "(0008,0060)"
    assert paths[5] == "(0040,A043)[1].(0008,0100)"
    assert paths[6] == "(0040,A050)"


def test_equal_lists_differ_nowhere_and_keep_their_order() -> None:
    pairs = compare(CODE, CODE)
    assert [(pair.tag, pair.name, pair.values[0], pair.depth) for pair in pairs] == CODE
    assert not any(pair.differs or pair.contains_difference for pair in pairs)


def test_a_difference_in_an_item_marks_what_holds_it() -> None:
    other = [*CODE]
    other[5] = ("(0008,0100)", "Code Value", "C", 2)
    pairs = compare(CODE, other)
    assert [pair.tag for pair in pairs if pair.differs] == ["(0008,0100)"]
    assert [pair.name for pair in pairs if pair.contains_difference] == ["Concept Name Code Sequence", "Item 2"]


def test_what_one_side_has_not_stands_in_its_place() -> None:
    assert differing(CODE, CODE[1:]) == [("(0008,0060)", ("CT", None))]
    shorter = [*CODE[:1], ("(0040,A043)", "Concept Name Code Sequence", "1 items", 0), *CODE[2:4], *CODE[6:]]
    pairs = compare(CODE, shorter)
    assert [pair.values for pair in pairs if pair.name == "Item 2"] == [("", None)]
    assert pairs[-1] == Pair("(0002,0010)", "Transfer Syntax UID", 0, ("1.2", "1.2"))


def test_the_text_of_everything_is_indented() -> None:
    assert text_of(CODE).splitlines()[3] == "    (0008,0100)\tCode Value\tA"
