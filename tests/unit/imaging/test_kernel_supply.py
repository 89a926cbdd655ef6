"""The compiled loops come from the cache, are made where it has none, and are made again where it is damaged."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from workstation.imaging import compiled, kernel_build
from workstation.imaging.compiled import Compiled
from workstation.imaging.kernel_supply import KernelSupply
from workstation.settings import cache


@pytest.fixture(autouse=True)
def _nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled._Once, "compiled", None)


@pytest.fixture
def made(compiled_loops: Compiled, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was made, by copying what is there already."""
    content, files = compiled.file_in(cache()).read_bytes(), []

    def start(file: Path) -> subprocess.Popen[bytes]:
        files.append(file)
        file.write_bytes(content)
        return subprocess.Popen([sys.executable, "-c", ""])

    monkeypatch.setattr(kernel_build, "start", start)
    return files


def supply(folder: Path) -> KernelSupply:
    supply = KernelSupply(folder)
    supply.start()
    supply._thread.join(60)
    return supply


def test_what_the_cache_has_is_only_loaded(made: list[Path]) -> None:
    supply(cache()).close()
    assert compiled.loaded() is not None
    assert made == []


def test_what_the_cache_has_not_is_made_once(made: list[Path], tmp_path: Path) -> None:
    supply(tmp_path).close()
    supply(tmp_path).close()
    assert compiled.loaded() is not None
    assert made == [compiled.file_in(tmp_path)]


def test_a_damaged_file_is_made_again(made: list[Path], tmp_path: Path) -> None:
    compiled.file_in(tmp_path).write_bytes(b"half a file")
    supply(tmp_path).close()
    assert compiled.loaded() is not None
    assert made == [compiled.file_in(tmp_path)]


def test_without_a_compiler_images_are_drawn_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        kernel_build, "start", lambda _: subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    )
    with caplog.at_level(logging.WARNING):
        supply(tmp_path).close()
    assert compiled.loaded() is None
    assert "status 3" in caplog.text


def test_closing_ends_what_is_being_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forever = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    monkeypatch.setattr(kernel_build, "start", lambda _: forever)
    supply = KernelSupply(tmp_path)
    supply.start()
    supply.close()
    forever.communicate()
    assert not supply._thread.is_alive()
    assert compiled.loaded() is None
