"""Beside the pictures: what was measured in the open study, a card each; a click goes to its image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workstation.ui.actions import Actions
from workstation.ui.assets import DARK, font
from workstation.ui.widgets.buttons import icon_button, label
from workstation.ui.widgets.layouts import row

_NUMBER, _COLOUR, _WHERE = (Qt.ItemDataRole.UserRole + 1 + n for n in range(3))
_BUTTON = QSize(28, 26)
_GAP, _PADDING, _MOST_SHOWN = 5, 8, 3


@dataclass(frozen=True, slots=True)
class Card:
    number: int  # of the annotation; below zero: of a key image
    colour: str
    what: str  # "Length 38.4 mm"
    where: str  # "Series 4 · image 33"


class MeasurementsSection(QWidget):
    """Hidden while there is nothing to list."""

    chosen = Signal(int)  # the number of a card

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = label("", "caption")
        self._head = row(self._heading, None, spacing=2)
        self.list = QListWidget()
        self.list.setItemDelegate(_CardDelegate(self.list))
        self.list.setAccessibleName(self.tr("Measurements"))
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setStyleSheet("QListWidget { background: transparent; }")
        # Tab reaches it; a click must not take the keys away from the picture.
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(8)
        layout.addLayout(self._head)
        layout.addWidget(self.list)
        layout.addWidget(label(self.tr("Kept on this computer as they are made."), "muted", wrap=True))
        self.hide()

    def show_actions(self, actions: Actions) -> None:
        """Buttons beside the heading."""
        for name, words in (
            ("save_marks", self.tr("Save to the study")),
            ("copy_marks", self.tr("Copy as a table")),
            ("export_marks", self.tr("Save as CSV")),
        ):
            action = actions[f"viewer.{name}"]
            keys = action.shortcut().toString()
            picture = action.property("icon_name")
            shown = icon_button(picture, f"{words}  ({keys})" if keys else words, action.trigger)
            shown.setFixedSize(_BUTTON)
            shown.setStyleSheet("padding: 2px;")  # the theme's would leave no room for the picture
            self._head.addWidget(shown)

    def show_cards(self, cards: Sequence[Card]) -> None:
        keys = sum(card.number < 0 for card in cards)
        parts = [self.tr("MEASUREMENTS · {n}").format(n=len(cards) - keys)] if len(cards) > keys else []
        self._heading.setText(" · ".join([*parts, *([f"★ {keys}"] if keys else [])]))
        self._heading.setAccessibleName(
            self.tr("{n} measurements, {keys} key images").format(n=len(cards) - keys, keys=keys)
        )
        while self.list.count() > len(cards):
            self.list.takeItem(self.list.count() - 1)
        while self.list.count() < len(cards):
            self.list.addItem(QListWidgetItem())
        for place, card in enumerate(cards):
            item = self.list.item(place)
            item.setText(card.what)
            item.setData(_NUMBER, card.number)
            item.setData(_COLOUR, card.colour)
            item.setData(_WHERE, card.where)
            item.setToolTip(card.what)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{card.what}, {card.where}")
        height = self.list.sizeHintForRow(0) if cards else 0
        self.list.setFixedHeight(height * min(_MOST_SHOWN, len(cards)) + 2)
        self.setVisible(bool(cards))

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(_NUMBER))


class _CardDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, 2 * QFontMetrics(font()).lineSpacing() + 2 * _PADDING + _GAP)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        state, area = option.state, QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -_GAP - 0.5)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        painter.setPen(QPen(QColor(DARK.focus if focused else DARK.border), 1))
        painter.setBrush(QColor(DARK.hover if state & QStyle.StateFlag.State_MouseOver else DARK.card))
        painter.drawRoundedRect(area, 6, 6)
        inside = area.adjusted(_PADDING + 2, _PADDING - 2, -_PADDING, -_PADDING + 2)
        metrics = QFontMetrics(font())
        upper = QRectF(inside.left(), inside.top(), inside.width(), metrics.lineSpacing())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(index.data(_COLOUR)))
        painter.drawEllipse(QRectF(upper.left(), upper.center().y() - 4, 8, 8))
        painter.setFont(font())
        for line, colour, text in (
            (upper.adjusted(14, 0, 0, 0), DARK.text, index.data()),
            (upper.translated(0, metrics.lineSpacing() + 1), DARK.muted, index.data(_WHERE)),
        ):
            painter.setPen(QColor(colour))
            shown = metrics.elidedText(str(text), Qt.TextElideMode.ElideRight, int(line.width()))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()
