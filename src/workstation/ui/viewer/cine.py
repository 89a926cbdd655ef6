"""Cine: which image is due now. Plays at the file's rate by the clock, and waits for an image that is not there."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

DEFAULT_RATE = 15.0  # images per second where the file names none
SLOWEST, FASTEST = 0.5, 120.0
_LONGEST_SKIP_S = 0.5  # after a longer stall play on, not catch up


class CineClock:
    """How many images to move since the last question, at `rate` images per second; never loses a fraction."""

    def __init__(self, rate: float, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._now = now
        self._last = now()

    @property
    def rate(self) -> float:
        return self._rate

    def set_rate(self, rate: float) -> None:
        self._rate = min(max(rate, SLOWEST), FASTEST)

    def hold(self) -> None:
        """Start counting from now: nothing was due while we waited."""
        self._last = self._now()

    def due(self) -> int:
        now = self._now()
        if now - self._last > max(_LONGEST_SKIP_S, 2 / self._rate):
            self._last = now
            return 1
        steps = int((now - self._last) * self._rate + 1e-6)
        self._last += steps / self._rate
        return steps


class Cine(QObject):
    """Asks the clock from a timer and says how far to move."""

    advance = Signal(int)
    playing_changed = Signal(bool)
    rate_changed = Signal(float)

    def __init__(self, parent: QObject, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._clock = CineClock(DEFAULT_RATE, now)
        self._ready: Callable[[], bool] = lambda: True
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    @property
    def rate(self) -> float:
        return self._clock.rate

    def set_ready(self, ready: Callable[[], bool]) -> None:
        """`ready` says whether the image asked for last is on the screen; until then nothing advances."""
        self._ready = ready

    def set_rate(self, rate: float) -> None:
        self._clock.set_rate(rate)
        if self.playing:
            self._timer.start(self._interval_ms())
        self.rate_changed.emit(self.rate)

    def play(self) -> None:
        if not self.playing:
            self._clock.hold()
            self._timer.start(self._interval_ms())
            self.playing_changed.emit(True)

    def pause(self) -> None:
        if self.playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        if self.playing:
            self.pause()
        else:
            self.play()

    def tick(self) -> None:
        if not self._ready():
            self._clock.hold()
            return
        steps = self._clock.due()
        if steps:
            self.advance.emit(steps)

    def _interval_ms(self) -> int:
        # Twice as often as images are due, so that none is late by more than half its time.
        return max(4, int(500 / self.rate))
