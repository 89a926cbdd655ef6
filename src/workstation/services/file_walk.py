"""Which regular files lie under the paths a person named: folders opened, links followed once, the rest left alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from workstation.domain.errors import InputError


class FileWalk:
    """Iterates over files, folder by folder in the order of names; `problems` tells what could not be looked at.

    FIFOs, sockets and devices are skipped: reading one may block for ever. A folder is entered once,
    however many links lead to it.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = list(paths)
        self._entered: set[tuple[int, int]] = set()
        self._met: set[Path] = set()
        self.problems: list[InputError] = []

    def __iter__(self) -> Iterator[Path]:
        for path in self._paths:
            yield from self._walk(path)

    def _walk(self, start: Path) -> Iterator[Path]:
        waiting = [start]
        while waiting:
            path = waiting.pop()
            try:
                status = path.stat()
                if stat.S_ISDIR(status.st_mode):
                    waiting.extend(self._inside(path, (status.st_dev, status.st_ino)))
                elif stat.S_ISREG(status.st_mode) and path not in self._met:
                    self._met.add(path)
                    yield path
            except OSError as error:
                if path is start or not path.is_symlink():  # a link into nowhere inside a folder is no loss
                    self.problems.append(unreadable(path, error))

    def _inside(self, folder: Path, identity: tuple[int, int]) -> list[Path]:
        if identity in self._entered:
            return []
        self._entered.add(identity)
        with os.scandir(folder) as entries:
            return sorted((Path(entry.path) for entry in entries), reverse=True)


def unreadable(path: Path, error: OSError) -> InputError:
    """A file of the user's that the file system does not give us."""
    return InputError(path=path, reason=os.strerror(error.errno) if error.errno else type(error).__name__)
