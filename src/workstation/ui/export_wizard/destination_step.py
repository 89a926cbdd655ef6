"""Step 6: the folder, checked as it is typed, and where the report goes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from workstation.services.workplace import Workplace
from workstation.ui.assets import DARK
from workstation.ui.export_wizard.model import DestinationCheck, Step, Wizard, WizardState
from workstation.ui.export_wizard.reading import check_destination
from workstation.ui.export_wizard.scrolled import scrolled
from workstation.ui.export_wizard.survey import Survey
from workstation.ui.messages import size
from workstation.ui.widgets.buttons import button, label, picture
from workstation.ui.widgets.layouts import column, row
from workstation.ui.widgets.timers import single_shot

TYPING_MS = 250


class DestinationStep(QWidget):
    def __init__(self, wizard: Wizard, survey: Survey, workplace: Workplace) -> None:
        super().__init__()
        self._wizard = wizard
        self._survey = survey
        self._archive_folder = workplace.folders.data / "archive"
        self._asked: object = None
        self.folder_edit = QLineEdit()
        self.folder_edit.setPlaceholderText(self.tr("Folder for the de-identified copies"))
        self.folder_edit.setAccessibleName(self.tr("Destination folder"))
        self.choose_button = button(self.tr("Choose…"), "folder", self.choose_folder)
        self.report_edit = QLineEdit()
        self.report_edit.setAccessibleName(self.tr("Report file"))
        self.report_button = button(self.tr("Choose…"), "file", self.choose_report)
        self.problem = label("", "problem", wrap=True)
        self.verdict = label("", wrap=True)
        self._sign = picture("check", DARK.green, 16)
        self._room = label("", "muted", wrap=True)
        self._typed = single_shot(self, TYPING_MS, self._check)
        self._lay_out()
        self.folder_edit.textEdited.connect(lambda text: self._edit(destination=text.strip()))
        self.report_edit.textEdited.connect(lambda text: self._edit(report=text.strip()))
        wizard.changed.connect(self.refresh)
        survey.held_changed.connect(self.refresh)
        self.refresh()

    def set_destination(self, path: str) -> None:
        """Choose the folder; the disk is asked at once, its answer comes later."""
        self._wizard.change(destination=path, check=None)
        self._check()

    def choose_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Folder for the de-identified copies"), self._start_folder())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.set_destination)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def choose_report(self) -> None:
        dialog = QFileDialog(self, self.tr("Report file"), self._start_folder(), self.tr("Report (*.json)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.fileSelected.connect(self._set_report)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def refresh(self) -> None:
        state = self._wizard.state
        for edit, text in ((self.folder_edit, state.destination), (self.report_edit, state.report)):
            if edit.text().strip() != text:
                edit.setText(text)
        if state.step is Step.DESTINATION and state.destination and not state.checked and not self._typed.isActive():
            self._check()
        self._show(state.check if state.checked else None, state)

    def _show(self, check: DestinationCheck | None, state: WizardState) -> None:
        problem = check.problem if check is not None else ""
        good = check is not None and not problem and check.target is not None
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.folder_edit.setProperty("invalid", bool(problem))
        self.folder_edit.style().unpolish(self.folder_edit)
        self.folder_edit.style().polish(self.folder_edit)
        self._sign.setVisible(good)
        self.verdict.setVisible(good)
        self._room.setVisible(check is not None and check.free_bytes is not None)
        if check is None:
            self.report_edit.setPlaceholderText(self.tr("Beside the folder"))
            return
        if check.report_path is not None:
            self.report_edit.setPlaceholderText(str(check.report_path))
        if good:
            self.verdict.setText(self._where(check, Path(state.destination).expanduser()))
        if check.free_bytes is not None:
            words = self.tr("About {needed} are needed, {free} are free.")
            self._room.setText(words.format(needed=size(self._needed()), free=size(check.free_bytes)))

    def _where(self, check: DestinationCheck, folder: Path) -> str:
        if check.target == folder:
            return self.tr("The export appears as this folder, whole or not at all.")
        words = self.tr("This folder is in use; the export appears in it as the new folder “{name}”.")
        return words.format(name=check.target.name if check.target is not None else "")

    def _lay_out(self) -> None:
        folder_line = row(self.folder_edit, self.choose_button)
        folder_line.setStretch(0, 1)
        report_line = row(self.report_edit, self.report_button)
        report_line.setStretch(0, 1)
        good = row(column(self._sign, None, margins=(0, 2, 0, 0)), self.verdict, spacing=8)
        good.setStretch(1, 1)
        files = self.tr("Files are named by pseudonyms: patient / study / series / instance.dcm.")
        report = self.tr(
            "JSON to process and HTML to read, side by side: what was done to which attribute and why, what was held "
            "back, the residual check. It holds no original identifier."
        )
        area = scrolled(
            label(self.tr("Folder"), "strong"),
            folder_line,
            self.problem,
            good,
            self._room,
            label(files, "muted", wrap=True),
            column(margins=(0, 6, 0, 0)),
            label(self.tr("Report"), "strong"),
            report_line,
            label(report, "muted", wrap=True),
        )
        self.setLayout(column(area, spacing=0))
        self.setFocusProxy(self.folder_edit)

    def _edit(self, **values: str) -> None:
        self._typed.start()
        self._wizard.change(**values, check=None)

    def _set_report(self, path: str) -> None:
        self._wizard.change(report=path, check=None)
        self._check()

    def _check(self) -> None:
        """Ask the disk; an answer about what has been changed since is dropped."""
        self._typed.stop()
        state, needed, forbidden = self._wizard.state, self._needed(), self._archive_folder
        if not state.destination:
            return
        destination, report = state.destination, state.report
        wanted = (destination, report, needed)
        if self._asked == wanted:
            return
        self._asked = wanted

        def take(check: DestinationCheck) -> None:
            if self._asked == wanted:
                self._asked = None
                self._wizard.change(check=check)

        self._survey.questions.ask(lambda: check_destination(destination, report, needed, forbidden), take)

    def _needed(self) -> int:
        """What may be written at most: all that is not known to stay here."""
        state, held = self._wizard.state, self._survey.held
        stays = {path for path, reason in held.items() if not (reason.acknowledgeable and state.accept_pixels)}
        return sum(image.size_bytes for image in state.images if image.path not in stays)

    def _start_folder(self) -> str:
        chosen = self._wizard.state.destination
        return str(Path(chosen).expanduser().parent) if chosen else str(Path.home())
