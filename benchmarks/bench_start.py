"""Starting: the help text, the first paint of the window, the first picture; wall and CPU time, beside Qt alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import support
from pydicom import dcmread
from pydicom.data import get_testdata_file

ROUNDS = 7

IMPORT_QT = "import PySide6.QtWidgets"
UNTIL_PAINTED = """
import os
from PySide6.QtCore import QEvent, QObject, QTimer

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, lambda: os._exit(0))
        return False
"""
EMPTY_WINDOW = f"""{UNTIL_PAINTED}
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window, watch = QMainWindow(), Watch()
window.installEventFilter(watch)
window.resize(1600, 1000)
window.show()
application.exec()
"""

# The program as it is installed, but for its end: where it would begin what waits for the first picture.
FIRST_PICTURE = """
import os, sys
from workstation import app
opening = app.open_workplace
def watched(*arguments):
    from workstation.ui.start import AfterFirstPicture
    AfterFirstPicture.begin = lambda self: os._exit(self._first is None)
    return opening(*arguments)
app.open_workplace = watched
folder, *paths = sys.argv[1:]
for name in ("CONFIG", "DATA", "CACHE"):
    os.environ[f"WORKSTATION_{name}_DIR"] = os.path.join(folder, name.lower())
sys.argv = ["workstation", "open", *paths]
app.main()
"""


def main() -> None:
    with support.scratch() as folder:
        plain = folder / "plain.dcm"
        _write_plain(plain)
        # An installed program has its bytecode; a checkout where Python must not write any would be compiled each time.
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
            "QT_QPA_PLATFORM": "offscreen",
        }
        programs = {
            "import PySide6.QtWidgets": ("-c", IMPORT_QT),
            "python alone": ("-c", "pass"),
            "workstation --help": ("-m", "workstation", "--help"),
            "empty window, painted": ("-c", EMPTY_WINDOW),
            "workstation open, window painted": ("-c", FIRST_PICTURE, str(folder)),
            "workstation open FILE, first picture painted": ("-c", FIRST_PICTURE, str(folder), str(plain)),
        }
        for arguments in programs.values():
            _cpu_seconds(environment, *arguments)  # bytecode and file cache are warm in every round
        support.compare("start, wall", {name: _wall(environment, *one) for name, one in programs.items()}, ROUNDS)
        support.compare("start, CPU", {name: _cpu(environment, *one) for name, one in programs.items()}, ROUNDS)


def _write_plain(path: Path) -> None:
    """A CT image of 512 x 512, explicit VR little endian."""
    dataset = dcmread(str(get_testdata_file("CT_small.dcm")))
    rows = np.tile(dataset.pixel_array, (4, 4))
    dataset.Rows, dataset.Columns = rows.shape
    dataset.PixelData = rows.tobytes()
    dataset.save_as(path)


def _wall(environment: dict[str, str], *arguments: str) -> Callable[[], float]:
    return lambda: support.seconds(lambda: _cpu_seconds(environment, *arguments))


def _cpu(environment: dict[str, str], *arguments: str) -> Callable[[], float]:
    return lambda: _cpu_seconds(environment, *arguments)


def _cpu_seconds(environment: dict[str, str], *arguments: str) -> float:
    """User and system time of the process; before its first picture it has no children (a test holds that)."""
    process = subprocess.Popen([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"ended with status {status}")
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    support.start(main)
