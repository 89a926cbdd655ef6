"""Programs on a virtual screen, worked with real mouse and key events; what they show is read from the screen's memory.

From outside, so that any viewer is measured the same way: an event is sent, then the time until the first pixel in
the middle of the screen changes. Reading costs next to nothing, as the screen's memory is mapped.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import support
from numpy.typing import NDArray

from tests.support.screen import HEIGHT, WIDTH, Screen

CENTER = (WIDTH // 2, HEIGHT // 2)
POINTER = (WIDTH // 2, HEIGHT // 2 + 200)  # below what is watched: the server draws it into the same memory
_SIDE = 300  # pixels around the centre that are watched
_POLL_S = 0.0002
_STILL_S = 0.05
_HEADER_SIZE, _BYTES_PER_LINE, _COLOURS = 0, 12, 19
WHEEL_UP, WHEEL_DOWN = 4, 5


class Display:
    """One virtual screen with one program on it, its pointer and keyboard."""

    def __init__(self, command: Sequence[str], title: str, environment: dict[str, str] | None = None) -> None:
        folder = Path(tempfile.mkdtemp(prefix="workstation-bench-screen-"))
        self._screen = Screen(folder)
        self.whole = self._map(folder / "Xvfb_screen0")
        (x, y), half = CENTER, _SIDE // 2
        self._memory = self.whole[y - half : y + half, x - half : x + half, 1]
        self._x11, self._test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._connection = ctypes.c_void_p(self._x11.XOpenDisplay(self._screen.environment["DISPLAY"].encode()))
        self.started = time.perf_counter()
        self._program = subprocess.Popen(
            command,
            cwd=support.ROOT,
            env=self._screen.environment | (environment or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_ready(title)

    def _wait_until_ready(self, title: str) -> None:
        self._screen.until(lambda: self._place_window(title), "no window")
        self.click(1)
        self._screen.until(self.shows_something, "no picture")
        self.until_still(3.0)

    @staticmethod
    def _map(file: Path) -> NDArray[np.uint8]:
        """Rows, columns, blue-green-red and a fourth."""
        with file.open("rb") as opened:
            content = mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ)
        header = np.frombuffer(content[:100], ">u4")
        line = int(header[_BYTES_PER_LINE])
        start = int(header[_HEADER_SIZE] + 12 * header[_COLOURS])
        return np.frombuffer(content, np.uint8, HEIGHT * line, start).reshape(HEIGHT, line // 4, 4)

    def _place_window(self, title: str) -> bool:
        arguments = ("search", "--onlyvisible", "--name", title)
        with suppress(subprocess.CalledProcessError):
            self._screen.does(*arguments, "windowmove", 0, 0, "windowsize", WIDTH, HEIGHT)
            return True
        return False

    # --- what is seen ------------------------------------------------------------------------------

    def picture(self) -> NDArray[np.uint8]:
        return self._memory.copy()

    def shows_something(self) -> bool:
        return int(self._memory.max()) - int(self._memory.min()) > 30

    def until_still(self, still_s: float = _STILL_S) -> None:
        before, since = self.picture(), time.perf_counter()
        while time.perf_counter() - since < still_s:
            time.sleep(0.005)
            now = self.picture()
            if not np.array_equal(before, now):
                before, since = now, time.perf_counter()

    def differs(self, before: NDArray[np.uint8]) -> bool:
        return not np.array_equal(before[::7], self._memory[::7])

    def line(self) -> NDArray[np.uint8]:
        """One row in the middle: read so quickly that it is never half of one picture and half of the next."""
        return self._memory[_SIDE // 2].copy()

    def changed_by(self, event: Callable[[], None], timeout_s: float = 3.0) -> float:
        """The seconds from `event` until a pixel differs; then waits until the picture is still."""
        before = self.picture()
        started = time.perf_counter()
        event()
        while not self.differs(before):
            if time.perf_counter() - started > timeout_s:
                raise TimeoutError("the picture does not change")
            time.sleep(_POLL_S)
        taken = time.perf_counter() - started
        self.until_still(_STILL_S)
        return taken

    # --- what is done --------------------------------------------------------------------------------

    def move(self, x: int, y: int) -> None:
        self._test.XTestFakeMotionEvent(self._connection, -1, x, y, 0)
        self._x11.XFlush(self._connection)

    def button(self, number: int, down: bool) -> None:
        self._test.XTestFakeButtonEvent(self._connection, number, int(down), 0)
        self._x11.XFlush(self._connection)

    def click(self, number: int) -> None:
        self.move(*POINTER)
        self.button(number, True)
        self.button(number, False)

    def notch(self, number: int = WHEEL_DOWN) -> None:
        self.button(number, True)
        self.button(number, False)

    def key(self, name: str) -> None:
        symbol = self._x11.XStringToKeysym(name.encode())
        code = self._x11.XKeysymToKeycode(self._connection, ctypes.c_ulong(symbol))
        for down in (1, 0):
            self._test.XTestFakeKeyEvent(self._connection, code, down, 0)
        self._x11.XFlush(self._connection)

    # --- the rest ------------------------------------------------------------------------------------

    @property
    def cpu_s(self) -> float:
        """What the program itself has used, without its helpers."""
        fields = Path(f"/proc/{self._program.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self._x11.XCloseDisplay(self._connection)
        self._program.terminate()
        try:
            self._program.wait(10)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()
        self._screen.close()
