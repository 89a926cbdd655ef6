"""The DICOMweb adapter."""

from __future__ import annotations

import time
import webbrowser
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from workstation.domain.node import Node
from workstation.domain.query import OnRemark, Query, no_remark
from workstation.domain.study import QueryMatch
from workstation.jobs.cancel import Cancellation
from workstation.network.dicomweb import query as qido
from workstation.network.dicomweb import retrieve as wado
from workstation.network.dicomweb import store as stow
from workstation.network.dicomweb.log_ins import LogIns
from workstation.network.dicomweb.loopback import OpenBrowser
from workstation.network.dicomweb.transport import Session, trust_of
from workstation.network.quiet import quiet_libraries
from workstation.services.ports import (
    EchoResult,
    Inbox,
    OnProgress,
    RetrieveTarget,
    SecretKind,
    Secrets,
    ShowCode,
    TransferReport,
    WebPeer,
)


class DicomWebClient(WebPeer):
    """Talks to the DICOMweb root of any node. Holds no connection between calls; any thread may call."""

    def __init__(self, secrets: Secrets, open_browser: OpenBrowser = webbrowser.open) -> None:
        quiet_libraries()
        self._secrets = secrets
        self._log_ins = LogIns(secrets, open_browser)

    def echo(self, node: Node, cancellation: Cancellation) -> EchoResult:
        """DICOMweb has no echo: one study is asked for, which shows root, access and QIDO-RS."""
        started = time.monotonic()
        accept = {"Accept": "application/dicom+json"}
        with (
            self.session(node, "QIDO-RS", cancellation) as session,
            session.request("GET", "/studies", headers=accept, params={"limit": "1"}) as response,
        ):
            if response.status_code not in (200, 204):
                session.raise_for(response)
            response.read()
            return EchoResult(time.monotonic() - started, response.headers.get("server", ""))

    def find(
        self, node: Node, query: Query, cancellation: Cancellation, remark: OnRemark = no_remark
    ) -> Iterator[QueryMatch]:
        with self.session(node, "QIDO-RS", cancellation) as session:
            for match in qido.find(session, query, fuzzy=node.fuzzy, remark=remark):
                cancellation.raise_if_cancelled()
                yield match

    def retrieve(
        self, node: Node, target: RetrieveTarget, inbox: Inbox, on_progress: OnProgress, cancellation: Cancellation
    ) -> TransferReport:
        with self.session(node, "WADO-RS", cancellation) as session:
            return wado.retrieve(session, target, inbox, on_progress)

    def store(
        self, node: Node, paths: Sequence[Path], on_progress: OnProgress, cancellation: Cancellation
    ) -> TransferReport:
        with self.session(node, "STOW-RS", cancellation) as session:
            return stow.store(session, paths, on_progress)

    def log_in(self, node: Node, cancellation: Cancellation, show_code: ShowCode | None = None) -> None:
        self._log_ins.log_in(node, cancellation, show_code)

    def log_out(self, node: Node, cancellation: Cancellation) -> None:
        self._log_ins.log_out(node, cancellation)

    def session(self, node: Node, operation: str, cancellation: Cancellation) -> Session:
        """HTTP with the root of `node` as whoever is logged in there."""
        passphrase = partial(self._secrets.get, node.name, SecretKind.KEY_PASSPHRASE)
        identity = self._log_ins.identity(node, cancellation)
        return Session(node, operation, cancellation, trust_of(node, passphrase), identity)
