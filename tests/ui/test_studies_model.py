"""The table of studies: one row per Study Instance UID, sorted as they arrive, with a pill that says where."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex, Qt

from tests.support.ui import a_study, column_texts
from workstation.domain.events import LOCAL
from workstation.domain.job import ErrorReport, Job, JobState, Progress
from workstation.domain.study import Series
from workstation.ui.studies.model import Column, StudiesModel
from workstation.ui.widgets.roles import STYLE_ROLE

SIX_OF_NINE = ErrorReport("incomplete-transfer", {"expected": "9", "stored": "6"})
DESCENDING = Qt.SortOrder.DescendingOrder
ASCENDING = Qt.SortOrder.AscendingOrder


def _filled() -> StudiesModel:
    model = StudiesModel()
    model.add(
        "PACS",
        [a_study("1.1", "BAKER^Tom", study_date="20261120"), a_study("1.2", "ÖZTÜRK^Ayşe", study_date="20261122")],
    )
    model.add(LOCAL, [a_study("1.3", "ADAMS^Ann", study_date="20261121", modalities=("MR",))])
    return model


def test_model_keeps_qt_s_rules(qtmodeltester):
    model = _filled()
    model.unfold(0)
    model.set_series("1.2", [Series("1.2.1", "1.2", 1, "CT", "Thorax", instance_count=3)])
    qtmodeltester.check(model)


def test_model_keeps_qt_s_rules_while_it_changes(qtmodeltester):
    model = StudiesModel()
    qtmodeltester.check(model)
    model.add("PACS", [a_study("1.1"), a_study("1.2", "A^B")])
    model.unfold(model.index_of("1.1").row())
    model.set_series("1.1", [Series("1.1.1", "1.1", 1, "CT")])
    model.set_series("1.1", [Series("1.1.1", "1.1", 1, "CT"), Series("1.1.2", "1.1", 2, "CT")])
    model.add(LOCAL, [a_study("1.1", description="other")])
    model.sort(Column.PATIENT, ASCENDING)
    model.show_modalities(frozenset({"MR"}))
    model.show_modalities(frozenset())
    model.forget("PACS", "1.2")
    model.clear()


def test_rows_stand_where_the_sorting_wants_them_as_they_arrive():
    assert column_texts(_filled(), Column.DATE) == ["2026-11-22 08:14", "2026-11-21 08:14", "2026-11-20 08:14"]


def test_sorting_by_patient_ignores_capitals():
    model = _filled()
    model.sort(Column.PATIENT, ASCENDING)
    model.add("PACS", [a_study("1.4", "bachmann^Eva")])
    assert column_texts(model, Column.PATIENT) == ["ADAMS, Ann", "bachmann, Eva", "BAKER, Tom", "ÖZTÜRK, Ayşe"]


def test_one_study_of_two_sources_is_one_row_with_the_gaps_filled():
    model = StudiesModel()
    model.add("PACS", [a_study("1.1", instance_count=None, series_count=4)])
    model.add("WEB", [a_study("1.1", description="", instance_count=400, series_count=None)])
    assert model.rowCount() == 1
    assert column_texts(model, Column.IMAGES) == ["400"]
    assert column_texts(model, Column.SERIES) == ["4"]
    assert column_texts(model, Column.WHERE) == ["PACS +1"]


def test_selection_survives_sorting_and_new_rows():
    model = _filled()
    kept = QPersistentModelIndex(model.index_of("1.3"))
    model.sort(Column.PATIENT, DESCENDING)
    model.add("PACS", [a_study("1.9", "ZZ^Top")])
    assert model.entry(kept).uid == "1.3"


def test_modality_filter_keeps_studies_whose_modality_nobody_said():
    model = _filled()
    model.add("PACS", [a_study("1.5", "UNKNOWN^X", modalities=())])
    model.show_modalities(frozenset({"MR"}))
    assert sorted(column_texts(model, Column.PATIENT)) == ["ADAMS, Ann", "UNKNOWN, X"]
    assert (model.shown_count, model.total_count) == (2, 4)


@pytest.mark.parametrize(
    ("job", "words", "tone"),
    [
        (Job(1, "retrieve", "P:transfer", "1.1", JobState.QUEUED), "Waiting", "blue"),
        (Job(1, "retrieve", "P:transfer", "1.1", JobState.RUNNING), "Retrieving", "blue"),
        (Job(1, "retrieve", "P:transfer", "1.1", JobState.RUNNING, Progress(62, 100)), "62 %", "blue"),
        (
            Job(1, "retrieve", "P:transfer", "1.1", JobState.PARTLY, error=SIX_OF_NINE),
            "Failed · 3 images",
            "red",
        ),
        (Job(1, "retrieve", "P:transfer", "1.1", JobState.FAILED, error=ErrorReport("peer-aborted")), "Failed", "red"),
        (Job(1, "retrieve", "P:transfer", "1.1", JobState.INTERRUPTED), "Interrupted", "red"),
        (Job(1, "retrieve", "P:transfer", "1.1", JobState.CANCELLED), "PACS", "grey"),
    ],
)  # fmt: skip
def test_pill_says_how_far_a_retrieval_is(job, words, tone):
    model = StudiesModel()
    model.add("PACS", [a_study("1.1")])
    model.follow(job)
    index = model.index(0, Column.WHERE)
    assert (index.data(), index.data(STYLE_ROLE)) == (words, f"pill-{tone}")


def test_pill_says_local_only_when_everything_is_here():
    model = StudiesModel()
    model.add("PACS", [a_study("1.1", instance_count=10)])
    model.add(LOCAL, [a_study("1.1", instance_count=4)])
    assert column_texts(model, Column.WHERE) == ["Local · 4 of 10"]
    model.add(LOCAL, [a_study("1.1", instance_count=10)])
    assert column_texts(model, Column.WHERE) == ["Local"]


def test_a_study_deleted_here_stays_when_a_node_has_it():
    model = StudiesModel()
    model.add("PACS", [a_study("1.1")])
    model.add(LOCAL, [a_study("1.1"), a_study("1.2")])
    model.forget(LOCAL, "1.1")
    model.forget(LOCAL, "1.2")
    assert column_texts(model, Column.WHERE) == ["PACS"]


def test_a_study_unfolds_into_its_series_once_they_are_known(qtbot):
    model = _filled()
    row = model.index_of("1.3").row()
    with qtbot.waitSignal(model.series_wanted) as wanted:
        model.unfold(row)
    assert wanted.args == ["1.3"]
    model.set_series(
        "1.3", [Series("1.3.1", "1.3", 2, "MR", "Bone", instance_count=30), Series("1.3.2", "1.3", 3, "MR")]
    )
    assert column_texts(model, Column.PATIENT) == ["ÖZTÜRK, Ayşe", "ADAMS, Ann", "2 · Bone", "3 · MR", "BAKER, Tom"]
    assert [model.entry_at(row).uid for row in range(5)] == ["1.2", "1.3", "1.3", "1.3", "1.1"]
    model.unfold(row + 1, False)
    assert column_texts(model, Column.PATIENT) == ["ÖZTÜRK, Ayşe", "ADAMS, Ann", "BAKER, Tom"]


def test_unfolded_series_follow_their_study_through_sorting(qtmodeltester):
    model = _filled()
    qtmodeltester.check(model)
    for uid in ("1.1", "1.3"):
        model.unfold(model.index_of(uid).row())
        model.set_series(uid, [Series(f"{uid}.1", uid, 1, "CT", f"of {uid}")])
    kept = QPersistentModelIndex(model.index(model.index_of("1.1").row() + 1, Column.PATIENT))
    assert kept.data() == "1 · of 1.1"
    model.sort(Column.PATIENT, ASCENDING)
    assert column_texts(model, Column.PATIENT) == [
        "ADAMS, Ann",
        "1 · of 1.3",
        "BAKER, Tom",
        "1 · of 1.1",
        "ÖZTÜRK, Ayşe",
    ]
    assert kept.data() == "1 · of 1.1"
    model.add("PACS", [a_study("1.0", "AAA^A"), a_study("1.9", "BB^B")])
    assert column_texts(model, Column.PATIENT)[-3:] == ["1 · of 1.1", "BB, B", "ÖZTÜRK, Ayşe"]
    model.forget(LOCAL, "1.3")
    assert "1 · of 1.3" not in column_texts(model, Column.PATIENT)


def test_every_cell_says_its_column_to_a_screen_reader():
    model = _filled()
    said = [model.index(0, column).data(Qt.ItemDataRole.AccessibleTextRole) for column in range(1, len(Column))]
    assert said[0] == "Patient: ÖZTÜRK, Ayşe"
    assert all(": " in words for words in said)


STUDIES = st.lists(
    st.builds(
        lambda uid, name, date, source: (source, replace(a_study(uid, name), study_date=date)),
        st.sampled_from(["1.1", "1.2", "1.3", "1.4", "1.5"]),
        st.sampled_from(["A^A", "b^b", "C^C"]),
        st.sampled_from(["20260101", "20260102", ""]),
        st.sampled_from([LOCAL, "PACS", "WEB"]),
    ),
    max_size=20,
)


@settings(max_examples=60, deadline=None)
@given(STUDIES, st.sampled_from([Column.PATIENT, Column.DATE, Column.WHERE]), st.booleans())
def test_rows_arriving_one_by_one_stand_as_if_sorted_at_the_end(arriving, column, descending):
    order = DESCENDING if descending else ASCENDING
    one_by_one, at_once = StudiesModel(), StudiesModel()
    one_by_one.sort(column, order)
    for source, study in arriving:
        one_by_one.add(source, [study])
        at_once.add(source, [study])
    at_once.sort(column, order)
    one_by_one.sort(column, order)
    uids = [one_by_one.entry_at(row).uid for row in range(one_by_one.rowCount())]
    assert uids == [at_once.entry_at(row).uid for row in range(at_once.rowCount())]
    assert sorted(uids) == sorted({study.study_instance_uid for _, study in arriving})
    assert all(one_by_one.index_of(uid).row() == row for row, uid in enumerate(uids))


@pytest.mark.parametrize("order", [DESCENDING, ASCENDING])
def test_a_batch_goes_in_at_once_and_selected_rows_follow_their_studies(qtmodeltester, order):
    model = StudiesModel()
    qtmodeltester.check(model)
    model.sort(Column.PATIENT, order)
    model.add("PACS", [a_study(f"1.{n}", f"N{n * 37 % 50:02}^X") for n in range(0, 50, 2)])
    model.unfold(model.index_of("1.4").row())
    model.set_series("1.4", [Series("1.4.1", "1.4", 1, "CT"), Series("1.4.2", "1.4", 2, "CT")])
    kept = [QPersistentModelIndex(model.index_of("1.8")), QPersistentModelIndex(model.index(3, 1))]
    texts = [index.data() for index in kept]
    inserted: list[int] = []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append(last - first + 1))

    model.add("PACS", [a_study(f"1.{n}", f"N{n * 37 % 50:02}^X") for n in range(1, 50, 2)])

    assert inserted == [25]
    assert [index.data() for index in kept] == texts
    names = [text for text in column_texts(model, Column.PATIENT) if text.startswith("N")]
    assert names == sorted(names, reverse=order == DESCENDING)
    assert len(names) == 50
    row = model.index_of("1.4").row()
    assert [model.series_at(row + 1), model.series_at(row + 2)] == model.find("1.4").series
