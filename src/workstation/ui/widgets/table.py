"""Tables as in the design: one delegate that draws rows, pills and quiet or strong text.

A model says how a cell looks through STYLE_ROLE: words from "strong", "muted", "mono", "right", or
"pill-" and a tone of assets.Colours ("pill-blue"). So a model needs no fonts and stays QtCore only.
"""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QTreeView,
    QWidget,
)

from workstation.ui.assets import DARK, font, pixmap
from workstation.ui.widgets.roles import STYLE_ROLE

ROW_HEIGHT = 35
PADDING = 9
Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """Draws one cell: ground, the line below, then text or a pill."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        styles = _styles(index)
        metrics = QFontMetrics(_font(styles))
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        extra = 2 * PADDING + (20 if any(style.startswith("pill-") for style in styles) else 0)
        return QSize(metrics.horizontalAdvance(text) + extra, max(ROW_HEIGHT, metrics.height() + 12))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        area = QRect(option.rect)
        state = option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(DARK.selection))
        painter.setPen(QPen(QColor(DARK.line), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        styles = _styles(index)
        tone = next((style[5:] for style in styles if style.startswith("pill-")), "")
        if text and tone:
            _paint_pill(painter, area, text, tone)
        elif text:
            _paint_text(painter, area, text, styles)
        painter.restore()


def _styles(index: Index) -> list[str]:
    return str(index.data(STYLE_ROLE) or "").split()


def _font(styles: list[str]) -> QFont:
    if any(style.startswith("pill-") for style in styles):
        return font(0.86, strong=True)
    return font(strong="strong" in styles, mono="mono" in styles)


def _paint_text(painter: QPainter, area: QRect, text: str, styles: list[str]) -> None:
    painter.setFont(_font(styles))
    painter.setPen(QColor(DARK.muted if "muted" in styles else DARK.red if "red" in styles else DARK.text))
    inside = area.adjusted(PADDING, 0, -PADDING, 0)
    side = Qt.AlignmentFlag.AlignRight if "right" in styles else Qt.AlignmentFlag.AlignLeft
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
    painter.drawText(inside, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)


def _paint_pill(painter: QPainter, area: QRect, text: str, tone: str) -> None:
    front, back = DARK.tone(tone)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(font(0.84, strong=True))
    metrics = painter.fontMetrics()
    room = area.width() - 2 * PADDING
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room - 18)
    width, height = metrics.horizontalAdvance(shown) + 18, metrics.height() + 4
    pill = QRectF(area.left() + PADDING, area.center().y() - height / 2 + 1, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(back))
    painter.drawRoundedRect(pill, height / 2, height / 2)
    painter.setPen(QColor(front))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, shown)


class Header(QHeaderView):
    """The headings, with the arrow of the sorting right after its words."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setFixedHeight(31)

    def paintSection(self, painter: QPainter, area: QRect, section: int) -> None:
        painter.save()
        painter.fillRect(area, QColor(DARK.panel))
        painter.setPen(QColor(DARK.border))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        words = str(self.model().headerData(section, self.orientation()) or "")
        if words and self.isSortIndicatorShown() and self.sortIndicatorSection() == section:
            words += " ▲" if self.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder else " ▼"
        painter.setFont(font(0.86))
        painter.setPen(QColor(DARK.muted))
        inside = area.adjusted(PADDING, 0, -2, 0)
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.restore()


class RowTree(QTreeView):
    """A table whose rows can unfold. The narrow first column holds only the arrow."""

    opened = Signal(QModelIndex)  # Enter or double click

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        prepare(self, name)
        self.setRootIsDecorated(True)
        self.setUniformRowHeights(True)
        self.setIndentation(34)
        self.setExpandsOnDoubleClick(False)
        self.setAllColumnsShowFocus(True)
        self.setHeader(Header(self))
        self.header().setSectionsMovable(True)
        self.header().setFirstSectionMovable(False)
        self.setSortingEnabled(True)
        self.doubleClicked.connect(self.opened)

    def drawBranches(self, painter: QPainter, area: QRect, index: Index) -> None:
        if self.selectionModel() is not None and self.selectionModel().isRowSelected(index.row(), index.parent()):
            painter.fillRect(area, QColor(DARK.selection))
        painter.setPen(QPen(QColor(DARK.line), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        model = self.model()
        if not index.parent().isValid() and model is not None and model.hasChildren(index):
            arrow = "chevron-down" if self.isExpanded(index) else "chevron-right"
            picture = pixmap(arrow, 14, DARK.muted, self.devicePixelRatioF())
            painter.drawPixmap(area.left() + 9, area.center().y() - 7, picture)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            if self.currentIndex().isValid():
                self.opened.emit(self.currentIndex())
            return
        super().keyPressEvent(event)


class RowTable(QTableView):
    """A flat table in the same look."""

    opened = Signal(QModelIndex)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        prepare(self, name)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setHorizontalHeader(Header(self))
        self.setSortingEnabled(True)
        self.doubleClicked.connect(self.opened)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            if self.currentIndex().isValid():
                self.opened.emit(self.currentIndex())
            return
        super().keyPressEvent(event)


def prepare(view: QAbstractItemView, name: str) -> None:
    """What both kinds of table share."""
    view.setItemDelegate(RowDelegate(view))
    view.setAccessibleName(name)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)


def selected_rows(view: QAbstractItemView) -> list[QModelIndex]:
    """The selected rows from top to bottom, each once."""
    selection = view.selectionModel()
    return sorted(selection.selectedRows(), key=lambda index: index.row()) if selection is not None else []


def set_widths(header: QHeaderView, widths: list[int], stretch: int) -> None:
    """Give the columns their first widths; column `stretch` takes what is left."""
    header.setStretchLastSection(False)
    header.setMinimumSectionSize(30)
    for section, width in enumerate(widths):
        if section == stretch:
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Stretch)
        else:
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(section, width)


def row_text(model: QAbstractItemModel, row: int) -> str:
    """One row as tab-separated text, for the clipboard."""
    cells = (model.index(row, section).data(Qt.ItemDataRole.DisplayRole) for section in range(model.columnCount()))
    return "\t".join(str(cell or "") for cell in cells)
