"""Sorting by the user: the Sort menu of a picture and of a card in the strip, and the order kept for next time."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from workstation.domain.errors import WorkstationError
from workstation.services.display_sets import DisplayKind, DisplaySet, SortBy, Sorting
from workstation.services.sorting import modality_of, sorted_by_habit, sortings_from, text_of
from workstation.services.workplace import Workplace
from workstation.ui.actions import Actions
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.series_model import DISPLAY_SET_ROLE, SeriesModel
from workstation.ui.viewer.strip import SeriesStrip


class Sorter(QObject):
    """`failed` when the order cannot be kept for next time; it holds for what is open all the same."""

    failed = Signal(object)  # WorkstationError

    def __init__(
        self, workplace: Workplace, series: SeriesModel, grid: ViewportGrid, strip: SeriesStrip, actions: Actions
    ) -> None:
        super().__init__(grid)
        self._workplace, self._series, self._grid, self._strip = workplace, series, grid, strip
        self._names = {
            SortBy.POSITION: self.tr("By position"),
            SortBy.INSTANCE_NUMBER: self.tr("By image number"),
            SortBy.ACQUISITION_TIME: self.tr("By acquisition time"),
        }
        actions["viewer.reverse"].triggered.connect(self._reverse_shown)
        strip.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        strip.customContextMenuRequested.connect(self._show_strip_menu)

    def by_habit(self, display_sets: tuple[DisplaySet, ...]) -> tuple[DisplaySet, ...]:
        """`display_sets` as the user last had their modalities sorted."""
        return sorted_by_habit(display_sets, self._workplace.settings().viewer.sort)

    def sort(self, display_set: DisplaySet, sorting: Sorting) -> None:
        """Sort it wherever it is shown, the image that is looked at kept, and remember it for the modality."""
        current = self._series.by_uid(display_set.uid) or display_set  # more may have been read since the menu opened
        changed = current.sorted_as(sorting)
        self._series.replace(changed)
        for viewport in self._grid.viewports:
            if viewport.display_set is not None and viewport.display_set.uid == changed.uid:
                looked_at = viewport.display_set.frames[viewport.index]
                viewport.show(changed, changed.frames.index(looked_at))
        self._remember(changed, sorting)

    def add_to(self, menu: QMenu, display_set: DisplaySet | None) -> None:
        """A submenu Sort, where there is something to sort."""
        if display_set is None or display_set.kind is not DisplayKind.IMAGE or len(display_set.frames) < 2:
            return
        submenu = menu.addMenu(self.tr("Sort"))
        group = QActionGroup(submenu)
        now = display_set.sorting
        for by, name in self._names.items():
            action = submenu.addAction(name, partial(self.sort, display_set, replace(now, by=by)))
            action.setCheckable(True)
            action.setChecked(now.by is by)
            group.addAction(action)
        submenu.addSeparator()
        turned = replace(now, reversed=not now.reversed)
        backwards = submenu.addAction(self.tr("Reversed"), partial(self.sort, display_set, turned))
        backwards.setCheckable(True)
        backwards.setChecked(now.reversed)

    def _reverse_shown(self) -> None:
        display_set = self._grid.viewport.display_set
        if display_set is not None and display_set.kind is DisplayKind.IMAGE:
            self.sort(display_set, replace(display_set.sorting, reversed=not display_set.sorting.reversed))

    def _show_strip_menu(self, position: QPoint) -> None:
        display_set = self._strip.indexAt(position).data(DISPLAY_SET_ROLE)
        if display_set is None:
            return
        menu = QMenu(self._strip)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.add_to(menu, display_set)
        self._strip.menu_filled.emit(menu, display_set)
        if menu.isEmpty():
            menu.deleteLater()
        else:
            menu.popup(self._strip.viewport().mapToGlobal(position))

    def _remember(self, display_set: DisplaySet, sorting: Sorting) -> None:
        settings = self._workplace.settings()
        sortings = {**sortings_from(settings.viewer.sort), modality_of(display_set): sorting}
        text = text_of(sortings)
        if text != settings.viewer.sort:
            try:
                self._workplace.save_settings(replace(settings, viewer=replace(settings.viewer, sort=text)))
            except WorkstationError as error:
                self.failed.emit(error)
