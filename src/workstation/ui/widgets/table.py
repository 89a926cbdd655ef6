"""Tables as in the design: one delegate that draws rows, pills and quiet or strong text.

A model says how a cell looks through STYLE_ROLE: words from "strong", "muted", "mono", "red", "right", or
"pill-" and a tone of assets.Colours ("pill-blue"). So a model needs no fonts and stays QtCore only.
"""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from workstation.ui.assets import DARK, font, pixmap
from workstation.ui.widgets.roles import FOLD_ROLE, STYLE_ROLE

ROW_HEIGHT = 35
PADDING = 9
LITTLE = 20  # so much less, such as a scroll bar, changes no widths
FOLD_RATIO = 2.0  # drawn for screens of twice the density, scaled down on others
PILL = "pill-"
Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """Draws one cell: ground, the line below, then text, a pill or a fold arrow. Keeps what it draws with."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fonts: dict[str, QFont] = {}
        self._colours: dict[str, QColor] = {}
        self._arrows: dict[str, QPixmap] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        style = str(index.data(STYLE_ROLE) or "")
        metrics = QFontMetrics(self._font(style))
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        extra = 2 * PADDING + (20 if style.startswith(PILL) else 0)
        return QSize(metrics.horizontalAdvance(text) + extra, max(ROW_HEIGHT, metrics.height() + 12))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        area = QRect(option.rect)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, self._colour(DARK.selection))
        painter.setPen(self._colour(DARK.line))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        # Asked in Python: through index.data every cell would let go of the interpreter lock and queue for it
        # again behind a busy job.
        ask = index.model().data
        fold = ask(index, FOLD_ROLE) if index.column() == 0 else None
        text = "" if fold else str(ask(index, Qt.ItemDataRole.DisplayRole) or "")
        if fold:
            painter.drawPixmap(area.left() + 9, area.center().y() - 7, self._arrow(fold))
        elif text:
            style = str(ask(index, STYLE_ROLE) or "")
            (self._paint_pill if style.startswith(PILL) else self._paint_text)(painter, area, text, style)
        painter.restore()

    def _paint_text(self, painter: QPainter, area: QRect, text: str, style: str) -> None:
        painter.setFont(self._font(style))
        shade = DARK.muted if "muted" in style else DARK.red if "red" in style else DARK.text
        painter.setPen(self._colour(shade))
        inside = area.adjusted(PADDING, 0, -PADDING, 0)
        side = Qt.AlignmentFlag.AlignRight if "right" in style else Qt.AlignmentFlag.AlignLeft
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, inside.width())
        painter.drawText(inside, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)

    def _paint_pill(self, painter: QPainter, area: QRect, text: str, style: str) -> None:
        front, back = DARK.tone(style.removeprefix(PILL))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font(style))
        metrics = painter.fontMetrics()
        room = area.width() - 2 * PADDING
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room - 18)
        width, height = metrics.horizontalAdvance(shown) + 18, metrics.height() + 4
        pill = QRectF(area.left() + PADDING, area.center().y() - height / 2 + 1, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour(back))
        painter.drawRoundedRect(pill, height / 2, height / 2)
        painter.setPen(self._colour(front))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, shown)

    def _font(self, style: str) -> QFont:
        if style not in self._fonts:
            pill = style.startswith(PILL)
            made = font(0.84, strong=True) if pill else font(strong="strong" in style, mono="mono" in style)
            self._fonts[style] = made
        return self._fonts[style]

    def _colour(self, name: str) -> QColor:
        if name not in self._colours:
            self._colours[name] = QColor(name)
        return self._colours[name]

    def _arrow(self, fold: str) -> QPixmap:
        if fold not in self._arrows:
            picture = "chevron-down" if fold == "open" else "chevron-right"
            self._arrows[fold] = pixmap(picture, 14, DARK.muted, FOLD_RATIO)
        return self._arrows[fold]


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


class RowTable(QTableView):
    """A table by rows: Enter or a double click opens one, Right and Left unfold and fold one that can."""

    opened = Signal(QModelIndex)
    fold_wanted = Signal(int, bool)  # row, whether to unfold

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._usual: list[int] = []
        self._narrow: list[int] = []
        self._stretch, self._cramped = 0, False
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
        self.clicked.connect(self._clicked)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            if current.isValid():
                self.opened.emit(current)
            return
        unfold = event.key() == Qt.Key.Key_Right
        if (unfold or event.key() == Qt.Key.Key_Left) and current.siblingAtColumn(0).data(FOLD_ROLE):
            self.fold_wanted.emit(current.row(), unfold)
            return
        super().keyPressEvent(event)

    def set_narrow_widths(self, usual: list[int], narrow: list[int], stretch: int) -> None:
        """Use `narrow` while `usual` does not fit; the columns are set anew only where that changes."""
        self._usual, self._narrow, self._stretch = usual, narrow, stretch

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        cramped = bool(self._usual) and self.viewport().width() < sum(self._usual) - LITTLE
        if cramped != self._cramped:
            self._cramped = cramped
            set_widths(self.horizontalHeader(), self._narrow if cramped else self._usual, self._stretch)

    def _clicked(self, index: QModelIndex) -> None:
        fold = index.data(FOLD_ROLE) if index.column() == 0 else None
        if fold:
            self.fold_wanted.emit(index.row(), fold == "closed")


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
