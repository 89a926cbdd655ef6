"""Cine and the viewport that is worked in: what the buttons of the cine section and the timer do to it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from workstation.ui.actions import Actions
from workstation.ui.viewer.cine import DEFAULT_RATE, Cine
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.side_panel import CineSection


class Playing(QObject):
    """`rested` when it stops: there is time again for what is slow."""

    rested = Signal()

    def __init__(self, cine: Cine, section: CineSection, grid: ViewportGrid, actions: Actions) -> None:
        super().__init__(grid)
        self._cine, self._section, self._grid = cine, section, grid
        self._action = actions["viewer.cine"]
        section.stepped.connect(self._step)
        section.toggled.connect(self.toggle)
        section.moved.connect(self._go_to)
        section.rate_edited.connect(cine.set_rate)
        cine.advance.connect(self._advance)
        cine.set_ready(lambda: grid.viewport.loading is None)
        cine.playing_changed.connect(self._on_playing)
        cine.rate_changed.connect(section.show_rate)

    def toggle(self) -> None:
        if self._grid.viewport.count > 1:
            self._cine.toggle()
        self._action.setChecked(self._cine.playing)

    def take_rate(self) -> None:
        """That of the display set now worked in."""
        display_set = self._grid.viewport.display_set
        self._cine.set_rate(display_set.frame_rate or DEFAULT_RATE if display_set else DEFAULT_RATE)

    # Not connected to a viewport itself: which one is worked in changes.
    def _step(self, images: int) -> None:
        self._grid.viewport.step(images)

    def _go_to(self, index: int) -> None:
        self._grid.viewport.go_to(index)

    def _advance(self, images: int) -> None:
        self._grid.viewport.advance(images)

    def _on_playing(self, playing: bool) -> None:
        self._section.show_playing(playing)
        self._action.setChecked(playing)
        if not playing:
            self.rested.emit()
