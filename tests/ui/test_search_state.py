"""What the fields of the Studies page mean as a query, and the line that says who answered."""

from __future__ import annotations

from datetime import date

import pytest

from workstation.domain.errors import AssociationRejected, Cancelled, PeerUnreachable
from workstation.domain.events import SourceAnswered
from workstation.domain.query import QueryRemark
from workstation.ui.assets import DARK
from workstation.ui.node_states import NodeStates
from workstation.ui.studies.search_state import ANY_DATE, SearchForm, SearchRun, study_query

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("typed", "asked"), [("smi", "smi*"), ("Smi*", "Smi*"), ("S?ith", "S?ith"), ("王", "王*"), ("", "")]
)
def test_a_bare_name_finds_what_begins_with_it(typed, asked):
    assert study_query(SearchForm(patient_name=typed), TODAY).get("PatientName") == asked


@pytest.mark.parametrize(
    ("days_back", "asked"),
    [("0", "20261124"), ("1", "20261123-20261124"), ("2", "20261122-20261124"), ("29", "20261026-20261124")],
)
def test_a_date_choice_is_a_range_up_to_today(days_back, asked):
    assert study_query(SearchForm(days_back=days_back), TODAY).get("StudyDate") == asked


def test_a_node_is_never_asked_for_everything_it_has():
    everything = SearchForm(days_back=ANY_DATE)
    assert study_query(everything, TODAY, remote=True).get("StudyDate") == "20261026-20261124"
    assert study_query(everything, TODAY, remote=False).keys == ()


def test_a_node_is_asked_for_any_date_of_a_named_patient():
    assert study_query(SearchForm(patient_id="42", days_back=ANY_DATE), TODAY).keys == (("PatientID", "42"),)


def test_only_a_single_modality_is_part_of_the_question():
    assert study_query(SearchForm(modalities=frozenset({"CT"})), TODAY).get("ModalitiesInStudy") == "CT"
    assert study_query(SearchForm(modalities=frozenset({"CT", "MR"})), TODAY).get("ModalitiesInStudy") == ""


def test_the_line_counts_sources_and_names_who_did_not_answer():
    run = SearchRun(1, {"Local", "RADPACS", "OLDPACS"})
    run.take(SourceAnswered(1, "Local", 4, 0.01))
    assert run.summary(4, 4) == "4 of 4 studies · 1 source answered in 0.0 s · waiting for OLDPACS, RADPACS"
    run.take(SourceAnswered(1, "RADPACS", 6, 0.31))
    run.take(SourceAnswered(1, "OLDPACS", 0, 5.0, PeerUnreachable(node="OLDPACS")))
    assert run.summary(10, 10) == "10 of 10 studies · 2 sources answered in 0.3 s · OLDPACS did not answer"
    assert run.finished


def test_the_line_says_when_nodes_were_asked_for_less_than_any_date():
    run = SearchRun(1, {"RADPACS"}, nodes_narrowed=True)
    run.take(SourceAnswered(1, "RADPACS", 0, 0.1))
    assert run.summary(0, 0) == "0 of 0 studies · nodes: last 30 days only · 1 source answered in 0.1 s"


def test_a_source_that_we_stopped_asking_did_not_fail():
    run = SearchRun(1, {"RADPACS"})
    run.take(SourceAnswered(1, "RADPACS", 0, 0.1, Cancelled()))
    assert run.failures == {}


def test_a_node_that_said_no_did_answer():
    run = SearchRun(1, {"RADPACS", "OLDPACS"})
    run.take(SourceAnswered(1, "RADPACS", 0, 0.1, AssociationRejected(node="RADPACS")))
    run.take(SourceAnswered(1, "OLDPACS", 0, 5.0, PeerUnreachable(node="OLDPACS")))
    assert run.summary(0, 0) == "0 of 0 studies · RADPACS refused · OLDPACS did not answer"
    states = NodeStates()
    states.source_answered(run.answered["RADPACS"])
    assert (states.state("RADPACS").words, states.state("RADPACS").colour) == ("refused", DARK.red)


def test_limits_and_other_character_sets_are_said() -> None:
    run = SearchRun(1, {"RADPACS", "OLDPACS"})
    remark = QueryRemark(character_set="ISO_IR 192", declined=("fuzzy matching",))
    run.take(SourceAnswered(1, "RADPACS", 500, 0.2, limited=True))
    run.take(SourceAnswered(1, "OLDPACS", 1, 0.1, remarks=(remark,)))

    words = run.summary(501, 501)

    assert "RADPACS: first 500 shown; narrow the search" in words
    assert "OLDPACS: found as ISO_IR 192" in words
    assert "OLDPACS has no fuzzy matching" in words
