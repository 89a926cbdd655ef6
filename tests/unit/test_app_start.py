"""The short way into the window: it does what the command line would do, without loading it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workstation import app
from workstation.domain.errors import ArchiveUnusable
from workstation.settings import Folders

PROGRAM = """
import os, sys
from workstation import app
os.environ.pop("OPENBLAS_NUM_THREADS", None)
app.open_window = lambda folders, paths: print("click" in sys.modules, os.environ["OPENBLAS_NUM_THREADS"], *paths)
sys.argv = ["workstation", *sys.argv[1:]]
app.main()
"""


def test_opening_files_needs_no_command_line_and_one_thread_for_matrices(tmp_path: Path) -> None:
    """One thread: OpenBLAS's others cost 0.06 s of CPU at the start of each process."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "open", str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["False", "1", str(tmp_path)], done.stderr


@pytest.mark.parametrize("arguments", [[], ["open"]])
def test_without_paths_the_window_alone_opens(arguments: list[str], opened: list[tuple[Path, ...]]) -> None:
    assert run(arguments) == 0
    assert opened == [()]


def test_relative_paths_are_made_absolute(
    opened: list[tuple[Path, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.dcm").touch()
    monkeypatch.chdir(tmp_path)
    assert run(["open", "a.dcm"]) == 0
    assert opened == [(tmp_path / "a.dcm",)]


@pytest.mark.parametrize("arguments", [["open", "nowhere.dcm"], ["open", ""], ["open", "--nonsense"], ["opne"]])
def test_what_is_wrong_is_a_usage_error_of_the_command_line(
    arguments: list[str], opened: list[tuple[Path, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert opened == []
    assert "Usage" in capsys.readouterr().err


def test_an_error_of_the_start_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_folders: Folders, _paths: tuple[Path, ...]) -> int:
        raise ArchiveUnusable(folder="archive", reason="newer")

    monkeypatch.setattr(app, "open_window", refuse)
    assert run(["open"]) == 1
    assert capsys.readouterr().err.startswith("Error: ")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, ...]]:
    """What the window was asked to open."""
    found: list[tuple[Path, ...]] = []

    def note(_folders: Folders, paths: tuple[Path, ...]) -> int:
        found.append(paths)
        return 0

    monkeypatch.setattr(app, "open_window", note)
    return found


def run(arguments: list[str]) -> int:
    """The exit status of the program."""
    with pytest.MonkeyPatch.context() as patched, pytest.raises(SystemExit) as ended:
        patched.setattr(sys, "argv", ["workstation", *arguments])
        patched.setenv("OPENBLAS_NUM_THREADS", "1")
        app.main()
    code = ended.value.code
    assert isinstance(code, int)
    return code
