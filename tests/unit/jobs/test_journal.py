from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from workstation.domain.errors import DiskFull, LocalError
from workstation.domain.job import ErrorReport, Job, JobState, Progress
from workstation.jobs import journal as journal_module
from workstation.jobs.journal import Journal

PATIENT = "Quux^Alice"


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

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "user_version": 2}


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
        assert other.wishes() == []

    assert [(wish.job_id, wish.cancel, wish.pause) for wish in journal.wishes()] == [(job_id, True, False)]
    journal.save(a_job(JobState.CANCELLED, job_id))
    assert journal.wishes() == []


def test_private_parts_lie_apart_for_the_user_alone_and_go_with_success(path: Path, journal: Journal) -> None:
    job_id = journal.add(a_job(), 1, "{}", PATIENT)
    (kept,) = path.with_name("journal.private").iterdir()

    assert journal.private_of(job_id) == PATIENT
    if os.name == "posix":
        assert (stat.S_IMODE(kept.stat().st_mode), stat.S_IMODE(kept.parent.stat().st_mode)) == (0o600, 0o700)
    assert PATIENT.encode() not in b"".join(file.read_bytes() for file in path.parent.iterdir() if file.is_file())
    journal.save(a_job(JobState.FAILED, job_id))
    assert kept.exists()
    journal.save(a_job(JobState.SUCCEEDED, job_id))
    assert not kept.exists()
    assert journal.private_of(job_id) is None


def test_private_parts_go_with_the_row_and_after_a_month(path: Path) -> None:
    with closing(Journal(path)) as journal:
        ids = [journal.add(a_job(), 1, "{}", PATIENT) for _ in range(2)]
        folder = path.with_name("journal.private")
        os.utime(folder / f"{ids[0]}.json", (0, 0))
        (folder / "99.json").write_text("of nobody")
    with closing(Journal(path)):
        assert [kept.name for kept in folder.iterdir()] == [f"{ids[1]}.json"]


def test_what_was_done_of_a_job_is_remembered_until_it_succeeds(path: Path, journal: Journal) -> None:
    job_id, other = journal.add(a_job(), 1, "{}"), journal.add(a_job(), 1, "{}")
    journal.remember(job_id, ["1.2", "1.3", "1.2"])

    with closing(Journal(path)) as again:
        assert again.remembered(job_id) == {"1.2", "1.3"}
        assert again.remembered(other) == frozenset()
    journal.save(a_job(JobState.SUCCEEDED, job_id))
    assert journal.remembered(job_id) == frozenset()


def test_a_due_job_of_an_ended_process_is_adopted_by_one_of_the_living(path: Path) -> None:
    with closing(Journal(path)) as ended:
        job_id = ended.add(a_job(), 1, "{}")
        ended.save(replace(a_job(JobState.FAILED, job_id), due_at=50.0))
    with closing(Journal(path)) as first, closing(Journal(path)) as second:
        assert [(job.id, job.due_at) for job in first.adopt_due()] == [(job_id, 50.0)]
        assert second.adopt_due() == []
        assert second.claim_due(job_id) is None
        entry = first.claim_due(job_id)
        assert entry is not None
        assert (entry.job.attempt, entry.job.due_at, entry.job.state) == (2, None, JobState.QUEUED)
        assert first.claim_due(job_id) is None


def test_resting_jobs_are_found_by_their_command_and_not_pruned(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_KEPT_FINISHED", 1)
    with closing(Journal(path)) as journal:
        paused, due, done = (journal.add(a_job(), 1, f'{{"n":{number}}}') for number in range(3))
        journal.save(a_job(JobState.PAUSED, paused))
        journal.save(replace(a_job(JobState.FAILED, due), due_at=50.0))
        journal.save(a_job(JobState.SUCCEEDED, done))
        journal.add(a_job(), 1, "{}")
        found = [journal.waiting_twin("kept", 1, f'{{"n":{number}}}') for number in range(3)]
        assert found == [paused, due, None]
    with closing(Journal(path)) as journal:
        assert {entry.job.id for entry in journal.entries()} >= {paused, due}
        assert journal.entry(done) is None


def test_a_wish_about_what_rests_is_granted_at_once(path: Path, journal: Journal) -> None:
    paused, due = journal.add(a_job(), 1, "{}"), journal.add(a_job(), 1, "{}")
    journal.save(a_job(JobState.PAUSED, paused))
    journal.save(replace(a_job(JobState.FAILED, due), due_at=50.0))
    for job_id in (paused, due):
        journal.request_cancel(job_id, 3.0)
    states = [(entry.job.state, entry.job.due_at) for entry in journal.entries()]
    assert states == [(JobState.FAILED, None), (JobState.CANCELLED, None)]


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
