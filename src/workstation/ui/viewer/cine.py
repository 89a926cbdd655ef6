"""Cine: which image is due now. Plays at the file's rate by the clock, and waits for an image that is not there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer, Signal

DEFAULT_RATE = 15.0  # images per second where the file names none
SLOWEST, FASTEST = 0.5, 120.0
_MEASURED_S = 1.0
_LONGEST_SKIP_S = 0.5  # after a longer stall play on, not catch up


Factor = Callable[[int], float]


def _even(_ahead: int) -> float:
    return 1.0


class CineClock:
    """How many images to move since the last question, at `rate` images per second; never loses a fraction.

    `factor` says how long an image is shown in units of 1 / `rate`: of the one now on the screen for 0, of the one
    after it for 1, ...: so a Frame Time Vector (PS3.3 C.7.6.5.1.2) keeps its rhythm at every rate.
    """

    def __init__(self, rate: float, now: Callable[[], float] = time.monotonic, factor: Factor = _even) -> None:
        self._rate = rate
        self._now = now
        self._last = now()
        self._factor = factor

    @property
    def rate(self) -> float:
        return self._rate

    def set_rate(self, rate: float) -> None:
        self._rate = min(max(rate, SLOWEST), FASTEST)

    def set_factor(self, factor: Factor) -> None:
        self._factor = factor

    def hold(self) -> None:
        """Start counting from now: nothing was due while we waited."""
        self._last = self._now()

    def shown_for(self, ahead: int = 0) -> float:
        """Seconds that an image is due to stay."""
        return self._factor(ahead) / self._rate

    def due(self) -> int:
        now = self._now()
        if now - self._last > max(_LONGEST_SKIP_S, 2 * self.shown_for()):
            self._last = now
            return 1
        steps = 0
        while now - self._last + 1e-6 >= self.shown_for(steps):
            self._last += self.shown_for(steps)
            steps += 1
        return steps


@dataclass(frozen=True, slots=True)
class Pace:
    """Images per second that were shown, and that were due."""

    shown: float
    due: float

    @property
    def is_kept(self) -> bool:
        return self.shown >= 0.95 * self.due


class PaceMeter:
    """Counts what was shown against what was due, a second at a time."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.begin()

    def begin(self) -> None:
        self._since = self._last = self._now()
        self._shown, self._due = 0, 0.0

    def count_shown(self) -> None:
        self._shown += 1

    def pace(self, shown_for_s: float) -> Pace | None:
        """To be asked often, with how long the present image is due to stay; answers once a second."""
        now = self._now()
        self._due += (now - self._last) / shown_for_s
        self._last = now
        seconds = now - self._since
        if seconds < _MEASURED_S:
            return None
        pace = Pace(self._shown / seconds, self._due / seconds)
        self.begin()
        return pace


class Cine(QObject):
    """Asks the clock from a timer and says how far to move."""

    advance = Signal(int)
    playing_changed = Signal(bool)
    rate_changed = Signal(float)
    paced = Signal(object)  # Pace, once a second while it plays

    def __init__(self, parent: QObject, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._clock = CineClock(DEFAULT_RATE, now)
        self._meter = PaceMeter(now)
        self._least = 1.0
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

    def set_factor(self, factor: Factor | None, least: float = 1.0) -> None:
        """How long each image is shown, `least` the shortest; see `CineClock`. None: all of them alike."""
        self._clock.set_factor(factor or _even)
        self._least = least if factor else 1.0
        if self.playing:
            self._timer.start(self._interval_ms())

    def count_shown(self) -> None:
        """An image has come onto the screen."""
        self._meter.count_shown()

    def set_rate(self, rate: float) -> None:
        self._clock.set_rate(rate)
        self._meter.begin()
        if self.playing:
            self._timer.start(self._interval_ms())
        self.rate_changed.emit(self.rate)

    def play(self) -> None:
        if not self.playing:
            self._clock.hold()
            self._meter.begin()
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
        pace = self._meter.pace(self._clock.shown_for())
        if pace is not None:
            self.paced.emit(pace)
        if not self._ready():
            self._clock.hold()
            return
        steps = self._clock.due()
        if steps:
            self.advance.emit(steps)

    def _interval_ms(self) -> int:
        # Twice as often as the shortest is due, so that none is late by more than half its time.
        return max(4, int(500 * self._least / self.rate))
