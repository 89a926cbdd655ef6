"""The index: what the archive's files say of themselves, in SQLite, and searches over it.

Writing is one transaction at a time; every reading thread borrows a connection of its own.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from workstation.archive.matching import condition, folded_name, register_functions
from workstation.archive.rows import SELECTS, Noun, select, to_noun, to_values
from workstation.domain.errors import ArchiveUnusable, DiskFull, LocalError
from workstation.domain.query import Query
from workstation.domain.study import Instance, InstanceSummary, QueryMatch, Series, Study
from workstation.jobs.database import NewerSchema, is_damaged, is_full, open_database, transaction

_MOST_VALUES = 500  # in one statement; SQLite's own limit is higher


def migrations() -> list[str]:
    """The numbered scripts that travel beside this module."""
    folder = resources.files("workstation.archive") / "migrations"
    scripts = sorted((item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda item: item.name)
    return [script.read_text(encoding="utf-8") for script in scripts]


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """An indexed instance with what is known of its file."""

    instance: Instance
    size_bytes: int
    digest: str


class Index:
    """One index file. Safe to call from several threads; raises DiskFull, ArchiveUnusable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._migrations = migrations()
        self._writing = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._closed = False
        self._writer = self._open()

    @contextmanager
    def writing(self) -> Iterator[IndexWriter]:
        """A transaction that no other thread or process writes beside; kept when the block ends well."""
        with self._writing, self._translated(), transaction(self._writer):
            yield IndexWriter(self._writer)

    def find(self, query: Query) -> Iterator[QueryMatch]:
        where = condition(query)
        sql, noun = SELECTS[query.level]
        rows = self._rows(sql.format(where=where.sql), where.values)
        return (to_noun(noun, row) for row in rows)

    def study(self, study_instance_uid: str) -> Study | None:
        return next(self._select(Study, "study.study_instance_uid = ?", study_instance_uid), None)

    def series_of(self, study_instance_uid: str) -> list[Series]:
        return list(self._select(Series, "series.study_instance_uid = ?", study_instance_uid))

    def instances_of(self, series_instance_uid: str) -> list[InstanceRow]:
        return self._instances("instance.series_instance_uid = ?", series_instance_uid)

    def instance(self, sop_instance_uid: str) -> InstanceRow | None:
        return next(iter(self._instances("instance.sop_instance_uid = ?", sop_instance_uid)), None)

    def instance_uids(self, study_instance_uid: str = "", series_instance_uid: str = "") -> frozenset[str]:
        """Those of a study, of one series of it, or of everything."""
        clauses = {"study_instance_uid": study_instance_uid, "series_instance_uid": series_instance_uid}
        given = {column: value for column, value in clauses.items() if value}
        where = " AND ".join(f"{column} = ?" for column in given) or "1"
        return frozenset(
            uid for (uid,) in self._rows(f"SELECT sop_instance_uid FROM instance WHERE {where}", tuple(given.values()))
        )

    def expected_of(self, study_instance_uid: str) -> dict[str, int]:
        """Series Instance UID -> instances that a node said it has, of the series fetched from one."""
        sql = "SELECT series_instance_uid, instance_count FROM expected_series WHERE study_instance_uid = ?"
        return {uid: count for uid, count in self._rows(sql, (study_instance_uid,))}  # noqa: C416 - rows are typed Any

    def conflicts(self) -> list[tuple[str, str]]:
        """(SOP Instance UID, file name) of every file kept for its other content."""
        return [
            (uid, name)
            for uid, name in self._rows("SELECT sop_instance_uid, file_name FROM conflict ORDER BY noticed_at")
        ]

    def pending_deletions(self) -> list[str]:
        return [name for (name,) in self._rows("SELECT file_name FROM deletion LIMIT ?", (_MOST_VALUES,))]

    def size_bytes(self) -> int:
        size: int = self._rows("SELECT coalesce(sum(size_bytes), 0) FROM study")[0][0]
        return size

    def is_sound(self) -> bool:
        """Whether SQLite finds every page in order."""
        try:
            return bool(self._rows("PRAGMA quick_check(1)") == [("ok",)])
        except ArchiveUnusable:
            return False

    def close(self) -> None:
        with self._writing, self._idle_lock:
            self._closed = True
            for connection in (*self._idle, self._writer):
                connection.close()
            self._idle.clear()

    def _select(self, noun: type[Noun], where: str, value: str) -> Iterator[Noun]:
        rows = self._rows(select(noun).format(where=where), (value,))
        return (to_noun(noun, row) for row in rows)

    def _instances(self, where: str, value: str) -> list[InstanceRow]:
        sql = select(Instance, ", instance.size_bytes, instance.digest").format(where=where)
        return [InstanceRow(to_noun(Instance, row[:-2]), row[-2], row[-1]) for row in self._rows(sql, (value,))]

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._translated(), self._borrowed() as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        with self._idle_lock:
            if self._closed:
                raise ArchiveUnusable(path=self.path.parent, reason="closed")
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._open(read_only=True)
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._idle_lock:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)

    def _open(self, read_only: bool = False) -> sqlite3.Connection:
        try:
            connection = open_database(self.path, self._migrations, "NORMAL", read_only=read_only)
        except NewerSchema as error:
            raise ArchiveUnusable(path=self.path, reason=f"the index is of a newer version: {error}") from error
        register_functions(connection)
        return connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise local_error(self.path, error) from error


class IndexDamaged(ArchiveUnusable):
    """SQLite calls the file malformed; the next start makes it anew from the files."""


def local_error(path: Path, error: sqlite3.Error) -> LocalError:
    """SQLite's words as ours; they name tables and files, never what is in a row."""
    if is_full(error):
        return DiskFull(path=path.parent)
    return (IndexDamaged if is_damaged(error) else ArchiveUnusable)(path=path, reason=str(error))


class IndexWriter:
    """What may be done inside `Index.writing`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._added: dict[str, Study | Series] = {}  # by UID, in this transaction

    def instance(self, sop_instance_uid: str) -> InstanceRow | None:
        sql = select(Instance, ", instance.size_bytes, instance.digest")
        row = self._connection.execute(
            sql.format(where="instance.sop_instance_uid = ?"), (sop_instance_uid,)
        ).fetchone()
        return InstanceRow(to_noun(Instance, row[:-2]), row[-2], row[-1]) if row else None

    def known(self, sop_instance_uids: Sequence[str]) -> set[str]:
        """Those of them that have a row."""
        found: set[str] = set()
        for start in range(0, len(sop_instance_uids), _MOST_VALUES):
            part = sop_instance_uids[start : start + _MOST_VALUES]
            marks = ", ".join("?" * len(part))
            sql = f"SELECT sop_instance_uid FROM instance WHERE sop_instance_uid IN ({marks})"
            found.update(uid for (uid,) in self._connection.execute(sql, part))
        return found

    @cached_property
    def deletions_pending(self) -> bool:
        """Whether any file is to be deleted: as of the first question in this transaction."""
        return self._connection.execute("SELECT 1 FROM deletion LIMIT 1").fetchone() is not None

    def add(self, summary: InstanceSummary, size_bytes: int, digest: str) -> None:
        """Insert an instance, and its series and study where they are new."""
        study, series, instance = summary.study, summary.series, summary.instance
        self._add_study(study)
        self._add_series(series, study.study_instance_uid)
        self._insert(
            "instance",
            to_values(instance)
            | {
                "study_instance_uid": study.study_instance_uid,
                "series_instance_uid": series.series_instance_uid,
                "size_bytes": size_bytes,
                "digest": digest,
            },
        )

    def _add_study(self, study: Study) -> None:
        if self._added.get(study.study_instance_uid) == study:
            return
        values = to_values(study)
        groups = ("name_alphabetic", "name_ideographic", "name_phonetic")
        values |= dict(zip(groups, folded_name(values["patient_name"]), strict=True))
        self._insert_or_fill("study", values, ("study_instance_uid",))
        self._added[study.study_instance_uid] = study

    def _add_series(self, series: Series, study_instance_uid: str) -> None:
        if self._added.get(series.series_instance_uid) == series:
            return
        values = to_values(series) | {"study_instance_uid": study_instance_uid}
        self._insert_or_fill("series", values, ("study_instance_uid", "series_instance_uid"))
        self._added[series.series_instance_uid] = series

    def add_conflict(self, sop_instance_uid: str, file_name: str, digest: str, size_bytes: int, now: float) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO conflict (file_name, sop_instance_uid, digest, size_bytes, noticed_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (file_name, sop_instance_uid, digest, size_bytes, now),
        )

    def instance_uids(self, study_instance_uid: str) -> list[str]:
        rows = self._connection.execute(
            "SELECT sop_instance_uid FROM instance WHERE study_instance_uid = ?", (study_instance_uid,)
        )
        return [uid for (uid,) in rows]

    def conflict_files(self, sop_instance_uids: Sequence[str]) -> list[str]:
        found: list[str] = []
        for start in range(0, len(sop_instance_uids), _MOST_VALUES):
            part = sop_instance_uids[start : start + _MOST_VALUES]
            marks = ", ".join("?" * len(part))
            sql = f"DELETE FROM conflict WHERE sop_instance_uid IN ({marks}) RETURNING file_name"
            found += [name for (name,) in self._connection.execute(sql, part).fetchall()]
        return found

    def remove_study(self, study_instance_uid: str) -> None:
        self._added.clear()
        # From the leaves up: the cascade would fire the triggers on rows that are going anyway.
        for table in ("instance", "series", "study", "expected_series"):
            self._connection.execute(f"DELETE FROM {table} WHERE study_instance_uid = ?", (study_instance_uid,))

    def remove_instance(self, sop_instance_uid: str) -> None:
        """Remove one instance, and its series and study where nothing else is in them."""
        self._added.clear()
        self._connection.execute("DELETE FROM instance WHERE sop_instance_uid = ?", (sop_instance_uid,))
        self._connection.execute("DELETE FROM series WHERE instance_count = 0")
        self._connection.execute("DELETE FROM study WHERE instance_count = 0")

    def expect(self, study_instance_uid: str, counts: Mapping[str, int]) -> None:
        """`counts`: Series Instance UID -> instances. The last word counts."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO expected_series (series_instance_uid, study_instance_uid, instance_count)"
            " VALUES (?, ?, ?)",
            [(uid, study_instance_uid, count) for uid, count in counts.items()],
        )

    def remove_conflict(self, file_name: str) -> None:
        self._connection.execute("DELETE FROM conflict WHERE file_name = ?", (file_name,))

    def expect_deletion(self, file_names: Sequence[str]) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO deletion (file_name) VALUES (?)", [(name,) for name in file_names]
        )

    def is_to_be_deleted(self, file_name: str) -> bool:
        return (
            self._connection.execute("SELECT 1 FROM deletion WHERE file_name = ?", (file_name,)).fetchone() is not None
        )

    def forget_deletion(self, file_name: str) -> None:
        self._connection.execute("DELETE FROM deletion WHERE file_name = ?", (file_name,))

    def _insert(self, table: str, values: dict[str, Any]) -> None:
        self._connection.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values())
        )

    def _insert_or_fill(self, table: str, values: dict[str, Any], key: tuple[str, ...]) -> None:
        """Insert, or fill in what the row did not know yet: what is there is not overwritten."""
        fills = ", ".join(
            f"{name} = CASE WHEN coalesce({table}.{name}, '') = '' THEN excluded.{name} ELSE {table}.{name} END"
            for name in values
            if name not in key
        )
        self._connection.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})"
            f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {fills}",
            tuple(values.values()),
        )
