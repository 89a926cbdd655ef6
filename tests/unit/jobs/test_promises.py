"""Pausing, going on, priorities and trying again: what a runner does with jobs that can go on where they stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from tests.support.commands import Gate, Heard, Kept, a_runner
from workstation.domain.errors import DiskFull, InputError, PeerUnreachable
from workstation.domain.job import JobState, Priority
from workstation.jobs import back_off
from workstation.jobs.journal import Journal
from workstation.jobs.runner import JobContext, JobRunner, Outcome


@dataclass(frozen=True)
class Moving(Kept):
    """A transfer."""

    kind: ClassVar[str] = "moving"
    resumable: ClassVar[bool] = True


@dataclass(frozen=True)
class Named(Moving):
    """A transfer of what a person names."""

    kind: ClassVar[str] = "named"
    private: ClassVar[frozenset[str]] = frozenset({"paths"})

    paths: tuple[str, ...] = ()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def a_mover(
    path: Path, handler: Callable[[Kept, JobContext], Outcome], heard: Heard | None = None
) -> AbstractContextManager[JobRunner]:
    return a_runner(path, handler, heard, (Moving, Named))


def of(runner: JobRunner, job_id: int) -> JobState:
    return next(job.state for job in runner.jobs() if job.id == job_id)


def test_a_paused_job_rests_until_it_is_told_to_go_on_also_in_another_run(path: Path) -> None:
    gate, heard = Gate(), Heard()
    with a_mover(path, gate, heard) as runner:
        job = runner.submit(Moving())
        gate.began.wait(60)
        runner.pause(job.id)
        assert heard.finished(job.id).job.state is JobState.PAUSED
        assert heard.states(job.id)[-2:] == [JobState.RUNNING, JobState.PAUSED]
    gate.go.set()
    with a_mover(path, gate) as runner:
        assert of(runner, job.id) is JobState.PAUSED
        assert runner.resume_interrupted() == []
        assert runner.run_again(job.id).job.state is JobState.SUCCEEDED


def test_a_waiting_job_is_paused_without_being_begun(path: Path) -> None:
    gate, heard = Gate(), Heard()
    with a_mover(path, gate, heard) as runner:
        runner.submit(Moving("first"))
        gate.began.wait(60)
        waiting = runner.submit(Moving("second"))
        runner.pause(waiting.id)
        assert heard.states(waiting.id) == [JobState.QUEUED, JobState.PAUSED]
        gate.go.set()
    assert gate.runs == 1


def test_what_would_begin_anew_is_not_paused(path: Path) -> None:
    gate = Gate()
    with a_mover(path, gate) as runner:
        job = runner.submit(Kept())
        with pytest.raises(InputError):
            runner.pause(job.id)
        gate.go.set()


def test_another_processs_job_is_paused_and_put_first_through_the_journal(path: Path) -> None:
    gate, heard = Gate(), Heard()
    with a_mover(path, gate, heard) as window, a_mover(path, gate) as command_line:
        first = window.submit(Moving("a"))
        gate.began.wait(60)
        second = window.submit(Moving("b"))
        command_line.prefer(second.id)
        heard.wait_for(lambda _: any(job.priority >= Priority.FIRST for job in heard.changes(second.id)))
        heard.wait_for(lambda _: JobState.RUNNING in heard.states(second.id))
        command_line.pause(first.id)
        assert heard.finished(first.id).job.state is JobState.PAUSED
        gate.go.set()


def test_a_paused_job_can_be_cancelled(path: Path) -> None:
    gate, heard = Gate(), Heard()
    with a_mover(path, gate, heard) as runner:
        job = runner.submit(Moving())
        gate.began.wait(60)
        runner.pause(job.id)
        heard.finished(job.id)
        runner.cancel(job.id)
        assert of(runner, job.id) is JobState.CANCELLED
        assert heard.states(job.id)[-1] is JobState.CANCELLED


def test_what_is_more_urgent_is_done_first_and_what_ran_goes_on_afterwards(path: Path) -> None:
    gates, heard = {name: Gate() for name in ("bulk", "other", "looked at")}, Heard()
    order = []

    def handler(command: Kept, context: JobContext) -> Outcome:
        order.append(command.name)
        return gates[command.name](command, context)

    with a_mover(path, handler, heard) as runner:
        bulk = runner.submit(Moving("bulk"))
        gates["bulk"].began.wait(60)
        other = runner.submit(Moving("other"), Priority.LATER)
        looked_at = runner.submit(Moving("looked at"), Priority.FIRST)
        assert gates["looked at"].began.wait(60)
        assert of(runner, bulk.id) is JobState.QUEUED
        for gate in gates.values():
            gate.go.set()
        for job in (looked_at, bulk, other):
            assert heard.finished(job.id).job.state is JobState.SUCCEEDED
    assert order == ["bulk", "looked at", "bulk", "other"]
    states = [JobState.QUEUED, JobState.RUNNING, JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED]
    assert heard.states(bulk.id) == states


def test_what_would_begin_anew_does_not_give_way(path: Path) -> None:
    gate, heard = Gate(), Heard()
    with a_mover(path, gate, heard) as runner:
        first = runner.submit(Kept("import"))
        gate.began.wait(60)
        runner.submit(Moving("urgent"), Priority.FIRST)
        gate.go.set()
        assert heard.finished(first.id).job.state is JobState.SUCCEEDED
    assert heard.states(first.id) == [JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED]


def test_to_ask_again_more_urgently_hurries_up_the_job_there_is(path: Path) -> None:
    gate, heard, order = Gate(), Heard(), []

    def handler(command: Kept, context: JobContext) -> Outcome:
        order.append(command.name)
        return gate(command, context)

    with a_mover(path, handler, heard) as runner:
        jobs = [runner.submit(Moving(name)) for name in "abc"]
        gate.began.wait(60)
        assert runner.submit(Moving("c"), Priority.FIRST).id == jobs[2].id
        heard.wait_for(lambda _: JobState.RUNNING in heard.states(jobs[2].id))
        gate.go.set()
        for job in jobs:
            heard.finished(job.id)
    assert order == ["a", "c", "a", "b"]


def test_a_job_that_gives_way_can_be_cancelled_and_is_interrupted_when_the_program_ends(path: Path) -> None:
    gates = {name: Gate() for name in "abc"}
    with a_mover(path, lambda command, context: gates[command.name](command, context)) as runner:
        first, second = runner.submit(Moving("a")), runner.submit(Moving("b"))
        gates["a"].began.wait(60)
        urgent = runner.submit(Moving("c"), Priority.FIRST)
        gates["c"].began.wait(60)
        runner.cancel(first.id)
        assert of(runner, first.id) is JobState.CANCELLED
    with a_mover(path, gates["a"]) as runner:
        assert [of(runner, job.id) for job in (second, urgent)] == [JobState.INTERRUPTED] * 2


def test_the_same_command_goes_on_with_the_job_that_rests(path: Path) -> None:
    gate = Gate()
    with a_mover(path, gate) as runner:
        job = runner.submit(Moving())
        gate.began.wait(60)
    gate.go.set()
    with a_mover(path, gate) as runner:
        assert of(runner, job.id) is JobState.INTERRUPTED
        assert runner.run(Moving()).job.id == job.id
        assert runner.run(Moving()).job.id != job.id


def test_a_passing_fault_is_tried_again_by_itself(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(back_off, "FIRST_S", 0.05)
    heard, tries = Heard(), []

    def handler(command: Kept, context: JobContext) -> Outcome:
        tries.append(command.name)
        if len(tries) < 3:
            raise PeerUnreachable(node="pacs")
        return Outcome()

    with a_mover(path, handler, heard) as runner:
        runner.keep_trying()
        job = runner.submit(Moving())
        heard.wait_for(lambda _: heard.states(job.id)[-1:] == [JobState.SUCCEEDED])
        (listed,) = runner.jobs()
    failed = [known for known in heard.changes(job.id) if known.state is JobState.FAILED]
    assert [known.attempt for known in failed] == [1, 2]
    assert all(known.due_at is not None and known.due_at > (known.finished_at or 0) for known in failed)
    assert (listed.attempt, listed.due_at) == (3, None)


@pytest.mark.parametrize("command, error", [(Moving(), DiskFull()), (Kept(), PeerUnreachable())])
def test_a_lasting_fault_or_what_begins_anew_is_left_to_the_user(path: Path, command: Kept, error: Exception) -> None:
    def handler(command: Kept, context: JobContext) -> Outcome:
        raise error

    with a_mover(path, handler) as runner:
        runner.keep_trying()
        assert runner.run(command).job.due_at is None


def test_nobody_waits_for_another_try_on_the_command_line(path: Path) -> None:
    def handler(command: Kept, context: JobContext) -> Outcome:
        raise PeerUnreachable()

    with a_mover(path, handler) as runner:
        assert runner.run(Moving()).job.due_at is None


def fails(command: Kept, context: JobContext) -> Outcome:
    raise PeerUnreachable()


def test_a_due_job_is_tried_again_by_the_next_process_or_at_once_or_never(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_off, "FIRST_S", 5.0)
    with a_mover(path, fails) as runner:
        runner.keep_trying()
        later, now, never = (runner.run(Moving(name)).job for name in ("later", "now", "never"))
        assert all(job.due_at is not None for job in (later, now, never))
        runner.cancel(never.id)
    heard, gate = Heard(), Gate()
    gate.go.set()
    with a_mover(path, gate, heard) as runner:
        assert {job.id: job.due_at for job in runner.jobs()}[later.id] == later.due_at
        assert runner.run_again(now.id).job.attempt == 1
        runner.keep_trying()
        assert heard.finished(later.id).job.attempt == 2
        assert of(runner, never.id) is JobState.FAILED


def test_of_two_windows_one_goes_on_with_a_job(path: Path) -> None:
    gate = Gate()
    with a_mover(path, gate) as runner:
        jobs = [runner.submit(Moving(name)) for name in "abcd"]
        gate.began.wait(60)
    runs, together = [], threading.Barrier(2)

    def handler(command: Kept, context: JobContext) -> Outcome:
        runs.append(command.name)
        return Outcome()

    with a_mover(path, handler) as one, a_mover(path, handler) as other:

        def resume(runner: JobRunner) -> None:
            together.wait(60)
            for job in runner.resume_interrupted():
                runner.run_again(job.id) if of(runner, job.id) is JobState.QUEUED else None

        threads = [threading.Thread(target=resume, args=(runner,)) for runner in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert sorted(runs) == list("abcd")
    with a_mover(path, handler) as runner:
        assert [of(runner, job.id) for job in jobs] == [JobState.SUCCEEDED] * 4


def test_what_was_done_is_known_to_the_next_run(path: Path) -> None:
    known = []

    def handler(command: Kept, context: JobContext) -> Outcome:
        known.append(context.remembered)
        context.remember(str(len(known)))
        if len(known) < 3:
            raise PeerUnreachable()
        return Outcome()

    with a_mover(path, handler) as runner:
        job = runner.run(Moving()).job
        runner.run_again(job.id)
    with a_mover(path, handler) as runner:
        runner.run_again(job.id)
        runner.run(Moving())
    assert known == [frozenset(), {"1"}, {"1", "2"}, frozenset()]


def test_paths_are_known_after_a_restart_and_not_in_the_journal(path: Path) -> None:
    seen = []

    def handler(command: Named, context: JobContext) -> Outcome:
        seen.append(command.paths)
        if len(seen) == 1:
            raise PeerUnreachable()
        return Outcome()

    with a_mover(path, handler) as runner:
        job = runner.run(Named(paths=("/home/Quux^Alice",))).job
        assert b"Quux" not in b"".join(file.read_bytes() for file in path.parent.iterdir() if file.is_file())
    with a_mover(path, handler) as runner:
        assert runner.run_again(job.id).job.state is JobState.SUCCEEDED
    assert seen == [("/home/Quux^Alice",)] * 2
    assert list(path.with_name("journal.private").iterdir()) == []


def test_without_its_paths_a_job_says_why_it_cannot_go_on(path: Path) -> None:
    with a_mover(path, fails) as runner:
        job = runner.run(Named(paths=("/x",))).job
    path.with_name("journal.private").joinpath(f"{job.id}.json").unlink()
    with a_mover(path, fails) as runner, pytest.raises(InputError) as raised:
        runner.retry(job.id)
    assert "not kept" in raised.value.details["reason"]


def test_a_journal_of_before_is_carried_over(path: Path) -> None:
    import sqlite3

    from workstation.jobs import journal as module

    connection = sqlite3.connect(path)
    connection.executescript(module._MIGRATIONS[0])
    connection.execute(
        "INSERT INTO job (kind, version, command, lane, subject, state, owner, created_at)"
        " VALUES ('moving', 1, '{}', 'disk', '1.2', 'interrupted', 'x', 1.0)"
    )
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    journal = Journal(path)
    (entry,) = journal.interrupted()
    journal.close()
    assert (entry.job.priority, entry.job.attempt, entry.job.due_at) == (0, 1, None)
