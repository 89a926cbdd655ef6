"""A process that dies in the middle of its jobs, and what the next one finds."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import Heard, Kept, a_runner
from tests.support.testdata import REPOSITORY
from workstation.domain.job import JobState
from workstation.jobs.runner import JobContext, Outcome

_CHILD = """
import sys, threading
from pathlib import Path
from tests.support.commands import Gate, Kept, Heard
from workstation.jobs.journal import Journal
from workstation.jobs.runner import JobRunner

gate = Gate()
runner = JobRunner({Kept: gate}, Heard(), Journal(Path(sys.argv[1])))
runner.submit(Kept("running"))
runner.submit(Kept("waiting"))
gate.began.wait()
print("ready", flush=True)
gate.go.wait(60)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")


def done(command: Kept, context: JobContext) -> Outcome:
    return Outcome(result=command.name)


def test_a_killed_processs_jobs_are_interrupted_and_resumed(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        with a_runner(path, done) as runner:
            assert sorted(job.state for job in runner.jobs()) == [JobState.QUEUED, JobState.RUNNING]
            assert runner.resume_interrupted() == []
        child.send_signal(signal.SIGKILL)

    heard = Heard()
    with a_runner(path, done, heard) as runner:
        assert {job.state for job in runner.jobs()} == {JobState.INTERRUPTED}
        resumed = runner.resume_interrupted()
        assert [heard.finished(job.id).result for job in resumed] == ["running", "waiting"]
