"""Small pictures of display sets: those in sight first, the rest one by one; what was closed is not made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from workstation.imaging.compose import compose
from workstation.imaging.view import View
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import DisplaySet, FrameRef
from workstation.ui.background import Background
from workstation.ui.viewer.loader import FrameSource
from workstation.ui.viewer.picture import image_over
from workstation.ui.viewer.prefetch import first_look

_KEPT = 300  # of 204 x 204 pixels: 12 MB of grey ones


class Thumbnails(QObject):
    """`made` with the uid of a display set and its QImage, None when there can be none.

    `in_sight` is asked before each one, so that scrolling the strip changes what comes next.
    """

    made = Signal(str, object)

    def __init__(
        self, source: FrameSource, in_sight: Callable[[], Sequence[DisplaySet]], side: int, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._source, self._in_sight, self._side = source, in_sight, side
        self._background = Background("viewer-thumbnails", self)
        self._cancellation = Cancellation()
        self._waiting: dict[str, DisplaySet] = {}
        self._under_way = ""
        self._kept: OrderedDict[FrameRef, QImage] = OrderedDict()

    def make(self, display_sets: Sequence[DisplaySet]) -> None:
        """Of these and no longer of what was asked for before."""
        self._waiting = {one.uid: one for one in display_sets}
        for one in display_sets:
            picture = self._kept.get(_middle(one))
            if picture is not None:
                del self._waiting[one.uid]
                self.made.emit(one.uid, picture)
        if self._under_way and self._under_way not in self._waiting:
            self._cancellation.cancel()
            self._background.forget()
            self._cancellation, self._under_way = Cancellation(), ""
        self._next()

    def close(self) -> None:
        self._waiting = {}
        self._cancellation.cancel()
        self._background.close()

    def _next(self) -> None:
        if self._under_way or not self._waiting:
            return
        wanted = next((one for one in self._in_sight() if one.uid in self._waiting), None)
        if wanted is None:
            wanted = next(iter(self._waiting.values()))
        one, cancellation = wanted, self._cancellation
        self._under_way = one.uid
        self._background.ask(
            lambda: thumbnail(self._source, one, self._side, cancellation),
            lambda pixels: self._deliver(one, image_over(pixels).copy()),
            lambda _error: self._deliver(one, None),
        )

    def _deliver(self, one: DisplaySet, picture: QImage | None) -> None:
        self._under_way = ""
        self._waiting.pop(one.uid, None)
        if picture is not None:
            self._kept[_middle(one)] = picture
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self.made.emit(one.uid, picture)
        self._next()


def thumbnail(source: FrameSource, display_set: DisplaySet, side: int, cancellation: Cancellation) -> NDArray[np.uint8]:
    """The middle frame, `side` pixels square. Blocking; raises InputError, Cancelled."""
    ref = _middle(display_set)
    levels = first_look(ref.path, (side, side))
    more = {"reduce": levels} if levels else {}
    frame = source.frame(ref.path, ref.frame_index, cancellation, **more)
    return np.ascontiguousarray(compose(frame, View(), (side, side)))


def _middle(display_set: DisplaySet) -> FrameRef:
    return display_set.frames[len(display_set.frames) // 2]
