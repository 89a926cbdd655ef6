"""The diagnosis in the window: each step as it ends, a sheet to copy, stop, run again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from tests.support.ui import Rig, nameless
from workstation.services.diagnosis import Light
from workstation.ui.preferences.diagnosis import DiagnosisDialog


@pytest.fixture
def page(window):
    window.show_page("settings")
    return window.page("settings")


def _opened(page, row: int) -> DiagnosisDialog:
    page.table.selectRow(row)
    page.diagnose()
    dialog = page.findChild(DiagnosisDialog)
    assert dialog is not None
    return dialog


def _texts(dialog: DiagnosisDialog) -> str:
    return " ".join(one.text() for one in dialog.findChildren(QLabel) if one.isVisible())


def test_each_step_is_shown_and_the_sheet_copied(page, qtbot):
    dialog = _opened(page, 0)
    qtbot.waitUntil(lambda: "Everything works" in dialog.summary.text())
    assert "It accepts us." in _texts(dialog)
    qtbot.keyClick(dialog.copy, Qt.Key.Key_Space)
    copied = QGuiApplication.clipboard().text()
    assert "AE title               WORKSTATION" in copied
    assert "RADPACS" in copied
    assert nameless(dialog) == []
    dialog.close()


def test_what_fails_is_said_with_what_to_do_and_not_told_twice(page, window, qtbot):
    dialog = _opened(page, 1)
    qtbot.waitUntil(lambda: "Association" in dialog.summary.text())
    assert "Fails" in _texts(dialog)
    assert "Check the host and port" in _texts(dialog)
    assert list(window.notices.notices) == []
    dialog.close()


def test_it_is_stopped_and_run_again(rig: Rig, page, qtbot):
    rig.peers.hanging.add("RADPACS")
    dialog = _opened(page, 0)
    qtbot.waitUntil(lambda: rig.peers.reached.is_set() and dialog.stop.isEnabled())
    assert "Asking" in dialog.summary.text()
    qtbot.mouseClick(dialog.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.summary.text() == "Stopped.")
    rig.peers.hanging.clear()
    qtbot.mouseClick(dialog.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Everything works" in dialog.summary.text())
    dialog.close()


def test_escape_closes_it_and_ends_the_job(rig: Rig, page, qtbot):
    rig.peers.hanging.add("RADPACS")
    dialog = _opened(page, 0)
    qtbot.waitUntil(lambda: rig.peers.reached.is_set() and dialog.stop.isEnabled())
    ended = []
    page._desk.bridge.job_finished.connect(ended.append)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(ended) == 1)
    assert dialog.diagnosis is None or dialog.diagnosis.light is Light.GREEN
