"""The archive on this computer: Part 10 files under one folder, and their index.

A file is flushed under its incoming name, then renamed and indexed in one write transaction, and its
folder is flushed before anybody is told that it is stored. So a kill leaves at most files to index
again and incoming files to sweep away, which the next start does (`archive.repair`).
"""

from __future__ import annotations

import logging
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from workstation.archive.files import (
    Incoming,
    Layout,
    Reserve,
    dataset_digest,
    make_durable,
    move_durably,
    translated,
)
from workstation.archive.index import Index, IndexDamaged, IndexWriter, InstanceRow
from workstation.archive.repair import (
    Repair,
    RepairReport,
    finish_deletions,
    open_index,
    settle_orphan,
    summary_of_file,
)
from workstation.domain.errors import DiskFull, InputError, LocalError
from workstation.domain.query import Query
from workstation.domain.study import InstanceSummary, QueryMatch, Series, Study
from workstation.jobs.ownership import Ownership
from workstation.services.ports import Archive, StoredInstance, StoreOutcome

_log = logging.getLogger(__name__)

_FLUSHING = 4  # files at once; the journal of a file system commits them together


class LocalArchive(Archive):
    """The archive in the folder `root`. Opening repairs what a killed process left; `repaired` says what.

    Safe to use from several threads and several processes. Raises DiskFull, ArchiveUnusable.
    """

    def __init__(self, root: Path) -> None:
        self._layout = Layout(root)
        with translated(root):
            self._layout.prepare()
            ownership = Ownership(self._layout.owners)
        try:
            opened = open_index(self._layout, ownership)
        except BaseException:
            ownership.release()
            raise
        self._index = opened.index
        self._reserve = Reserve(self._layout.reserve)
        self._reserve.set_aside()
        self._incoming = Incoming(self._layout.incoming / ownership.name)
        self._repair = Repair(self._layout, self._index, ownership)
        # Also at the end of the interpreter: whoever forgets to close leaves no mark of a crash.
        self._finalizer = weakref.finalize(self, _release, self._index, self._incoming, ownership)
        self.repaired = RepairReport()
        try:
            if opened.suspicious or self._repair.abandoned():
                self.repaired = replace(self.repair(), index_made_anew=opened.replaced)
        except BaseException:
            self.close()
            raise

    @property
    def root(self) -> Path:
        return self._layout.root

    def repair(self) -> RepairReport:
        """Make index and files agree, beside whatever other processes are doing; what was done."""
        with translated(self.root), self._noticing_damage():
            abandoned = self._taken_over()
            report = self._repair.run()
            recovered = sum(self._recover(path) for path in abandoned)
            return replace(report, recovered=recovered)

    def _taken_over(self) -> list[Path]:
        """Instances that had arrived, and were answered as stored, when their process ended; ours from now on."""
        taken = [path.rename(self._incoming.new_path()) for path in self._repair.abandoned()]
        return [self._incoming.complete(path) for path in taken]

    def _recover(self, path: Path) -> bool:
        try:
            return self._settled(path, summary_of_file(path)) is StoreOutcome.STORED
        except InputError:
            path.unlink(missing_ok=True)
            return False

    def close(self) -> None:
        """Release files and locks; nothing may be asked afterwards."""
        self._finalizer()

    def new_incoming(self) -> Path:
        with translated(self.root):
            return self._incoming.new_path()

    def discard(self, path: Path) -> None:
        self._incoming.require(path)
        with translated(self.root):
            path.unlink(missing_ok=True)

    def complete(self, path: Path) -> Path:
        with translated(self.root):
            return self._incoming.complete(path)

    def add_all(self, arrivals: Sequence[tuple[Path, InstanceSummary]]) -> Sequence[StoreOutcome | LocalError]:
        """As `add`, with one flush and one transaction for all; what could not be added is still there."""
        for path, _ in arrivals:
            self._incoming.require(path)
        with translated(self.root), self._noticing_damage():
            placed = self._place_all(arrivals)
        return [StoreOutcome.STORED if path in placed else self._settled(path, summary) for path, summary in arrivals]

    def _settled(self, path: Path, summary: InstanceSummary) -> StoreOutcome | LocalError:
        """What became of an instance that is known already, or has become so meanwhile."""
        try:
            with translated(self.root), self._noticing_damage():
                outcome = self._add(path, summary)
                path.unlink(missing_ok=True)
                return outcome
        except LocalError as error:
            return error

    def _place_all(self, arrivals: Sequence[tuple[Path, InstanceSummary]]) -> set[Path]:
        """Those that nothing was known of, in their places.

        Their names need no flush of their own: after a power cut a file is in its place or still incoming, and the
        next start sees to either.
        """
        paths = [path for path, _ in arrivals]
        digests = _flushed_digests(paths)
        placed: dict[Path, str] = {}
        try:
            with self._index.writing() as writer:
                known = writer.known([summary.instance.sop_instance_uid for _, summary in arrivals])
                for path, summary in arrivals:
                    uid = summary.instance.sop_instance_uid
                    if uid not in known and not self._layout.object(uid).exists():
                        known.add(uid)
                        placed[path] = uid
                        self._place(writer, path, summary, digests[path])
        except BaseException:
            self._put_back(placed)
            raise
        return set(placed)

    def _put_back(self, placed: dict[Path, str]) -> None:
        """Undo what `_place_all` began: the files are where they arrived, as if nothing had been tried."""
        with suppress(LocalError, OSError), self._index.writing() as writer:
            for path, uid in placed.items():
                writer.remove_instance(uid)
                with suppress(FileNotFoundError):
                    self._layout.object(uid).replace(path)

    def add(self, path: Path, summary: InstanceSummary) -> StoreOutcome:
        self._incoming.require(path)
        try:
            with translated(self.root), self._noticing_damage():
                return self._add(path, summary)
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _add(self, path: Path, summary: InstanceSummary) -> StoreOutcome:
        uid = summary.instance.sop_instance_uid
        digest = dataset_digest(path)
        known = self._index.instance(uid)
        if known is None:
            if self._placed(path, summary, digest):
                return StoreOutcome.STORED
            known = self._index.instance(uid)
        if known is not None and self._same(known, path, summary, digest):
            return StoreOutcome.ALREADY_PRESENT
        self._keep_conflict(path, uid, digest)
        return StoreOutcome.CONFLICT

    def _placed(self, path: Path, summary: InstanceSummary, digest: str) -> bool:
        """Whether the file has got its place; False where another one has it by now."""
        uid = summary.instance.sop_instance_uid
        make_durable(path)
        try:
            with self._index.writing() as writer:
                if writer.instance(uid) is not None or self._settled_orphan(writer, uid):
                    return False
                self._place(writer, path, summary, digest)
            # Outside the transaction, where it holds up nobody: slow disks take their time for it.
            make_durable(self._layout.object(uid).parent)
        except BaseException:
            if not path.exists():
                self._take_back(uid)
            raise
        return True

    def _settled_orphan(self, writer: IndexWriter, uid: str) -> bool:
        """Whether a file without a row, which a killed process left under this name, has got its row now."""
        target = self._layout.object(uid)
        return target.exists() and settle_orphan(self._layout, writer, target)

    def _place(self, writer: IndexWriter, path: Path, summary: InstanceSummary, digest: str) -> None:
        size_bytes = path.stat().st_size
        target = self._layout.object(summary.instance.sop_instance_uid)
        if writer.deletions_pending:
            writer.forget_deletion(self._relative(target))
        path.replace(target)
        writer.add(summary, size_bytes, digest)

    def _take_back(self, uid: str) -> None:
        """Remove a file that was placed, but whose row or name could not be kept, on a full disk say."""
        # Where even this fails, the next start finds a whole file without a row and indexes it.
        with suppress(LocalError, OSError), self._index.writing() as writer:
            writer.remove_instance(uid)
            self._layout.object(uid).unlink(missing_ok=True)

    def _same(self, known: InstanceRow, path: Path, summary: InstanceSummary, digest: str) -> bool:
        instance = summary.instance
        if known.digest == digest and known.instance.transfer_syntax_uid == instance.transfer_syntax_uid:
            return True
        from workstation.archive.compare import same_content

        return same_content(self._layout.object(instance.sop_instance_uid), path)

    def _keep_conflict(self, path: Path, uid: str, digest: str) -> None:
        target = self._layout.conflict(uid, digest)
        make_durable(path)
        with self._index.writing() as writer:
            size_bytes = path.stat().st_size
            if not target.exists():
                move_durably(path, target)
            writer.forget_deletion(self._relative(target))
            writer.add_conflict(uid, self._relative(target), digest, size_bytes, time.time())
        _log.warning("another content for an instance that is stored already was kept as %s", target.name)

    def find(self, query: Query) -> Iterator[QueryMatch]:
        with self._noticing_damage():
            return self._index.find(query)

    def study(self, study_instance_uid: str) -> Study | None:
        with self._noticing_damage():
            return self._index.study(study_instance_uid)

    def series_of(self, study_instance_uid: str) -> list[Series]:
        with self._noticing_damage():
            return self._index.series_of(study_instance_uid)

    def instances_of(self, series_instance_uid: str) -> list[StoredInstance]:
        with self._noticing_damage():
            rows = self._index.instances_of(series_instance_uid)
        return [
            StoredInstance(row.instance, self._layout.object(row.instance.sop_instance_uid), row.size_bytes)
            for row in rows
        ]

    def instance_uids(self, study_instance_uid: str, series_instance_uid: str = "") -> frozenset[str]:
        with self._noticing_damage():
            return self._index.instance_uids(study_instance_uid, series_instance_uid)

    def expect(self, study_instance_uid: str, counts: Mapping[str, int]) -> None:
        with self._noticing_damage(), self._index.writing() as writer:
            writer.expect(study_instance_uid, counts)

    def expected_of(self, study_instance_uid: str) -> dict[str, int]:
        with self._noticing_damage():
            return self._index.expected_of(study_instance_uid)

    def conflicts_of(self, sop_instance_uid: str) -> list[Path]:
        """The files kept beside the stored instance for their other content."""
        return [self.root / name for uid, name in self._index.conflicts() if uid == sop_instance_uid]

    def delete_study(self, study_instance_uid: str) -> None:
        try:
            self._delete(study_instance_uid)
        except DiskFull:
            if not self._reserve.release():
                raise
            self._delete(study_instance_uid)
        self._reserve.set_aside()

    def _delete(self, study_instance_uid: str) -> None:
        with translated(self.root), self._noticing_damage():
            with self._index.writing() as writer:
                uids = writer.instance_uids(study_instance_uid)
                names = [self._relative(self._layout.object(uid)) for uid in uids]
                writer.expect_deletion(names + writer.conflict_files(uids))
                writer.remove_study(study_instance_uid)
            finish_deletions(self._layout, self._index)

    def size_bytes(self) -> int:
        with self._noticing_damage():
            return self._index.size_bytes()

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _noticing_damage(self) -> _NoticingDamage:
        return _NoticingDamage(self._layout)


class _NoticingDamage:
    """Leaves a note for the next start when SQLite finds the index malformed."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: object, _trace: object) -> None:
        if isinstance(error, IndexDamaged):
            with suppress(OSError):
                self._layout.distrusted.touch()


def _flushed_digests(paths: list[Path]) -> dict[Path, str]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_FLUSHING, thread_name_prefix="flush") as pool:
        return dict(zip(paths, pool.map(_flushed_digest, paths), strict=True))


def _flushed_digest(path: Path) -> str:
    digest = dataset_digest(path)
    make_durable(path)
    return digest


def _release(index: Index, incoming: Incoming, ownership: Ownership) -> None:
    index.close()
    incoming.remove()
    ownership.release()
