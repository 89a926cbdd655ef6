"""A document as text: to be scrolled, searched, copied, made larger, with links to what is here."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QTextCursor, QTextDocument, QWheelEvent
from PySide6.QtWidgets import QFrame, QTextBrowser

from workstation.domain.document import Document
from workstation.services.document_text import Look, to_html
from workstation.ui.assets import DARK

_COLUMN = 860  # logical pixels: longer lines are hard to follow
_EDGE = 14
LOOK = Look(DARK.text, DARK.muted, DARK.border, DARK.link, DARK.amber, DARK.card)
_Key = Qt.Key
_OWN = frozenset({_Key.Key_Up, _Key.Key_Down, _Key.Key_PageUp, _Key.Key_PageDown, _Key.Key_Home, _Key.Key_End})
_LARGER, _SMALLER, _USUAL = (_Key.Key_Plus, _Key.Key_Equal), (_Key.Key_Minus,), (_Key.Key_F, _Key.Key_R)
_ZOOMS = frozenset({*_LARGER, *_SMALLER, *_USUAL})


class TextView(QTextBrowser):
    """Nothing is loaded that the document names: it has only what `set_document` was given."""

    followed = Signal(int)  # the number of a link, as in `document.targets`

    def __init__(self) -> None:
        super().__init__()
        self._zoomed = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self.setAccessibleName(self.tr("Document"))
        self.setStyleSheet(f"QTextBrowser {{ background: {DARK.card}; border: 0; }}")
        self.anchorClicked.connect(self._follow)

    def loadResource(self, _type: int, _name: QUrl | str) -> object:
        return None

    def show_document(self, document: Document, here: frozenset[int]) -> None:
        self.setHtml(to_html(document, LOOK, here=here))
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def find_text(self, text: str, *, backwards: bool = False, again: bool = True) -> bool:
        """Select the next place where `text` stands, from the other end after the last one; whether there is one."""
        if not text:
            return True
        if not again:
            cursor = self.textCursor()
            cursor.setPosition(cursor.selectionStart())
            self.setTextCursor(cursor)
        flags = QTextDocument.FindFlag.FindBackward if backwards else QTextDocument.FindFlag(0)
        if self.find(text, flags):
            return True
        before = self.textCursor()
        self.moveCursor(QTextCursor.MoveOperation.End if backwards else QTextCursor.MoveOperation.Start)
        if self.find(text, flags):
            return True
        self.setTextCursor(before)
        return False

    def _follow(self, url: QUrl) -> None:
        kind, _, number = url.toString().partition(":")
        if kind == "target" and number.isdigit():
            self.followed.emit(int(number))

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._is_own(event):
            if event.matches(QKeySequence.StandardKey.Copy) or event.matches(QKeySequence.StandardKey.SelectAll):
                super().keyPressEvent(event)
            else:
                event.ignore()
            return
        bar, key = self.verticalScrollBar(), event.key()
        if key in _ZOOMS:
            self._zoom(-self._zoomed if key in _USUAL else 1 if key in _LARGER else -1)
        elif key == _Key.Key_Home:
            bar.setValue(bar.minimum())
        elif key == _Key.Key_End:
            bar.setValue(bar.maximum())
        else:
            step = bar.pageStep() if key in (_Key.Key_PageUp, _Key.Key_PageDown) else 3 * bar.singleStep()
            bar.setValue(bar.value() + (step if key in (_Key.Key_Down, _Key.Key_PageDown) else -step))

    @staticmethod
    def _is_own(event: QKeyEvent) -> bool:
        plain = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        letter = event.key() in _USUAL
        return plain == Qt.KeyboardModifier.NoModifier and (
            (event.key() in _OWN and not shifted) or (event.key() in _ZOOMS and not (letter and shifted))
        )

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            super().wheelEvent(event)

    def _zoom(self, steps: int) -> None:
        steps = min(max(self._zoomed + steps, -5), 20) - self._zoomed
        self._zoomed += steps
        self.zoomIn(steps)

    def resizeEvent(self, event: QResizeEvent) -> None:
        side = max(_EDGE, (self.width() - _COLUMN) // 2)
        self.setViewportMargins(side, _EDGE // 2, side, 0)
        super().resizeEvent(event)
