"""Commands and a runner's surroundings for tests of jobs: each handler does what the test tells it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from workstation.domain.events import Event, JobChanged, JobFinished
from workstation.domain.job import Job, JobState
from workstation.jobs.journal import Journal
from workstation.jobs.runner import JobContext, JobRunner, Outcome


@dataclass(frozen=True)
class Kept:
    """A journalled command."""

    kind: ClassVar[str] = "kept"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = True

    name: str = "a"
    lane_name: str = "disk"

    @property
    def lane(self) -> str:
        return self.lane_name

    @property
    def subject(self) -> str:
        return self.name


@dataclass(frozen=True)
class Passing(Kept):
    """A command that lives in memory only."""

    kind: ClassVar[str] = "passing"
    journalled: ClassVar[bool] = False


@dataclass
class Gate:
    """A handler that says when it began and waits to be let go, cancelled or not according to its temper."""

    began: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)
    runs: int = 0
    ignores_cancel: bool = False

    def __call__(self, command: Kept, context: JobContext) -> Outcome:
        self.runs += 1
        self.began.set()
        while not self.go.wait(0.01):
            if not self.ignores_cancel:
                context.cancellation.raise_if_cancelled()
        return Outcome(result=command.name)


@dataclass
class Heard:
    """A subscriber that remembers, and can be waited on."""

    events: list[Event] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[list[Event]], bool], timeout_s: float = 60.0) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.events), timeout_s), "it was not heard in time"

    def finished(self, job_id: int) -> JobFinished:
        self.wait_for(lambda events: any(isinstance(e, JobFinished) and e.job.id == job_id for e in events))
        return next(e for e in reversed(self.events) if isinstance(e, JobFinished) and e.job.id == job_id)

    def states(self, job_id: int) -> list[JobState]:
        """The states the job went through, repetitions left out."""
        found: list[JobState] = []
        for event in list(self.events):
            if isinstance(event, JobChanged) and event.job.id == job_id and found[-1:] != [event.job.state]:
                found.append(event.job.state)
        return found

    def changes(self, job_id: int) -> list[Job]:
        return [event.job for event in list(self.events) if isinstance(event, JobChanged) and event.job.id == job_id]


@contextmanager
def a_runner(
    path: Path,
    handler: Callable[[Kept, JobContext], Outcome],
    heard: Heard | None = None,
    further: Sequence[type[Kept]] = (),
) -> Iterator[JobRunner]:
    handlers = dict.fromkeys((Kept, Passing, *further), handler)
    runner = JobRunner(handlers, heard or Heard(), Journal(path))
    try:
        yield runner
    finally:
        runner.close()
