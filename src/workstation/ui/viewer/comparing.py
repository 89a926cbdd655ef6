"""Comparing the attributes of the image worked in with those of another: who offers it, and who reads the files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from workstation.services.display_sets import DisplaySet
from workstation.ui.background import Background
from workstation.ui.messages import one_line
from workstation.ui.viewer.attribute_rows import Pair, compare
from workstation.ui.viewer.attributes import AttributesList
from workstation.ui.viewer.comparison import ComparisonWindow
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.series_model import SeriesModel, title


class Comparing(QObject):
    """Fills the list's menu with what can be compared, and keeps one window for it."""

    def __init__(self, grid: ViewportGrid, series: SeriesModel, attributes: AttributesList) -> None:
        super().__init__(grid)
        self._grid, self._series = grid, series
        self._background = Background("comparing", self)
        self.window: ComparisonWindow | None = None
        attributes.compare_menu.aboutToShow.connect(lambda: self.fill(attributes.compare_menu))
        series.modelReset.connect(self._follow)

    def fill(self, menu: QMenu) -> None:
        """The images in the other viewports first, then every series."""
        menu.clear()
        for number, viewport in enumerate(self._grid.viewports, 1):
            display_set = viewport.display_set
            if viewport is not self._grid.viewport and display_set is not None:
                words = self.tr("Viewport {number}: {title}").format(number=number, title=title(display_set))
                menu.addAction(words.replace("&", "&&"), partial(self.compare_with, display_set, viewport.index))
        menu.addSeparator()
        for display_set in self._series.display_sets:
            menu.addAction(title(display_set).replace("&", "&&"), partial(self.compare_with, display_set))

    def add_to(self, menu: QMenu, display_set: DisplaySet) -> None:
        """For the card of a series."""
        if self._grid.viewport.display_set is not None and not self._grid.private:
            menu.addAction(self.tr("Compare attributes"), partial(self.compare_with, display_set))

    def compare_with(self, display_set: DisplaySet, index: int | None = None) -> None:
        """The image worked in at the left; of a series without `index` the image of the same number."""
        viewport = self._grid.viewport
        here = viewport.display_set
        if here is None or not display_set.frames:
            return
        window = self.window or self._make_window()
        left, right = window.sides
        for side in window.sides:
            side.offer(self._series.display_sets)
        left.choose(here, viewport.index)
        other = min(viewport.index, len(display_set.frames) - 1) if index is None else index
        right.choose(display_set, other)
        if window.isVisible():
            window.raise_()
            window.activateWindow()
        window.show()
        self._read()

    def close(self) -> None:
        self._background.close()
        self.close_window()

    def close_window(self) -> None:
        if self.window is not None:
            self.window.close()

    def _make_window(self) -> ComparisonWindow:
        self.window = ComparisonWindow(self._grid)
        self.window.asked.connect(self._read)
        return self.window

    def _read(self) -> None:
        window = self.window
        if window is None:
            return
        left, right = (side.ref for side in window.sides)
        self._background.forget()
        window.wait()
        if left is not None and right is not None:
            paths = left.path, right.path
            self._background.ask(
                lambda: _compared(*paths), window.show_pairs, lambda error: window.show_problem(one_line(error))
            )

    def _follow(self) -> None:
        """What is no longer open, is no longer compared: it may be another patient's."""
        if self.window is None or not self.window.isVisible():
            return
        if any(side.series.currentData() not in self._open_uids() for side in self.window.sides):
            self._background.forget()
            self.window.wait()
            self.window.close()

    def _open_uids(self) -> set[str]:
        return {one.uid for one in self._series.display_sets}


def _compared(left: Path, right: Path) -> list[Pair]:
    from workstation.dicom.describe import attributes_of  # noqa: PLC0415 - pydicom

    return compare(attributes_of(left, exact=True), attributes_of(right, exact=True))
