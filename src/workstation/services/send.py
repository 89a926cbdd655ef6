"""Send: store files, or a study of the archive, on a node (C-STORE, or STOW-RS where it has only DICOMweb)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from workstation.domain.errors import IncompleteTransfer, InputError, NotDicom, PeerError
from workstation.domain.job import Progress
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.file_walk import FileWalk
from workstation.services.ports import Archive, DimsePeer, ItemFailure, TransferProgress, TransferReport, WebPeer
from workstation.services.search import FindNode, require_node


@dataclass(frozen=True, slots=True)
class SendInstances:
    """Files and folders by absolute path, or a study of the archive."""

    kind: ClassVar[str] = "send"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = True
    resumable: ClassVar[bool] = True

    node: str
    paths: tuple[str, ...] = ()
    study_instance_uid: str = ""

    @property
    def lane(self) -> str:
        return f"{self.node}:transfer"

    @property
    def subject(self) -> str:
        if self.study_instance_uid:
            return self.study_instance_uid
        return "1 file or folder" if len(self.paths) == 1 else f"{len(self.paths)} files or folders"


@dataclass(frozen=True, slots=True)
class SendFiles(SendInstances):
    """The same for files that a person names: kept apart, since the names of people's folders are people's names."""

    kind: ClassVar[str] = "send-files"
    private: ClassVar[frozenset[str]] = frozenset({"paths"})


@dataclass(frozen=True, slots=True)
class SendResult:
    """Counts of instances; `skipped` are files that are not DICOM, `sent_before` those of `sent` that went earlier."""

    expected: int
    sent: int
    bytes: int = 0
    skipped: int = 0
    failures: tuple[ItemFailure, ...] = ()
    sent_before: int = 0


def run_send(
    command: SendInstances,
    context: JobContext,
    *,
    archive: Archive,
    find_node: FindNode,
    dimse: DimsePeer,
    web: WebPeer,
) -> Outcome:
    """Send each instance once; partly done with IncompleteTransfer when the node did not take all of them.

    What the job sent before it was interrupted or paused, or failed, is not sent again.
    """
    node = require_node(find_node, command.node)
    context.progress(Progress(step="collecting"))
    names, skipped = _collect(command, context, archive)
    waiting = [path for path, name in names.items() if name not in context.remembered]
    total, before = len(names), len(names) - len(waiting)
    went = TransferReport()

    def on_progress(progress: TransferProgress) -> None:
        nonlocal went
        went = TransferReport(transferred=progress.done, bytes=progress.bytes_done)
        if progress.gone is not None and names[progress.gone]:
            context.remember(names[progress.gone])
        done = before + progress.done
        context.progress(Progress(done, total, progress.bytes_done, progress.failed, f"to {node.name}"))

    report, stopped = TransferReport(), None
    if waiting:
        peer = dimse if node.speaks_dimse else web
        try:
            report = peer.store(node, waiting, on_progress, context.cancellation)
        except PeerError as error:
            if not before + went.transferred:
                raise
            report, stopped = went, error
    for warning in report.warnings:
        context.warn(warning)
    result = SendResult(total, before + report.transferred, report.bytes, skipped, report.failures, before)
    if result.sent >= total and not result.failures:
        return Outcome(result=result)
    incomplete = _incomplete(node.name, result, report, stopped)
    if result.sent == 0:
        raise incomplete
    return Outcome(result=result, partly=True, error=incomplete)


def _incomplete(node: str, result: SendResult, report: TransferReport, stopped: PeerError | None) -> IncompleteTransfer:
    reasons = [failure.reason for failure in result.failures]
    if stopped is not None:
        reasons.append(stopped.details.get("reason", stopped.code))
    return IncompleteTransfer(
        node=node,
        operation="send",
        expected=result.expected,
        received=result.sent,
        stored=result.sent,
        failed=len(result.failures) or None,
        cause=stopped.code if stopped is not None else report.cause or None,
        reason="; ".join(dict.fromkeys(reasons)) or None,
    )


def _collect(command: SendInstances, context: JobContext, archive: Archive) -> tuple[dict[Path, str], int]:
    """The files, each with a name free of patient data under which it is remembered, and how many were left out."""
    if command.study_instance_uid:
        stored = {
            stored.path: stored.instance.sop_instance_uid
            for series in archive.series_of(command.study_instance_uid)
            for stored in archive.instances_of(series.series_instance_uid)
        }
        if not stored:
            raise InputError(reason=f"the archive has no study {command.study_instance_uid}")
        return stored, 0
    from workstation.dicom.read import looks_like_dicom

    found: dict[Path, str] = {}
    skipped = 0
    walk = FileWalk(Path(text) for text in command.paths)
    for path in walk:
        context.cancellation.raise_if_cancelled()
        if path.name.upper() == "DICOMDIR":  # a directory of files is not an instance to store (PS3.3 F.2.1)
            continue
        if looks_like_dicom(path):
            found[path] = _identity(path)
        else:
            skipped += 1
    if walk.problems and not found:
        raise walk.problems[0]
    if walk.problems:
        context.warn(f"{len(walk.problems)} of the files or folders cannot be read and were not sent.")
    if skipped:
        context.warn(f"{skipped} of the files are not DICOM and were not sent.")
    if not found:
        raise NotDicom(path=", ".join(command.paths), reason="no DICOM file was found there")
    return found, skipped


def _identity(path: Path) -> str:
    """The same as long as the file is: its path may name a person. Empty where it cannot be told."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{status.st_dev:x}.{status.st_ino:x}.{status.st_size:x}.{status.st_mtime_ns:x}"
