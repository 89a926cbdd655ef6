"""What a job needs to go on and must not stand in the journal, such as paths: a file each, for the user's eyes only.

The folder lies beside the journal (mode 0700, files 0600; on Windows inside the user's own profile). A file goes
when its job has succeeded, when the journal forgets the job, and after a month.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

KEPT_S = 30 * 24 * 3600.0


class PrivateFiles:
    """One text per job. Raises OSError where the disk does not want it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, job_id: int, text: str) -> None:
        """Durable, and never readable by others, not even for a moment."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self.remove(job_id)
        descriptor = os.open(self._path(job_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def read(self, job_id: int) -> str | None:
        try:
            return self._path(job_id).read_text("utf-8", "surrogateescape")
        except FileNotFoundError:
            return None

    def remove(self, job_id: int) -> None:
        with suppress(OSError):
            self._path(job_id).unlink()

    def keep_only(self, job_ids: Collection[int]) -> None:
        """Remove those of other jobs, and those that are too old."""
        oldest = time.time() - KEPT_S
        for path in self._folder.glob("*.json"):
            with suppress(OSError):
                wanted = path.stem.isdigit() and int(path.stem) in job_ids
                if not wanted or path.stat().st_mtime < oldest:
                    path.unlink()

    def _path(self, job_id: int) -> Path:
        return self._folder / f"{job_id}.json"
