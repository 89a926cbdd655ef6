"""The network's adapters, whose libraries (pynetdicom, HTTP, TLS) are loaded with the first call.

They take most of a second, and a window shows its first picture before anybody needs them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from workstation.domain.errors import LocalError
from workstation.domain.node import LocalAe, Node
from workstation.domain.query import OnRemark, Query, no_remark
from workstation.domain.study import QueryMatch
from workstation.jobs.cancel import Cancellation
from workstation.services.ports import (
    DimsePeer,
    EchoResult,
    Inbox,
    Listener,
    OnProgress,
    RetrieveTarget,
    SecretKind,
    Secrets,
    ShowCode,
    TransferReport,
    WebPeer,
)
from workstation.services.probe import Probe


def dimse_client(local: LocalAe, secrets: Secrets) -> DimsePeer:
    """The DIMSE client under our AE title."""
    from workstation.network.dimse.client import DimseClient

    return DimseClient(local, secrets)


def probe(secrets: Secrets) -> Probe:
    """What a diagnosis asks of the network."""
    from workstation.network.probe import NetworkProbe

    return NetworkProbe(secrets)


class LateWebClient(WebPeer):
    """The DICOMweb client."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._lock = threading.Lock()
        self._client: WebPeer | None = None

    def echo(self, node: Node, cancellation: Cancellation) -> EchoResult:
        return self._made().echo(node, cancellation)

    def find(
        self, node: Node, query: Query, cancellation: Cancellation, remark: OnRemark = no_remark
    ) -> Iterator[QueryMatch]:
        return self._made().find(node, query, cancellation, remark)

    def retrieve(
        self, node: Node, target: RetrieveTarget, inbox: Inbox, on_progress: OnProgress, cancellation: Cancellation
    ) -> TransferReport:
        return self._made().retrieve(node, target, inbox, on_progress, cancellation)

    def store(
        self, node: Node, paths: Sequence[Path], on_progress: OnProgress, cancellation: Cancellation
    ) -> TransferReport:
        return self._made().store(node, paths, on_progress, cancellation)

    def log_in(self, node: Node, cancellation: Cancellation, show_code: ShowCode | None = None) -> None:
        self._made().log_in(node, cancellation, show_code)

    def log_out(self, node: Node, cancellation: Cancellation) -> None:
        self._made().log_out(node, cancellation)

    def _made(self) -> WebPeer:
        with self._lock:
            if self._client is None:
                from workstation.network.dicomweb.client import DicomWebClient

                self._client = DicomWebClient(self._secrets)
            return self._client


class LateListener(Listener):
    """The storage SCP; one that never started has received nothing."""

    def __init__(
        self,
        local: Callable[[], LocalAe],
        inbox: Inbox,
        known_ae_titles: Callable[[], frozenset[str]],
        secrets: Secrets,
    ) -> None:
        self._arguments = (local, inbox, known_ae_titles)
        self._secrets = secrets
        self._lock = threading.Lock()
        self._listener: Listener | None = None

    @property
    def running(self) -> bool:
        return self._listener is not None and self._listener.running

    def start(self) -> LocalAe:
        with self._lock:
            if self._listener is None:
                from workstation.network.listener import StorageListener

                self._listener = StorageListener(
                    *self._arguments, key_passphrase=lambda: self._secrets.get("local", SecretKind.KEY_PASSPHRASE)
                )
        return self._listener.start()

    def stop(self) -> None:
        with self._lock:
            listener = self._listener
        if listener is not None:
            listener.stop()

    def bytes_from(self, ae_title: str) -> int:
        return self._listener.bytes_from(ae_title) if self._listener is not None else 0

    def why_refused(self) -> LocalError | None:
        return self._listener.why_refused() if self._listener is not None else None

    def turned_away(self) -> tuple[str, ...]:
        return self._listener.turned_away() if self._listener is not None else ()
