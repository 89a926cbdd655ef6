"""What is read once the picture stands still: texts of the file, attribute list, histogram, thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from workstation.services.display_sets import DisplayKind, DisplaySet, FrameRef
from workstation.ui.background import Background
from workstation.ui.viewer.comparing import Comparing
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.histogram import histogram_of, load_pyqtgraph
from workstation.ui.viewer.loader import FrameSource
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.series_model import SeriesModel
from workstation.ui.viewer.side_panel import SidePanel
from workstation.ui.viewer.strip import THUMBNAIL, SeriesStrip
from workstation.ui.viewer.thumbnails import Thumbnails

if TYPE_CHECKING:
    from workstation.dicom.describe import AttributeRow, ImageLabels

_SETTLED_MS = 250  # while scrolling nothing of this is asked for: four notches a second are still scrolling


class Details(QObject):
    """Follows the grid; `wait` after every picture, the rest happens by itself."""

    def __init__(
        self, source: FrameSource, grid: ViewportGrid, panel: SidePanel, series: SeriesModel, strip: SeriesStrip
    ) -> None:
        super().__init__(grid)
        self._grid, self._panel = grid, panel
        self._background = Background("viewer", self)
        self._thumbnails = Thumbnails(source, strip.visible_sets, 2 * THUMBNAIL, self)
        self._thumbnails.made.connect(series.set_thumbnail)
        self.comparing = Comparing(grid, series, panel.attributes)
        strip.menu_filled.connect(self.comparing.add_to)
        panel.private_changed.connect(self.comparing.close_window)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLED_MS)
        self._settled.timeout.connect(self._show)

    def wait(self) -> None:
        self._settled.start()

    def forget(self) -> None:
        """Never one patient's attributes beside another's image, however long the next ones take."""
        self._background.forget()
        self._panel.attributes.model.set_rows(())
        self._panel.window_section.histogram.show_histogram(None)

    def make_thumbnails(self, display_sets: Sequence[DisplaySet]) -> None:
        """Those in sight first; those of what was open before are forgotten."""
        self._thumbnails.make([one for one in display_sets if one.kind is DisplayKind.IMAGE])

    def close(self) -> None:
        self._settled.stop()
        self._background.close()
        self._thumbnails.close()
        self.comparing.close()

    def _show(self) -> None:
        viewport = self._grid.viewport
        ref, frame = viewport.shown_ref, viewport.frame
        self._background.forget()
        for one in self._grid.viewports:
            self._ask_labels(one)
        rows = self._panel.attributes.model.set_rows
        if ref is None:
            rows(())
        else:
            self._background.ask(lambda: _attributes(ref.path), rows, lambda _error: rows(()))
        histogram = self._panel.window_section.histogram
        if not histogram.ready:
            self._background.ask(load_pyqtgraph, histogram.use)
        if frame is None:
            histogram.show_histogram(None)
        else:
            self._background.ask(lambda: histogram_of(frame), histogram.show_histogram)

    def _ask_labels(self, viewport: Viewport) -> None:
        ref = viewport.shown_ref
        if ref is not None and viewport.labels is None:
            self._background.ask(lambda: _labels(ref), lambda labels: viewport.set_labels(ref, labels))


# pydicom is loaded with the first question, not before the first picture.


def _labels(ref: FrameRef) -> ImageLabels:
    from workstation.dicom.describe import describe  # noqa: PLC0415

    return describe(ref.path, ref.frame_index)


def _attributes(path: Path) -> list[AttributeRow]:
    """Those of the object first; the file's own group 0002 is rarely what is looked for."""
    from workstation.dicom.describe import attributes_of  # noqa: PLC0415

    return sorted(attributes_of(path), key=lambda row: row[0].startswith("(0002"))
