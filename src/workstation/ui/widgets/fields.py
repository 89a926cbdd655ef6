"""Entry fields with their caption inside, as in the search bar."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QFocusEvent, QIcon
from PySide6.QtWidgets import QApplication, QComboBox, QFrame, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from workstation.ui.assets import DARK, pixmap
from workstation.ui.widgets.buttons import label


class Field(QFrame):
    """A frame around one editor, its caption above it; the frame carries the focus ring."""

    def __init__(self, caption: str, editor: QWidget) -> None:
        super().__init__()
        self.setObjectName("field")
        self.setProperty("focused", False)
        self.editor = editor
        words = label(caption)
        if isinstance(editor, QLineEdit | QComboBox):
            words.setBuddy(editor)
        editor.setAccessibleName(caption)
        editor.installEventFilter(self)
        self.setFocusProxy(editor)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.setSpacing(1)
        layout.addWidget(words)
        layout.addWidget(editor)
        self.setFixedHeight(48)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFocusEvent):
            self.setProperty("focused", event.gotFocus())
            self.style().unpolish(self)
            self.style().polish(self)
        return super().eventFilter(watched, event)


class TextField(Field):
    def __init__(self, caption: str, placeholder: str = "") -> None:
        self.edit = QLineEdit()
        self.edit.setFrame(False)
        self.edit.setPlaceholderText(placeholder)
        super().__init__(caption, self.edit)

    @property
    def text(self) -> str:
        return self.edit.text().strip()


class ChoiceField(Field):
    def __init__(self, caption: str, choices: list[tuple[str, object]]) -> None:
        self.choice = QComboBox()
        self.choice.setFrame(False)
        for text, data in choices:
            self.choice.addItem(text, data)
        super().__init__(caption, self.choice)


def number_edit(low: int, high: int, suffix: str = "") -> QSpinBox:
    """A whole number; the style sheet cannot indent its text, so margins do."""
    edit = QSpinBox()
    edit.setRange(low, high)
    edit.setSuffix(suffix)
    edit.lineEdit().setTextMargins(9, 0, 9, 0)
    return edit


def search_edit(placeholder: str, name: str) -> QLineEdit:
    """A line with a magnifying glass that filters what is below it."""
    edit = QLineEdit()
    edit.setPlaceholderText(placeholder)
    edit.setAccessibleName(name)
    edit.setClearButtonEnabled(True)
    glass = QAction(QIcon(pixmap("search", 16, DARK.muted, QApplication.primaryScreen().devicePixelRatio())), "", edit)
    edit.addAction(glass, QLineEdit.ActionPosition.LeadingPosition)
    return edit
