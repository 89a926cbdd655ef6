"""Viewing: a new window or another image until it is painted, beside pyqtgraph's ImageItem, 1600 x 1000 pixels.

While images follow each other quickly our viewport paints drafts; a single one is composed well.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import support
from numpy.typing import NDArray

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import pyqtgraph
from PySide6.QtWidgets import QApplication, QWidget

from workstation.domain.study import Series, Study
from workstation.imaging.compose import Composer
from workstation.imaging.frame import Frame, PixelAttributes, Window
from workstation.imaging.view import View
from workstation.jobs.cancel import Cancellation
from workstation.services.open_series import DisplaySet, FrameRef
from workstation.ui.application import make_application
from workstation.ui.viewer.canvas import Canvas
from workstation.ui.viewer.loader import FrameCache, FrameLoader
from workstation.ui.viewer.model import Viewport

ROUNDS = 11
WIDTH, HEIGHT = 1600, 1000
FRAMES = 4
SCROLLED = 12
SIZES = {"CT 512 x 512": (512, 512), "CR 2048 x 2500": (2500, 2048), "MG 3328 x 4096": (4096, 3328)}


def main() -> None:
    application = make_application()
    for title, shape in SIZES.items():
        stored = _images(shape)
        pyqtgraphs, ours, composing = _PyQtGraph(application, stored), _Ours(application, stored), _Composing(stored)
        window = {
            "pyqtgraph": pyqtgraphs.window,
            "our viewport": ours.window,
            "of it composing": composing.window,
        }
        image = {
            "pyqtgraph": pyqtgraphs.image,
            "our viewport": ours.image,
            "composing it well": composing.image,
        }
        scrolling = {
            "pyqtgraph": lambda pyqtgraphs=pyqtgraphs: _each(pyqtgraphs.image),
            "our viewport": lambda ours=ours: _each(ours.image),
        }
        support.compare(f"{title}: window", window, ROUNDS)
        support.compare(f"{title}: next image", image, ROUNDS)
        support.compare(f"{title}: an image of {SCROLLED} in a row", scrolling, ROUNDS)
        ours.close()
        pyqtgraphs.close()


def _each(image: Callable[[], float]) -> float:
    return sum(image() for _ in range(SCROLLED)) / SCROLLED


def _images(shape: tuple[int, int]) -> list[NDArray[np.uint16]]:
    """Smooth with some noise, 12 bit: neither flat nor all noise."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    smooth = 1500 + 1000 * np.sin(rows / 90) * np.cos(columns / 70)
    noise = np.random.default_rng(7)
    return [(smooth + noise.normal(0, 40, shape) + 50 * number).astype(np.uint16) for number in range(FRAMES)]


def expose(application: QApplication, widget: QWidget) -> None:
    """Show `widget`; before its first exposure repainting does nothing."""
    widget.show()
    while not widget.windowHandle().isExposed():
        application.processEvents()


def _windows() -> itertools.cycle[Window]:
    return itertools.cycle([Window(1200.0 + 10 * step, 900.0 + 25 * step) for step in range(20)])


class _PyQtGraph:
    """Its image view as its documentation has it, uint16 with levels."""

    def __init__(self, application: QApplication, stored: Sequence[NDArray[np.uint16]]) -> None:
        self._view = pyqtgraph.GraphicsLayoutWidget()
        self._view.resize(WIDTH, HEIGHT)
        box = self._view.addViewBox(lockAspect=True, invertY=True)
        self._item = pyqtgraph.ImageItem(stored[0], axisOrder="row-major", levels=(1000, 2000))
        box.addItem(self._item)
        box.autoRange()
        expose(application, self._view)
        self._images = itertools.cycle(stored)
        self._windows = _windows()

    def window(self) -> float:
        window = next(self._windows)
        levels = (window.center - window.width / 2, window.center + window.width / 2)
        return support.seconds(lambda: (self._item.setLevels(levels), self._view.viewport().repaint()))

    def image(self) -> float:
        stored = next(self._images)
        return support.seconds(lambda: (self._item.setImage(stored, autoLevels=False), self._view.viewport().repaint()))

    def close(self) -> None:
        self._view.close()


class _Source:
    """Frames that are decoded already."""

    def __init__(self, stored: Sequence[NDArray[np.uint16]]) -> None:
        self.frames = [Frame(pixels, PixelAttributes("MONOCHROME2", 12, False)) for pixels in stored]

    def frame(self, path: Path, index: int, cancellation: Cancellation | None = None) -> Frame:
        return self.frames[index]


class _Ours:
    """A viewport with all its furniture, its frames in the cache."""

    def __init__(self, application: QApplication, stored: Sequence[NDArray[np.uint16]]) -> None:
        refs = tuple(FrameRef(Path("image.dcm"), index) for index in range(FRAMES))
        source, cache = _Source(stored), FrameCache(1 << 30)
        for ref, frame in zip(refs, source.frames, strict=True):
            cache.keep(ref, frame)
        self._loader = FrameLoader(source, cache)
        self._viewport = Viewport(self._loader)
        self._canvas = Canvas(self._viewport)
        self._canvas.resize(WIDTH, HEIGHT)
        expose(application, self._canvas)
        self._viewport.show(DisplaySet("1.2.3", Study("1.2"), Series("1.2.3"), refs))
        while self._viewport.frame is None:
            application.processEvents()
        self._windows = _windows()
        self._next = itertools.cycle(range(FRAMES))

    def window(self) -> float:
        window = next(self._windows)
        return self._painted(lambda: self._viewport.set_view(replace(self._viewport.view, window=window)))

    def image(self) -> float:
        index = next(self._next)
        taken = self._painted(lambda: self._viewport.go_to(index))
        assert self._viewport.shown == index
        return taken

    def _painted(self, change: Callable[[], object]) -> float:
        return support.seconds(lambda: (change(), self._canvas.repaint()))

    def close(self) -> None:
        self._viewport.close()
        self._canvas.close()
        self._loader.close()


class _Composing:
    """The numbers alone: what the viewport shows at rest."""

    def __init__(self, stored: Sequence[NDArray[np.uint16]]) -> None:
        self._frames = itertools.cycle(_Source(stored).frames)
        self._frame = next(self._frames)
        self._composer = Composer()
        self._windows = _windows()

    def window(self) -> float:
        view = View(window=next(self._windows))
        return support.seconds(lambda: self._composer.compose(self._frame, view, (WIDTH, HEIGHT)))

    def image(self) -> float:
        self._frame = next(self._frames)
        view = View(window=Window(1500.0, 1000.0))
        return support.seconds(lambda: self._composer.compose(self._frame, view, (WIDTH, HEIGHT)))


if __name__ == "__main__":
    support.start(main)
