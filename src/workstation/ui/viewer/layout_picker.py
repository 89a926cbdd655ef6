"""Choosing n x m viewports: a small table, dragged over or walked through with the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QWidget

from workstation.ui.assets import DARK, font
from workstation.ui.viewer.grid import MOST, Shape
from workstation.ui.viewer.keys import guard_keys

_CELL = QSize(40, 30)
_GAP, _MARGIN, _LINE = 5, 12, 24
_ARROWS = {
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Up: (-1, 0),
}


class LayoutPicker(QWidget):
    """`chosen` carries (rows, columns)."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._shape: Shape = (1, 1)
        self.setMouseTracking(True)
        guard_keys(self)  # a popup of the page hears its shortcuts, arrows among them
        self.setAccessibleName(self.tr("Layout: rows and columns of viewports"))
        step_across, step_down = _CELL.width() + _GAP, _CELL.height() + _GAP
        self.setFixedSize(2 * _MARGIN + MOST * step_across - _GAP, 2 * _MARGIN + MOST * step_down + _LINE)

    @property
    def shape(self) -> Shape:
        """What would be chosen now."""
        return self._shape

    def open_at(self, place: QPoint, shape: Shape) -> None:
        """Begin with the layout there is; `place` on the screen is the top left corner."""
        self._offer(shape)
        screen = self.screen().availableGeometry()
        right, bottom = screen.right() - self.width(), screen.bottom() - self.height()
        self.move(max(screen.left(), min(place.x(), right)), max(screen.top(), min(place.y(), bottom)))
        self.show()

    def cell_centre(self, shape: Shape) -> QPoint:
        """Where to click for a layout."""
        cell = self._cell(shape[0] - 1, shape[1] - 1).center()
        return QPoint(round(cell.x()), round(cell.y()))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        shape = self._shape_at(event.position())
        if shape is not None:
            self._offer(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        # Also the end of a drag that began on the button; one that ends beside the cells leaves the choice open.
        shape = self._shape_at(event.position())
        if shape is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(shape)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _ARROWS:
            down, across = _ARROWS[key]
            rows, columns = self._shape
            self._offer((min(max(rows + down, 1), MOST), min(max(columns + across, 1), MOST)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self._shape)
        else:
            super().keyPressEvent(event)  # Esc closes

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), QColor(DARK.raised))
            painter.setPen(QPen(QColor(DARK.border_strong), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
            for row in range(MOST):
                for column in range(MOST):
                    taken = row < self._shape[0] and column < self._shape[1]
                    painter.setPen(QPen(QColor(DARK.accent if taken else DARK.border_strong), 1))
                    painter.setBrush(QColor(DARK.selection if taken else DARK.well))
                    painter.drawRoundedRect(self._cell(row, column), 3, 3)
            painter.setPen(QColor(DARK.text))
            painter.setFont(font())
            line = QRectF(0, self.height() - _MARGIN - _LINE + 4, self.width(), _LINE)
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, self._words())

    def _words(self) -> str:
        rows, columns = self._shape
        return self.tr("{rows} × {columns}").format(rows=rows, columns=columns)

    def _offer(self, shape: Shape) -> None:
        self._shape = shape
        self.setAccessibleDescription(self._words())
        self.update()

    def _choose(self, shape: Shape) -> None:
        self.close()
        self.chosen.emit(shape)

    def _cell(self, row: int, column: int) -> QRectF:
        left = _MARGIN + column * (_CELL.width() + _GAP)
        top = _MARGIN + row * (_CELL.height() + _GAP)
        return QRectF(left, top, _CELL.width(), _CELL.height()).adjusted(0.5, 0.5, -0.5, -0.5)

    def _shape_at(self, place: QPointF) -> Shape | None:
        column = int((place.x() - _MARGIN) // (_CELL.width() + _GAP))
        row = int((place.y() - _MARGIN) // (_CELL.height() + _GAP))
        return (row + 1, column + 1) if 0 <= row < MOST and 0 <= column < MOST else None
