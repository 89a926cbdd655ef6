"""PySide6 6.12 on CPython 3.11 loses a reference at every emission and aborts the process."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot


class Emitter(QObject):
    happened = Signal(bool)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None and True are immortal from 3.12 on")
def test_emitting_and_updating_keeps_the_reference_counts_of_true_and_none(qtbot: QtBot) -> None:
    emitter, widget = Emitter(), QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(True), sys.getrefcount(None)
    for _ in range(200):
        emitter.happened.emit(True)
        widget.update()
    after = sys.getrefcount(True), sys.getrefcount(None)
    assert after[0] > before[0] - 50
    assert after[1] > before[1] - 50
