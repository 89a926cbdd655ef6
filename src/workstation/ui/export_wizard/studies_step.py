"""Step 1: what goes in."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from workstation.ui.export_wizard.model import ChosenStudy, Wizard
from workstation.ui.export_wizard.records import RecordColumn, RecordModel
from workstation.ui.messages import count, size
from workstation.ui.widgets.buttons import button, label
from workstation.ui.widgets.layouts import column, row
from workstation.ui.widgets.table import RowTable, selected_rows, set_widths
from workstation.ui.words import date, modality_words


class StudiesStep(QWidget):
    def __init__(self, wizard: Wizard) -> None:
        super().__init__()
        self._wizard = wizard
        columns = (
            RecordColumn[ChosenStudy](self.tr("Patient"), lambda one: one.study.patient_name.display, "strong"),
            RecordColumn[ChosenStudy](self.tr("Patient ID"), lambda one: one.study.patient_id, "mono"),
            RecordColumn[ChosenStudy](self.tr("Study date"), lambda one: date(one.study.study_date)),
            RecordColumn[ChosenStudy](self.tr("Modality"), lambda one: modality_words(one.study.modalities)),
            RecordColumn[ChosenStudy](self.tr("Description"), lambda one: one.study.description),
            RecordColumn[ChosenStudy](self.tr("Images"), lambda one: count(len(one.images))),
            RecordColumn[ChosenStudy](self.tr("Size"), lambda one: size(one.size_bytes)),
        )
        self.model: RecordModel[ChosenStudy] = RecordModel(columns, self)
        self.table = RowTable(self.tr("Studies to export"))
        self.table.setSortingEnabled(False)
        self.table.setModel(self.model)
        set_widths(self.table.horizontalHeader(), [220, 130, 104, 96, 300, 74, 88], 4)
        self.remove_button = button(self.tr("Remove from this export"), "close", self.remove)
        words = self.tr("The originals stay where they are; copies are de-identified.")
        tools = row(label(words, "muted"), None, self.remove_button, margins=(16, 12, 16, 12))
        layout = column(tools, self.table, spacing=0)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.setFocusProxy(self.table)
        delete = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.table)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self.remove)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._follow_selection())
        wizard.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        self.model.show_records(self._wizard.state.studies)
        self._follow_selection()

    def remove(self) -> None:
        """Take the selected studies out of this export."""
        chosen = [self.model.record(index.row()) for index in selected_rows(self.table)]
        for one in chosen:
            if one is not None:
                self._wizard.remove_study(one.study.study_instance_uid)

    def _follow_selection(self) -> None:
        self.remove_button.setEnabled(bool(selected_rows(self.table)))
