"""What is read once the picture stands still: texts of the file, attribute list, histogram, thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from workstation.dicom.describe import AttributeRow, attributes_of, describe
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import DisplayKind, DisplaySet
from workstation.ui.background import Background
from workstation.ui.viewer.canvas import image_over
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.histogram import histogram_of, load_pyqtgraph
from workstation.ui.viewer.loader import FrameSource
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.series_model import SeriesModel
from workstation.ui.viewer.side_panel import SidePanel
from workstation.ui.viewer.strip import THUMBNAIL
from workstation.ui.viewer.thumbnails import thumbnail

_SETTLED_MS = 120  # while scrolling nothing of this is asked for
_SIDE_PIXELS = 2 * THUMBNAIL


class Details(QObject):
    """Follows the grid; `wait` after every picture, the rest happens by itself."""

    def __init__(self, source: FrameSource, grid: ViewportGrid, panel: SidePanel, series: SeriesModel) -> None:
        super().__init__(grid)
        self._source, self._grid, self._panel, self._series = source, grid, panel, series
        self._cancellation = Cancellation()
        self._background = Background("viewer", self)
        self._thumbnails = Background("viewer-thumbnails", self)
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
        """In their order; those of what was open before are forgotten."""
        self._thumbnails.forget()
        for display_set in display_sets:
            if display_set.kind is DisplayKind.IMAGE:
                self._ask_thumbnail(display_set)

    def close(self) -> None:
        self._settled.stop()
        self._cancellation.cancel()
        self._background.close()
        self._thumbnails.close()

    def _ask_thumbnail(self, display_set: DisplaySet) -> None:
        self._thumbnails.ask(
            lambda: thumbnail(self._source, display_set, _SIDE_PIXELS, self._cancellation),
            lambda array: self._series.set_thumbnail(display_set.uid, image_over(array).copy()),
            lambda _error: self._series.set_thumbnail(display_set.uid, None),
        )

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
            self._background.ask(
                lambda: describe(ref.path, ref.frame_index), lambda labels: viewport.set_labels(ref, labels)
            )


def _attributes(path: Path) -> list[AttributeRow]:
    """Those of the object first; the file's own group 0002 is rarely what is looked for."""
    return sorted(attributes_of(path), key=lambda row: row[0].startswith("(0002"))
