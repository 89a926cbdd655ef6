"""A hidden folder beside the destination where an export grows until it is checked, then appears by one rename.

A folder left by a killed process is removed by the next export to the same place: its owner's lock is free.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from types import TracebackType

from workstation.domain.errors import LocalError
from workstation.jobs.ownership import Ownership
from workstation.services.deidentify import STAGING_PREFIX


def target_of(destination: Path) -> Path:
    """Where the export will appear: `destination` when it is new or empty, else the next `export-NNN` inside of it.

    A mount point cannot be replaced by a rename, so there it is always a folder inside. Raises LocalError.
    """
    if destination.exists() and not destination.is_dir():
        raise LocalError(path=destination, reason="there is a file of that name; a folder is needed")
    if not destination.exists():
        return destination
    replaceable = not destination.is_mount() and os.access(destination.absolute().parent, os.W_OK)
    visible = [entry for entry in destination.iterdir() if not entry.name.startswith(STAGING_PREFIX)]
    if not visible and replaceable and destination.resolve() != Path.cwd():
        return destination
    number = 1
    while (target := destination / f"export-{number:03}").exists():
        number += 1
    return target


class Staging:
    """`files` is the folder to fill; `release` makes it the target. Left without release, everything is gone."""

    def __init__(self, target: Path) -> None:
        target = target.absolute()
        self._target = target
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(target.parent)
        if target.is_dir():
            _remove_stale(target)
        self._folder = target.parent / f"{STAGING_PREFIX}{secrets.token_hex(6)}"
        self._folder.mkdir(mode=0o700)
        self._owner = Ownership(self._folder / "owner")
        self.files = self._folder / "files"
        self.files.mkdir()

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._owner.release()
        shutil.rmtree(self._folder, ignore_errors=True)

    def release(self) -> Path:
        """Rename the filled folder to the target: all of the export appears at once."""
        if self._target.is_dir():
            self._target.rmdir()  # empty, see target_of; where it is no longer, this fails and nothing is exported
        self.files.rename(self._target)
        return self._target


def _remove_stale(parent: Path) -> None:
    for folder in parent.glob(f"{STAGING_PREFIX}*"):
        if not (folder / "owner").is_dir():
            continue  # another process is just making it
        prober = Ownership(folder / "owner")
        alive = any(prober.is_alive(name) for name in prober.names() if name != prober.name)
        prober.release()
        if not alive:
            shutil.rmtree(folder, ignore_errors=True)
