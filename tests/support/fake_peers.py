"""Peers, an inbox, a listener and a job's context in memory: what tests of the verbs use."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.support.fake_archive import FakeArchive
from workstation.domain.errors import PortInUse, WorkstationError
from workstation.domain.events import Event
from workstation.domain.job import Progress
from workstation.domain.node import LocalAe, Node, RetrieveMethod
from workstation.domain.query import OnRemark, Query, WorklistQuery, no_remark
from workstation.domain.study import Instance, InstanceSummary, Level, QueryMatch, Series, Study
from workstation.domain.worklist import WorklistItem
from workstation.jobs.cancel import Cancellation
from workstation.services.ports import (
    Arrivals,
    DimsePeer,
    EchoResult,
    Inbox,
    ItemFailure,
    Listener,
    OnProgress,
    RetrieveTarget,
    StoreOutcome,
    TransferProgress,
    TransferReport,
    Wanted,
    WebPeer,
    no_arrivals,
)

STUDY = "1.2.3"
NODE = Node("PACS", "PACS", "127.0.0.1", 104)
WEB_NODE = Node("PACS", "PACS", "127.0.0.1", 104, web_url="http://127.0.0.1/dicom-web")
WEB_ONLY = Node("PACS", "", "127.0.0.1", 80, web_url="http://127.0.0.1/dicom-web")


class FakeContext:
    """Stands for jobs.runner.JobContext and remembers what it was told."""

    def __init__(self) -> None:
        self.cancellation = Cancellation()
        self.job_id = 1
        self.seen: list[Progress] = []
        self.warnings: list[str] = []
        self.remembered: frozenset[str] = frozenset()

    def progress(self, progress: Progress) -> None:
        self.seen.append(progress)
        self.cancellation.raise_if_cancelled()

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def remember(self, item: str) -> None:
        self.remembered |= {item}


class Heard:
    """A publish that keeps the events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


class FakeInbox(Inbox):
    """Files are the texts `study/series/instance`."""

    def __init__(self, archive: FakeArchive) -> None:
        self.archive = archive

    def new_path(self) -> Path:
        return self.archive.new_incoming()

    def take(self, path: Path, source: str) -> StoreOutcome:
        study, series, instance = path.read_text().split("/")
        summary = InstanceSummary(Study(study), Series(series, study), Instance(instance, "1.9", series, study))
        return self.archive.add(path, summary)

    def discard(self, path: Path) -> None:
        self.archive.discard(path)


class FakeListener(Listener):
    def __init__(self, *, taken: bool = False) -> None:
        self.taken = taken
        self._running = False

    def start(self) -> LocalAe:
        if self.taken:
            raise PortInUse(host="127.0.0.1", port=11112)
        self._running = True
        return LocalAe()

    def stop(self) -> None:
        self._running = False

    def bytes_from(self, ae_title: str) -> int:
        return 0

    def turned_away(self) -> tuple[str, ...]:
        return ()

    @property
    def running(self) -> bool:
        return self._running


class _Reports:
    """The reports of the targets of one transfer, added up."""

    def __init__(self, method: RetrieveMethod, on_progress: OnProgress) -> None:
        self.total = TransferReport(method)
        self._on_progress = on_progress

    def add(self, report: TransferReport) -> None:
        total = self.total
        self.total = replace(
            total,
            expected=(total.expected or 0) + (report.expected or 0),
            transferred=total.transferred + report.transferred,
            stored=total.stored + report.stored,
            bytes=total.bytes + report.bytes,
            failures=(*total.failures, *report.failures),
        )

    def progress(self, progress: TransferProgress) -> None:
        total = self.total
        done, failed = total.transferred + progress.done, len(total.failures) + progress.failed
        self._on_progress(TransferProgress(done, progress.total, total.bytes + progress.bytes_done, failed))


def _each(wanted: Wanted) -> Iterator[RetrieveTarget]:
    return iter((wanted,) if isinstance(wanted, RetrieveTarget) else wanted)


@dataclass
class FakePeer(DimsePeer, WebPeer):
    """Has `studies` (study -> series -> instances) and delivers into `archive`, in the tempers it is given.

    `errors` are raised by operation (echo, find:LEVEL, get, move, retrieve, store, worklist), `find` for all levels;
    `withheld` are never delivered, `stumbles` not the first time, `breaks_after` aborts a transfer.
    """

    archive: FakeArchive
    studies: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    errors: dict[str, WorkstationError] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)
    stumbles: set[str] = field(default_factory=set)
    breaks_after: tuple[int, WorkstationError] | None = None
    worklist: list[WorklistItem] = field(default_factory=list)
    matches: list[QueryMatch] | None = None
    asked: list[tuple[str, object]] = field(default_factory=list)
    listener: FakeListener | None = None
    knows_lists: bool = True  # whether it answers a request for named instances
    sent_to: list[str] = field(default_factory=list)  # other destinations of a C-MOVE
    arrived: int = 0  # by how much a C-MOVE's arrivals grew

    def echo(self, node: Node, cancellation: Cancellation) -> EchoResult:
        self._meet("echo", node)
        return EchoResult(0.01, "FAKE_1")

    def find(
        self, node: Node, query: Query, cancellation: Cancellation, remark: OnRemark = no_remark
    ) -> Iterator[QueryMatch]:
        self._meet("find", query)
        self._raise(f"find:{query.level}")
        if self.matches is not None:
            yield from self.matches
            self._raise("find:end")
            return
        series_of = self.studies.get(query.get("StudyInstanceUID"), {})
        for series, instances in series_of.items():
            if query.get("SeriesInstanceUID") not in ("", series):
                continue
            if query.level is Level.SERIES:
                yield Series(series, query.get("StudyInstanceUID"))
            elif query.level is Level.IMAGE:
                yield from (Instance(uid) for uid in instances)

    def find_worklist(self, node: Node, query: WorklistQuery, cancellation: Cancellation) -> Iterator[WorklistItem]:
        self._meet("worklist", query)
        yield from self.worklist

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
        reports = _Reports(RetrieveMethod.GET, on_progress)
        for target in _each(wanted):
            self._meet("get", target)
            reports.add(self._deliver(target, inbox, reports.progress, RetrieveMethod.GET))
        return reports.total

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
        reports = _Reports(RetrieveMethod.MOVE, on_progress)
        for target in _each(wanted):
            self._meet("move", target)
            if destination:
                self.sent_to.append(destination)
                reports.add(TransferReport(RetrieveMethod.MOVE, expected=1, transferred=1))
                continue
            if self.listener is not None and not self.listener.running:
                reports.add(TransferReport(RetrieveMethod.MOVE, failures=(ItemFailure("", "cannot connect"),)))
                continue
            before = arrivals()
            inbox = FakeInbox(self.archive)
            reports.add(self._deliver(target, inbox, reports.progress, RetrieveMethod.MOVE))
            self.arrived += arrivals() - before
        return reports.total

    def retrieve(
        self, node: Node, target: RetrieveTarget, inbox: Inbox, on_progress: OnProgress, cancellation: Cancellation
    ) -> TransferReport:
        self._meet("retrieve", target)
        return self._deliver(target, inbox, on_progress, RetrieveMethod.WEB)

    def store(
        self, node: Node, paths: Sequence[Path], on_progress: OnProgress, cancellation: Cancellation
    ) -> TransferReport:
        self._meet("store", tuple(paths))
        refused = [path for path in paths if path.name in self.withheld]
        size = 0
        for done, path in enumerate(path for path in paths if path not in refused):
            if self.breaks_after and done >= self.breaks_after[0]:
                raise self.breaks_after[1]
            size += path.stat().st_size
            on_progress(TransferProgress(done + 1, len(paths), size, len(refused), path))
        failures = tuple(ItemFailure("1.2", "out of resources", path) for path in refused)
        return TransferReport(transferred=len(paths) - len(refused), bytes=size, failures=failures)

    def asked_for(self, operation: str) -> list[object]:
        return [what for name, what in self.asked if name == operation]

    def _meet(self, operation: str, what: object) -> None:
        self.asked.append((operation, what))
        self._raise(operation)

    def _raise(self, operation: str) -> None:
        if operation in self.errors:
            raise self.errors[operation]

    def _deliver(
        self, target: RetrieveTarget, inbox: Inbox, on_progress: OnProgress, method: RetrieveMethod
    ) -> TransferReport:
        wanted = [
            (series, uid)
            for series, uids in self.studies.get(target.study_instance_uid, {}).items()
            for uid in uids
            if target.series_instance_uid in ("", series)
            and (not target.sop_instance_uids or (self.knows_lists and uid in target.sop_instance_uids))
        ]
        done, size, failures = itertools.count(), 0, []
        transferred = 0
        for series, uid in wanted:
            if self.breaks_after and next(done) >= self.breaks_after[0]:
                raise self.breaks_after[1]
            if uid in self.withheld or uid in self.stumbles:
                self.stumbles.discard(uid)
                failures.append(ItemFailure(uid, "unable to process"))
                continue
            path = inbox.new_path()
            path.write_text(f"{target.study_instance_uid}/{series}/{uid}")
            size += path.stat().st_size
            inbox.take(path, "PACS")
            transferred += 1
            on_progress(TransferProgress(transferred, len(wanted), size, len(failures)))
        return TransferReport(
            method=method,
            expected=len(wanted),
            transferred=transferred,
            stored=transferred,
            bytes=size,
            failures=tuple(failures),
        )
