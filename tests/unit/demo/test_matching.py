"""Matching rules of PS3.4 C.2.2.2, one table."""

from __future__ import annotations

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from workstation.demo.matching import all_match, datetime_range_matches, matches


def element(keyword: str, value: object) -> DataElement:
    dataset = Dataset()
    setattr(dataset, keyword, value)
    return dataset[keyword]


@pytest.mark.parametrize(
    ("keyword", "pattern", "value", "expected"),
    [
        ("PatientID", "", "4471920", True),
        ("PatientID", "*", "", True),
        ("PatientID", "447*", "4471920", True),
        ("PatientID", "447?920", "4471920", True),
        ("PatientID", "447?20", "4471920", False),
        ("PatientID", "44719", "4471920", False),
        ("PatientID", "x", "", False),
        ("StudyDescription", "CT head*", "CT Head without", False),
        ("StudyDescription", "*(dog)", "Thorax lateral (dog)", True),
        ("PatientName", "garcía*", "GARCÍA LÓPEZ^María", True),
        ("PatientName", "garcia*", "GARCÍA LÓPEZ^María", True),
        ("PatientName", "GARCÍA LÓPEZ^María^^", "GARCÍA LÓPEZ^María", True),
        ("PatientName", "María", "GARCÍA LÓPEZ^María", False),
        ("PatientName", "王*", "WANG^Xiaodong=王^小東", True),
        ("PatientName", "wang*", "WANG^Xiaodong=王^小東", True),
        ("PatientName", "WANG^Xiaodong=王^小東", "WANG^Xiaodong=王^小東", True),
        ("PatientName", "WANG*=李*", "WANG^Xiaodong=王^小東", False),
        ("PatientName", "=王*", "WANG^Xiaodong=王^小東", True),
        ("PatientName", "иванов*", "Иванов^Пётр", True),
        ("PatientName", "o'brien^siobh?n", "O'BRIEN^Siobhán", True),
        ("StudyDate", "20261122", "20261122", True),
        ("StudyDate", "20261122-20261123", "20261123", True),
        ("StudyDate", "20261122-", "20261123", True),
        ("StudyDate", "-20261121", "20261123", False),
        ("StudyDate", "-20261123", "20261123", True),
        ("StudyDate", "20261122-", "", False),
        ("StudyTime", "0800-0900", "083000", True),
        ("StudyTime", "08-09", "093000", True),
        ("StudyTime", "0800-0900", "090000.5", True),
        ("StudyTime", "0800-0900", "090130", False),
        ("StudyTime", "083000", "083000.000", True),
        ("AcquisitionDateTime", "20261122-20261123", "20261123101500.5", True),
        ("AcquisitionDateTime", "20261124-", "20261123101500", False),
        ("AcquisitionDateTime", "20261123101500+0100-20261123111500+0100", "20261123103000", True),
        ("AcquisitionDateTime", "20261123101500-0500-20261123111500-0500", "20261123113000-0500", False),
        ("AcquisitionDateTime", "20261123101500.000000-0500", "20261123101500.000000", True),
        ("AcquisitionDateTime", "-2026", "20261123101500", True),
        ("SeriesNumber", "2", "02", True),
        ("SeriesNumber", "2", "20", False),
        ("StudyInstanceUID", ["1.2.3", "1.2.4"], "1.2.4", True),
        ("StudyInstanceUID", ["1.2.3", "1.2.4"], "1.2.40", False),
        ("StudyInstanceUID", "1.2.*", "1.2.3", False),
        ("ModalitiesInStudy", "SR", ["CT", "SR"], True),
        ("ModalitiesInStudy", ["MR", "CT"], ["CT", "SR"], True),
        ("ModalitiesInStudy", "MR", ["CT", "SR"], False),
    ],
)
# A UID with a wildcard is no valid value, which is the point of that row.
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_value_matching(keyword: str, pattern: object, value: object, expected: bool) -> None:
    assert matches(element(keyword, pattern), element(keyword, value)) is expected


def test_a_key_does_not_match_an_absent_attribute_unless_universal() -> None:
    assert matches(element("PatientID", ""), None)
    assert not matches(element("PatientID", "1"), None)


def test_a_sequence_key_needs_one_item_that_satisfies_all_of_its_keys() -> None:
    wanted, first, second = Dataset(), Dataset(), Dataset()
    wanted.CodeValue, wanted.CodingSchemeDesignator = "A", "X"
    first.CodeValue, first.CodingSchemeDesignator = "A", "Y"
    second.CodeValue, second.CodingSchemeDesignator = "A", "X"
    key = element("ProcedureCodeSequence", [wanted])
    assert not matches(key, element("ProcedureCodeSequence", [first]))
    assert matches(key, element("ProcedureCodeSequence", [first, second]))


@pytest.mark.parametrize("key", [[], [Dataset()]])
def test_an_empty_sequence_key_is_universal(key: list[Dataset]) -> None:
    assert matches(element("ProcedureCodeSequence", key), None)


def test_all_keys_must_match() -> None:
    candidate = Dataset()
    candidate.PatientID, candidate.PatientSex = "1", "F"
    wanted = Dataset()
    wanted.PatientID, wanted.PatientSex = "1", "M"
    assert not all_match(wanted, candidate)


@pytest.mark.parametrize(
    ("dates", "times", "date", "time", "expected"),
    [
        ("20261122-20261123", "1000-1200", "20261122", "150000", True),  # one period, not two ranges
        ("20261122-20261123", "1000-1200", "20261122", "093000", False),
        ("20261122-20261123", "1000-1200", "20261123", "130000", False),
        ("20261123", "0800-0900", "20261123", "083000", True),
        ("20261123", "0800-0900", "20261123", "093000", False),
        ("20261123-", "1000-", "20261201", "080000", True),
        ("-20261123", "-1000", "20261123", "100000", True),
        ("-20261123", "-1000", "20261123", "110000", False),
    ],
)
def test_date_and_time_ranges_combine_to_one_period(
    dates: str, times: str, date: str, time: str, expected: bool
) -> None:
    assert datetime_range_matches(dates, times, date, time) is expected
