"""Asks how the marks of a study are to be saved for others; what is there already says enough for Return."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFormLayout, QLayout, QLineEdit, QWidget

from workstation.domain.key_objects import KeyObjectTitle
from workstation.ui.widgets.buttons import button, label
from workstation.ui.widgets.layouts import column, row

_LONGEST = 200


class SaveDialog(QDialog):
    """`chosen` carries the title of the key images, their description, and whether a report is wanted."""

    chosen = Signal(object, str, bool)

    def __init__(self, measurements: int, key_images: int, archived: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Save to the study"))
        self.setMinimumWidth(480)
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(8)
        self.title = QComboBox()
        for title in KeyObjectTitle:
            self.title.addItem(title.meaning, title)
        self.description = QLineEdit()
        self.description.setMaxLength(_LONGEST)
        self.description.setPlaceholderText(self.tr("What they show (may stay empty)"))
        if key_images:
            form.addRow(self.tr("Key images are"), self.title)
            form.addRow(self.tr("Description"), self.description)
        self.report = QCheckBox(self.tr("Also a structured report, for programs that compare sizes"))
        self.report.setChecked(bool(measurements))
        self.report.setVisible(bool(measurements))
        save = button(self.tr("Save"), "save", self._choose, look="primary")
        save.setDefault(True)
        buttons = row(None, button(self.tr("Cancel"), clicked=self.reject), save)
        parts: list[QWidget | QLayout] = [label(self._what(measurements, key_images), wrap=True), form, self.report]
        if not archived:
            words = self.tr("The images are not in the archive: import them too, to keep everything together.")
            parts.append(label(words, "muted", wrap=True))
        self.setLayout(column(*parts, buttons, spacing=14, margins=(20, 18, 20, 16)))

    def _what(self, measurements: int, key_images: int) -> str:
        parts = []
        if measurements:
            one, many = self.tr("1 measurement or text"), self.tr("{n} measurements and texts").format(n=measurements)
            parts.append(
                self.tr("{what}, as graphics over the images with window, turns and zoom as they are now").format(
                    what=one if measurements == 1 else many
                )
            )
        if key_images:
            one, many = self.tr("1 key image"), self.tr("{n} key images").format(n=key_images)
            parts.append(self.tr("{what}, as a selection").format(what=one if key_images == 1 else many))
        intro = self.tr("New DICOM objects are added to the study; nothing that is there changes:")
        return "\n".join([intro, *(f"•  {part}" for part in parts)])

    def _choose(self) -> None:
        self.chosen.emit(self.title.currentData(), self.description.text().strip(), self.report.isChecked())
        self.accept()
