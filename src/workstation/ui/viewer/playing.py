"""Cine and the viewport that is worked in: what the keys, the cine section and the timer do to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from workstation.services.display_sets import DisplaySet
from workstation.ui.actions import Actions
from workstation.ui.viewer.cine import DEFAULT_RATE, Cine
from workstation.ui.viewer.cine_section import CineSection
from workstation.ui.viewer.course import Course, faster, slower
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.model import Viewport


@dataclass(frozen=True, slots=True)
class Habit:
    """How a display set is played: at first as its file wants it, then as the user does."""

    rate: float
    sweeping: bool = False
    marks: tuple[int, int] | None = None  # None: all that there is, also when more comes


class Playing(QObject):
    """`rested` when it stops: there is time again for what is slow."""

    rested = Signal()

    def __init__(self, cine: Cine, section: CineSection, grid: ViewportGrid, actions: Actions) -> None:
        super().__init__(grid)
        self._cine, self._section, self._grid, self._actions = cine, section, grid, actions
        self._habits: dict[str, Habit] = {}
        self._uid = ""  # of what is played
        self._course = Course(0, 0)
        self._counted: int | None = None
        section.stepped.connect(self._step)
        section.toggled.connect(self.toggle)
        section.moved.connect(self._go_to)
        section.rate_edited.connect(cine.set_rate)
        cine.advance.connect(self._advance)
        cine.set_ready(lambda: grid.viewport.loading is None)
        cine.playing_changed.connect(self._on_playing)
        cine.rate_changed.connect(self._on_rate)
        cine.paced.connect(section.show_pace)
        grid.frame_shown.connect(self._count)
        self._connect_actions()

    def toggle(self) -> None:
        if self._grid.viewport.count > 1:
            self._cine.toggle()
        self._actions["viewer.cine"].setChecked(self._cine.playing)

    def take_rate(self) -> None:
        """What the display set now worked in asks for, or was given when it was here before."""
        display_set = self._grid.viewport.display_set
        self._uid = display_set.uid if display_set else ""
        habit = self._habits.get(self._uid) or _as_the_file_wants(display_set)
        self._take_frame_times(display_set)
        self._follow(Course.over(self._place()[1], sweeping=habit.sweeping, trim=habit.marks))
        self._cine.set_rate(habit.rate)

    @property
    def course(self) -> Course:
        return self._course

    def _connect_actions(self) -> None:
        commands: dict[str, Callable[[], None]] = {
            "faster": lambda: self._cine.set_rate(faster(self._cine.rate)),
            "slower": lambda: self._cine.set_rate(slower(self._cine.rate)),
            "sweep": lambda: self._follow(replace(self._course, sweeping=not self._course.sweeping, backwards=False)),
            "in": lambda: self._follow(self._course.marked_in(*self._place())),
            "out": lambda: self._follow(self._course.marked_out(*self._place())),
            "all": lambda: self._follow(Course.over(self._place()[1], sweeping=self._course.sweeping)),
        }
        for name, command in commands.items():
            action = self._actions[f"viewer.cine_{name}"]
            action.triggered.connect(lambda _checked=False, command=command: command())
        self._section.use(*(self._actions[f"viewer.cine_{name}"] for name in ("sweep", "in", "out", "all")))

    # --- where we are and what comes next ------------------------------------------------------

    def _place(self) -> tuple[int, int]:
        """Which one, of how many: images, or times where one place is shown through time."""
        viewport = self._grid.viewport
        display_set = viewport.display_set
        if display_set is not None and display_set.plays_in_place:
            return display_set.frames[viewport.index].phase, len(display_set.phases)
        return viewport.index, viewport.count

    def _take_frame_times(self, display_set: DisplaySet | None) -> None:
        times = display_set.playback.frame_times_ms if display_set else ()
        if display_set is None or not times or not display_set.is_multi_frame or display_set.plays_in_place:
            self._cine.set_factor(None)
            return
        mean = sum(times) / len(times)
        factors = [times[ref.frame_index] / mean if ref.frame_index < len(times) else 1 for ref in display_set.frames]

        def factor(ahead: int) -> float:
            index, course = min(self._grid.viewport.index, len(factors) - 1), self._course
            for _ in range(ahead):
                index, course = course.after(index)
            return factors[index]

        self._cine.set_factor(factor, min(factors))

    def _follow(self, course: Course) -> None:
        self._course = course
        self._keep()
        viewport = self._grid.viewport
        in_place = viewport.display_set is not None and viewport.display_set.plays_in_place
        self._section.show_course(course, self._place()[1], on_slider=not in_place)
        self._actions["viewer.cine_sweep"].setChecked(course.sweeping)

    def _keep(self) -> None:
        if self._uid:
            course = self._course
            marks = None if course.is_whole(self._place()[1]) else (course.first, course.last)
            self._habits[self._uid] = Habit(self._cine.rate, course.sweeping, marks)

    # Not connected to a viewport itself: which one is worked in changes.
    def _step(self, images: int) -> None:
        self._grid.viewport.step(images)

    def _go_to(self, index: int) -> None:
        self._grid.viewport.go_to(index)

    def _advance(self, images: int) -> None:
        here, count = self._place()
        target, course = here, self._course
        for _ in range(images):
            target, course = course.after(target)
        self._course = course
        _move(self._grid.viewport, target - here, count, backwards=course.backwards)

    def _count(self, viewport: Viewport) -> None:
        """The same image twice, coarse and then fine, counts once."""
        if viewport is self._grid.viewport and viewport.shown != self._counted:
            self._counted = viewport.shown
            self._cine.count_shown()

    def _on_rate(self, rate: float) -> None:
        self._section.show_rate(rate)
        self._keep()

    def _on_playing(self, playing: bool) -> None:
        self._section.show_playing(playing)
        self._actions["viewer.cine"].setChecked(playing)
        if not playing:
            self.rested.emit()


def _as_the_file_wants(display_set: DisplaySet | None) -> Habit:
    if display_set is None:
        return Habit(DEFAULT_RATE)
    playback = display_set.playback
    in_order = all(ref.frame_index == number for number, ref in enumerate(display_set.frames))
    trim = playback.trim if in_order and not display_set.plays_in_place else None
    return Habit(display_set.frame_rate or DEFAULT_RATE, playback.sweeping, trim)


def _move(viewport: Viewport, images: int, count: int, *, backwards: bool) -> None:
    """On by so many; from the end of the range to its beginning is on, for what is read ahead."""
    display_set = viewport.display_set
    if backwards and display_set is not None and not display_set.plays_in_place:
        viewport.step(images)
    else:
        viewport.advance(images % max(1, count))
