"""Storage commitment SCP (PS3.4 annex J): which of the named instances we hold, and telling so.

The report goes back on the association that asked, or on a new one to the requester's known address.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.dataset import Dataset
from pynetdicom import build_context, build_role
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association

from workstation.demo.sop_classes import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from workstation.demo.store import Catalogue

logger = logging.getLogger(__name__)

SUCCESS = 0x0000
NO_SUCH_SOP_INSTANCE = 0x0112
INVALID_ARGUMENT_VALUE = 0x0115
CLASS_INSTANCE_CONFLICT = 0x0119
NO_SUCH_ACTION = 0x0123
REQUEST_COMMITMENT = 1  # the one action type of PS3.4 J.3.2
ALL_COMMITTED, FAILURES_EXIST = 1, 2  # event types of PS3.4 J.3.3

Address = tuple[str, int]


def refusal(action_type: int, sop_instance_uid: str, information: Dataset) -> int:
    """The status of an N-ACTION-RQ as far as it can be judged at once; SUCCESS when it is taken on."""
    if sop_instance_uid != STORAGE_COMMITMENT_INSTANCE:
        return NO_SUCH_SOP_INSTANCE
    if action_type != REQUEST_COMMITMENT:
        return NO_SUCH_ACTION
    if not information.get("TransactionUID") or not information.get("ReferencedSOPSequence"):
        return INVALID_ARGUMENT_VALUE
    return SUCCESS


def report_for(information: Dataset, catalogue: Catalogue, ae_title: str) -> tuple[int, Dataset]:
    """Event type and event information for a request (PS3.4 Table J.3-3)."""
    committed, failed = [], []
    for reference in information.ReferencedSOPSequence:
        item = Dataset()
        item.ReferencedSOPClassUID = reference.get("ReferencedSOPClassUID")
        item.ReferencedSOPInstanceUID = reference.get("ReferencedSOPInstanceUID")
        reason = _failure_reason(item, catalogue)
        if reason == SUCCESS:
            committed.append(item)
        else:
            item.FailureReason = reason
            failed.append(item)
    report = Dataset()
    report.TransactionUID = information.TransactionUID
    report.RetrieveAETitle = ae_title
    if committed:
        report.ReferencedSOPSequence = committed
    if failed:
        report.FailedSOPSequence = failed
    return (FAILURES_EXIST if failed else ALL_COMMITTED), report


def _failure_reason(reference: Dataset, catalogue: Catalogue) -> int:
    instance = catalogue.get(str(reference.ReferencedSOPInstanceUID))
    if instance is None:
        return NO_SUCH_SOP_INSTANCE
    return SUCCESS if instance.SOPClassUID == reference.ReferencedSOPClassUID else CLASS_INSTANCE_CONFLICT


class Reporter:
    """Sends N-EVENT-REPORTs from threads of its own, since an answer to N-ACTION must go out first."""

    def __init__(
        self,
        application_entity: ApplicationEntity,
        address_of: Callable[[str], Address | None],
        *,
        on_new_association: bool,
        evt_handlers: list[tuple[Any, ...]],
        grace_s: float = 0.5,
        patience_s: float = 3.0,
    ) -> None:
        self._ae = application_entity
        self._address_of = address_of
        self._on_new_association = on_new_association
        self._evt_handlers = evt_handlers
        self._grace_s = grace_s
        self._patience_s = patience_s
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def send(self, association: Association, event_type: int, report: Dataset) -> None:
        """Deliver `report` to whoever is at the other end of `association`, now or when it has gone."""
        thread = threading.Thread(
            target=self._deliver, args=(association, event_type, report), name="commitment-report", daemon=True
        )
        self._threads = [*(running for running in self._threads if running.is_alive()), thread]
        thread.start()

    def stop(self, timeout_s: float) -> None:
        """Wait for the reports under way."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout_s)

    def _deliver(self, association: Association, event_type: int, report: Dataset) -> None:
        requester = str(association.requestor.ae_title)
        if not self._on_new_association and self._report_on(association, event_type, report):
            return
        address = self._address_of(requester)
        if address is None:
            logger.warning("storage commitment: no address known for %s, report not delivered", requester)
            return
        self._report_anew(requester, address, event_type, report)

    def _report_on(self, association: Association, event_type: int, report: Dataset) -> bool:
        if not self._stays(association):
            return False
        association.dimse_timeout = self._patience_s
        try:
            status, _ = association.send_n_event_report(
                report, event_type, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
            )
        except (RuntimeError, ValueError):  # gone meanwhile; no context any more
            return False
        return "Status" in status

    def _stays(self, association: Association) -> bool:
        """Whether the requester keeps the association open, which is how it shows that it waits for the report.

        One that means to be told elsewhere releases at once, and a report crossing its release would
        hold both sides up: pynetdicom's reactor rests while it waits for a response.
        """
        deadline = time.monotonic() + self._grace_s
        while association.is_established and time.monotonic() < deadline and not self._stopping.wait(0.02):
            pass
        return bool(association.is_established)

    def _report_anew(self, requester: str, address: Address, event_type: int, report: Dataset) -> None:
        """As PS3.4 J.3.3 has it: we ask for the association, yet keep the SCP's role."""
        role = build_role(STORAGE_COMMITMENT, scp_role=True)
        association = self._ae.associate(
            *address,
            ae_title=requester,
            contexts=[build_context(STORAGE_COMMITMENT)],
            ext_neg=[role],
            evt_handlers=self._evt_handlers,
        )
        if not association.is_established:
            logger.warning("storage commitment: %s does not accept the report", requester)
            return
        try:
            association.send_n_event_report(report, event_type, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE)
        except (RuntimeError, ValueError):
            logger.warning("storage commitment: %s refused the context of the report", requester)
        if association.is_established:
            association.release()
