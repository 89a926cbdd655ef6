"""The day's schedule: matching inside the step sequence, and what comes back."""

from __future__ import annotations

from datetime import date

import pytest
from pydicom.dataset import Dataset

from workstation.demo.worklist import APPOINTMENTS, Worklist

TODAY = date(2026, 11, 23)

# Table K.6-1 of PS3.4, as far as return types 1, 1C, 2 and 2C go, and what a worklist page shows.
STEP_KEYS = """ScheduledStationAETitle ScheduledProcedureStepStartDate ScheduledProcedureStepStartTime Modality
    ScheduledPerformingPhysicianName ScheduledProcedureStepDescription ScheduledProtocolCodeSequence
    ScheduledProcedureStepID ScheduledStationName ScheduledProcedureStepLocation PreMedication
    RequestedContrastAgent ScheduledProcedureStepStatus"""
KEYS = """RequestedProcedureID RequestedProcedureDescription RequestedProcedureCodeSequence StudyInstanceUID
    ReferencedStudySequence RequestedProcedurePriority PatientTransportArrangements AccessionNumber
    IssuerOfAccessionNumberSequence RequestingPhysician ReferringPhysicianName AdmissionID CurrentPatientLocation
    ReferencedPatientSequence PatientName PatientID IssuerOfPatientID OtherPatientIDsSequence PatientBirthDate
    PatientSex PatientWeight PatientState PregnancyStatus MedicalAlerts Allergies SpecialNeeds
    ConfidentialityConstraintOnPatientDataDescription ReasonForTheRequestedProcedure
    PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest"""


def identifier(step: dict[str, str] | None = None, **keys: str) -> Dataset:
    dataset = Dataset()
    dataset.PatientName = ""
    dataset.AccessionNumber = ""
    item = Dataset()
    item.Modality = ""
    item.ScheduledProcedureStepStartTime = ""
    for keyword, value in (step or {}).items():
        setattr(item, keyword, value)
    dataset.ScheduledProcedureStepSequence = [item]
    for keyword, value in keys.items():
        setattr(dataset, keyword, value)
    return dataset


def names(step: dict[str, str] | None = None, **keys: str) -> list[str]:
    return [str(reply.PatientName) for reply in Worklist(TODAY).find(identifier(step, **keys))]


def test_without_keys_every_item_comes_in_the_order_of_time() -> None:
    worklist = Worklist(TODAY)
    replies = list(worklist.find(identifier()))
    assert len(replies) == len(APPOINTMENTS)
    starts = [
        item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate
        + item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime
        for item in worklist.items()
    ]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("step", "keys", "expected"),
    [
        ({"ScheduledProcedureStepStartDate": "20261123"}, {}, len(APPOINTMENTS) - 1),
        ({"ScheduledProcedureStepStartDate": "20261124-"}, {}, 1),
        ({"Modality": "CT"}, {}, 7),
        ({"Modality": "CT", "ScheduledStationAETitle": "CT2"}, {}, 2),
        ({"Modality": "MR", "ScheduledProcedureStepStartDate": "20261123"}, {}, 1),
        ({"Modality": "XA"}, {}, 0),
        (
            {"ScheduledProcedureStepStartDate": "20261123", "ScheduledProcedureStepStartTime": "0800-0900"},
            {},
            3,
        ),
        ({}, {"PatientName": "garcía*"}, 1),
        ({}, {"PatientName": "*太郎*"}, 1),
        ({}, {"PatientID": "5510277"}, 1),
        ({}, {"AccessionNumber": "ACC-908829"}, 1),
        ({"Modality": "MR"}, {"PatientID": "5510277"}, 0),
        ({"ScheduledPerformingPhysicianName": "holm*"}, {}, len(APPOINTMENTS)),
    ],
)
def test_worklist_matching(step: dict[str, str], keys: dict[str, str], expected: int) -> None:
    assert len(names(step, **keys)) == expected


def test_every_return_key_of_the_standard_comes_back_when_asked_for() -> None:
    query, item = Dataset(), Dataset()
    for keyword in KEYS.split():
        setattr(query, keyword, [] if keyword.endswith("Sequence") else None)
    for keyword in STEP_KEYS.split():
        setattr(item, keyword, [] if keyword.endswith("Sequence") else None)
    query.ScheduledProcedureStepSequence = [item]
    for reply in Worklist(TODAY).find(query):
        assert set(KEYS.split()) <= set(reply.dir())
        assert len(reply.ScheduledProcedureStepSequence) == 1
        step = reply.ScheduledProcedureStepSequence[0]
        assert set(STEP_KEYS.split()) <= set(step.dir())
        assert reply.StudyInstanceUID
        assert step.ScheduledProtocolCodeSequence[0].CodeValue


def test_only_what_was_asked_for_comes_back() -> None:
    reply = next(Worklist(TODAY).find(identifier(PatientID="4471920")))
    assert reply.SpecificCharacterSet == "ISO_IR 192"
    assert set(reply.dir()) == {
        "SpecificCharacterSet",
        "PatientName",
        "PatientID",
        "AccessionNumber",
        "ScheduledProcedureStepSequence",
    }


def test_an_empty_sequence_key_brings_the_whole_step() -> None:
    query = Dataset()
    query.PatientID = "4471920"
    query.ScheduledProcedureStepSequence = []
    reply = next(Worklist(TODAY).find(query))
    assert reply.ScheduledProcedureStepSequence[0].ScheduledProcedureStepLocation == "Room 4"


@pytest.mark.parametrize(
    ("performed", "scheduled"),
    [("IN PROGRESS", "STARTED"), ("COMPLETED", "COMPLETED"), ("DISCONTINUED", "DISCONTINUED")],
)
def test_a_performed_step_changes_the_status_of_its_scheduled_step_only(performed: str, scheduled: str) -> None:
    worklist = Worklist(TODAY)
    before = {
        item.PatientID: item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus for item in worklist.items()
    }
    chosen = next(item for item in worklist.items() if item.PatientID == "1209934")
    step_id = chosen.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID
    worklist.report(str(chosen.StudyInstanceUID), str(step_id), performed)
    after = {
        item.PatientID: item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus for item in worklist.items()
    }
    assert after == {**before, "1209934": scheduled}


def test_study_uids_are_the_same_on_every_start_of_a_day_and_unique() -> None:
    uids = [item.StudyInstanceUID for item in Worklist(TODAY).items()]
    assert uids == [item.StudyInstanceUID for item in Worklist(TODAY).items()]
    assert len(set(uids)) == len(APPOINTMENTS)
