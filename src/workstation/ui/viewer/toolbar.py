"""The buttons above the pictures. What has no button has a key or stands in the context menu; what does not fit
into a narrow window stands behind the last button.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QMenu, QToolButton, QWidget

from workstation.ui.actions import Actions
from workstation.ui.assets import DARK, icon
from workstation.ui.widgets.layouts import row

GROUPS = (
    ("window", "scroll", "pan", "zoom", "magnifier"),
    ("length", "angle", "ellipse", "rectangle", "freehand", "text"),
    ("fit", "flip_horizontal", "rotate_right", "invert", "reset"),
    ("cine", "layout", "link", "cursor", "overlay", "key_image"),
)
_LEFT, _SPACING, _DIVIDER = 8, 2, 1
_BUTTON = QSize(52, 46)


class Toolbar(QFrame):
    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self._items: list[QWidget] = []  # buttons and the lines between groups
        self._buttons: dict[str, QToolButton] = {}
        line = row(spacing=_SPACING, margins=(_LEFT, 4, _LEFT, 4))
        for number, names in enumerate(GROUPS):
            if number:
                self._items.append(_divider())
            for name in names:
                button = _button(actions[f"viewer.{name}"])
                self._buttons[name] = button
                self._items.append(button)
        for item in self._items:
            line.addWidget(item)
        self._more = _more(self.tr("More"), self)
        line.addWidget(self._more)
        line.addStretch(1)
        self.setLayout(line)
        self.setMinimumWidth(2 * _LEFT + 4 * _BUTTON.width())

    def button(self, name: str) -> QToolButton:
        """That of an action; hidden in a narrow window."""
        return self._buttons[name]

    def below(self, name: str) -> QPoint:
        """Where on the screen something opens under a button."""
        button = self._buttons[name] if self._buttons[name].isVisible() else self._more
        button.setDown(False)  # what opens takes the release of the mouse
        return button.mapToGlobal(button.rect().bottomLeft())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_what_fits(event.size().width())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # buttons know their width only once they have their style
            self._show_what_fits(self.width())
        return super().event(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.minimumWidth(), super().minimumSizeHint().height())

    def _show_what_fits(self, width: int) -> None:
        room = width - 2 * _LEFT
        widths = [max(item.sizeHint().width(), item.minimumWidth()) + _SPACING for item in self._items]
        fitting = len(self._items)
        if sum(widths) > room:
            room -= max(self._more.sizeHint().width(), self._more.minimumWidth()) + _SPACING
            while fitting and sum(widths[:fitting]) > room:
                fitting -= 1
        menu = self._more.menu()
        menu.clear()
        for number, item in enumerate(self._items):
            item.setVisible(number < fitting)
            if number >= fitting:
                _list(menu, item)
        self._more.setVisible(fitting < len(self._items))


def _list(menu: QMenu, item: QWidget) -> None:
    if not isinstance(item, QToolButton):
        menu.addSeparator()
    elif item.menu() is not None:
        menu.addMenu(item.menu())
    else:
        menu.addAction(item.defaultAction())


def _divider() -> QWidget:
    result = QWidget()
    result.setFixedSize(_DIVIDER, 30)
    result.setStyleSheet(f"background: {DARK.border_strong};")
    return result


def _button(action: QAction) -> QToolButton:
    result = QToolButton()
    result.setDefaultAction(action)
    return _dress(result)


def _more(text: str, parent: QWidget) -> QToolButton:
    result = QToolButton(parent)
    result.setText(text)
    result.setIcon(icon("chevron-down"))
    result.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    result.setMenu(QMenu(result))
    return _dress(result)


def _dress(button: QToolButton) -> QToolButton:
    button.setObjectName("tool")
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    button.setMinimumSize(_BUTTON)
    # Tab reaches it; a click must not take the keys away from the picture.
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
