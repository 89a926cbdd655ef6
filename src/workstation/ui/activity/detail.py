"""The pane beside the jobs: one job with its numbers, its error in plain words and its warnings."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QProgressBar, QScrollArea, QWidget

from workstation.domain.job import ACTIVE, Job, JobState
from workstation.ui.actions import Actions
from workstation.ui.activity.model import JobsModel, duration, moment, node_of, progress_words, waiting_words
from workstation.ui.messages import count, kind_words, notice_of, size, state_words
from workstation.ui.widgets.buttons import action_button, frame, label
from workstation.ui.widgets.layouts import FlowLayout, clear, column

MOST_WARNINGS = 50


class JobDetail(QFrame):
    def __init__(self, model: JobsModel, actions: Actions) -> None:
        super().__init__()
        self.setObjectName("detail")
        self.setAccessibleName(self.tr("Selected job"))
        self.setMinimumWidth(300)
        self._model = model
        self._title, self._state = label("", "heading", wrap=True), label("", "muted", wrap=True)
        self._bar = QProgressBar()
        self._bar.setFixedHeight(6)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress of this job"))
        self._buttons = QWidget()
        flow = FlowLayout(self._buttons)
        for name in ("activity.pause", "activity.first", "activity.cancel", "activity.retry", "activity.copy"):
            flow.addWidget(action_button(actions[name]))
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(16)
        self._facts.setVerticalSpacing(8)
        self._facts.setColumnMinimumWidth(0, 104)
        self._facts.setColumnStretch(1, 1)
        self._trouble = column(spacing=8)
        inside = QWidget()
        inside.setObjectName("scrolled")
        inside.setLayout(column(self._trouble, self._facts, None, spacing=12))
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        head = column(self._title, self._state, self._bar, spacing=6)
        layout = column(head, self._buttons, scroll, spacing=12, margins=(16, 16, 16, 8))
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self._shown: Job | None = None
        self.show_job(None)

    def show_job(self, job: Job | None) -> None:
        self._buttons.setVisible(job is not None)
        self._bar.setVisible(job is not None and job.state in ACTIVE)
        if job is None:
            self._title.setText(self.tr("No job selected"))
            self._state.setText(self.tr("Select a job to see how it went."))
            clear(self._facts)
            clear(self._trouble)
            self._shown = None
            return
        self._title.setText(kind_words(job))
        parts = (state_words(job), progress_words(job), waiting_words(self._model, job))
        self._state.setText(" · ".join(part for part in parts if part))
        total = job.progress.total
        self._bar.setRange(0, total or 0)
        self._bar.setValue(min(job.progress.done, total or 0))
        self._show_facts(job)
        before = self._shown
        if before is None or (before.id, before.error, before.warnings) != (job.id, job.error, job.warnings):
            self._show_trouble(job)
        self._shown = job

    def facts(self, job: Job) -> list[tuple[str, str, str]]:
        """Caption, value, look; also what "Copy details" copies."""
        subject = self._model.subject(job)
        rate = self._model.rate(job)
        pairs = [
            (self.tr("Of"), subject, "" if subject != job.subject else "mono"),
            (self.tr("UID"), job.subject if subject != job.subject else "", "mono"),
            (self.tr("With"), node_of(job) or self.tr("this computer"), ""),
            (self.tr("Expected"), "" if job.progress.total is None else count(job.progress.total), "mono"),
            (self.tr("Received"), "" if job.progress.received is None else count(job.progress.received), "mono"),
            (self.tr("Tries"), str(job.attempt) if job.attempt > 1 else "", "mono"),
            (self.tr("Tries again"), moment(job.due_at), "mono"),
            (self.tr("Size"), size(job.progress.bytes_done) if job.progress.bytes_done else "", ""),
            (self.tr("Speed"), f"{size(rate)}/s" if rate else "", ""),
            (self.tr("Created"), moment(job.created_at), "mono"),
            (self.tr("Finished"), moment(job.finished_at), "mono"),
            (self.tr("Took"), duration(job), ""),
            (self.tr("Number"), str(job.id) if job.id > 0 else "", "mono"),
        ]
        return [(caption, value, look) for caption, value, look in pairs if value]

    def _show_facts(self, job: Job) -> None:
        clear(self._facts)
        for line, (caption, value, look) in enumerate(self.facts(job)):
            words = label(caption, "caption")
            words.setAlignment(Qt.AlignmentFlag.AlignTop)
            self._facts.addWidget(words, line, 0)
            shown = label(value, look, wrap=True, selectable=True)
            shown.setToolTip(value)  # a UID has no place to wrap
            self._facts.addWidget(shown, line, 1)

    def _show_trouble(self, job: Job) -> None:
        clear(self._trouble)
        if job.error is not None and job.state is not JobState.CANCELLED:
            words = notice_of(job.error)
            box = frame("notice")
            box.setProperty("tone", "amber" if job.state is JobState.PARTLY else "red")
            lines = column(label(words.title, "strong", wrap=True, selectable=True), spacing=4, margins=(12, 9, 12, 9))
            for part in (words.text, words.remedy):
                if part:
                    lines.addWidget(label(part, wrap=True, selectable=True))
            box.setLayout(lines)
            box.setAccessibleName(words.title)
            self._trouble.addWidget(box)
        refused = self._model.refused(job.id)
        if refused:
            self._trouble.addWidget(label(self.tr("NOT TAKEN · {n}").format(n=len(refused)), "caption"))
            for name, reason in refused[:MOST_WARNINGS]:
                self._trouble.addWidget(label(name, "strong", wrap=True, selectable=True))
                self._trouble.addWidget(label(reason, "muted", wrap=True, selectable=True))
            if len(refused) > MOST_WARNINGS:
                more = self.tr("… and {n} more: Copy details has all of them").format(n=len(refused) - MOST_WARNINGS)
                self._trouble.addWidget(label(more, "muted", wrap=True))
        if job.warnings:
            self._trouble.addWidget(label(self.tr("WARNINGS · {n}").format(n=len(job.warnings)), "caption"))
            for warning in job.warnings[:MOST_WARNINGS]:
                self._trouble.addWidget(label(warning, wrap=True, selectable=True))
