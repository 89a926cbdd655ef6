"""The journal: what jobs were begun and how they ended, so that a killed process's work can go on.

Several processes share one file. A row belongs to the process that runs it; the process lives as long as
its mark does (`jobs.ownership`). Rows hold no patient data: neither commands nor subjects, errors or warnings do.
What could hold some, the paths a person names, lies apart (`jobs.private_files`).
"""

from __future__ import annotations

import errno
import json
import logging
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.domain.errors import DiskFull, LocalError
from workstation.domain.job import ACTIVE, RETRYABLE, ErrorReport, Job, JobState, Progress
from workstation.jobs.database import NewerSchema, is_damaged, is_full, move_aside, open_database, transaction
from workstation.jobs.ownership import Ownership
from workstation.jobs.private_files import PrivateFiles

_log = logging.getLogger(__name__)
_KEPT_FINISHED = 1000
_LISTED = 1000

_MIGRATIONS = (
    """
CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    command TEXT NOT NULL,
    lane TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    owner TEXT NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    progress TEXT NOT NULL DEFAULT '{}',
    error TEXT,
    warnings TEXT NOT NULL DEFAULT '[]',
    created_at REAL NOT NULL,
    started_at REAL,
    finished_at REAL
);
CREATE INDEX job_state ON job (state);
""",
    """
ALTER TABLE job ADD COLUMN resumable INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE job ADD COLUMN due_at REAL;
ALTER TABLE job ADD COLUMN pause_requested INTEGER NOT NULL DEFAULT 0;
CREATE TABLE item (
    job INTEGER NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (job, name)
) WITHOUT ROWID;
""",
)
_COLUMNS = (
    "id, kind, lane, subject, state, progress, error, warnings, created_at, started_at, finished_at, "
    "resumable, priority, attempt, due_at, version, command, owner"
)
_RESTING = (JobState.INTERRUPTED, JobState.PAUSED)  # kept until somebody says what becomes of them


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of an active job of ours; another process may have written it."""

    job_id: int
    cancel: bool
    pause: bool
    priority: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A job and the command that makes it again."""

    job: Job
    version: int
    command: str  # JSON without the private fields, see jobs.codec
    owner: str


class Journal:
    """One connection to the journal at `path`. Safe to call from several threads.

    Raises LocalError where the file cannot be used; a damaged one is moved aside and begun anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._ownership = Ownership(path.with_name(f"{path.name}.owners"))
        except OSError as error:
            raise LocalError(path=path, reason=type(error).__name__) from error
        self._private = PrivateFiles(path.with_name(f"{path.stem}.private"))
        try:
            self._connection = self._open()
        except BaseException:
            self._ownership.release()
            raise
        self._prune()

    @property
    def owner(self) -> str:
        """The mark of this process on its rows."""
        return self._ownership.name

    def add(self, job: Job, version: int, command: str, private: str = "") -> int:
        """Write a queued job down before anything of it happens; its id. `private` is kept out of the journal."""
        values = (job.kind, version, command, job.lane, job.subject, job.state, self.owner, job.created_at)
        with self._using() as connection, transaction(connection):
            cursor = connection.execute(
                "INSERT INTO job (kind, version, command, lane, subject, state, owner, created_at, resumable, priority)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, job.resumable, job.priority),
            )
            assert cursor.lastrowid is not None
            if private:
                self._private.write(cursor.lastrowid, private)
        return cursor.lastrowid

    def private_of(self, job_id: int) -> str | None:
        """What `add` was given to keep apart; None when there is none, or no more."""
        try:
            return self._private.read(job_id)
        except OSError as error:
            raise _translated(error, self.path) from error

    def save(self, job: Job) -> None:
        """Write the present state of one of our own jobs."""
        with self._using() as connection:
            connection.execute(
                "UPDATE job SET state = ?, progress = ?, error = ?, warnings = ?, started_at = ?, finished_at = ?,"
                " due_at = ? WHERE id = ? AND owner = ?",
                (
                    job.state,
                    _progress_to_text(job.progress),
                    json.dumps([job.error.code, job.error.details]) if job.error else None,
                    json.dumps(job.warnings),
                    job.started_at,
                    job.finished_at,
                    job.due_at,
                    job.id,
                    self.owner,
                ),
            )
            if job.state is JobState.SUCCEEDED:
                connection.execute("DELETE FROM item WHERE job = ?", (job.id,))
                self._private.remove(job.id)

    def entry(self, job_id: int) -> JournalEntry | None:
        with self._using() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM job WHERE id = ?", (job_id,)).fetchone()
        return _entry(row) if row else None

    def entries(self) -> list[JournalEntry]:
        """The newest jobs of every process, newest first."""
        with self._using() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM job ORDER BY id DESC LIMIT ?", (_LISTED,)).fetchall()
        return [_entry(row) for row in rows]

    def interrupted(self) -> list[JournalEntry]:
        """Jobs to go on with, oldest first."""
        with self._using() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM job WHERE state = ? ORDER BY id", (JobState.INTERRUPTED,)
            ).fetchall()
        return [_entry(row) for row in rows]

    def mark_interrupted(self, now: float) -> list[int]:
        """Turn the active jobs of processes that ended into INTERRUPTED; their ids."""
        with self._using() as connection:
            owners = connection.execute(
                f"SELECT DISTINCT owner FROM job WHERE state IN ({_marks(ACTIVE)}) AND owner <> ?",
                (*sorted(ACTIVE), self.owner),
            ).fetchall()
            dead = [owner for (owner,) in owners if not self._ownership.is_alive(owner)]
            if not dead:
                return []
            rows = connection.execute(
                f"UPDATE job SET state = ?, finished_at = ? WHERE state IN ({_marks(ACTIVE)})"
                f" AND owner IN ({_marks(dead)}) RETURNING id",
                (JobState.INTERRUPTED, now, *sorted(ACTIVE), *dead),
            ).fetchall()
        return sorted(job_id for (job_id,) in rows)

    def adopt_due(self) -> list[Job]:
        """Take over the jobs that ended processes meant to try again by themselves."""
        with self._using() as connection:
            owners = connection.execute("SELECT DISTINCT owner FROM job WHERE due_at IS NOT NULL").fetchall()
            dead = [owner for (owner,) in owners if not self._ownership.is_alive(owner)]
            rows = connection.execute(
                f"UPDATE job SET owner = ? WHERE due_at IS NOT NULL AND owner IN ({_marks(dead)}) RETURNING {_COLUMNS}",
                (self.owner, *dead),
            ).fetchall()
        return sorted((_entry(row).job for row in rows), key=lambda job: job.id)

    def claim(self, job_id: int) -> JournalEntry | None:
        """Take a job that may be queued again as ours, QUEUED; None when another process was faster."""
        states = sorted(RETRYABLE)
        return self._claim(f"state IN ({_marks(states)})", "1", job_id, *states)

    def claim_due(self, job_id: int) -> JournalEntry | None:
        """The same for one of ours that is tried again by itself; None when somebody has dealt with it meanwhile."""
        states = sorted(RETRYABLE)
        due = f"state IN ({_marks(states)}) AND due_at IS NOT NULL AND owner = ?"
        return self._claim(due, "attempt + 1", job_id, *states, self.owner)

    def _claim(self, condition: str, attempt: str, job_id: int, *values: object) -> JournalEntry | None:
        with self._using() as connection:
            row = connection.execute(
                "UPDATE job SET state = ?, owner = ?, cancel_requested = 0, pause_requested = 0, progress = '{}',"
                f" error = NULL, warnings = '[]', started_at = NULL, finished_at = NULL, attempt = {attempt},"
                f" due_at = NULL WHERE id = ? AND {condition} RETURNING {_COLUMNS}",
                (JobState.QUEUED, self.owner, job_id, *values),
            ).fetchone()
        return _entry(row) if row else None

    def waiting_twin(self, kind: str, version: int, command: str) -> int | None:
        """The paused, interrupted or due job with the same command, which is to be gone on with instead."""
        with self._using() as connection:
            row = connection.execute(
                f"SELECT id FROM job WHERE (state IN ({_marks(_RESTING)}) OR due_at IS NOT NULL)"
                " AND kind = ? AND version = ? AND command = ? ORDER BY id DESC LIMIT 1",
                (*_RESTING, kind, version, command),
            ).fetchone()
        return row[0] if row else None

    def request_cancel(self, job_id: int, now: float) -> None:
        """Ask the process that runs the job to cancel it; one that rests or waits for another try ends right here."""
        with self._using() as connection:
            connection.execute(
                f"UPDATE job SET cancel_requested = 1 WHERE id = ? AND state IN ({_marks(ACTIVE)})",
                (job_id, *sorted(ACTIVE)),
            )
            connection.execute(
                f"UPDATE job SET state = ?, finished_at = ? WHERE id = ? AND state IN ({_marks(_RESTING)})",
                (JobState.CANCELLED, now, job_id, *_RESTING),
            )
            connection.execute("UPDATE job SET due_at = NULL WHERE id = ?", (job_id,))

    def request_pause(self, job_id: int, now: float) -> None:
        """Ask the process that runs the job to pause it; an interrupted one is paused right here."""
        with self._using() as connection:
            connection.execute(
                f"UPDATE job SET pause_requested = 1 WHERE id = ? AND state IN ({_marks(ACTIVE)})",
                (job_id, *sorted(ACTIVE)),
            )
            connection.execute(
                "UPDATE job SET state = ?, finished_at = ? WHERE id = ? AND state = ?",
                (JobState.PAUSED, now, job_id, JobState.INTERRUPTED),
            )

    def set_priority(self, job_id: int, priority: int) -> None:
        with self._using() as connection:
            connection.execute("UPDATE job SET priority = ? WHERE id = ?", (priority, job_id))

    def wishes(self) -> list[Wish]:
        """What is wanted of each of our own active jobs."""
        with self._using() as connection:
            rows = connection.execute(
                "SELECT id, cancel_requested, pause_requested, priority FROM job"
                f" WHERE owner = ? AND state IN ({_marks(ACTIVE)})",
                (self.owner, *sorted(ACTIVE)),
            ).fetchall()
        return [Wish(job_id, bool(cancel), bool(pause), priority) for job_id, cancel, pause, priority in rows]

    def remember(self, job_id: int, names: Collection[str]) -> None:
        """Note parts of a job's work as done: names free of patient data, kept until it has succeeded."""
        with self._using() as connection, transaction(connection):
            connection.executemany("INSERT OR IGNORE INTO item VALUES (?, ?)", [(job_id, name) for name in names])

    def remembered(self, job_id: int) -> frozenset[str]:
        with self._using() as connection:
            rows = connection.execute("SELECT name FROM item WHERE job = ?", (job_id,)).fetchall()
        return frozenset(name for (name,) in rows)

    def close(self) -> None:
        """Give the journal back; active jobs of ours count as interrupted from now on."""
        with self._lock:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._ownership.release()

    def _open(self) -> sqlite3.Connection:
        try:
            try:
                return open_database(self.path, _MIGRATIONS, "FULL")
            except sqlite3.DatabaseError as error:
                if not is_damaged(error):
                    raise
                _log.error("the job journal was damaged; it is kept as %s", move_aside(self.path).name)
                return open_database(self.path, _MIGRATIONS, "FULL")
        except NewerSchema as error:
            raise LocalError(path=self.path, reason=str(error)) from error
        except (sqlite3.Error, OSError) as error:
            raise _translated(error, self.path) from error

    def _prune(self) -> None:
        # In one transaction: another process may be writing a new job's private file down.
        with self._using() as connection, transaction(connection):
            kept = (*sorted(ACTIVE), *_RESTING)
            connection.execute(
                f"DELETE FROM job WHERE state NOT IN ({_marks(kept)}) AND due_at IS NULL"
                " AND id <= (SELECT max(id) - ? FROM job)",
                (*kept, _KEPT_FINISHED),
            )
            rows = connection.execute("SELECT id FROM job WHERE state <> ?", (JobState.SUCCEEDED,)).fetchall()
            self._private.keep_only({job_id for (job_id,) in rows})

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connection
            except (sqlite3.Error, OSError) as error:
                raise _translated(error, self.path) from error


def _translated(error: Exception, path: Path) -> LocalError:
    if (isinstance(error, sqlite3.Error) and is_full(error)) or getattr(error, "errno", None) == errno.ENOSPC:
        return DiskFull(path=path)
    # SQLite's own words name tables and settings, never what is in a row.
    return LocalError(path=path, reason=str(error) if isinstance(error, sqlite3.Error) else type(error).__name__)


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _progress_to_text(progress: Progress) -> str:
    return json.dumps(
        {
            "done": progress.done,
            "total": progress.total,
            "bytes_done": progress.bytes_done,
            "failed": progress.failed,
            "step": progress.step,
            "received": progress.received,
        }
    )


def _entry(row: tuple[Any, ...]) -> JournalEntry:
    (job_id, kind, lane, subject, state, progress, error, warnings, created, started, finished, *more) = row
    resumable, priority, attempt, due_at, *rest = more
    job = Job(
        id=job_id,
        kind=kind,
        lane=lane,
        subject=subject,
        state=JobState(state),
        progress=Progress(**json.loads(progress)),
        error=ErrorReport(*json.loads(error)) if error else None,
        warnings=tuple(json.loads(warnings)),
        created_at=created,
        started_at=started,
        finished_at=finished,
        resumable=bool(resumable),
        priority=priority,
        attempt=attempt,
        due_at=due_at,
    )
    return JournalEntry(job, *rest)
