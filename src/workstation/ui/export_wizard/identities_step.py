"""Step 3: who the patients will be, and whether a key is kept that can make the same pseudonyms again."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QButtonGroup, QFileDialog, QLineEdit, QRadioButton, QWidget

from workstation.deidentify.identities import ProjectKey
from workstation.domain.errors import WorkstationError
from workstation.services.explain import explain
from workstation.ui.export_wizard import reading
from workstation.ui.export_wizard.model import Step, Wizard
from workstation.ui.export_wizard.profile_step import INDENT
from workstation.ui.export_wizard.reading import NewIdentity
from workstation.ui.export_wizard.records import RecordColumn, RecordModel
from workstation.ui.export_wizard.survey import Survey
from workstation.ui.widgets.buttons import button, label
from workstation.ui.widgets.layouts import column, row
from workstation.ui.widgets.table import RowTable, set_widths
from workstation.ui.widgets.timers import single_shot

TYPING_MS = 300


class IdentitiesStep(QWidget):
    def __init__(self, wizard: Wizard, survey: Survey) -> None:
        super().__init__()
        self._wizard = wizard
        self._survey = survey
        self._asked = 0
        self._shown_for: object = None
        self.no_key = QRadioButton(self.tr("Cut the ties: no key is kept"))
        self.with_key = QRadioButton(self.tr("Keep a key file"))
        group = QButtonGroup(self)
        for choice in (self.no_key, self.with_key):
            group.addButton(choice)
        self.key_edit = QLineEdit()
        self.key_edit.setPlaceholderText(self.tr("Key file"))
        self.key_edit.setAccessibleName(self.tr("Key file"))
        self.choose_button = button(self.tr("Choose existing…"), "folder", self.choose_existing)
        self.create_button = button(self.tr("Create new…"), "plus", self.choose_new)
        self.problem = label("", "problem", wrap=True)
        self._example = label("", "muted", wrap=True)
        columns = (
            RecordColumn[NewIdentity](self.tr("Patient"), lambda one: one.name, "red"),
            RecordColumn[NewIdentity](self.tr("Patient ID"), lambda one: one.patient_id, "mono red"),
            RecordColumn[NewIdentity](self.tr("New name"), lambda one: one.new_name, "mono"),
            RecordColumn[NewIdentity](self.tr("New Patient ID"), lambda one: one.pseudonym, "mono"),
        )
        self.model: RecordModel[NewIdentity] = RecordModel(columns, self)
        self.table = RowTable(self.tr("Patients and their pseudonyms"))
        self.table.setSortingEnabled(False)
        self.table.setModel(self.model)
        set_widths(self.table.horizontalHeader(), [280, 200, 330, 240], 3)
        self._typed = single_shot(self, TYPING_MS, self._load)
        self._lay_out()
        self.no_key.clicked.connect(lambda: self._keep(False))
        self.with_key.clicked.connect(lambda: self._keep(True))
        self.key_edit.textEdited.connect(self._edited)
        wizard.changed.connect(self.refresh)
        survey.key_changed.connect(self._ask_pseudonyms)
        self.refresh()

    def use_key_file(self, path: str, *, create: bool = False) -> None:
        """Keep the key in `path`; with `create` begin a new one there."""
        self._wizard.change(keep_key=True, key_file=path, key_ready=False, key_problem="")
        self._load(create=create)

    def choose_existing(self) -> None:
        dialog = QFileDialog(self, self.tr("Key file of an earlier export"), self._start_folder())
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.use_key_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def choose_new(self) -> None:
        dialog = QFileDialog(self, self.tr("New key file"), self._start_folder())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # a key that is there is used, never replaced
        dialog.selectFile("project.key")
        dialog.fileSelected.connect(lambda path: self.use_key_file(path, create=True))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def refresh(self) -> None:
        state = self._wizard.state
        (self.with_key if state.keep_key else self.no_key).setChecked(True)
        for widget in (self.key_edit, self.choose_button, self.create_button):
            widget.setEnabled(state.keep_key)
        if self.key_edit.text() != state.key_file:
            self.key_edit.setText(state.key_file)
        self.problem.setText(state.key_problem)
        self.problem.setVisible(bool(state.key_problem))
        example = self.tr("Examples: the pseudonyms of the export are drawn when it runs, and cannot be made again.")
        exact = self.tr("These are the pseudonyms of the export; with the same key file they are the same every time.")
        waiting = self.tr("Choose a key file, or create one, to see the pseudonyms.")
        words = example if not state.keep_key else exact if state.key_ready else waiting
        self._example.setText(words)
        if state.step is Step.IDENTITIES:
            self._ask_pseudonyms()

    def _lay_out(self) -> None:
        none = label(
            self.tr(
                "A key is drawn for this export and thrown away. Nobody, here or elsewhere, can lead a pseudonym back "
                "to its patient, and a later export gives the same patient another one."
            ),
            "muted",
            wrap=True,
        )
        kept = label(
            self.tr(
                "The same patient gets the same pseudonym and dates the same shift in every export with this key. "
                "Whoever has the key can link them: keep it apart from the data. The export is then pseudonymised."
            ),
            "muted",
            wrap=True,
        )
        for words in (none, kept):
            words.setIndent(INDENT)
        line = row(self.key_edit, self.choose_button, self.create_button, margins=(INDENT, 4, 0, 0))
        line.setStretch(0, 1)
        self.problem.setIndent(INDENT)
        choices = QWidget()
        choices.setMaximumWidth(900)
        choices.setLayout(
            column(self.no_key, none, self.with_key, kept, line, self.problem, spacing=6, margins=(24, 20, 24, 8))
        )
        heading = column(
            label(self.tr("Patients of this export"), "strong"), self._example, spacing=2, margins=(24, 8, 24, 8)
        )
        layout = column(choices, heading, self.table, spacing=0)
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self.setFocusProxy(self.no_key)

    def _keep(self, keep: bool) -> None:
        if keep == self._wizard.state.keep_key:
            return
        self._asked += 1
        self._wizard.change(keep_key=keep, key_ready=not keep, key_problem="")
        if keep and self._wizard.state.key_file:
            self._load()
        elif not keep:
            self._survey.use_key(None)
        if keep:
            self.key_edit.setFocus()

    def _edited(self, text: str) -> None:
        self._asked += 1
        self._wizard.change(key_file=text.strip(), key_ready=False, key_problem="")
        self._typed.start()

    def _load(self, *, create: bool = False) -> None:
        state = self._wizard.state
        self._typed.stop()
        self._asked += 1
        asked, key_file = self._asked, state.key_file
        if not key_file:
            return

        def use(key: ProjectKey) -> None:
            if asked == self._asked:
                self._wizard.change(key_ready=True, key_problem="")
                self._survey.use_key(key)

        def say(error: WorkstationError) -> None:
            if asked == self._asked:
                self._wizard.change(key_ready=False, key_problem=explain(error).text)

        load = reading.create_key if create else reading.load_key
        self._survey.questions.ask(lambda: load(key_file), use, say)

    def _ask_pseudonyms(self) -> None:
        state, key = self._wizard.state, self._survey.key
        if state.keep_key and not state.key_ready:
            self._shown_for = None
            self.model.show_records(())
            return
        wanted = (state.study_uids, key)
        if wanted == self._shown_for or not state.studies:
            return
        self._shown_for = wanted

        def show(found: tuple[NewIdentity, ...]) -> None:
            if wanted == self._shown_for:
                self.model.show_records(found)

        self._survey.questions.ask(lambda: reading.new_identities(state.studies, key), show)

    def _start_folder(self) -> str:
        known = Path(self._wizard.state.key_file).expanduser().parent if self._wizard.state.key_file else Path.home()
        return str(known)
