"""Modality Worklist against Orthanc's worklist plugin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.inbox import Us
from tests.support.peers import OrthancPeer, worklist_item
from workstation.domain.query import WorklistQuery


@pytest.fixture(scope="module")
def ris() -> Iterator[OrthancPeer]:
    items = [
        worklist_item(0),
        worklist_item(1, PatientName="Müller^Jörg", Modality="MR", ScheduledStationAETitle="MR1"),
        worklist_item(
            2, PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう", ScheduledProcedureStepStartDate="20261125"
        ),
        worklist_item(3, Allergies="Iodine", PregnancyStatus="", SpecialNeeds="wheelchair", PatientWeight="71.5"),
    ]
    with OrthancPeer(worklist=items) as peer:
        yield peer


def patient_ids(us: Us, ris: OrthancPeer, query: WorklistQuery) -> list[str]:
    return sorted(item.patient_id for item in us.dimse.find_worklist(ris.node(), query, us.cancellation))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (WorklistQuery(), ["PID0000", "PID0001", "PID0002", "PID0003"]),
        (WorklistQuery(modality="MR"), ["PID0001"]),
        (WorklistQuery(station_ae_title="MR1"), ["PID0001"]),
        (WorklistQuery(date_range="20261125"), ["PID0002"]),
        (WorklistQuery(date_range="20261124-20261125", modality="CT"), ["PID0000", "PID0002", "PID0003"]),
        (WorklistQuery(patient_name="Müll*"), ["PID0001"]),
        (WorklistQuery(patient_id="PID0003"), ["PID0003"]),
        (WorklistQuery(accession_number="ACC0000"), ["PID0000"]),
    ],
)
def test_each_key_narrows_the_list(us: Us, ris: OrthancPeer, query: WorklistQuery, expected: list[str]) -> None:
    assert patient_ids(us, ris, query) == expected


def test_an_item_carries_step_order_and_patient(us: Us, ris: OrthancPeer) -> None:
    [item] = us.dimse.find_worklist(ris.node(), WorklistQuery(patient_id="PID0003"), us.cancellation)

    assert item.node == "orthanc"
    assert (item.start_date, item.start_time, item.modality) == ("20261124", "083000", "CT")
    assert (item.step_id, item.step_description) == ("SPS3", "CT thorax plain")
    assert item.performing_physician.alphabetic == "PERFORMER^DOC"
    assert (item.requested_procedure_id, item.requested_procedure_description) == ("RP3", "CT thorax")
    assert item.referring_physician.alphabetic == "REFERRER^DOC"
    assert item.study_instance_uid.startswith("1.2.826.")
    assert (item.birth_date, item.sex, item.weight) == ("19700101", "F", "71.5")
    assert (item.allergies, item.special_needs) == ("Iodine", "wheelchair")


def test_a_name_keeps_its_three_groups(us: Us, ris: OrthancPeer) -> None:
    [item] = us.dimse.find_worklist(ris.node(), WorklistQuery(patient_id="PID0002"), us.cancellation)

    assert (item.patient_name.ideographic, item.patient_name.phonetic) == ("山田^太郎", "やまだ^たろう")
