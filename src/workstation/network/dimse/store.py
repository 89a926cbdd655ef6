"""C-STORE as SCU (PS3.4 B.2): each file in its own transfer syntax, its bytes as they lie in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO, FileIO
from pathlib import Path

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.uid import UID
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContext, build_context

from workstation.dicom.quiet import quiet
from workstation.dicom.read import read_dataset
from workstation.domain.errors import InputError, LocalError, NoAcceptedContext, PeerAborted, PeerError, PeerTimedOut
from workstation.domain.node import LocalAe, Node
from workstation.jobs.back_off import OUT_OF_RESOURCES
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse import status as words
from workstation.network.dimse.association import Link, associated
from workstation.network.dimse.command import (
    C_STORE_RQ,
    ERROR_COMMENT,
    RESPONSE,
    Command,
    Messages,
    in_memory,
    store_request,
)
from workstation.network.dimse.contexts import CONVERTIBLE, MAXIMUM, UNCOMPRESSED
from workstation.network.part10 import Part10File
from workstation.network.upper_layer import Garbled
from workstation.services.ports import ItemFailure, OnProgress, TransferProgress, TransferReport

OPERATION = "C-STORE"


def store(
    local: LocalAe, node: Node, paths: Sequence[Path], on_progress: OnProgress, cancellation: Cancellation
) -> TransferReport:
    """Send `paths`; the report has one failure for each that the peer did not take."""
    sending = _Sending(len(paths), on_progress)
    for batch in _batches(_readable(paths, sending)):
        try:
            _store_all(local, node, batch, sending, cancellation)
        except NoAcceptedContext:
            if len(batch) == len(paths):
                raise
            for file in batch:
                sending.fail(file.path, file.sop_instance_uid, _refusal(file))
    return sending.report()


def _store_all(
    local: LocalAe, node: Node, batch: Sequence[Part10File], sending: _Sending, cancellation: Cancellation
) -> None:
    """Send `batch`, on another association behind a file that cost us the first one.

    Some peers drop the connection over one bad file. Raises the peer's error when that happens twice in a row and
    nothing has gone through at all.
    """
    contexts, done = _contexts(batch), 0
    lost: PeerError | None = None  # what ended the association before, where nothing has gone through since
    while done < len(batch):
        begun = done
        try:
            with associated(local, node, contexts, cancellation, OPERATION) as link:
                messages = Messages(link.take_over(), in_memory)
                for file in batch[begun:]:
                    cancellation.raise_if_cancelled()
                    sending.note(file, _send(link, messages, file, done % 0xFFFF + 1))
                    done += 1
        except PeerError as error:
            if lost is None and not isinstance(error, (PeerAborted, PeerTimedOut)):
                raise
            given_up = lost is not None and done == begun
            lost = lost if given_up else error
            if not sending.sent and (given_up or len(batch) == 1):
                raise lost or error from error
            sending.cause = error.code
            unsent = batch[done:] if given_up else batch[done : done + 1]
            for file in unsent:
                sending.fail(file.path, file.sop_instance_uid, error.details.get("reason", "the peer fell silent"))
            done += len(unsent)


@dataclass(slots=True)
class _Sending:
    """What has become of the files so far."""

    total: int
    on_progress: OnProgress
    sent: int = 0
    bytes: int = 0
    warnings: list[str] = field(default_factory=list)
    failures: list[ItemFailure] = field(default_factory=list)
    cause: str = ""

    def note(self, file: Part10File, answer: Command | str) -> None:
        """`answer` of the peer, or why it was not asked."""
        if isinstance(answer, str):
            self.fail(file.path, file.sop_instance_uid, answer)
            return
        code = answer.status or 0
        if code == words.SUCCESS or code in words.STORED_WITH_WARNING:
            self.sent += 1
            self.bytes += file.data_bytes
            if code != words.SUCCESS:
                self.warnings.append(f"{file.sop_instance_uid}: {_in_words(answer)}")
            self._progress(file.path)
        else:
            if code & 0xFF00 == 0xA700:
                self.cause = OUT_OF_RESOURCES
            self.fail(file.path, file.sop_instance_uid, _in_words(answer))

    def fail(self, path: Path, sop_instance_uid: str, reason: str) -> None:
        self.failures.append(ItemFailure(sop_instance_uid, reason, path))
        self._progress()

    def _progress(self, gone: Path | None = None) -> None:
        self.on_progress(TransferProgress(self.sent, self.total, self.bytes, len(self.failures), gone))

    def report(self) -> TransferReport:
        return TransferReport(
            expected=self.total,
            transferred=self.sent,
            stored=self.sent,
            bytes=self.bytes,
            warnings=tuple(self.warnings),
            failures=tuple(self.failures),
            cause=self.cause,
        )


def _readable(paths: Sequence[Path], sending: _Sending) -> Iterator[Part10File]:
    for path in paths:
        try:
            yield Part10File.read(path)
        except InputError as error:
            sending.fail(path, "", error.details.get("reason", error.code))
        except OSError as error:
            sending.fail(path, "", error.strerror or "cannot be read")


def _batches(files: Iterator[Part10File]) -> Iterator[list[Part10File]]:
    """Files whose contexts fit into one association."""
    batch: list[Part10File] = []
    wanted: dict[tuple[str, str], None] = {}
    for file in files:
        needed = [key for key in _wanted(file) if key not in wanted]
        if len(wanted) + len(needed) > MAXIMUM:
            yield batch
            batch, wanted, needed = [], {}, _wanted(file)
        batch.append(file)
        wanted.update(dict.fromkeys(needed))
    if batch:
        yield batch


def _wanted(file: Part10File) -> list[tuple[str, str]]:
    """(SOP class, transfer syntax): its own, and what it could be converted to without touching pixels."""
    syntaxes = [file.transfer_syntax_uid]
    if file.transfer_syntax_uid in CONVERTIBLE:
        syntaxes += [uid for uid in UNCOMPRESSED if uid != file.transfer_syntax_uid]
    return [(file.sop_class_uid, syntax) for syntax in syntaxes]


def _contexts(batch: Sequence[Part10File]) -> list[PresentationContext]:
    wanted = dict.fromkeys(key for file in batch for key in _wanted(file))
    return [build_context(sop_class, syntax) for sop_class, syntax in wanted]


def _send(link: Link, messages: Messages, file: Part10File, message_id: int) -> Command | str:
    for sop_class, syntax in _wanted(file):
        context = link.context(sop_class, syntax)
        if context is not None:
            break
    else:
        return _refusal(file)
    try:
        source, size = _opened(file, syntax)
    except InputError as error:
        return error.details.get("reason", error.code)
    except OSError as error:
        return error.strerror or "cannot be read"
    with source:
        request = store_request(message_id, file.sop_class_uid, file.sop_instance_uid)
        link.heard()
        try:
            messages.send(context.context_id or 0, request, source, size)
        except OSError as error:  # the command is out, so the association is of no more use
            raise LocalError(path=file.path, reason=error.strerror or str(error)) from error
    link.heard()
    _, answer, _ = messages.receive(link.node.response_timeout_s)
    if answer.field != C_STORE_RQ | RESPONSE or answer.status is None:
        messages.transfer.abort()
        raise Garbled("no answer to C-STORE")
    return answer


def _opened(file: Part10File, syntax: str) -> tuple[FileIO | BytesIO, int]:
    """The data set in `syntax`, and its length."""
    if syntax != file.transfer_syntax_uid:
        converted = _converted(file.path, UID(syntax))
        return BytesIO(converted), len(converted)
    source = FileIO(file.path)
    source.seek(file.offset)
    return source, file.data_bytes


def _converted(path: Path, syntax: UID) -> bytes:
    """The data set in another uncompressed encoding (PS3.5 annex A): other VR and order, same values."""
    dataset = read_dataset(path)
    with quiet():
        encoded = encode(dataset, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
    if encoded is None:
        raise InputError(path=path, reason=f"cannot be encoded as {syntax.name}")
    return encoded


def _in_words(answer: Command) -> str:
    return words.said(OPERATION, answer.status or 0, answer.text(ERROR_COMMENT))


def _refusal(file: Part10File) -> str:
    syntax, sop_class = UID(file.transfer_syntax_uid).name, UID(file.sop_class_uid).name
    return f"the peer does not accept {sop_class} in {syntax}"
