"""The runner: one worker thread per lane, every change of a job published and, where asked, journalled.

Per job there is one lock under which it changes and the change is published, so that everybody hears
of its states in their order. Subscribers must not wait for another thread inside `publish`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from workstation.domain.errors import Cancelled, InputError, LocalError, WorkstationError
from workstation.domain.events import JobChanged, JobFinished, Publish
from workstation.domain.job import (
    ACTIVE,
    RETRYABLE,
    Command,
    ErrorReport,
    Job,
    Priority,
    is_resumable,
    private_fields,
)
from workstation.jobs import back_off, codec
from workstation.jobs.journal import Journal, JournalEntry, Wish
from workstation.jobs.lane import Lane
from workstation.jobs.run import Handler, JobContext, JobRun, Outcome

__all__ = ["Handler", "JobContext", "JobRunner", "Outcome"]

_log = logging.getLogger(__name__)
_POLL_S = 0.2  # how often late progress goes out and other processes' wishes are read
_KEPT_FINISHED = 200


class JobRunner:
    """Runs commands by their type's handler. Safe to call from any thread. The journal is its own from now on.

    `late` gives the handlers of further commands; it is called with the first command that needs one of them.
    """

    def __init__(
        self,
        handlers: Mapping[type[Command], Handler],
        publish: Publish,
        journal: Journal,
        late: Callable[[], Mapping[type[Command], Handler]] | None = None,
    ) -> None:
        self._handlers = dict(handlers)
        self._late = late
        self._publish = publish
        self._journal = journal
        self._lock = threading.RLock()
        self._runs: dict[int, JobRun] = {}
        self._lanes: dict[str, Lane[JobRun]] = {}
        self._keeps_trying = False
        self._due = back_off.DueJobs()
        self._next_memory_id = -1  # below zero, so that they never meet the journal's ids
        self._closing = False
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._watch: threading.Thread | None = None
        journal.mark_interrupted(time.time())

    def submit(self, command: Command, priority: int = Priority.NORMAL) -> Job:
        """Queue `command`; an equal one that waits or runs is not begun twice: its job is returned, and hurried up.

        One that rests in the journal, paused, interrupted or waiting for another try, is gone on with.
        """
        run = self._submit(command, None, priority)
        if priority > run.job.priority:
            self._set_priority(run, priority)
        return run.job

    def run(self, command: Command, on_event: Publish | None = None) -> JobFinished:
        """Submit and wait, telling `on_event` of this job; Ctrl-C cancels it and waits for its end."""
        return self._wait(self._submit(command, on_event, Priority.NORMAL))

    def run_again(self, job_id: int, on_event: Publish | None = None) -> JobFinished:
        """Retry and wait, as `run` does."""
        return self._wait(self._retry(job_id, on_event))

    def cancel(self, job_id: int) -> None:
        """Cancel a job of ours, or ask the process that runs it to; one that has ended stays as it is.

        What rests ends as cancelled, and what waits for another try is not tried again.
        """
        run = self._run_of(job_id)
        if run is None:
            self._known_entry(job_id)
            self._rest(job_id, self._journal.request_cancel)
            return
        run.request_cancel()
        self._end_if_waiting(run)
        if run.journalled and run.ended:
            self._rest(job_id, self._journal.request_cancel)  # where it ended as interrupted

    def pause(self, job_id: int) -> None:
        """Stop a job, of whatever process, until somebody says `retry`; one that has ended stays as it is.

        Raises InputError where it could not go on where it stopped.
        """
        run = self._run_of(job_id)
        resumable = run.job.resumable if run is not None else self._known_entry(job_id).job.resumable
        if not resumable:
            raise InputError(job=job_id, reason="it cannot be paused: it would have to begin anew")
        if run is None or run.ended:
            self._rest(job_id, self._journal.request_pause)
            return
        run.pause()
        self._end_if_waiting(run)

    def prefer(self, job_id: int) -> None:
        """Put a job before all others of its lane; a running transfer gives way to it."""
        run = self._run_of(job_id)
        if run is None or run.ended:
            entry = self._known_entry(job_id)
            self._journal.set_priority(job_id, max(Priority.FIRST, entry.job.priority + 1))
            return
        with self._lock:
            lane = self._lanes.get(run.job.lane)
        executed, _ = lane.head() if lane is not None else (None, None)
        others = [*(lane.waiting() if lane is not None else ()), *([executed] if executed is not None else ())]
        highest = max((other.job.priority for other in others if other is not run), default=Priority.NORMAL)
        self._set_priority(run, max(Priority.FIRST, highest + 1, run.job.priority))

    def keep_trying(self) -> None:
        """From now on try again by itself, later and later, what failed for a passing reason.

        Also what processes that have ended meant to try again.
        """
        self._keeps_trying = True
        for job in self._journal.adopt_due():
            self._due.add(job.id, job.due_at or 0.0)
        with self._lock:
            self._begin_watch()
        self._wake.set()

    def retry(self, job_id: int) -> Job:
        """Queue a job that failed, was cancelled or interrupted once more; an active one is left to run.

        Raises InputError when there is no such job, or nothing to repeat.
        """
        return self._retry(job_id, None).job

    def resume_interrupted(self) -> list[Job]:
        """Queue every interrupted job again, the oldest first, and say which."""
        self._journal.mark_interrupted(time.time())
        resumed = []
        for entry in self._journal.interrupted():
            try:
                resumed.append(self._retry(entry.job.id, None).job)
            except InputError as error:
                _log.warning("job %d (%s) cannot be resumed: %s", entry.job.id, entry.job.kind, error)
        return resumed

    def jobs(self) -> list[Job]:
        """Every job of the journal and of this process's memory, newest first."""
        self._journal.mark_interrupted(time.time())
        found = {entry.job.id: entry.job for entry in self._journal.entries()}
        with self._lock:
            ours = list(self._runs.values())
        found |= {run.job.id: run.job for run in ours if run.job.id not in found or not run.ended}
        return sorted(found.values(), key=lambda job: (job.created_at, abs(job.id)), reverse=True)

    def close(self, timeout_s: float = 5.0) -> None:
        """End every thread and the journal; unfinished journalled work becomes INTERRUPTED, to be resumed later."""
        deadline = time.monotonic() + timeout_s
        with self._lock:
            self._closing = True
            active = [run for run in self._runs.values() if not run.ended]
            lanes = list(self._lanes.values())
        for run in active:
            run.interrupt()
            self._end_if_waiting(run)
        for lane in lanes:
            lane.stop()
        for lane in lanes:
            lane.join(max(0.0, deadline - time.monotonic()))
        for run in active:
            run.abandon()
        self._stopped.set()
        self._wake.set()
        if self._watch is not None:
            self._watch.join(max(1.0, deadline - time.monotonic()))
        self._journal.close()

    def _submit(self, command: Command, listener: Publish | None, priority: int) -> JobRun:
        with self._lock:
            if type(command) not in self._handlers and type(command) not in self._all_handlers():
                raise TypeError(f"no handler for {type(command).__name__}")
            self._refuse_when_closing()
            twin = self._active_twin(command, listener)
            if twin is not None:
                return twin
        resting = self._resting_twin(command, listener)
        if resting is not None:
            return resting
        with self._lock:
            twin = self._active_twin(command, listener)
            if twin is not None:
                return twin
            job = Job(
                0,
                command.kind,
                command.lane,
                command.subject,
                created_at=time.time(),
                resumable=command.journalled and is_resumable(command),
                priority=priority,
            )
            if command.journalled:
                job_id = self._add(job, command)
            else:
                job_id, self._next_memory_id = self._next_memory_id, self._next_memory_id - 1
            run = self._register(command, replace(job, id=job_id), listener)
        return self._start(run)

    def _add(self, job: Job, command: Command) -> int:
        private = private_fields(type(command))
        if not private:
            return self._journal.add(job, command.version, codec.encode(command))
        return self._journal.add(job, command.version, *codec.encode_apart(command, private))

    def _resting_twin(self, command: Command, listener: Publish | None) -> JobRun | None:
        if not command.journalled or private_fields(type(command)):
            return None
        job_id = self._journal.waiting_twin(command.kind, command.version, codec.encode(command))
        try:
            return self._retry(job_id, listener) if job_id is not None else None
        except InputError:  # another process was faster
            return None

    def _retry(self, job_id: int, listener: Publish | None, *, by_itself: bool = False) -> JobRun:
        with self._lock:
            self._refuse_when_closing()
            run = self._runs.get(job_id)
            if run is not None and run.listen(listener):
                return run
            command = run.command if run is not None else self._command_of(self._known_entry(job_id))
            twin = self._active_twin(command, listener)
            if twin is not None:
                return twin
            run = self._register(command, self._queued_again(job_id, command, run, by_itself), listener)
        return self._start(run)

    def _queued_again(self, job_id: int, command: Command, run: JobRun | None, by_itself: bool) -> Job:
        if command.journalled:
            entry = self._journal.claim_due(job_id) if by_itself else self._journal.claim(job_id)
            if entry is None:
                raise InputError(job=job_id, reason=f"it is {self._known_entry(job_id).job.state}")
            return entry.job
        assert run is not None
        if run.job.state not in RETRYABLE:
            raise InputError(job=job_id, reason=f"it is {run.job.state}")
        old = run.job
        return Job(old.id, old.kind, old.lane, old.subject, created_at=old.created_at)

    def _command_of(self, entry: JournalEntry) -> Command:
        command_type = next((each for each in self._all_handlers() if each.kind == entry.job.kind), None)
        if command_type is None or command_type.version != entry.version:
            raise InputError(job=entry.job.id, reason=f"{entry.job.kind} version {entry.version} is not known here")
        private = self._journal.private_of(entry.job.id) if private_fields(command_type) else "{}"
        if private is None:
            raise InputError(job=entry.job.id, reason="what it was given is not kept any more")
        try:
            command: Command = codec.decode(command_type, entry.command, private)
        except codec.CannotRestore as error:
            raise InputError(job=entry.job.id, reason="its command cannot be read") from error
        return command

    def _all_handlers(self) -> Mapping[type[Command], Handler]:
        with self._lock:
            late, self._late = self._late, None
            if late is not None:
                self._handlers.update(late())
            return self._handlers

    def _known_entry(self, job_id: int) -> JournalEntry:
        entry = self._journal.entry(job_id)
        if entry is None:
            raise InputError(job=job_id, reason="no such job")
        return entry

    def _refuse_when_closing(self) -> None:
        if self._closing:
            raise Cancelled(reason="closing")

    def _active_twin(self, command: Command, listener: Publish | None) -> JobRun | None:
        for run in self._runs.values():
            same = type(run.command) is type(command) and run.command == command
            if same and not run.cancellation.cancelled and run.listen(listener):
                return run
        return None

    def _register(self, command: Command, job: Job, listener: Publish | None) -> JobRun:
        handler = self._handlers[type(command)]
        known = command.journalled and is_resumable(command)
        run = JobRun(
            command,
            job,
            handler,
            self._publish,
            self,
            journalled=command.journalled,
            remembered=self._journal.remembered(job.id) if known else frozenset(),
        )
        run.listen(listener)
        self._due.discard(job.id)
        self._runs.pop(job.id, None)
        self._runs[job.id] = run
        ended = [job_id for job_id, known in self._runs.items() if known.ended]
        for job_id in ended[: max(0, len(ended) - _KEPT_FINISHED)]:
            del self._runs[job_id]
        return run

    def _start(self, run: JobRun) -> JobRun:
        """Say that it is queued before a worker can say that it runs."""
        run.announce()
        with self._lock:
            lane = self._lanes.get(run.job.lane)
            if lane is None and not self._closing:
                lane = self._lanes[run.job.lane] = Lane(run.job.lane)
            self._begin_watch()
            if lane is not None and not self._closing:
                lane.put(run)
        if self._closing:
            run.interrupt()
        if run.cancellation.cancelled:  # while it was announced, before it stood in the lane
            self._end_if_waiting(run)
        self._make_way(run.job.lane)
        self._wake.set()
        return run

    def _begin_watch(self) -> None:
        if self._watch is None and not self._closing:
            self._watch = threading.Thread(target=self._watch_runs, name="jobs watch", daemon=True)
            self._watch.start()

    def _make_way(self, name: str) -> None:
        """Where something more urgent waits, a running transfer goes on later."""
        with self._lock:
            lane = self._lanes.get(name)
        executed, following = lane.head() if lane is not None else (None, None)
        if executed is None or following is None or not executed.job.resumable:
            return
        if following.job.priority > executed.job.priority:
            executed.give_way()

    def _set_priority(self, run: JobRun, priority: int) -> None:
        if run.journalled:
            self._journal.set_priority(run.job.id, priority)
        run.set_priority(priority)
        self._make_way(run.job.lane)

    def _run_of(self, job_id: int) -> JobRun | None:
        with self._lock:
            return self._runs.get(job_id)

    def _rest(self, job_id: int, request: Callable[[int, float], None]) -> None:
        """Write a wish down, and say what became of a job that nobody runs."""
        request(job_id, time.time())
        self._due.discard(job_id)
        entry = self._journal.entry(job_id)
        if entry is not None and entry.job.state not in ACTIVE:
            self._publish(JobChanged(entry.job))

    def _end_if_waiting(self, run: JobRun) -> None:
        with self._lock:
            lane = self._lanes.get(run.job.lane)
        if lane is not None and lane.remove(run):
            run.end_unstarted()

    def _wait(self, run: JobRun) -> JobFinished:
        try:
            return run.wait()
        except KeyboardInterrupt:
            self.cancel(run.job.id)
            return run.wait()

    # --- what a run tells (run.Host) ---------------------------------------------------------------

    def save(self, job: Job) -> None:
        try:
            self._journal.save(job)
        except LocalError as error:  # the work itself goes on; what the journal last said is retried at worst
            _log.error("the journal cannot record job %d: %s", job.id, error)

    def remember(self, job_id: int, items: Collection[str]) -> None:
        try:
            self._journal.remember(job_id, items)
        except LocalError as error:  # they are done once more at worst
            _log.error("the journal cannot record the parts of job %d: %s", job_id, error)

    def next_try(self, run: JobRun, error: ErrorReport) -> float | None:
        if not self._keeps_trying or not run.job.resumable:
            return None
        delay_s = back_off.delay_s(run.job.attempt, error)
        return None if delay_s is None else time.time() + delay_s

    def gave_way(self, run: JobRun) -> None:
        with self._lock:
            self._lanes[run.job.lane].put(run)
        if run.cancellation.cancelled:  # before it stood in the lane again
            self._end_if_waiting(run)

    def has_ended(self, run: JobRun) -> None:
        if run.job.due_at is not None:
            self._due.add(run.job.id, run.job.due_at)
            self._wake.set()

    # --- the watch -----------------------------------------------------------------------------------

    def _watch_runs(self) -> None:
        while True:
            due = [] if self._closing else self._due.take(time.time())
            with self._lock:
                active = [run for run in self._runs.values() if not run.ended]
                if self._closing and not active:
                    return
                if not active and not due:
                    self._wake.clear()
            for job_id in due:
                self._try_again(job_id)
            if active:
                self._stopped.wait(_POLL_S)
                self._poll(active)
            elif not due:
                self._wake.wait(self._due.wait_s(time.time()))

    def _try_again(self, job_id: int) -> None:
        try:
            run = self._retry(job_id, None, by_itself=True)
            if run.job.id != job_id:  # another job does the same already
                self._rest(job_id, self._journal.request_cancel)
        except WorkstationError as error:
            _log.info("job %d is not tried again: %s", job_id, error)

    def _poll(self, active: Iterable[JobRun]) -> None:
        for run in active:
            run.flush_progress()
        if not any(run.journalled for run in active):
            return
        try:
            for wish in self._journal.wishes():
                self._follow_wish(wish)
        except WorkstationError as error:
            _log.error("the journal cannot be read: %s", error)

    def _follow_wish(self, wish: Wish) -> None:
        run = self._run_of(wish.job_id)
        if run is None or run.ended:
            return
        if wish.cancel:
            self.cancel(wish.job_id)
        elif wish.pause:
            self.pause(wish.job_id)
        elif wish.priority != run.job.priority:
            run.set_priority(wish.priority)
            self._make_way(run.job.lane)
