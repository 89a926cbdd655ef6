"""A lens under the pointer: the values themselves, composed again at two to four times the size.

Not the screen's pixels drawn larger: what a fitted mammogram leaves out on the screen is there in the lens.
It is shown while the key is held, or while the left button is, when it is the chosen tool.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from workstation.imaging.compose import LARGEST_ZOOM, Composer, layout
from workstation.imaging.frame import Frame
from workstation.imaging.view import View
from workstation.ui.assets import font
from workstation.ui.viewer.model import Tool, Viewport
from workstation.ui.viewer.paint import outlined
from workstation.ui.viewer.picture import image_over
from workstation.ui.viewer.pointer import Point
from workstation.ui.viewer.texts import OUTLINE, Align

SMALLEST, LARGEST = 2, 4  # times what is around it
_DIAMETER = 240.0  # logical pixels
_SHARE = 0.6  # of the shorter side of a small viewport
_RING = QColor("#e8edf3")


class Magnifier:
    """A pointer layer (`pointer.PointerLayer`) over one canvas."""

    def __init__(self, viewport: Viewport, canvas: QWidget) -> None:
        self._viewport = viewport
        self._canvas = canvas
        self._composer = Composer()
        self._is_tool = False
        self._key_held = False
        self._pressed = False
        self._at: Point | None = None
        self._factor = SMALLEST

    @property
    def is_shown(self) -> bool:
        return (self._key_held or self._pressed) and self._at is not None and self._viewport.frame is not None

    def hold(self, held: bool) -> None:
        """The key is down or up."""
        if held != self._key_held:
            self._key_held = held
            self._follow()

    def choose(self, tool: Tool) -> None:
        self._is_tool = tool is Tool.MAGNIFIER

    def press(self, at: Point, doubled: bool) -> bool:
        self._at = at
        self._pressed = self._is_tool and self._viewport.frame is not None
        self._follow()
        return self._pressed

    def move(self, at: Point) -> None:
        self._at = at

    def release(self, at: Point) -> None:
        self._pressed = False
        self._follow()

    def hover(self, at: Point | None) -> Qt.CursorShape | None:
        self._at = at
        if self.is_shown:
            return Qt.CursorShape.BlankCursor
        return Qt.CursorShape.CrossCursor if self._is_tool and at is not None else None

    def wheel(self, notches: int) -> bool:
        """Turn the lens up or down while it is shown."""
        if not self.is_shown:
            return False
        self._factor = min(LARGEST, max(SMALLEST, self._factor + notches))
        self._canvas.update()
        return True

    def cancel(self) -> bool:
        shown = self._pressed
        self._pressed = False
        self._follow()
        return shown

    def paint(self, painter: QPainter) -> None:
        frame = self._viewport.frame
        if frame is None or self._at is None or not self.is_shown:
            return
        area = self._area(self._at)
        circle = QPainterPath()
        circle.addEllipse(area)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(circle)
        ratio = self._canvas.devicePixelRatioF()
        side = max(1, round(area.width() * ratio))
        view = magnified(frame, self._viewport.shown_view, self._viewport.size, self._device(self._at), self._factor)
        array = np.ascontiguousarray(self._composer.compose(frame, view, (side, side)))
        painter.drawImage(area, image_over(array))
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(OUTLINE, 4))
        painter.drawEllipse(area)
        painter.setPen(QPen(_RING, 1.5))
        painter.drawEllipse(area)
        painter.setFont(font())
        below = QRectF(area.left(), area.bottom() - 26, area.width(), 20)
        outlined(painter, below, Align.AlignHCenter | Align.AlignVCenter, f"{self._factor} ×")
        painter.restore()

    def _follow(self) -> None:
        """Let go of the sampled values when the lens goes; the pointer is in the lens while it is there."""
        if self.is_shown:
            self._canvas.setCursor(Qt.CursorShape.BlankCursor)
        else:
            self._composer = Composer()
            self._canvas.unsetCursor()
        self._canvas.update()

    def _area(self, at: Point) -> QRectF:
        side = min(_DIAMETER, _SHARE * min(self._canvas.width(), self._canvas.height()))
        return QRectF(round(at[0] - side / 2), round(at[1] - side / 2), round(side), round(side))

    def _device(self, at: Point) -> Point:
        ratio = self._canvas.devicePixelRatioF()
        return at[0] * ratio, at[1] * ratio


def magnified(frame: Frame, view: View, size: tuple[int, int], at: Point, factor: float) -> View:
    """The view whose middle shows what `view` shows at `at` (device pixels of a viewport of `size`), larger."""
    zoom = layout(frame, view, size).zoom
    factor = min(factor, LARGEST_ZOOM / zoom)
    across = at[0] - size[0] / 2 - view.pan[0]
    down = at[1] - size[1] / 2 - view.pan[1]
    return replace(view, zoom=zoom * factor, pan=(-across * factor, -down * factor))
