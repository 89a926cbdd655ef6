"""Notices: what happened, why, what to do next. They do not block.

What went wrong stays until it is dismissed; what went well goes by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from workstation.ui.assets import DARK
from workstation.ui.widgets.buttons import button, icon_button, label, picture
from workstation.ui.widgets.layouts import column, row
from workstation.ui.widgets.timers import single_shot

ICONS = {"red": "cancel", "amber": "warning", "green": "check", "grey": "info"}
SHOWN_AT_ONCE = 3
GONE_AFTER_MS = 12_000  # good news


@dataclass(frozen=True, slots=True)
class NoticeText:
    """The words of one notice; `details` is what "Copy details" puts on the clipboard."""

    title: str
    text: str = ""
    remedy: str = ""
    details: str = ""
    tone: str = "red"  # red, amber, green or grey


class Notice(QFrame):
    """One notice with its buttons."""

    def __init__(self, words: NoticeText, dismissed: Callable[[Notice], None]) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setProperty("tone", words.tone)
        self.setAccessibleName(words.title)
        self.setAccessibleDescription(" ".join(part for part in (words.text, words.remedy) if part))
        self.words = words
        colour = DARK.tone(words.tone)[0]
        lines = column(label(words.title, "strong", wrap=True, selectable=True), spacing=2)
        for part in (words.text, words.remedy):
            if part:
                lines.addWidget(label(part, wrap=True, selectable=True))
        sign = picture(ICONS[words.tone], colour, 18)
        buttons = row(spacing=6)
        if words.details:
            buttons.addWidget(button(self.tr("Copy details"), "copy", self._copy))
        buttons.addWidget(icon_button("close", self.tr("Dismiss"), lambda: dismissed(self)))
        layout = row(column(sign, None), lines, column(buttons, None), spacing=10, margins=(12, 9, 9, 9))
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.words.details)


class NoticeArea(QWidget):
    """The stack of notices above a page; the newest on top, equal ones once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notices: list[Notice] = []
        self._more = label("", "muted")
        self._more.hide()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(12, 8, 12, 8)
        self._layout.setSpacing(6)
        self._layout.addWidget(self._more)
        self.hide()

    def show_notice(self, words: NoticeText) -> None:
        """Add a notice; one that says the same moves up instead."""
        for notice in [notice for notice in self._notices if notice.words == words]:
            self.dismiss(notice)
        notice = Notice(words, self.dismiss)
        self._notices.insert(0, notice)
        self._layout.insertWidget(0, notice)
        if words.tone == "green":
            single_shot(notice, GONE_AFTER_MS, partial(self.dismiss, notice)).start()
        self._refresh()

    def dismiss(self, notice: Notice) -> None:
        if notice in self._notices:
            self._notices.remove(notice)
            notice.hide()
            notice.deleteLater()
            self._refresh()

    @property
    def notices(self) -> tuple[NoticeText, ...]:
        return tuple(notice.words for notice in self._notices)

    def _refresh(self) -> None:
        for position, notice in enumerate(self._notices):
            notice.setVisible(position < SHOWN_AT_ONCE)
        hidden = len(self._notices) - SHOWN_AT_ONCE
        self._more.setText(self.tr("{n} more behind these").format(n=hidden))
        self._more.setVisible(hidden > 0)
        self.setVisible(bool(self._notices))
