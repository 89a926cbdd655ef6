"""The DIMSE adapter: one method per service, one association per call."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from workstation.domain.node import LocalAe, Node
from workstation.domain.query import OnRemark, Query, WorklistQuery, no_remark
from workstation.domain.study import QueryMatch
from workstation.domain.worklist import WorklistItem
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse import find, retrieve, store, worklist
from workstation.network.dimse import status as words
from workstation.network.dimse.association import associated
from workstation.network.identity import known
from workstation.network.quiet import quiet_libraries
from workstation.services.ports import (
    Arrivals,
    DimsePeer,
    EchoResult,
    Inbox,
    OnProgress,
    Secrets,
    TransferReport,
    Wanted,
    no_arrivals,
)


class DimseClient(DimsePeer):
    """Talks to any node as `local`. Holds no connection: each call opens and closes its own, from any thread.

    `secrets` has the passcodes of users and the pass-phrases of client keys.
    """

    def __init__(self, local: LocalAe, secrets: Secrets | None = None) -> None:
        quiet_libraries()
        self._local = local
        self._secrets = secrets

    def _known(self, node: Node) -> Node:
        return known(node, self._secrets)

    def echo(self, node: Node, cancellation: Cancellation) -> EchoResult:
        """C-ECHO (PS3.4 annex A)."""
        started = time.monotonic()
        with associated(self._local, self._known(node), [build_context(Verification)], cancellation, "C-ECHO") as link:
            link.require(Verification)
            status = link.association.send_c_echo()
            if "Status" not in status:
                raise link.lost()
            if int(status.Status) != words.SUCCESS:
                raise link.failure(int(status.Status), words.comment_of(status))
            elapsed = time.monotonic() - started
            return EchoResult(elapsed, link.association.acceptor.implementation_version_name or "")

    def find(
        self, node: Node, query: Query, cancellation: Cancellation, remark: OnRemark = no_remark
    ) -> Iterator[QueryMatch]:
        return find.find(self._local, self._known(node), query, cancellation, remark)

    def find_worklist(self, node: Node, query: WorklistQuery, cancellation: Cancellation) -> Iterator[WorklistItem]:
        return worklist.find_worklist(self._local, self._known(node), query, cancellation)

    def get(
        self,
        node: Node,
        wanted: Wanted,
        inbox: Inbox,
        on_progress: OnProgress,
        cancellation: Cancellation,
        *,
        classes: Sequence[str] = (),
    ) -> TransferReport:
        return retrieve.get(
            self._local, self._known(node), wanted, inbox, on_progress, cancellation=cancellation, classes=classes
        )

    def move(
        self,
        node: Node,
        wanted: Wanted,
        on_progress: OnProgress,
        cancellation: Cancellation,
        arrivals: Arrivals = no_arrivals,
        *,
        destination: str = "",
    ) -> TransferReport:
        return retrieve.move(
            self._local,
            self._known(node),
            wanted,
            on_progress,
            cancellation=cancellation,
            arrivals=arrivals,
            destination=destination,
        )

    def store(
        self, node: Node, paths: Sequence[Path], on_progress: OnProgress, cancellation: Cancellation
    ) -> TransferReport:
        return store.store(self._local, self._known(node), paths, on_progress, cancellation)
