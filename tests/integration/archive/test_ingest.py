"""Taking instances in: from the network through the inbox, from files and folders by import."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.support.archive import ROOT, a_dataset, write
from tests.support.commands import Heard
from tests.support.fake_archive import FakeArchive
from tests.support.testdata import require_testdata
from workstation.archive.local import LocalArchive
from workstation.domain.errors import Cancelled, DamagedFile, DiskFull, InputError, NotDicom, UnsupportedObject
from workstation.domain.events import InstanceStored, JobFinished
from workstation.domain.job import JobState, Progress
from workstation.jobs.journal import Journal
from workstation.jobs.runner import JobContext, JobRunner, Outcome
from workstation.services.ingest import ImportPaths, ImportResult, run_import
from workstation.services.ports import Archive

Import = Callable[..., JobFinished]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[LocalArchive]:
    with closing(LocalArchive(tmp_path / "archive")) as made:
        yield made


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def importing(archive: LocalArchive, heard: Heard, tmp_path: Path) -> Iterator[Import]:
    """Import paths as a job; its end."""
    runner = a_runner(archive, heard, tmp_path)
    yield lambda *paths: runner.run(ImportPaths(tuple(str(path) for path in paths)))
    runner.close()


def a_runner(archive: Archive, heard: Heard, folder: Path) -> JobRunner:
    def handler(command: ImportPaths, context: JobContext) -> Outcome:
        return run_import(command, context, archive=archive, publish=heard)

    return JobRunner({ImportPaths: handler}, heard, Journal(folder / "journal.sqlite"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


def stored(archive: Archive, dataset: Dataset) -> Path:
    (found,) = [
        item.path
        for item in archive.instances_of(dataset.SeriesInstanceUID)
        if item.instance.sop_instance_uid == dataset.SOPInstanceUID
    ]
    return found


def bare(dataset: Dataset, *, implicit: bool, little: bool) -> bytes:
    """The data set alone, without preamble and file meta information."""
    buffer = BytesIO()
    dcmwrite(buffer, dataset, implicit_vr=implicit, little_endian=little, force_encoding=True)
    content = buffer.getvalue()
    return content[content.index(b"\x08\x00" if little else b"\x00\x08") :]


# --- import ----------------------------------------------------------------------------------------


def test_folders_are_imported_recursively_and_the_originals_left_alone(
    importing: Import, archive: LocalArchive, heard: Heard, source: Path
) -> None:
    (source / "deep" / "er").mkdir(parents=True)
    datasets = [a_dataset() for _ in range(3)]
    files = [write(d, source / "deep" / "er" / f"{n}.dcm") for n, d in enumerate(datasets)]
    (source / "notes.txt").write_text("not DICOM")
    before = {path: (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns) for path in files}

    finished = importing(source)

    assert finished.job.state is JobState.SUCCEEDED
    result = finished.result
    assert isinstance(result, ImportResult)
    assert (result.stored, result.already_present, result.conflicts) == (3, 0, 0)
    assert result.skipped == (str(source / "notes.txt"),)
    assert result.study_instance_uids == (f"{ROOT}.1",)
    assert before == {p: (hashlib.sha256(p.read_bytes()).digest(), p.stat().st_mtime_ns) for p in files}
    assert [stored(archive, d).read_bytes() for d in datasets] == [path.read_bytes() for path in files]
    assert sum(isinstance(event, InstanceStored) for event in heard.events) == 3
    assert finished.job.progress == Progress(4, 4, result.bytes, 0)


def test_importing_again_changes_nothing(importing: Import, source: Path) -> None:
    write(a_dataset(), source / "1.dcm")
    importing(source)

    finished = importing(source)

    assert finished.job.state is JobState.SUCCEEDED
    assert (finished.result.stored, finished.result.already_present) == (0, 1)


def test_the_same_file_named_twice_is_read_once(importing: Import, source: Path) -> None:
    path = write(a_dataset(), source / "1.dcm")

    assert importing(source, path).result.already_present == 0


def test_a_conflict_ends_the_import_partly(importing: Import, source: Path) -> None:
    write(a_dataset(SOPInstanceUID=f"{ROOT}.5"), source / "1.dcm")
    importing(source)
    write(a_dataset(SOPInstanceUID=f"{ROOT}.5", PatientName="Other"), source / "1.dcm")

    finished = importing(source)

    assert finished.job.state is JobState.PARTLY
    assert finished.result.conflicts == 1
    assert finished.job.error is not None
    assert finished.job.error.code == "conflicting-instance"


@pytest.mark.parametrize(
    "encoding",
    [(True, True, ImplicitVRLittleEndian), (False, True, ExplicitVRLittleEndian), (False, False, ExplicitVRBigEndian)],
)
def test_a_bare_data_set_is_wrapped_as_what_it_is(
    importing: Import, archive: LocalArchive, source: Path, encoding: tuple[bool, bool, str]
) -> None:
    implicit, little, syntax = encoding
    dataset = a_dataset()
    content = bare(dataset, implicit=implicit, little=little)
    (source / "raw").write_bytes(content)

    assert importing(source).result.stored == 1

    path = stored(archive, dataset)
    read = dcmread(path)
    assert read.file_meta.TransferSyntaxUID == syntax
    assert read.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert read.PatientName == dataset.PatientName
    assert path.read_bytes().endswith(content)
    assert (source / "raw").read_bytes() == content


def test_a_file_without_its_transfer_syntax_gets_one(importing: Import, archive: LocalArchive, source: Path) -> None:
    dataset = a_dataset()
    path = write(dataset, source / "1.dcm")
    changed = dcmread(path)
    del changed.file_meta.TransferSyntaxUID
    buffer = BytesIO()
    changed.save_as(buffer, implicit_vr=False, little_endian=True, enforce_file_format=False)
    path.write_bytes(buffer.getvalue())

    importing(source)

    assert dcmread(stored(archive, dataset)).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


def test_compressed_pixels_without_a_transfer_syntax_are_refused(importing: Import, source: Path) -> None:
    dataset = a_dataset()
    del dataset.PixelData
    fragments = b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\x02\0\0\0\xff\xd8\xfe\xff\xdd\xe0\0\0\0\0"
    element = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
    (source / "raw").write_bytes(bare(dataset, implicit=False, little=True) + element + fragments)

    finished = importing(source)

    assert finished.job.state is JobState.FAILED
    assert isinstance(finished.error, UnsupportedObject)


def test_a_file_cut_off_in_its_pixel_data_is_stored_and_marked(
    importing: Import, archive: LocalArchive, source: Path
) -> None:
    dataset = a_dataset()
    path = write(dataset, source / "1.dcm")
    path.write_bytes(path.read_bytes()[:-40])

    finished = importing(source)

    assert finished.result.stored == 1
    ((named, words),) = finished.result.warnings
    assert named == str(path)
    assert "40 bytes are missing" in words
    assert len(finished.job.warnings) == 1
    assert str(path) not in finished.job.warnings[0]
    assert stored(archive, dataset).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kept", [0, 100, 132, 140, 200, 330])
def test_a_file_cut_off_in_its_head_is_refused(
    importing: Import, archive: LocalArchive, source: Path, kept: int
) -> None:
    path = write(a_dataset(), source / "1.dcm")
    path.write_bytes(path.read_bytes()[:kept])

    finished = importing(source)

    assert finished.job.state is JobState.FAILED
    assert isinstance(finished.error, DamagedFile | NotDicom)
    assert archive.size_bytes() == 0


def test_one_bad_file_among_good_ones_is_reported_by_name(importing: Import, source: Path) -> None:
    write(a_dataset(), source / "1.dcm")
    bad = write(a_dataset(), source / "2.dcm")
    bad.write_bytes(bad.read_bytes()[:330])

    finished = importing(source)

    assert finished.job.state is JobState.PARTLY
    assert finished.result.stored == 1
    ((path, report),) = finished.result.failed
    assert path == str(bad) == report.details["path"]


def test_no_dicom_at_all_is_said(importing: Import, source: Path) -> None:
    (source / "notes.txt").write_text("x" * 1000)

    assert isinstance(importing(source).error, NotDicom)


def test_a_path_that_does_not_exist_is_said(importing: Import, source: Path) -> None:
    finished = importing(source / "missing")

    assert finished.job.state is JobState.FAILED
    assert isinstance(finished.error, InputError)
    assert finished.error.details["path"] == str(source / "missing")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_links_in_a_circle_and_fifos_do_not_hang_it(importing: Import, source: Path) -> None:
    write(a_dataset(), source / "1.dcm")
    (source / "loop").symlink_to(source)
    (source / "nowhere").symlink_to(source / "missing")
    os.mkfifo(source / "fifo")

    finished = importing(source)

    assert (finished.job.state, finished.result.stored) == (JobState.SUCCEEDED, 1)


def test_a_file_that_cannot_be_read_is_reported(
    importing: Import, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(a_dataset(), source / "1.dcm")
    bad, real = write(a_dataset(), source / "2.dcm"), Path.open

    def scratched(path: Path, *arguments: object, **named: object) -> object:
        if path == bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", scratched)
    finished = importing(source)

    assert [path for path, _ in finished.result.failed] == [str(bad)]
    assert finished.result.stored == 1


def test_a_full_disk_ends_the_import_and_leaves_nothing_half(
    importing: Import, archive: LocalArchive, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        write(a_dataset(), source / f"{number}.dcm")
    real = Path.open

    def full(path: Path, mode: str = "r", *arguments: object, **named: object) -> object:
        if mode == "xb" and path.name == "7.part":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, mode, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    finished = importing(source)

    assert isinstance(finished.error, DiskFull)
    assert [path for path in (archive.root / "incoming").rglob("*") if path.is_file()] == []
    assert not archive.repair().anything


def test_cancelling_stops_within_a_file_and_leaves_nothing_half(
    archive: LocalArchive, heard: Heard, source: Path, tmp_path: Path
) -> None:
    before = set(threading.enumerate())
    big = write(a_dataset(), source / "big.dcm")
    with big.open("ab") as file:
        file.truncate(400 * 1024 * 1024)
    runner = a_runner(archive, heard, tmp_path)
    job = runner.submit(ImportPaths((str(source),)))
    heard.wait_for(lambda _: heard.changes(job.id)[-1].progress.bytes_done > 0)

    runner.cancel(job.id)

    assert isinstance(heard.finished(job.id).error, Cancelled)
    assert archive.size_bytes() == 0
    assert [path for path in (archive.root / "incoming").rglob("*") if path.is_file()] == []
    runner.close()
    assert set(threading.enumerate()) <= before


def test_it_works_on_any_archive(heard: Heard, source: Path, tmp_path: Path) -> None:
    write(a_dataset(), source / "1.dcm")
    with closing(FakeArchive()) as archive, closing(a_runner(archive, heard, tmp_path)) as runner:
        assert runner.run(ImportPaths((str(source),))).result.stored == 1


# --- real files ------------------------------------------------------------------------------------


def test_a_dicomdir_is_listed_and_what_lies_beside_it_imported(importing: Import) -> None:
    medium = require_testdata() / "dicomdir" / "pydicom_dicomdirtests"

    by_folder, by_file = importing(medium), importing(medium / "DICOMDIR")

    assert str(medium / "DICOMDIR") in by_folder.result.directories
    assert by_folder.result.stored > 0
    assert by_file.result.already_present == by_folder.result.stored + by_folder.result.already_present


def test_every_file_of_the_test_data_is_taken_in_or_refused(
    importing: Import, archive: LocalArchive, caplog: pytest.LogCaptureFixture
) -> None:
    folder = require_testdata()

    finished = importing(folder)

    result = finished.result
    total = sum(1 for path in folder.rglob("*") if path.is_file())
    answered = (result.stored, result.already_present, result.conflicts, len(result.skipped), len(result.failed))
    assert sum(answered) == total
    assert result.stored > 500
    assert all(report.details["path"] == path for path, report in result.failed)
    assert not archive.repair().anything
