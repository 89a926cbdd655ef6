"""What a page says when there is nothing to show: what is missing and how to get it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from workstation.ui.assets import DARK
from workstation.ui.widgets.buttons import label, picture
from workstation.ui.widgets.layouts import column, row


class EmptyState(QWidget):
    def __init__(self, icon_name: str, title: str, text: str = "", *buttons: QPushButton) -> None:
        super().__init__()
        self.title, self.text = label(title, "strong"), label(text, "muted", wrap=True)
        self.text.setMinimumWidth(420)
        self.text.setMaximumWidth(520)
        for words in (self.title, self.text):
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        sign = picture(icon_name, DARK.disabled, 48)
        sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setLayout(
            column(
                None,
                sign,
                self.title,
                row(None, self.text, None),
                row(None, *buttons, None, margins=(0, 8, 0, 0)),
                None,
                spacing=8,
            )
        )

    def say(self, title: str, text: str) -> None:
        self.title.setText(title)
        self.text.setText(text)
