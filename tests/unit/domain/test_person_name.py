"""Names in up to three groups."""

from __future__ import annotations

from workstation.domain.person_name import PersonName


def test_a_name_is_shown_with_all_its_groups() -> None:
    name = PersonName.parse("Yamada^Tarou=山田^太郎=やまだ^たろう")

    assert name.display == "Yamada, Tarou 山田 太郎 やまだ たろう"
    assert PersonName.parse("==やまだ^たろう").display == "やまだ たろう"
    assert PersonName.parse("Doe^John").display == "Doe, John"
