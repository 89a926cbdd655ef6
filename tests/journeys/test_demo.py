"""`workstation demo --headless`: the whole journey of the window on the embedded PACS, as `dev.py run` makes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.testdata import unavailable

PAGES = ("studies", "worklist", "viewer", "export", "activity", "settings")
STEPS = ("query", "retrieve", "open", "window/level", "de-identify", "export", "worklist")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The program without a display, so that it has to bring its own."""
    if not shutil.which("Xvfb"):
        unavailable("Xvfb (Debian: xvfb)")
    folder, temporary = tmp_path_factory.mktemp("demo"), tmp_path_factory.mktemp("tmp")
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment["TMPDIR"] = str(temporary)
    command = [sys.executable, "-m", "workstation", "demo", "--headless", "--screenshots", str(folder)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, check=False)
    assert list(temporary.iterdir()) == [], "the profile is thrown away at the end"
    return ended, folder


def test_every_step_says_what_it_did(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    ended, _ = demo
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = ended.stdout.splitlines()
    assert "virtual screen" in lines[0]
    assert [line.split()[0] for line in lines[1 : len(STEPS) + 1]] == list(STEPS)
    assert "expected 94 = stored 94" in ended.stdout


def test_there_is_a_picture_of_every_page(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, folder = demo
    pictures = {page: np.asarray(Image.open(folder / f"{page}.png").convert("L")) for page in PAGES}
    for page, picture in pictures.items():
        assert picture.shape == (1000, 1600), page
        assert len(np.unique(picture)) > 50, f"{page} is blank"
    # The rail at the left shows which page is open, the rest is the page.
    assert len({picture[:, 64:].tobytes() for picture in pictures.values()}) == len(PAGES)


def test_the_viewer_shows_an_image(
    demo: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, folder = demo
    middle = np.asarray(Image.open(folder / "viewer.png").convert("L"))[200:800, 500:1000]
    assert middle.std() > 20
