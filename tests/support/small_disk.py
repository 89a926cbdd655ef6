"""A disk that is really full: a small file system of its own, for one command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.support.testdata import unavailable


def on_small_disk(folder: Path, megabytes: int, command: Sequence[str]) -> list[str]:
    """`command`, for which `folder` is a disk of that size, empty at the start; skips where we may not mount."""
    entering = _entering()
    if not entering:
        unavailable("the right to mount a small file system: root on Linux, or user namespaces")
    script = f'mount -t tmpfs -o size={megabytes}m none "$0" || exit 99; "$@"; status=$?; umount "$0"; exit $status'
    return [*entering, "sh", "-c", script, str(folder), *command]


@cache
def _entering() -> tuple[str, ...]:
    """How to enter a mount namespace here; inside a chroot the propagation of its root cannot be changed."""
    if shutil.which("unshare") is None or not sys.platform.startswith("linux"):
        return ()
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    for options in ([], ["--propagation", "unchanged"]):
        command = ["unshare", "--mount", *user, *options]
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return tuple(command)
    return ()
