"""A viewer on a screen of its own from the start of its process: first picture, events, pictures seen, spots lost.

The images are noise, so a picture is known by neighbouring pixels that differ; no window's own furniture does that.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import on_screen
from numpy.typing import NDArray

from peers.pictures import INSET, MARK, TISSUE, Mammogram

NOTCHES, NOTCH_S = 60, 1 / 125
STEP = 8  # pixels of a drag that steps the window
_POLL_S = 0.003
_PATIENCE_S = 90.0
_REST_S = 0.3
_BLOCK = 32  # columns looked at together for noise
_VISIBLE = 8  # grey levels above the ground: what an eye on a good screen sees without searching
_TICKS = os.sysconf("SC_CLK_TCK")


class Stage(on_screen.Display):
    """`first_s` and `first_cpu_s`: from the start of the process to the first picture, CPU of all its processes.

    With `settle` the window fills the screen and has come to rest afterwards, ready for events.
    """

    def __init__(self, command: Sequence[str], title: str, environment: dict[str, str], settle: bool = True) -> None:
        self._settle = settle
        self.first_s = self.first_cpu_s = 0.0
        super().__init__(command, title, environment)

    def _wait_until_ready(self, title: str) -> None:
        try:
            while not self.shows_noise():
                if self._program.poll() is not None:
                    raise RuntimeError(f"ended with status {self._program.returncode} before its first picture")
                if time.perf_counter() - self.started > _PATIENCE_S:
                    raise TimeoutError("no picture")
                time.sleep(_POLL_S)
            self.first_s = time.perf_counter() - self.started
            self.first_cpu_s = cpu_of_tree(self._program.pid)
            if self._settle:
                self._screen.until(lambda: self._place_window(title), "no window")
                self.click(1)
                self.until_still(3.0)
        except BaseException:
            self.close()
            raise

    def shows_noise(self) -> bool:
        """In one place on several lines: text and buttons are noisy on a line or two."""
        rows = self.whole[10::20, :, 1].astype(np.int16)
        differ = np.abs(np.diff(rows, axis=1)) > _VISIBLE
        blocks = differ[:, : differ.shape[1] // _BLOCK * _BLOCK].reshape(len(rows), -1, _BLOCK)
        return int((blocks.mean(axis=2) > 0.3).sum(axis=0).max()) >= 6

    def ended(self) -> int | None:
        """The status with which the viewer's process has ended."""
        return self._program.poll()

    def rest(self) -> None:
        """What the others have still to do behind their pictures must not count against this one."""
        time.sleep(_REST_S)
        self.until_still(_REST_S)

    def changed_by_each(self, events: Sequence[Callable[[], None]]) -> list[float]:
        """Seconds from each event to the first pixel that differs; nothing more once three have changed nothing."""
        taken: list[float] = []
        missed = 0
        for event in events:
            try:
                taken.append(self.changed_by(event))
            except TimeoutError:
                missed += 1
                if missed == 3:
                    break
        return taken

    def spin(self, notch: Callable[[], None]) -> int:
        """How many different pictures are seen while `NOTCHES` come at 125 a second."""
        self.until_still(1.0)
        begun, seen, sent, last = time.perf_counter(), 0, 0, self.line()
        while time.perf_counter() - begun < NOTCHES * NOTCH_S + 0.5:
            if sent < NOTCHES and time.perf_counter() - begun >= sent * NOTCH_S:
                notch()
                sent += 1
            if not np.array_equal(now := self.line(), last):
                last, seen = now, seen + 1
            time.sleep(0.0005)
        return seen


def lost(screen: NDArray[np.uint8], mammogram: Mammogram) -> int:
    """How many calcifications of `mammogram` at fit do not stand out from the ground of the grey `screen`."""
    left, right, top, lower = _marks(screen.astype(np.int16))
    rows, columns = mammogram.shape
    scale = np.array([(right - left) / (columns - 2 * INSET), (lower - top) / (rows - 2 * INSET - MARK)])
    middle = np.array([left, top]) + (mammogram.places - INSET) * scale
    gone = 0
    for column, row in middle.astype(int):
        around = screen[row - 2 : row + 4, column - 2 : column + 4].astype(int)
        gone += int(around.max() - np.median(around) < _VISIBLE)
    return gone


def _marks(screen: NDArray[np.int16]) -> tuple[int, int, int, int]:
    """In pixels of the screen: left and right edge of the upper squares, upper edge of the upper and lower ones.

    The squares are known by the ground on both sides; rulers and white bars of a viewer have none.
    """
    found: list[tuple[int, int, int]] = []  # row, left of the left square, right of the right one
    ground = TISSUE * 255 / 4095
    for row, line in enumerate(screen):
        edges = np.flatnonzero(np.diff(np.pad((line > 150).astype(np.int8), 1)))
        runs = [
            (begin, end)
            for begin, end in zip(edges[::2], edges[1::2], strict=True)
            if 10 <= end - begin <= 40
            and begin > 3
            and end < len(line) - 3
            and max(abs(line[begin - 3] - ground), abs(line[end + 2] - ground)) < _VISIBLE
        ]
        if len(runs) >= 2:
            found.append((row, int(runs[0][0]), int(runs[-1][1])))
    lower = [row for row, _, _ in found if row > found[0][0] + len(screen) // 3]
    if not lower:
        raise ValueError("the squares of the picture are not on the screen")
    return found[3][1], found[3][2], found[0][0], lower[0]


def cpu_of_tree(root: int) -> float:
    """User and system seconds of a process and all below it, those that have ended included."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
        used[int(folder.name)] = sum(map(int, fields[11:15])) / _TICKS
    total, tree = 0.0, [root]
    while tree:
        process = tree.pop()
        total += used.get(process, 0.0)
        tree += [child for child, parent in parents.items() if parent == process]
    return total
