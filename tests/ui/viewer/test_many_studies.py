"""Opening one study after the other gives back what the last one took: memory, threads, timers, widgets."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from tests.support.testdata import require_testdata
from workstation.ui.viewer.page import ViewerPage

STUDIES = 200
WARM = 20  # libraries, fonts and caches have then reached their size
MARGIN_MIB = 32  # measured: 2 to 8, of four large studies and 200 small ones
LARGE_EVERY = 50
STEADY = 20  # looks in a row that find as many widgets


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory is read from /proc")
def test_two_hundred_studies_leave_memory_threads_timers_and_widgets_as_they_were(
    page: ViewerPage, qtbot: QtBot
) -> None:
    small = sorted(
        (path for path in (require_testdata() / "modalities").glob("*.dcm") if path.stat().st_size < 300_000),
        key=lambda path: path.name,
    )[:10]
    large = max((require_testdata() / "modalities").glob("*.dcm"), key=lambda path: path.stat().st_size)
    for number in range(WARM):
        _open(page, qtbot, large if number < 4 else small[number % len(small)])
    _wait_for_late_widgets(page, qtbot)
    qtbot.waitUntil(lambda: page.panel.window_section.histogram.ready, timeout=60_000)  # loads its library once
    before = _left(page, qtbot)
    for number in range(STUDIES):
        _open(page, qtbot, large if number % LARGE_EVERY == LARGE_EVERY - 1 else small[number % len(small)])
    _open(page, qtbot, small[(WARM - 1) % len(small)])
    after = _left(page, qtbot)
    assert after[1:] == before[1:]
    assert after[0] - before[0] < MARGIN_MIB, "more memory is held than before"


def _wait_for_late_widgets(page: ViewerPage, qtbot: QtBot) -> None:
    """Some are built when there is time for them, with a study open, once for all studies."""
    _wait_for_timers(page, qtbot)
    seen: list[tuple[int, int]] = []

    def settled() -> bool:
        seen.append((len(page.findChildren(QWidget)), len(QApplication.topLevelWidgets())))
        return len(seen) > STEADY and len(set(seen[-STEADY:])) == 1

    qtbot.waitUntil(settled, timeout=60_000)


def _wait_for_timers(page: ViewerPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not any(one.isActive() for one in page.findChildren(QTimer)), timeout=60_000)


def _settled_mib(qtbot: QtBot) -> float:
    """Resident MiB once it stays: a decode given up and the work of other threads hold theirs a moment longer."""
    seen: list[float] = []

    def settled() -> bool:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        seen.append(int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) / 256)
        return len(seen) > STEADY and max(seen[-STEADY:]) - min(seen[-STEADY:]) < 1

    qtbot.waitUntil(settled, timeout=60_000)
    return seen[-1]


def _open(page: ViewerPage, qtbot: QtBot, path: Path) -> None:
    heard: list[object] = []
    page.opened.connect(heard.append)
    page.failed.connect(heard.append)
    page.open_paths([path])
    qtbot.waitUntil(lambda: bool(heard), timeout=60_000)
    page.opened.disconnect(heard.append)
    page.failed.disconnect(heard.append)
    qtbot.waitUntil(lambda: page.viewport.loading is None, timeout=60_000)


def _left(page: ViewerPage, qtbot: QtBot) -> tuple[float, int, int, int]:
    """Resident MiB; threads, widgets of the page, top-level widgets. No timer may go on without a study."""
    page.close_study()
    _wait_for_timers(page, qtbot)
    resident = _settled_mib(qtbot)
    threads = sum(1 for one in threading.enumerate() if one.name.startswith(("frame", "ui-")))
    # Menus are filled when there is time for them, once for all studies.
    inside = [one for one in page.findChildren(QWidget) if not isinstance(one, QMenu)]
    above = [one for one in QApplication.topLevelWidgets() if not isinstance(one, QMenu)]
    return resident, threads, len(inside), len(above)
