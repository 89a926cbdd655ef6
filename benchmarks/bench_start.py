"""Starting: the help text, and from the process to the first paint of the window, beside Qt alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import support

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
OUR_WINDOW = f"""{UNTIL_PAINTED}
import sys
from pathlib import Path
from workstation.app import open_workplace
from workstation.settings import Folders, Settings
from workstation.ui.application import build_window, make_application
folder = Path(sys.argv[1])
with open_workplace(Folders(folder / "config", folder / "data"), Settings()) as workplace:
    application = make_application()
    window, watch = build_window(workplace), Watch()
    window.installEventFilter(watch)
    window.show_page("studies")
    window.resize(1600, 1000)
    window.show()
    application.exec()
"""


def main() -> None:
    with support.scratch() as folder:
        candidates = {
            "import PySide6.QtWidgets": _python("-c", IMPORT_QT),
            "python alone": _python("-c", "pass"),
            "workstation --help": _python("-m", "workstation", "--help"),
            "empty window, painted": _python("-c", EMPTY_WINDOW),
            "our window, painted": _python("-c", OUR_WINDOW, str(folder)),
        }
        support.compare("start", candidates, ROUNDS)


def _python(*arguments: str) -> Callable[[], float]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}

    def run() -> None:
        # No pipe: our decode workers would hold it open for a moment longer than the window.
        subprocess.run([sys.executable, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL, timeout=60)

    return lambda: support.seconds(run)


if __name__ == "__main__":
    support.start(main)
