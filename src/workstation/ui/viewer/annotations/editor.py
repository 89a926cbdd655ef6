"""A field on the picture in which the text of an annotation is written."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from workstation.ui.viewer.keys import guard_keys

WIDTH = 200
_LONGEST = 120


class TextEditor(QLineEdit):
    """Return and leaving the field keep what was written, Esc does not."""

    def __init__(
        self,
        parent: QWidget,
        at: QPointF,
        text: str,
        written: Callable[[str], None],
        given_up: Callable[[], None],
    ) -> None:
        super().__init__(text, parent)
        self._written = written
        self._given_up = given_up
        self._done = False
        self.setMaxLength(_LONGEST)
        self.setAccessibleName(self.tr("Text on the image"))
        self.setPlaceholderText(self.tr("Text"))
        guard_keys(self)
        self.returnPressed.connect(self._keep)
        self.resize(WIDTH, self.sizeHint().height())
        across = min(max(0, round(at.x())), max(0, parent.width() - WIDTH))
        down = min(max(0, round(at.y()) - self.height() // 2), max(0, parent.height() - self.height()))
        self.move(across, down)
        self.show()
        self.selectAll()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def dismiss(self) -> None:
        self._done = True
        had_keys = self.hasFocus()
        self.hide()
        self.deleteLater()
        parent = self.parentWidget()
        if had_keys and parent is not None:
            parent.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._done = True
            self._given_up()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._keep()

    def _keep(self) -> None:
        if not self._done:
            self._done = True
            self._written(self.text().strip())
