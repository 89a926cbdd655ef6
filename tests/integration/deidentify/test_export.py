"""The export appears whole or not at all, wherever it is stopped (architecture: stage, verify, rename)."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from pydicom import dcmwrite

from tests.support.job import RecordingContext
from tests.support.planted import CT, item, make_cohort
from workstation.deidentify.changes import Kind
from workstation.deidentify.identities import ProjectKey
from workstation.dicom.quiet import quiet
from workstation.domain.errors import (
    Cancelled,
    DiskFull,
    IdentifierFound,
    InputError,
    KeyUnusable,
    LocalError,
    NotDicom,
    ProfileUnavailable,
)
from workstation.jobs import codec
from workstation.jobs.runner import Outcome
from workstation.services import export as export_module
from workstation.services.deidentify import STAGING_PREFIX, Selection, find_files, preview
from workstation.services.export import run_export
from workstation.services.export_command import DeidentifyAndExport, DeidentifyFiles, ExportResult


class FakeArchive:
    """The two questions that an export asks the archive."""

    def __init__(self, files: dict[str, list[Path]]) -> None:
        self._files = files

    def series_of(self, study: str) -> list[object]:
        from workstation.domain.study import Series

        return [Series(series_instance_uid=study)] if study in self._files else []

    def instances_of(self, series: str) -> list[object]:
        from workstation.domain.study import Instance
        from workstation.services.ports import StoredInstance

        return [StoredInstance(Instance(), path, 0) for path in self._files[series]]


def write_ct(path: Path, number: int = 1, **values: object) -> Path:
    facts: dict[str, object] = {
        "SOPClassUID": CT,
        "SOPInstanceUID": f"1.2.826.0.1.3680043.9.7777.{number}",
        "StudyInstanceUID": "1.2.826.0.1.3680043.9.7777.100",
        "SeriesInstanceUID": "1.2.826.0.1.3680043.9.7777.101",
        "Modality": "CT",
        "PatientName": "Quillfeather^Ottoline",
        "PatientID": "QF-8817-2204",
        **values,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    dcmwrite(path, item(**facts), implicit_vr=False, little_endian=True)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for number in range(1, 4):
        write_ct(tmp_path / "in" / f"{number}.dcm", number)
    return tmp_path / "in"


def run(source: Path, destination: Path, context: RecordingContext | None = None, **values: object) -> Outcome:
    command = DeidentifyFiles(str(destination), (str(source),), **values)  # type: ignore[arg-type]
    return run_export(command, context or RecordingContext(), archive=FakeArchive({}))  # type: ignore[arg-type]


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")} if folder.exists() else set()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_is_made_with_all_files_in_it(source: Path, tmp_path: Path) -> None:
    outcome = run(source, tmp_path / "deep" / "out")
    assert not outcome.partly
    assert outcome.result.folder == str(tmp_path / "deep" / "out")
    assert len(list((tmp_path / "deep" / "out").rglob("*.dcm"))) == outcome.result.written == 3
    assert everything(tmp_path / "deep") == {"out", *(f"out/{name}" for name in everything(tmp_path / "deep" / "out"))}


def test_an_empty_folder_is_filled_and_a_full_one_gets_a_numbered_folder(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert run(source, out).result.folder == str(out)
    (out / "keep.txt").write_text("mine")
    assert run(source, out).result.folder == str(out / "export-001")
    assert run(source, out).result.folder == str(out / "export-002")
    assert (out / "keep.txt").read_text() == "mine"


def test_earlier_output_inside_of_the_input_is_not_taken_in_again(source: Path) -> None:
    assert run(source, source / "out").result.written == 3
    assert run(source, source / "out").result.written == 3


def test_a_file_in_the_way_is_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(LocalError):
        run(source, tmp_path / "out")


@pytest.mark.parametrize("leak", ["Ottoline", "QF-8817-2204", "1.2.826.0.1.3680043.9.7777.2"])
def test_one_identifier_left_in_one_file_stops_the_whole_export(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leak: str
) -> None:
    honest = export_module.write

    def leaky(dataset, path: Path) -> None:
        honest(dataset, path)
        with path.open("ab") as file:  # a private element at the end of the file
            content = leak.encode().ljust(len(leak) + len(leak) % 2)
            file.write(b"\xe1\x7f\x10\x10LO" + len(content).to_bytes(2, "little") + content)

    monkeypatch.setattr(export_module, "write", leaky)
    with pytest.raises(IdentifierFound) as caught:
        run(source, tmp_path / "out" / "here", report=str(tmp_path / "report.json"))
    assert leak not in caught.value.details["reason"] + caught.value.details["element"]
    assert everything(tmp_path / "out") == set()
    assert not (tmp_path / "report.json").exists()


@pytest.mark.parametrize("step", ["exporting", "releasing"])
def test_cancelling_leaves_nothing(source: Path, tmp_path: Path, step: str) -> None:
    with pytest.raises(Cancelled):
        run(source, tmp_path / "out" / "here", RecordingContext(cancel_at=step))
    assert everything(tmp_path / "out") == set()


def test_a_full_disk_leaves_nothing(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def full(dataset: object, path: Path) -> None:
        calls.append(path)
        path.write_bytes(b"half")
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        path.unlink()
        honest(dataset, path)  # type: ignore[arg-type]

    honest = export_module.write
    monkeypatch.setattr(export_module, "write", full)
    with pytest.raises(DiskFull):
        run(source, tmp_path / "out" / "here")
    assert everything(tmp_path / "out") == set()


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_export_leaves_nothing_and_the_next_one_cleans_up(source: Path, tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import os, signal, sys
        from workstation.services import export, export_command
        from workstation.domain.job import Progress
        class Context:
            job_id = 1
            def progress(self, progress: Progress) -> None:
                if progress.done == 2: os.kill(os.getpid(), signal.SIGKILL)
        command = export_command.DeidentifyFiles({str(tmp_path / "out" / "here")!r}, ({str(source)!r},))
        export.run_export(command, Context(), archive=None)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "out" / "here").exists()
    assert [name.startswith(STAGING_PREFIX) for name in names(tmp_path / "out")] == [True]
    run(source, tmp_path / "out" / "here")
    assert names(tmp_path / "out") == ["here"]


def test_the_staging_folder_of_a_living_export_is_left_alone(source: Path, tmp_path: Path) -> None:
    from workstation.services.staging import Staging

    with Staging(tmp_path / "out" / "first") as staging:
        (staging.files / "x").write_text("x")
        run(source, tmp_path / "out" / "second")
        assert (staging.files / "x").exists()
        staging.release()
    assert names(tmp_path / "out") == ["first", "second"]


def test_the_same_instance_twice_is_written_once_and_another_of_that_uid_beside_it(tmp_path: Path) -> None:
    write_ct(tmp_path / "in" / "a.dcm")
    write_ct(tmp_path / "in" / "b.dcm")
    write_ct(tmp_path / "in" / "c.dcm", SliceThickness="2")
    result = run(tmp_path / "in", tmp_path / "out").result
    assert (result.written, result.duplicates) == (2, 1)


def test_other_files_are_skipped_and_unreadable_ones_held(source: Path, tmp_path: Path) -> None:
    (source / "notes.txt").write_text("Quillfeather")
    (source / "cut.dcm").write_bytes((source / "1.dcm").read_bytes()[:-9])
    outcome = run(source, tmp_path / "out")
    result: ExportResult = outcome.result
    assert [Path(path).name for path in result.skipped] == ["notes.txt"]
    assert [(Path(held.path).name, held.reason) for held in result.held] == [("cut.dcm", "damaged")]
    assert outcome.partly
    assert outcome.error is not None
    assert not [path for path in everything(tmp_path / "out") if path.endswith("txt")]


def test_nothing_appears_where_everything_is_held(tmp_path: Path) -> None:
    write_ct(tmp_path / "in" / "us.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1")
    outcome = run(tmp_path / "in", tmp_path / "out" / "here", report=str(tmp_path / "report.json"))
    assert outcome.partly
    assert outcome.result.folder == ""
    assert everything(tmp_path / "out") == set()
    assert (tmp_path / "report.json").exists()


def test_no_dicom_among_the_files_and_a_missing_path_are_errors(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("x")
    with pytest.raises(NotDicom):
        run(tmp_path / "in", tmp_path / "out")
    with pytest.raises(InputError):
        run(tmp_path / "none", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_option_not_implemented_and_a_missing_key_are_refused_before_anything_is_made(
    source: Path, tmp_path: Path
) -> None:
    with pytest.raises(ProfileUnavailable):
        run(source, tmp_path / "out", options=("clean-pixel-data",))
    with pytest.raises(ProfileUnavailable):
        run(source, tmp_path / "out", pixels="whatever")
    with pytest.raises(KeyUnusable):
        run(source, tmp_path / "out", key_file=str(tmp_path / "none.key"), create_key_file=False)
    assert everything(tmp_path) == {"in", "in/1.dcm", "in/2.dcm", "in/3.dcm"}


def test_studies_come_from_the_archive_and_a_missing_one_is_an_error(source: Path, tmp_path: Path) -> None:
    archive = FakeArchive({"1.2.3": sorted(source.iterdir())})
    command = DeidentifyAndExport(str(tmp_path / "out"), study_instance_uids=("1.2.3",))
    assert run_export(command, RecordingContext(), archive=archive).result.written == 3  # type: ignore[arg-type]
    missing = DeidentifyAndExport(str(tmp_path / "out2"), study_instance_uids=("1.2.4",))
    with pytest.raises(InputError):
        run_export(missing, RecordingContext(), archive=archive)  # type: ignore[arg-type]


def test_the_command_survives_the_journal_and_names_nobody() -> None:
    command = DeidentifyAndExport("/out", study_instance_uids=("1.2.3",), options=("retain-uids",), key_file="/k")
    assert codec.decode(DeidentifyAndExport, codec.encode(command)) == command
    assert command.subject == "1 study"
    files = DeidentifyFiles("/out", ("/data/Quillfeather", "/data/b"))
    assert files.subject == "2 paths"
    assert not files.journalled
    assert DeidentifyAndExport.journalled


def test_progress_counts_the_files(source: Path, tmp_path: Path) -> None:
    context = RecordingContext()
    run(source, tmp_path / "out", context)
    last = context.steps[-1]
    assert (last.done, last.total) == (3, 3)
    assert last.bytes_done > 0
    assert not any("uill" in step.step for step in context.steps)


def test_the_preview_shows_each_instance_and_what_would_be_held(tmp_path: Path) -> None:
    with quiet():
        cohort = make_cohort(tmp_path / "in")
    selection = Selection.of("basic", (), ProjectKey.random())
    files = find_files((str(tmp_path / "in"),), (), FakeArchive({}))  # type: ignore[arg-type]
    shown = preview(files, selection)
    held = {entry.path for entry in shown.items() if entry.held is not None}
    assert held == set(cohort.to_hold)
    plan = shown.plan(cohort.files[0])
    changed = {change.keyword: change for change in plan.of_kind(Kind.CHANGED)}
    assert changed["PatientName"].before_text.startswith("Quillfeather")
    assert "Quillfeather" not in changed["PatientName"].after_text
    assert changed["SoftwareVersions"].after_text == "REMOVED"
    assert plan.count(Kind.REMOVED) > 10
    assert plan.count(Kind.KEPT) > 10


def test_nothing_is_exported_when_the_report_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_ct(tmp_path / "in" / "1.dcm")
    written = Path.write_text

    def full(path: Path, *arguments: object, **more: object) -> int:
        if path.name.endswith(".html.partial"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(path, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(DiskFull):
        run(tmp_path / "in", tmp_path / "out" / "here", report=str(tmp_path / "report" / "report.json"))
    assert not (tmp_path / "out" / "here").exists()
    assert list((tmp_path / "report").iterdir()) == []
