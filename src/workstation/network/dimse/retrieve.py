"""C-GET and C-MOVE (PS3.4 C.4.2, C.4.3), judged by the counts of sub-operations, never by the status alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from pydicom import Dataset
from pynetdicom import evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as StudyRootFind  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as StudyRootGet  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove as StudyRootMove  # type: ignore[attr-defined]

from workstation.dicom import elements
from workstation.domain.errors import NoAcceptedContext, PeerAborted, PeerFailure, WorkstationError
from workstation.domain.node import LocalAe, Node, RetrieveMethod
from workstation.domain.study import Level
from workstation.domain.uid import is_valid_uid
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse import status as words
from workstation.network.dimse.association import Link, associated
from workstation.network.dimse.contexts import for_get, storage_classes
from workstation.network.dimse.find import ask
from workstation.network.dimse.identifiers import dataset_of
from workstation.network.receive import OUT_OF_RESOURCES, Reception
from workstation.services.ports import (
    Arrivals,
    Inbox,
    ItemFailure,
    OnProgress,
    RetrieveTarget,
    StoreOutcome,
    TransferProgress,
    TransferReport,
)

_UIDS_PER_REQUEST = 500  # a UI value in explicit VR holds 64 KiB (PS3.5 7.1.2)
_SERIES_ASKED = 20  # for their SOP classes; beyond that the usual ones are offered


def get(
    local: LocalAe,
    node: Node,
    target: RetrieveTarget,
    inbox: Inbox,
    on_progress: OnProgress,
    *,
    cancellation: Cancellation,
) -> TransferReport:
    """Retrieve `target` on one association; instances go to `inbox` byte for byte as they arrive."""
    receiver = _Receiver(node, inbox, on_progress)
    contexts = for_get(StudyRootGet, _classes_of(local, node, target, cancellation))
    with associated(local, node, contexts, cancellation, "C-GET", inbox=inbox, on_store=receiver.on_store) as link:
        link.require(StudyRootGet)
        receiver.link = link
        for identifier in _identifiers(target, node):
            link.heard()
            answers = link.association.send_c_get(identifier, StudyRootGet)
            receiver.counts.begin()
            for status, answer in link.responses(answers):
                receiver.raise_if_stopped()
                receiver.counts.note(link, status, answer)
                receiver.report_progress()
        return receiver.report()


def move(
    local: LocalAe,
    node: Node,
    target: RetrieveTarget,
    on_progress: OnProgress,
    *,
    cancellation: Cancellation,
    arrivals: Arrivals,
) -> TransferReport:
    """Have `target` sent to our AE title; only the peer's counts are reported."""
    counts = _Counts()
    with associated(local, node, [build_context(StudyRootMove)], cancellation, "C-MOVE") as link:
        link.require(StudyRootMove)
        link.wait_while_growing(arrivals)
        for identifier in _identifiers(target, node):
            link.heard()
            answers = link.association.send_c_move(identifier, local.ae_title, StudyRootMove)
            counts.begin()
            for status, answer in link.responses(answers):
                counts.note(link, status, answer)
                on_progress(TransferProgress(counts.done, counts.expected, 0, counts.failed))
    return TransferReport(
        method=RetrieveMethod.MOVE,
        expected=counts.expected,
        transferred=counts.done,
        warnings=tuple(counts.warnings),
        failures=counts.failures(),
    )


@dataclass(slots=True)
class _Counts:
    """The peer's counts of sub-operations (PS3.7 9.1.4), summed over the requests of one transfer."""

    finished: tuple[int, int, int, int] = (0, 0, 0, 0)  # remaining, completed, failed, warning
    current: tuple[int, int, int, int] = (0, 0, 0, 0)
    counted: bool = False  # whether the peer counts at all
    failed_uids: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    reason: str = ""

    def begin(self) -> None:
        """Another request of the same transfer."""
        self.finished = self._sums()
        self.current = (0, 0, 0, 0)

    def note(self, link: Link, status: Dataset, identifier: Dataset | None) -> None:
        """Take in one response; raises when it says that nothing was done."""
        code = int(status.Status)
        self._count(status, code)
        if code in words.PENDING:
            return
        if identifier is not None:
            failed = elements.texts(identifier, "FailedSOPInstanceUIDList")
            self.failed_uids += [uid for uid in failed if is_valid_uid(uid)]
        if code == words.SUCCESS:
            return
        if code != 0xB000 and not self.done:
            raise link.failure(status)
        self.reason = words.in_words(link.operation, status)
        if not self.failed:
            self.warnings.append(self.reason)

    def _count(self, status: Dataset, code: int) -> None:
        names = ("Remaining", "Completed", "Failed", "Warning")
        found = [elements.integer(status, f"NumberOf{name}Suboperations") for name in names]
        if any(number is not None for number in found):
            remaining, completed, failed, warning = (number or 0 for number in found)
            self.counted = True
        elif code == words.SUCCESS:  # counts are optional here: what remained has been done
            remaining, completed, failed, warning = (0, self.current[0] + self.current[1], *self.current[2:])
        else:
            return
        self.current = (remaining, completed, failed, warning)

    def _sums(self) -> tuple[int, int, int, int]:
        remaining, completed, failed, warning = (
            before + now for before, now in zip(self.finished, self.current, strict=True)
        )
        return remaining, completed, failed, warning

    @property
    def expected(self) -> int | None:
        return sum(self._sums()) if self.counted else None

    @property
    def done(self) -> int:
        return self._sums()[1] + self._sums()[3]

    @property
    def failed(self) -> int:
        return max(self._sums()[2], len(self.failed_uids))

    def failures(self, ours: Sequence[ItemFailure] = ()) -> tuple[ItemFailure, ...]:
        """`ours`, then the peer's that are not among them; without a UID where it only counted them."""
        reason = self.reason or "the peer counts it as failed"
        known = {failure.sop_instance_uid for failure in ours}
        named = [ItemFailure(uid, reason) for uid in self.failed_uids if uid not in known]
        unnamed = max(0, self._sums()[2] - len(ours) - len(named))
        return (*ours, *named, *[ItemFailure("", reason)] * unnamed)


class _Receiver:
    """Takes the C-STORE sub-operations of a C-GET in the calling thread."""

    def __init__(self, node: Node, inbox: Inbox, on_progress: OnProgress) -> None:
        self.counts = _Counts()
        self.link: Link | None = None
        self._node = node
        self._on_progress = on_progress
        self._reception = Reception(inbox, self._taken)
        self._outcomes: dict[StoreOutcome, int] = {}
        self._bytes = 0
        self._refused: list[ItemFailure] = []
        self._stop: WorkstationError | None = None

    def on_store(self, event: evt.Event) -> int:
        if self.link is not None:
            self.link.heard()
        if self._stop is not None:
            return OUT_OF_RESOURCES
        request = cast(C_STORE, event.request)
        status = self._reception.take(event.assoc, request, self._node.name)
        if status != words.SUCCESS:
            reason = f"{status:04X} {words.meaning('C-STORE', status)}"
            self._refused.append(ItemFailure(str(request.AffectedSOPInstanceUID), reason))
        self._stop = self._stop or self._reception.local_error
        return status

    def _taken(self, _sop_instance: str, outcome: StoreOutcome, size: int) -> None:
        self._outcomes[outcome] = self._outcomes.get(outcome, 0) + 1
        self._bytes += size
        try:
            self.report_progress()
        except WorkstationError as stop:  # pynetdicom would answer C211 and go on
            self._stop = stop

    @property
    def _received(self) -> int:
        return sum(self._outcomes.values())

    def report_progress(self) -> None:
        failed = max(self.counts.failed, len(self._refused))
        self._on_progress(TransferProgress(self._received, self.counts.expected, self._bytes, failed))

    def raise_if_stopped(self) -> None:
        """Raise what stopped us here, a full disk say; leaving the association then aborts it."""
        if self._stop is not None:
            raise self._stop

    def report(self) -> TransferReport:
        return TransferReport(
            method=RetrieveMethod.GET,
            expected=self.counts.expected,
            transferred=self._received,
            stored=self._outcomes.get(StoreOutcome.STORED, 0) + self._outcomes.get(StoreOutcome.CONFLICT, 0),
            already_present=self._outcomes.get(StoreOutcome.ALREADY_PRESENT, 0),
            bytes=self._bytes,
            warnings=tuple(self.counts.warnings),
            failures=self.counts.failures(self._refused),
        )


def _identifiers(target: RetrieveTarget, node: Node) -> Iterator[Dataset]:
    """The identifier of each request for `target`: only unique keys, at the level that names it (C.4.2.2.1)."""
    keys = [("StudyInstanceUID", target.study_instance_uid)]
    if not target.series_instance_uid:
        yield _at_level(Level.STUDY, keys, node)
        return
    keys.append(("SeriesInstanceUID", target.series_instance_uid))
    if not target.sop_instance_uids:
        yield _at_level(Level.SERIES, keys, node)
        return
    for start in range(0, len(target.sop_instance_uids), _UIDS_PER_REQUEST):
        uids = target.sop_instance_uids[start : start + _UIDS_PER_REQUEST]
        yield _at_level(Level.IMAGE, [*keys, ("SOPInstanceUID", "\\".join(uids))], node)


def _at_level(level: Level, keys: list[tuple[str, str]], node: Node) -> Dataset:
    identifier = dataset_of(keys, node.character_set)
    del identifier.SpecificCharacterSet  # nothing but UIDs in it
    identifier.QueryRetrieveLevel = level.upper()
    return identifier


def _classes_of(local: LocalAe, node: Node, target: RetrieveTarget, cancellation: Cancellation) -> list[str]:
    """The SOP classes in `target` where the peer tells them, else all, the frequent ones first."""
    try:
        with associated(local, node, [build_context(StudyRootFind)], cancellation, "C-FIND") as link:
            found = _ask_classes(link, target)
    except (NoAcceptedContext, PeerFailure, PeerAborted):
        found = []  # it may well answer C-GET; what else is wrong is not for asking twice
    valid = [uid for uid in dict.fromkeys(found) if is_valid_uid(uid)]
    return valid or storage_classes()


def _ask_classes(link: Link, target: RetrieveTarget) -> list[str]:
    study = ("StudyInstanceUID", target.study_instance_uid)
    classes = _values(link, Level.STUDY, [study], "SOPClassesInStudy")  # one row, where the peer keeps it
    if classes:
        return classes
    if target.series_instance_uid:
        series = [target.series_instance_uid]
    else:
        series = _values(link, Level.SERIES, [study], "SeriesInstanceUID")
    if len(series) > _SERIES_ASKED:
        return []
    for uid in series:
        classes += _values(link, Level.IMAGE, [study, ("SeriesInstanceUID", uid)], "SOPClassUID")
    return classes


def _values(link: Link, level: Level, keys: list[tuple[str, str]], wanted: str) -> list[str]:
    identifier = _at_level(level, [*keys, (wanted, "")] if wanted not in dict(keys) else keys, link.node)
    return [value for answer in ask(link, StudyRootFind, identifier) for value in elements.texts(answer, wanted)]
