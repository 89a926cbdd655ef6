"""Retrieve: bring a study here, and count. Done means expected = stored; what is here already is not fetched again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from workstation.domain.errors import (
    AssociationRejected,
    IncompleteTransfer,
    PeerError,
    PeerFailure,
    PeerTimedOut,
    PeerUnreachable,
    PortInUse,
    SettingsError,
    UnknownMoveDestination,
    WorkstationError,
)
from workstation.domain.job import Progress
from workstation.domain.node import Node, RetrieveMethod
from workstation.domain.query import Query
from workstation.domain.study import Instance, Level, Series
from workstation.domain.uid import is_valid_uid
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.explain import explain
from workstation.services.ports import (
    Archive,
    DimsePeer,
    Inbox,
    Listener,
    QueryPeer,
    RetrieveTarget,
    TransferProgress,
    TransferReport,
    WebPeer,
)
from workstation.services.search import FindNode, require_node

NAMED = 5  # missing instances in the sentence about them
SINGLY_UP_TO = 50  # missing instances asked for one by one; more than that go in lists of this length
MOVE_BYTES_EVERY_S = 0.5
SETTLED_WITHIN_S = 1.0  # without another instance entered, what a C-MOVE sent is not coming any more
_NO_DIMSE = (PeerUnreachable, PeerTimedOut, AssociationRejected)  # another DIMSE service would meet the same


@dataclass(frozen=True, slots=True)
class RetrieveStudy:
    """A study, or one series of it, from a node; `method` is a RetrieveMethod value."""

    kind: ClassVar[str] = "retrieve"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = True

    node: str
    study_instance_uid: str
    series_instance_uid: str = ""
    method: str = RetrieveMethod.AUTO.value

    @property
    def lane(self) -> str:
        return f"{self.node}:transfer"

    @property
    def subject(self) -> str:
        return self.series_instance_uid or self.study_instance_uid


@dataclass(frozen=True, slots=True)
class RetrieveResult:
    """Counts of instances. `expected` is None when the node could not list them; `already_present` is a part of it."""

    expected: int | None
    received: int = 0
    stored: int = 0
    already_present: int = 0
    missing: tuple[str, ...] = ()
    method: RetrieveMethod | None = None  # the last one used, None when nothing had to be fetched
    bytes: int = 0


def run_retrieve(
    command: RetrieveStudy,
    context: JobContext,
    *,
    archive: Archive,
    inbox: Inbox,
    find_node: FindNode,
    dimse: DimsePeer,
    web: WebPeer,
    listener: Listener,
) -> Outcome:
    """Fetch what the archive lacks, by each configured method in turn until nothing is missing.

    Partly done with IncompleteTransfer when something is missing in the end; raises when nothing came at all.
    """
    node = require_node(find_node, command.node)
    ways = methods(node, RetrieveMethod(command.method))
    around = _Around(context, node, archive, inbox, dimse, web, listener)
    listed = _list_instances(command, around)
    if listed is not None:
        archive.expect(command.study_instance_uid, {uid: len(uids) for uid, uids in listed.items()})
    retrieval = _Retrieval(command, around, listed)
    for index, method in enumerate(ways):
        if retrieval.complete or (method is not RetrieveMethod.WEB and isinstance(retrieval.error, _NO_DIMSE)):
            continue
        if index and retrieval.error:
            context.warn(f"{explain(retrieval.error).what} Going on with {method.upper()}.")
        retrieval.attempt(method)
    return retrieval.outcome()


def methods(node: Node, asked: RetrieveMethod) -> list[RetrieveMethod]:
    """Which methods to try, in order: the one asked for, else the node's own, else all it is configured for."""
    chosen = node.retrieve_method if asked is RetrieveMethod.AUTO else asked
    possible = [RetrieveMethod.GET, RetrieveMethod.MOVE] if node.speaks_dimse else []
    if node.web_url:
        possible.append(RetrieveMethod.WEB)
    if chosen is RetrieveMethod.AUTO:
        return possible
    if chosen not in possible:
        key = "web_url" if chosen is RetrieveMethod.WEB else "ae_title"
        raise SettingsError(
            key=f"nodes.{node.name}.{key}", expected=f"a value, to retrieve by {chosen}", found="nothing"
        )
    return [chosen]


Listed = dict[str, tuple[str, ...]]  # Series Instance UID -> SOP Instance UIDs, in the order of the answers


@dataclass(frozen=True, slots=True)
class _Around:
    """What a retrieval works with, besides its command."""

    context: JobContext
    node: Node
    archive: Archive
    inbox: Inbox
    dimse: DimsePeer
    web: WebPeer
    listener: Listener

    def query_peers(self) -> list[QueryPeer]:
        peers: list[QueryPeer] = [self.dimse] if self.node.speaks_dimse else []
        return [*peers, self.web] if self.node.web_url else peers


def _list_instances(command: RetrieveStudy, around: _Around) -> Listed | None:
    """What the node says it has; None when it cannot say. Raises when it cannot be reached in any way."""
    context, node = around.context, around.node
    errors: list[PeerError] = []
    for peer in around.query_peers():
        try:
            listed = _listed_by(peer, command, around)
        except PeerError as error:
            errors.append(error)
            continue
        if not listed:
            raise PeerFailure(node=node.name, operation="C-FIND", meaning="it has no such study or series")
        if all(listed.values()):
            return listed
        context.warn(f"{node.name} lists a series without instances: completeness is judged by its own count.")
        return None
    if all(isinstance(error, _NO_DIMSE) for error in errors):
        raise errors[0]
    context.warn(f"{explain(errors[0]).what} Completeness is judged by the node’s own count.")
    return None


def _listed_by(peer: QueryPeer, command: RetrieveStudy, around: _Around) -> Listed:
    """Ask level by level, with the unique keys of the levels above (PS3.4 C.4.1.2.1)."""
    context, node = around.context, around.node
    context.progress(Progress(step="asking what there is"))
    keys = {"StudyInstanceUID": command.study_instance_uid, "SeriesInstanceUID": command.series_instance_uid}
    matches = peer.find(node, Query.where(Level.SERIES, keys), context.cancellation)
    series = dict.fromkeys(match.series_instance_uid for match in matches if isinstance(match, Series))
    listed: Listed = {}
    for uid in series:
        found = peer.find(node, Query.where(Level.IMAGE, {**keys, "SeriesInstanceUID": uid}), context.cancellation)
        uids = (match.sop_instance_uid for match in found if isinstance(match, Instance))
        listed[uid] = tuple(dict.fromkeys(uid for uid in uids if is_valid_uid(uid)))
        context.cancellation.raise_if_cancelled()
    return listed


class _Retrieval:
    """One run: what is still missing, and what was counted on the way."""

    def __init__(self, command: RetrieveStudy, around: _Around, listed: Listed | None) -> None:
        self._command = command
        self._around = around
        self._listed = listed
        self._before = self._present()
        self._expected = frozenset(uid for uids in listed.values() for uid in uids) if listed is not None else None
        self._received = 0
        self._bytes = 0
        self._moved_at = 0.0
        self._moved_bytes = 0
        self._method: RetrieveMethod | None = None
        self._blind: TransferReport | None = None  # the whole study's transfer where no list could be had
        self._port_taken: PortInUse | None = None
        self._reasons: dict[str, str] = {}  # SOP Instance UID -> why it was not transferred, as the node says
        self._cause: PeerError | None = None  # what ended the last attempt that brought something, or all of them
        self.error: PeerError | None = None  # what ended the last attempt

    @property
    def complete(self) -> bool:
        if self._expected is not None:
            return not self._missing()
        report = self._blind
        wanted = (report.expected if report else None) or 1
        return report is not None and not report.failures and len(self._present()) >= wanted

    def attempt(self, method: RetrieveMethod) -> None:
        """Fetch what is missing by `method`; what then still is, once more in small portions."""
        self._method = method
        self.error = None
        before = self._present()
        try:
            if method is RetrieveMethod.MOVE:
                self._listen()
            if self._listed is None:
                self._blind = self._transfer(method, self._whole())
                return
            for target in self._targets(self._listed):
                self._transfer(method, target)
        except PeerError as error:
            self.error = error
        arrived = self._present() != before
        if self._listed is not None and not isinstance(self.error, _NO_DIMSE):
            missing = self._missing()
            if arrived or (len(missing) == 1 and self.error is None):
                self._again(method, self._listed, missing)
        if arrived or self._present() == self._before:
            self._cause = self.error

    def outcome(self) -> Outcome:
        result = self._result()
        if self.complete:
            return Outcome(result=result)
        present = self._present()
        if present == self._before and (cause := self._what_stopped_us()):
            raise cause
        error = self._incomplete(result)
        if not present:
            raise error
        return Outcome(result=result, partly=True, error=error)

    def _what_stopped_us(self) -> WorkstationError | None:
        """A node that does not know us never came to our port."""
        return self._cause if isinstance(self._cause, UnknownMoveDestination) else self._port_taken or self._cause

    def _result(self) -> RetrieveResult:
        present = self._present()
        if self._expected is None:
            report = self._blind or TransferReport()
            return RetrieveResult(
                expected=report.expected,
                received=self._received,
                stored=len(present - self._before),
                already_present=len(self._before),
                missing=tuple(failure.sop_instance_uid for failure in report.failures if failure.sop_instance_uid),
                method=self._method,
                bytes=self._bytes,
            )
        return RetrieveResult(
            expected=len(self._expected),
            received=self._received,
            stored=len((present - self._before) & self._expected),
            already_present=len(self._before & self._expected),
            missing=tuple(sorted(self._expected - present)),
            method=self._method,
            bytes=self._bytes,
        )

    def _incomplete(self, result: RetrieveResult) -> IncompleteTransfer:
        named = ", ".join(result.missing[:NAMED])  # the result has them all
        more = f" and {len(result.missing) - NAMED} more" if len(result.missing) > NAMED else ""
        return IncompleteTransfer(
            node=self._around.node.name,
            operation="retrieve",
            expected=result.expected,
            received=result.received,
            stored=result.stored + result.already_present,
            failed=None if result.missing or not self._blind else len(self._blind.failures) or None,
            missing=f"{named}{more}" or None,
            cause=self._cause.code if self._cause else None,
            reason=self._reasons_for(result.missing) or None,
        )

    def _reasons_for(self, missing: tuple[str, ...]) -> str:
        reasons = [reason for uid, reason in self._reasons.items() if uid in missing or not uid]
        return "; ".join(list(dict.fromkeys(reasons))[:3])

    def _present(self) -> frozenset[str]:
        return self._around.archive.instance_uids(self._command.study_instance_uid, self._command.series_instance_uid)

    def _missing(self) -> frozenset[str]:
        assert self._expected is not None
        return self._expected - self._present()

    def _whole(self) -> RetrieveTarget:
        return RetrieveTarget(self._command.study_instance_uid, self._command.series_instance_uid)

    def _targets(self, listed: Listed) -> Iterator[RetrieveTarget]:
        """The whole when nothing is here, else each incomplete series, whole or by its missing instances."""
        missing = self._missing()
        if missing == self._expected:
            yield self._whole()
            return
        for series, uids in listed.items():
            lacking = tuple(uid for uid in uids if uid in missing)
            if len(lacking) == len(uids):
                yield RetrieveTarget(self._command.study_instance_uid, series)
            else:
                yield from self._portions(series, lacking, SINGLY_UP_TO)

    def _portions(self, series: str, uids: tuple[str, ...], size: int) -> Iterator[RetrieveTarget]:
        for start in range(0, len(uids), size):
            yield RetrieveTarget(self._command.study_instance_uid, series, uids[start : start + size])

    def _again(self, method: RetrieveMethod, listed: Listed, missing: frozenset[str]) -> None:
        size = 1 if len(missing) <= SINGLY_UP_TO else SINGLY_UP_TO
        for series, uids in listed.items():
            for target in self._portions(series, tuple(uid for uid in uids if uid in missing), size):
                try:
                    self._transfer(method, target)
                except PeerError as error:
                    self.error = error
                    if isinstance(error, _NO_DIMSE):
                        return

    def _listen(self) -> None:
        """A C-MOVE sends to our AE: somebody of this profile must be listening."""
        if self._around.listener.running:
            return
        try:
            self._around.listener.start()
        except PortInUse as error:
            self._port_taken = error
            self._around.context.warn(f"{explain(error).why} A window of this profile would receive instead.")

    def _transfer(self, method: RetrieveMethod, target: RetrieveTarget) -> TransferReport:
        counted = _Counted(self._progress_of(method))
        received, bytes_before = self._received, self._bytes
        sizes_before = self._stored_bytes() if method is RetrieveMethod.MOVE else 0
        try:
            report = self._start(method, target, counted)
            counted.last = replace(counted.last, done=max(counted.last.done, report.transferred))
            counted.last = replace(counted.last, bytes_done=max(counted.last.bytes_done, report.bytes))
            self._reasons.update({failure.sop_instance_uid: failure.reason for failure in report.failures})
            for warning in report.warnings:
                self._around.context.warn(warning)
            return report
        finally:
            self._received = received + counted.last.done
            came = self._stored_bytes() - sizes_before if method is RetrieveMethod.MOVE else counted.last.bytes_done
            self._bytes = bytes_before + came

    def _start(self, method: RetrieveMethod, target: RetrieveTarget, counted: _Counted) -> TransferReport:
        cancellation = self._around.context.cancellation
        if method is RetrieveMethod.GET:
            return self._around.dimse.get(self._around.node, target, self._around.inbox, counted, cancellation)
        if method is RetrieveMethod.MOVE:
            return self._move(target, counted)
        return self._around.web.retrieve(self._around.node, target, self._around.inbox, counted, cancellation)

    def _move(self, target: RetrieveTarget, counted: _Counted) -> TransferReport:
        """The node can only say that we refused; why we did, our listener knows."""
        around, failure = self._around, None
        around.listener.why_refused()
        before, report = len(self._present()), TransferReport()
        try:
            report = around.dimse.move(around.node, target, counted, around.context.cancellation, self._arrived)
        except PeerError as error:
            failure = error
        self._await_arrivals(before + report.transferred)
        if refusal := around.listener.why_refused():
            raise refusal from failure
        if failure is not None:
            raise failure
        return report

    def _await_arrivals(self, wanted: int) -> None:
        """The node is done before our listener, maybe of another process, has entered the last it was sent."""
        self._around.inbox.settle()
        present, deadline = len(self._present()), time.monotonic() + SETTLED_WITHIN_S
        while present < wanted and time.monotonic() < deadline:
            self._around.context.cancellation.wait(SETTLED_WITHIN_S / 20)
            before, present = present, len(self._present())
            if present > before:
                deadline = time.monotonic() + SETTLED_WITHIN_S

    def _arrived(self) -> int:
        """Grows while the node sends: instances wherever they are received, and what is on its way to our listener."""
        return len(self._present()) + self._around.listener.bytes_from(self._around.node.ae_title)

    def _progress_of(self, method: RetrieveMethod) -> Callable[[TransferProgress], None]:
        """Instances here before this transfer count as done; a C-MOVE's bytes are read from the archive."""
        here = len(self._present() & self._expected) if self._expected is not None else 0
        total = len(self._expected) if self._expected is not None else None
        bytes_here = self._bytes
        base = self._stored_bytes() if method is RetrieveMethod.MOVE else 0
        self._moved_bytes = 0

        def on_progress(progress: TransferProgress) -> None:
            done = here + progress.done
            bytes_done = progress.bytes_done
            if method is RetrieveMethod.MOVE:
                bytes_done = self._moved_since(base)
            self._around.context.progress(
                Progress(
                    done=done if total is None else min(done, total),
                    total=progress.total if total is None else total,
                    bytes_done=bytes_here + bytes_done,
                    failed=progress.failed,
                    step=f"{self._around.node.name}, {method.upper()}",
                )
            )

        return on_progress

    def _moved_since(self, base: int) -> int:
        now = time.monotonic()
        if now - self._moved_at >= MOVE_BYTES_EVERY_S:
            self._moved_at = now
            self._moved_bytes = self._stored_bytes() - base
        return self._moved_bytes

    def _stored_bytes(self) -> int:
        """Bytes of what is asked for and already in the archive."""
        wanted = self._command.series_instance_uid
        series = [wanted] if wanted else [found.series_instance_uid for found in self._series_here()]
        return sum(stored.size_bytes for uid in series for stored in self._around.archive.instances_of(uid))

    def _series_here(self) -> list[Series]:
        return self._around.archive.series_of(self._command.study_instance_uid)


class _Counted:
    """Remembers the last progress, which stands when a transfer ends in an error instead of a report."""

    def __init__(self, on_progress: Callable[[TransferProgress], None]) -> None:
        self.last = TransferProgress(0, None, 0)
        self._on_progress = on_progress

    def __call__(self, progress: TransferProgress) -> None:
        self.last = progress
        self._on_progress(progress)
