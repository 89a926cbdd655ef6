"""Buttons, side panel and strip follow the viewport that is worked in, whichever that is."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from workstation.services.display_sets import DisplayKind, FrameRef
from workstation.ui.actions import Actions
from workstation.ui.viewer.details import Details
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.presets import Preset, presets_of
from workstation.ui.viewer.side_panel import SidePanel
from workstation.ui.viewer.strip import SeriesStrip

_PANEL_MS = 33  # nobody reads numbers that change more often, and the picture must not wait for them


class Following(QObject):
    """`active_changed` before everything else when another viewport is worked in.

    The side panel follows a movement a few times a second, after the picture; another display set at once.
    """

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
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PANEL_MS)
        self._soon.timeout.connect(self._show_panel)
        grid.active_changed.connect(self.watch)

    def watch(self) -> None:
        viewport = self._grid.viewport
        if viewport is self._watched:
            return
        if self._watched is not None and self._watched in list(self._grid.viewports):
            self._watched.display_set_changed.disconnect(self._show_display_set)
            self._watched.view_changed.disconnect(self._show_view)
            self._watched.frame_shown.disconnect(self._show_frame)
            self._watched.index_changed.disconnect(self._show_soon)
        self._watched = viewport
        viewport.display_set_changed.connect(self._show_display_set)
        viewport.view_changed.connect(self._show_view)
        viewport.frame_shown.connect(self._show_frame)
        viewport.index_changed.connect(self._show_soon)
        self.active_changed.emit()
        self._show_display_set()
        if viewport.shown_ref is not None:  # its picture is on the screen already, none will come to tell it
            self._details.wait()

    @property
    def presets(self) -> tuple[Preset, ...]:
        viewport = self._grid.viewport
        return presets_of(viewport.display_set, viewport.frame)

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
        self._show_actions()
        self._show_panel()
        self.tell_actions()

    def _show_frame(self, ref: FrameRef) -> None:
        self._show_section()
        self._show_view()
        self.frame_shown.emit(ref)

    def _show_view(self) -> None:
        self._show_actions()
        self._show_soon()

    def _show_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _show_panel(self) -> None:
        self._soon.stop()
        viewport, presets = self._grid.viewport, self.presets
        self._panel.cine_section.show_position(viewport.index, viewport.count)
        section = self._panel.window_section
        section.set_presets([preset.name for preset in presets])
        section.check_preset(next((n for n, one in enumerate(presets) if one.is_in(viewport.view)), None))
        section.show_window(viewport.window)
        self._show_section()

    def _show_section(self) -> None:
        viewport = self._grid.viewport
        frame, display_set = viewport.frame, viewport.display_set
        image = display_set is None or display_set.kind is DisplayKind.IMAGE
        self._panel.window_section.setVisible(image and (frame is None or not frame.is_color))  # colour has no window
        self._panel.cine_section.setVisible(image)

    def _show_actions(self) -> None:
        view = self._grid.viewport.view
        self._actions["viewer.invert"].setChecked(view.inverted)
        self._actions["viewer.planes"].setChecked(view.overlays_shown)
        self._actions["viewer.shutter"].setChecked(view.shutter_shown)
        self._actions["viewer.graphics"].setChecked(view.graphics_shown)
