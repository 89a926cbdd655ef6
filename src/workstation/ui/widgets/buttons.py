"""Buttons, chips and labels in the looks of the design; every one has an accessible name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QPushButton, QToolButton, QWidget

from workstation.ui.assets import DARK, font, icon, spaced_icon


def button(
    text: str, icon_name: str = "", clicked: Callable[[], object] | None = None, *, look: str = ""
) -> QPushButton:
    """A push button; `look` is empty, "primary", "danger" or "link"."""
    result = QPushButton(text.replace("&", "&&"))
    result.setObjectName(look)
    if icon_name:
        result.setIcon(spaced_icon(icon_name, "#ffffff" if look == "primary" else DARK.text))
        result.setIconSize(QSize(20, 16))
    result.setAccessibleName(text.rstrip("…"))
    result.setAutoDefault(False)
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    if clicked is not None:
        result.clicked.connect(lambda _checked=False: clicked())
    return result


def action_button(action: QAction, *, look: str = "") -> QPushButton:
    """A push button that shows, triggers and follows `action`."""
    result = button(action.iconText(), action.property("icon_name") or "", action.trigger, look=look)

    def follow() -> None:
        result.setEnabled(action.isEnabled())
        result.setToolTip(action.toolTip())
        result.setText(action.iconText().replace("&", "&&"))
        result.setAccessibleName(action.iconText().rstrip("…"))

    action.changed.connect(follow)
    follow()
    return result


def menu_button(text: str, icon_name: str, actions: Iterable[QAction]) -> QPushButton:
    """A push button that offers `actions`."""
    result = button(text, icon_name)
    menu = QMenu(result)
    menu.addActions(list(actions))
    result.setMenu(menu)
    return result


def icon_button(icon_name: str, name: str, clicked: Callable[[], object] | None = None) -> QToolButton:
    """A button with only a picture: `name` is its tool tip and what a screen reader says."""
    result = QToolButton()
    result.setObjectName("plain")
    result.setIcon(icon(icon_name))
    result.setIconSize(QSize(16, 16))
    result.setToolTip(name)
    result.setAccessibleName(name)
    result.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if clicked is not None:
        result.clicked.connect(lambda _checked=False: clicked())
    return result


class Chip(QToolButton):
    """A rounded switch, with a coloured dot where it stands for something that has a state."""

    def __init__(self, text: str, *, checked: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chip")
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setChecked(checked)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._dot = ""
        self.setFont(font(0.93))

    def set_state(self, colour: str, words: str) -> None:
        """Show a dot in `colour`; `words` say the same to who cannot see it. No colour: no dot."""
        self._dot = colour
        self.setAccessibleName(f"{self.text()}, {words}" if words else self.text())
        self.setToolTip(words)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 24 + (13 if self._dot else 0), metrics.height() + 9)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, focused = self.isChecked(), self.hasFocus()
        edge = DARK.focus if focused else DARK.accent if on else DARK.border_strong
        width = 2.0 if focused else 1.0
        painter.setPen(QPen(QColor(edge), width))
        painter.setBrush(QColor(DARK.selection if on else DARK.hover if self.underMouse() else "transparent"))
        body = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.drawRoundedRect(body, body.height() / 2, body.height() / 2)
        left = 12.0
        if self._dot:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._dot))
            painter.drawEllipse(QPointF(left + 4, self.height() / 2), 4, 4)
            left += 13
        painter.setPen(QColor(DARK.link if on else DARK.soft))
        painter.drawText(
            QRectF(left, 0, self.width() - left, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text()
        )


def label(text: str = "", look: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """A plain-text label; `look` is "title", "heading", "strong", "muted", "caption" or "mono"."""
    result = QLabel(text)
    result.setObjectName(look)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setWordWrap(wrap)
    if selectable:
        result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return result


def picture(icon_name: str, colour: str = DARK.muted, size: int = 16) -> QLabel:
    """An icon that only decorates."""
    result = QLabel()
    result.setPixmap(icon(icon_name, colour).pixmap(size, size))
    result.setAccessibleName(" ")
    return result


def frame(name: str, parent: QWidget | None = None) -> QFrame:
    """A frame that the style sheet knows by `name`: header, bar, strip, detail, card, footer, rule."""
    result = QFrame(parent)
    result.setObjectName(name)
    return result
