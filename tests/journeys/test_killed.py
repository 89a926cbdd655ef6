"""A retrieval whose process is killed in the middle: said to be interrupted, taken up again, never doubled."""

from __future__ import annotations

import signal

import pytest

from tests.journeys.conftest import BRAIN, BRAIN_UID, Start, archived, known_to, pixel_digests
from tests.support.command_line import CommandLine
from tests.support.faults import Line
from tests.support.peers import OrthancPeer
from workstation.archive.local import LocalArchive

SIZE = sum(path.stat().st_size for path in BRAIN)


@pytest.fixture
def line(workstation: CommandLine, orthanc: OrthancPeer):
    """Between a profile and Orthanc."""
    with Line(orthanc.dicom_port) as line:
        workstation.change("local.port", orthanc.our_port)
        workstation.add(orthanc.node(port=line.port, web_url=""))
        yield line


def test_a_killed_retrieval_is_resumed_without_fetching_twice(workstation: CommandLine, line: Line) -> None:
    here = 0
    job_id = None
    for share in (0.4, 0.4):
        line.after_bytes = int(share * SIZE)
        line.failed.clear()
        call = ("retrieve", "orthanc", "--study", BRAIN_UID) if job_id is None else ("jobs", "resume", job_id)
        process = workstation.start(*call)
        assert line.failed.wait(60)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=120)

        jobs = workstation.done("jobs", "list", "--json").records
        assert [job["state"] for job in jobs] == ["interrupted"]
        assert job_id in (None, jobs[0]["id"])
        job_id = jobs[0]["id"]
        now = archived(workstation.data)
        assert here < len(now) < len(BRAIN)
        here = len(now)
        assert pixel_digests(now).items() <= pixel_digests(BRAIN).items()
        assert workstation.done("studies", "--json").record["NumberOfStudyRelatedInstances"] == here

    missing = SIZE - sum(path.stat().st_size for path in archived(workstation.data))
    line.mend()
    assert workstation.done("jobs", "resume", job_id, "--json").record["state"] == "succeeded"
    assert missing * 0.9 < line.brought < missing + SIZE * 0.1
    assert pixel_digests(archived(workstation.data)) == pixel_digests(BRAIN)
    (job,) = workstation.done("jobs", "list", "--json").records
    assert job["state"] == "succeeded"
    archive = LocalArchive(workstation.data / "archive")
    assert not archive.repaired.anything
    assert not any(path.is_file() for path in (archive.root / "incoming").rglob("*"))
    archive.close()


def test_the_window_offers_what_a_kill_interrupted(
    workstation: CommandLine, line: Line, start: Start, orthanc: OrthancPeer
) -> None:
    line.after_bytes = SIZE // 2
    process = workstation.start("retrieve", "orthanc", "--study", BRAIN_UID)
    assert line.failed.wait(60)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=120)
    line.mend()

    user = start(orthanc.node(port=line.port, web_url=""), local=known_to(orthanc))
    user.searches("WANG*").sees_places("Interrupted")
    user.selects_job("retrieve").sees_in_job("Interrupted")
    user.retries_job()
    user.goes_to("studies").sees_places("Local")
    assert pixel_digests(archived(workstation.data)) == pixel_digests(BRAIN)
