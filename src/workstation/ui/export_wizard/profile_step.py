"""Step 2: the Basic Profile and the options that the engine carries out, each in one sentence."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QFrame, QWidget

from workstation.deidentify.options import EXCLUSIVE, OPTIONS, ProfileOption
from workstation.ui.assets import DARK
from workstation.ui.export_wizard.model import Wizard
from workstation.ui.export_wizard.preview_model import translate
from workstation.ui.export_wizard.scrolled import scrolled
from workstation.ui.widgets.buttons import frame, label, picture
from workstation.ui.widgets.layouts import column, row

INDENT = 24  # the words below a check box begin where its text does


class ProfileStep(QWidget):
    def __init__(self, wizard: Wizard, edition: str) -> None:
        super().__init__()
        self._wizard = wizard
        self.boxes: dict[str, QCheckBox] = {}
        options = [self._option(one) for one in OPTIONS.values() if one.implemented]
        heading = label(self.tr("Options"), "strong")
        words = self.tr("Each option keeps more than the Basic Profile does; none is needed. They combine.")
        area = scrolled(self._basic(edition), heading, label(words, "muted", wrap=True), *options)
        self.setLayout(column(area, spacing=0))
        self.setFocusProxy(next(iter(self.boxes.values())))
        wizard.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        chosen = self._wizard.state.options
        for name, box in self.boxes.items():
            box.setChecked(name in chosen)

    def _basic(self, edition: str) -> QFrame:
        card = frame("card")
        card.setProperty("chosen", True)
        title = label(self.tr("Basic profile · PS3.15 {edition}").format(edition=edition), "strong")
        words = self.tr(
            "Everything that may identify a person or an institution is removed, emptied or replaced, as Table E.1-1 "
            "of the standard says for each attribute. Dates, private attributes, overlays and free text that is not "
            "known to be safe go too. UIDs are replaced by new ones, the same for the same original everywhere."
        )
        lines = column(title, label(words, "muted", wrap=True), spacing=4)
        layout = row(column(picture("export", DARK.link, 20), None), lines, spacing=12, margins=(14, 12, 14, 12))
        layout.setStretch(1, 1)
        card.setLayout(layout)
        return card

    def _option(self, option: ProfileOption) -> QWidget:
        title, sentence = translate(option.title), translate(option.sentence)
        box = QCheckBox(title)
        box.setAccessibleDescription(sentence)
        box.toggled.connect(lambda on, name=option.name: self._choose(name, on))
        self.boxes[option.name] = box
        words = label(sentence, "muted", wrap=True)
        words.setIndent(INDENT)
        line = QWidget()
        line.setLayout(column(box, words, spacing=2, margins=(2, 4, 2, 4)))
        return line

    def _choose(self, name: str, on: bool) -> None:
        chosen = set(self._wizard.state.options)
        if on == (name in chosen):
            return
        if on and name in EXCLUSIVE:
            chosen -= EXCLUSIVE  # PS3.15 E.3.6: one or the other
        chosen ^= {name}
        self._wizard.change(options=tuple(option for option in OPTIONS if option in chosen))
