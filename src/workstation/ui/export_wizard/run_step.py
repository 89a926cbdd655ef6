"""Step 7: the export itself as a job, its progress, and what came of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from workstation.deidentify.options import OPTIONS
from workstation.domain.errors import Cancelled, WorkstationError
from workstation.domain.events import JobChanged, JobFinished
from workstation.domain.job import Job, JobState
from workstation.services.export_command import DeidentifyAndExport, ExportResult, NotReleased
from workstation.ui.desk import Desk
from workstation.ui.export_wizard.held_model import title_of
from workstation.ui.export_wizard.model import RunState, Step, Wizard, WizardState
from workstation.ui.export_wizard.preview_model import translate
from workstation.ui.export_wizard.reading import ResidualCheck, read_residual_check
from workstation.ui.export_wizard.records import RecordColumn, RecordModel
from workstation.ui.export_wizard.residual import ResidualBox
from workstation.ui.export_wizard.scrolled import scrolled
from workstation.ui.export_wizard.survey import Survey
from workstation.ui.messages import count, notice_of, size
from workstation.ui.widgets.buttons import button, frame, label
from workstation.ui.widgets.layouts import clear, column, row
from workstation.ui.widgets.notice import Notice, NoticeText
from workstation.ui.widgets.table import ROW_HEIGHT, RowTable, set_widths

HELD_ROWS = 12  # shown without scrolling


def command_of(state: WizardState) -> DeidentifyAndExport:
    """The job that carries out what was chosen."""
    check = state.check
    return DeidentifyAndExport(
        destination=str(Path(state.destination).expanduser()),
        study_instance_uids=state.study_uids,
        options=state.options,
        key_file=str(Path(state.key_file).expanduser()) if state.keep_key else "",
        create_key_file=False,
        report=str(check.report_path) if check is not None and check.report_path is not None else "",
        pixels="accept" if state.accept_pixels else "hold",
    )


class RunStep(QWidget):
    """`finished` carries the JobFinished of our job; `new_export` asks for another."""

    finished = Signal(object)
    residual_read = Signal(object)  # ResidualCheck, or None when the report does not tell
    new_export = Signal()

    def __init__(self, wizard: Wizard, survey: Survey, desk: Desk, edition: str) -> None:
        super().__init__()
        self._wizard = wizard
        self._survey = survey
        self._desk = desk
        self._edition = edition
        self._job_id: int | None = None
        self._waiting = False  # submitted, its number not known yet
        self._early: list[JobFinished] = []
        self._cancel_wanted = False
        self._titles: dict[str, str] = {}
        self.result: ExportResult | None = None
        self.error: WorkstationError | None = None
        self._state: JobState | None = None
        self._build()
        desk.bridge.job_changed.connect(self._job_changed)
        desk.bridge.job_finished.connect(self._job_finished)
        wizard.changed.connect(self.refresh)
        self.refresh()

    @property
    def job_id(self) -> int | None:
        return self._job_id

    def start(self) -> None:
        """Queue the export; it is journalled, so a kill is resumed or offered again."""
        self._job_id, self._waiting, self._early, self._cancel_wanted = None, True, [], False
        self.result, self.error, self._state = None, None, None
        state = self._wizard.state
        command = command_of(state)
        self._titles = {str(image.path): title_of(study, image) for study in state.studies for image in study.images}
        self._survey.stop()  # the run reads the same files
        self._show_progress(None)
        self._wizard.change(run=RunState.RUNNING)
        runner = self._desk.workplace.runner
        self._survey.questions.ask(lambda: runner.submit(command), self._submitted, self._refused)

    def cancel(self) -> None:
        self._cancel_wanted = True
        self.cancel_button.setEnabled(False)
        if self._job_id is not None:
            self._desk.cancel(self._job_id)

    def open_folder(self) -> None:
        if self.result is not None and self.result.folder:
            QDesktopServices.openUrl(QUrl.fromLocalFile(self.result.folder))

    def open_report(self) -> None:
        if self.result is not None and self.result.report_html:
            QDesktopServices.openUrl(QUrl.fromLocalFile(self.result.report_html))

    # --- the job -------------------------------------------------------------------------------

    def _submitted(self, job: Job) -> None:
        self._job_id, self._waiting = job.id, False
        if self._cancel_wanted:
            self._desk.cancel(job.id)
        early, self._early = self._early, []
        for event in early:
            self._job_finished(event)

    def _refused(self, error: WorkstationError) -> None:
        self._waiting = False
        self._end(JobState.FAILED, None, error)

    def _job_changed(self, event: JobChanged) -> None:
        if event.job.id == self._job_id and self._wizard.state.run is RunState.RUNNING:
            self._show_progress(event.job)

    def _job_finished(self, event: JobFinished) -> None:
        if self._waiting and event.job.kind == DeidentifyAndExport.kind:
            self._early.append(event)
            return
        if event.job.id != self._job_id or self._wizard.state.run is not RunState.RUNNING:
            return
        result = event.result if isinstance(event.result, ExportResult) else None
        self._end(event.job.state, result, event.error)
        self.finished.emit(event)

    def _end(self, state: JobState, result: ExportResult | None, error: WorkstationError | None) -> None:
        self.result, self.error, self._state = result, error, state
        done = result is not None and state in (JobState.SUCCEEDED, JobState.PARTLY)
        self._show_end()
        if done and not self.isVisible():
            self._desk.notify(self._verdict_words())
        self._wizard.change(run=RunState.DONE if done else RunState.FAILED)
        if result is not None and result.report:
            report = result.report
            self._survey.questions.ask(lambda: read_residual_check(report), self._residual)

    def _residual(self, check: ResidualCheck | None) -> None:
        if self._wizard.state.run is not RunState.DONE:
            return
        self.residual.show_check(check)
        self.residual.setVisible(check is not None)
        self.residual_read.emit(check)

    # --- what is shown -------------------------------------------------------------------------

    def refresh(self) -> None:
        state = self._wizard.state
        page = {RunState.READY: 0, RunState.RUNNING: 1}.get(state.run, 2)
        self._stack.setCurrentIndex(page)
        if state.step is Step.RUN and state.run is RunState.READY:
            self._show_summary(state)

    def _show_summary(self, state: WizardState) -> None:
        options = ", ".join(self._option_titles(state)) or self.tr("no options")
        pixels = self.tr("held back") if not state.accept_pixels else self.tr("let through on your word, not cleaned")
        key = state.key_file if state.keep_key else self.tr("none is kept: the ties are cut")
        check = state.check
        target = str(check.target) if check is not None and check.target is not None else state.destination
        report = str(check.report_path) if check is not None and check.report_path is not None else ""
        images = self.tr("{studies} · {images} images · {size}").format(
            studies=_studies(len(state.studies), self), images=count(state.image_count), size=size(state.size_bytes)
        )
        facts = {
            self.tr("What"): images,
            self.tr("Profile"): self.tr("Basic profile · PS3.15 {edition} · {options}").format(
                edition=self._edition, options=options
            ),
            self.tr("Key"): key,
            self.tr("Images with text"): pixels,
            self.tr("To"): target,
            self.tr("Report"): report,
        }
        _fill_facts(self._facts, facts)

    def _option_titles(self, state: WizardState) -> list[str]:
        return [translate(OPTIONS[name].title).casefold() for name in state.options]

    def _show_progress(self, job: Job | None) -> None:
        progress = job.progress if job is not None else None
        total = progress.total if progress is not None else None
        self.cancel_button.setEnabled(not self._cancel_wanted)
        self.bar.setMaximum(total or 0)
        self.bar.setValue(progress.done if progress is not None else 0)
        if progress is None or total is None:
            self.progress_words.setText(self.tr("Waiting to begin"))
            self._progress_step.setText("")
            return
        words = self.tr("{done} of {total} instances · {bytes} written")
        text = words.format(done=count(progress.done), total=count(total), bytes=size(progress.bytes_done))
        if progress.failed:
            text += " · " + self.tr("{n} held back").format(n=count(progress.failed))
        self.progress_words.setText(text)
        self._progress_step.setText(f"{progress.step[:1].upper()}{progress.step[1:]}")

    def _show_end(self) -> None:
        clear(self._verdict)
        result = self.result
        notice = Notice(self._verdict_words(), lambda _: None)
        notice.findChildren(QWidget, "plain")[-1].hide()  # it is the page's content, not to be dismissed
        self.verdict = notice
        self._verdict.addWidget(notice)
        facts: dict[str, str] = {}
        if result is not None:
            facts = {
                self.tr("Written"): self.tr("{n} instances · {size}").format(
                    n=count(result.written), size=size(result.bytes)
                ),
                self.tr("Patients"): count(result.patients),
                self.tr("Held back"): count(len(result.held)),
                self.tr("Folder"): result.folder or "—",
                self.tr("Report"): result.report_html or "—",
            }
        _fill_facts(self._result_facts, facts)
        self.held.show_records(result.held if result is not None else ())
        rows = min(HELD_ROWS, self.held.rowCount())
        self.held_table.setMinimumHeight(40 + rows * ROW_HEIGHT)
        self._held_part.setVisible(result is not None and bool(result.held))
        self.residual.hide()
        self.folder_button.setVisible(result is not None and bool(result.folder))
        self.report_button.setVisible(result is not None and bool(result.report_html))
        self.folder_button.setEnabled(True)

    def _title_of(self, held: NotReleased) -> str:
        return self._titles.get(held.path) or Path(held.path).name

    def _verdict_words(self) -> NoticeText:
        result, error = self.result, self.error
        nothing = self.tr("Nothing was exported; the destination is as it was before.")
        if self._state is JobState.CANCELLED or isinstance(error, Cancelled):
            return NoticeText(self.tr("The export was cancelled"), nothing, tone="grey")
        if result is None:
            words = notice_of(error) if error is not None else NoticeText(self.tr("The export failed"))
            return NoticeText(words.title, f"{words.text} {nothing}".strip(), words.remedy, words.details)
        if not result.written:
            words_ = self.tr(
                "Every object was held back, so there was nothing to export. The reasons are listed below."
            )
            return NoticeText(self.tr("Nothing was exported"), words_, tone="amber")
        if result.held:
            one = self.tr("1 object stays here; its reason is listed below.")
            many = self.tr("{n} objects stay here; their reasons are listed below.").format(n=count(len(result.held)))
            return NoticeText(
                self.tr("Exported, with objects held back"), one if len(result.held) == 1 else many, tone="amber"
            )
        return NoticeText(self.tr("De-identified and exported"), tone="green")

    def _build(self) -> None:
        self._facts, self._result_facts, self._verdict = column(spacing=8), column(spacing=8), column()
        self.residual = ResidualBox()
        summary = frame("card")
        summary.setLayout(column(self._facts, margins=(16, 14, 16, 14)))
        words = self.tr(
            "Every output is written beside the destination, read back and searched for every known identifier of its "
            "source. Only when all are clean do they appear there, all at once."
        )
        before = scrolled(label(self.tr("Ready to run"), "strong"), summary, label(words, "muted", wrap=True))

        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setAccessibleName(self.tr("Progress of the export"))
        self.progress_words, self._progress_step = label("", "strong"), label("", "muted")
        self.cancel_button = button(self.tr("Cancel export"), "cancel", self.cancel, look="danger")
        elsewhere = label(self.tr("You may leave this page; the export goes on and is listed in Activity."), "muted")
        during = scrolled(self.progress_words, self.bar, self._progress_step, elsewhere, row(self.cancel_button, None))

        columns = (
            RecordColumn[NotReleased](self.tr("Object"), self._title_of),
            RecordColumn[NotReleased](self.tr("Why it stays here"), lambda one: one.explanation),
        )
        self.held: RecordModel[NotReleased] = RecordModel(columns, self)
        self.held_table = RowTable(self.tr("Held back"))
        self.held_table.setSortingEnabled(False)
        self.held_table.setModel(self.held)
        set_widths(self.held_table.horizontalHeader(), [260, 420], 1)
        self._held_part = QWidget()
        self._held_part.setLayout(column(label(self.tr("Held back"), "strong"), self.held_table, spacing=6))
        self.folder_button = button(self.tr("Open folder"), "folder", self.open_folder)
        self.report_button = button(self.tr("Open report"), "file", self.open_report)
        self.new_button = button(self.tr("New export"), "plus", self.new_export.emit)
        buttons = row(self.folder_button, self.report_button, self.new_button, None)
        facts = QWidget()
        facts.setLayout(self._result_facts)
        after = scrolled(self._verdict, facts, self.residual, buttons, self._held_part, spacing=14)

        self._stack = QStackedWidget()
        for part in (before, during, after):
            self._stack.addWidget(part)
        self.setLayout(column(self._stack, spacing=0))


def _studies(number: int, owner: QWidget) -> str:
    return owner.tr("1 study") if number == 1 else owner.tr("{n} studies").format(n=count(number))


def _fill_facts(layout: QVBoxLayout, facts: dict[str, str]) -> None:
    clear(layout)
    for caption, value in facts.items():
        name = label(caption, "muted")
        name.setFixedWidth(150)
        line = row(name, label(value, wrap=True, selectable=True), spacing=12)
        line.setStretch(1, 1)
        layout.addLayout(line)
