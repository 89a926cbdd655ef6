"""Small pictures of series, made off the GUI thread; what is no longer wanted is not made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from workstation.dicom.decode_pool import DecodePool
from workstation.imaging.compose import compose
from workstation.imaging.view import View
from workstation.services.ports import Archive
from workstation.ui.background import Background

KEPT = 400
Deliver = Callable[[QImage, str], None]  # the picture (null when there is none) and its size in words


class Thumbnails(QObject):
    """Asked per series; answers on the GUI thread, the middle image of the series as the viewer would show it."""

    def __init__(self, archive: Archive, pool: DecodePool, size: int = 84, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._archive, self._pool, self._size = archive, pool, size
        self._background = Background("thumbnails", self)
        self._made: OrderedDict[tuple[str, int], tuple[QImage, str]] = OrderedDict()

    def ask(self, series_instance_uid: str, image_count: int, deliver: Deliver, ratio: float = 1.0) -> None:
        """`deliver` gets the picture, at once when it was made before for as many images."""
        key = (series_instance_uid, image_count)
        made = self._made.get(key)
        if made is not None:
            self._made.move_to_end(key)
            deliver(*made)
            return
        pixels = round(self._size * ratio)

        def keep(answer: tuple[QImage, str]) -> None:
            answer[0].setDevicePixelRatio(ratio)
            self._made[key] = answer
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
            deliver(*answer)

        self._background.ask(lambda: self._make(series_instance_uid, pixels), keep, lambda _: deliver(QImage(), ""))

    def forget(self) -> None:
        """Another study is shown: what was asked for the last one is not wanted any more."""
        self._background.forget()

    def close(self) -> None:
        self._background.close()

    def _make(self, series_instance_uid: str, pixels: int) -> tuple[QImage, str]:
        stored = self._archive.instances_of(series_instance_uid)
        if not stored:
            return QImage(), ""
        middle = stored[len(stored) // 2]
        frames = middle.instance.number_of_frames or 1
        frame = self._pool.frame(middle.path, frames // 2 if frames > 1 else 0)
        return to_image(compose(frame, View(), (pixels, pixels))), f"{frame.columns}×{frame.rows}"


def to_image(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage with its own copy of (h, w) grey or (h, w, 3) colour pixels."""
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    form = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(pixels.data, width, height, pixels.strides[0], form).copy()
