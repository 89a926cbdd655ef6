"""Activity: what is being done and what was done, of this run and of earlier ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QButtonGroup, QMenu, QSplitter, QStackedWidget, QWidget

from workstation.domain.events import JobChanged, JobFinished, MatchesFound
from workstation.domain.job import ACTIVE, RETRYABLE, Job, JobState
from workstation.domain.study import Study
from workstation.domain.uid import is_valid_uid
from workstation.services.ingest import ImportResult
from workstation.ui.activity.detail import JobDetail
from workstation.ui.activity.model import Column, JobsModel, Show
from workstation.ui.desk import Desk
from workstation.ui.messages import notice_of, one_line
from workstation.ui.widgets.buttons import Chip, action_button, frame, label
from workstation.ui.widgets.empty import EmptyState
from workstation.ui.widgets.layouts import column, row
from workstation.ui.widgets.notice import NoticeText
from workstation.ui.widgets.table import RowTable, selected_rows, set_widths
from workstation.ui.widgets.timers import every, single_shot

WIDTHS = [112, 150, 220, 112, 150, 84, 92, 84, 240]
REFRESH_MS = 1000
VERBS = ("pause", "first", "cancel", "retry", "copy")
DETAIL_EVERY_MS = 150


class ActivityPage(QWidget):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self.model = JobsModel(self)
        self._found: dict[str, str] = {}  # Study Instance UID -> what a node said of it
        self.table = RowTable(self.tr("Jobs"))
        self.table.setSortingEnabled(False)
        self.table.setModel(self.model)
        set_widths(self.table.horizontalHeader(), WIDTHS, Column.MESSAGE)
        self.detail = JobDetail(self.model, desk.actions)
        self._summary = label("", "muted")
        words = self.tr("Retrievals, sending, imports and exports appear here.")
        self._empty = EmptyState("activity", self.tr("Nothing has been done yet"), words)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self._empty)
        self._detail_timer = single_shot(self, DETAIL_EVERY_MS, self._show_detail)
        self._lay_out()
        every(self, REFRESH_MS, self.model.refresh_rates)
        desk.bridge.matches_found.connect(self._remember)
        desk.bridge.job_changed.connect(self._job_changed)
        desk.bridge.job_finished.connect(self._job_finished)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._selection_changed())
        self.table.customContextMenuRequested.connect(self._show_menu)
        actions = desk.actions
        actions.attach(self, "activity")
        for name in VERBS:
            actions[f"activity.{name}"].triggered.connect(lambda _checked=False, name=name: getattr(self, name)())
        desk.background.ask(desk.workplace.runner.jobs, self._know)
        self._refresh()

    def selection(self) -> list[Job]:
        jobs = (self.model.job(index.row()) for index in selected_rows(self.table))
        return [job for job in jobs if job is not None]

    def cancel(self) -> None:
        for job in self.selection():
            if _may_cancel(job):
                self._desk.cancel(job.id)

    def pause(self) -> None:
        for job in self.selection():
            if _may_pause(job):
                self._desk.pause(job.id)

    def first(self) -> None:
        """Before all others of its node; of several the topmost."""
        for job in reversed(self.selection()):
            if job.state in ACTIVE:
                self._desk.prefer(job.id)

    def retry(self) -> None:
        for job in self.selection():
            if job.state in RETRYABLE:
                self._desk.retry(job.id)

    def copy(self) -> None:
        """Everything known of the selected jobs, free of patient data, for an administrator."""
        texts = []
        for job in self.selection():
            lines = [
                f"{caption}: {value}"
                for caption, value, _ in self.detail.facts(job)
                if value != self.model.subject(job)
            ]
            lines.insert(0, f"{job.kind} {job.subject}: {job.state}")
            if job.error is not None:
                words = notice_of(job.error)
                lines += [words.text, words.remedy, words.details]
            refused = [f"{name}: {words}" for name, words in self.model.refused(job.id)]
            texts.append("\n".join([*lines, *refused, *job.warnings]))
        QGuiApplication.clipboard().setText("\n\n".join(texts))

    def show_situation(self) -> None:
        """Enable the actions for what is selected."""
        jobs = self.selection()
        self._desk.actions.follow(
            replace(
                self._desk.actions.situation,
                job=bool(jobs),
                job_active=any(job.state in ACTIVE for job in jobs),
                job_cancellable=any(_may_cancel(job) for job in jobs),
                job_pausable=any(_may_pause(job) for job in jobs),
                job_retryable=any(job.state in RETRYABLE for job in jobs),
            )
        )
        self._word_retry([job for job in jobs if job.state in RETRYABLE])

    def _word_retry(self, jobs: list[Job]) -> None:
        """What Retry means for them."""
        words = self.tr("Retry")
        if jobs and all(job.state in (JobState.PAUSED, JobState.INTERRUPTED) for job in jobs):
            words = self.tr("Resume")
        elif jobs and all(job.due_at is not None for job in jobs):
            words = self.tr("Try now")
        action = self._desk.actions["activity.retry"]
        if action.iconText() != words:
            keys = action.toolTip().partition("  (")[2]
            action.setText(words)
            action.setIconText(words)
            action.setToolTip(f"{words}  ({keys}" if keys else words)

    def _know(self, jobs: list[Job]) -> None:
        self.model.know(jobs)
        for job in jobs[:100]:
            self._ask_name(job)
        interrupted = sum(1 for job in jobs if job.state is JobState.INTERRUPTED)
        if interrupted:
            title = self.tr("Work was interrupted when the program last ended")
            text = self.tr("Unfinished: {n}. What arrived before is kept.").format(n=interrupted)
            remedy = self.tr("Select it on the Activity page and choose Resume to do the rest.")
            self._desk.notify(NoticeText(title, text, remedy, tone="amber"))
        self._refresh()

    def _job_changed(self, event: JobChanged) -> None:
        self._follow(event.job)

    def _job_finished(self, event: JobFinished) -> None:
        if isinstance(event.result, ImportResult):
            refused = [(Path(path).name, one_line(report)) for path, report in event.result.failed]
            self.model.set_refused(event.job.id, refused)
        self._follow(event.job)
        self._ask_name(event.job)

    def _follow(self, job: Job) -> None:
        self.model.follow(job)
        self._refresh()
        chosen = self.selection()
        if any(one.id == job.id for one in chosen):
            if not self._detail_timer.isActive():
                self._detail_timer.start()
            if self.isVisible():
                self.show_situation()

    def _remember(self, event: MatchesFound) -> None:
        """What nodes said of studies that are not here yet, for the retrievals of them."""
        for match in event.matches:
            if isinstance(match, Study):
                self._found[match.study_instance_uid] = _words_of(match)

    def _ask_name(self, job: Job) -> None:
        """A UID says nothing to a reader: show the study instead. In the window only, never written down."""
        if not is_valid_uid(job.subject) or "." not in job.subject or self.model.is_named(job.subject):
            return
        archive, subject = self._desk.workplace.archive, job.subject

        def name(study: Study | None) -> None:
            words = _words_of(study) if study is not None else self._found.get(subject, "")
            if words:
                self.model.name(subject, words)
                self._detail_timer.start()

        self._desk.background.ask(lambda: archive.study(subject), name)

    def _selection_changed(self) -> None:
        self.show_situation()
        self._show_detail()

    def _show_detail(self) -> None:
        jobs = self.selection()
        self.detail.show_job(jobs[0] if jobs else None)

    def _refresh(self) -> None:
        shown, total, active = self.model.rowCount(), self.model.total_count, self.model.active_count
        words = self.tr("{shown} of {total} jobs · {active} active")
        self._summary.setText(words.format(shown=shown, total=total, active=active))
        self._stack.setCurrentWidget(self.table if shown else self._empty)

    def _lay_out(self) -> None:
        header = frame("header")
        header.setFixedHeight(58)
        chips = row(spacing=9)
        group = QButtonGroup(self)
        group.setExclusive(True)
        names = {
            Show.WORK: self.tr("Work"),
            Show.ACTIVE: self.tr("Active"),
            Show.PROBLEMS: self.tr("Problems"),
            Show.ALL: self.tr("All, with queries"),
        }
        for show, words in names.items():
            chip = Chip(words, checked=show is Show.WORK)
            chip.toggled.connect(lambda on, show=show: self._show_only(show) if on else None)
            group.addButton(chip)
            chips.addWidget(chip)
        buttons = [action_button(self._desk.actions[f"activity.{name}"]) for name in ("pause", "cancel", "retry")]
        header.setLayout(
            row(
                label(self.tr("Activity"), "title"),
                chips,
                None,
                self._summary,
                *buttons,
                spacing=12,
                margins=(16, 0, 16, 0),
            )
        )
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(self._stack)
        split.addWidget(self.detail)
        split.setStretchFactor(0, 1)
        split.setSizes([1176, 360])
        layout = column(header, split, spacing=0)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.setFocusProxy(self.table)

    def _show_only(self, show: Show) -> None:
        self.model.show_only(show)
        self._refresh()

    def _show_menu(self, where: QPoint) -> None:
        if not self.selection():
            return
        menu = QMenu(self)
        for name in VERBS:
            menu.addAction(self._desk.actions[f"activity.{name}"])
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.table.viewport().mapToGlobal(where))


def _may_cancel(job: Job) -> bool:
    return job.state in ACTIVE or job.state is JobState.PAUSED or job.due_at is not None


def _may_pause(job: Job) -> bool:
    return job.state in ACTIVE and job.resumable


def _words_of(study: Study) -> str:
    return " · ".join(part for part in (study.patient_name.display, study.description) if part)
