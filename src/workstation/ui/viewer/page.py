"""The Viewer page: tools above, series at the left, viewports in the middle, window and attributes at the right.

It opens by a job and listens for its end; everything slow happens in the runner, the frame loader or the
background thread. `close_page` gives all of it back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedLayout, QVBoxLayout, QWidget

from workstation.domain.errors import WorkstationError
from workstation.imaging.frame import Window
from workstation.imaging.view import View
from workstation.services.display_sets import DisplayKind, DisplaySet
from workstation.services.open_series import OpenPaths, OpenStudy
from workstation.services.workplace import Workplace
from workstation.ui.actions import Actions
from workstation.ui.messages import notice_of
from workstation.ui.remembered import ViewerLook
from workstation.ui.viewer import tools
from workstation.ui.viewer.annotations.keeping import Keeping
from workstation.ui.viewer.annotations.notices import kept_again, not_kept
from workstation.ui.viewer.annotations.saving import MarkSaver
from workstation.ui.viewer.blender import Blender
from workstation.ui.viewer.cine import Cine
from workstation.ui.viewer.commands import COMMANDS
from workstation.ui.viewer.details import Details
from workstation.ui.viewer.following import Following
from workstation.ui.viewer.gestures import PROFILES
from workstation.ui.viewer.grid import Shape, ViewportGrid
from workstation.ui.viewer.hanging import Hanging, Key, of_patient, of_study
from workstation.ui.viewer.key_selections import KeySelectionReader
from workstation.ui.viewer.layout_picker import LayoutPicker
from workstation.ui.viewer.link_menu import LinkSwitches
from workstation.ui.viewer.loader import FrameCache, FrameLoader
from workstation.ui.viewer.matching import Links
from workstation.ui.viewer.measurement_list import MeasurementList
from workstation.ui.viewer.measuring import Measuring
from workstation.ui.viewer.menu import context_menu
from workstation.ui.viewer.model import Tool, Viewport
from workstation.ui.viewer.opening import Opener
from workstation.ui.viewer.playing import Playing
from workstation.ui.viewer.presentations import PresentationMenu
from workstation.ui.viewer.presets import Preset
from workstation.ui.viewer.reading.reader import Reader
from workstation.ui.viewer.series_model import SeriesModel
from workstation.ui.viewer.side_panel import SidePanel
from workstation.ui.viewer.sorting import Sorter
from workstation.ui.viewer.strip import SeriesStrip
from workstation.ui.viewer.sync import Linker
from workstation.ui.viewer.title import title_of
from workstation.ui.viewer.toolbar import Toolbar
from workstation.ui.widgets.empty import EmptyState
from workstation.ui.widgets.layouts import row
from workstation.ui.widgets.notice import NoticeArea

_TWICE_S = 0.5
_HANDLE = 4  # logical pixels between pictures and panel, to be dragged
_MIB = 1024 * 1024


class ViewerPage(QWidget):
    """`opened` carries the display sets of one opening, `frame_shown` the FrameRef now on the screen."""

    opened = Signal(object)
    failed = Signal(object)  # WorkstationError
    frame_shown = Signal(object)
    title_changed = Signal(str)  # who and what is worked in, empty when nothing is

    def __init__(self, workplace: Workplace, actions: Actions | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._workplace = workplace
        self.actions_ = actions or Actions(self)
        self._closed = False
        self._begun = False  # what is shown belongs to the opening under way
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
            overlay_colour=lambda: workplace.settings().viewer.overlay_colour,
        )
        self.panel = SidePanel()
        self.toolbar = Toolbar(self.actions_)
        self.layout_picker = LayoutPicker(self)
        self.notices = NoticeArea()
        self.cine = Cine(self)
        self._details = Details(workplace.decode_pool, self.grid, self.panel, self.series, self.strip)
        self._following = Following(self.grid, self.panel, self.strip, self._details, self.actions_)
        self._playing = Playing(self.cine, self.panel.cine_section, self.grid, self.actions_)
        self._hanging = Hanging(self.grid, self.series)
        self.sorter = Sorter(workplace, self.series, self.grid, self.strip, self.actions_)
        self.presentations = PresentationMenu(self)
        self.blender = Blender(workplace.decode_pool, self.grid, self)
        self.linker = Linker(self.grid)
        LinkSwitches(self.linker, self.actions_, self.toolbar.button("link"))
        self.measuring = Measuring(self.grid, self.actions_, self._choose_left_tool, self)
        self.keeping = Keeping(workplace.marks, self.measuring.annotations, self.grid, self.series, self)
        self.reader = Reader(workplace.decode_pool, self.grid, self.notices, self)
        self.key_selections = KeySelectionReader(self.measuring.annotations, self.series, self)
        self.mark_saver = MarkSaver(
            workplace,
            keeping=self.keeping,
            grid=self.grid,
            series=self.series,
            actions=self.actions_,
            tell=self.notices.show_notice,
            parent=self,
        )
        self.panel.measurements.show_actions(self.actions_)
        self._measurement_list = MeasurementList(
            self.panel.measurements,
            measuring=self.measuring,
            grid=self.grid,
            series=self.series,
            show=self.show_display_set,
            frames=workplace.decode_pool,
            is_made_on=self.keeping.is_made_on,
        )

        self._build()
        self._connect()
        self._following.watch()
        self._choose_left_tool()
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
        if index is not None:  # told by the caller, whatever goes along with what
            self.grid.viewport.go_to(index)

    @property
    def title(self) -> str:
        return title_of(self.grid.viewport.display_set, private=self.grid.private)

    def current_view(self) -> View:
        return self.grid.viewport.view

    @property
    def presets(self) -> tuple[Preset, ...]:
        """Those of the image that is worked in, on the keys 1 to 9."""
        return self._following.presets

    @property
    def viewport(self) -> Viewport:
        """The viewport that is worked in."""
        return self.grid.viewport

    @property
    def display_sets(self) -> tuple[DisplaySet, ...]:
        return self.series.display_sets

    @property
    def look(self) -> ViewerLook:
        """How it is laid out now, to begin with the next time."""
        usual, links = asdict(Links()), asdict(self.linker.links)
        changed = {name: on for name, on in links.items() if on != usual[name]}
        return ViewerLook(*self.grid.shape, self.panel.width_wanted, changed)

    def use_look(self, look: ViewerLook) -> None:
        """Begin as it was left."""
        known = {name: on for name, on in look.links.items() if name in asdict(Links())}
        self.linker.set_links(replace(self.linker.links, **known))
        self.grid.set_shape((look.rows, look.columns))
        if look.panel_width:
            self.panel.want_width(look.panel_width)

    def close_study(self) -> None:
        """Show nothing and give the memory back."""
        self._opener.forget()
        self._clear()

    def _clear(self) -> None:
        self.cine.pause()
        self._details.make_thumbnails(())
        self.presentations.look(())
        self.blender.look(())
        self.key_selections.look(())
        self.reader.look(())
        for viewport in self.grid.viewports:
            viewport.show(None)
        self.series.set_display_sets(())
        self.linker.forget()
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
        self.presentations.close()
        self.blender.close()
        self.key_selections.close()
        self.reader.close()
        self.keeping.close()
        self.mark_saver.close()
        self._measurement_list.close()
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
        self.split = QSplitter()
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(_HANDLE)
        self.split.addWidget(work)
        self.split.addWidget(self.panel)
        self.split.setStretchFactor(0, 1)
        self.split.setStretchFactor(1, 0)
        self.split.splitterMoved.connect(lambda *_: self.panel.want_width(self.panel.width()))
        self.split.handle(1).setAccessibleName(self.tr("Width of the side panel"))
        body = row(self.strip, self.split, spacing=0)
        body.setStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.toolbar)
        layout.addWidget(self.notices)
        layout.addLayout(body, 1)
        self.actions_.attach(self, "viewer")
        self.setAcceptDrops(True)

    def _action(self, name: str) -> QAction:
        return self.actions_[f"viewer.{name}"]

    def _connect(self) -> None:
        self._opener.ended.connect(self._say_nothing_open)
        self._opener.begun.connect(self._show_begun)
        self._opener.opened.connect(self._show_opened)
        self._opener.grown.connect(self._show_grown)
        self._opener.failed.connect(self._on_failed)
        self.sorter.failed.connect(lambda error: self.notices.show_notice(notice_of(error)))
        self.keeping.refused.connect(self._say_kept)
        self._connect_actions()
        self.strip.chosen.connect(self._on_chosen)
        self.presentations.described.connect(self._on_described)
        self.key_selections.described.connect(self._on_described)
        self.reader.described.connect(self._on_described)
        self._following.active_changed.connect(self.cine.pause)
        self._following.display_set_changed.connect(self._on_display_set)
        self._following.frame_shown.connect(self.frame_shown)
        self._playing.rested.connect(self._details.wait)
        self.grid.frame_shown.connect(self._wait_until_settled)
        self.grid.menu_asked.connect(self._show_menu)
        self.toolbar.button("layout").pressed.connect(self._pick_layout)
        self.layout_picker.chosen.connect(self._set_layout)
        self.grid.dropped.connect(self._on_dropped)
        section = self.panel.window_section
        section.preset_chosen.connect(self._apply_preset)
        section.window_edited.connect(self._apply_window)
        section.entered.connect(self._focus_picture)
        section.histogram.window_dragged.connect(self._drag_window)
        section.histogram.drag_finished.connect(self._end_gesture)

    def _connect_actions(self) -> None:
        for name, command in COMMANDS.items():
            self._action(name).triggered.connect(lambda _checked=False, command=command: command(self.viewport))
        own: dict[str, Callable[[], object]] = {
            "next_series": lambda: self._next_series(1),
            "previous_series": lambda: self._next_series(-1),
            "next_viewport": lambda: self._next_viewport(1),
            "previous_viewport": lambda: self._next_viewport(-1),
            "cine": self._playing.toggle,
            "overlay": lambda: self.grid.set_density(self.grid.density.following),
            "next_study": lambda: self._next_group(1, of_study),
            "previous_study": lambda: self._next_group(-1, of_study),
            "next_patient": lambda: self._next_group(1, of_patient),
            "previous_patient": lambda: self._next_group(-1, of_patient),
            "layout": self._pick_layout,
            "privacy": self._set_private,
            "find": self.reader.find,
        }
        for name, act in own.items():
            self._action(name).triggered.connect(lambda _checked=False, act=act: act())
        for tool in Tool:
            self._action(tool.value).triggered.connect(lambda _checked=False, tool=tool: self._choose_tool(tool))
        for number in range(9):
            action = self._action(f"preset_{number + 1}")
            action.triggered.connect(lambda _checked=False, number=number: self._apply_preset(number))

    # --- opening -----------------------------------------------------------------------------

    def _opening(self, command: OpenStudy | OpenPaths) -> None:
        self._empty.say(self.tr("Opening…"), "")
        self._begun = False
        self._opener.open(command)

    def _say_nothing_open(self) -> None:
        self._empty.say(
            self.tr("No study is open"),
            self.tr("Open one from the Studies page, or drop DICOM files or a folder here."),
        )

    def _on_failed(self, error: WorkstationError) -> None:
        self.notices.show_notice(notice_of(error))
        self.failed.emit(error)

    def _say_kept(self, error: WorkstationError | None) -> None:
        self.notices.show_notice(kept_again() if error is None else not_kept(error))

    def _show_begun(self, display_sets: tuple[DisplaySet, ...]) -> None:
        """Show what has been read so far; once something is shown, go on with it."""
        if not self._begun:
            self._clear()
        self.series.set_display_sets(self.sorter.by_habit(display_sets))
        if self._begun:
            self._hanging.go_on()
        else:
            self._hanging.begin()
        self._begun = True
        self._follow()

    def _show_opened(self, display_sets: tuple[DisplaySet, ...]) -> None:
        self._show_begun(display_sets)
        self._begun = False
        display_sets = self.display_sets
        self._details.make_thumbnails(display_sets)
        self.presentations.look(display_sets)
        self.blender.look(display_sets)
        self.key_selections.look(display_sets)
        self.reader.look(display_sets)
        self._follow()
        self.grid.canvas.setFocus()
        self.opened.emit(display_sets)

    def _show_grown(self, display_sets: tuple[DisplaySet, ...]) -> None:
        """More of what is open has arrived: everything stays where it is, the stacks get longer."""
        if not self.display_sets:
            return
        chosen = {ref: one.sorting for one in self.display_sets for ref in one.frames}
        grown = []
        for one in self.sorter.by_habit(display_sets):
            sorting = next((chosen[ref] for ref in one.frames if ref in chosen), one.sorting)
            grown.append(one if sorting == one.sorting else one.sorted_as(sorting))
        self.series.grow(grown)
        self._hanging.go_on()
        self._details.make_thumbnails(self.series.without_thumbnail())
        self._follow()

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
            self._on_chosen(display_set)

    def _on_chosen(self, display_set: DisplaySet) -> None:
        """A presentation state brings its images along."""
        if not self.presentations.open(display_set, self.viewport, self.show_display_set):
            self.show_display_set(display_set)

    def _on_described(self, display_set: DisplaySet) -> None:
        """A presentation state or a document of key images has been read."""
        self.series.replace(display_set)
        for viewport in self.grid.viewports:
            before = viewport.display_set
            if before is not None and before.uid == display_set.uid:
                if before.kind is display_set.kind:
                    viewport.refine(display_set)
                else:
                    viewport.show(display_set)
        if display_set.kind is DisplayKind.IMAGE:
            self._details.make_thumbnails(self.display_sets)

    # --- the active viewport -----------------------------------------------------------------

    def _on_display_set(self) -> None:
        self._playing.take_rate()
        shown = self.grid.viewport.display_set
        if shown is not None:
            self._workplace.attention.look_at(shown.study.study_instance_uid, shown.series.series_instance_uid)
        self._follow()
        self.title_changed.emit(self.title)

    def _wait_until_settled(self) -> None:
        if not self.cine.playing:
            self._details.wait()

    def _follow(self) -> None:
        anything = bool(self.series.display_sets)
        self._stack.setCurrentIndex(1 if anything else 0)
        self.strip.setVisible(anything)
        self.panel.setVisible(anything)
        self._following.tell_actions()

    # --- commands ----------------------------------------------------------------------------

    def _choose_left_tool(self) -> None:
        """Back to what the left button does by habit."""
        self._profile = self._workplace.settings().viewer.mouse
        self._choose_tool(PROFILES[self._profile].left)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._workplace.settings().viewer.mouse is not self._profile:  # changed in the settings meanwhile
            self._choose_left_tool()

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

    def _focus_picture(self) -> None:
        self.grid.canvas.setFocus()

    def _next_viewport(self, step: int) -> None:
        """Tab goes through the viewports; with only one it goes on to what stands beside it."""
        if self.grid.shape == (1, 1):
            self.focusNextPrevChild(step > 0)
        else:
            self.grid.activate_next(step)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc gives up a drag or leaves a text field; twice in a row it resets the view."""
        if event.key() != Qt.Key.Key_Escape:
            if not self.measuring.key_pressed(event):
                super().keyPressEvent(event)
            return
        twice, self._escaped_at = time.monotonic() - self._escaped_at < _TWICE_S, time.monotonic()
        if self.grid.canvas.cancel_drag() or self.measuring.leave_tool():
            return
        if not self.grid.canvas.hasFocus():
            self.grid.canvas.setFocus()
        elif twice:
            self.viewport.reset()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Shift:
            for canvas in self.grid.canvases:
                canvas.end_pointing()
        if not self.measuring.key_released(event):
            super().keyReleaseEvent(event)

    def _next_series(self, step: int) -> None:
        display_set = self._hanging.following_series(step)
        if display_set is not None:
            self.show_display_set(display_set)

    def _next_group(self, step: int, key: Key) -> None:
        group = self._hanging.following_group(step, key)
        if group:
            self.cine.pause()
            self._hanging.show_group(group)
            self._follow()

    def _pick_layout(self) -> None:
        self.layout_picker.open_at(self.toolbar.below("layout"), self.grid.shape)

    def _set_layout(self, shape: Shape) -> None:
        self.grid.set_shape(shape)
        self._hanging.fill()
        self.grid.canvas.setFocus()

    def _set_private(self) -> None:
        """Nobody who looks over the shoulder learns whose pictures these are; the attributes would tell."""
        private = self._action("privacy").isChecked()
        self.grid.set_private(private)
        self.series.set_private(private)
        self.panel.set_private(private)
        self.title_changed.emit(self.title)

    def _show_menu(self, position: QPoint) -> None:
        menu = context_menu(self.actions_, self.presets, self.viewport, self)
        self.presentations.add_to(menu, self.viewport)
        self.sorter.add_to(menu, self.viewport.display_set)
        self.reader.add_to(menu, self.viewport.display_set)
        menu.popup(position)
