"""A screen where there is none: our own Xvfb for as long as it is needed. No Qt in here.

Qt aborts the process when it finds neither a display nor a platform plug-in, so this is asked first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def has_screen() -> bool:
    """Whether Qt can open a window here."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextmanager
def virtual_screen(width: int = 1600, height: int = 1000) -> Iterator[str]:
    """Make sure that a screen exists inside the block; yields what it is, for people.

    Without an Xvfb program Qt's offscreen platform serves: it draws the same pictures, without OpenGL.
    """
    if has_screen():
        yield "the present display"
        return
    program = shutil.which("Xvfb")
    if program is None:
        with _environment(QT_QPA_PLATFORM="offscreen"):
            yield "Qt's offscreen platform (no Xvfb found)"
        return
    reader, writer = os.pipe()
    command = [program, "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(writer,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as answer:
            number = answer.readline().strip()
        settings = {"DISPLAY": f":{number}"} if number else {"QT_QPA_PLATFORM": "offscreen"}
        with _environment(**settings):
            yield f"a virtual screen of {width} × {height}" if number else "Qt's offscreen platform (Xvfb failed)"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
