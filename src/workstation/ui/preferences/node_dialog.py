"""One node, to be entered or changed; says at each field what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFormLayout, QLabel, QLineEdit, QSpinBox, QWidget

from workstation.domain.node import Node, RetrieveMethod
from workstation.ui.preferences.model import METHODS, node_problems
from workstation.ui.widgets.buttons import button, label
from workstation.ui.widgets.fields import number_edit
from workstation.ui.widgets.layouts import column, row

CHARACTER_SETS = ("ISO_IR 192", "ISO_IR 100", "ISO_IR 144", "ISO_IR 13", "ISO_IR 166", "GB18030", "ISO 2022 IR 149")
EMPTY = Node("", "", "", 104)


class NodeDialog(QDialog):
    accepted_node = Signal(object)  # Node

    def __init__(self, node: Node | None, others: tuple[Node, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Change node") if node else self.tr("Add node"))
        self.setMinimumWidth(520)
        self._others = others
        node = node or EMPTY
        self.fields: dict[str, QLineEdit | QSpinBox] = {}
        self._problems: dict[str, QLabel] = {}
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(18)
        self._form.setVerticalSpacing(6)
        self._line("name", self.tr("Name"), node.name, self.tr("your word for it, such as RADPACS"))
        self._line("ae_title", self.tr("AE title"), node.ae_title, self.tr("as its administrator says; capitals count"))
        self._line("host", self.tr("Host"), node.host, self.tr("name or address"))
        self._number("port", self.tr("Port"), node.port)
        self._line("web_url", self.tr("DICOMweb address"), node.web_url, self.tr("https://… (if it has one)"))
        self.method = QComboBox()
        for method, words in METHODS.items():
            self.method.addItem(words, method)
        self.method.setCurrentIndex(self.method.findData(node.retrieve_method))
        self._form.addRow(self.tr("Retrieve by"), self.method)
        self.character_set = QComboBox()
        self.character_set.setEditable(False)
        self.character_set.addItems(list(dict.fromkeys([*CHARACTER_SETS, node.character_set])))
        self.character_set.setCurrentText(node.character_set)
        self._form.addRow(self.tr("Character set"), self.character_set)
        self.searched, self.worklist = (
            QCheckBox(self.tr("Search it by default")),
            QCheckBox(self.tr("Ask it for the worklist")),
        )
        self.searched.setChecked(node.searched)
        self.worklist.setChecked(node.worklist)
        self._form.addRow("", self.searched)
        self._form.addRow("", self.worklist)
        self._node = node
        save = button(self.tr("Save"), "check", self.save, look="primary")
        save.setDefault(True)
        buttons = row(None, button(self.tr("Cancel"), clicked=self.reject), save)
        self.setLayout(column(self._form, buttons, spacing=16, margins=(20, 18, 20, 16)))

    def node(self) -> Node:
        """What stands in the fields."""
        texts = {name: field.text().strip() for name, field in self.fields.items() if isinstance(field, QLineEdit)}
        port = self.fields["port"]
        return replace(
            self._node,
            name=texts["name"],
            ae_title=texts["ae_title"],
            host=texts["host"],
            port=port.value() if isinstance(port, QSpinBox) else 0,
            web_url=texts["web_url"],
            retrieve_method=RetrieveMethod(self.method.currentData()),
            character_set=self.character_set.currentText(),
            searched=self.searched.isChecked(),
            worklist=self.worklist.isChecked(),
        )

    def save(self) -> None:
        """Hand the node over when nothing is wrong with it, else say what is."""
        problems = node_problems(self.node(), self._others)
        for name, words in self._problems.items():
            words.setText(problems.get(name, ""))
            words.setVisible(name in problems)
            field = self.fields[name]
            field.setProperty("invalid", name in problems)
            field.style().unpolish(field)
            field.style().polish(field)
        if problems:
            self.fields[next(iter(problems))].setFocus()
            return
        self.accepted_node.emit(self.node())
        self.accept()

    def _line(self, name: str, caption: str, value: str, placeholder: str) -> None:
        edit = QLineEdit(value)
        edit.setPlaceholderText(placeholder)
        self._add(name, caption, edit)

    def _number(self, name: str, caption: str, value: int) -> None:
        spin = number_edit(1, 65535)
        spin.setValue(value)
        self._add(name, caption, spin)

    def _add(self, name: str, caption: str, field: QLineEdit | QSpinBox) -> None:
        field.setAccessibleName(caption)
        problem = label("", "problem", wrap=True)
        problem.hide()
        self.fields[name], self._problems[name] = field, problem
        words = label(caption)
        words.setBuddy(field)
        words.setMinimumHeight(field.sizeHint().height())
        self._form.addRow(words, column(field, problem, spacing=2))
