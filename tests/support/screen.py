"""A screen of one's own: Xvfb, whose pixels can be read, with a mouse and a keyboard made by xdotool."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.support.peers import require_program

WIDTH, HEIGHT = 1600, 1000
_XWD_HEADER_SIZE, _XWD_BYTES_PER_LINE, _XWD_COLOURS = 0, 12, 19  # indices into the header's 32-bit numbers
_POLL_S = 0.05


class Screen:
    """An Xvfb for the length of a block; `environment` brings programs onto it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        program = require_program("Xvfb", "xvfb")
        self._xdotool = require_program("xdotool", "xdotool")
        reader, writer = os.pipe()
        self._server = subprocess.Popen(
            [program, "-displayfd", str(writer), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(folder)],
            pass_fds=(writer,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        with os.fdopen(reader) as answer:
            self._display = f":{answer.readline().strip()}"

    @property
    def environment(self) -> dict[str, str]:
        present = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
        return present | {"DISPLAY": self._display, "QT_QPA_PLATFORM": "xcb", "PYTHONUTF8": "1"}

    def pixels(self, left: int = 0, top: int = 0, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
        """What is on the screen there: rows, columns, blue-green-red."""
        content = (self._folder / "Xvfb_screen0").read_bytes()
        header = np.frombuffer(content[:100], ">u4")
        start = int(header[_XWD_HEADER_SIZE] + 12 * header[_XWD_COLOURS])
        line = int(header[_XWD_BYTES_PER_LINE])
        whole = np.frombuffer(content, np.uint8, HEIGHT * line, start).reshape(HEIGHT, line // 4, 4)
        return whole[top : top + height, left : left + width, :3].copy()

    def does(self, *arguments: object) -> Screen:
        """One call of xdotool, such as `does("key", "ctrl+r")`."""
        subprocess.run(
            [self._xdotool, *map(str, arguments)],
            env=self.environment,
            check=True,
            capture_output=True,
            timeout=30,
        )
        return self

    def drags(self, start: tuple[int, int], end: tuple[int, int]) -> Screen:
        """Move there, press, move on in steps, let go."""
        self.does("mousemove", *start, "mousedown", 1)
        for step in range(1, 11):
            place = (first + (last - first) * step // 10 for first, last in zip(start, end, strict=True))
            self.does("mousemove", *place)
        return self.does("mouseup", 1)

    @staticmethod
    def until(condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
        """Another process is looked at, which gives no signal."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, what
            time.sleep(_POLL_S)

    def close(self) -> None:
        self._server.terminate()
        self._server.wait(60)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
