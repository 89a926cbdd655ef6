"""Cine by a clock that the test moves."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from workstation.ui.viewer.cine import Cine, CineClock, Pace
from workstation.ui.viewer.course import Course, faster, slower


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


def test_each_image_is_shown_as_long_as_the_vector_says(qtbot: QtBot) -> None:
    clock, index = Clock(), 0
    times = (0.5, 2.0, 0.5)  # in units of 100 ms
    cine = CineClock(10, clock, lambda ahead: times[(index + ahead) % 3])
    changes = []
    for millisecond in range(1, 601):
        clock.now = 100 + millisecond / 1000
        steps = cine.due()
        if steps:
            index += steps
            changes.append(millisecond)
    assert changes == pytest.approx([50, 250, 300, 350, 550, 600], abs=1)


def test_several_short_images_are_skipped_but_a_long_one_is_not() -> None:
    clock = Clock()
    times = (0.1, 0.1, 3.0, 0.1)
    cine = CineClock(10, clock, lambda ahead: times[ahead])
    clock.now += 0.2
    assert cine.due() == 2


def test_pace_tells_what_was_shown_of_what_was_due(qtbot: QtBot) -> None:
    owner, clock = QObject(), Clock()
    cine = Cine(owner, clock)
    cine.set_rate(30)
    paces: list[Pace] = []
    cine.paced.connect(paces.append)
    cine.play()
    for tick in range(1, 31):
        clock.now += 0.04
        if tick % 2:
            cine.count_shown()
        cine.tick()
    assert paces[0].due == pytest.approx(30)
    assert paces[0].shown == pytest.approx(13, abs=1)
    assert not paces[0].is_kept
    cine.pause()


# --- the order of images ---------------------------------------------------------------------------


def played(course: Course, index: int, images: int) -> list[int]:
    found = []
    for _ in range(images):
        index, course = course.after(index)
        found.append(index)
    return found


def test_a_loop_goes_from_the_last_image_to_the_first() -> None:
    assert played(Course.over(4), 1, 6) == [2, 3, 0, 1, 2, 3]


def test_a_sweep_goes_back_and_forth_and_shows_the_ends_once() -> None:
    assert played(Course.over(4, sweeping=True), 1, 8) == [2, 3, 2, 1, 0, 1, 2, 3]


def test_only_what_lies_between_the_marks_is_played() -> None:
    course = Course.over(10).marked_in(3, 10).marked_out(5, 10)
    assert played(course, 0, 5) == [3, 4, 5, 3, 4]
    assert played(course, 9, 2) == [3, 4]


def test_marks_that_cross_give_the_other_one_up() -> None:
    course = Course.over(10).marked_in(3, 10).marked_out(5, 10)
    assert (course.marked_in(7, 10).first, course.marked_in(7, 10).last) == (7, 9)
    assert (course.marked_out(2, 10).first, course.marked_out(2, 10).last) == (0, 2)
    assert course.marked_in(9, 10).is_whole(10)


def test_a_trim_that_does_not_fit_the_images_is_ignored() -> None:
    assert Course.over(10, trim=(2, 5)) == Course(2, 5)
    assert Course.over(3, trim=(2, 5)).is_whole(3)


def test_rates_step_through_the_usual_ones() -> None:
    assert (faster(15), faster(16.7), faster(120)) == (20, 20, 120)
    assert (slower(15), slower(0.5)) == (12, 0.5)
