from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from workstation.domain.errors import DiskFull, LocalError
from workstation.domain.job import ErrorReport, Job, JobState, Progress
from workstation.jobs import journal as journal_module
from workstation.jobs.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with closing(Journal(path)) as made:
        yield made


def a_job(state: JobState = JobState.QUEUED, job_id: int = 0) -> Job:
    return Job(job_id, "kept", "disk", "a", state, created_at=1000.0)


def test_a_job_is_read_back_as_it_was_saved(journal: Journal) -> None:
    job_id = journal.add(a_job(), 3, '{"name":"a"}')
    saved = Job(
        job_id,
        "kept",
        "disk",
        "a",
        JobState.FAILED,
        Progress(1, 2, 3, 4, "x"),
        ErrorReport("disk-full", {"path": "/d"}),
        ("w",),
        1000.0,
        1001.0,
        1002.0,
    )

    journal.save(saved)

    entry = journal.entry(job_id)
    assert entry is not None
    assert entry.job == saved
    assert (entry.version, entry.command, entry.owner) == (3, '{"name":"a"}', journal.owner)


def test_it_is_durable_and_strict(journal: Journal) -> None:
    pragmas = {
        name: journal._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "user_version")
    }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "user_version": 1}


def test_a_living_processs_jobs_are_not_interrupted(path: Path, journal: Journal) -> None:
    journal.add(a_job(), 1, "{}")

    with closing(Journal(path)) as other:
        assert other.mark_interrupted(1.0) == []
        assert journal.mark_interrupted(1.0) == []


def test_the_active_jobs_of_an_ended_process_become_interrupted(path: Path, journal: Journal) -> None:
    with closing(Journal(path)) as other:
        queued, running, finished = (other.add(a_job(), 1, "{}") for _ in range(3))
        other.save(a_job(JobState.RUNNING, running))
        other.save(a_job(JobState.SUCCEEDED, finished))

    assert journal.mark_interrupted(5.0) == [queued, running]
    assert [entry.job.id for entry in journal.interrupted()] == [queued, running]
    assert journal.mark_interrupted(5.0) == []


def test_only_one_process_can_claim_an_interrupted_job(path: Path, journal: Journal) -> None:
    with closing(Journal(path)) as ended:
        job_id = ended.add(a_job(), 1, "{}")
    journal.mark_interrupted(5.0)

    with closing(Journal(path)) as other:
        claimed = journal.claim(job_id)
        assert other.claim(job_id) is None

    assert claimed is not None
    assert claimed.owner == journal.owner
    assert claimed.job.state is JobState.QUEUED
    assert claimed.job.finished_at is None


def test_another_processs_rows_cannot_be_overwritten(path: Path, journal: Journal) -> None:
    job_id = journal.add(a_job(), 1, "{}")

    with closing(Journal(path)) as other:
        other.save(a_job(JobState.FAILED, job_id))

    entry = journal.entry(job_id)
    assert entry is not None
    assert entry.job.state is JobState.QUEUED


def test_a_wish_to_cancel_reaches_the_owner_alone(path: Path, journal: Journal) -> None:
    job_id = journal.add(a_job(), 1, "{}")

    with closing(Journal(path)) as other:
        other.request_cancel(job_id, 2.0)
        assert other.cancel_requests() == []

    assert journal.cancel_requests() == [job_id]
    journal.save(a_job(JobState.CANCELLED, job_id))
    assert journal.cancel_requests() == []


def test_entries_come_newest_first(journal: Journal) -> None:
    ids = [journal.add(a_job(), 1, "{}") for _ in range(3)]

    assert [entry.job.id for entry in journal.entries()] == ids[::-1]


def test_old_finished_jobs_are_forgotten_and_open_ones_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_KEPT_FINISHED", 2)
    with closing(Journal(path)) as journal:
        ids = [journal.add(a_job(), 1, "{}") for _ in range(6)]
        for job_id in ids[1:]:
            journal.save(a_job(JobState.SUCCEEDED, job_id))

    with closing(Journal(path)) as journal:
        assert sorted(entry.job.id for entry in journal.entries()) == [ids[0], ids[4], ids[5]]


def test_a_file_that_is_no_database_is_moved_aside(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is not SQLite" * 1000)

    with closing(Journal(path)) as journal:
        journal.add(a_job(), 1, "{}")

    assert [aside.read_bytes()[:18] for aside in path.parent.glob("*.damaged-*")] == [b"this is not SQLite"]
    assert "damaged" in caplog.text


def test_a_newer_schema_is_refused_untouched(path: Path) -> None:
    Journal(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()

    with pytest.raises(LocalError):
        Journal(path)

    assert path.read_bytes() == before
    assert list(path.with_name("journal.sqlite.owners").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(LocalError):
        Journal(tmp_path / "file" / "journal.sqlite")


def test_a_path_that_is_a_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").mkdir()

    with pytest.raises(LocalError):
        Journal(tmp_path / "journal.sqlite")


def test_a_full_disk_is_said(journal: Journal) -> None:
    pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
    journal._connection.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(DiskFull):
        for _ in range(10):
            journal.add(a_job(), 1, "x" * 10_000)


def test_a_closed_journal_says_so(path: Path) -> None:
    journal = Journal(path)
    journal.close()
    journal.close()

    with pytest.raises(LocalError):
        journal.entries()
