"""The embedded PACS: a complete imaging archive with worklist on a loopback port, for the demo and for tests.

This module wires pynetdicom's events to the rooms beside it; what they answer is decided there.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import AllTransferSyntaxes, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.events import Event
from pynetdicom.transport import ThreadedAssociationServer

from workstation.demo import commitment, retrieve
from workstation.demo.mpps import Answer, PerformedSteps
from workstation.demo.requesting_ae import RequestingAE
from workstation.demo.samples import load
from workstation.demo.sop_classes import SERVICES, WORKLIST_FIND
from workstation.demo.store import Catalogue, InvalidIdentifier, query_level
from workstation.demo.temper import Mood, Temper
from workstation.demo.worklist import Worklist

SUCCESS, PENDING, CANCELLED = 0x0000, 0xFF00, 0xFE00
OUT_OF_RESOURCES, IDENTIFIER_MISMATCH, CANNOT_UNDERSTAND = 0xA700, 0xA900, 0xC000
NOT_AUTHORISED = 0x0124
STORE_MISMATCH, STORE_CANNOT_UNDERSTAND = 0xA900, 0xC000

_SOCKET_TIMEOUT_S = 20.0
_DIMSE_TIMEOUT_S = 30.0
_IDLE_TIMEOUT_S = 60.0
_CONNECTION_TIMEOUT_S = 5.0
_MAXIMUM_ASSOCIATIONS = 50

_UNCOMPRESSED = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


class EmbeddedPacs:
    """Start it, ask it, stop it. `samples` is a folder of DICOM files; everything lives in memory."""

    def __init__(
        self,
        samples: Path,
        *,
        ae_title: str = "DEMOPACS",
        today: date | None = None,
        temper: Temper = Temper.OBEYS,
        destinations: Mapping[str, tuple[str, int]] | None = None,
        commit_on_new_association: bool = False,
    ) -> None:
        self.ae_title = ae_title
        self.port = 0
        self.worklist = Worklist(today or date.today())
        self.catalogue = Catalogue(load(samples, today))
        self.performed_steps = PerformedSteps(self.worklist.report)
        self._destinations = dict(destinations or {})
        self._destinations_lock = threading.Lock()
        self._mood = Mood(temper)
        self._server: ThreadedAssociationServer | None = None
        self._ae = _application_entity(ae_title, self.catalogue)
        self._reporter = commitment.Reporter(
            self._ae,
            self._address_of,
            on_new_association=commit_on_new_association,
            evt_handlers=[(evt.EVT_CONN_OPEN, _tune_socket)],
        )

    def __enter__(self) -> EmbeddedPacs:
        if self._server is None:
            self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; returns the port really bound. Raises OSError when it is taken."""
        self._server = self._ae.start_server((host, port), block=False, evt_handlers=self._handlers())
        assert self._server is not None
        self.port = int(self._server.server_address[1])
        return self.port

    def stop(self) -> None:
        """End every association and the server; waits until their threads are gone."""
        self._mood.stop()
        self._reporter.stop(timeout_s=5.0)  # first: shutdown would abort a report half-way
        self._ae.shutdown()
        self._server = None

    def add_destination(self, ae_title: str, host: str, port: int) -> None:
        """Make `ae_title` known: where C-MOVE sends to and storage commitment reports to."""
        with self._destinations_lock:
            self._destinations[ae_title.strip()] = (host, port)

    def _address_of(self, ae_title: str) -> tuple[str, int] | None:
        with self._destinations_lock:
            return self._destinations.get(ae_title.strip())

    def _handlers(self) -> list[Any]:
        return [
            (evt.EVT_CONN_OPEN, _tune_socket),
            (evt.EVT_C_ECHO, _echo),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_C_GET, retrieve.get, [self.catalogue]),
            (
                evt.EVT_C_MOVE,
                retrieve.move,
                [self.catalogue, self._address_of, [(evt.EVT_CONN_OPEN, _tune_socket)]],
            ),
            (evt.EVT_N_CREATE, self._create_step),
            (evt.EVT_N_SET, self._set_step),
            (evt.EVT_N_ACTION, self._commit),
        ]

    def _find(self, event: Event) -> Iterator[tuple[int, Dataset | None]]:
        """C-FIND on any model (PS3.4 C.4.1, K.4.1)."""
        if self._mood.refuses():
            yield OUT_OF_RESOURCES, None
            return
        try:
            replies = self._replies(event)
        except InvalidIdentifier:
            yield IDENTIFIER_MISMATCH, None
            return
        for reply in replies:
            if event.is_cancelled:
                yield CANCELLED, None
                return
            yield PENDING, reply

    def _replies(self, event: Event) -> Iterator[Dataset]:
        identifier = event.identifier
        sop_class = _request(event).AffectedSOPClassUID
        if sop_class == WORKLIST_FIND:
            return self.worklist.find(identifier)
        level = query_level(identifier, retrieve.root_of(sop_class))
        return (self._located(reply) for reply in self.catalogue.find(level, identifier))

    def _located(self, reply: Dataset) -> Dataset:
        reply.RetrieveAETitle = self.ae_title
        return reply

    def _store(self, event: Event) -> int:
        """C-STORE (PS3.4 annex B): kept as it came, in its transfer syntax."""
        request = _request(event)
        dataset = event.dataset
        if not dataset.get("StudyInstanceUID") or not dataset.get("SeriesInstanceUID"):
            return STORE_CANNOT_UNDERSTAND
        named = (dataset.get("SOPClassUID"), dataset.get("SOPInstanceUID"))
        if named != (request.AffectedSOPClassUID, request.AffectedSOPInstanceUID):
            return STORE_MISMATCH
        instance = FileDataset("", dataset, file_meta=event.file_meta, preamble=b"\0" * 128)
        self.catalogue.add(instance)
        return SUCCESS

    def _create_step(self, event: Event) -> tuple[Dataset, Dataset | None]:
        if self._mood.refuses():
            return Answer(NOT_AUTHORISED, "not authorised").status_dataset(), None
        uid = str(_request(event).AffectedSOPInstanceUID or "")
        answer = self.performed_steps.create(uid, event.attribute_list)
        given = Dataset()
        if not uid and answer.sop_instance_uid:
            given.AffectedSOPInstanceUID = answer.sop_instance_uid
        return answer.status_dataset(name_attributes=False), given

    def _set_step(self, event: Event) -> tuple[Dataset, Dataset | None]:
        if self._mood.refuses():
            return Answer(NOT_AUTHORISED, "not authorised").status_dataset(), None
        uid = str(_request(event).RequestedSOPInstanceUID)
        return self.performed_steps.set(uid, event.modification_list).status_dataset(), None

    def _commit(self, event: Event) -> tuple[int, Dataset | None]:
        if self._mood.refuses():
            return NOT_AUTHORISED, None
        information = event.action_information
        status = commitment.refusal(event.action_type or 0, str(_request(event).RequestedSOPInstanceUID), information)
        if status == SUCCESS:
            event_type, report = commitment.report_for(information, self.catalogue, self.ae_title)
            self._reporter.send(event.assoc, event_type, report)
        return status, None


def _application_entity(ae_title: str, catalogue: Catalogue) -> AE:
    entity = RequestingAE(ae_title)
    entity.require_called_aet = True
    entity.maximum_associations = _MAXIMUM_ASSOCIATIONS
    entity.dimse_timeout = _DIMSE_TIMEOUT_S
    entity.network_timeout = _IDLE_TIMEOUT_S
    entity.connection_timeout = _CONNECTION_TIMEOUT_S
    for service in SERVICES:
        entity.add_supported_context(service, _UNCOMPRESSED)
    kept = catalogue.transfer_syntaxes()
    for context in AllStoragePresentationContexts:
        # Of several proposed in one context the acceptor's first wins: what we keep, then what all can read.
        sop_class = str(context.abstract_syntax)
        syntaxes = dict.fromkeys([*kept.get(sop_class, ()), *_UNCOMPRESSED, *AllTransferSyntaxes])
        # Both roles: C-GET sends on the requester's association (PS3.7 D.3.3.4).
        entity.add_supported_context(sop_class, list(syntaxes), scu_role=True, scp_role=True)
    return entity


def _request(event: Event) -> Any:
    """The request primitive, which pynetdicom types as the union of all of them."""
    return event.request


def _echo(event: Event) -> int:
    return SUCCESS


def _tune_socket(event: Event) -> None:
    """A time-out, without which a peer that stops inside a PDU keeps the thread for ever; and no Nagle delays.

    Both measured: one instance of 10 KB takes 50 ms with Nagle's algorithm and delayed ACKs, 7 ms without.
    """
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.settimeout(_SOCKET_TIMEOUT_S)
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
