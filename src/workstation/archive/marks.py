"""Measurements and key marks in a SQLite file of their own: the index may be made anew, these may not."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from workstation.archive.files import translated
from workstation.archive.index import local_error
from workstation.domain.errors import ArchiveUnusable
from workstation.imaging.annotation import Annotation, Kind
from workstation.jobs.database import NewerSchema, is_damaged, move_aside, open_database, transaction
from workstation.services.annotations import Change, KeptMark, MarkedImage, MarkStore

_MIGRATIONS = (
    """
CREATE TABLE mark (
    uid TEXT PRIMARY KEY,
    study_instance_uid TEXT NOT NULL,
    series_instance_uid TEXT NOT NULL,
    sop_instance_uid TEXT NOT NULL,
    sop_class_uid TEXT NOT NULL,
    frame_index INTEGER NOT NULL,
    kind TEXT NOT NULL,
    points TEXT NOT NULL,
    content TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    made_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX mark_study ON mark (study_instance_uid);
""",
)
_COLUMNS = (
    "uid, study_instance_uid, series_instance_uid, sop_instance_uid, sop_class_uid, frame_index, kind, points, "
    "content, fingerprint, made_at"
)
_KEY_IMAGE = "key-image"


class LocalMarks(MarkStore):
    """The marks in the file `path`, opened when they are first asked for. A damaged file is moved aside.

    A commit is on the disk when it returns, so that neither a kill nor a power cut takes it back.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def apply(self, changes: Sequence[Change]) -> None:
        with self._lock, self._translated() as connection, transaction(connection):
            for change in changes:
                if change.removed:
                    connection.execute("DELETE FROM mark WHERE uid = ?", (change.mark.uid,))
                else:
                    marks = ", ".join("?" * len(_COLUMNS.split(", ")))
                    connection.execute(f"REPLACE INTO mark ({_COLUMNS}) VALUES ({marks})", _row(change.mark))

    def of_study(self, study_instance_uid: str) -> tuple[KeptMark, ...]:
        sql = f"SELECT {_COLUMNS} FROM mark WHERE study_instance_uid = ? ORDER BY made_at, uid"
        with self._lock, self._translated() as connection:
            rows = connection.execute(sql, (study_instance_uid,)).fetchall()
        return tuple(mark for mark in map(_mark, rows) if mark is not None)

    def count(self, study_instance_uids: Iterable[str]) -> int:
        sql = "SELECT count(*) FROM mark WHERE study_instance_uid = ?"
        with self._lock, self._translated() as connection:
            return sum(connection.execute(sql, (uid,)).fetchone()[0] for uid in study_instance_uids)

    def remove_study(self, study_instance_uid: str) -> None:
        with self._lock, self._translated() as connection, transaction(connection):
            connection.execute("DELETE FROM mark WHERE study_instance_uid = ?", (study_instance_uid,))

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _translated(self) -> Iterator[sqlite3.Connection]:
        with translated(self._path.parent):
            try:
                if self._connection is None:
                    self._connection = self._open()
                yield self._connection
            except sqlite3.Error as error:
                self._forget()
                raise local_error(self._path, error) from error
            except NewerSchema as error:
                raise ArchiveUnusable(path=self._path, reason=f"written by a newer version: {error}") from error

    def _forget(self) -> None:
        """After an error begin anew: the file may have been damaged, replaced, or on a disk that is there again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return self._opened()
        except sqlite3.DatabaseError as error:
            if not is_damaged(error):
                raise
            move_aside(self._path)
            return self._opened()

    def _opened(self) -> sqlite3.Connection:
        connection = open_database(self._path, _MIGRATIONS, "FULL")
        with suppress(OSError):  # people write names into texts; not every file system has owners
            self._path.chmod(0o600)
        return connection


def _row(mark: KeptMark) -> tuple[Any, ...]:
    image, annotation = mark.image, mark.annotation
    return (
        mark.uid,
        image.study_instance_uid,
        image.series_instance_uid,
        image.sop_instance_uid,
        image.sop_class_uid,
        image.frame_index,
        annotation.kind.value if annotation is not None else _KEY_IMAGE,
        json.dumps(annotation.points if annotation is not None else []),
        annotation.text if annotation is not None else "",
        mark.fingerprint,
        mark.made_at,
    )


def _mark(row: tuple[Any, ...]) -> KeptMark | None:
    """None for a kind of a newer version."""
    uid, study, series, instance, sop_class, frame_index, kind, points, content, fingerprint, made_at = row
    image = MarkedImage(study, series, instance, sop_class, frame_index)
    if kind == _KEY_IMAGE:
        return KeptMark(uid, image, None, fingerprint, made_at)
    if kind not in set(Kind):
        return None
    placed = tuple((float(column), float(row)) for column, row in json.loads(points))
    return KeptMark(uid, image, Annotation(0, Kind(kind), placed, content), fingerprint, made_at)
