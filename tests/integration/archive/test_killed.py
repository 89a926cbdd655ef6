"""Processes that store are killed at random moments; whatever they leave, the archive is whole afterwards."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.support.testdata import REPOSITORY
from workstation.archive.local import LocalArchive
from workstation.domain.query import Query
from workstation.domain.study import Instance, Level

ROUNDS = 10  # of two processes each
_CHILD = """
import sys
from pathlib import Path
from tests.support.archive import ROOT, a_dataset, put
from workstation.archive.local import LocalArchive

archive = LocalArchive(Path(sys.argv[1]))
first = int(sys.argv[2]) * 100_000
print("ready", flush=True)
for number in range(first, first + 100_000):
    put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5.{number}", StudyInstanceUID=f"{ROOT}.{number // 10}",
                           SeriesInstanceUID=f"{ROOT}.{number // 10}.1", size=64))
    print(f"{ROOT}.5.{number}", flush=True)
    if number % 40 == 39:
        archive.delete_study(f"{ROOT}.{(number - 25) // 10}")
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")


def start(root: Path, *numbers: int) -> list[subprocess.Popen[str]]:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(root), str(number)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        )
        for number in numbers
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    return children


def kill(child: subprocess.Popen[str]) -> set[str]:
    """Kill it; the instances whose storing it had confirmed."""
    child.send_signal(signal.SIGKILL)
    output, _ = child.communicate()
    return set(output.splitlines())


def instances(archive: LocalArchive) -> set[str]:
    return {found.sop_instance_uid for found in archive.find(Query.where(Level.IMAGE)) if isinstance(found, Instance)}


def deleted(number: int) -> bool:
    """Whether the child deletes the study of this instance at some time."""
    return number // 10 % 4 == 1


def assert_whole(root: Path) -> set[str]:
    with closing(LocalArchive(root)) as archive:
        rows = instances(archive)
        files = [path for path in (root / "objects").rglob("*") if path.is_file()]
        assert {str(dcmread(path).SOPInstanceUID) for path in files} == rows
        assert len(files) == len(rows)
        assert archive.repaired.missing == ()
        assert archive.repaired.quarantined == 0
        assert archive.size_bytes() == sum(path.stat().st_size for path in files)
        assert not archive.repair().anything
    assert list((root / "incoming").iterdir()) == []
    return rows


@pytest.mark.timeout(280)
def test_a_kill_at_any_moment_leaves_a_whole_archive(tmp_path: Path) -> None:
    root, seed = tmp_path / "archive", random.randrange(1 << 30)
    moments = random.Random(seed)
    for number in range(ROUNDS):
        confirmed: set[str] = set()
        for child in start(root, 2 * number, 2 * number + 1):
            time.sleep(moments.random() * 0.2)
            confirmed |= kill(child)
        rows = assert_whole(root)
        lost = {uid for uid in confirmed if not deleted(int(uid.rpartition(".")[2]))} - rows
        assert not lost, f"stored and lost in round {number} of seed {seed}"


@pytest.mark.timeout(120)
def test_a_start_beside_a_storing_process_disturbs_it_not(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    living, dying = start(root, 1, 2)
    kill(dying)
    for _ in range(3):
        with closing(LocalArchive(root)) as archive:
            archive.repair()
            assert archive.repaired.quarantined == 0
    assert living.poll() is None
    assert kill(living)
    assert_whole(root)
