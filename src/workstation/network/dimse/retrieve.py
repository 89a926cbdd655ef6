"""C-GET and C-MOVE (PS3.4 C.4.2, C.4.3), judged by the counts of sub-operations, never by the status alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom.dsutils import decode, encode
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as StudyRootFind  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as StudyRootGet  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove as StudyRootMove  # type: ignore[attr-defined]

from workstation.dicom import elements
from workstation.dicom.quiet import quiet
from workstation.domain.errors import LocalError, NoAcceptedContext, PeerAborted, PeerFailure
from workstation.domain.node import LocalAe, Node, RetrieveMethod
from workstation.domain.study import Level
from workstation.domain.uid import is_valid_uid
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse import status as words
from workstation.network.dimse.association import Link, associated
from workstation.network.dimse.command import (
    C_GET_RQ,
    C_STORE_RQ,
    COMPLETED,
    ERROR_COMMENT,
    FAILED,
    REMAINING,
    RESPONSE,
    WARNING,
    Command,
    MemorySink,
    Messages,
    get_request,
    response,
)
from workstation.network.dimse.contexts import for_get, storage_classes
from workstation.network.dimse.find import ask
from workstation.network.dimse.identifiers import dataset_of
from workstation.network.dimse.receive import Spool
from workstation.network.upper_layer import DataSink, Garbled
from workstation.services.ports import (
    Arrivals,
    Delivery,
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
    contexts = for_get(StudyRootGet, _classes_of(local, node, target, cancellation))
    with associated(local, node, contexts, cancellation, "C-GET") as link:
        link.require(StudyRootGet)
        with _Receiver(link, inbox.delivery(node.name), on_progress) as receiver:
            for identifier in _identifiers(target, node):
                receiver.retrieve(identifier)
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
                counts.note(link, _answer_of(status, answer))
                on_progress(TransferProgress(counts.done, counts.expected, 0, counts.failed))
    return TransferReport(
        method=RetrieveMethod.MOVE,
        expected=counts.expected,
        transferred=counts.done,
        warnings=tuple(counts.warnings),
        failures=counts.failures(),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """One response to C-GET or C-MOVE; `numbers` of remaining, completed, failed, warning sub-operations."""

    code: int
    numbers: tuple[int | None, ...]
    failed_uids: tuple[str, ...]
    comment: str


def _answer_of(status: Dataset, identifier: Dataset | None) -> _Answer:
    names = ("Remaining", "Completed", "Failed", "Warning")
    return _Answer(
        int(status.Status),
        tuple(elements.integer(status, f"NumberOf{name}Suboperations") for name in names),
        _failed_uids(identifier),
        words.comment_of(status),
    )


def _failed_uids(identifier: Dataset | None) -> tuple[str, ...]:
    """Failed SOP Instance UID List (0008,0058) (PS3.4 C.4.2.1.4.2)."""
    found = elements.texts(identifier, "FailedSOPInstanceUIDList") if identifier is not None else []
    return tuple(uid for uid in found if is_valid_uid(uid))


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

    def note(self, link: Link, answer: _Answer) -> None:
        """Take in one response; raises when it says that nothing was done."""
        self._count(answer.numbers, answer.code)
        if answer.code in words.PENDING:
            return
        self.failed_uids += answer.failed_uids
        if answer.code == words.SUCCESS:
            return
        if answer.code != 0xB000 and not self.done:
            raise link.failure(answer.code, answer.comment)
        self.reason = words.said(link.operation, answer.code, answer.comment)
        if not self.failed:
            self.warnings.append(self.reason)

    def _count(self, numbers: tuple[int | None, ...], code: int) -> None:
        if any(number is not None for number in numbers):
            remaining, completed, failed, warning = (number or 0 for number in numbers)
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
    """One C-GET after the other on one association, and the C-STORE sub-operations that come back."""

    def __init__(self, link: Link, delivery: Delivery, on_progress: OnProgress) -> None:
        self._link = link
        self._delivery = delivery
        self._on_progress = on_progress
        self._contexts = {
            context.context_id or 0: (str(context.abstract_syntax), str(context.transfer_syntax[0]))
            for context in link.association.accepted_contexts
        }
        self._messages = Messages(link.take_over(), self._open)
        self._counts = _Counts()
        self._spool: Spool | None = None
        self._message_id = 0
        self._received = 0
        self._bytes = 0
        self._refused: list[ItemFailure] = []

    def __enter__(self) -> _Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever ended it: nothing half is left, and what has come is in the archive when the caller looks."""
        if self._spool is not None:
            self._spool.discard()
        with contextlib.suppress(LocalError):  # `report` or the next `take` has raised it
            self._delivery.settled()

    def retrieve(self, identifier: Dataset) -> None:
        """Ask for `identifier` and take what comes until the final response."""
        self._ask(identifier)
        self._counts.begin()
        while True:
            context_id, command, sink = self._messages.receive(self._link.node.response_timeout_s)
            self._link.heard()
            self._link.cancellation.raise_if_cancelled()
            if isinstance(sink, Spool):
                self._store(context_id, command, sink)
            elif command.field == C_GET_RQ | RESPONSE and command.status is not None:
                self._counts.note(self._link, self._answer(context_id, command, sink))
                self._report_progress()
                if command.status not in words.PENDING:
                    return
            else:
                self._messages.transfer.abort()
                raise Garbled("neither an instance nor an answer to C-GET")

    def _ask(self, identifier: Dataset) -> None:
        context = self._link.context(StudyRootGet)
        assert context is not None  # required before
        syntax = context.transfer_syntax[0]
        encoded = encode(identifier, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated) or b""
        self._message_id += 1
        self._link.heard()
        request = get_request(self._message_id, StudyRootGet)
        self._messages.send(context.context_id or 0, request, BytesIO(encoded), len(encoded))

    def _open(self, context_id: int, command: Command) -> DataSink:
        if command.field != C_STORE_RQ:
            return MemorySink()
        self._link.heard()
        self._spool = Spool(self._delivery, command, self._contexts.get(context_id))
        return self._spool

    def _store(self, context_id: int, command: Command, spool: Spool) -> None:
        status = spool.finish()
        self._spool = None
        self._messages.send(context_id, response(command, status))
        if status == words.SUCCESS:
            self._received += 1
            self._bytes += spool.size
            self._report_progress()
            return
        reason = f"{status:04X} {words.meaning('C-STORE', status)}"
        self._refused.append(ItemFailure(spool.sop_instance, reason))
        if spool.error is not None:  # a full disk: leaving the association aborts it
            raise spool.error

    def _answer(self, context_id: int, command: Command, sink: DataSink | None) -> _Answer:
        failed: tuple[str, ...] = ()
        if isinstance(sink, MemorySink) and sink.value:
            syntax = UID(self._contexts[context_id][1])
            with quiet():
                failed = _failed_uids(decode(BytesIO(sink.value), syntax.is_implicit_VR, syntax.is_little_endian))
        numbers = tuple(command.number(element) for element in (REMAINING, COMPLETED, FAILED, WARNING))
        return _Answer(command.status or 0, numbers, failed, command.text(ERROR_COMMENT))

    def _report_progress(self) -> None:
        failed = max(self._counts.failed, len(self._refused))
        self._on_progress(TransferProgress(self._received, self._counts.expected, self._bytes, failed))

    def report(self) -> TransferReport:
        """What came of it, once it is in the archive. Raises LocalError."""
        outcomes = self._delivery.settled()
        return TransferReport(
            method=RetrieveMethod.GET,
            expected=self._counts.expected,
            transferred=self._received,
            stored=outcomes[StoreOutcome.STORED] + outcomes[StoreOutcome.CONFLICT],
            already_present=outcomes[StoreOutcome.ALREADY_PRESENT],
            bytes=self._bytes,
            warnings=tuple(self._counts.warnings),
            failures=self._counts.failures(self._refused),
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
