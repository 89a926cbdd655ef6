"""One run of one job: its states, its progress, what its handler is given and how it ends."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from workstation.domain.errors import Cancelled, InternalError, WorkstationError
from workstation.domain.events import Event, JobChanged, JobFinished, PartialResult, Publish
from workstation.domain.job import Command, ErrorReport, Job, JobState, Progress, may_become
from workstation.jobs.cancel import Cancellation

_log = logging.getLogger(__name__)
_PUBLISH_EVERY_S = 0.05
_SAVE_EVERY_S = 1.0
_MOST_WARNINGS = 200


class JobContext:
    """What a handler is given beside its command. Its methods may be called from any thread of the handler."""

    def __init__(self, run: JobRun) -> None:
        self._run = run
        self.job_id = run.job.id
        self.cancellation = run.cancellation

    def progress(self, progress: Progress) -> None:
        """Publish how far it is; raises Cancelled once the job is cancelled."""
        self._run.set_progress(progress)
        self.cancellation.raise_if_cancelled()

    def partial(self, result: Any) -> None:
        """Publish what there is so far."""
        self._run.tell_partial(result)

    def warn(self, text: str) -> None:
        """Keep a warning, free of patient data, with the job."""
        self._run.add_warning(text)

    def remember(self, item: str) -> None:
        """Note a part of the work as done, by a name free of patient data.

        When the job is begun again `remembered` has it, but for what a kill made us forget: a quarter of a second.
        """
        self._run.remember(item)

    @property
    def remembered(self) -> frozenset[str]:
        """What earlier runs of this job have done already."""
        return self._run.remembered


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler returns; `partly` when some items failed or are missing, `error` then saying why."""

    result: Any = None
    partly: bool = False
    error: WorkstationError | None = None


Handler = Callable[[Any, JobContext], Outcome]


class Host(Protocol):
    """What a run tells its runner. Called while the job's lock is held."""

    def save(self, job: Job) -> None:
        """Journal its state."""

    def remember(self, job_id: int, items: Collection[str]) -> None:
        """Journal parts of its work as done."""

    def next_try(self, run: JobRun, error: ErrorReport) -> float | None:
        """When a job that ended in `error` is tried again by itself."""

    def gave_way(self, run: JobRun) -> None:
        """It waits again."""

    def has_ended(self, run: JobRun) -> None: ...


class JobRun:
    """A job on its way from QUEUED to its end, journalled at each state where `journalled`."""

    def __init__(
        self,
        command: Command,
        job: Job,
        handler: Handler,
        publish: Publish,
        host: Host,
        *,
        journalled: bool,
        remembered: frozenset[str] = frozenset(),
    ) -> None:
        self.command = command
        self.job = job
        self.cancellation = Cancellation()
        self.journalled = journalled
        self.remembered = remembered
        self._handler = handler
        self._publish = publish
        self._host = host
        self._items: deque[str] = deque()  # done and not yet journalled
        # Held while the job changes and the change is published; re-entrant for what subscribers call.
        self._lock = threading.RLock()
        # Held for moments only and never while publishing, so that others may take it under locks of theirs.
        self._ending = threading.Lock()
        self._listeners: list[Publish] = []
        self._finished: JobFinished | None = None
        self._end = threading.Event()
        self._stop_as: JobState | None = None  # what the cancellation means, where it is not the user's cancelling
        self._published_at = 0.0
        self._saved_at = 0.0
        self._unpublished = False
        self._unsaved = False

    @property
    def order(self) -> tuple[int, float, int]:
        return self.job.order

    @property
    def ended(self) -> bool:
        return self._finished is not None

    def listen(self, listener: Publish | None) -> bool:
        """Tell `listener` of what follows; False when nothing will, since it has ended."""
        with self._ending:
            if self._finished is not None:
                return False
            if listener is not None:
                self._listeners.append(listener)
            return True

    def announce(self) -> None:
        with self._lock:
            if not self.ended:
                self._tell(JobChanged(self.job))

    def wait(self) -> JobFinished:
        # With a time-out, because a wait without one cannot be interrupted by Ctrl-C on Windows.
        while not self._end.wait(0.5):
            pass
        assert self._finished is not None
        return self._finished

    def request_cancel(self) -> None:
        """The user's wish: it ends CANCELLED, also while the application closes."""
        with self._ending:
            self._stop_as = None
            cancellation = self.cancellation
        cancellation.cancel()

    def interrupt(self) -> None:
        """The application closes: stop, to be resumed later where the job is journalled."""
        with self._ending:
            if self._stop_as is JobState.QUEUED or not self.cancellation.cancelled:
                self._stop_as = JobState.INTERRUPTED if self.journalled else None
            cancellation = self.cancellation
        cancellation.cancel()

    def pause(self) -> None:
        """The user's wish: stop, to be gone on with when the user says so."""
        with self._ending:
            if self._stop_as is JobState.QUEUED or not self.cancellation.cancelled:
                self._stop_as = JobState.PAUSED
            cancellation = self.cancellation
        cancellation.cancel()

    def give_way(self) -> None:
        """Stop and wait again: something more urgent wants the lane."""
        with self._ending:
            if not self.cancellation.cancelled:
                self._stop_as = JobState.QUEUED
            cancellation = self.cancellation
        cancellation.cancel()

    def set_priority(self, priority: int) -> None:
        with self._lock:
            if self._finished is None and self.job.priority != priority:
                self.job = replace(self.job, priority=priority)
                self._tell(JobChanged(self.job))

    def execute(self) -> None:
        """Run the handler to its end, whatever that is; called by the lane's worker."""
        with self._lock:
            if self.cancellation.cancelled:
                self.end_unstarted()
                return
            if self.ended:
                return
            self._change(JobState.RUNNING, started_at=time.time())
        try:
            outcome = self._handler(self.command, JobContext(self))
        except WorkstationError as error:
            # A peer's socket that was shut to free us reports an abort: still the user's wish.
            self._stop(Cancelled() if self.cancellation.cancelled else error)
        except Exception as error:  # noqa: BLE001 - a fault of ours must end its job, not the lane
            self._stop(_internal(error, self.job))
        else:
            state = JobState.PARTLY if outcome.partly else JobState.SUCCEEDED
            self._finish(state, outcome.result, outcome.error)

    def end_unstarted(self) -> None:
        """End a job that was cancelled while it waited."""
        self._stop(Cancelled())

    def abandon(self) -> None:
        """Leave a handler that does not stop to itself: what it does from now on is not recorded."""
        if not self.ended:
            self._stop(Cancelled())

    def set_progress(self, progress: Progress) -> None:
        with self._lock:
            if self._finished is not None:
                return
            self.job = replace(self.job, progress=progress)
            self._unpublished = self._unsaved = True
            if time.monotonic() - self._published_at >= _PUBLISH_EVERY_S:
                self._tell(JobChanged(self.job))

    def add_warning(self, text: str) -> None:
        with self._lock:
            if self._finished is None and len(self.job.warnings) < _MOST_WARNINGS:
                self.job = replace(self.job, warnings=(*self.job.warnings, text))
                self._unpublished = self._unsaved = True

    def remember(self, item: str) -> None:
        self._items.append(item)

    def tell_partial(self, result: Any) -> None:
        with self._lock:
            if self._finished is None and not self.cancellation.cancelled:
                self._tell(JobChanged(self.job))  # its progress first, since telling counts as published
                self._tell(PartialResult(self.job, result))

    def flush_progress(self) -> None:
        """Send what was held back, and journal it: what was done at once, progress about once a second."""
        with self._lock:
            if self._finished is not None:
                return
            self._write_items()
            if self._unpublished:
                self._tell(JobChanged(self.job))
            if self.journalled and self._unsaved and time.monotonic() - self._saved_at >= _SAVE_EVERY_S:
                self._write()

    def _stop(self, error: WorkstationError) -> None:
        if not isinstance(error, Cancelled):
            self._finish(JobState.FAILED, None, error)
            return
        with self._ending:
            state = self._stop_as or JobState.CANCELLED
            if state is JobState.QUEUED:  # from here on whoever cancels means the next run
                self._stop_as, self.cancellation = None, Cancellation()
        if state is JobState.QUEUED:
            self._wait_again()
        else:
            self._finish(state, None, error)

    def _wait_again(self) -> None:
        with self._lock:
            self._write_items()
            if self.job.state is not JobState.QUEUED:
                self._change(JobState.QUEUED)
        self._host.gave_way(self)

    def _finish(self, state: JobState, result: Any, error: WorkstationError | None) -> None:
        with self._lock:
            if self._finished is not None:
                return
            self._write_items()
            reported = None if error is None or isinstance(error, Cancelled) else error.report()
            due_at = None
            if reported is not None and not self.cancellation.cancelled:
                due_at = self._host.next_try(self, reported)
            finished_at = time.time()
            job = replace(self.job, state=state, error=reported, finished_at=finished_at, due_at=due_at)
            with self._ending:
                self._finished = JobFinished(job, result, error)
            self._change(state, error=reported, finished_at=finished_at, due_at=due_at)
            self._tell(self._finished)
            self._host.has_ended(self)
        self._end.set()

    def _write_items(self) -> None:
        items = [self._items.popleft() for _ in range(len(self._items))]
        if items:
            self.remembered |= frozenset(items)
            if self.journalled:
                self._host.remember(self.job.id, items)

    def _change(self, state: JobState, **changes: Any) -> None:
        with self._lock:
            assert may_become(self.job.state, state), f"{self.job.state} cannot become {state}"
            self.job = replace(self.job, state=state, **changes)
            self._write()
            self._tell(JobChanged(self.job))

    def _write(self) -> None:
        if self.journalled:
            self._host.save(self.job)
            self._saved_at = time.monotonic()
            self._unsaved = False

    def _tell(self, event: Event) -> None:
        self._published_at = time.monotonic()
        self._unpublished = False
        with self._ending:
            listeners = (self._publish, *self._listeners)
        for publish in listeners:
            try:
                publish(event)
            except Exception as error:  # noqa: BLE001 - a listener's fault must not fail the job
                _log.error("a listener of job %d failed: %s", self.job.id, _describe(error))


def _internal(error: Exception, job: Job) -> InternalError:
    _log.error("job %d (%s) met a fault of ours: %s", job.id, job.kind, _describe(error))
    return InternalError(type=type(error).__name__, location=_location(error.__traceback__))


def _describe(error: Exception) -> str:
    """The type and where, without the text of the exception, which may quote a patient's name."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join([type(error).__name__, *(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))])


def _location(trace: TracebackType | None) -> str:
    """The innermost of our own lines, or the innermost of all."""
    frames = traceback.extract_tb(trace)[1:] or traceback.extract_tb(trace)  # the first is where we called it
    ours = [frame for frame in frames if "workstation" in Path(frame.filename).parts]
    frame = (ours or list(frames))[-1]
    return f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
