"""The Viewer page: tools above, series at the left, viewports in the middle, window and attributes at the right.

It opens by a job and listens for its end; everything slow happens in the runner, the frame loader or the
background thread. `close_page` gives all of it back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QStackedLayout, QVBoxLayout, QWidget

from workstation.domain.errors import WorkstationError
from workstation.imaging.frame import Window
from workstation.imaging.view import View
from workstation.services.display_sets import DisplayKind, DisplaySet, FrameRef
from workstation.services.open_series import OpenPaths, OpenStudy
from workstation.services.workplace import Workplace
from workstation.ui.actions import Actions
from workstation.ui.messages import notice_of
from workstation.ui.viewer import tools
from workstation.ui.viewer.cine import DEFAULT_RATE, Cine
from workstation.ui.viewer.commands import COMMANDS
from workstation.ui.viewer.details import Details
from workstation.ui.viewer.gestures import PROFILES
from workstation.ui.viewer.grid import LAYOUTS, ViewportGrid
from workstation.ui.viewer.loader import FrameCache, FrameLoader
from workstation.ui.viewer.model import Tool, Viewport
from workstation.ui.viewer.opening import Opener
from workstation.ui.viewer.presets import Preset, presets_of
from workstation.ui.viewer.series_model import SeriesModel
from workstation.ui.viewer.side_panel import SidePanel
from workstation.ui.viewer.strip import SeriesStrip
from workstation.ui.viewer.toolbar import toolbar
from workstation.ui.widgets.empty import EmptyState
from workstation.ui.widgets.layouts import row
from workstation.ui.widgets.notice import NoticeArea

_TWICE_S = 0.5
_MIB = 1024 * 1024


class ViewerPage(QWidget):
    """`opened` carries the display sets of one opening, `frame_shown` the FrameRef now on the screen."""

    opened = Signal(object)
    failed = Signal(object)  # WorkstationError
    frame_shown = Signal(object)

    def __init__(self, workplace: Workplace, actions: Actions | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._workplace = workplace
        self.actions_ = actions or Actions(self)
        self.presets: tuple[Preset, ...] = ()
        self._closed = False
        self._escaped_at = 0.0

        self._opener = Opener(workplace, self)
        cache = FrameCache(workplace.settings().viewer.cache_mib * _MIB)
        self._loader = FrameLoader(workplace.decode_pool, cache, parent=self)
        self.series = SeriesModel(self)
        self.strip = SeriesStrip(self.series)
        self.grid = ViewportGrid(
            self._loader,
            drag_up_brightens=lambda: workplace.settings().viewer.drag_up_brightens,
            mouse=lambda: workplace.settings().viewer.mouse,
        )
        self.panel = SidePanel()
        self.notices = NoticeArea()
        self.cine = Cine(self)
        self._details = Details(workplace.decode_pool, self.grid, self.panel, self.series)
        self._watched: Viewport | None = None

        self._build()
        self._connect()
        self._watch_active()
        self._choose_tool(PROFILES[workplace.settings().viewer.mouse].left)
        self._follow()

    # --- what others use ---------------------------------------------------------------------

    def open_study(self, study_instance_uid: str) -> None:
        self._opening(OpenStudy(study_instance_uid))

    def open_paths(self, paths: Iterable[str | Path]) -> None:
        self._opening(OpenPaths(tuple(str(path) for path in paths)))

    def show_display_set(self, display_set: DisplaySet, index: int | None = None) -> None:
        """Load into the active viewport."""
        self.cine.pause()
        self.grid.viewport.show(display_set, index)

    def current_view(self) -> View:
        return self.grid.viewport.view

    @property
    def viewport(self) -> Viewport:
        """The viewport that is worked in."""
        return self.grid.viewport

    @property
    def display_sets(self) -> tuple[DisplaySet, ...]:
        return self.series.display_sets

    def close_study(self) -> None:
        """Show nothing and give the memory back."""
        self.cine.pause()
        self._details.make_thumbnails(())
        for viewport in self.grid.viewports:
            viewport.show(None)
        self.series.set_display_sets(())
        self._loader.cache.clear()
        self._follow()

    def close_page(self) -> None:
        """Stop timers and threads; the page is of no use afterwards."""
        if self._closed:
            return
        self._closed = True
        self.cine.pause()
        self._opener.close()
        self._details.close()
        self.grid.close_viewports()
        self._loader.close()

    # --- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        self._empty = EmptyState("viewer", "")
        self._say_nothing_open()
        work = QWidget()
        self._stack = QStackedLayout(work)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.grid)
        body = row(self.strip, work, self.panel, spacing=0)
        body.setStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(toolbar(self.actions_))
        layout.addWidget(self.notices)
        layout.addLayout(body, 1)
        self.actions_.attach(self, "viewer")
        self.setAcceptDrops(True)

    def _action(self, name: str) -> QAction:
        return self.actions_[f"viewer.{name}"]

    def _connect(self) -> None:
        self._opener.ended.connect(self._say_nothing_open)
        self._opener.opened.connect(self._show_opened)
        self._opener.failed.connect(self._on_failed)
        self._connect_actions()
        self.strip.chosen.connect(self.show_display_set)
        self.grid.active_changed.connect(self._watch_active)
        self.grid.frame_shown.connect(self._wait_until_settled)
        self.grid.menu_asked.connect(self._show_menu)
        self.grid.dropped.connect(self._on_dropped)
        section = self.panel.window_section
        section.preset_chosen.connect(self._apply_preset)
        section.window_edited.connect(self._apply_window)
        section.entered.connect(self._focus_picture)
        section.histogram.window_dragged.connect(self._drag_window)
        section.histogram.drag_finished.connect(self._end_gesture)
        cine = self.panel.cine_section
        cine.stepped.connect(self._step)
        cine.toggled.connect(self._toggle_cine)
        cine.moved.connect(self._go_to)
        cine.rate_edited.connect(self.cine.set_rate)
        self.cine.advance.connect(self._advance)
        self.cine.set_ready(lambda: self.viewport.loading is None)
        self.cine.playing_changed.connect(self._on_playing)
        self.cine.rate_changed.connect(cine.show_rate)

    def _connect_actions(self) -> None:
        for name, command in COMMANDS.items():
            self._action(name).triggered.connect(lambda _checked=False, command=command: command(self.viewport))
        own: dict[str, Callable[[], object]] = {
            "next_series": lambda: self._next_series(1),
            "previous_series": lambda: self._next_series(-1),
            "next_viewport": lambda: self._next_viewport(1),
            "previous_viewport": lambda: self._next_viewport(-1),
            "cine": self._toggle_cine,
            "overlay": lambda: self.grid.set_density(self.grid.density.following),
            "layout": self._next_layout,
        }
        for name, act in own.items():
            self._action(name).triggered.connect(lambda _checked=False, act=act: act())
        for keys, step_back in ((("Ctrl+Z",), True), (("Ctrl+Y", "Ctrl+Shift+Z"), False)):
            shortcut = QShortcut(self)
            shortcut.setKeys([QKeySequence(key) for key in keys])
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self._undo_or_redo, step_back))
        for tool in Tool:
            self._action(tool.value).triggered.connect(lambda _checked=False, tool=tool: self._choose_tool(tool))
        for number in range(9):
            action = self._action(f"preset_{number + 1}")
            action.triggered.connect(lambda _checked=False, number=number: self._apply_preset(number))

    # --- opening -----------------------------------------------------------------------------

    def _opening(self, command: OpenStudy | OpenPaths) -> None:
        self._empty.say(self.tr("Opening…"), "")
        self._opener.open(command)

    def _say_nothing_open(self) -> None:
        self._empty.say(
            self.tr("No study is open"),
            self.tr("Open one from the Studies page, or drop DICOM files or a folder here."),
        )

    def _on_failed(self, error: WorkstationError) -> None:
        self.notices.show_notice(notice_of(error))
        self.failed.emit(error)

    def _show_opened(self, display_sets: tuple[DisplaySet, ...]) -> None:
        self.close_study()
        self.series.set_display_sets(display_sets)
        images_first = sorted(display_sets, key=lambda one: one.kind is not DisplayKind.IMAGE)
        for viewport, display_set in zip(self.grid.viewports, images_first, strict=False):
            viewport.show(display_set)
        self._details.make_thumbnails(display_sets)
        self._follow()
        self.grid.canvas.setFocus()
        self.opened.emit(display_sets)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.open_paths(paths)

    def _on_dropped(self, uid: str) -> None:
        display_set = self.series.by_uid(uid)
        if display_set is not None:
            self.show_display_set(display_set)

    # --- the active viewport -----------------------------------------------------------------

    def _watch_active(self) -> None:
        """Let buttons, panel and strip follow another viewport."""
        viewport = self.grid.viewport
        if viewport is self._watched:
            return
        if self._watched is not None and self._watched in list(self.grid.viewports):
            self._watched.display_set_changed.disconnect(self._on_display_set)
            self._watched.view_changed.disconnect(self._on_view)
            self._watched.frame_shown.disconnect(self._on_frame)
            self._watched.index_changed.disconnect(self._on_index)
        self._watched = viewport
        viewport.display_set_changed.connect(self._on_display_set)
        viewport.view_changed.connect(self._on_view)
        viewport.frame_shown.connect(self._on_frame)
        viewport.index_changed.connect(self._on_index)
        self.cine.pause()
        self._on_display_set()
        self._on_view()

    def _on_display_set(self) -> None:
        display_set = self.viewport.display_set
        self._details.forget()
        self.strip.show_current(display_set)
        self.cine.set_rate(display_set.frame_rate or DEFAULT_RATE if display_set else DEFAULT_RATE)
        self._on_index(self.viewport.index)
        self._follow()

    def _on_index(self, index: int) -> None:
        self.panel.cine_section.show_position(index, self.viewport.count)

    def _on_frame(self, ref: FrameRef) -> None:
        self._on_view()
        self.frame_shown.emit(ref)

    def _wait_until_settled(self) -> None:
        if not self.cine.playing:
            self._details.wait()

    def _on_view(self) -> None:
        viewport = self.viewport
        display_set = viewport.display_set
        section = self.panel.window_section
        self.presets = presets_of(display_set, viewport.frame)
        section.set_presets([preset.name for preset in self.presets])
        section.check_preset(next((n for n, one in enumerate(self.presets) if one.is_in(viewport.view)), None))
        section.show_window(viewport.window)
        section.setVisible(viewport.frame is None or not viewport.frame.is_color)  # colour has no window
        self._action("invert").setChecked(viewport.view.inverted)

    def _follow(self) -> None:
        """Tell the actions what there is to act on."""
        viewport = self.grid.viewport
        anything = bool(self.series.display_sets)
        self._stack.setCurrentIndex(1 if anything else 0)
        self.strip.setVisible(anything)
        self.panel.setVisible(anything)
        has_image = viewport.display_set is not None
        self.actions_.follow(
            replace(self.actions_.situation, image=has_image, many_frames=has_image and viewport.count > 1)
        )

    # --- commands ----------------------------------------------------------------------------

    def _choose_tool(self, tool: Tool) -> None:
        self.grid.set_tool(tool)
        for one in Tool:
            self._action(one.value).setChecked(one is tool)

    def _apply_preset(self, number: int) -> None:
        if number < len(self.presets):
            self.viewport.apply(self.presets[number].apply)

    def _apply_window(self, center: float, width: float) -> None:
        self.viewport.apply(lambda view: tools.with_window(view, Window(center, width)))

    def _drag_window(self, center: float, width: float) -> None:
        self.viewport.begin_gesture()
        self._apply_window(center, width)

    def _end_gesture(self) -> None:
        self.viewport.end_gesture()

    def _undo_or_redo(self, back: bool) -> None:
        if back:
            self.viewport.undo()
        else:
            self.viewport.redo()

    def _focus_picture(self) -> None:
        self.grid.canvas.setFocus()

    # Not connected to a viewport itself: which one is worked in changes.
    def _step(self, images: int) -> None:
        self.viewport.step(images)

    def _go_to(self, index: int) -> None:
        self.viewport.go_to(index)

    def _advance(self, images: int) -> None:
        self.viewport.advance(images)

    def _toggle_cine(self) -> None:
        if self.viewport.count > 1:
            self.cine.toggle()
        self._action("cine").setChecked(self.cine.playing)

    def _on_playing(self, playing: bool) -> None:
        self.panel.cine_section.show_playing(playing)
        self._action("cine").setChecked(playing)
        if not playing:
            self._details.wait()

    def _next_viewport(self, step: int) -> None:
        """Tab goes through the viewports; with only one it goes on to what stands beside it."""
        if self.grid.shape == LAYOUTS[0]:
            self.focusNextPrevChild(step > 0)
        else:
            self.grid.activate_next(step)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc gives up a drag or leaves a text field; twice in a row it resets the view."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
            return
        twice, self._escaped_at = time.monotonic() - self._escaped_at < _TWICE_S, time.monotonic()
        if self.grid.canvas.cancel_drag():
            return
        if not self.grid.canvas.hasFocus():
            self.grid.canvas.setFocus()
        elif twice:
            self.viewport.reset()

    def _next_series(self, step: int) -> None:
        at = self.series.row_of(self.viewport.display_set)
        if 0 <= at + step < len(self.display_sets):
            self.show_display_set(self.display_sets[at + step])

    def _next_layout(self) -> None:
        at = LAYOUTS.index(self.grid.shape)
        self.grid.set_shape(LAYOUTS[(at + 1) % len(LAYOUTS)])
        shown = [viewport.display_set for viewport in self.grid.viewports]
        following = [one for one in self.display_sets if one not in shown]
        for viewport in self.grid.viewports:
            if viewport.display_set is None and following:
                viewport.show(following.pop(0))

    def _show_menu(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in ("window", "scroll", "pan", "zoom"):
            menu.addAction(self._action(name))
        menu.addSeparator()
        for preset in self.presets:
            menu.addAction(preset.name, partial(self.viewport.apply, preset.apply))
        menu.addAction(self._action("full_range"))
        menu.addSeparator()
        for name in ("fit", "flip_horizontal", "flip_vertical", "rotate_right", "rotate_left"):
            menu.addAction(self._action(name))
        menu.addSeparator()
        for name in ("invert", "reset", "overlay"):
            menu.addAction(self._action(name))
        menu.popup(position)
