"""Timers that belong to a widget and end with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


def single_shot(owner: QObject, after_ms: int, call: Callable[[], object]) -> QTimer:
    """Not started; each start postpones the call."""
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(after_ms)
    timer.timeout.connect(call)
    return timer


def every(owner: QObject, interval_ms: int, call: Callable[[], object]) -> QTimer:
    """Started."""
    timer = QTimer(owner)
    timer.setInterval(interval_ms)
    timer.timeout.connect(call)
    timer.start()
    return timer
