from __future__ import annotations

import io

import pytest

from workstation.cli import output
from workstation.cli.output import ProgressLine, print_facts, print_json, print_table
from workstation.domain.events import JobChanged
from workstation.domain.job import Job, JobState, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def changed(progress: Progress, state: JobState = JobState.RUNNING) -> JobChanged:
    return JobChanged(Job(1, "retrieve", "PACS:transfer", "1.2", state, progress))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setattr(output, "_REDRAW_S", 0.0)
    return Terminal()


def test_a_terminal_shows_instances_bytes_and_failures(terminal: Terminal) -> None:
    line = ProgressLine("PACS", terminal)
    line(changed(Progress(12, 24, 5_000_000, 1, "by GET")))
    assert "PACS  [############------------] 12/24  5.0 MB  1 failed  by GET" in terminal.getvalue()


def test_the_line_is_taken_away_at_the_end(terminal: Terminal) -> None:
    line = ProgressLine("PACS", terminal)
    line(changed(Progress(1, 2)))
    shown = terminal.getvalue()
    line.clear()
    assert terminal.getvalue()[len(shown) :].strip(" \r") == ""


def test_a_total_that_is_not_known_shows_the_count(terminal: Terminal) -> None:
    ProgressLine("PACS", terminal)(changed(Progress(7)))
    assert "PACS  7" in terminal.getvalue()


def test_no_terminal_gets_no_progress() -> None:
    pipe = io.StringIO()
    line = ProgressLine("PACS", pipe)
    line(changed(Progress(1, 2)))
    line.clear()
    assert pipe.getvalue() == ""


def test_json_keeps_other_scripts_readable(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"PatientName": "山田^太郎"})
    assert capsys.readouterr().out == '{"PatientName": "山田^太郎"}\n'


def test_tables_have_headings_and_no_trailing_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("a", "long"), [("xyz", None), (1, ("CT", "SR"))])
    assert capsys.readouterr().out == "A    LONG\nxyz\n1    CT\\SR\n"


def test_facts_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts([("File", "x"), ("Transfer syntax", "y\nz")])
    assert capsys.readouterr().out == "File             x\nTransfer syntax  y�z\n"
