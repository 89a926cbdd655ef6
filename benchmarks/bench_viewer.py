"""Viewing at 1600 x 1000 beside pyqtgraph: the real window under a real mouse, then the viewport alone.

On a virtual screen the time runs from the event to the first changed pixel in the middle of the screen, seen from
outside; pyqtgraph's ImageView, a program of its own, is worked in the same rounds. Without a screen the CPU time of
the drawing thread until a repaint has ended is taken, beside pyqtgraph's ImageItem.
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import on_screen
import support
from numpy.typing import NDArray

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import pyqtgraph
from PySide6.QtWidgets import QApplication, QWidget

from workstation.domain.study import Series, Study
from workstation.imaging import compiled, kernel_build
from workstation.imaging.compose import Composer
from workstation.imaging.frame import Frame, PixelAttributes, Window
from workstation.imaging.view import View
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import DisplaySet, FrameRef
from workstation.ui.application import make_application
from workstation.ui.viewer.annotations.interaction import AnnotationLayer
from workstation.ui.viewer.annotations.model import Annotation, Annotations, Kind, place_of
from workstation.ui.viewer.canvas import Canvas
from workstation.ui.viewer.loader import FrameCache, FrameLoader
from workstation.ui.viewer.model import Viewport

ROUNDS = 11
WIDTH, HEIGHT = 1600, 1000
FRAMES = 4
SCROLLED = 12
COMPILE_S = 60.0
DRAGGED = 100
NOTCHES, NOTCH_S = 60, 1 / 125
PYQTGRAPH = """
import sys, numpy, pyqtgraph
application = pyqtgraph.mkQApp()
view = pyqtgraph.ImageView()
view.setWindowTitle("pyqtgraph ImageView")
view.setImage(numpy.load(sys.argv[1], mmap_mode="r"), autoLevels=False, levels=(0, 4095), axes={"t": 0, "y": 1, "x": 2})
view.resize(1600, 1000)
view.show()
pyqtgraph.exec()
"""
SERIES = {"CT 512 x 512": (64, 512, 512), "CR 2048 x 2500": (16, 2500, 2048), "MG 3328 x 4096": (12, 4096, 3328)}
SIZES = {"CT 512 x 512": (512, 512), "CR 2048 x 2500": (2500, 2048), "MG 3328 x 4096": (4096, 3328)}


def main() -> None:
    with support.scratch() as folder:
        _load_loops(folder)
        for title, shape in SERIES.items():
            _in_the_window(title, shape, folder / title.split()[0])
    _viewport_alone()


def _load_loops(folder: Path) -> None:
    """Compiled once for this process and for the window; a start with a filled cache is what users have."""
    os.environ["WORKSTATION_CACHE_DIR"] = str(folder / "cache")
    file = compiled.file_in(folder / "cache")
    kernel_build.start(file).wait(COMPILE_S)
    compiled.load(file)


# --- the window on a screen ----------------------------------------------------------------------


def _in_the_window(title: str, shape: tuple[int, int, int], folder: Path) -> None:
    count = shape[0]
    images = support.make_images(folder / "images", *shape)
    np.save(folder / "stack.npy", np.random.default_rng(7).integers(0, 4096, shape, np.uint16))
    places = ["--data-dir", str(folder / "data"), "--config-dir", str(folder / "config")]
    ours = on_screen.Display([sys.executable, "-m", "workstation", *places, "open", str(images.folder)], "Workstation")
    peer = on_screen.Display([sys.executable, "-c", PYQTGRAPH, str(folder / "stack.npy")], "pyqtgraph")
    try:
        for seen, peer_key, number in (
            ("not seen yet", "Right", on_screen.WHEEL_DOWN),
            ("seen before", "Left", on_screen.WHEEL_UP),
        ):
            scroll: dict[str, list[float]] = {"pyqtgraph": [], "our window": []}
            for _ in range(count - 1):
                scroll["pyqtgraph"].append(peer.changed_by(lambda: peer.key(peer_key)))  # noqa: B023 - called at once
                scroll["our window"].append(ours.changed_by(lambda: ours.notch(number)))  # noqa: B023
            _latencies(f"{title}: a notch to an image {seen}", scroll)
        _latencies(f"{title}: a step of the window", {"our window": _drag(ours)})
        if count >= NOTCHES:
            seen = {"pyqtgraph": _spin(peer, lambda: peer.key("Right")), "our window": _spin(ours, ours.notch)}
            shown = ", ".join(f"{name} {pictures}" for name, pictures in seen.items())
            print(f"\n{title}: pictures seen of {NOTCHES} notches at 125/s: {shown}")
    finally:
        ours.close()
        peer.close()


def _drag(ours: on_screen.Display) -> list[float]:
    left, top = on_screen.POINTER[0] - 4 * DRAGGED, on_screen.POINTER[1]
    ours.move(left, top)
    ours.button(1, True)
    ours.move(left + 8, top)
    ours.until_still()
    taken = [ours.changed_by(lambda step=step: ours.move(left + 8 + 8 * step, top)) for step in range(1, DRAGGED)]
    ours.button(1, False)
    return taken


def _spin(display: on_screen.Display, notch: Callable[[], None]) -> int:
    """How many different pictures were to be seen."""
    display.key("Home")
    display.until_still(1.0)
    begun, seen, sent, last = time.perf_counter(), 0, 0, display.line()
    while time.perf_counter() - begun < NOTCHES * NOTCH_S + 0.5:
        if sent < NOTCHES and time.perf_counter() - begun >= sent * NOTCH_S:
            notch()
            sent += 1
        if not np.array_equal(now := display.line(), last):
            last, seen = now, seen + 1
        time.sleep(0.0005)
    return seen


def _latencies(title: str, times: dict[str, list[float]]) -> None:
    first = next(iter(times.values()))
    print(f"\n{title}  ({len(first)} times)\n  {'':12}  {'median':>10}  {'p99':>10}  {'ratio':>6}")
    for name, taken in times.items():
        ratio = statistics.median(taken) / statistics.median(first)
        p99 = float(np.percentile(taken, 99))
        print(f"  {name:12}  {statistics.median(taken) * 1e3:>7.1f} ms  {p99 * 1e3:>7.1f} ms  {ratio:>6.2f}")
    sys.stdout.flush()


# --- the viewport alone --------------------------------------------------------------------------


def _viewport_alone() -> None:
    application = make_application()
    for title, shape in SIZES.items():
        stored = _images(shape)
        pyqtgraphs, ours, composing = _PyQtGraph(application, stored), _Ours(application, stored), _Composing(stored)
        measured = _Ours(application, stored, 40)
        window = {
            "pyqtgraph": pyqtgraphs.window,
            "our viewport": ours.window,
            "with 40 measurements": measured.window,
            "of it composing": composing.window,
        }
        image = {
            "pyqtgraph": pyqtgraphs.image,
            "our viewport": ours.image,
            "with 40 measurements": measured.image,
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
        measured.close()
        pyqtgraphs.close()


def _cpu_seconds(action: Callable[[], object]) -> float:
    """Of the drawing thread: other programs do not count."""
    started = time.thread_time()
    action()
    return time.thread_time() - started


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
        return _cpu_seconds(lambda: (self._item.setLevels(levels), self._view.viewport().repaint()))

    def image(self) -> float:
        stored = next(self._images)
        return _cpu_seconds(lambda: (self._item.setImage(stored, autoLevels=False), self._view.viewport().repaint()))

    def close(self) -> None:
        self._view.close()


class _Source:
    """Frames that are decoded already."""

    def __init__(self, stored: Sequence[NDArray[np.uint16]]) -> None:
        self.frames = [Frame(pixels, PixelAttributes("MONOCHROME2", 12, False)) for pixels in stored]

    def frame(self, path: Path, index: int, cancellation: Cancellation | None = None) -> Frame:
        return self.frames[index]


class _Ours:
    """A viewport with all its furniture, its frames in the cache; on each frame as many lengths as `measured`."""

    def __init__(self, application: QApplication, stored: Sequence[NDArray[np.uint16]], measured: int = 0) -> None:
        refs = tuple(FrameRef(Path("image.dcm"), index) for index in range(FRAMES))
        source, cache = _Source(stored), FrameCache(1 << 30)
        for ref, frame in zip(refs, source.frames, strict=True):
            cache.keep(ref, frame)
        self._loader = FrameLoader(source, cache)
        self._viewport = Viewport(self._loader)
        self._canvas = Canvas(self._viewport)
        self._canvas.resize(WIDTH, HEIGHT)
        self._annotations = Annotations()
        self._canvas.set_layers([AnnotationLayer(self._annotations, self._viewport, self._canvas)])
        for ref, number in itertools.product(refs, range(measured)):
            column, row = 20.0 + 50 * (number % 8), 30.0 + 80 * (number // 8)
            length = Annotation(number, Kind.LENGTH, ((column, row), (column + 40, row + 25)))
            self._annotations.set(place_of(ref), number, length)
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
        return _cpu_seconds(lambda: (change(), self._canvas.repaint()))

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
        return _cpu_seconds(lambda: self._composer.compose(self._frame, view, (WIDTH, HEIGHT)))

    def image(self) -> float:
        self._frame = next(self._frames)
        view = View(window=Window(1500.0, 1000.0))
        return _cpu_seconds(lambda: self._composer.compose(self._frame, view, (WIDTH, HEIGHT)))


if __name__ == "__main__":
    support.start(main)
