"""A themed application, a workplace in memory, and the window on it; nothing of them outlives its test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from tests.support.ui import Rig, make_rig
from workstation.settings import Settings
from workstation.ui.application import build_window, make_application
from workstation.ui.main_window import MainWindow


@pytest.fixture
def themed(qapp: QApplication) -> QApplication:
    if not qapp.styleSheet():
        make_application()
    return qapp


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = make_rig(tmp_path)
    yield made
    made.close()


@pytest.fixture
def open_window(themed: QApplication, qtbot) -> Iterator[Callable[[Rig], MainWindow]]:
    """Open the window on a rig; afterwards it is closed and has left no thread and no top-level widget."""
    opened: list[MainWindow] = []

    def open_(rig: Rig) -> MainWindow:
        window = build_window(rig.workplace)
        opened.append(window)
        window.show_page("studies")
        window.show()
        qtbot.waitUntil(lambda: window.page("studies").searching.run is not None)  # type: ignore[attr-defined]
        return window

    yield open_
    for window in opened:
        window.close()
        window.deleteLater()
    themed.processEvents()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("ui-")] == []


@pytest.fixture
def window(rig: Rig, open_window: Callable[[Rig], MainWindow]) -> MainWindow:
    return open_window(rig)


@pytest.fixture
def settings_of(rig: Rig) -> Callable[[], Settings]:
    return rig.settings
