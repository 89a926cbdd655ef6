"""A disk that is really full: a small file system of its own, where the system lets us mount one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.small_disk import on_small_disk
from tests.support.testdata import REPOSITORY

_CHILD = """
import sys
from pathlib import Path
from tests.support.archive import a_dataset, put, ROOT
from workstation.archive.local import LocalArchive
from workstation.domain.errors import DiskFull
from workstation.services.ports import StoreOutcome
from workstation.services.ingest import ImportPaths, run_import
from workstation.jobs.runner import JobContext

root = Path(sys.argv[1]) / "archive"
archive, stored = LocalArchive(root), 0
source = Path(sys.argv[2])

class Context:
    def progress(self, progress): pass
    def warn(self, text): pass

from tests.support.archive import write
try:
    for number in range(1000):
        path = write(a_dataset(size=128), source / "one.dcm")
        run_import(ImportPaths((str(path),)), Context(), archive=archive, publish=lambda event: None)
        stored += 1
except DiskFull as error:
    print(error.code)
files = [path for path in (root / "objects").rglob("*") if path.is_file()]
assert stored > 3, stored
assert len(files) == stored == len(archive.instance_uids(f"{ROOT}.1")), (len(files), stored)
assert all(path.stat().st_size > 32768 for path in files)
assert [path for path in (root / "incoming").rglob("*") if path.is_file()] == []
archive.delete_study(f"{ROOT}.1")
assert put(archive, a_dataset(size=128)) is StoreOutcome.STORED
archive.close()
archive = LocalArchive(root)
assert not archive.repaired.anything
archive.close()
print("whole")
"""


def test_a_full_disk_is_said_and_the_archive_stays_whole(tmp_path: Path) -> None:
    small, source = tmp_path / "small", tmp_path / "source"
    small.mkdir()
    source.mkdir()
    done = subprocess.run(
        on_small_disk(small, 7, [sys.executable, "-c", _CHILD, str(small), str(source)]),
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
    )

    assert done.stdout.split() == ["disk-full", "whole"], done.stderr
