"""Buttons, side panel and strip follow the viewport that is worked in, whichever that is."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from workstation.services.display_sets import FrameRef
from workstation.ui.actions import Actions
from workstation.ui.viewer.details import Details
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.presets import Preset, presets_of
from workstation.ui.viewer.side_panel import SidePanel
from workstation.ui.viewer.strip import SeriesStrip


class Following(QObject):
    """`active_changed` before everything else when another viewport is worked in."""

    active_changed = Signal()
    display_set_changed = Signal()
    frame_shown = Signal(object)  # the FrameRef now on the screen

    def __init__(
        self, grid: ViewportGrid, panel: SidePanel, strip: SeriesStrip, details: Details, actions: Actions
    ) -> None:
        super().__init__(grid)
        self._grid, self._panel, self._strip = grid, panel, strip
        self._details, self._actions = details, actions
        self._watched: Viewport | None = None
        self.presets: tuple[Preset, ...] = ()
        grid.active_changed.connect(self.watch)

    def watch(self) -> None:
        viewport = self._grid.viewport
        if viewport is self._watched:
            return
        if self._watched is not None and self._watched in list(self._grid.viewports):
            self._watched.display_set_changed.disconnect(self._show_display_set)
            self._watched.view_changed.disconnect(self._show_view)
            self._watched.frame_shown.disconnect(self._show_frame)
            self._watched.index_changed.disconnect(self._show_index)
        self._watched = viewport
        viewport.display_set_changed.connect(self._show_display_set)
        viewport.view_changed.connect(self._show_view)
        viewport.frame_shown.connect(self._show_frame)
        viewport.index_changed.connect(self._show_index)
        self.active_changed.emit()
        self._show_display_set()
        self._show_view()
        if viewport.shown_ref is not None:  # its picture is on the screen already, none will come to tell it
            self._details.wait()

    def tell_actions(self) -> None:
        """What there is to act on."""
        viewport = self._grid.viewport
        has_image = viewport.display_set is not None
        self._actions.follow(
            replace(self._actions.situation, image=has_image, many_frames=has_image and viewport.count > 1)
        )

    def _show_display_set(self) -> None:
        self._details.forget()
        self._strip.show_current(self._grid.viewport.display_set)
        self.display_set_changed.emit()
        self._show_index(self._grid.viewport.index)
        self.tell_actions()

    def _show_index(self, index: int) -> None:
        self._panel.cine_section.show_position(index, self._grid.viewport.count)

    def _show_frame(self, ref: FrameRef) -> None:
        self._show_view()
        self.frame_shown.emit(ref)

    def _show_view(self) -> None:
        viewport = self._grid.viewport
        section = self._panel.window_section
        self.presets = presets_of(viewport.display_set, viewport.frame)
        section.set_presets([preset.name for preset in self.presets])
        section.check_preset(next((n for n, one in enumerate(self.presets) if one.is_in(viewport.view)), None))
        section.show_window(viewport.window)
        section.setVisible(viewport.frame is None or not viewport.frame.is_color)  # colour has no window
        self._actions["viewer.invert"].setChecked(viewport.view.inverted)
        self._actions["viewer.planes"].setChecked(viewport.view.overlays_shown)
        self._actions["viewer.shutter"].setChecked(viewport.view.shutter_shown)
