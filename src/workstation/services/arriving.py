"""C-MOVE: what a node sends arrives at our listener, maybe of another process, and is seen in the archive only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from workstation.domain.errors import PeerError, PortInUse
from workstation.domain.node import Node
from workstation.jobs.runner import JobContext
from workstation.services.attention import Attention
from workstation.services.explain import explain
from workstation.services.pace import Paces
from workstation.services.ports import (
    Archive,
    DimsePeer,
    Inbox,
    Listener,
    RetrieveTarget,
    TransferProgress,
    TransferReport,
    WebPeer,
)

MOVE_BYTES_EVERY_S = 0.5
SETTLED_WITHIN_S = 1.0  # without another instance entered, what a C-MOVE sent is not coming any more


@dataclass(frozen=True, slots=True)
class Around:
    """What a retrieval works with."""

    context: JobContext
    node: Node
    archive: Archive
    inbox: Inbox
    dimse: DimsePeer
    web: WebPeer
    listener: Listener
    paces: Paces
    attention: Attention


class Moved(Protocol):
    def __call__(self, *, now: bool = False) -> int: ...


class Arriving:
    """What comes of one study, or one series of it, while a C-MOVE runs."""

    def __init__(self, study: str, series: str, around: Around, expected: frozenset[str] | None) -> None:
        self._study, self._series = study, series
        self._around = around
        self._wanted = len(expected | self.present()) if expected is not None else None

    def listen(self) -> PortInUse | None:
        """A C-MOVE sends to our AE: somebody of this profile must be listening; why it is not us."""
        if self._around.listener.running:
            return None
        try:
            self._around.listener.start()
        except PortInUse as error:
            self._around.context.warn(f"{explain(error).why} A window of this profile would receive instead.")
            return error
        return None

    def move(
        self, targets: Iterable[RetrieveTarget], on_progress: Callable[[TransferProgress], None]
    ) -> TransferReport:
        """The node can only say that we refused; why we did, our listener knows."""
        around, failure = self._around, None
        around.listener.why_refused()
        before, report = len(self.present()), TransferReport()
        try:
            report = around.dimse.move(around.node, targets, on_progress, around.context.cancellation, self._arrived)
        except PeerError as error:
            failure = error
        self._await(before + report.transferred)
        if refusal := around.listener.why_refused():
            raise refusal from failure
        if failure is not None:
            raise failure
        return report

    def bytes_from_now(self) -> Moved:
        """The bytes that come from now on, read from the archive now and then."""
        base, last, at = self._stored_bytes(), 0, 0.0

        def moved(*, now: bool = False) -> int:
            nonlocal last, at
            if now or time.monotonic() - at >= MOVE_BYTES_EVERY_S:
                at, last = time.monotonic(), self._stored_bytes() - base
            return last

        return moved

    def present(self) -> frozenset[str]:
        return self._around.archive.instance_uids(self._study, self._series)

    def _await(self, wanted: int) -> None:
        """The node is done before our listener has entered the last it was sent."""
        self._around.inbox.settle()
        wanted = wanted if self._wanted is None else min(wanted, self._wanted)
        present, deadline = len(self.present()), time.monotonic() + SETTLED_WITHIN_S
        while present < wanted and time.monotonic() < deadline:
            self._around.context.cancellation.wait(SETTLED_WITHIN_S / 20)
            before, present = present, len(self.present())
            if present > before:
                deadline = time.monotonic() + SETTLED_WITHIN_S

    def _arrived(self) -> int:
        """Grows while the node sends: instances wherever they are received, and what is on its way to our listener."""
        return len(self.present()) + self._around.listener.bytes_from(self._around.node.ae_title)

    def _stored_bytes(self) -> int:
        """Bytes of what is asked for and already in the archive."""
        archive = self._around.archive
        series = [self._series] if self._series else [one.series_instance_uid for one in archive.series_of(self._study)]
        return sum(stored.size_bytes for uid in series for stored in archive.instances_of(uid))
