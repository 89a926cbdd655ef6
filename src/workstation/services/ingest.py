"""Import: take in files and folders that a person names.

The originals are only read. An instance that is here already is left as it is.
"""

from __future__ import annotations

import errno
import os
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from workstation.domain.errors import (
    Cancelled,
    ConflictingInstance,
    DamagedFile,
    DiskFull,
    InputError,
    LocalError,
    NotDicom,
    WorkstationError,
)
from workstation.domain.events import LOCAL, InstanceStored, Publish
from workstation.domain.job import ErrorReport, Progress
from workstation.domain.study import InstanceSummary
from workstation.domain.uid import is_valid_uid
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.file_walk import FileWalk
from workstation.services.ports import Archive, StoreOutcome

_THREADS = 4
_DISK_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))

if TYPE_CHECKING:
    from workstation.services.intake import Intake


def store(archive: Archive, publish: Publish, path: Path, summary: InstanceSummary, source: str) -> StoreOutcome:
    """Add a complete incoming file and say that it is here, when it is new."""
    outcome = archive.add(path, summary)
    if outcome is StoreOutcome.STORED:
        publish(InstanceStored(summary, source))
    return outcome


def require_uids(summary: InstanceSummary) -> None:
    """Refuse what would not be a key: UIDs of files and peers are checked before anything trusts them.

    Raises DamagedFile.
    """
    for keyword, uid in (
        ("StudyInstanceUID", summary.study.study_instance_uid),
        ("SeriesInstanceUID", summary.series.series_instance_uid),
        ("SOPInstanceUID", summary.instance.sop_instance_uid),
        ("SOPClassUID", summary.instance.sop_class_uid),
    ):
        if not is_valid_uid(uid):
            raise DamagedFile(reason=f"{keyword} is not a valid UID")


# --- importing files -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImportPaths:
    """Files and folders, a CD's for one. Not journalled: the names of people's folders are people's names."""

    kind: ClassVar[str] = "import"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = False

    paths: tuple[str, ...]

    @property
    def lane(self) -> str:
        return "disk"

    @property
    def subject(self) -> str:
        return "1 path" if len(self.paths) == 1 else f"{len(self.paths)} paths"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of the files. `skipped` are no DICOM or a DICOMDIR; `damaged` were stored all the same."""

    stored: int = 0
    already_present: int = 0
    conflicts: int = 0
    skipped: tuple[str, ...] = ()
    failed: tuple[tuple[str, ErrorReport], ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()  # (path, what is missing of it)
    directories: tuple[str, ...] = ()  # DICOMDIR files that were met
    study_instance_uids: tuple[str, ...] = ()  # of what is here now, in the order they came
    bytes: int = 0


@dataclass(slots=True)
class _Tally:
    stored: int = 0
    already_present: int = 0
    conflicts: list[str] = field(default_factory=list)  # SOP Instance UIDs
    skipped: list[str] = field(default_factory=list)
    failed: list[tuple[str, InputError]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    directories: list[str] = field(default_factory=list)
    studies: dict[str, None] = field(default_factory=dict)
    bytes: int = 0

    def result(self) -> ImportResult:
        return ImportResult(
            self.stored,
            self.already_present,
            len(self.conflicts),
            tuple(self.skipped),
            tuple((path, error.report()) for path, error in self.failed),
            tuple(self.warnings),
            tuple(self.directories),
            tuple(self.studies),
            self.bytes,
        )


def run_import(command: ImportPaths, context: JobContext, *, archive: Archive, publish: Publish) -> Outcome:
    """Copy every DICOM file under the command's paths into the archive.

    Single files that fail do not stop it; a full disk does. Raises the file's own error when there was
    but one file, NotDicom when there was no DICOM among them.
    """
    return _Import(context, archive, publish).run([Path(path) for path in command.paths])


class _Import:
    """One run. Files are copied by a few threads, since most of the time goes into waiting for the disk."""

    def __init__(self, context: JobContext, archive: Archive, publish: Publish) -> None:
        self._context = context
        self._archive = archive
        self._publish = publish
        self._tally = _Tally()
        self._done = 0
        self._total: int | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def run(self, paths: list[Path]) -> Outcome:
        files = self._list(paths)
        self._total = len(files)
        waiting: deque[tuple[Path, Future[tuple[Intake, StoreOutcome]]]] = deque()
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="import") as pool:
            try:
                for path in files:
                    waiting.append((path, pool.submit(self._import, path)))
                    if len(waiting) > 2 * _THREADS:
                        self._settle(*waiting.popleft())
                while waiting:
                    self._settle(*waiting.popleft())
            except BaseException:
                self._stopping.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return self._outcome()

    def _list(self, paths: list[Path]) -> list[Path]:
        walk = FileWalk(_with_media(paths))
        files = []
        for path in walk:
            files.append(path)
            self._report()
        self._tally.failed += [(problem.details["path"], problem) for problem in walk.problems]
        return files

    def _import(self, path: Path) -> tuple[Intake, StoreOutcome]:
        incoming = self._archive.new_incoming()
        try:
            intake = self._copy(path, incoming)
            return intake, store(self._archive, self._publish, incoming, intake.summary, LOCAL)
        finally:
            self._archive.discard(incoming)

    def _copy(self, path: Path, incoming: Path) -> Intake:
        from workstation.services.intake import take_copy

        try:
            intake = take_copy(path, incoming, self._proceed)
        except OSError as error:
            raise _not_written(incoming, error) from error
        require_uids(intake.summary)
        return intake

    def _proceed(self, size: int) -> None:
        if self._stopping.is_set():
            raise Cancelled()
        with self._lock:
            self._tally.bytes += size
        self._report()

    def _settle(self, path: Path, future: Future[tuple[Intake, StoreOutcome]]) -> None:
        """Enter what became of one file; raises what ends the whole import."""
        from workstation.services.intake import IsDirectory

        try:
            intake, outcome = future.result()
        except IsDirectory:
            self._tally.directories.append(str(path))
            self._tally.skipped.append(str(path))
        except NotDicom:
            self._tally.skipped.append(str(path))
        except InputError as error:
            self._tally.failed.append((str(path), error))
        else:
            self._count(path, intake, outcome)
        self._done += 1
        self._report()

    def _count(self, path: Path, intake: Intake, outcome: StoreOutcome) -> None:
        tally = self._tally
        if outcome is StoreOutcome.STORED:
            tally.stored += 1
        elif outcome is StoreOutcome.ALREADY_PRESENT:
            tally.already_present += 1
        else:
            tally.conflicts.append(intake.summary.instance.sop_instance_uid)
        tally.studies[intake.summary.study.study_instance_uid] = None
        if intake.damage:
            tally.warnings.append((str(path), intake.damage))

    def _report(self) -> None:
        failed = len(self._tally.failed) + len(self._tally.conflicts)
        self._context.progress(Progress(self._done, self._total, self._tally.bytes, failed))

    def _outcome(self) -> Outcome:
        tally = self._tally
        nothing = not (tally.stored or tally.already_present or tally.conflicts)
        if nothing and len(tally.failed) == 1 and not tally.skipped:
            raise tally.failed[0][1]
        if nothing and not tally.failed and not tally.directories:
            raise NotDicom(files=len(tally.skipped), reason="none of the files is DICOM")
        if tally.warnings:
            self._context.warn(f"{len(tally.warnings)} of the files are damaged and were stored as they are")
        return Outcome(tally.result(), bool(tally.failed or tally.conflicts), _first_error(tally))


def _not_written(incoming: Path, error: OSError) -> LocalError:
    if error.errno in _DISK_FULL:
        return DiskFull(path=incoming.parent)
    return LocalError(path=incoming.parent, reason=os.strerror(error.errno) if error.errno else type(error).__name__)


def _first_error(tally: _Tally) -> WorkstationError | None:
    if tally.failed:
        return tally.failed[0][1]
    return ConflictingInstance(sop_instance_uid=tally.conflicts[0]) if tally.conflicts else None


def _with_media(paths: list[Path]) -> list[Path]:
    """A DICOMDIR stands for the medium whose root it lies in (PS3.10 8.6)."""
    return [path.parent if path.name.upper() == "DICOMDIR" and path.is_file() else path for path in paths]
