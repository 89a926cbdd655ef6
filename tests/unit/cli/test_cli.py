from __future__ import annotations

import errno
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner, Result

from tests.support.fake_archive import FakeArchive
from tests.support.fake_peers import NODE, STUDY, WEB_NODE, FakeInbox, FakeListener, FakePeer
from workstation import cli
from workstation.domain.errors import DiskFull, PeerAborted, UnknownMoveDestination
from workstation.domain.person_name import PersonName
from workstation.domain.study import Study
from workstation.domain.worklist import WorklistItem
from workstation.jobs.journal import Journal
from workstation.jobs.runner import JobRunner
from workstation.services import echo, retrieve, search, send
from workstation.services.broadcast import Broadcast
from workstation.settings import Folders, Settings, load, save


class Scene:
    """The command line on a profile with fakes outside and the real runner inside."""

    def __init__(self, folder: Path) -> None:
        self.folders = Folders(folder / "config", folder / "data")
        self.archive_folder = folder / "archive"
        self.archive_folder.mkdir()
        self.archive = FakeArchive(self.archive_folder)
        self.listener = FakeListener()
        self.dimse = FakePeer(self.archive, listener=self.listener)
        self.web = FakePeer(self.archive)
        self.opened: list[tuple[Path, ...]] = []
        self.demos: list[tuple[bool, Path | None]] = []
        save(Settings(nodes=(NODE,)), self.folders)

    @contextmanager
    def workplace(self, folders: Folders):
        broadcast = Broadcast()
        peers = {"find_node": load(folders).node, "dimse": self.dimse, "web": self.web}
        runner = JobRunner(
            {
                search.SearchStudies: lambda command, context: search.run_search(
                    command, context, archive=self.archive, publish=broadcast.publish, **peers
                ),
                search.ListWorklist: lambda command, context: search.run_worklist(
                    command, context, find_node=peers["find_node"], dimse=self.dimse, publish=broadcast.publish
                ),
                echo.EchoNode: lambda command, context: echo.run_echo(command, context, **peers),
                retrieve.RetrieveStudy: lambda command, context: retrieve.run_retrieve(
                    command,
                    context,
                    archive=self.archive,
                    inbox=FakeInbox(self.archive),
                    listener=self.listener,
                    **peers,
                ),
                send.SendFiles: lambda command, context: send.run_send(command, context, archive=self.archive, **peers),
            },
            broadcast.publish,
            Journal(folders.data / "jobs.sqlite"),
        )
        try:
            yield SimpleNamespace(runner=runner, subscribe=broadcast.subscribe, publish=broadcast.publish)
        finally:
            runner.close()

    def __call__(self, *arguments: str) -> Result:
        def open_window(folders: Folders, paths: tuple[Path, ...]) -> int:
            assert folders == self.folders
            self.opened.append(paths)
            return 0

        def run_demo(headless: bool, screenshots: Path | None) -> int:
            self.demos.append((headless, screenshots))
            return 1

        program = cli.build(open_workplace=self.workplace, open_window=open_window, run_demo=run_demo)
        profile = ["--config-dir", str(self.folders.config), "--data-dir", str(self.folders.data)]
        result = CliRunner().invoke(program, [*profile, *arguments], prog_name="workstation")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result


@pytest.fixture
def call(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_without_a_command_the_window_opens(call: Scene) -> None:
    assert call().exit_code == 0
    assert call.opened == [()]


def test_open_hands_absolute_paths_to_the_window(call: Scene, tmp_path: Path) -> None:
    assert call("open", str(tmp_path)).exit_code == 0
    assert call.opened == [(tmp_path,)]
    assert call("open", str(tmp_path / "absent")).exit_code == 2


def test_demo_ends_with_the_status_of_its_run(call: Scene) -> None:
    assert call("demo", "--headless", "--screenshots", "pictures").exit_code == 1
    assert call.demos == [(True, Path("pictures"))]
    assert call("demo", "--screenshots", "pictures").exit_code == 2


def test_help_lists_every_verb_of_the_contract(call: Scene) -> None:
    verbs = ["open", "demo", "config", "node", "echo", "find", "retrieve", "send", "import", "studies", "info"]
    verbs += ["render", "worklist", "deidentify", "jobs"]
    text = call("--help").output
    for verb in verbs:
        assert f"  {verb} " in text
        help_of_verb = call(verb, "--help")
        assert help_of_verb.exit_code == 0
        assert help_of_verb.output.startswith(f"Usage: workstation {verb}")


def test_a_mistyped_verb_suggests_the_right_one(call: Scene) -> None:
    result = call("retreive")
    assert result.exit_code == 2
    assert "retrieve" in result.stderr


def test_help_loads_neither_qt_nor_pydicom_nor_numpy() -> None:
    script = (
        "import sys; from workstation import cli\n"
        "program = cli.build(open_workplace=None, open_window=None, run_demo=None)\n"
        "program(['--help'], standalone_mode=False)\n"
        "sys.exit(sorted({'PySide6', 'pydicom', 'pynetdicom', 'numpy', 'tomlkit', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.strip() in ("", "[]")


# --- settings and nodes --------------------------------------------------------------------------


def test_config_gets_what_it_set(call: Scene) -> None:
    assert call("config", "set", "local.ae_title", "WS1").exit_code == 0
    assert call("config", "get", "local.ae_title").stdout == "WS1\n"
    assert call("config", "get", "local.port", "--json").stdout == '{"key": "local.port", "value": 11112}\n'
    assert call("config", "path").stdout == f"{call.folders.settings_file}\n"
    assert "local.ae_title" in call("config").stdout
    assert '{"key": "local.ae_title", "value": "WS1"}' in call("config", "--json").stdout


@pytest.mark.parametrize(
    "arguments", [("get", "local.prot"), ("set", "local.port", "x"), ("set", "local.ae_title", "A" * 17), ("set", "x")]
)
def test_a_wrong_key_or_value_is_a_usage_error(call: Scene, arguments: tuple[str, ...]) -> None:
    before = call.folders.settings_file.read_text()
    result = call("config", *arguments)
    assert result.exit_code == 2
    assert "Error:" in result.stderr
    assert call.folders.settings_file.read_text() == before


def test_a_broken_settings_file_is_named_with_key_and_remedy(call: Scene) -> None:
    call.folders.settings_file.write_text("[local]\nport = 'x'\n")
    result = call("node", "list")
    assert result.exit_code == 1
    for text in (str(call.folders.settings_file), "local.port", "What to do:"):
        assert text in result.stderr


def test_nodes_are_added_listed_and_removed(call: Scene) -> None:
    add = ("node", "add", "arc", "--aet", "ARC", "--host", "h", "--port", "104", "--web", "http://h/dicom-web")
    assert call(*add).exit_code == 0
    assert '"name": "arc", "ae_title": "ARC", "host": "h", "port": 104' in call("node", "list", "--json").stdout
    assert call(*add).exit_code == 2
    assert call("node", "remove", "arc").exit_code == 0
    assert "arc" not in call("node", "list").stdout
    missing = call("node", "remove", "arc")
    assert missing.exit_code == 2
    assert "PACS" in missing.stderr


def test_a_node_needs_address_and_title_unless_it_has_a_web_address(call: Scene) -> None:
    result = call("node", "add", "x", "--aet", "A")
    assert result.exit_code == 2
    assert "--host, --port" in result.stderr
    assert call("node", "add", "x", "--web", "https://h:8443/dw").exit_code == 0
    assert load(call.folders).node("x").port == 8443
    assert call("node", "add", "y", "--aet", "A" * 17, "--host", "h", "--port", "1").exit_code == 2


# --- searching -----------------------------------------------------------------------------------


def test_find_prints_one_record_of_keywords_a_line(call: Scene) -> None:
    call.dimse.matches = [Study("1.1", PersonName("DOE^J", "ドウ"), modalities=("CT", "SR")), Study("1.2")]
    result = call("find", "PACS", "--all", "--json")
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert '"PatientName": "DOE^J=ドウ"' in first
    assert '"ModalitiesInStudy": ["CT", "SR"]' in first
    assert '"StudyInstanceUID": "1.2"' in second


def test_find_sends_level_and_keys(call: Scene) -> None:
    assert call("find", "PACS").exit_code == 2
    assert call("find", "PACS", "--where", "PatientName=*").exit_code == 2
    assert call.dimse.asked_for("find") == []
    call("find", "PACS", "--level", "series", "--where", "StudyInstanceUID=1.2", "--where", "Modality=CT")
    (query,) = call.dimse.asked_for("find")
    assert query.level == "series"
    assert query.keys == (("StudyInstanceUID", "1.2"), ("Modality", "CT"))


def test_tables_align_wide_characters_and_pass_no_control_characters_on(call: Scene) -> None:
    call.dimse.matches = [
        Study("1.1", PersonName("山田^太郎"), description="X\x1b[31mY"),
        Study("1.2", PersonName("DOE^J")),
    ]
    lines = call("find", "PACS", "--all").stdout.splitlines()
    assert "\x1b" not in "".join(lines)
    assert lines[1].index("1.1") + 4 == lines[2].index("1.2")  # four characters of two columns each


@pytest.mark.parametrize("where", ["PatentName=x", "PatientName"])
def test_a_wrong_key_suggests_keywords(call: Scene, where: str) -> None:
    result = call("find", "PACS", "--where", where)
    assert result.exit_code == 2
    assert "PatientName" in result.stderr
    assert call.dimse.asked == []


def test_an_unknown_node_lists_the_known_ones(call: Scene) -> None:
    for verb in (["echo"], ["find"], ["worklist"], ["retrieve", "--study", "1.2"], ["send", "--study", "1.2"]):
        result = call(verb[0], "NIX", *verb[1:])
        assert result.exit_code == 2
        assert "Known: PACS" in result.stderr


def test_matches_before_an_error_are_printed_and_the_call_fails(call: Scene) -> None:
    call.dimse.matches = [Study("1.1")]
    call.dimse.errors["find:end"] = PeerAborted(node="PACS")
    for arguments in (("find", "PACS", "--all", "--json"), ("find", "PACS", "--all")):
        result = call(*arguments)
        assert result.exit_code == 1
        assert "1.1" in result.stdout
        assert "Error:" in result.stderr


def test_a_reader_that_has_seen_enough_is_no_fault_of_ours(
    call: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def closed(_: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("workstation.cli.matches.print_json", closed)
    call.dimse.matches = [Study("1.1"), Study("1.2")]
    result = call("find", "PACS", "--all", "--json")
    assert result.exit_code == 1
    assert result.stderr == ""
    assert not caplog.records


def test_worklist_prints_keywords(call: Scene) -> None:
    call.dimse.worklist = [WorklistItem("PACS", "20260102", "0900"), WorklistItem("PACS", "20260102", "0800")]
    result = call("worklist", "PACS", "--json", "--date", "20260102")
    first, second = result.stdout.splitlines()
    assert '"ScheduledProcedureStepStartTime": "0800"' in first
    assert '"ScheduledProcedureStepStartTime": "0900"' in second
    assert call("worklist", "PACS", "--date", "tomorrow").exit_code == 2


def test_every_field_of_a_worklist_item_has_a_keyword() -> None:
    from dataclasses import fields

    from workstation.cli.worklist import KEYWORDS
    from workstation.dicom.keywords import is_keyword

    assert set(KEYWORDS) == {field.name for field in fields(WorklistItem)}
    assert all(is_keyword(keyword) for name, keyword in KEYWORDS.items() if name != "node")


# --- transfers -----------------------------------------------------------------------------------


def test_retrieve_reports_counts_and_ends_with_0(call: Scene) -> None:
    call.dimse.studies = {STUDY: {"1.2.3.1": ["1.1", "1.2"]}}
    result = call("retrieve", "PACS", "--study", STUDY, "--json")
    assert result.exit_code == 0
    for text in ('"expected": 2', '"received": 2', '"stored": 2', '"method": "get"', '"state": "succeeded"'):
        assert text in result.stdout
    assert "2 already here" in call("retrieve", "PACS", "--study", STUDY).stdout


def test_an_incomplete_retrieval_ends_with_3_and_says_why(call: Scene) -> None:
    call.dimse.studies = {STUDY: {"1.2.3.1": ["1.1", "1.2"]}}
    call.dimse.withheld = {"1.2"}
    result = call("retrieve", "PACS", "--study", STUDY, "--json")
    assert result.exit_code == 3
    assert '"missing": ["1.2"]' in result.stdout
    assert '"code": "incomplete-transfer"' in result.stdout
    assert "What to do:" in result.stderr


def test_a_failed_retrieval_ends_with_1_and_its_own_sentence(call: Scene) -> None:
    call.dimse.studies = {STUDY: {"1.2.3.1": ["1.1"]}}
    call.dimse.errors["move"] = UnknownMoveDestination(node="PACS", our_ae_title="WS1", our_port=104)
    result = call("retrieve", "PACS", "--study", STUDY, "--method", "move")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "AE title WS1" in result.stderr


def test_a_full_disk_says_so(call: Scene) -> None:
    call.dimse.studies = {STUDY: {"1.2.3.1": ["1.1"]}}
    call.dimse.errors["get"] = DiskFull(path="/data")
    result = call("retrieve", "PACS", "--study", STUDY, "--json")
    assert result.exit_code == 1
    assert '"error": {"code": "disk-full"' in result.stdout
    assert "no space left" in result.stderr


def test_several_series_are_one_job_each_and_mixed_ends_are_partly_done(call: Scene) -> None:
    call.dimse.studies = {STUDY: {"1.2.3.1": ["1.1"], "1.2.3.2": ["2.1"]}}
    call.dimse.withheld = {"2.1"}
    result = call("retrieve", "PACS", "--study", STUDY, "--series", "1.2.3.1", "--series", "1.2.3.2", "--json")
    assert result.exit_code == 3
    assert len(result.stdout.splitlines()) == 2


def test_what_is_no_uid_is_a_usage_error(call: Scene) -> None:
    assert call("retrieve", "PACS", "--study", "../../etc").exit_code == 2
    assert call("retrieve", "PACS").exit_code == 2


def test_send_needs_files_or_a_study_but_not_both(call: Scene, tmp_path: Path) -> None:
    assert call("send", "PACS").exit_code == 2
    assert call("send", "PACS", str(tmp_path), "--study", "1.2").exit_code == 2


def test_echo_of_a_node_with_two_ways_shows_both(call: Scene) -> None:
    save(Settings(nodes=(WEB_NODE,)), call.folders)
    text = call("echo", "PACS").stdout
    assert "C-ECHO" in text and "DICOMweb" in text


# --- jobs ----------------------------------------------------------------------------------------


def test_jobs_lists_what_was_done_and_resume_repeats_it(call: Scene) -> None:
    call.dimse.studies = {STUDY: {"1.2.3.1": ["1.1"]}}
    call.dimse.errors["get"] = DiskFull(path="/data")
    call("retrieve", "PACS", "--study", STUDY)
    listed = call("jobs", "--json").stdout
    assert '"state": "failed"' in listed and '"code": "disk-full"' in listed
    assert call("jobs", "list").stdout.splitlines()[1].startswith("1 ")
    del call.dimse.errors["get"]
    assert call("jobs", "resume", "1").exit_code == 0
    assert '"state": "succeeded"' in call("jobs", "--json").stdout


def test_resume_without_anything_interrupted_is_done(call: Scene) -> None:
    assert call("jobs", "resume").exit_code == 0


def test_a_job_that_does_not_exist_is_named(call: Scene) -> None:
    for verb in ("resume", "cancel"):
        result = call("jobs", verb, "77")
        assert result.exit_code == 1
        assert "Job 77" in result.stderr


def test_ctrl_c_while_opening_says_cancelled(call: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Folders) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(call, "workplace", interrupted)
    result = call("studies")
    assert result.exit_code == 1
    assert "cancelled" in result.stderr


def test_commands_are_click_commands() -> None:
    program = cli.build(open_workplace=None, open_window=None, run_demo=None)  # type: ignore[arg-type]
    context = click.Context(program)
    assert all(isinstance(program.get_command(context, name), click.Command) for name in program.list_commands(context))
