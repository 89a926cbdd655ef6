"""The list of DICOM attributes of the instance that is shown, with a filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QObject,
    QPoint,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workstation.ui.assets import DARK, font
from workstation.ui.viewer.attribute_rows import Row, keys, path_text, row_text, text_of
from workstation.ui.viewer.keys import guard_keys
from workstation.ui.widgets.fields import search_edit
from workstation.ui.widgets.row_model import Index, RowModel

DEPTH_ROLE = Qt.ItemDataRole.UserRole + 1
_INDENT = 8


class AttributesModel(RowModel):
    """Columns tag, name and value; the text for a screen reader is the whole row."""

    headings = ("Tag", "Name", "Value")

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()

    def set_rows(self, rows: Sequence[Row]) -> None:
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    @property
    def rows(self) -> tuple[Row, ...]:
        return self._rows

    def row_total(self) -> int:
        return len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        tag, name, value, depth = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return (tag, name, value)[index.column()]
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return f"{tag} {name}: {value}"
        return depth if role == DEPTH_ROLE else None


class AttributesList(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = AttributesModel(self)
        self.filtered = QSortFilterProxyModel(self)
        self.filtered.setSourceModel(self.model)
        self.filtered.setFilterKeyColumn(-1)
        self.filtered.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.filter = search_edit(self.tr("Filter tag, name or value"), self.tr("Filter of the DICOM attributes"))
        self.filter.textChanged.connect(self.filtered.setFilterFixedString)
        self.list = QListView()
        self.list.setModel(self.filtered)
        self.list.setItemDelegate(LineDelegate(self.list))
        self.list.setAccessibleName(self.tr("DICOM attributes"))
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.list)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_rows)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.compare_menu = QMenu(self.tr("Compare with"), self)
        guard_keys(self.filter, self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.filter)
        layout.addWidget(self.list)

    def copy_rows(self) -> None:
        _to_clipboard("\n".join(row_text(self.model.rows[row]) for row in self._selected()))

    def copy_values(self) -> None:
        _to_clipboard("\n".join(self.model.rows[row][2] for row in self._selected()))

    def copy_paths(self) -> None:
        """Where the attributes stand, through sequences and items."""
        places = list(keys(self.model.rows))
        _to_clipboard("\n".join(path_text(places[row]) for row in self._selected()))

    def copy_all(self) -> None:
        """Also what the filter hides."""
        _to_clipboard(text_of(self.model.rows))

    def menu(self) -> QMenu:
        """Deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copies = (
            menu.addAction(self.tr("Copy"), self.copy_rows),
            menu.addAction(self.tr("Copy value"), self.copy_values),
            menu.addAction(self.tr("Copy path"), self.copy_paths),
        )
        for action in copies:
            action.setEnabled(bool(self._selected()))
        copies[0].setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        menu.addAction(self.tr("Copy everything as text"), self.copy_all).setEnabled(bool(self.model.rows))
        menu.addSeparator()
        menu.addMenu(self.compare_menu)
        return menu

    def _show_menu(self, position: QPoint) -> None:
        self.menu().popup(self.list.viewport().mapToGlobal(position))

    def _selected(self) -> list[int]:
        return sorted(self.filtered.mapToSource(index).row() for index in self.list.selectedIndexes())


def _to_clipboard(text: str) -> None:
    QApplication.clipboard().setText(text)


class LineDelegate(QStyledItemDelegate):
    """One attribute in one line: quiet tag and name, the value in the colour of text."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(10, QFontMetrics(_font()).height() + 6)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        area = QRect(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(DARK.selection))
        painter.setFont(_font())
        space = painter.fontMetrics().horizontalAdvance(" ")
        left = area.left() + _INDENT * min(6, int(index.data(DEPTH_ROLE) or 0))
        for column, colour in enumerate((DARK.muted, DARK.soft, "#ffffff")):
            room = QRect(left, area.top(), area.right() - left, area.height())
            text = str(index.sibling(index.row(), column).data() or "")
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(0, room.width()))
            painter.setPen(QColor(colour))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
            left += painter.fontMetrics().horizontalAdvance(shown) + space
        painter.restore()


def _font() -> QFont:
    return font(0.86, mono=True)
