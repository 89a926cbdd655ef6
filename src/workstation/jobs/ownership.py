"""Which of our processes still live: each holds a lock on a file of its own, freed by the kernel when it ends.

A process id would not do: ids are reused, and a killed process cannot clean up after itself.
"""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class Ownership:
    """This process's mark in `folder`, and the question whether another's still lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            self.name = f"{os.getpid()}-{secrets.token_hex(8)}"
            descriptor = os.open(self._path(self.name), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            # Another process may probe the file between its making and its locking, and remove it.
            if _try_lock(descriptor) and self._path(self.name).exists():
                break
            os.close(descriptor)
        self._descriptor: int | None = descriptor

    def is_alive(self, name: str) -> bool:
        """Whether the process that owns `name` still runs; the mark of a dead one is removed."""
        if name == self.name:
            return self._descriptor is not None
        try:
            descriptor = os.open(self._path(name), os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # not ours to open: better to leave its work alone
        try:
            if not _try_lock(descriptor):
                return True
            with suppress(OSError):
                self._path(name).unlink()
            return False
        finally:
            os.close(descriptor)

    def names(self) -> list[str]:
        """Every mark in the folder, of the living and the dead."""
        return sorted(path.stem for path in self._folder.glob("*.lock"))

    def release(self) -> None:
        """Give the mark up, as the end of the process would."""
        if self._descriptor is not None:
            with suppress(OSError):
                self._path(self.name).unlink()
            os.close(self._descriptor)
            self._descriptor = None

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"
