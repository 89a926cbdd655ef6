"""The picture of one viewport, composed for exactly the pixels of the device and kept until image, view or size change.

Those beside it are composed ahead. While images follow each other faster than they can be composed well, which takes
a machine without the compiled loops or a screen of 5 Mpx, there are drafts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from workstation.domain.errors import DecodeFailed
from workstation.imaging.compose import Composer
from workstation.imaging.frame import Frame
from workstation.imaging.view import Interpolation, View
from workstation.ui.viewer.ahead import Ahead, Made, Recipe
from workstation.ui.viewer.model import Viewport

HURRY_S = 0.12  # two changes closer than that are one movement
SLOW_S = 0.012  # a picture that takes longer holds up the next one
_WAIT_S = 0.006  # for one that is being made; on a machine with no time left it is no use to wait longer
_REST_MS = 150  # a window under the mouse is another one at once: nothing is composed ahead for it
_NOT_READ_MS = 40
_LOOKS = 25  # for images that are still being read; some will not fit into the memory for them


class Picture(QObject):
    """`better` when what is shown is a draft and there is time for more."""

    better = Signal()

    def __init__(self, viewport: Viewport, ahead: Ahead | None, parent: QObject) -> None:
        super().__init__(parent)
        self._viewport, self._ahead = viewport, ahead
        self._composer = Composer()
        self._array: NDArray[np.uint8] | None = None
        self._image: QImage | None = None
        self._made_by: Recipe | None = None
        self._place: tuple[object, ...] | None = None
        self._changed_at = 0.0
        self._cost_s = 0.0
        self._draft = False
        self._looks = 0
        self._refine = self._timer(self._refine_now)
        self._refine.setInterval(round(1000 * HURRY_S))
        self._beside = self._timer(self._compose_beside)

    def _timer(self, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(act)
        return timer

    @property
    def is_draft(self) -> bool:
        """Whether the picture is one for the moment, to be composed well in a moment."""
        return self._draft

    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        """What `image` looks into."""
        return self._array

    def forget(self) -> None:
        """All that was remembered; a viewport that is hidden is not painted and would hold it on."""
        self._beside.stop()
        self._composer = Composer()
        self._image = self._array = self._made_by = self._place = None
        if self._ahead is not None:
            self._ahead.forget(self)

    def image(self, size: tuple[int, int], ratio: float) -> QImage | None:
        """What is to be seen now at `size` (width, height) in device pixels, `ratio` of them to a logical one."""
        frame = self._viewport.frame
        if frame is None:
            self._image = self._array = self._made_by = None
            return None
        recipe = (frame, self._viewport.shown_view, size)
        if self._image is not None and self._made_by == recipe:
            return self._image
        if not self._take_made(recipe, ratio):
            recipe = (frame, self._in_time(*recipe), size)
            if self._image is None or self._made_by != recipe:
                self._viewport.set_size(size)
                self._compose(recipe, ratio)
        return self._image

    # --- composing -----------------------------------------------------------------------------

    def _take_made(self, recipe: Recipe, ratio: float) -> bool:
        made = self._ahead.take(self, recipe, _WAIT_S) if self._ahead is not None else None
        if made is None:
            return False
        self._begin(recipe)
        self._refine.stop()
        self._draft, self._place, self._changed_at = False, _place(*recipe), time.perf_counter()
        self._composer = made.composer
        self._show(made.pixels, ratio)
        return True

    def _compose(self, recipe: Recipe, ratio: float) -> None:
        started = time.thread_time()  # another program's work is no reason for drafts
        self._begin(recipe)
        try:
            pixels = np.ascontiguousarray(self._composer.compose(*recipe))
        except Exception as error:  # noqa: BLE001 - inside a paint event an exception would end the window
            self._image = self._array = None
            self._viewport.fail(DecodeFailed(reason=f"it cannot be composed ({type(error).__name__})"))
            return
        if not self._draft:
            self._cost_s = time.thread_time() - started
        self._show(pixels, ratio)

    def _begin(self, recipe: Recipe) -> None:
        """Another picture; the one of another image may be wanted again, when the user turns round."""
        before, self._made_by = self._made_by, recipe
        other = before is not None and before[0] is not recipe[0]
        if self._ahead is not None and (other or before is None):
            if before is not None and self._array is not None:
                self._ahead.keep(self, before, Made(self._array, self._composer))
                self._composer = self._composer.sibling()
            self._looks = 0
            self._beside.start(0)
        elif self._ahead is not None:
            self._beside.start(_REST_MS)

    def _show(self, pixels: NDArray[np.uint8], ratio: float) -> None:
        self._array = pixels
        self._image = image_over(pixels)
        self._image.setDevicePixelRatio(ratio)

    # --- drafts ----------------------------------------------------------------------------------

    def _in_time(self, frame: Frame, view: View, size: tuple[int, int]) -> View:
        """While images follow each other faster than they can be composed well, a draft; at rest always the best."""
        place = _place(frame, view, size)
        if place != self._place:
            now = time.perf_counter()
            self._draft = self._cost_s > SLOW_S and now - self._changed_at < HURRY_S
            self._place, self._changed_at = place, now
            if self._draft:
                self._refine.start()
        return replace(view, interpolation=Interpolation.NEAREST) if self._draft else view

    def _refine_now(self) -> None:
        self._draft = False
        self.better.emit()

    # --- the pictures beside it ------------------------------------------------------------------

    def _compose_beside(self) -> None:
        if self._ahead is None or self._made_by is None or self._draft:
            return
        size = self._made_by[2]
        beside = self._viewport.beside()
        there = [(*one, size) for one in beside if one is not None]
        self._ahead.want(self, there, self._composer)
        self._looks += 1
        if len(there) < len(beside) and self._looks < _LOOKS:
            self._beside.start(_NOT_READ_MS)


def _place(frame: Frame, view: View, size: tuple[int, int]) -> tuple[object, ...]:
    """What is seen where, in whatever window."""
    return frame, replace(view, window=None, voi_lut_index=None, inverted=False), size


def image_over(array: NDArray[np.uint8]) -> QImage:
    """An image that looks into `array` without copying; the caller keeps the array alive."""
    height, width = array.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if array.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(array.data, width, height, array.strides[0], kind)
