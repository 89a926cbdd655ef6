"""Layouts in one call, and one that wraps its buttons into lines."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QLayoutItem, QSplitter, QVBoxLayout, QWidget

Margins = tuple[int, int, int, int]
Box = TypeVar("Box", bound=QBoxLayout)


def row(*items: QWidget | QLayout | None, spacing: int = 8, margins: Margins = (0, 0, 0, 0)) -> QHBoxLayout:
    """Side by side; None is the stretch."""
    return _fill(QHBoxLayout(), items, spacing, margins)


def column(*items: QWidget | QLayout | None, spacing: int = 8, margins: Margins = (0, 0, 0, 0)) -> QVBoxLayout:
    """One below the other; None is the stretch."""
    return _fill(QVBoxLayout(), items, spacing, margins)


def _fill(box: Box, items: tuple[QWidget | QLayout | None, ...], spacing: int, margins: Margins) -> Box:
    box.setSpacing(spacing)
    box.setContentsMargins(*margins)
    for item in items:
        if item is None:
            box.addStretch(1)
        elif isinstance(item, QWidget):
            box.addWidget(item)
        else:
            box.addLayout(item)
    return box


def clear(layout: QLayout) -> None:
    """Remove and destroy everything in `layout`."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


class ListAndDetail(QSplitter):
    """A list and the pane about its selected row, which gives way where the list needs the room.

    `needed` is the width the list should have; the pane is `wide` where both fit, and never narrower than
    `narrow`. A handle that was dragged stays where the user left it.
    """

    def __init__(self, content: QWidget, detail: QWidget, needed: int, wide: int, narrow: int = 280) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._needed, self._wide, self._narrow = needed, wide, narrow
        self._dragged = False
        detail.setMinimumWidth(narrow)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.addWidget(content)
        self.addWidget(detail)
        self.setStretchFactor(0, 1)
        self.splitterMoved.connect(self._moved)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._dragged:
            pane = min(self._wide, max(self._narrow, self.width() - self._needed))
            self.setSizes([self.width() - self.handleWidth() - pane, pane])

    def _moved(self, _position: int, _handle: int) -> None:
        self._dragged = True


class FlowLayout(QLayout):
    """Items side by side, wrapped into lines when the width runs out."""

    def __init__(self, parent: QWidget | None = None, spacing: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, area: QRect) -> None:
        super().setGeometry(area)
        self._arrange(area, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, area: QRect, *, move: bool) -> int:
        left, top, line = area.x(), area.y(), 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            size = item.sizeHint()
            if left > area.x() and left + size.width() > area.right() + 1:
                left, top, line = area.x(), top + line + self.spacing(), 0
            if move:
                item.setGeometry(QRect(QPoint(left, top), size))
            left += size.width() + self.spacing()
            line = max(line, size.height())
        return top + line - area.y()
