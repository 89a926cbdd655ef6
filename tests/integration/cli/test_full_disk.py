"""A disk that is really full: a small file system of its own, where the system lets us mount one."""

from __future__ import annotations

import subprocess

from tests.support.command_line import CommandLine
from tests.support.small_disk import on_small_disk
from workstation.settings import resources


def test_an_import_that_fills_the_disk_says_so(alone: CommandLine) -> None:
    alone.data.mkdir()
    done = subprocess.run(
        on_small_disk(alone.data, 2, alone.command("import", resources() / "samples")),
        capture_output=True,
        text=True,
        env=alone.environment,
        check=False,
    )
    assert done.returncode == 1
    assert "no space left" in done.stderr
    assert "What to do: Free some space" in done.stderr
    assert "Traceback" not in done.stderr
