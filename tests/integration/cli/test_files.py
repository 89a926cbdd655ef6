"""import, studies, info, render and deidentify on real files, good and bad."""

from __future__ import annotations

import hashlib
import resource
from pathlib import Path

import pytest
from PIL import Image
from pydicom import dcmread

from tests.integration.cli.conftest import CR_HIP, MR_BRAIN
from tests.support.command_line import CommandLine
from tests.support.testdata import require_testdata
from workstation.settings import resources

HIP = CR_HIP[0]
BRAIN = MR_BRAIN[-1]
SLICE = sorted((resources() / "samples" / "ct-head").rglob("*.dcm"))[0]  # uncompressed


@pytest.fixture
def truncated(tmp_path: Path) -> Path:
    path = tmp_path / "truncated.dcm"
    path.write_bytes(BRAIN.read_bytes()[:300])
    return path


def test_help_is_quick_and_needs_no_screen(alone: CommandLine) -> None:
    times = []
    for _ in range(3):
        before = _time_of_children()
        assert "retrieve" in alone.done("--help").out
        times.append(_time_of_children() - before)
    assert min(times) < 0.5  # of a processor, whatever else the machine does; 0.15 s measured


def _time_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_import_takes_a_folder_in_once(alone: CommandLine) -> None:
    first = alone.done("import", MR_BRAIN[0].parents[1], CR_HIP[0], "--json").record
    assert (first["stored"], first["already_present"]) == (len(MR_BRAIN) + 1, 0)
    assert len(first["study_instance_uids"]) == 2
    assert first["failures"] == []
    again = alone.done("import", MR_BRAIN[0].parents[1], "--json").record
    assert (again["stored"], again["already_present"]) == (0, len(MR_BRAIN))


def test_studies_lists_what_was_imported(alone: CommandLine) -> None:
    alone.done("import", MR_BRAIN[0].parents[1], HIP)
    every = alone.done("studies", "--json").records
    assert len(every) == 2
    hip = dcmread(HIP, stop_before_pixels=True)
    (found,) = alone.done("studies", "--json", "--where", f"PatientID={hip.PatientID}").records
    assert found["PatientName"] == str(hip.PatientName)
    assert hip.StudyInstanceUID in alone.done("studies").out


def test_import_of_good_and_bad_is_partly_done(alone: CommandLine, truncated: Path) -> None:
    ended = alone("import", HIP, truncated, "--json")
    assert ended.status == 3, ended.err
    assert ended.record["stored"] == 1
    (failure,) = ended.record["failures"]
    assert failure["path"] == str(truncated)
    assert failure["code"] == "damaged-file"


def test_a_file_that_is_not_dicom_says_so(alone: CommandLine) -> None:
    text = alone.folder / "notes.txt"
    text.write_text("no image")
    for arguments in (("import", text), ("info", text), ("render", text, "out.png")):
        ended = alone(*arguments)
        assert ended.status == 1
        assert "holds no DICOM data" in ended.err
        assert "What to do:" in ended.err
    assert not (alone.folder / "out.png").exists()


def test_a_truncated_file_says_so(alone: CommandLine, truncated: Path) -> None:
    for arguments in (("import", truncated), ("info", truncated), ("render", truncated, "out.png")):
        ended = alone(*arguments)
        assert ended.status == 1
        assert str(truncated) in ended.err
        assert "cut off" in ended.err


def test_a_path_that_is_not_there_is_a_usage_error(alone: CommandLine) -> None:
    for arguments in (("import", "absent"), ("info", "absent"), ("render", "absent", "o.png"), ("open", "absent")):
        assert alone(*arguments).status == 2


def test_info_prints_the_facts(alone: CommandLine) -> None:
    header = dcmread(HIP, stop_before_pixels=True)
    record = alone.done("info", HIP, "--json").record
    assert record["transfer_syntax_uid"] == header.file_meta.TransferSyntaxUID
    assert record["sop_class_uid"] == header.SOPClassUID
    assert record["size_bytes"] == HIP.stat().st_size
    assert (record["rows"], record["columns"]) == (header.Rows, header.Columns)
    assert record["pixels"] == []
    assert "CR Image Storage" in alone.done("info", HIP).out or "Radiography" in alone.done("info", HIP).out


def test_info_of_pixels_gives_digests_of_stored_values(alone: CommandLine) -> None:
    record = alone.done("info", SLICE, "--pixels", "--json").record
    stored = dcmread(SLICE).pixel_array.astype("<i4")
    (frame,) = record["pixels"]
    assert frame["frame"] == 1
    assert (frame["min"], frame["max"]) == (stored.min(), stored.max())
    assert frame["mean"] == pytest.approx(stored.mean())
    assert frame["sha256"] == hashlib.sha256(stored.tobytes()).hexdigest()


def test_info_of_a_folder_goes_on_after_a_bad_file(alone: CommandLine, truncated: Path) -> None:
    folder = alone.folder / "mixed"
    folder.mkdir()
    (folder / "a.dcm").write_bytes(HIP.read_bytes())
    (folder / "b.dcm").write_bytes(truncated.read_bytes())
    (folder / "c.txt").write_text("text")
    ended = alone("info", folder, "--json")
    assert ended.status == 3
    good, bad = ended.records
    assert good["error"] is None
    assert bad["error"]["code"] == "damaged-file"
    assert "1 of the files are not DICOM" in ended.err


def test_info_of_test_data_matches_the_reference_tools(alone: CommandLine) -> None:
    import csv

    folder = require_testdata()
    with (folder / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["path"].startswith("transfer_syntaxes/")]
    rows = [row for row in rows if row["ref_kind"] == "stored" and row["ref_match"] == "exact" and row["ref_sha256"]]
    assert rows
    wanted = {str(folder / row["path"]): row for row in rows}
    for record in alone.done("info", "--pixels", "--json", *wanted).records:
        row = wanted[record["path"]]
        first = record["pixels"][0]
        assert first["error"] is None, record["path"]
        if len(record["pixels"]) == 1:
            assert first["sha256"] == row["ref_sha256"], record["path"]


def test_render_writes_what_the_viewer_shows(alone: CommandLine) -> None:
    header = dcmread(BRAIN, stop_before_pixels=True)
    record = alone.done("render", BRAIN, "out.png", "--json").record
    assert record["frame"] == 1
    with Image.open(alone.folder / "out.png") as picture:
        assert picture.format == "PNG"
        assert picture.size == (record["width"], record["height"])
        assert record["width"] == header.Columns
        plain = picture.tobytes()
    alone.done("render", BRAIN, "window.png", "--window", "-5000,1")
    with Image.open(alone.folder / "window.png") as picture:
        assert picture.tobytes() != plain
        assert set(picture.tobytes()) == {255}


def test_render_shows_the_displayed_area_of_a_presentation_state(alone: CommandLine) -> None:
    folder = require_testdata() / "presentation_states"
    state = folder / "real01.pr.dcm"
    record = alone.done("render", folder / "real01.dcm", "out.png", "--presentation-state", state, "--json").record
    assert (record["width"], record["height"]) == (199, 133)
    ended = alone("render", folder / "real02.dcm", "other.png", "--presentation-state", state)
    assert ended.status == 1
    assert "not about this image" in ended.err
    assert not (alone.folder / "other.png").exists()


def test_render_refuses_frames_and_windows_that_cannot_be(alone: CommandLine) -> None:
    for arguments in (("--frame", 2), ("--frame", 0), ("--window", "40"), ("--window", "40,0"), ("--window", "a,b")):
        ended = alone("render", BRAIN, "out.png", *arguments)
        assert ended.status == 2
    assert not (alone.folder / "out.png").exists()


def test_render_into_a_folder_that_is_not_there_says_so(alone: CommandLine) -> None:
    ended = alone("render", BRAIN, "absent/out.png")
    assert ended.status == 1
    assert "absent/out.png" in ended.err


def test_deidentify_writes_copies_without_the_patient(alone: CommandLine) -> None:
    original = dcmread(BRAIN, stop_before_pixels=True)
    ended = alone.done(
        *("deidentify", MR_BRAIN[0].parents[1], "--out", "shared", "--key-file", "key", "--report", "report.json"),
        "--json",
    )
    record = ended.record
    assert record["written"] == len(MR_BRAIN)
    assert record["held"] == []
    assert Path(record["report"]).is_file()
    assert Path(record["report_html"]).is_file()
    written = sorted(Path(record["folder"]).rglob("*.dcm"))
    assert len(written) == len(MR_BRAIN)
    family = str(original.PatientName.family_name).encode()
    for path in written:
        copy = dcmread(path)
        assert copy.PatientIdentityRemoved == "YES"
        assert copy.StudyInstanceUID != original.StudyInstanceUID
        assert family not in path.read_bytes()


def test_the_same_key_makes_the_same_pseudonyms(alone: CommandLine) -> None:
    uids = []
    for out in ("one", "two"):
        record = alone.done("deidentify", BRAIN, "--out", out, "--key-file", "key", "--json").record
        (path,) = Path(record["folder"]).rglob("*.dcm")
        uids.append(dcmread(path, stop_before_pixels=True).StudyInstanceUID)
    assert uids[0] == uids[1]


def test_deidentify_refuses_profiles_and_options_that_do_not_exist(alone: CommandLine) -> None:
    for arguments in (("--profile", "mine"), ("--option", "retain-everything")):
        ended = alone("deidentify", BRAIN, "--out", "shared", *arguments)
        assert ended.status == 2
    assert not (alone.folder / "shared").exists()


def test_a_profile_by_environment_is_the_same_as_by_option(alone: CommandLine) -> None:
    import os
    import subprocess
    import sys

    alone.done("config", "set", "local.ae_title", "FROMENV")
    environment = {
        **os.environ,
        "WORKSTATION_CONFIG_DIR": str(alone.config),
        "WORKSTATION_DATA_DIR": str(alone.data),
    }
    done = subprocess.run(
        [sys.executable, "-m", "workstation", "config", "get", "local.ae_title"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout == "FROMENV\n"


def test_profiles_stay_apart(alone: CommandLine, tmp_path: Path) -> None:
    other = CommandLine(tmp_path / "other")
    other.folder.mkdir()
    alone.done("import", HIP)
    assert other.done("studies", "--json").out == ""
