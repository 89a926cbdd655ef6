"""Every job as a row: state, what, of whom, how far, how fast. QtCore only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import IntEnum, StrEnum

from PySide6.QtCore import QModelIndex, QObject, Qt

from workstation.domain.job import ACTIVE, Job, JobState
from workstation.ui.job_notices import QUERIES
from workstation.ui.messages import STATE_TONES, count, kind_words, one_line, size, state_words
from workstation.ui.transfers import Rate
from workstation.ui.widgets.roles import STYLE_ROLE
from workstation.ui.widgets.row_model import Index, RowModel

PROBLEMS = frozenset({JobState.FAILED, JobState.PARTLY, JobState.INTERRUPTED})
MOST_QUERIES = 300


class Column(IntEnum):
    STATE = 0
    KIND = 1
    SUBJECT = 2
    NODE = 3
    PROGRESS = 4
    SIZE = 5
    RATE = 6
    STARTED = 7
    MESSAGE = 8


HEADINGS = ("State", "Work", "Of", "With", "Instances", "Size", "Speed", "Started", "What happened")
STYLES = ("", "strong", "", "", "mono", "mono", "mono", "mono muted", "muted")


class Show(StrEnum):
    WORK = "work"  # everything but queries that are through
    ACTIVE = "active"
    PROBLEMS = "problems"
    ALL = "all"

    def lets_through(self, job: Job) -> bool:
        if self is Show.WORK:
            return job.kind not in QUERIES or job.state in ACTIVE
        if self is Show.ACTIVE:
            return job.state in ACTIVE
        return self is Show.ALL or job.state in PROBLEMS


def node_of(job: Job) -> str:
    """The other side of a job, empty for work on this computer."""
    name, _, use = job.lane.rpartition(":")
    return name if use in ("query", "transfer") else ""


def progress_words(job: Job) -> str:
    """`1 184 of 1 920`, with what failed."""
    progress = job.progress
    if not progress.done and progress.total is None:
        return progress.step if job.state in ACTIVE else ""
    done = count(progress.done)
    words = done if progress.total is None else f"{done} of {count(progress.total)}"
    if progress.received is not None:
        words = f"{words} · {count(progress.received)} received"
    return f"{words} · {count(progress.failed)} failed" if progress.failed else words


def waiting_words(model: JobsModel, job: Job) -> str:
    """When it is tried again, or what it waits for."""
    if job.due_at is not None:
        left = max(0, round(job.due_at - time.time()))
        return f"tries again in {left} s" if left < 100 else f"tries again in {round(left / 60)} min"
    if job.state is JobState.QUEUED:
        before = model.before(job)
        return f"{count(before)} before it" if before else "next"
    return ""


def moment(seconds: float | None) -> str:
    """`14:03:21` today, with the date before that."""
    if not seconds:
        return ""
    when = datetime.fromtimestamp(seconds)
    return f"{when:%H:%M:%S}" if when.date() == datetime.now().date() else f"{when:%Y-%m-%d %H:%M}"


def duration(job: Job) -> str:
    """How long it ran."""
    if not job.started_at or not job.finished_at:
        return ""
    seconds = max(0.0, job.finished_at - job.started_at)
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


class JobsModel(RowModel):
    """Newest first. `names` gives a subject that is a UID the user's words for it."""

    headings = HEADINGS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[int, Job] = {}
        self._rows: list[int] = []
        self._rates: dict[int, Rate] = {}
        self._names: dict[str, str] = {}
        self._refused: dict[int, list[tuple[str, str]]] = {}
        self._show = Show.WORK

    def know(self, jobs: Iterable[Job]) -> None:
        """Jobs of before: what is known already is newer."""
        for job in jobs:
            self._jobs.setdefault(job.id, job)
        self._refill()

    def follow(self, job: Job) -> None:
        """A job began or changed."""
        known = job.id in self._jobs
        self._jobs[job.id] = job
        if job.state in ACTIVE:
            self._rates.setdefault(job.id, Rate()).add(job.progress.bytes_done)
        else:
            self._rates.pop(job.id, None)
        if not known:
            self._drop_old_queries()
        row = self._rows.index(job.id) if job.id in self._rows else -1
        if self._show.lets_through(job) != (row >= 0):
            self._refill()
        elif row >= 0:
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(Column) - 1))

    def name(self, subject: str, words: str) -> None:
        self._names[subject] = words
        if self._rows:
            self.dataChanged.emit(self.index(0, Column.SUBJECT), self.index(len(self._rows) - 1, Column.SUBJECT))

    def set_refused(self, job_id: int, items: list[tuple[str, str]]) -> None:
        """What a job could not take, and why; known while the program runs."""
        self._refused[job_id] = items

    def refused(self, job_id: int) -> list[tuple[str, str]]:
        return self._refused.get(job_id, [])

    def is_named(self, subject: str) -> bool:
        return subject in self._names

    def show_only(self, show: Show) -> None:
        self._show = show
        self._refill()

    def job(self, row: int) -> Job | None:
        return self._jobs[self._rows[row]] if 0 <= row < len(self._rows) else None

    def subject(self, job: Job) -> str:
        return self._names.get(job.subject, job.subject)

    def rate(self, job: Job) -> float:
        rate = self._rates.get(job.id)
        return rate.value if rate is not None else 0.0

    @property
    def total_count(self) -> int:
        return len(self._jobs)

    @property
    def active_count(self) -> int:
        return sum(1 for job in self._jobs.values() if job.state in ACTIVE)

    @property
    def unfinished_work(self) -> int:
        """The active jobs whose end would be missed: no questions."""
        return sum(1 for job in self._jobs.values() if job.state in ACTIVE and job.kind not in QUERIES | {"echo"})

    def before(self, job: Job) -> int:
        """How many jobs of its lane are done before it."""
        lane = (one for one in self._jobs.values() if one.lane == job.lane and one.state in ACTIVE)
        return sum(1 for one in lane if one.id != job.id and (one.state is JobState.RUNNING or one.order < job.order))

    def refresh_rates(self) -> None:
        """Time passes: a transfer that stands still shows it, and so does one that is tried again."""
        for row, job_id in enumerate(self._rows):
            if job_id in self._rates:
                index = self.index(row, Column.RATE)
                self.dataChanged.emit(index, index)
            if self._jobs[job_id].due_at is not None or self._jobs[job_id].state is JobState.QUEUED:
                index = self.index(row, Column.MESSAGE)
                self.dataChanged.emit(index, index)

    def row_total(self) -> int:
        return len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        job = self.job(index.row()) if index.isValid() else None
        if job is None:
            return None
        column = Column(index.column())
        if role == STYLE_ROLE:
            if column is Column.STATE:
                return f"pill-{STATE_TONES[job.state]}"
            return "mono" if column is Column.SUBJECT and self.subject(job)[:1].isdigit() else STYLES[column]
        text = _TEXTS[column](self, job)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return text
        return f"{HEADINGS[column]}: {text}" if role == Qt.ItemDataRole.AccessibleTextRole else None

    def _refill(self) -> None:
        jobs = [job for job in self._jobs.values() if self._show.lets_through(job)]
        jobs.sort(key=lambda job: (job.created_at, abs(job.id)), reverse=True)
        if [job.id for job in jobs] == self._rows:  # the selection stays untouched
            if jobs:
                self.dataChanged.emit(self.index(0, 0), self.index(len(jobs) - 1, len(Column) - 1))
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        places = {job.id: row for row, job in enumerate(jobs)}
        rows = [places.get(self._rows[index.row()], -1) for index in before]
        self._rows = [job.id for job in jobs]
        after = [
            self.createIndex(row, index.column()) if row >= 0 else QModelIndex()
            for row, index in zip(rows, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _drop_old_queries(self) -> None:
        """Searches are many and not kept for ever."""
        ended = [job.id for job in self._jobs.values() if job.kind in QUERIES and job.state not in ACTIVE]
        if len(ended) > MOST_QUERIES:
            for job_id in ended[: len(ended) - MOST_QUERIES]:
                del self._jobs[job_id]
            self._refill()


def _speed(model: JobsModel, job: Job) -> str:
    rate = model.rate(job)
    if rate:
        return f"{size(rate)}/s"
    seconds = (job.finished_at or 0) - (job.started_at or 0)
    return f"{size(job.progress.bytes_done / seconds)}/s" if job.progress.bytes_done and seconds > 0.05 else ""


def _message(model: JobsModel, job: Job) -> str:
    waiting = waiting_words(model, job)
    waiting = waiting[:1].upper() + waiting[1:]
    if job.error is not None and job.state is not JobState.CANCELLED:
        return f"{waiting}. {one_line(job.error)}" if waiting else one_line(job.error)
    return waiting or (job.progress.step if job.state in ACTIVE else "")


_TEXTS: dict[Column, Callable[[JobsModel, Job], str]] = {
    Column.STATE: lambda _, job: state_words(job),
    Column.KIND: lambda _, job: kind_words(job),
    Column.SUBJECT: lambda model, job: model.subject(job),
    Column.NODE: lambda _, job: node_of(job) or "—",
    Column.PROGRESS: lambda _, job: progress_words(job),
    Column.SIZE: lambda _, job: size(job.progress.bytes_done) if job.progress.bytes_done else "",
    Column.RATE: _speed,
    Column.STARTED: lambda _, job: moment(job.started_at or job.created_at),
    Column.MESSAGE: _message,
}
