"""One page of the node dialog: rows of fields by the names of the node's settings, each with room for its problem."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QFormLayout, QLabel, QLineEdit, QSpinBox, QWidget

from workstation.ui.widgets.buttons import button, label
from workstation.ui.widgets.fields import number_edit
from workstation.ui.widgets.layouts import column, row

Value = str | int | bool


class NodeForm(QWidget):
    """`fields` by setting, `secrets` by their kind; secrets are typed anew or left as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, QLineEdit | QSpinBox | QCheckBox | QComboBox] = {}
        self.secrets: dict[str, QLineEdit] = {}
        self._problems: dict[str, QLabel] = {}
        self._rows = QFormLayout()
        self._rows.setHorizontalSpacing(18)
        self._rows.setVerticalSpacing(6)
        self.setLayout(column(self._rows, None, margins=(2, 14, 2, 2)))

    def line(self, name: str, caption: str, value: str, placeholder: str) -> None:
        edit = QLineEdit(value)
        edit.setPlaceholderText(placeholder)
        self._add(name, caption, edit)

    def file(self, name: str, caption: str, value: str, placeholder: str) -> None:
        """The path of a PEM file, typed or chosen."""
        edit = QLineEdit(value)
        edit.setPlaceholderText(placeholder)
        choose = button(self.tr("Choose…"), clicked=lambda: self._choose(edit, caption))
        choose.setAccessibleName(f"{caption}: {choose.text()}")
        self._add(name, caption, edit, choose)

    def number(self, name: str, caption: str, value: int, bounds: tuple[int, int], special: str = "") -> None:
        """`special` stands for the lowest value."""
        spin = number_edit(*bounds)
        spin.setSpecialValueText(special)
        spin.setValue(value)
        self._add(name, caption, spin)

    def choice(self, name: str, caption: str, value: str, words: Mapping[str, str]) -> QComboBox:
        """`words` by value."""
        box = QComboBox()
        for one, text in words.items():
            box.addItem(text, one)
        box.setCurrentIndex(box.findData(value))
        self._add(name, caption, box)
        return box

    def tick(self, name: str, caption: str, value: bool) -> QCheckBox:
        box = QCheckBox(caption)
        box.setChecked(value)
        self.fields[name] = box
        self._rows.addRow("", box)
        return box

    def secret(self, kind: str, caption: str, placeholder: str) -> None:
        """Typed unseen; what is kept already is never shown."""
        edit = QLineEdit()
        edit.setEchoMode(QLineEdit.EchoMode.Password)
        edit.setPlaceholderText(placeholder)
        edit.setAccessibleName(caption)
        self.secrets[kind] = edit
        self._rows.addRow(self._caption(caption, edit), edit)

    def note(self, text: str) -> QLabel:
        words = label(text, "muted", wrap=True)
        self._rows.addRow(words)
        return words

    def show_row(self, name: str, shown: bool) -> None:
        """Of a field or a secret."""
        field = self.secrets.get(name) or self.fields[name]
        for number in range(self._rows.rowCount()):
            item = self._rows.itemAt(number, QFormLayout.ItemRole.FieldRole)
            inner = item.layout() if item is not None else None
            if item is not None and (item.widget() is field or (inner is not None and _holds(inner, field))):
                self._rows.setRowVisible(number, shown)
        if shown and name in self._problems:
            self._problems[name].setVisible(bool(self._problems[name].text()))

    def values(self) -> dict[str, Value]:
        """What stands in the fields."""
        return {name: _value(field) for name, field in self.fields.items()}

    def typed(self) -> dict[str, str]:
        """The secrets that were typed, by kind."""
        return {kind: edit.text() for kind, edit in self.secrets.items() if edit.text()}

    def show_problems(self, problems: Mapping[str, str]) -> str:
        """Say at each field what is wrong with it; the first such field of this page, empty when there is none."""
        for name, words in self._problems.items():
            words.setText(problems.get(name, ""))
            words.setVisible(name in problems)
            field = self.fields[name]
            field.setProperty("invalid", name in problems)
            field.style().unpolish(field)
            field.style().polish(field)
        return next((name for name in self._problems if name in problems), "")

    def _add(self, name: str, caption: str, field: QLineEdit | QSpinBox | QComboBox, *beside: QWidget) -> None:
        field.setAccessibleName(caption)
        problem = label("", "problem", wrap=True)
        problem.hide()
        self.fields[name], self._problems[name] = field, problem
        self._rows.addRow(self._caption(caption, field), column(row(field, *beside), problem, spacing=2))

    def _caption(self, caption: str, field: QWidget) -> QLabel:
        words = label(caption)
        words.setBuddy(field)
        words.setMinimumHeight(field.sizeHint().height())
        return words

    def _choose(self, edit: QLineEdit, caption: str) -> None:
        kinds = self.tr("Certificates and keys (*.pem *.crt *.cer *.key);;All files (*)")
        chosen, _ = QFileDialog.getOpenFileName(self, caption, edit.text(), kinds)
        if chosen:
            edit.setText(chosen)


def _value(field: QLineEdit | QSpinBox | QCheckBox | QComboBox) -> Value:
    if isinstance(field, QLineEdit):
        return field.text().strip()
    if isinstance(field, QSpinBox):
        return field.value()
    if isinstance(field, QCheckBox):
        return field.isChecked()
    return str(field.currentData())


def _holds(layout: object, field: QWidget) -> bool:
    count = getattr(layout, "count", int)()
    for number in range(count):
        item = layout.itemAt(number)  # type: ignore[attr-defined]
        if item.widget() is field or (item.layout() is not None and _holds(item.layout(), field)):
            return True
    return False
