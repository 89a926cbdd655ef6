"""A sheet of a recording on the screen: paper with a millimetre grid, zoom, calipers."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from workstation.imaging.recording import Recording
from workstation.imaging.trace_sheet import SPAN_S, SheetWish, TraceSheet, last_start_s, sheet
from workstation.ui.assets import font

PAPER, FINE, COARSE = QColor("#fffcfa"), QColor("#fadeda"), QColor("#f0b4ae")
INK, SOFT, CALIPER = QColor("#10141a"), QColor("#5a606a"), QColor("#1a5fb4")
_FINE_FROM = 2.2  # logical pixels a millimetre; below, lines of 1 mm would be a grey
_STEP = 1.25
_CLICK = 4
_Key = Qt.Key
_KEYS = frozenset(
    {
        *(_Key.Key_Up, _Key.Key_Down, _Key.Key_PageUp, _Key.Key_PageDown, _Key.Key_Home, _Key.Key_End),
        *(_Key.Key_Plus, _Key.Key_Equal, _Key.Key_Minus, _Key.Key_F, _Key.Key_R),
    }
)


class TraceView(QWidget):
    """Drag with the left button to measure, with another to move; the wheel goes on in time, with Ctrl it zooms."""

    changed = Signal()  # which sheet is shown

    def __init__(self) -> None:
        super().__init__()
        self._recording: Recording | None = None
        self._wish = SheetWish()
        self._sheet: TraceSheet | None = None
        self._zoom = 1.0
        self._moved = QPointF()
        self._drag: tuple[Qt.MouseButton, QPointF] | None = None
        self._caliper: tuple[QPointF, QPointF] | None = None  # in millimetres of the sheet
        self._wheel = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(60, 40)
        self.setAccessibleName(self.tr("Wave form"))

    def show_recording(self, recording: Recording) -> None:
        self._recording = recording
        self.choose(SheetWish())

    @property
    def wish(self) -> SheetWish:
        return self._wish

    @property
    def sheet(self) -> TraceSheet | None:
        return self._sheet

    @property
    def measured(self) -> str:
        """What the caliper says."""
        if self._caliper is None or self._sheet is None:
            return ""
        start, end = self._caliper
        return self._sheet.measure((start.x(), start.y()), (end.x(), end.y()))

    def choose(self, wish: SheetWish) -> None:
        """Another group, arrangement, speed, gain or time."""
        before, self._wish, self._caliper = self._sheet, wish, None
        self._sheet = sheet(self._recording, wish) if self._recording is not None else None
        if (
            before is None
            or self._sheet is None
            or (before.width, before.height) != (self._sheet.width, self._sheet.height)
        ):
            self.fit()
        self.changed.emit()
        self.update()

    def go(self, seconds: float) -> None:
        """On in time, or back."""
        if self._recording is None or not self._recording.groups:
            return
        group = self._recording.groups[min(self._wish.group, len(self._recording.groups) - 1)]
        start = min(max(self._wish.start_s + seconds, 0.0), last_start_s(group))
        if start != self._wish.start_s:
            self.choose(replace(self._wish, start_s=start))

    # --- place on the screen -----------------------------------------------------------------

    def fit(self) -> None:
        self._zoom, self._moved = 1.0, QPointF()
        self.update()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        at = at or QPointF(self.rect().center())
        place = self._millimetres(at)
        self._zoom = min(max(self._zoom * factor, 0.5), 40.0)
        self._moved += at - self._pixels(place)
        self.update()

    @property
    def scale(self) -> float:
        """Logical pixels a millimetre."""
        if self._sheet is None:
            return 1.0
        return min(self.width() / self._sheet.width, self.height() / self._sheet.height) * self._zoom

    def _origin(self) -> QPointF:
        if self._sheet is None:
            return QPointF()
        left = (self.width() - self._sheet.width * self.scale) / 2
        top = (self.height() - self._sheet.height * self.scale) / 2
        return QPointF(left, max(top, 0.0) if self._zoom <= 1 else top) + self._moved

    def _millimetres(self, at: QPointF) -> QPointF:
        return (at - self._origin()) / self.scale

    def _pixels(self, place: QPointF) -> QPointF:
        return place * self.scale + self._origin()

    # --- painting ----------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(0, 0, 0))
            made = self._sheet
            if made is None:
                return
            origin, scale = self._origin(), self.scale
            paper = QRectF(origin.x(), origin.y(), made.width * scale, made.height * scale)
            painter.setClipRect(paper.intersected(QRectF(self.rect())))
            painter.fillRect(paper, PAPER)
            self._paint_grid(painter, made, origin, scale)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_traces(painter, made)
            self._paint_texts(painter, made)
            self._paint_caliper(painter)

    def _paint_grid(self, painter: QPainter, made: TraceSheet, origin: QPointF, scale: float) -> None:
        for step, colour in ((1, FINE), (5, COARSE)):
            if step == 1 and scale < _FINE_FROM:
                continue
            painter.setPen(QPen(colour, 1))
            for across in range(0, int(made.width) + 1, step):
                place = origin.x() + across * scale
                painter.drawLine(QPointF(place, origin.y()), QPointF(place, origin.y() + made.height * scale))
            for down in range(0, int(made.height) + 1, step):
                place = origin.y() + down * scale
                painter.drawLine(QPointF(origin.x(), place), QPointF(origin.x() + made.width * scale, place))

    def _paint_traces(self, painter: QPainter, made: TraceSheet) -> None:
        painter.setPen(QPen(INK, max(1.0, min(0.28 * self.scale, 2.0))))
        for points in (*made.pulses, *(trace.points for trace in made.traces)):
            run: list[QPointF] = []
            for across, down in points.tolist():
                if math.isfinite(across) and math.isfinite(down):
                    run.append(self._pixels(QPointF(across, down)))
                elif run:
                    painter.drawPolyline(QPolygonF(run))
                    run = []
            if run:
                painter.drawPolyline(QPolygonF(run))

    def _paint_texts(self, painter: QPainter, made: TraceSheet) -> None:
        painter.setFont(font(0.95, strong=True))
        painter.setPen(INK)
        for trace in made.traces:
            painter.drawText(self._pixels(QPointF(trace.left + 1, trace.top + 4)), trace.label)
        painter.setFont(font(0.9))
        painter.setPen(SOFT)
        painter.drawText(self._pixels(QPointF(2.5, 5.5)), made.title)
        for mark in made.marks:
            top = self._pixels(QPointF(mark.across, mark.top))
            painter.drawLine(top, self._pixels(QPointF(mark.across, mark.bottom)))
            painter.drawText(top + QPointF(3, 10), mark.text)

    def _paint_caliper(self, painter: QPainter) -> None:
        if self._caliper is None:
            return
        start, end = (self._pixels(place) for place in self._caliper)
        painter.setPen(QPen(CALIPER, 1.5))
        area = QRectF(start, end).normalized()
        for across in (area.left(), area.right()):
            painter.drawLine(QPointF(across, area.top() - 12), QPointF(across, area.bottom() + 12))
        for down in (area.top(), area.bottom()):
            painter.drawLine(QPointF(area.left(), down), QPointF(area.right(), down))
        painter.setFont(font(1.0, strong=True))
        words = self.measured
        width = painter.fontMetrics().horizontalAdvance(words) + 12
        box = QRectF(min(area.right() + 6, self.width() - width - 4), area.top() - 12, width, 22)
        painter.fillRect(box, PAPER)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    # --- hand --------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()
            return True
        return super().event(event)

    @staticmethod
    def _is_own(event: QKeyEvent) -> bool:
        free = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier
        shifted = (
            event.key() in (_Key.Key_Plus, _Key.Key_Equal) and event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        )
        return event.key() in _KEYS and (event.modifiers() in free or shifted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == _Key.Key_Escape and self._caliper is not None:
            self._caliper = None
            self.update()
            return
        if not self._is_own(event):
            event.ignore()
            return
        times = {_Key.Key_Down: 1.0, _Key.Key_Up: -1.0, _Key.Key_PageDown: SPAN_S, _Key.Key_PageUp: -SPAN_S}
        times |= {_Key.Key_Home: -1e9, _Key.Key_End: 1e9}
        key = Qt.Key(event.key())
        if key in times:
            self.go(times[key])
        elif key in (_Key.Key_F, _Key.Key_R):
            self.fit()
        else:
            self.zoom(1 / _STEP if key == _Key.Key_Minus else _STEP)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel += event.angleDelta().y()
        notches = int(self._wheel / 120)
        self._wheel -= notches * 120
        event.accept()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(_STEP**notches, event.position())
        elif notches:
            self.go(-float(notches))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drag = (event.button(), event.position())
        if event.button() == Qt.MouseButton.LeftButton:
            self._caliper = None
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None:
            return
        button, origin = self._drag
        if button == Qt.MouseButton.LeftButton:
            if (event.position() - origin).manhattanLength() >= _CLICK:
                self._caliper = (self._millimetres(origin), self._millimetres(event.position()))
        else:
            self._moved += event.position() - origin
            self._drag = (button, event.position())
        self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._drag = None
