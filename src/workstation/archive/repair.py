"""What start-up does after a kill, a power cut or a damaged index: make files and rows agree again.

Files are the truth, the index is made from them. Other processes may be at work meanwhile: every
decision about a file falls inside a write transaction, where nobody else is between file and row.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workstation.archive.files import WHOLE, Layout, dataset_digest, make_durable, move_durably
from workstation.archive.index import Index, IndexDamaged, IndexWriter, local_error
from workstation.domain.errors import ArchiveUnusable, InputError
from workstation.domain.study import InstanceSummary
from workstation.jobs.database import is_damaged, move_aside
from workstation.jobs.ownership import Ownership

_log = logging.getLogger(__name__)
_BATCH = 100  # files in one transaction, so that others can write in between
_CHECKED_AT_EVERY_START = 32 * 1024 * 1024  # bytes of index that SQLite checks in a fraction of a second


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair did."""

    indexed: int = 0  # files that had no row
    quarantined: int = 0  # files that are nothing we can index
    missing: tuple[str, ...] = ()  # SOP Instance UIDs whose file was gone
    swept: int = 0  # half incoming files of processes that ended
    recovered: int = 0  # whole ones that had no row yet
    index_made_anew: bool = False

    @property
    def anything(self) -> bool:
        return self != RepairReport()


@dataclass(frozen=True, slots=True)
class OpenedIndex:
    """The index, whether it replaces a damaged one, and whether files and rows may disagree."""

    index: Index
    replaced: bool
    suspicious: bool


def open_index(layout: Layout, ownership: Ownership) -> OpenedIndex:
    """Raises ArchiveUnusable, also for a damaged index that another living process has open."""
    marks = [name for name in ownership.names() if name != ownership.name]
    living = [name for name in marks if ownership.is_alive(name)]
    unclean = len(living) < len(marks)
    existed = layout.index.exists()
    index = _open_sound(layout, suspicious=unclean)
    if index is not None:
        return OpenedIndex(index, False, unclean or not existed)
    if living:
        raise ArchiveUnusable(path=layout.index, reason="damaged, and still open in another process: end it first")
    _log.error("the archive's index was damaged; it is kept as %s and made anew", move_aside(layout.index).name)
    layout.distrusted.unlink(missing_ok=True)
    return OpenedIndex(_open(layout), True, True)


def _open_sound(layout: Layout, suspicious: bool) -> Index | None:
    """The index, or None where it is damaged."""
    if layout.distrusted.exists():
        return None
    try:
        index = _open(layout)
    except IndexDamaged:
        return None
    small = layout.index.stat().st_size <= _CHECKED_AT_EVERY_START
    if (suspicious or small) and not index.is_sound():
        index.close()
        return None
    return index


def _open(layout: Layout) -> Index:
    try:
        return Index(layout.index)
    except sqlite3.Error as error:
        if is_damaged(error):
            raise IndexDamaged(path=layout.index, reason=str(error)) from error
        raise local_error(layout.index, error) from error


def finish_deletions(layout: Layout, index: Index) -> None:
    """Unlink the files of removed rows. A file that cannot go yet, open elsewhere on Windows, goes next time."""
    stuck: set[str] = set()
    while names := [name for name in index.pending_deletions() if name not in stuck][:_BATCH]:
        with index.writing() as writer:
            for name in names:
                # It may have been stored again since; then it is not pending any more.
                if not writer.is_to_be_deleted(name):
                    continue
                try:
                    (layout.root / name).unlink(missing_ok=True)
                except PermissionError:
                    stuck.add(name)
                else:
                    writer.forget_deletion(name)


def summary_of_file(path: Path) -> InstanceSummary:
    from workstation.dicom.summarise import summarise

    return summarise(path)


def settle_orphan(layout: Layout, writer: IndexWriter, path: Path) -> bool:
    """Give a file in `objects` its row; False when it was quarantined, being nothing that belongs there."""
    try:
        summary = summary_of_file(path)
        if layout.object(summary.instance.sop_instance_uid) != path:
            raise InputError(reason="it is another instance than its name says")
    except (InputError, OSError) as error:
        _quarantine(layout, path, error)
        return False
    make_durable(path)
    writer.forget_deletion(path.relative_to(layout.root).as_posix())
    writer.add(summary, path.stat().st_size, dataset_digest(path))
    return True


def _quarantine(layout: Layout, path: Path, error: Exception) -> None:
    target = layout.quarantine / f"{time.time_ns()}-{path.name}"
    _log.error("%s is no file of the archive (%s); it is kept in quarantine", path.name, type(error).__name__)
    move_durably(path, target)


class Repair:
    """Brings index and files of one archive into agreement."""

    def __init__(self, layout: Layout, index: Index, ownership: Ownership) -> None:
        self._layout = layout
        self._index = index
        self._ownership = ownership
        self._made_anew = False

    def run(self) -> RepairReport:
        swept = self._sweep_incoming()
        finish_deletions(self._layout, self._index)
        known = {self._layout.object(uid): uid for uid in self._index.instance_uids()}
        present = set(self._layout.object_files())
        missing = self._remove_rows([known[path] for path in known.keys() - present])
        indexed, quarantined = self._settle_orphans(sorted(present - known.keys()))
        self._settle_conflicts()
        report = RepairReport(indexed, quarantined, missing, swept)
        if report.anything:
            _log.warning(
                "archive repaired: %d indexed, %d quarantined, %d missing, %d incoming swept",
                indexed,
                quarantined,
                len(missing),
                swept,
            )
        return report

    def abandoned(self) -> list[Path]:
        """Whole incoming files of processes that ended."""
        return [path for folder in self._dead() if folder.is_dir() for path in folder.glob(f"*{WHOLE}")]

    def _dead(self) -> list[Path]:
        return [folder for folder in self._layout.incoming.iterdir() if not self._ownership.is_alive(folder.name)]

    def _sweep_incoming(self) -> int:
        swept = 0
        for folder in self._dead():
            swept += sum(1 for _ in folder.iterdir()) if folder.is_dir() else 1
            shutil.rmtree(folder, ignore_errors=True)
        return swept

    def _remove_rows(self, uids: list[str]) -> tuple[str, ...]:
        removed = []
        for start in range(0, len(uids), _BATCH):
            with self._index.writing() as writer:
                for uid in uids[start : start + _BATCH]:
                    if writer.instance(uid) is not None and not self._layout.object(uid).exists():
                        writer.remove_instance(uid)
                        removed.append(uid)
        return tuple(sorted(removed))

    def _settle_orphans(self, paths: list[Path]) -> tuple[int, int]:
        indexed = quarantined = 0
        for start in range(0, len(paths), _BATCH):
            with self._index.writing() as writer:
                for path in paths[start : start + _BATCH]:
                    if not path.exists() or self._has_row(writer, path):
                        continue
                    settled = settle_orphan(self._layout, writer, path)
                    indexed, quarantined = indexed + settled, quarantined + (not settled)
        return indexed, quarantined

    def _has_row(self, writer: IndexWriter, path: Path) -> bool:
        """Whether another process has indexed the file since we looked."""
        try:
            uid = summary_of_file(path).instance.sop_instance_uid
        except (InputError, OSError):
            return False
        return self._layout.object(uid) == path and writer.instance(uid) is not None

    def _settle_conflicts(self) -> None:
        known = {name: uid for uid, name in self._index.conflicts()}
        present = {path.relative_to(self._layout.root).as_posix(): path for path in self._layout.conflicts.iterdir()}
        with self._index.writing() as writer:
            for name in known.keys() - present.keys():
                writer.remove_conflict(name)
            for name in present.keys() - known.keys():
                path = present[name]
                with suppress(InputError, OSError):
                    uid = summary_of_file(path).instance.sop_instance_uid
                    writer.add_conflict(uid, name, dataset_digest(path), path.stat().st_size, path.stat().st_mtime)
