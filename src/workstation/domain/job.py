"""A job: one piece of work that may take more than 50 ms, with its states drawn as a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import ClassVar, Protocol


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTLY = "partly"  # finished, but some items failed or are missing
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # our process ended while it waited or ran
    PAUSED = "paused"  # the user's wish: to be gone on with when the user says so


TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.INTERRUPTED, JobState.PAUSED}),
    JobState.RUNNING: frozenset(
        {
            JobState.SUCCEEDED,
            JobState.PARTLY,
            JobState.FAILED,
            JobState.CANCELLED,
            JobState.INTERRUPTED,
            JobState.PAUSED,
            JobState.QUEUED,  # it gave way to something more urgent
        }
    ),
    JobState.SUCCEEDED: frozenset(),
    JobState.PARTLY: frozenset({JobState.QUEUED}),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
    JobState.INTERRUPTED: frozenset({JobState.QUEUED, JobState.CANCELLED, JobState.PAUSED}),
    JobState.PAUSED: frozenset({JobState.QUEUED, JobState.CANCELLED}),
}
ACTIVE = frozenset({JobState.QUEUED, JobState.RUNNING})
RETRYABLE = frozenset(state for state, following in TRANSITIONS.items() if JobState.QUEUED in following) - ACTIVE


class Priority(IntEnum):
    """What goes first in a lane; a running transfer gives way to what is more urgent."""

    LATER = -10  # nobody waits for it: priors, for one
    NORMAL = 0
    FIRST = 10  # somebody is looking at it


def may_become(state: JobState, following: JobState) -> bool:
    return following in TRANSITIONS[state]


def is_resumable(command: Command) -> bool:
    return bool(getattr(command, "resumable", False))


def private_fields(command_type: type[Command]) -> frozenset[str]:
    return frozenset(getattr(command_type, "private", ()))


class Command(Protocol):
    """What a job does, as a frozen dataclass of plain values beside its verb in `services`.

    `kind` and `version` name it in the journal, where it is kept as JSON; a command that is not
    `journalled` (a search, say: its keys hold names) lives in memory only.

    Two more class variables may be left out. `resumable` says that a job begun again goes on where it stopped, so it
    may give way to another and is tried again by itself after a passing fault; `private` names the fields that must
    not stand in the journal: they lie in a file of their own, readable to the user alone.
    """

    kind: ClassVar[str]
    version: ClassVar[int]
    journalled: ClassVar[bool]

    @property
    def lane(self) -> str:
        """The queue it waits in: one worker thread each, so a slow peer delays only itself."""

    @property
    def subject(self) -> str:
        """What it is about, free of patient data: a node's name, a UID, a count."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. Totals are None while unknown."""

    done: int = 0
    total: int | None = None
    bytes_done: int = 0
    failed: int = 0
    step: str = ""  # what it is doing now, free of patient data
    received: int | None = None  # instances that came over the network, None where nothing does


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """An error as the journal keeps it: enough to say it again in words after a restart."""

    code: str
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One job as everybody sees it; the runner publishes a new value at every change."""

    id: int
    kind: str
    lane: str
    subject: str
    state: JobState = JobState.QUEUED
    progress: Progress = Progress()
    error: ErrorReport | None = None
    warnings: tuple[str, ...] = ()
    created_at: float = 0.0  # seconds since the epoch
    started_at: float | None = None
    finished_at: float | None = None
    resumable: bool = False  # begun again it goes on where it stopped, so it can be paused
    priority: int = Priority.NORMAL
    attempt: int = 1  # grows while it is tried again by itself
    due_at: float | None = None  # when it is tried again by itself, None when it is not

    @property
    def order(self) -> tuple[int, float, int]:
        """Sorts the jobs of a lane as they are begun."""
        return (-self.priority, self.created_at, abs(self.id))
