"""100 000 answers of a C-FIND into the real window, from a provider in another process: frames, memory, total time.

A frame is what passes between two turns of a timer of 16 ms in the window's thread while the table is painted; the
same without a search stands beside it. `python benchmarks/bench_find.py [COUNT]`; offscreen.
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import support
from PySide6.QtCore import QObject, Qt, QTimer

from workstation.app import open_workplace
from workstation.domain.node import Node
from workstation.settings import Folders, Settings, save
from workstation.ui.application import build_window, make_application
from workstation.ui.studies.model import StudiesModel
from workstation.ui.studies.page import StudiesPage

COUNT = 100_000
FRAME_MS = 16
SWITCH_S = 0.0005  # as `ui.application.run_window` sets it
IDLE_S = 2.0


class Frames(QObject):
    """Notes when the window's thread gets round to its timer."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(lambda: self.at.append(time.perf_counter()))
        self._timer.start(FRAME_MS)

    def percentiles(self) -> tuple[float, float, float]:
        """Median, p99 and longest interval in ms."""
        intervals = np.diff(self.at) * 1000
        return float(np.median(intervals)), float(np.percentile(intervals, 99)), float(intervals.max())


class Batches:
    """How long the model takes for each batch."""

    def __init__(self) -> None:
        self.ms: list[float] = []
        original = StudiesModel.add

        def add(model: StudiesModel, source: str, studies: object) -> None:
            started = time.perf_counter()
            original(model, source, studies)  # type: ignore[arg-type]
            self.ms.append((time.perf_counter() - started) * 1000)

        StudiesModel.add = add  # type: ignore[method-assign]


def resident_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    command = [sys.executable, "-m", "tests.support.flooding_peer", str(count)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, cwd=support.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as peer,
    ):
        assert peer.stdout is not None
        try:
            measure(Path(folder), int(peer.stdout.readline()), count)
        finally:
            peer.kill()


def measure(folder: Path, port: int, count: int) -> None:
    folders = Folders(folder / "config", folder / "data")
    node = Node("FLOOD", "FLOOD", "127.0.0.1", port)
    save(Settings(nodes=(node,), listen=False), folders)
    sys.setswitchinterval(SWITCH_S)
    application = make_application()
    batches = Batches()
    with open_workplace(folders) as workplace:
        window = build_window(workplace)
        window.resize(1600, 1000)
        window.show_page("studies")
        window.show()
        page = None
        while page is None:  # it is made with the first turns
            application.processEvents()
            page = window.findChild(StudiesPage)
        turn = application.processEvents

        def run(until: object) -> tuple[float, float, float]:
            frames = Frames()
            while not until():  # type: ignore[operator]
                turn()
                page.table.viewport().update()
                time.sleep(0.0005)
            return frames.percentiles()

        begun = time.monotonic()
        idle = run(lambda: time.monotonic() > begun + IDLE_S)
        gc.collect()
        before = resident_mib()
        page.fields.name.edit.setText("*")
        page.fields.date.choice.setCurrentIndex(page.fields.date.choice.count() - 1)
        batches.ms.clear()
        started = time.monotonic()
        page.search()
        busy = run(lambda: page.searching.run is not None and page.searching.run.finished)
        took = time.monotonic() - started
        gc.collect()
        grown = resident_mib() - before
        shown = page.model.total_count
        print(f"{shown} of {count} studies in {took:.1f} s ({shown / took:.0f} a second)")
        print(f"{'':12}{'median':>10}{'p99':>10}{'longest':>10}  ms between frames")
        for name, values in (("idle", idle), ("searching", busy)):
            print(f"{name:12}" + "".join(f"{value:10.1f}" for value in values))
        last = batches.ms[-len(batches.ms) // 10 :]
        print(
            f"batches of up to 100: median {np.median(batches.ms):.1f} ms, the last tenth {np.median(last):.1f}, "
            f"p99 {np.percentile(batches.ms, 99):.1f}, longest {max(batches.ms):.1f}"
        )
        print(f"memory: {grown:.0f} MiB more, {grown * 1048576 / max(1, shown):.0f} bytes a study")
        window.close()


if __name__ == "__main__":
    main()
