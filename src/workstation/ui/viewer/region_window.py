"""Drag a rectangle over what matters: the window becomes the one of the values in it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from workstation.imaging.compose import layout
from workstation.imaging.measure import Region, Shape, bounds
from workstation.imaging.window import window_of_region
from workstation.ui.viewer import tools
from workstation.ui.viewer.model import Tool, Viewport
from workstation.ui.viewer.paint import FRAME
from workstation.ui.viewer.pointer import Point
from workstation.ui.viewer.texts import OUTLINE


class RegionWindow:
    """A pointer layer (`pointer.PointerLayer`) over one canvas; `done` is called when a window was taken."""

    def __init__(self, viewport: Viewport, canvas: QWidget, done: Callable[[], None]) -> None:
        self._viewport = viewport
        self._canvas = canvas
        self._done = done
        self._is_tool = False
        self._from: Point | None = None
        self._to: Point | None = None

    def choose(self, tool: Tool) -> None:
        self._is_tool = tool is Tool.REGION_WINDOW
        self._from = None

    def press(self, at: Point, doubled: bool) -> bool:
        frame = self._viewport.frame
        if not self._is_tool or frame is None or frame.is_color:
            return False
        self._from = self._to = at
        return True

    def move(self, at: Point) -> None:
        self._to = at

    def release(self, at: Point) -> None:
        begun, self._from = self._from, None
        frame = self._viewport.frame
        if begun is None or frame is None:
            return
        plan = layout(frame, self._viewport.view, self._viewport.size)
        ratio = self._canvas.devicePixelRatioF()
        corners = tuple(plan.to_image(x * ratio, y * ratio) for x, y in (begun, at))
        rows, columns = bounds(Region(Shape.RECTANGLE, corners), frame.rows, frame.columns)
        if rows.stop - rows.start and columns.stop - columns.start:
            window = window_of_region(frame, rows, columns)
            self._viewport.apply(lambda view: tools.with_window(view, window))
            self._done()

    def hover(self, at: Point | None) -> Qt.CursorShape | None:
        return Qt.CursorShape.CrossCursor if self._is_tool and at is not None else None

    def wheel(self, notches: int) -> bool:
        return False

    def cancel(self) -> bool:
        unfinished, self._from = self._from is not None, None
        return unfinished

    def paint(self, painter: QPainter) -> None:
        if self._from is None or self._to is None:
            return
        area = self._area(self._from, self._to)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(OUTLINE, 3))
        painter.drawPolygon(area)
        painter.setPen(QPen(FRAME, 1.5, Qt.PenStyle.DashLine))
        painter.drawPolygon(area)

    def _area(self, begun: Point, at: Point) -> QPolygonF:
        """The rows and columns between two points, turned as the picture is."""
        frame, ratio = self._viewport.frame, self._canvas.devicePixelRatioF()
        if frame is None:
            return QPolygonF()
        plan = layout(frame, self._viewport.view, self._viewport.size)
        (left, top), (right, bottom) = (plan.to_image(x * ratio, y * ratio) for x, y in (begun, at))
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        return QPolygonF([QPointF(*plan.to_screen(*corner)) / ratio for corner in corners])
