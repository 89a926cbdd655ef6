"""What the search through the outputs found, in the engine's words; before the run, that it will be made."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame

from workstation.ui.assets import DARK, icon
from workstation.ui.export_wizard.reading import ResidualCheck
from workstation.ui.messages import count
from workstation.ui.widgets.buttons import label, picture
from workstation.ui.widgets.layouts import column, row


class ResidualBox(QFrame):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._sign = picture("export", DARK.muted, 18)
        self.words = label("", wrap=True, selectable=True)
        layout = row(column(self._sign, None), self.words, spacing=10, margins=(12, 9, 12, 9))
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.show_check(None)

    def show_check(self, check: ResidualCheck | None) -> None:
        """None before the run, or when the report does not tell."""
        clean = check is not None and check.searched > 0 and check.found == 0
        if check is None or not check.searched:
            words = self.tr(
                "Made by the run: every output is read back and searched for every known identifier. One find, and "
                "nothing is exported."
            )
        elif clean:
            one = self.tr("No known identifier found in 1 output, in any tag, private block or text.")
            many = self.tr("No known identifier found in {n} outputs, in any tag, private block or text.")
            words = one if check.searched == 1 else many.format(n=count(check.searched))
        else:
            words = self.tr("{n} known identifiers were found.").format(n=count(check.found))
        tone = "green" if clean else "grey" if check is None or not check.searched else "red"
        self.words.setText(words)
        self._sign.setPixmap(icon("export", DARK.tone(tone)[0]).pixmap(18, 18))
        self.setProperty("tone", tone)
        self.setAccessibleName(words)
        self.style().unpolish(self)
        self.style().polish(self)
