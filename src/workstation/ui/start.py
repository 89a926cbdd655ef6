"""What waits until the user sees something: the other pages, the network, the libraries that are slow to load.

Imports stand in the background thread, pages are made one per turn of the event loop, so that nothing stalls.
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from workstation.ui.background import Background, Failed
from workstation.ui.main_window import MainWindow

# A page's first show then finds them loaded; the order is that of use.
MODULES = (
    "workstation.ui.viewer.page",
    "workstation.dicom.describe",
    "workstation.ui.studies.page",
    "workstation.ui.activity.page",
    "workstation.ui.worklist.page",
    "workstation.ui.preferences.page",
    "workstation.ui.export_wizard.page",
)
_LONGEST_WAIT_MS = 3000  # a picture that does not come must not keep the rest waiting
_BETWEEN_MS = 30  # for the user's own clicks


class FirstPaint(QObject):
    """`painted` once, after `widget` was painted for the first time."""

    painted = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._widget.removeEventFilter(self)
            QTimer.singleShot(0, self, self.painted.emit)
        return False


class AfterFirstPicture(QObject):
    """Does the tasks in the background and makes the window's pages, once `begin` is called; only once."""

    finished = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._tasks: list[tuple[Callable[[], Any], Failed | None, Callable[[Any], None] | None]] = []
        self._background = Background("start", self)
        self._first: FirstPaint | None = None
        self._begun = self._closed = False
        self._latest = QTimer(self)
        self._latest.setSingleShot(True)
        self._latest.timeout.connect(self.begin)
        window.closing.connect(self._close)

    def ask(
        self, task: Callable[[], Any], failed: Failed | None = None, then: Callable[[Any], None] | None = None
    ) -> None:
        """A task for the background thread; in the order given, before the pages. `then` hears its answer."""
        self._tasks.append((task, failed, then))

    def begin_after(self, widget: QWidget) -> None:
        """Begin when `widget` has been painted the next time."""
        if self._first is None:
            self._first = FirstPaint(widget)
            self._first.painted.connect(self.begin)

    def begin_at_the_latest(self, wait_ms: int = _LONGEST_WAIT_MS) -> None:
        self._latest.start(wait_ms)

    def begin(self) -> None:
        if self._begun or self._closed:
            return
        self._begun = True
        self._latest.stop()
        # What is loaded by now stays: looking through all of it for garbage holds up a picture by 100 ms and more.
        gc.freeze()
        gc.enable()
        for task, failed, then in self._tasks:
            self._background.ask(task, then, failed)
        for module in MODULES:
            self._background.ask(partial(importlib.import_module, module))
        self._background.ask(lambda: None, lambda _answer: self._make_pages())

    def _make_pages(self) -> None:
        if self._closed:
            return
        waiting = [name for name in self._window.page_names if self._window.made_page(name) is None]
        if waiting:
            self._window.page(waiting[0])
            QTimer.singleShot(_BETWEEN_MS, self, self._make_pages)
        else:
            self._background.close()
            gc.freeze()
            self.finished.emit()

    def _close(self) -> None:
        self._closed = True
        self._background.close()
