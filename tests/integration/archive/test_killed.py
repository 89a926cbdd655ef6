"""Processes that store are killed at random moments; whatever they leave, the archive is whole afterwards."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.support.testdata import REPOSITORY
from workstation.archive.local import LocalArchive
from workstation.domain.query import Query
from workstation.domain.study import Instance, Level

ROUNDS = 15  # of two processes each
# Forks the storing processes, because starting Python anew for each would take most of the time.
_NURSERY = """
import os, sys, threading
from pathlib import Path
from tests.support.archive import ROOT, a_dataset, put
from workstation.archive.local import LocalArchive

def store(root, first, confirmed):
    archive = LocalArchive(root)
    for number in range(first, first + 100_000):
        put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5.{number}", StudyInstanceUID=f"{ROOT}.{number // 10}",
                               SeriesInstanceUID=f"{ROOT}.{number // 10}.1", size=64))
        os.write(confirmed, f"{ROOT}.5.{number}\\n".encode())
        if number % 40 == 39:
            archive.delete_study(f"{ROOT}.{(number - 25) // 10}")

def report_end(child, number):
    os.waitpid(child, 0)
    print("ended", number, flush=True)

for line in sys.stdin:
    number = int(line)
    child = os.fork()
    if child == 0:
        confirmed = os.open(f"{sys.argv[1]}.{number}", os.O_WRONLY | os.O_CREAT)
        store(Path(sys.argv[1]), number * 100_000, confirmed)
    print(child, flush=True)
    threading.Thread(target=report_end, args=(child, number)).start()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")


class Nursery:
    """Makes processes that store into the archive at `root` until they are killed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._process = subprocess.Popen(
            [sys.executable, "-c", _NURSERY, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )
        self._children: dict[int, int] = {}

    def start(self, number: int) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()
        self._children[number] = int(self._process.stdout.readline())
        return number

    def kill(self, number: int) -> set[str]:
        """End it at once; the instances whose storing it had confirmed."""
        os.kill(self._children.pop(number), signal.SIGKILL)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == f"ended {number}\n"
        confirmed = self._confirmed(number)
        return set(confirmed.read_text().splitlines()) if confirmed.exists() else set()

    def wait_until_stored(self, number: int) -> None:
        deadline = time.monotonic() + 60
        while not self._confirmed(number).exists() or not self._confirmed(number).stat().st_size:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def close(self) -> None:
        for number in list(self._children):
            self.kill(number)
        self._process.communicate()

    def _confirmed(self, number: int) -> Path:
        return self.root.with_name(f"{self.root.name}.{number}")


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    with closing(Nursery(tmp_path / "archive")) as made:
        yield made


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
def test_a_kill_at_any_moment_leaves_a_whole_archive(nursery: Nursery) -> None:
    seed = random.randrange(1 << 30)
    moments = random.Random(seed)
    for number in range(ROUNDS):
        confirmed: set[str] = set()
        for child in [nursery.start(2 * number), nursery.start(2 * number + 1)]:
            time.sleep(moments.random() * 0.15)
            confirmed |= nursery.kill(child)
        rows = assert_whole(nursery.root)
        lost = {uid for uid in confirmed if not deleted(int(uid.rpartition(".")[2]))} - rows
        assert not lost, f"stored and lost in round {number} of seed {seed}"
    assert rows


@pytest.mark.timeout(120)
def test_a_start_beside_a_storing_process_disturbs_it_not(nursery: Nursery) -> None:
    living, dying = nursery.start(1), nursery.start(2)
    nursery.wait_until_stored(living)
    nursery.kill(dying)
    for _ in range(3):
        with closing(LocalArchive(nursery.root)) as archive:
            archive.repair()
            assert archive.repaired.quarantined == 0
    assert nursery.kill(living)
    assert_whole(nursery.root)
