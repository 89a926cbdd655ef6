"""Peers of the embedded PACS made of pynetdicom alone: a requester and a storage provider, not our own code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import AllTransferSyntaxes
from pynetdicom import AE, AllStoragePresentationContexts, build_context, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from workstation.demo.pacs import EmbeddedPacs
from workstation.demo.requesting_ae import RequestingAE
from workstation.demo.sop_classes import STUDY_ROOT_MOVE

TODAY = date(2026, 11, 23)
UNCOMPRESSED = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]


class Scu:
    """A requester; every association it opened is closed at the end."""

    def __init__(self, ae_title: str = "TESTSCU") -> None:
        self.ae = RequestingAE(ae_title)
        self.ae.dimse_timeout = 20
        self.ae.acse_timeout = 10

    @contextmanager
    def association(
        self,
        pacs: EmbeddedPacs,
        *contexts: PresentationContext | str,
        roles: list[Any] | None = None,
        handlers: list[Any] | None = None,
        called: str | None = None,
    ) -> Iterator[Association]:
        association = self.ae.associate(
            "127.0.0.1",
            pacs.port,
            ae_title=called or pacs.ae_title,
            contexts=[build_context(c, UNCOMPRESSED) if isinstance(c, str) else c for c in contexts],
            ext_neg=roles or [],
            evt_handlers=handlers or [],
        )
        try:
            yield association
        finally:
            if association.is_established:
                association.release()


class Receiver:
    """A storage SCP that keeps what it is sent."""

    def __init__(self, status: int = 0x0000) -> None:
        self.received: list[Dataset] = []
        self._status = status
        self.ae = AE("RECEIVER")
        for context in AllStoragePresentationContexts:
            self.ae.add_supported_context(str(context.abstract_syntax), AllTransferSyntaxes)
        self.server: Any = self.ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, self._keep)]
        )
        self.port = int(self.server.server_address[1])

    def _keep(self, event: evt.Event) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        self.received.append(dataset)
        return self._status


def stored(pacs: EmbeddedPacs, patient_id: str) -> list[Any]:
    """The instances of the patient's newest study."""
    studies = [entity for entity in pacs.catalogue.entities("STUDY") if entity.header.PatientID == patient_id]
    return list(studies[0].instances)


def study_of(pacs: EmbeddedPacs, patient_id: str) -> Dataset:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.StudyInstanceUID = stored(pacs, patient_id)[0].StudyInstanceUID
    return query


def move(pacs: EmbeddedPacs, scu: Scu, query: Dataset, destination: str) -> list[Dataset]:
    with scu.association(pacs, STUDY_ROOT_MOVE) as association:
        return [status for status, _ in association.send_c_move(query, destination, STUDY_ROOT_MOVE)]
