"""C-STORE as SCU (PS3.4 B.2): each file in its own transfer syntax, its bytes as they lie in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContext, build_context

from workstation.dicom.quiet import quiet
from workstation.dicom.read import read_dataset
from workstation.domain.errors import InputError, LocalError, NoAcceptedContext
from workstation.domain.node import LocalAe, Node
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse import status as words
from workstation.network.dimse.association import Link, associated
from workstation.network.dimse.contexts import CONVERTIBLE, MAXIMUM, UNCOMPRESSED
from workstation.network.part10 import Part10File
from workstation.services.ports import ItemFailure, OnProgress, TransferProgress, TransferReport

OPERATION = "C-STORE"


def store(
    local: LocalAe, node: Node, paths: Sequence[Path], on_progress: OnProgress, cancellation: Cancellation
) -> TransferReport:
    """Send `paths`; the report has one failure for each that the peer did not take."""
    sending = _Sending(len(paths), on_progress)
    for batch in _batches(_readable(paths, sending)):
        contexts = _contexts(batch)
        try:
            with associated(local, node, contexts, cancellation, OPERATION) as link:
                for number, file in enumerate(batch):
                    cancellation.raise_if_cancelled()
                    sending.note(file, _send(link, file, number % 0xFFFF + 1))
        except NoAcceptedContext:
            if len(batch) == len(paths):
                raise
            for file in batch:
                sending.fail(file.path, file.sop_instance_uid, _refusal(file))
    return sending.report()


@dataclass(slots=True)
class _Sending:
    """What has become of the files so far."""

    total: int
    on_progress: OnProgress
    sent: int = 0
    bytes: int = 0
    warnings: list[str] = field(default_factory=list)
    failures: list[ItemFailure] = field(default_factory=list)

    def note(self, file: Part10File, status: Dataset | str) -> None:
        """`status` of the peer, or why it was not asked."""
        if isinstance(status, str):
            self.fail(file.path, file.sop_instance_uid, status)
            return
        code = int(status.Status)
        in_words = words.in_words(OPERATION, status)
        if code == words.SUCCESS or code in words.STORED_WITH_WARNING:
            self.sent += 1
            self.bytes += file.data_bytes
            if code != words.SUCCESS:
                self.warnings.append(f"{file.sop_instance_uid}: {in_words}")
            self._progress()
        else:
            self.fail(file.path, file.sop_instance_uid, in_words)

    def fail(self, path: Path, sop_instance_uid: str, reason: str) -> None:
        self.failures.append(ItemFailure(sop_instance_uid, reason, path))
        self._progress()

    def _progress(self) -> None:
        self.on_progress(TransferProgress(self.sent, self.total, self.bytes, len(self.failures)))

    def report(self) -> TransferReport:
        return TransferReport(
            expected=self.total,
            transferred=self.sent,
            stored=self.sent,
            bytes=self.bytes,
            warnings=tuple(self.warnings),
            failures=tuple(self.failures),
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


def _send(link: Link, file: Part10File, message_id: int) -> Dataset | str:
    for sop_class, syntax in _wanted(file):
        context = link.context(sop_class, syntax)
        if context is not None:
            break
    else:
        return _refusal(file)
    request = C_STORE()
    request.MessageID = message_id
    request.Priority = 0x0000  # medium
    request.AffectedSOPClassUID = UID(file.sop_class_uid)
    request.AffectedSOPInstanceUID = UID(file.sop_instance_uid)
    if syntax == file.transfer_syntax_uid:
        request._dataset_path = (file.path, file.offset)
    else:
        try:
            request.DataSet = BytesIO(_converted(file.path, UID(syntax)))
        except InputError as error:
            return error.details.get("reason", error.code)
        except OSError as error:
            return error.strerror or "cannot be read"
    try:
        return _exchange(link, request, context.context_id or 0)
    except OSError as error:  # the command is out, so the association is of no more use
        raise LocalError(path=file.path, reason=error.strerror) from error


def _converted(path: Path, syntax: UID) -> bytes:
    """The data set in another uncompressed encoding (PS3.5 annex A): other VR and order, same values."""
    dataset = read_dataset(path)
    with quiet():
        encoded = encode(dataset, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
    if encoded is None:
        raise InputError(path=path, reason=f"cannot be encoded as {syntax.name}")
    return encoded


def _exchange(link: Link, request: C_STORE, context_id: int) -> Dataset:
    """One C-STORE, as pynetdicom's `send_c_store` does it, but without decoding the data set."""
    association = link.association
    if not association.is_established:
        raise link.lost()
    link.heard()
    association._reactor_checkpoint.clear()
    while not association._is_paused:
        if link.cancellation.wait(0.0005):
            raise link.lost()
    association.dimse.send_msg(request, context_id)
    if association.dul.is_alive():  # else it stalled while we were sending
        link.heard()
    _, response = association.dimse.get_msg(block=True)
    if not isinstance(response, C_STORE) or not response.is_valid_response:
        raise link.lost()
    association._reactor_checkpoint.set()
    return association._check_received_status(response)


def _refusal(file: Part10File) -> str:
    syntax, sop_class = UID(file.transfer_syntax_uid).name, UID(file.sop_class_uid).name
    return f"the peer does not accept {sop_class} in {syntax}"
