"""The archive's folder: where files lie, and moves that a power cut cannot halve.

Names on disk are made here, from digests; nothing that a file or a peer says becomes a path.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from workstation.domain.errors import ArchiveUnusable, DiskFull, LocalError

_FULL = (errno.ENOSPC, errno.EDQUOT) if sys.platform != "win32" else (errno.ENOSPC,)
WHOLE = ".whole"  # the suffix of an incoming file that has arrived
RESERVE_BYTES = 4 * 1024 * 1024
_LONG_VRS = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of an archive under `root`."""

    root: Path

    @property
    def index(self) -> Path:
        return self.root / "index.sqlite"

    @property
    def objects(self) -> Path:
        return self.root / "objects"

    @property
    def incoming(self) -> Path:
        return self.root / "incoming"

    @property
    def conflicts(self) -> Path:
        return self.root / "conflicts"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def owners(self) -> Path:
        return self.root / "owners"

    @property
    def reserve(self) -> Path:
        return self.root / "reserve"

    @property
    def distrusted(self) -> Path:
        """Its presence says that the index was found damaged while it was in use."""
        return self.root / "index.distrusted"

    def object(self, sop_instance_uid: str) -> Path:
        name = _name(sop_instance_uid)
        return self.objects / name[:2] / f"{name}.dcm"

    def conflict(self, sop_instance_uid: str, digest: str) -> Path:
        return self.conflicts / f"{_name(sop_instance_uid)}-{digest[:16]}.dcm"

    def prepare(self) -> None:
        for folder in (self.root, self.objects, self.incoming, self.conflicts, self.quarantine, self.owners):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.objects / "ff").is_dir():
            for number in range(256):
                (self.objects / f"{number:02x}").mkdir(mode=0o700, exist_ok=True)
            make_durable(self.objects)

    def object_files(self) -> Iterator[Path]:
        """Every file in `objects`, in no order."""
        with os.scandir(self.objects) as folders:
            for folder in folders:
                if folder.is_dir(follow_symlinks=False):
                    with os.scandir(folder) as entries:
                        yield from (Path(entry.path) for entry in entries)


class Incoming:
    """Names for files about to arrive, in a folder that belongs to this process alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def new_path(self) -> Path:
        with self._lock:
            number = next(self._numbers)
            if number == 1:
                self.folder.mkdir(mode=0o700, exist_ok=True)
        return self.folder / f"{number}.part"

    def complete(self, path: Path) -> Path:
        """Mark `path` as whole by its name: the next start takes it in should this process be killed first."""
        self.require(path)
        whole = path.with_suffix(WHOLE)
        path.rename(whole)
        return whole

    def require(self, path: Path) -> None:
        """Guard against a caller's mistake: taking in consumes the file."""
        if path.parent != self.folder:
            raise ValueError("only a path from new_incoming can be taken in")

    def remove(self) -> None:
        """Leave nothing half behind; what is whole stays for the next start, should it not be in the archive yet."""
        with suppress(OSError):
            for path in self.folder.iterdir():
                if path.suffix != WHOLE:
                    path.unlink(missing_ok=True)
            self.folder.rmdir()


class Reserve:
    """Room set aside, so that on a full disk a study can still be deleted: the index must grow to shrink."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def set_aside(self) -> None:
        """Take the room, where there is any."""
        if self._path.exists():
            return
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            temporary.write_bytes(bytes(RESERVE_BYTES))
            temporary.replace(self._path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()

    def release(self) -> bool:
        """Give the room back; whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True


@contextmanager
def translated(root: Path) -> Iterator[None]:
    """Raise what the file system says as ours."""
    try:
        yield
    except OSError as error:
        raise local_error(root, error) from error


def local_error(root: Path, error: OSError) -> LocalError:
    if error.errno in _FULL:
        return DiskFull(path=root)
    return ArchiveUnusable(path=root, reason=os.strerror(error.errno) if error.errno else type(error).__name__)


def make_durable(path: Path) -> None:
    """Wait until the content of a file or the names in a folder are on the disk."""
    if path.is_dir() and sys.platform == "win32":  # Windows has no such call, NTFS journals names itself
        return
    descriptor = os.open(path, os.O_RDONLY if sys.platform != "win32" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move_durably(source: Path, target: Path) -> None:
    """Rename within the file system; `source` must be durable already."""
    source.replace(target)
    make_durable(target.parent)


def dataset_digest(path: Path) -> str:
    """SHA-256 of what follows the file meta information, which every application writes differently."""
    with path.open("rb") as file:
        file.seek(_dataset_start(file))
        return hashlib.file_digest(file, "sha256").hexdigest()


def _dataset_start(file: BinaryIO) -> int:
    """The offset of the first element after group 0002 (PS3.10 7.1), 0 where there is no preamble."""
    if file.read(132)[128:] != b"DICM":
        return 0
    position = 132
    while True:
        file.seek(position)
        header = file.read(12)
        if header[:2] != b"\x02\x00" or len(header) < 12:
            return position
        if header[4:6] in _LONG_VRS:
            position += 12 + int.from_bytes(header[8:12], "little")
        else:
            position += 8 + int.from_bytes(header[6:8], "little")


def _name(sop_instance_uid: str) -> str:
    return hashlib.sha256(sop_instance_uid.encode()).hexdigest()
