"""A disk that is really full: a small file system of its own, where the system lets us mount one."""

from __future__ import annotations

import os
import shlex
import subprocess

import pytest

from tests.integration.archive.test_full_disk import can_mount
from tests.support.command_line import CommandLine
from workstation.settings import resources


@pytest.mark.skipif(not can_mount(), reason="needs to mount a file system: run as root on Linux")
def test_an_import_that_fills_the_disk_says_so(alone: CommandLine) -> None:
    alone.data.mkdir()
    call = shlex.join(alone.command("import", resources() / "samples"))
    options = [] if os.geteuid() == 0 else ["--map-root-user"]
    done = subprocess.run(
        ["unshare", "--mount", *options, "sh", "-c", f"mount -t tmpfs -o size=2m none {alone.data} && {call}"],
        capture_output=True,
        text=True,
        env=alone.environment,
        check=False,
    )
    assert done.returncode == 1
    assert "no space left" in done.stderr
    assert "What to do: Free some space" in done.stderr
    assert "Traceback" not in done.stderr
