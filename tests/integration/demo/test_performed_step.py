"""MPPS and storage commitment of the embedded PACS, driven by pynetdicom."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association

from tests.support.performed_step import creation, ending
from tests.support.pynetdicom_peers import TODAY, UNCOMPRESSED, Scu
from workstation.demo.pacs import EmbeddedPacs
from workstation.demo.sop_classes import (
    PERFORMED_STEP,
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    WORKLIST_FIND,
)
from workstation.demo.temper import Temper

Find = Callable[..., list[Dataset]]


def worklist_status(find: Find, patient_id: str) -> str:
    step = Dataset()
    step.ScheduledProcedureStepStatus = ""
    items = find(WORKLIST_FIND, PatientID=patient_id, ScheduledProcedureStepSequence=[step])
    return str(items[0].ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus)


def test_a_step_from_begin_to_end_moves_the_worklist_item(pacs: EmbeddedPacs, scu: Scu, find: Find) -> None:
    item = next(item for item in pacs.worklist.items() if item.PatientID == "1209934")
    begin = creation()
    scheduled = begin.ScheduledStepAttributesSequence[0]
    scheduled.StudyInstanceUID = item.StudyInstanceUID
    scheduled.ScheduledProcedureStepID = item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID
    assert worklist_status(find, "1209934") == "SCHEDULED"
    with scu.association(pacs, PERFORMED_STEP) as association:
        assert association.send_n_create(begin, PERFORMED_STEP, "2.25.5")[0].Status == 0x0000
        assert worklist_status(find, "1209934") == "STARTED"
        assert association.send_n_create(begin, PERFORMED_STEP, "2.25.5")[0].Status == 0x0111
        assert association.send_n_set(ending("COMPLETED"), PERFORMED_STEP, "2.25.5")[0].Status == 0x0000
        assert worklist_status(find, "1209934") == "COMPLETED"
        late, _ = association.send_n_set(ending("DISCONTINUED"), PERFORMED_STEP, "2.25.5")
    assert (late.Status, late.ErrorID) == (0x0110, 0xA710)
    step = pacs.performed_steps.get("2.25.5")
    assert step is not None
    assert step.PerformedProcedureStepStatus == "COMPLETED"


def test_a_step_that_does_not_begin_in_progress_is_refused(pacs: EmbeddedPacs, scu: Scu) -> None:
    begin = creation()
    begin.PerformedProcedureStepStatus = "COMPLETED"
    with scu.association(pacs, PERFORMED_STEP) as association:
        status, _ = association.send_n_create(begin, PERFORMED_STEP, "2.25.5")
    assert status.Status == 0x0106
    assert status.ErrorComment == "a step begins IN PROGRESS"


def test_a_step_without_uid_is_given_one_on_the_wire(pacs: EmbeddedPacs, scu: Scu) -> None:
    with scu.association(pacs, PERFORMED_STEP) as association:
        status, _ = association.send_n_create(creation(), PERFORMED_STEP)
    assert status.Status == 0x0000
    assert len(pacs.performed_steps.uids()) == 1


def test_an_unknown_step_is_reported(pacs: EmbeddedPacs, scu: Scu) -> None:
    with scu.association(pacs, PERFORMED_STEP) as association:
        assert association.send_n_set(ending("COMPLETED"), PERFORMED_STEP, "2.25.404")[0].Status == 0x0112


def test_a_refused_modification_names_the_attribute(pacs: EmbeddedPacs, scu: Scu) -> None:
    change = ending("COMPLETED")
    change.Modality = "MR"
    with scu.association(pacs, PERFORMED_STEP) as association:
        association.send_n_create(creation(), PERFORMED_STEP, "2.25.5")
        status, _ = association.send_n_set(change, PERFORMED_STEP, "2.25.5")
    assert (status.Status, status.AttributeIdentifierList) == (0x0105, 0x00080060)


def test_a_pacs_that_refuses_takes_no_steps(samples: Path, scu: Scu) -> None:
    with (
        EmbeddedPacs(samples, temper=Temper.REFUSES) as pacs,
        scu.association(pacs, PERFORMED_STEP) as association,
    ):
        assert association.send_n_create(creation(), PERFORMED_STEP, "2.25.5")[0].Status == 0x0124


def test_a_pacs_that_hangs_leaves_a_step_unanswered_and_can_be_stopped(samples: Path, scu: Scu) -> None:
    pacs = EmbeddedPacs(samples, temper=Temper.HANGS)
    pacs.start()
    try:
        scu.ae.dimse_timeout = 0.5
        with scu.association(pacs, PERFORMED_STEP) as association:
            status, _ = association.send_n_create(creation(), PERFORMED_STEP, "2.25.5")
        assert "Status" not in status
        assert pacs.performed_steps.uids() == []
    finally:
        pacs.stop()


class CommitmentScu:
    """Asks for commitment, and takes reports on either kind of association."""

    def __init__(self) -> None:
        self.reports: queue.Queue[tuple[int, Dataset]] = queue.Queue()
        self.handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, self._take)]
        self.ae = AE("TESTSCU")
        self.ae.add_supported_context(STORAGE_COMMITMENT, UNCOMPRESSED, scu_role=False, scp_role=True)
        self.server: Any = self.ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=self.handlers)
        self.port = int(self.server.server_address[1])

    def _take(self, event: evt.Event) -> tuple[int, None]:
        self.reports.put((event.event_type or 0, event.event_information))
        return 0x0000, None


@pytest.fixture
def committing() -> Iterator[CommitmentScu]:
    running = CommitmentScu()
    yield running
    running.ae.shutdown()


def request(pacs: EmbeddedPacs, missing: bool = False) -> Dataset:
    references = []
    for entity in pacs.catalogue.entities("IMAGE")[:3]:
        reference = Dataset()
        reference.ReferencedSOPClassUID = entity.header.SOPClassUID
        reference.ReferencedSOPInstanceUID = entity.header.SOPInstanceUID
        references.append(reference)
    if missing:
        references[0].ReferencedSOPInstanceUID = "2.25.404"
        references[1].ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    action = Dataset()
    action.TransactionUID = "2.25.31337"
    action.ReferencedSOPSequence = references
    return action


def ask(association: Association, action: Dataset, action_type: int = 1) -> int:
    status, _ = association.send_n_action(action, action_type, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE)
    return int(status.Status)


def test_the_report_comes_on_the_same_association(pacs: EmbeddedPacs, scu: Scu, committing: CommitmentScu) -> None:
    with scu.association(pacs, STORAGE_COMMITMENT, handlers=committing.handlers) as association:
        assert ask(association, request(pacs)) == 0x0000
        event_type, report = committing.reports.get(timeout=60)
    assert event_type == 1
    assert report.TransactionUID == "2.25.31337"
    assert len(report.ReferencedSOPSequence) == 3
    assert "FailedSOPSequence" not in report


def test_the_report_names_what_failed_and_why(pacs: EmbeddedPacs, scu: Scu, committing: CommitmentScu) -> None:
    with scu.association(pacs, STORAGE_COMMITMENT, handlers=committing.handlers) as association:
        assert ask(association, request(pacs, missing=True)) == 0x0000
        event_type, report = committing.reports.get(timeout=60)
    assert event_type == 2
    assert len(report.ReferencedSOPSequence) == 1
    assert [item.FailureReason for item in report.FailedSOPSequence] == [0x0112, 0x0119]


@pytest.mark.parametrize("on_new_association", [True, False])
def test_the_report_comes_on_a_new_association_when_the_first_is_gone(
    samples: Path, scu: Scu, committing: CommitmentScu, on_new_association: bool
) -> None:
    with EmbeddedPacs(samples, today=TODAY, commit_on_new_association=on_new_association) as pacs:
        pacs.add_destination("TESTSCU", "127.0.0.1", committing.port)
        # Released at once: the sign of a requester that is told elsewhere.
        with scu.association(pacs, STORAGE_COMMITMENT) as association:
            assert ask(association, request(pacs)) == 0x0000
        event_type, report = committing.reports.get(timeout=60)
    assert (event_type, report.TransactionUID) == (1, "2.25.31337")


def test_a_report_to_an_unknown_requester_is_given_up(samples: Path, scu: Scu) -> None:
    with EmbeddedPacs(samples, commit_on_new_association=True) as pacs:
        with scu.association(pacs, STORAGE_COMMITMENT) as association:
            assert ask(association, request(pacs)) == 0x0000
        pacs.stop()


def test_malformed_commitment_requests_are_refused(pacs: EmbeddedPacs, scu: Scu) -> None:
    empty = request(pacs)
    empty.ReferencedSOPSequence = []
    with scu.association(pacs, STORAGE_COMMITMENT) as association:
        assert ask(association, empty) == 0x0115
        assert ask(association, request(pacs), action_type=2) == 0x0123
        status, _ = association.send_n_action(request(pacs), 1, STORAGE_COMMITMENT, "2.25.1")
        assert status.Status == 0x0112
