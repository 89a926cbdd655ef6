"""Keys that stay where they are typed: in a text field or a list, single keys do not command the viewer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

_COMMANDING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class KeyGuard(QObject):
    """Claims keys without Ctrl or Alt for the widget that has the focus, before a shortcut takes them."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and not event.modifiers() & _COMMANDING
            and event.key() != Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return False


def guard_keys(*widgets: QWidget) -> None:
    for widget in widgets:
        widget.installEventFilter(KeyGuard(widget))
