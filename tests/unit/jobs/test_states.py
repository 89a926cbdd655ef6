"""Whatever is asked of a runner in whatever order, every job goes only the ways of the table."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.commands import Heard, Kept, Passing, a_runner
from workstation.domain.errors import InputError, PeerAborted
from workstation.domain.job import ACTIVE, JobState, may_become
from workstation.jobs.runner import JobContext, Outcome

steps = st.lists(
    st.tuples(
        st.sampled_from(["submit", "submit", "cancel", "retry", "jobs", "restart"]),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=15,
)


def handler(command: Kept, context: JobContext) -> Outcome:
    if command.name == "1":
        raise PeerAborted(node="pacs")
    if command.name == "2":
        context.cancellation.wait(0.005)
        context.cancellation.raise_if_cancelled()
    return Outcome(partly=command.name == "3")


@settings(max_examples=40, deadline=None)
@given(steps)
def test_every_job_goes_only_the_ways_of_the_table(steps: list[tuple[str, int, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, heard, ids = Path(folder) / "journal.sqlite", Heard(), list[int]()
        remaining = list(steps)
        while True:
            with a_runner(path, handler, heard) as runner:
                while remaining:
                    verb, number, kept = remaining.pop(0)
                    if verb == "restart":
                        break
                    if verb == "submit":
                        ids.append(runner.submit((Kept if kept else Passing)(str(number))).id)
                    elif verb == "jobs":
                        runner.jobs()
                    elif ids:
                        try:
                            getattr(runner, verb)(ids[number % len(ids)])
                        except InputError:
                            continue
            ids = [job_id for job_id in ids if job_id > 0]
            if not remaining:
                break

    for job_id in {event.job.id for event in heard.events if hasattr(event, "job") and event.job.id > 0}:
        seen = heard.states(job_id)
        assert seen[0] is JobState.QUEUED
        assert all(may_become(*pair) for pair in pairwise(seen)), seen
        assert seen[-1] not in ACTIVE
