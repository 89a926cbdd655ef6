"""C-GET and C-MOVE (PS3.4 C.4.2, C.4.3), judged by the counts of sub-operations, never by the status alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom.dsutils import decode, encode
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelFind as PatientRootFind  # type: ignore[attr-defined]
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelGet as PatientRootGet  # type: ignore[attr-defined]
from pynetdicom.sop_class import PatientRootQueryRetrieveInformationModelMove as PatientRootMove  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as StudyRootFind  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as StudyRootGet  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove as StudyRootMove  # type: ignore[attr-defined]

from workstation.dicom import elements
from workstation.dicom.quiet import quiet
from workstation.domain.errors import Cancelled, LocalError, NoAcceptedContext, PeerAborted, PeerFailure
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
    cancel_request,
    get_request,
    response,
)
from workstation.network.dimse.contexts import for_get, storage_classes, together
from workstation.network.dimse.find import ask
from workstation.network.dimse.identifiers import dataset_of
from workstation.network.dimse.receive import Spool
from workstation.network.dimse.suboperations import Answer, Counts, answer_of, failed_uids_in
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
    Wanted,
)

_UIDS_PER_REQUEST = 500  # a UI value in explicit VR holds 64 KiB (PS3.5 7.1.2)
_GET = (StudyRootGet, PatientRootGet)
_MOVE = (StudyRootMove, PatientRootMove)
_MESSAGE_ID = 1  # pynetdicom's, unless it is told another
_SERIES_ASKED = 20  # for their SOP classes; beyond that the usual ones are offered


def get(
    local: LocalAe,
    node: Node,
    wanted: Wanted,
    inbox: Inbox,
    on_progress: OnProgress,
    *,
    cancellation: Cancellation,
    classes: Sequence[str] = (),
) -> TransferReport:
    """Retrieve `wanted`; instances go to `inbox` byte for byte as they arrive.

    On one association as long as what is asked for next has its presentation contexts there.
    """
    delivery, got = inbox.delivery(node.name), _Got()
    told = _Told(local, node, cancellation, one=isinstance(wanted, RetrieveTarget))
    targets = _each(wanted)
    target = next(targets, None)
    with _settling(delivery):
        while target is not None:
            offered = together(_GET, told.classes_of(target), classes)
            with associated(local, node, for_get(_GET, offered), cancellation, "C-GET") as link:
                asking = _Asking.of(link, _GET, local)
                with _Receiver(link, asking.model, delivery, on_progress, got) as receiver:
                    while target is not None and set(told.classes_of(target)) <= set(offered):
                        for identifier in asking.identifiers(target):
                            receiver.retrieve(identifier)
                        target = next(targets, None)
    return got.report(delivery)


def move(
    local: LocalAe,
    node: Node,
    wanted: Wanted,
    on_progress: OnProgress,
    *,
    cancellation: Cancellation,
    arrivals: Arrivals,
    destination: str = "",
) -> TransferReport:
    """Have `wanted` sent to `destination`, our AE title unless told; only the peer's counts are reported."""
    counts = Counts()
    contexts = [build_context(model) for model in _MOVE]
    with associated(local, node, contexts, cancellation, "C-MOVE") as link:
        asking = _Asking.of(link, _MOVE, local)
        link.wait_while_growing(arrivals)
        for identifier in (identifier for target in _each(wanted) for identifier in asking.identifiers(target)):
            link.heard()
            answers = link.association.send_c_move(identifier, destination or local.ae_title, asking.model)
            counts.begin()
            with link.last_words(lambda: _stop_moving(link, asking.model)):
                for status, answer in link.responses(answers):
                    counts.note(link, answer_of(status, answer))
                    with _until_stopped(cancellation):
                        on_progress(TransferProgress(counts.done, counts.expected, 0, counts.failed))
    return TransferReport(
        method=RetrieveMethod.MOVE,
        expected=counts.expected,
        transferred=counts.done,
        warnings=tuple(counts.warnings),
        failures=counts.failures(),
    )


def _stop_moving(link: Link, model: str) -> None:
    """C-CANCEL (PS3.7 9.3.4.3)."""
    with contextlib.suppress(RuntimeError, ValueError):  # it is over already
        link.association.send_c_cancel(_MESSAGE_ID, query_model=UID(model))


@contextlib.contextmanager
def _until_stopped(cancellation: Cancellation) -> Iterator[None]:
    """Who is told of the progress may cancel: then the peer is heard out first, see `Link.farewell`."""
    try:
        yield
    except Cancelled:
        if not cancellation.cancelled:
            raise


def _each(wanted: Wanted) -> Iterator[RetrieveTarget]:
    return iter((wanted,) if isinstance(wanted, RetrieveTarget) else wanted)


@contextlib.contextmanager
def _settling(delivery: Delivery) -> Iterator[None]:
    """Whatever ends it: what has come is in the archive when the caller looks."""
    try:
        yield
    finally:
        with contextlib.suppress(LocalError):  # the report or the next `take` has raised it
            delivery.settled()


class _Asking:
    """In which model the peer is asked: Study Root where it has it, else Patient Root (PS3.4 C.6)."""

    def __init__(self, link: Link, model: str, patient_of: Callable[[str], str] | None) -> None:
        self._link = link
        self._patient_of = patient_of
        self.model = model

    @staticmethod
    def of(link: Link, models: tuple[str, str], local: LocalAe) -> _Asking:
        study_root, patient_root = models
        if link.context(study_root) is not None or link.context(patient_root) is None:
            link.require(study_root)
            return _Asking(link, study_root, None)
        link.require(patient_root)
        return _Asking(link, patient_root, lambda study: _patient_of(local, link, study))

    def identifiers(self, target: RetrieveTarget) -> Iterator[Dataset]:
        """The identifiers of the requests for `target`."""
        patient = self._patient_of(target.study_instance_uid) if self._patient_of is not None else None
        return _identifiers(target, self._link.node, patient)


def _patient_of(local: LocalAe, link: Link, study: str) -> str:
    """The Patient ID that Patient Root wants above the study (PS3.4 C.4.2.2.1); empty where it is not told."""
    with associated(local, link.node, [build_context(PatientRootFind)], link.cancellation, "C-FIND") as asked:
        keys = [("PatientID", ""), ("StudyInstanceUID", study)]
        identifier = _at_level(Level.STUDY, keys, link.node)
        found = [elements.texts(answer, "PatientID") for answer in ask(asked, PatientRootFind, identifier)]
    return next((value for values in found for value in values if value), "")


@dataclass(slots=True)
class _Got:
    """What came of one transfer, on all its associations."""

    counts: Counts = field(default_factory=Counts)
    received: int = 0
    bytes: int = 0
    refused: list[ItemFailure] = field(default_factory=list)

    def progress(self) -> TransferProgress:
        failed = max(self.counts.failed, len(self.refused))
        return TransferProgress(self.received, self.counts.expected, self.bytes, failed)

    def report(self, delivery: Delivery) -> TransferReport:
        """Once it is in the archive. Raises LocalError."""
        outcomes = delivery.settled()
        return TransferReport(
            method=RetrieveMethod.GET,
            expected=self.counts.expected,
            transferred=self.received,
            stored=outcomes[StoreOutcome.STORED] + outcomes[StoreOutcome.CONFLICT],
            already_present=outcomes[StoreOutcome.ALREADY_PRESENT],
            bytes=self.bytes,
            warnings=tuple(self.counts.warnings),
            failures=self.counts.failures(self.refused),
        )


class _Receiver:
    """One C-GET after the other on one association, and the C-STORE sub-operations that come back."""

    def __init__(self, link: Link, model: str, delivery: Delivery, on_progress: OnProgress, got: _Got) -> None:
        self._link = link
        self._model = model
        self._delivery = delivery
        self._on_progress = on_progress
        self._contexts = {
            context.context_id or 0: (str(context.abstract_syntax), str(context.transfer_syntax[0]))
            for context in link.association.accepted_contexts
        }
        self._messages = Messages(link.take_over(), self._open)
        self._got = got
        self._spool: Spool | None = None
        self._message_id = 0

    def __enter__(self) -> _Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever ended it: nothing half is left."""
        if self._spool is not None:
            self._spool.discard()

    def retrieve(self, identifier: Dataset) -> None:
        """Ask for `identifier` and take what comes until the final response.

        After a cancellation too: the peer is sent a C-CANCEL and has a moment to stop.
        """
        context_id = self._ask(identifier)
        self._got.counts.begin()
        with self._link.farewell(context_id, cancel_request(self._message_id)):
            self._take_all()

    def _take_all(self) -> None:
        while True:
            context_id, command, sink = self._messages.receive(self._link.node.response_timeout_s)
            self._link.heard()
            if isinstance(sink, Spool):
                self._store(context_id, command, sink)
            elif command.field == C_GET_RQ | RESPONSE and command.status is not None:
                if self._link.cancellation.cancelled and command.status not in words.PENDING:
                    self._link.stopped = True
                    raise Cancelled()
                self._got.counts.note(self._link, self._answer(context_id, command, sink))
                self._report_progress()
                if command.status not in words.PENDING:
                    return
            else:
                self._messages.transfer.abort()
                raise Garbled("neither an instance nor an answer to C-GET")

    def _ask(self, identifier: Dataset) -> int:
        context = self._link.context(self._model)
        assert context is not None  # required before
        syntax = context.transfer_syntax[0]
        encoded = encode(identifier, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated) or b""
        self._message_id += 1
        self._link.heard()
        request = get_request(self._message_id, self._model)
        context_id = context.context_id or 0
        self._messages.send(context_id, request, BytesIO(encoded), len(encoded))
        return context_id

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
            self._got.received += 1
            self._got.bytes += spool.size
            self._report_progress()
            return
        reason = f"{status:04X} {words.meaning('C-STORE', status)}"
        self._got.refused.append(ItemFailure(spool.sop_instance, reason))
        if spool.error is not None:  # a full disk: leaving the association aborts it
            raise spool.error

    def _answer(self, context_id: int, command: Command, sink: DataSink | None) -> Answer:
        failed: tuple[str, ...] = ()
        if isinstance(sink, MemorySink) and sink.value:
            syntax = UID(self._contexts[context_id][1])
            with quiet():
                failed = failed_uids_in(decode(BytesIO(sink.value), syntax.is_implicit_VR, syntax.is_little_endian))
        numbers = tuple(command.number(element) for element in (REMAINING, COMPLETED, FAILED, WARNING))
        return Answer(command.status or 0, numbers, failed, command.text(ERROR_COMMENT))

    def _report_progress(self) -> None:
        with _until_stopped(self._link.cancellation):
            self._on_progress(self._got.progress())


def _identifiers(target: RetrieveTarget, node: Node, patient: str | None) -> Iterator[Dataset]:
    """The identifier of each request for `target`: only unique keys, at the level that names it (C.4.2.2.1)."""
    keys = [("PatientID", patient)] if patient is not None else []
    keys.append(("StudyInstanceUID", target.study_instance_uid))
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


class _Told:
    """The SOP classes in a target: as it says itself, else as the peer tells, else all, the frequent ones first."""

    def __init__(self, local: LocalAe, node: Node, cancellation: Cancellation, *, one: bool) -> None:
        self._local, self._node, self._cancellation = local, node, cancellation
        self._one = one  # else the study is asked about, once for all that is wanted of it
        self._of_study: dict[str, list[str]] = {}

    def classes_of(self, target: RetrieveTarget) -> Sequence[str]:
        if target.sop_classes:
            return target.sop_classes
        study = target.study_instance_uid
        if study not in self._of_study:
            self._of_study[study] = self._ask(target if self._one else RetrieveTarget(study))
        return self._of_study[study]

    def _ask(self, target: RetrieveTarget) -> list[str]:
        contexts = [build_context(StudyRootFind)]
        try:
            with associated(self._local, self._node, contexts, self._cancellation, "C-FIND") as link:
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
