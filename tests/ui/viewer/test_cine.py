"""Cine by a clock that the test moves."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from workstation.ui.viewer.cine import Cine, CineClock


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_clock_moves_at_the_rate_and_loses_no_fraction() -> None:
    clock = Clock()
    cine = CineClock(25.0, clock)
    total = 0
    for _ in range(1000):
        clock.now += 0.016
        total += cine.due()
    assert total == pytest.approx(16 * 25, abs=1)


def test_clock_does_not_catch_up_after_a_long_stall() -> None:
    clock = Clock()
    cine = CineClock(30.0, clock)
    clock.now += 10
    assert cine.due() == 1
    assert cine.due() == 0


def test_slow_rates_are_not_taken_for_a_stall() -> None:
    clock = Clock()
    cine = CineClock(0.5, clock)
    clock.now += 1.9
    assert cine.due() == 0
    clock.now += 0.2
    assert cine.due() == 1


def test_nothing_advances_while_the_image_asked_for_is_missing(qtbot: QtBot) -> None:
    owner, clock = QObject(), Clock()
    cine = Cine(owner, clock)
    cine.set_rate(10)
    ready = [False]
    cine.set_ready(lambda: ready[0])
    steps: list[int] = []
    cine.advance.connect(steps.append)
    cine.play()
    clock.now += 0.3
    cine.tick()
    assert steps == []
    ready[0] = True
    clock.now += 0.1
    cine.tick()
    assert steps == [1]  # what was due during the wait is not made up for
    cine.pause()
    assert not cine.playing


def test_rate_stays_within_what_can_be_shown(qtbot: QtBot) -> None:
    owner = QObject()
    cine = Cine(owner)
    cine.set_rate(0)
    assert cine.rate == 0.5
    cine.set_rate(1000)
    assert cine.rate == 120
