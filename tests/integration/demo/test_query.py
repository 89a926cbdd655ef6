"""C-ECHO and C-FIND of the embedded PACS, asked by pynetdicom."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import build_context

from tests.support.pynetdicom_peers import TODAY, Scu
from workstation.demo.pacs import EmbeddedPacs
from workstation.demo.sop_classes import (
    PATIENT_ROOT_FIND,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    VERIFICATION,
    WORKLIST_FIND,
)
from workstation.demo.temper import Temper

Find = Callable[..., list[Dataset]]


@pytest.fixture(scope="module")
def pacs(samples: Path) -> Iterator[EmbeddedPacs]:
    """One for all tests here: asking changes nothing."""
    with EmbeddedPacs(samples, today=TODAY) as running:
        yield running


def test_it_echoes(pacs: EmbeddedPacs, scu: Scu) -> None:
    with scu.association(pacs, VERIFICATION) as association:
        assert association.send_c_echo().Status == 0x0000


def test_a_wrong_called_ae_title_is_rejected(pacs: EmbeddedPacs, scu: Scu) -> None:
    with scu.association(pacs, VERIFICATION, called="SOMEBODY") as association:
        assert association.is_rejected


def test_patients_with_their_counts(find: Find) -> None:
    patients = find(
        PATIENT_ROOT_FIND,
        "PATIENT",
        PatientName="",
        PatientID="",
        NumberOfPatientRelatedStudies="",
        NumberOfPatientRelatedInstances="",
    )
    assert len(patients) == 11
    by_id = {patient.PatientID: patient for patient in patients}
    assert by_id["4471920"].NumberOfPatientRelatedStudies == 1
    assert by_id["4471920"].NumberOfPatientRelatedInstances == 94
    assert by_id["5520071"].NumberOfPatientRelatedStudies == 2
    assert by_id["5520071"].PatientName == "WANG^Xiaodong=王^小東"


@pytest.mark.parametrize("model", [PATIENT_ROOT_FIND, STUDY_ROOT_FIND])
def test_all_levels_below_one_study(find: Find, model: str) -> None:
    study = find(
        model, "STUDY", PatientName="garcía*", StudyInstanceUID="", ModalitiesInStudy="", NumberOfStudyRelatedSeries=""
    )[0]
    assert list(study.ModalitiesInStudy) == ["CT", "SR"]
    assert study.NumberOfStudyRelatedSeries == 2
    series = find(
        model,
        "SERIES",
        StudyInstanceUID=study.StudyInstanceUID,
        SeriesInstanceUID="",
        Modality="CT",
        NumberOfSeriesRelatedInstances="",
    )
    assert [one.NumberOfSeriesRelatedInstances for one in series] == [93]
    images = find(
        model,
        "IMAGE",
        StudyInstanceUID=study.StudyInstanceUID,
        SeriesInstanceUID=series[0].SeriesInstanceUID,
        SOPInstanceUID="",
        InstanceNumber="",
        Rows=None,
    )
    assert len(images) == 93
    assert {image.Rows for image in images} == {64}
    assert [image.InstanceNumber for image in images] == sorted(image.InstanceNumber for image in images)


def test_image_level_without_upper_keys_is_answered_relationally(find: Find, pacs: EmbeddedPacs) -> None:
    assert len(find(STUDY_ROOT_FIND, "IMAGE", SOPInstanceUID="")) == len(pacs.catalogue)


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        ({"ModalitiesInStudy": "US"}, 1 + 1),
        ({"ModalitiesInStudy": "PT"}, 1),
        ({"ModalitiesInStudy": ["NM", "XA", "MG"]}, 2),
        ({"StudyDate": "20261123"}, 2),
        ({"StudyDate": "20261120-20261121"}, 2),
        ({"StudyDate": "20261122-"}, 9),
        ({"AccessionNumber": "ACC-9087*"}, 3),
        ({"PatientName": "*佐藤*"}, 1),
        ({"PatientName": "иванов*"}, 1),
        ({"PatientName": "O'BRIEN^*"}, 1),
        ({"PatientID": "nobody"}, 0),
        ({}, 12),
    ],
)
def test_studies_by_key(find: Find, keys: dict[str, object], count: int) -> None:
    found = find(STUDY_ROOT_FIND, "STUDY", **{"StudyInstanceUID": "", **keys})
    assert len(found) == count


def test_a_list_of_study_uids(find: Find) -> None:
    uids = [study.StudyInstanceUID for study in find(STUDY_ROOT_FIND, "STUDY", StudyInstanceUID="")][:2]
    found = find(STUDY_ROOT_FIND, "STUDY", StudyInstanceUID=uids)
    assert sorted(study.StudyInstanceUID for study in found) == sorted(uids)


def test_names_asked_for_in_latin_1_are_understood(pacs: EmbeddedPacs, scu: Scu) -> None:
    query = Dataset()
    query.SpecificCharacterSet = "ISO_IR 100"
    query.QueryRetrieveLevel = "STUDY"
    query.PatientName = "MÜLLER*"
    with scu.association(pacs, STUDY_ROOT_FIND) as association:
        replies = [reply for _, reply in association.send_c_find(query, STUDY_ROOT_FIND) if reply]
    assert [str(reply.PatientName) for reply in replies] == ["MÜLLER^Jürgen"]
    assert replies[0].SpecificCharacterSet == "ISO_IR 192"


def test_replies_say_where_to_retrieve_from(find: Find) -> None:
    reply = find(STUDY_ROOT_FIND, "STUDY", PatientID="4471920")[0]
    assert (reply.RetrieveAETitle, reply.InstanceAvailability) == ("DEMOPACS", "ONLINE")


@pytest.mark.parametrize(("model", "level"), [(STUDY_ROOT_FIND, "PATIENT"), (STUDY_ROOT_FIND, "NONSENSE")])
def test_a_level_outside_the_model_is_refused(pacs: EmbeddedPacs, scu: Scu, model: str, level: str) -> None:
    query = Dataset()
    query.QueryRetrieveLevel = level
    with scu.association(pacs, model) as association:
        assert [status.Status for status, _ in association.send_c_find(query, model)] == [0xA900]


def test_a_cancelled_query_ends_with_the_status_for_it(
    pacs: EmbeddedPacs, scu: Scu, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = Dataset()
    reply.SOPInstanceUID = "2.25.1"
    endless = 20_000
    slowness = threading.Event()

    def slow_find(level: str, identifier: Dataset) -> Iterator[Dataset]:
        for _ in range(endless):
            slowness.wait(0.002)
            yield reply

    monkeypatch.setattr(pacs.catalogue, "find", slow_find)
    query = Dataset()
    query.QueryRetrieveLevel = "IMAGE"
    query.SOPInstanceUID = ""
    with scu.association(pacs, STUDY_ROOT_FIND) as association:
        statuses = []
        for status, _ in association.send_c_find(query, STUDY_ROOT_FIND, msg_id=7):
            if not statuses:
                association.send_c_cancel(7, query_model=STUDY_ROOT_FIND)
            statuses.append(status.Status)
    assert statuses[-1] == 0xFE00
    assert len(statuses) < endless


def test_worklist_query_on_the_wire(find: Find) -> None:
    step = Dataset()
    step.Modality = "CT"
    step.ScheduledProcedureStepStartDate = TODAY.strftime("%Y%m%d")
    step.ScheduledProcedureStepStartTime = "0800-0859"
    step.ScheduledProcedureStepStatus = ""
    items = find(WORKLIST_FIND, PatientName="", Allergies="", PatientWeight="", ScheduledProcedureStepSequence=[step])
    assert [str(item.PatientName) for item in items] == ["BAKER^Tom", "GARCÍA LÓPEZ^María"]
    assert items[1].Allergies == "iodinated contrast — premedicated"
    assert items[1].PatientWeight == 68


def test_the_newest_study_and_the_worklist_are_dated_today(samples: Path, scu: Scu) -> None:
    day = TODAY + timedelta(days=400)
    with EmbeddedPacs(samples, today=day) as pacs:
        dates = {study.header.StudyDate for study in pacs.catalogue.entities("STUDY")}
        first = pacs.worklist.items()[0].ScheduledProcedureStepSequence[0]
    assert max(dates) == first.ScheduledProcedureStepStartDate == day.strftime("%Y%m%d")


def test_a_pacs_that_refuses_answers_queries_with_a_failure(samples: Path, scu: Scu) -> None:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    with (
        EmbeddedPacs(samples, temper=Temper.REFUSES) as pacs,
        scu.association(pacs, STUDY_ROOT_FIND) as association,
    ):
        assert [status.Status for status, _ in association.send_c_find(query, STUDY_ROOT_FIND)] == [0xA700]


def test_a_pacs_that_hangs_never_answers_and_still_can_be_stopped(samples: Path, scu: Scu) -> None:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    pacs = EmbeddedPacs(samples, temper=Temper.HANGS)
    pacs.start()
    try:
        scu.ae.dimse_timeout = 0.5
        with scu.association(pacs, STUDY_ROOT_FIND) as association:
            assert all("Status" not in status for status, _ in association.send_c_find(query, STUDY_ROOT_FIND))
    finally:
        pacs.stop()


def test_every_service_is_offered(pacs: EmbeddedPacs, scu: Scu) -> None:
    from workstation.demo.sop_classes import SERVICES

    contexts = [build_context(service) for service in SERVICES]
    with scu.association(pacs, *contexts, STUDY_ROOT_GET) as association:
        assert {str(context.abstract_syntax) for context in association.accepted_contexts} == set(SERVICES)
