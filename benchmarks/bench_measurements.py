"""What forty measurements on every image add to a frame of the viewport, at 1600 x 1000 without a screen.

Two viewports of the same images are worked in turns, one of them with annotations of every kind; the time is
that until a repaint has ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import support
from bench_viewer import expose
from numpy.typing import NDArray

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtWidgets import QApplication

from workstation.domain.study import Series, Study
from workstation.imaging.frame import Frame, PixelAttributes, Window
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import DisplaySet, FrameRef
from workstation.ui.application import make_application
from workstation.ui.viewer import tools
from workstation.ui.viewer.annotations.interaction import AnnotationLayer
from workstation.ui.viewer.annotations.model import POINTS_OF, Annotation, Annotations, Kind, place_of
from workstation.ui.viewer.canvas import Canvas
from workstation.ui.viewer.loader import FrameCache, FrameLoader
from workstation.ui.viewer.model import Viewport

ROUNDS = 41
FRAMES = 4
MEASUREMENTS = 40
ACROSS = 8
SIZES = {"CT 512 x 512": (512, 512), "MG 3328 x 4096": (4096, 3328)}


def main() -> None:
    application = make_application()
    for title, shape in SIZES.items():
        stored = np.random.default_rng(7).integers(0, 4096, (FRAMES, *shape), np.uint16)
        plain, measured = _Viewport(application, stored), _Viewport(application, stored, MEASUREMENTS)
        for name in ("window", "image", "pan"):
            peers: dict[str, Callable[[], float]] = {
                "without": getattr(plain, name),
                f"with {MEASUREMENTS}": getattr(measured, name),
            }
            support.compare(f"{title}: {name}", peers, ROUNDS)
        plain.close()
        measured.close()


class _Source:
    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = frames

    def frame(self, path: Path, index: int, cancellation: Cancellation | None = None, reduce: int = 0) -> Frame:
        return self._frames[index]


class _Viewport:
    def __init__(self, application: QApplication, stored: NDArray[np.uint16], count: int = 0) -> None:
        attributes = PixelAttributes("MONOCHROME2", 12, False, pixel_spacing_mm=(0.5, 0.5))
        refs = tuple(FrameRef(Path("image.dcm"), index) for index in range(FRAMES))
        frames = [Frame(one, attributes) for one in stored]
        cache = FrameCache(1 << 30)
        for ref, frame in zip(refs, frames, strict=True):
            cache.keep(ref, frame)
        self._loader = FrameLoader(_Source(frames), cache)
        self._viewport = Viewport(self._loader)
        self._canvas = Canvas(self._viewport)
        annotations = Annotations()
        self._canvas.set_layers((AnnotationLayer(annotations, self._viewport, self._canvas),))
        for ref in refs:
            for annotation in _annotations(annotations, count, stored.shape[1:]):
                annotations.set(place_of(ref), annotation.number, annotation)
        self._canvas.resize(1600, 1000)
        expose(application, self._canvas)
        self._viewport.show(DisplaySet("1.2.3", Study("1.2"), Series("1.2.3"), refs))
        while self._viewport.frame is None:
            application.processEvents()
        self._step = 0

    def window(self) -> float:
        window = Window(2000 + self._next(), 1000)
        return self._painted(lambda: self._viewport.apply(lambda view: tools.with_window(view, window)))

    def image(self) -> float:
        index = self._next() % FRAMES
        return self._painted(lambda: self._viewport.go_to(index))

    def pan(self) -> float:
        across = 3.0 if self._next() % 2 else -3.0
        return self._painted(lambda: self._viewport.apply(lambda view: tools.pan_by(view, (across, 0.0))))

    def _next(self) -> int:
        self._step += 1
        return self._step

    def _painted(self, change: Callable[[], object]) -> float:
        return support.seconds(lambda: (change(), self._canvas.repaint()))

    def close(self) -> None:
        self._viewport.close()
        self._canvas.close()
        self._loader.close()


def _annotations(annotations: Annotations, count: int, shape: Sequence[int]) -> list[Annotation]:
    """Of every kind in turn, all over the image."""
    made = []
    kinds = list(POINTS_OF)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        left = shape[1] * (0.05 + 0.9 * (number % ACROSS) / ACROSS)
        top = shape[0] * (0.05 + 0.9 * (number // ACROSS) / (count / ACROSS))
        wide, high = 0.08 * shape[1], 0.06 * shape[0]
        points = ((left, top), (left + wide, top + high), (left, top + high))[: POINTS_OF[kind]]
        text = "a note" if kind in (Kind.TEXT, Kind.ARROW) else ""
        made.append(Annotation(annotations.next_number(), kind, points, text))
    return made


if __name__ == "__main__":
    support.start(main)
