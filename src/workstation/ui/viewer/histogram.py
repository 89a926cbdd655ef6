"""How often which value occurs in the image shown, with the window over it.

pyqtgraph costs half a second of start-up, so it is imported in the background after the first picture.
"""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workstation.imaging.frame import Frame, Window
from workstation.imaging.grayscale import modality_values
from workstation.ui.assets import DARK

BINS = 192
HEIGHT = 70
_HIGHEST_SHARE = 0.35
_SAMPLES = 100_000  # enough for the shape; more changes no pixel of a curve this small


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    counts: NDArray[np.float64]  # 0 to 1
    edges: NDArray[np.float64]  # one more than counts, in modality units


def histogram_of(frame: Frame) -> Histogram | None:
    """The distribution of the values inside the 0.05th to 99.95th percentile; None for colour or emptiness."""
    if frame.is_color or not frame.stored.size:
        return None
    step = math.ceil((frame.stored.size / _SAMPLES) ** 0.5)
    taken = replace(frame, stored=np.ascontiguousarray(frame.stored[::step, ::step]))  # before any arithmetic
    values = np.asarray(modality_values(taken), dtype=np.float64).ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    low, high = np.percentile(values, (0.05, 99.95))
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(values, BINS, (low, high))
    # Air would flatten everything else: the square root, and the highest bins cut off, keep both in sight.
    heights = np.sqrt(counts.astype(np.float64))
    top = max(1.0, float(np.percentile(heights, 98)), _HIGHEST_SHARE * float(heights.max()))
    return Histogram(np.minimum(heights / top, 1.0), edges)


class HistogramView(QWidget):
    """Empty until `library` is given; then curve, window and level."""

    window_dragged = Signal(float, float)  # centre, width
    drag_finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName(self.tr("Histogram"))
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._library: Any = None
        self._plot: Any = None
        self._curve: Any = None
        self._region: Any = None
        self._level: Any = None
        self._histogram: Histogram | None = None
        self._window: Window | None = None
        self._setting = False

    @property
    def ready(self) -> bool:
        return self._plot is not None

    def use(self, pyqtgraph: Any) -> None:
        """Build the plot; call on the GUI thread with what `load_pyqtgraph` returned."""
        if self._plot is not None:
            return
        self._library = pyqtgraph
        plot = pyqtgraph.PlotWidget(background=DARK.well)
        plot.setFrameShape(plot.Shape.NoFrame)
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(False, False)
        plot.hideButtons()
        plot.hideAxis("left")
        plot.hideAxis("bottom")
        plot.getPlotItem().setContentsMargins(0, 0, 0, 0)
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        blue = QColor(DARK.accent)
        self._curve = pyqtgraph.PlotCurveItem(
            fillLevel=0, pen=None, brush=pyqtgraph.mkBrush(blue.red(), blue.green(), blue.blue(), 130)
        )
        plot.addItem(self._curve)
        self._region = pyqtgraph.LinearRegionItem(
            brush=pyqtgraph.mkBrush(blue.red(), blue.green(), blue.blue(), 60),
            hoverBrush=pyqtgraph.mkBrush(blue.red(), blue.green(), blue.blue(), 85),
            pen=pyqtgraph.mkPen(DARK.accent, width=1),
        )
        self._region.sigRegionChanged.connect(self._dragged)
        self._region.sigRegionChangeFinished.connect(self._finished)
        plot.addItem(self._region)
        self._level = pyqtgraph.InfiniteLine(angle=90, movable=False, pen=pyqtgraph.mkPen(DARK.link, width=2))
        plot.addItem(self._level)
        plot.setYRange(0, 1.02, padding=0)
        self._plot = plot
        self._layout.addWidget(plot)
        self._draw_curve()
        self._draw_window()

    def show_histogram(self, histogram: Histogram | None) -> None:
        self._histogram = histogram
        self._draw_curve()
        self._draw_window()

    def show_window(self, window: Window | None) -> None:
        if window != self._window:
            self._window = window
            self._draw_window()

    def _draw_curve(self) -> None:
        if self._plot is None:
            return
        histogram = self._histogram
        self._curve.setVisible(histogram is not None)
        if histogram is not None:
            centers = (histogram.edges[:-1] + histogram.edges[1:]) / 2
            self._curve.setData(centers, histogram.counts)
            self._plot.setXRange(float(histogram.edges[0]), float(histogram.edges[-1]), padding=0.02)

    def _draw_window(self) -> None:
        if self._plot is None:
            return
        window = self._window
        self._setting = True
        for item in (self._region, self._level):
            item.setVisible(self._histogram is not None and window is not None)
        if window is not None:
            self._region.setRegion((window.center - window.width / 2, window.center + window.width / 2))
            self._level.setValue(window.center)
        self._setting = False

    def _dragged(self) -> None:
        if not self._setting:
            low, high = self._region.getRegion()
            self.window_dragged.emit((low + high) / 2, max(high - low, 1e-6))

    def _finished(self) -> None:
        if not self._setting:
            self.drag_finished.emit()


def load_pyqtgraph() -> Any:
    """Import the library; half a second, so not on the GUI thread."""
    return importlib.import_module("pyqtgraph")
