from __future__ import annotations

import logging
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.commands import Gate, Heard, Kept, Passing, a_runner
from workstation.domain.errors import Cancelled, DiskFull, IncompleteTransfer, InputError, LocalError, PeerAborted
from workstation.domain.events import JobChanged, JobFinished, PartialResult
from workstation.domain.job import JobState, Progress
from workstation.jobs.journal import Journal
from workstation.jobs.run import JobRun
from workstation.jobs.runner import JobContext, JobRunner, Outcome

PATIENT = "Quux^Alice"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def done(command: Kept, context: JobContext) -> Outcome:
    return Outcome(result=command.name)


@pytest.mark.parametrize("command", [Kept("x"), Passing("x")])
def test_a_job_passes_from_queued_over_running_to_succeeded(path: Path, command: Kept) -> None:
    heard = Heard()
    with a_runner(path, done, heard) as runner:
        job = runner.submit(command)
        finished = heard.finished(job.id)

    assert job.state is JobState.QUEUED
    assert heard.states(job.id) == [JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED]
    assert finished.result == "x"
    assert finished.error is None
    assert isinstance(heard.events[-1], JobFinished)


def test_the_handlers_of_other_commands_are_asked_for_once_when_they_are_needed(path: Path) -> None:
    asked: list[str] = []

    def late() -> dict[type[Passing], object]:
        asked.append("late")
        return {Passing: done}

    runner = JobRunner({Kept: done}, lambda event: None, Journal(path), late=late)  # type: ignore[arg-type]
    try:
        runner.run(Kept("x"))
        assert asked == []
        assert [runner.run(Passing(name)).result for name in ("a", "b")] == ["a", "b"]
        assert asked == ["late"]
    finally:
        runner.close()


def test_a_failed_job_of_the_journal_is_run_again_by_a_handler_that_comes_late(path: Path) -> None:
    def fail(command: Kept, context: JobContext) -> Outcome:
        raise DiskFull(needed=1, free=0)

    with a_runner(path, fail) as before:
        job = before.run(Kept("x")).job

    runner = JobRunner({}, lambda event: None, Journal(path), late=lambda: {Kept: done})
    try:
        assert runner.run_again(job.id).result == "x"
    finally:
        runner.close()


def test_run_waits_and_tells_the_caller_of_this_job_alone(path: Path) -> None:
    told = Heard()
    with a_runner(path, done) as runner:
        runner.run(Kept("other"))
        finished = runner.run(Kept("x"), told)

    assert finished.result == "x"
    assert {event.job.id for event in told.events if isinstance(event, JobChanged | JobFinished)} == {finished.job.id}


def test_an_equal_command_is_not_begun_twice(path: Path) -> None:
    gate = Gate()
    with a_runner(path, gate) as runner:
        first = runner.submit(Kept("x"))
        gate.began.wait(60)
        again = runner.submit(Kept("x"))
        other = runner.submit(Kept("y"))
        gate.go.set()
        runner.run(Kept("z"))

    assert again.id == first.id
    assert other.id != first.id
    assert gate.runs == 3


def test_an_equal_command_is_begun_again_once_the_first_has_ended(path: Path) -> None:
    with a_runner(path, done) as runner:
        assert runner.run(Kept("x")).job.id != runner.run(Kept("x")).job.id


def test_a_cancelled_job_that_has_not_ended_is_no_twin(path: Path) -> None:
    gate = Gate(ignores_cancel=True)
    with a_runner(path, gate) as runner:
        first = runner.submit(Passing("x"))
        gate.began.wait(60)
        runner.cancel(first.id)
        assert runner.submit(Passing("x")).id != first.id
        gate.go.set()


def test_jobs_of_one_lane_wait_for_each_other_and_other_lanes_do_not(path: Path) -> None:
    slow, heard = Gate(), Heard()

    def handler(command: Kept, context: JobContext) -> Outcome:
        return slow(command, context) if command.name == "slow" else Outcome()

    with a_runner(path, handler, heard) as runner:
        runner.submit(Kept("slow", "pacs:query"))
        waiting = runner.submit(Kept("waiting", "pacs:query"))
        assert runner.run(Kept("quick", "other:query")).job.state is JobState.SUCCEEDED
        assert heard.states(waiting.id) == [JobState.QUEUED]
        slow.go.set()
        assert heard.finished(waiting.id).job.state is JobState.SUCCEEDED


def test_our_error_fails_the_job_with_its_report(path: Path) -> None:
    def full(command: Kept, context: JobContext) -> Outcome:
        raise DiskFull(path="/data")

    with a_runner(path, full) as runner:
        finished = runner.run(Kept())
        (listed,) = runner.jobs()

    assert finished.job.state is JobState.FAILED
    assert isinstance(finished.error, DiskFull)
    assert listed.error == DiskFull(path="/data").report()


def test_an_unexpected_exception_fails_the_job_without_its_text(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def faulty(command: Kept, context: JobContext) -> Outcome:
        raise ValueError(PATIENT)

    with caplog.at_level(logging.DEBUG), a_runner(path, faulty) as runner:
        finished = runner.run(Kept())

    report = finished.job.error
    assert report is not None
    assert report.code == "internal"
    assert report.details["type"] == "ValueError"
    assert "test_runner.py" in report.details["location"]
    assert "ValueError" in caplog.text
    assert PATIENT not in caplog.text + str(report) + str(finished.error)


def test_the_lane_goes_on_after_an_unexpected_exception(path: Path) -> None:
    def faulty(command: Kept, context: JobContext) -> Outcome:
        if command.name == "bad":
            raise ZeroDivisionError
        return Outcome()

    with a_runner(path, faulty) as runner:
        runner.run(Kept("bad"))
        assert runner.run(Kept("good")).job.state is JobState.SUCCEEDED


def test_a_partial_outcome_ends_partly_with_its_error(path: Path) -> None:
    def partly(command: Kept, context: JobContext) -> Outcome:
        context.warn("two of five")
        return Outcome(result=3, partly=True, error=IncompleteTransfer(expected=5, stored=3))

    with a_runner(path, partly) as runner:
        finished = runner.run(Kept())
        (listed,) = runner.jobs()

    assert finished.job.state is listed.state is JobState.PARTLY
    assert finished.result == 3
    assert listed.error is not None
    assert listed.error.code == "incomplete-transfer"
    assert listed.warnings == ("two of five",)


def test_what_a_job_has_so_far_is_told_before_its_end(path: Path) -> None:
    def slowly(command: Kept, context: JobContext) -> Outcome:
        context.partial("half")
        return Outcome(result="all")

    heard: list[object] = []
    with a_runner(path, slowly) as runner:
        runner.run(Kept(), heard.append)
    told = [event.result for event in heard if isinstance(event, PartialResult | JobFinished)]
    assert told == ["half", "all"]


def test_a_cancelled_job_tells_nothing_more(path: Path) -> None:
    def stubborn(command: Kept, context: JobContext) -> Outcome:
        context.cancellation.cancel()
        context.partial("too late")
        return Outcome()

    heard: list[object] = []
    with a_runner(path, stubborn) as runner:
        runner.run(Kept(), heard.append)
    assert not [event for event in heard if isinstance(event, PartialResult)]


def test_cancelling_a_running_job_ends_it_cancelled(path: Path) -> None:
    gate, heard = Gate(), Heard()
    with a_runner(path, gate, heard) as runner:
        job = runner.submit(Kept())
        gate.began.wait(60)
        runner.cancel(job.id)
        finished = heard.finished(job.id)

    assert finished.job.state is JobState.CANCELLED
    assert isinstance(finished.error, Cancelled)
    assert finished.job.error is None


def test_a_peers_abort_after_our_cancelling_is_still_cancelled(path: Path) -> None:
    def aborted(command: Kept, context: JobContext) -> Outcome:
        context.cancellation.wait(60)
        raise PeerAborted(node="pacs")

    heard = Heard()
    with a_runner(path, aborted, heard) as runner:
        job = runner.submit(Kept())
        heard.wait_for(lambda _: heard.states(job.id)[-1:] == [JobState.RUNNING])
        runner.cancel(job.id)
        assert heard.finished(job.id).job.state is JobState.CANCELLED


def test_cancelling_a_waiting_job_ends_it_at_once_without_running_it(path: Path) -> None:
    gate, heard = Gate(), Heard()
    with a_runner(path, gate, heard) as runner:
        runner.submit(Kept("running"))
        waiting = runner.submit(Kept("waiting"))
        gate.began.wait(60)
        runner.cancel(waiting.id)
        assert heard.states(waiting.id) == [JobState.QUEUED, JobState.CANCELLED]
        gate.go.set()

    assert gate.runs == 1


def test_a_subscriber_may_cancel_the_job_it_hears_of(path: Path) -> None:
    made: list[JobRunner] = []
    states: list[JobState] = []

    def cancelling(event: object) -> None:
        if isinstance(event, JobChanged):
            states.append(event.job.state)
            if event.job.state is JobState.QUEUED:
                made[0].cancel(event.job.id)

    runner = JobRunner({Passing: done}, cancelling, Journal(path))  # type: ignore[dict-item]
    made.append(runner)
    finished = runner.run(Passing())
    runner.close()

    assert finished.job.state is JobState.CANCELLED
    assert JobState.RUNNING not in states


def test_progress_raises_once_cancelled(path: Path) -> None:
    heard, began = Heard(), threading.Event()

    def counting(command: Kept, context: JobContext) -> Outcome:
        while True:
            context.progress(Progress(1, 2))
            began.set()

    with a_runner(path, counting, heard) as runner:
        job = runner.submit(Kept())
        began.wait(60)
        runner.cancel(job.id)
        assert heard.finished(job.id).job.state is JobState.CANCELLED


def test_progress_is_thinned_out_and_the_last_is_delivered(path: Path) -> None:
    heard, waiting = Heard(), threading.Event()

    def counting(command: Kept, context: JobContext) -> Outcome:
        for number in range(20_000):
            context.progress(Progress(number + 1, 20_000))
        waiting.wait(60)
        return Outcome()

    with a_runner(path, counting, heard) as runner:
        job = runner.submit(Kept())
        # Delivered while the handler is silent, not only by its end.
        heard.wait_for(lambda _: heard.changes(job.id)[-1].progress.done == 20_000)
        waiting.set()
        heard.finished(job.id)

    assert len(heard.changes(job.id)) < 2000
    numbers = [change.progress.done for change in heard.changes(job.id)]
    assert numbers == sorted(numbers)


def test_progress_is_journalled_while_the_job_runs(path: Path) -> None:
    waiting = threading.Event()

    def counting(command: Kept, context: JobContext) -> Outcome:
        context.progress(Progress(7, 9, 100, 1, "sending"))
        waiting.wait(60)
        return Outcome()

    with a_runner(path, counting) as runner:
        job = runner.submit(Kept())
        journal = Journal(path)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            entry = journal.entry(job.id)
            if entry is not None and entry.job.progress.done:
                break
        waiting.set()
        journal.close()

    assert entry is not None
    assert entry.job.progress == Progress(7, 9, 100, 1, "sending")


def test_a_failing_subscriber_does_not_fail_the_job(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def failing(event: object) -> None:
        raise RuntimeError(PATIENT)

    runner = JobRunner({Kept: done}, failing, Journal(path))  # type: ignore[dict-item]
    assert runner.run(Kept()).job.state is JobState.SUCCEEDED
    runner.close()

    assert "RuntimeError" in caplog.text
    assert PATIENT not in caplog.text


def test_an_unknown_command_is_the_programmers_mistake(path: Path) -> None:
    class Stranger(Kept):
        pass

    with a_runner(path, done) as runner, pytest.raises(TypeError):
        runner.submit(Stranger())


def test_ctrl_c_cancels_and_waits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, interrupted = JobRun.wait, []

    def interrupted_once(run: JobRun) -> JobFinished:
        if not interrupted:
            interrupted.append(True)
            raise KeyboardInterrupt
        return real(run)

    monkeypatch.setattr(JobRun, "wait", interrupted_once)
    with a_runner(path, Gate()) as runner:
        finished = runner.run(Kept())

    assert finished.job.state is JobState.CANCELLED


def test_jobs_lists_journal_and_memory_newest_first(path: Path) -> None:
    with a_runner(path, done) as runner:
        ids = [runner.run(command).job.id for command in (Kept("1"), Passing("2"), Kept("3"), Passing("4"))]
        assert [job.id for job in runner.jobs()] == ids[::-1]


def test_memory_of_ended_jobs_is_bounded(path: Path) -> None:
    with a_runner(path, done) as runner:
        for number in range(250):
            runner.run(Passing(str(number)))
        assert 200 <= len(runner.jobs()) <= 201


# --- retrying --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [Kept("x"), Passing("x")])
def test_a_failed_job_is_retried_as_itself(path: Path, command: Kept) -> None:
    heard, fails = Heard(), [True, False]

    def moody(command: Kept, context: JobContext) -> Outcome:
        if fails.pop(0):
            raise PeerAborted(node="pacs")
        return Outcome(result="at last")

    with a_runner(path, moody, heard) as runner:
        first = runner.run(command)
        second = runner.run_again(first.job.id)

        assert first.job.state is JobState.FAILED
        assert second.job.id == first.job.id
        assert second.result == "at last"
        assert [job.state for job in runner.jobs()] == [JobState.SUCCEEDED]
    assert heard.states(first.job.id) == [
        JobState.QUEUED,
        JobState.RUNNING,
        JobState.FAILED,
        JobState.QUEUED,
        JobState.RUNNING,
        JobState.SUCCEEDED,
    ]


@pytest.mark.parametrize("command", [Kept("x"), Passing("x")])
def test_a_succeeded_job_is_not_retried(path: Path, command: Kept) -> None:
    with a_runner(path, done) as runner:
        job = runner.run(command).job
        with pytest.raises(InputError):
            runner.retry(job.id)


def test_retrying_an_active_job_leaves_it_to_run(path: Path) -> None:
    gate, heard = Gate(), Heard()
    with a_runner(path, gate, heard) as runner:
        job = runner.submit(Kept())
        gate.began.wait(60)
        assert runner.retry(job.id).id == job.id
        gate.go.set()
        heard.finished(job.id)
    assert gate.runs == 1


def test_retrying_a_job_whose_twin_runs_joins_the_twin(path: Path) -> None:
    gate = Gate()
    with a_runner(path, gate) as runner:
        first = runner.submit(Passing("x"))
        gate.began.wait(60)
        runner.cancel(first.id)
        gate.began.clear()
        heard = Heard()
        second = runner.submit(Passing("x"))
        assert second.id != first.id
        gate.began.wait(60)
        assert runner.retry(first.id).id == second.id
        gate.go.set()
        assert heard.events == []


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_a_job_nobody_knows_is_refused(path: Path, verb: str) -> None:
    with a_runner(path, done) as runner, pytest.raises(InputError):
        getattr(runner, verb)(4711)


# --- closing and coming back -------------------------------------------------------------------------


def test_closing_leaves_no_thread(path: Path) -> None:
    before = set(threading.enumerate())
    gate = Gate()
    with a_runner(path, gate) as runner:
        runner.submit(Kept("running"))
        runner.submit(Kept("waiting"))
        runner.submit(Passing("other", "pacs:query"))
        gate.began.wait(60)
    assert set(threading.enumerate()) <= before


def test_closing_interrupts_journalled_jobs_and_a_later_start_resumes_them(path: Path) -> None:
    gate, heard = Gate(), Heard()
    with a_runner(path, gate, heard) as runner:
        running, waiting = runner.submit(Kept("running")), runner.submit(Kept("waiting"))
        passing = runner.submit(Passing("passing"))
        gate.began.wait(60)

    assert heard.states(running.id)[-1] is JobState.INTERRUPTED
    assert heard.states(waiting.id) == [JobState.QUEUED, JobState.INTERRUPTED]
    assert heard.states(passing.id)[-1] is JobState.CANCELLED

    heard = Heard()
    with a_runner(path, done, heard) as runner:
        assert [job.id for job in runner.resume_interrupted()] == [running.id, waiting.id]
        assert heard.finished(running.id).result == "running"
        assert heard.finished(waiting.id).result == "waiting"
        assert runner.resume_interrupted() == []


def test_a_job_cancelled_by_the_user_stays_cancelled_while_closing(path: Path) -> None:
    gate = Gate(ignores_cancel=True)
    with a_runner(path, gate) as runner:
        job = runner.submit(Kept())
        gate.began.wait(60)
        runner.cancel(job.id)
        runner.close(0.1)
        gate.go.set()
    journal = Journal(path)
    entry = journal.entry(job.id)
    journal.close()
    assert entry is not None
    assert entry.job.state is JobState.CANCELLED


def test_closing_abandons_a_handler_that_ignores_it(path: Path) -> None:
    gate, heard = Gate(ignores_cancel=True), Heard()
    with a_runner(path, gate, heard) as runner:
        job = runner.submit(Kept())
        gate.began.wait(60)
        runner.close(0.1)
        assert heard.finished(job.id).job.state is JobState.INTERRUPTED
        gate.go.set()
    journal = Journal(path)
    entry = journal.entry(job.id)
    journal.close()
    assert entry is not None
    assert entry.job.state is JobState.INTERRUPTED


def test_nothing_is_begun_after_closing(path: Path) -> None:
    with a_runner(path, done) as runner:
        runner.close()
        with pytest.raises(Cancelled):
            runner.submit(Kept())


def test_a_command_of_another_version_is_left_for_the_program_that_knows_it(path: Path) -> None:
    gate = Gate()
    with a_runner(path, gate) as runner:
        job = runner.submit(Kept("x"))
        gate.began.wait(60)

    class Newer(Kept):
        version = 2

    runner = JobRunner({Newer: done}, Heard(), Journal(path))  # type: ignore[dict-item]
    assert runner.resume_interrupted() == []
    with pytest.raises(InputError):
        runner.retry(job.id)
    assert [listed.state for listed in runner.jobs()] == [JobState.INTERRUPTED]
    runner.close()


def test_a_command_that_cannot_be_read_is_left_interrupted(path: Path) -> None:
    gate = Gate()
    with a_runner(path, gate) as runner:
        job = runner.submit(Kept("x"))
        gate.began.wait(60)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE job SET command = '{'")
    with a_runner(path, done) as runner:
        assert runner.resume_interrupted() == []
        with pytest.raises(InputError):
            runner.retry(job.id)


def test_progress_and_warnings_after_the_end_are_not_heard(path: Path) -> None:
    gate, heard, late = Gate(ignores_cancel=True), Heard(), threading.Event()

    def going_on(command: Kept, context: JobContext) -> Outcome:
        gate(command, context)
        context.warn("too late")
        try:
            context.progress(Progress(5, 5))
        finally:
            late.set()
        return Outcome()

    with a_runner(path, going_on, heard) as runner:
        job = runner.submit(Kept())
        gate.began.wait(60)
        runner.close(0.1)
        gate.go.set()
        assert late.wait(60)

    assert heard.finished(job.id) is heard.events[-1]


def test_what_is_submitted_while_it_closes_is_ended(path: Path) -> None:
    made: list[JobRunner] = []

    def closing_at_once(event: object) -> None:
        if isinstance(event, JobChanged) and event.job.state is JobState.QUEUED:
            made[0].close()

    made.append(JobRunner({Passing: done}, closing_at_once, Journal(path)))  # type: ignore[dict-item]

    assert made[0].run(Passing()).job.state is JobState.CANCELLED


def test_a_journal_that_cannot_be_read_does_not_stop_the_watch(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gate, asked = Gate(), threading.Event()

    def unreadable(self: Journal) -> list[int]:
        asked.set()
        raise LocalError(path=path, reason="gone")

    monkeypatch.setattr(Journal, "wishes", unreadable)
    with a_runner(path, gate) as runner:
        runner.submit(Kept())
        assert asked.wait(60)
        asked.clear()
        assert asked.wait(60)
        gate.go.set()
    assert "cannot be read" in caplog.text


def test_run_waits_for_what_takes_long(path: Path) -> None:
    def slow(command: Kept, context: JobContext) -> Outcome:
        context.cancellation.wait(0.6)
        return Outcome()

    with a_runner(path, slow) as runner:
        assert runner.run(Passing()).job.state is JobState.SUCCEEDED


def test_an_interrupted_job_can_be_cancelled(path: Path) -> None:
    gate = Gate()
    with a_runner(path, gate) as runner:
        job = runner.submit(Kept("x"))
        gate.began.wait(60)
    with a_runner(path, done) as runner:
        runner.cancel(job.id)
        assert [listed.state for listed in runner.jobs()] == [JobState.CANCELLED]


def test_a_journal_that_cannot_be_written_does_not_stop_the_work(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(self: Journal, job: object) -> None:
        raise DiskFull(path=path)

    monkeypatch.setattr(Journal, "save", full)
    with a_runner(path, done) as runner:
        assert runner.run(Kept()).job.state is JobState.SUCCEEDED
    assert "cannot record" in caplog.text


# --- two processes (two runners on one journal) ----------------------------------------------------


def test_another_processs_job_is_cancelled_through_the_journal(path: Path) -> None:
    gate, heard = Gate(), Heard()
    with a_runner(path, gate, heard) as window, a_runner(path, done) as command_line:
        job = window.submit(Kept())
        gate.began.wait(60)
        command_line.cancel(job.id)
        assert heard.finished(job.id).job.state is JobState.CANCELLED


def test_a_living_processs_jobs_are_seen_running_and_not_resumed(path: Path) -> None:
    gate = Gate()
    with a_runner(path, gate) as window:
        job = window.submit(Kept())
        gate.began.wait(60)
        with a_runner(path, done) as command_line:
            assert [listed.state for listed in command_line.jobs()] == [JobState.RUNNING]
            assert command_line.resume_interrupted() == []
            with pytest.raises(InputError):
                command_line.retry(job.id)
        gate.go.set()
