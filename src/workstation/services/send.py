"""Send: store files, or a study of the archive, on a node (C-STORE, or STOW-RS where it has only DICOMweb)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from workstation.domain.errors import IncompleteTransfer, InputError, NotDicom
from workstation.domain.job import Progress
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.file_walk import FileWalk
from workstation.services.ports import Archive, DimsePeer, ItemFailure, TransferProgress, WebPeer
from workstation.services.search import FindNode, require_node


@dataclass(frozen=True, slots=True)
class SendInstances:
    """Files and folders by absolute path, or a study of the archive."""

    kind: ClassVar[str] = "send"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = True

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
    """The same for files that a person names. Not journalled: the names of people's folders are people's names."""

    kind: ClassVar[str] = "send-files"
    journalled: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class SendResult:
    """Counts of instances; `skipped` are files that are not DICOM."""

    expected: int
    sent: int
    bytes: int = 0
    skipped: int = 0
    failures: tuple[ItemFailure, ...] = ()


def run_send(
    command: SendInstances,
    context: JobContext,
    *,
    archive: Archive,
    find_node: FindNode,
    dimse: DimsePeer,
    web: WebPeer,
) -> Outcome:
    """Send each instance once; partly done with IncompleteTransfer when the node refused some of them."""
    node = require_node(find_node, command.node)
    context.progress(Progress(step="collecting"))
    paths, skipped = _collect(command, context, archive)
    total = len(paths)

    def on_progress(progress: TransferProgress) -> None:
        context.progress(Progress(progress.done, total, progress.bytes_done, progress.failed, f"to {node.name}"))

    peer = dimse if node.speaks_dimse else web
    report = peer.store(node, paths, on_progress, context.cancellation)
    for warning in report.warnings:
        context.warn(warning)
    result = SendResult(total, report.transferred, report.bytes, skipped, report.failures)
    if result.sent >= total and not result.failures:
        return Outcome(result=result)
    reasons = "; ".join(dict.fromkeys(failure.reason for failure in result.failures))
    error = IncompleteTransfer(
        node=node.name,
        operation="send",
        expected=total,
        received=result.sent,
        stored=result.sent,
        failed=len(result.failures) or None,
        reason=reasons or None,
    )
    if result.sent == 0:
        raise error
    return Outcome(result=result, partly=True, error=error)


def _collect(command: SendInstances, context: JobContext, archive: Archive) -> tuple[list[Path], int]:
    if command.study_instance_uid:
        paths = [
            stored.path
            for series in archive.series_of(command.study_instance_uid)
            for stored in archive.instances_of(series.series_instance_uid)
        ]
        if not paths:
            raise InputError(reason=f"the archive has no study {command.study_instance_uid}")
        return paths, 0
    from workstation.dicom.read import looks_like_dicom

    found: dict[Path, None] = {}
    skipped = 0
    walk = FileWalk(Path(text) for text in command.paths)
    for path in walk:
        context.cancellation.raise_if_cancelled()
        if path.name.upper() == "DICOMDIR":  # a directory of files is not an instance to store (PS3.3 F.2.1)
            continue
        if looks_like_dicom(path):
            found[path] = None
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
    return list(found), skipped
