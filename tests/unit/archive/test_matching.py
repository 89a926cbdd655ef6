from __future__ import annotations

import sqlite3
from contextlib import closing
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.archive.index import IndexWriter, migrations
from workstation.archive.matching import condition, fold, register_functions
from workstation.domain.errors import InvalidQuery
from workstation.domain.person_name import PersonName
from workstation.domain.query import Query
from workstation.domain.study import Instance, InstanceSummary, Level, Series, Study


def matches(study: Study, level: Level = Level.STUDY, series: Series | None = None, **keys: str) -> bool:
    """Whether the index answers with the one instance that is in it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for script in migrations():
            connection.executescript(script)
        register_functions(connection)
        summary = InstanceSummary(study, series or Series("1.1", "1"), Instance("1.1.1", "1.2", "1.1", "1", 7, rows=16))
        IndexWriter(connection).add(summary, 10, "digest")
        where = condition(Query.where(level, keys))
        tables = "study JOIN series USING (study_instance_uid) JOIN instance USING (study_instance_uid)"
        found = connection.execute(f"SELECT count(*) FROM {tables} WHERE {where.sql}", where.values).fetchone()
        return bool(found[0])


def named(name: str) -> Study:
    return Study("1", patient_name=PersonName.parse(name))


@pytest.mark.parametrize(
    ("name", "pattern", "found"),
    [
        ("Müller^Jörg", "muller*", True),
        ("Müller^Jörg", "MÜLLER*", True),
        ("Muller^Jorg", "Müller^J*", True),
        ("Straße^A", "strasse*", True),
        ("Sørensen", "sorensen", True),
        ("Łukasz", "lukasz", True),
        ("Doe^John", "doe^john", True),
        ("Doe^John^^^", "DOE^JOHN", True),
        ("Doe^John", "doe", False),
        ("Doe^John", "doe^j?hn", True),
        ("Doe^John", "doe^j?n", False),
        ("Doe[1]", "doe[1]*", True),
        ("Doe1", "doe[1]*", False),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "山田*", True),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "yamada*", True),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "やまだ*", True),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "yamada*=山*", True),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "yamada*=川*", False),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "=山田*", True),
        ("Hong^Gildong=洪^吉洞=홍^길동", "홍^길?", True),
        ("Люкceмбypг", "люк*", True),
        ("", "*", True),
        ("", "a*", False),
    ],
)
def test_person_names_match_by_group_without_case_and_diacritics(name: str, pattern: str, found: bool) -> None:
    assert matches(named(name), PatientName=pattern) is found


def test_the_referring_physician_matches_as_a_name_too() -> None:
    study = Study("1", referring_physician=PersonName.parse("Núñez^Ana=努涅斯"))

    assert matches(study, ReferringPhysicianName="nunez*")
    assert matches(study, ReferringPhysicianName="努*")
    assert matches(study, ReferringPhysicianName="nunez*=努*")
    assert not matches(study, ReferringPhysicianName="ana*")


@pytest.mark.parametrize(
    ("date", "wanted", "found"),
    [
        ("20240102", "20240102", True),
        ("20240102", "20240103", False),
        ("20240102", "20240101-20240102", True),
        ("20240102", "-20240102", True),
        ("20240102", "-20240101", False),
        ("20240102", "20240102-", True),
        ("20240102", "20240103-", False),
        ("2024.01.02", "20240101-20240131", True),
        ("", "-20240101", False),
        ("", "*", True),
    ],
)
def test_dates_match_ranges(date: str, wanted: str, found: bool) -> None:
    assert matches(Study("1", study_date=date), StudyDate=wanted) is found


@pytest.mark.parametrize(
    ("time", "wanted", "found"),
    [
        ("101500", "1015", True),
        ("101559.123", "1015", True),
        ("101600", "1015", False),
        ("101500.5", "10-1015", True),
        ("095959", "10-1015", False),
        ("10:15:00", "101500", True),
    ],
)
def test_times_match_whole_units(time: str, wanted: str, found: bool) -> None:
    assert matches(Study("1", study_time=time), StudyTime=wanted) is found


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({"PatientID": "ab[c"}, True),
        ({"PatientID": "AB*"}, True),
        ({"StudyDescription": "*thorax*"}, True),
        ({"StudyDescription": "thorax"}, False),
        ({"PatientSex": "F"}, True),
        ({"PatientSex": "M\\O"}, False),
        ({"ModalitiesInStudy": "SR\\ct"}, True),
        ({"StudyInstanceUID": "1"}, True),
        ({"StudyInstanceUID": "2\\1"}, True),
        ({"InstitutionName": "hôpital*"}, True),
        ({"AccessionNumber": "?"}, False),
    ],
)
def test_texts_codes_and_uids_match(keys: dict[str, str], found: bool) -> None:
    study = Study("1", patient_id="AB[c", sex="F", description="CT Thorax nativ", institution="Hopital X")

    assert matches(study, series=Series("1.1", "1", modality="CT"), **keys) is found


def test_numbers_match_at_their_level() -> None:
    study, series = Study("1"), Series("1.1", "1", 3, slice_thickness=2.5)

    assert matches(study, Level.SERIES, series, SeriesNumber="3", SliceThickness="2.5")
    assert not matches(study, Level.SERIES, series, SeriesNumber="4")
    assert matches(study, Level.IMAGE, series, InstanceNumber="7", Rows="16", SeriesInstanceUID="1.1")


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyDate", "2024"),
        ("StudyDate", "yesterday"),
        ("StudyDate", "-"),
        ("StudyDate", "20240101-x"),
        ("StudyTime", "25"[:1]),
        ("StudyInstanceUID", "1.2.*"),
        ("StudyInstanceUID", "'; DROP TABLE study"),
        ("StudyDescription", "a\\b"),
        ("SeriesNumber", "1"),
        ("Nonsense", "1"),
        ("NumberOfStudyRelatedInstances", "3"),
    ],
)
def test_what_cannot_be_matched_is_refused(keyword: str, value: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        condition(Query.where(Level.STUDY, {keyword: value}))

    assert caught.value.details["keyword"] == keyword
    assert caught.value.details["expected"]


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidQuery):
        condition(Query.where(Level.SERIES, {"SeriesNumber": "one"}))


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


words = st.text("abcÄé[]x^", max_size=6)
patterns = st.text("abä*?[]x^", max_size=6)


@given(words, patterns)
def test_wildcards_match_as_a_second_implementation_does(text: str, pattern: str) -> None:
    expected = not pattern.strip("*") or fnmatchcase(fold(text.strip()), fold(pattern).replace("[", "[[]"))

    assert matches(Study("1", description=text.strip()), StudyDescription=pattern) is expected
