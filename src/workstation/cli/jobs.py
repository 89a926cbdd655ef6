"""workstation jobs"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import click

from workstation.cli.output import print_json, print_table
from workstation.cli.running import report, watched, worst
from workstation.cli.session import Session, json_option, pass_session
from workstation.domain.job import Job, JobState


@click.group("jobs", invoke_without_command=True)
@json_option
@pass_session
@click.pass_context
def command(context: click.Context, session: Session, *, as_json: bool) -> None:
    """List, pause, resume, hurry or cancel jobs: retrieves, sends and exports."""
    if context.invoked_subcommand is None:
        _list(session, as_json)


@command.command("list")
@json_option
@pass_session
def list_jobs(session: Session, as_json: bool) -> None:
    """List the jobs of this profile, the newest first."""
    _list(session, as_json)


@command.command("resume")
@click.argument("job_id", metavar="[ID]", type=int, required=False)
@json_option
@pass_session
def resume(session: Session, *, job_id: int | None, as_json: bool) -> int:
    """Run job ID again and wait for it; without ID, all that were interrupted or wait for another try."""
    statuses = []
    with session.workplace() as workplace:
        runner = workplace.runner
        resting = [job for job in reversed(runner.jobs()) if job.state is JobState.INTERRUPTED or job.due_at]
        for wanted in [job_id] if job_id is not None else [job.id for job in sorted(resting, key=_order)]:
            finished = watched(partial(runner.run_again, wanted), f"job {wanted}")
            sentence = f"Job {wanted}: {finished.job.state.value}."
            statuses.append(report(finished, {"id": wanted}, sentence, as_json=as_json))
    return worst(statuses)


@command.command("cancel")
@click.argument("job_id", metavar="ID", type=int)
@pass_session
def cancel(session: Session, *, job_id: int) -> None:
    """Cancel job ID, wherever it runs."""
    with session.workplace() as workplace:
        workplace.runner.cancel(job_id)


@command.command("pause")
@click.argument("job_id", metavar="ID", type=int)
@pass_session
def pause(session: Session, *, job_id: int) -> None:
    """Stop job ID, wherever it runs, until it is resumed."""
    with session.workplace() as workplace:
        workplace.runner.pause(job_id)


@command.command("first")
@click.argument("job_id", metavar="ID", type=int)
@pass_session
def first(session: Session, *, job_id: int) -> None:
    """Put job ID before all others of its node, wherever it runs."""
    with session.workplace() as workplace:
        workplace.runner.prefer(job_id)


def _order(job: Job) -> tuple[int, float, int]:
    return job.order


def _list(session: Session, as_json: bool) -> None:
    with session.workplace() as workplace:
        jobs = workplace.runner.jobs()
    if as_json:
        for job in jobs:
            print_json(_record(job))
        return
    rows = [
        (job.id, job.kind, job.state.value, _count(job), _time(job.created_at), job.lane, job.subject) for job in jobs
    ]
    print_table(("id", "kind", "state", "done", "created", "lane", "subject"), rows)


def _record(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "lane": job.lane,
        "subject": job.subject,
        "state": job.state.value,
        "done": job.progress.done,
        "total": job.progress.total,
        "bytes": job.progress.bytes_done,
        "failed": job.progress.failed,
        "received": job.progress.received,
        "priority": int(job.priority),
        "attempt": job.attempt,
        "due_at": _time(job.due_at),
        "created_at": _time(job.created_at),
        "started_at": _time(job.started_at),
        "finished_at": _time(job.finished_at),
        "warnings": list(job.warnings),
        "error": {"code": job.error.code, "details": dict(job.error.details)} if job.error else None,
    }


def _count(job: Job) -> str:
    return f"{job.progress.done}/{job.progress.total}" if job.progress.total else str(job.progress.done or "")


def _time(seconds: float | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else None
