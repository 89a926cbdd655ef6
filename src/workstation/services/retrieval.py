"""One run of a retrieval: what is still missing, by which method it is asked for, and what was counted on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from workstation.domain.errors import (
    IncompleteTransfer,
    PeerError,
    PeerFailure,
    PortInUse,
    UnknownMoveDestination,
    WorkstationError,
)
from workstation.domain.job import Progress
from workstation.domain.node import RetrieveMethod
from workstation.jobs.runner import Outcome
from workstation.services.arrival_order import ArrivalOrder, Taking
from workstation.services.arriving import Around, Arriving
from workstation.services.explain import explain
from workstation.services.node_listing import NO_DIMSE, Listing
from workstation.services.pace import LARGE, Growth
from workstation.services.ports import (
    RetrieveTarget,
    TransferProgress,
    TransferReport,
)
from workstation.services.side_by_side import SideBySide
from workstation.services.tally import Tally, Together

NAMED = 5  # missing instances in the sentence about them
SINGLY_UP_TO = 50  # missing instances asked for one by one; more than that go in lists of this length
MOST_ASSOCIATIONS = 4  # where the node's settings name no number
SOUNDED_FROM_BYTES = 32 * 1024 * 1024  # of what is still to come: less is there before methods are compared
_SAMPLE_BYTES = 8 * 1024 * 1024
_LARGE_PORTION_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fallback:
    """Why another method was tried."""

    tried: RetrieveMethod
    then: RetrieveMethod
    missing: int | None  # instances that had not come, None where the node could not list them
    reason: str = ""  # the error's code, empty when the node only left something out


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
    again: int = 0  # instances asked for again because they had not come
    fallbacks: tuple[Fallback, ...] = ()


class Retrieval:
    def __init__(self, study: str, series: str, around: Around, listing: Listing | None) -> None:
        self._study, self._series = study, series
        self._around = around
        self._listing = listing
        self._before = self._present()
        self._expected = listing.uids if listing is not None else None
        self._tally = Tally()
        self._again = 0
        self._fallbacks: list[Fallback] = []
        self._conflicts_before = around.inbox.conflicts
        self._arriving = Arriving(study, series, around, self._expected)
        self._method: RetrieveMethod | None = None
        self._blind: TransferReport | None = None  # the whole study's transfer where no list could be had
        self._port_taken: PortInUse | None = None
        self._reasons: dict[str, str] = {}  # SOP Instance UID -> why it was not transferred, as the node says
        self._cause: PeerError | None = None  # what ended the last attempt that brought something, or all of them
        self._error: PeerError | None = None  # what ended the last attempt

    def run(self, ways: list[RetrieveMethod]) -> None:
        """By each of `ways` in turn until nothing is missing."""
        tried: RetrieveMethod | None = None
        for index, method in enumerate(ways):
            if self.complete or (method is not RetrieveMethod.WEB and isinstance(self._error, NO_DIMSE)):
                continue
            if tried is not None:
                self._fall_back(tried, method)
            self._attempt(method, [way for way in ways[index:] if way is not RetrieveMethod.MOVE])
            tried = self._method

    @property
    def complete(self) -> bool:
        if self._expected is not None:
            return not self._missing()
        report = self._blind
        wanted = (report.expected if report else None) or 1
        return report is not None and not report.failures and len(self._present()) >= wanted

    def outcome(self) -> Outcome:
        result = self._result()
        conflicts = self._around.inbox.conflicts - self._conflicts_before
        if conflicts:
            self._around.context.warn(
                f"{conflicts} of the instances came with a UID that is here already with other content. What was here"
                " before is shown; what came now is kept beside it."
            )
        if self.complete:
            return Outcome(result=result)
        present = self._present()
        if present == self._before and (cause := self._what_stopped_us()):
            raise cause
        error = self._incomplete(result)
        if not present:
            raise error
        return Outcome(result=result, partly=True, error=error)

    # --- one attempt -------------------------------------------------------------------------

    def _attempt(self, method: RetrieveMethod, rivals: list[RetrieveMethod]) -> None:
        """Fetch what is missing by `method`; what then still is, once more in small portions."""
        self._method, self._error = method, None
        before = self._present()
        try:
            if method is RetrieveMethod.MOVE:
                self._port_taken = self._arriving.listen() or self._port_taken
            if self._listing is None:
                self._blind = self._transfer(method, [self._whole()])
                return
            self._fetch_missing(method, rivals, self._listing)
        except PeerError as error:
            self._error = error
        arrived = self._present() != before
        if self._listing is not None and not isinstance(self._error, NO_DIMSE):
            if not arrived and self._may_not_know_lists():
                arrived = self._fetch_whole(method)
            missing = self._missing()
            if arrived or (len(missing) == 1 and self._error is None):
                self._fetch_again(self._method, self._listing, missing)
        if arrived or self._present() == self._before:
            self._cause = self._error

    def _fetch_missing(self, method: RetrieveMethod, rivals: list[RetrieveMethod], listing: Listing) -> None:
        order = ArrivalOrder(
            self._study,
            listing,
            self._missing(),
            looked_at=lambda: self._around.attention.series_of(self._study),
            portion=self._portion,
        )
        if method is RetrieveMethod.MOVE or len(rivals) < 2:
            self._fetch(method, order)
            return
        # One image of each series tells how large they are; where there are few more, one alone has to.
        self._fetch(method, order, most=order.unbegun if order.count > 2 * order.unbegun else 1)
        best = self._fastest(method, rivals, order)
        if best is not method:
            try:
                self._method = best
                self._fetch(best, order)
            except PeerError as error:
                self._error = error
                self._fall_back(best, method)
                self._method, self._error = method, None
        self._fetch(method, order)

    def _fastest(self, method: RetrieveMethod, rivals: list[RetrieveMethod], order: ArrivalOrder) -> RetrieveMethod:
        """The method for the rest, by what this node has shown in this session, or shows with a sample now."""
        mean = self._tally.mean_bytes
        rest = order.count
        if not mean or rest * mean < SOUNDED_FROM_BYTES:
            return method if not mean else self._around.paces.fastest_first(self._around.node.name, rivals, mean)[0]
        sample = max(1, min(rest // 4, max(rest // 16, int(_SAMPLE_BYTES / mean))))
        for rival in (method, *(one for one in rivals if one is not method)):
            if self._around.paces.rate(self._around.node.name, rival, mean) is None:
                try:
                    self._fetch(rival, order, most=1, at_once=sample)
                except PeerError:
                    if rival is method:
                        raise
                    rivals = [method]  # nothing was asked of it yet but a sample: no fall-back to tell
        return self._around.paces.fastest_first(self._around.node.name, rivals, mean)[0]

    def _may_not_know_lists(self) -> bool:
        """Nothing came of a request for named instances: some peers know studies only."""
        return self._error is None or isinstance(self._error, PeerFailure)

    def _fetch_whole(self, method: RetrieveMethod) -> bool:
        before = self._present()
        try:
            self._transfer(method, [self._whole()])
            self._error = None
        except PeerError as error:
            self._error = error
        return self._present() != before

    def _fetch(
        self,
        method: RetrieveMethod,
        order: ArrivalOrder,
        *,
        most: int | None = None,
        at_once: int | None = None,
    ) -> None:
        """Take from `order` by `method`, on several associations where that pays."""
        began, instances, size = time.monotonic(), self._tally.received, self._tally.bytes
        taking = Taking(order, most, at_once)
        if method is not RetrieveMethod.GET or most is not None:
            self._take(method, taking)
        else:
            self._side_by_side(taking, order).run()
        gained = self._tally.received - instances, self._tally.bytes - size
        if gained[1] >= _SAMPLE_BYTES // 2:  # less tells of the way to the peer, not of its pace
            self._around.paces.note(self._around.node.name, method, *gained, time.monotonic() - began)

    def _side_by_side(self, taking: Taking, order: ArrivalOrder) -> SideBySide:
        node, paces = self._around.node, self._around.paces
        most = paces.most_associations(node.name, node.connections or MOST_ASSOCIATIONS)
        beside = SideBySide(
            lambda: self._take(RetrieveMethod.GET, taking, beside.consider),
            Growth(most, adapt=not node.connections),
            stop=order.stop,
            refused=lambda under_way: paces.refused(node.name, under_way),
        )
        return beside

    def _take(self, method: RetrieveMethod, taking: Taking, consider: Callable[[int, int], None] | None = None) -> None:
        """One transfer; what it was about when it broke is given back."""
        targets = taking.begin()
        try:
            self._transfer(method, targets, consider)
        except PeerError:
            taking.give_back(targets.last, self._present())
            raise

    def _portion(self) -> int | None:
        """Large instances are asked for in portions that several associations can share."""
        mean = self._tally.mean_bytes
        return max(1, int(_LARGE_PORTION_BYTES / mean)) if mean and mean >= LARGE else None

    def _fetch_again(self, method: RetrieveMethod, listing: Listing, missing: frozenset[str]) -> None:
        size = 1 if len(missing) <= SINGLY_UP_TO else SINGLY_UP_TO
        self._again += len(missing)
        for series, uids in listing.series.items():
            lacking = [uid for uid in uids if uid in missing]
            for start in range(0, len(lacking), size):
                portion = tuple(lacking[start : start + size])
                target = RetrieveTarget(self._study, series, portion, listing.classes_of(portion))
                try:
                    self._transfer(method, [target])
                except PeerError as error:
                    self._error = error
                    if isinstance(error, NO_DIMSE):
                        return

    def _fall_back(self, tried: RetrieveMethod, then: RetrieveMethod) -> None:
        """Say and record why another method is tried."""
        missing = len(self._missing()) if self._expected is not None else None
        self._fallbacks.append(Fallback(tried, then, missing, self._error.code if self._error else ""))
        if self._error is not None:
            what = explain(self._error).what
        elif missing is not None:
            counted = "1 instance" if missing == 1 else f"{missing} instances"
            what = f"{counted} did not come by {tried.upper()}."
        else:
            what = f"Not everything came by {tried.upper()}."
        self._around.context.warn(f"{what} Going on with {then.upper()}.")

    # --- one transfer ------------------------------------------------------------------------

    def _transfer(
        self,
        method: RetrieveMethod,
        targets: Iterable[RetrieveTarget],
        consider: Callable[[int, int], None] | None = None,
    ) -> TransferReport:
        moved = self._arriving.bytes_from_now() if method is RetrieveMethod.MOVE else None
        slot = self._tally.slot()

        def on_progress(progress: TransferProgress) -> None:
            slot.note(replace(progress, bytes_done=moved()) if moved is not None else progress)
            self._tell(method, progress)
            if consider is not None:
                consider(self._tally.received, self._tally.bytes)

        try:
            report = self._start(method, targets, on_progress)
            slot.note(TransferProgress(report.transferred, None, report.bytes))
            self._reasons.update({failure.sop_instance_uid: failure.reason for failure in report.failures})
            for warning in report.warnings:
                self._around.context.warn(warning)
            return report
        finally:
            if moved is not None:
                slot.note(TransferProgress(0, None, moved(now=True)))
            slot.close()

    def _start(
        self, method: RetrieveMethod, targets: Iterable[RetrieveTarget], on_progress: Callable[[TransferProgress], None]
    ) -> TransferReport:
        around = self._around
        cancellation = around.context.cancellation
        if method is RetrieveMethod.GET:
            classes = self._listing.classes_of(sorted(self._missing())) if self._listing is not None else ()
            return around.dimse.get(around.node, targets, around.inbox, on_progress, cancellation, classes=classes)
        if method is RetrieveMethod.MOVE:
            return self._arriving.move(targets, on_progress)
        together = Together(on_progress)
        for target in targets:
            together.add(around.web.retrieve(around.node, target, around.inbox, together.progress, cancellation))
        return together.report

    def _tell(self, method: RetrieveMethod, progress: TransferProgress) -> None:
        """Instances here before count as done."""
        here = len(self._before & self._expected) if self._expected is not None else 0
        total = len(self._expected) if self._expected is not None else progress.total
        done = here + self._tally.received
        self._around.context.progress(
            Progress(
                done=done if total is None else min(done, total),
                total=total,
                bytes_done=self._tally.bytes,
                failed=self._tally.failed,
                step=f"{self._around.node.name}, {method.upper()}",
                received=self._tally.received,
            )
        )

    def _present(self) -> frozenset[str]:
        return self._around.archive.instance_uids(self._study, self._series)

    def _missing(self) -> frozenset[str]:
        assert self._expected is not None
        return self._expected - self._present()

    def _whole(self) -> RetrieveTarget:
        return RetrieveTarget(self._study, self._series)

    # --- what came of it ---------------------------------------------------------------------

    def _what_stopped_us(self) -> WorkstationError | None:
        """A node that does not know us never came to our port."""
        return self._cause if isinstance(self._cause, UnknownMoveDestination) else self._port_taken or self._cause

    def _result(self) -> RetrieveResult:
        present = self._present()
        common = RetrieveResult(
            expected=None,
            received=self._tally.received,
            method=self._method,
            bytes=self._tally.bytes,
            again=self._again,
            fallbacks=tuple(self._fallbacks),
        )
        if self._expected is None:
            report = self._blind or TransferReport()
            return replace(
                common,
                expected=report.expected,
                stored=len(present - self._before),
                already_present=len(self._before),
                missing=tuple(failure.sop_instance_uid for failure in report.failures if failure.sop_instance_uid),
            )
        return replace(
            common,
            expected=len(self._expected),
            # The first image of a series may have come twice, it counts once.
            received=min(common.received, len(self._expected - self._before)),
            stored=len((present - self._before) & self._expected),
            already_present=len(self._before & self._expected),
            missing=tuple(sorted(self._expected - present)),
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
