"""The series strip: one card with a thumbnail for each display set; click or drag loads it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workstation.services.display_sets import DisplaySet
from workstation.ui.assets import DARK, font, pixmap
from workstation.ui.viewer.series_model import (
    DISPLAY_SET_ROLE,
    HEADER_ROLE,
    ICON_ROLE,
    NOTICES_ROLE,
    SUBTITLE_ROLE,
    SeriesModel,
)

WIDTH = 144
THUMBNAIL = 102  # logical pixels square
_GAP, _PADDING = 8, 6
Index = QModelIndex | QPersistentModelIndex


class SeriesStrip(QListView):
    """`chosen` when the user clicks a card or presses Enter on it."""

    chosen = Signal(object)  # DisplaySet
    menu_filled = Signal(object, object)  # the QMenu of a card before it opens, and its DisplaySet

    def __init__(self, model: SeriesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(CardDelegate(self))
        self.setAccessibleName(self.tr("Series"))
        self.setFixedWidth(WIDTH)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setViewportMargins(0, 8, 0, 0)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        # Tab reaches it; a click must not take the keys away from the picture.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def show_current(self, display_set: DisplaySet | None) -> None:
        model = self.model()
        assert isinstance(model, SeriesModel)
        row = model.row_of(display_set)
        if row >= 0:
            self.setCurrentIndex(model.index(row))

    def visible_sets(self) -> list[DisplaySet]:
        """Whose cards are in sight, from above."""
        # Not the viewport's own: the first widget that Qt hands out makes PySide load every kind of it, for 8 ms.
        area, found = QRect(QPoint(0, 0), self.maximumViewportSize()), []
        for row in range(self.model().rowCount()):
            index = self.model().index(row, 0)
            card = self.visualRect(index)
            if card.top() > area.bottom():
                break
            if card.bottom() >= area.top():
                found.append(index.data(DISPLAY_SET_ROLE))
        return found

    def _choose(self, index: QModelIndex) -> None:
        display_set = index.data(DISPLAY_SET_ROLE)
        if display_set is not None:
            self.chosen.emit(display_set)


class CardDelegate(QStyledItemDelegate):
    """Draws date, thumbnail, title and count of one display set."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line = QFontMetrics(font(0.9)).height()
        header = line + 6 if index.data(HEADER_ROLE) else 0
        return QSize(WIDTH - 12, header + THUMBNAIL + 2 * line + 3 * _PADDING + _GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRect(option.rect).adjusted(6, 0, -6, 0)
        header = str(index.data(HEADER_ROLE) or "")
        line = QFontMetrics(font(0.9)).height()
        if header:
            painter.setFont(font(0.86))
            painter.setPen(QColor(DARK.muted))
            shown = painter.fontMetrics().elidedText(header, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(
                QRect(area.left(), area.top(), area.width(), line + 4), Qt.AlignmentFlag.AlignVCenter, shown
            )
            area.setTop(area.top() + line + 6)
        card = QRectF(area.adjusted(0, 0, 0, -_GAP)).adjusted(0.5, 0.5, -0.5, -0.5)
        self._card(painter, card, option)
        box = QRect(round(card.center().x() - THUMBNAIL / 2), round(card.top()) + _PADDING, THUMBNAIL, THUMBNAIL)
        _thumbnail(painter, box, index)
        _words(painter, QRect(box.left(), box.bottom() + 4, box.width(), line), index)
        painter.restore()

    def _card(self, painter: QPainter, card: QRectF, option: QStyleOptionViewItem) -> None:
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        painter.setPen(
            QPen(QColor(DARK.focus if focused else DARK.accent if selected else DARK.border), 2 if focused else 1)
        )
        painter.setBrush(QColor(DARK.selection if selected else DARK.card))
        painter.drawRoundedRect(card, 7, 7)


def _thumbnail(painter: QPainter, box: QRect, index: Index) -> None:
    painter.fillRect(box, QColor(0, 0, 0))
    picture = index.data(Qt.ItemDataRole.DecorationRole)
    ratio = painter.device().devicePixelRatioF()
    name = str(index.data(ICON_ROLE) or "")
    if isinstance(picture, QImage):
        painter.drawImage(box, picture)
    elif name:
        painter.drawPixmap(box.center().x() - 16, box.center().y() - 16, pixmap(name, 32, DARK.muted, ratio))
    if index.data(NOTICES_ROLE):
        badge = QRect(box.right() - 21, box.bottom() - 21, 20, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(DARK.amber_back))
        painter.drawRoundedRect(badge, 4, 4)
        painter.drawPixmap(badge.left() + 3, badge.top() + 3, pixmap("warning", 14, DARK.amber, ratio))


def _words(painter: QPainter, line: QRect, index: Index) -> None:
    for role, scale, colour in ((Qt.ItemDataRole.DisplayRole, 0.9, DARK.text), (SUBTITLE_ROLE, 0.84, DARK.muted)):
        painter.setFont(font(scale))
        painter.setPen(QColor(colour))
        text = str(index.data(role) or "")
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, shown)
        line = line.translated(0, line.height() + 1)
