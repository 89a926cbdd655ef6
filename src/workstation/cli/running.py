"""Run one verb as a job and wait: progress on the terminal, warnings and errors in words, an exit status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from workstation.cli.output import (
    DONE,
    FAILED,
    PARTLY,
    STATUS_OF,
    ProgressLine,
    error_record,
    print_error,
    print_json,
    print_warning,
)
from workstation.domain.events import JobFinished, Publish
from workstation.domain.job import Command
from workstation.services.workplace import Workplace

Run = Callable[[Publish], JobFinished]


def run_command(workplace: Workplace, command: Command, label: str) -> JobFinished:
    """Submit `command` and wait for its end; Ctrl+C cancels it."""
    return watched(lambda on_event: workplace.runner.run(command, on_event), label)


def watched(run: Run, label: str) -> JobFinished:
    """The end of what `run` waits for, with a progress line meanwhile."""
    line = ProgressLine(label)
    try:
        return run(line)
    finally:
        line.clear()


def report(finished: JobFinished, record: Mapping[str, Any] | None, sentence: str, *, as_json: bool) -> int:
    """Print how it ended: `record` or `sentence` where there is a result, errors in any case; the exit status."""
    if as_json:
        ending = {
            "state": finished.job.state.value,
            "warnings": list(finished.job.warnings),
            "error": error_record(finished.error),
        }
        print_json({**(record or {}), **ending})
    elif finished.result is not None and sentence:
        click.echo(sentence)
    for warning in finished.job.warnings:
        print_warning(warning)
    if finished.error is not None:
        print_error(finished.error)
    return status_of(finished)


def status_of(finished: JobFinished) -> int:
    return STATUS_OF.get(finished.job.state, FAILED)


def worst(statuses: list[int]) -> int:
    """One status for several jobs: done when all are, failed when all are, else partly done."""
    distinct = set(statuses) or {DONE}
    return distinct.pop() if len(distinct) == 1 else PARTLY
