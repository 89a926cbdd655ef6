"""A job that failed is told at once, whichever page is looked at."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QObject

from workstation.domain.errors import Cancelled
from workstation.domain.events import ConflictFound, JobFinished
from workstation.domain.job import JobState
from workstation.ui.desk import Desk
from workstation.ui.widgets.notice import NoticeText
from workstation.ui.widgets.timers import single_shot

QUERIES = frozenset({"search", "worklist", "open-study", "open-paths", "save-marks", "diagnose"})  # told elsewhere

CONFLICTS_AFTER_MS = 1000  # several in one notice


class JobNotices(QObject):
    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._conflicts: Counter[str] = Counter()  # source -> instances not yet told of
        self._tell_soon = single_shot(self, CONFLICTS_AFTER_MS, self._tell_conflicts)
        desk.bridge.job_finished.connect(self._job_finished)
        desk.bridge.conflict_found.connect(self._conflict_found)

    def _conflict_found(self, event: ConflictFound) -> None:
        self._conflicts[event.source] += 1
        if not self._tell_soon.isActive():
            self._tell_soon.start()

    def _tell_conflicts(self) -> None:
        told, self._conflicts = self._conflicts, Counter()
        for source, number in told.items():
            title = self.tr("{source} sent other content under a known UID").format(source=source)
            text = self.tr("Instances: {n}. What was here before is shown; what came now is kept beside it.")
            remedy = self.tr("Ask the administrator of that system: a SOP Instance UID must not be used twice.")
            self._desk.notify(NoticeText(title, text.format(n=number), remedy, tone="amber"))

    def _job_finished(self, event: JobFinished) -> None:
        if event.error is None or isinstance(event.error, Cancelled) or event.job.kind in QUERIES:
            return
        if event.job.kind in ("import", "deidentify") and event.job.state is JobState.PARTLY:
            return  # the page that began it says what was left out and why
        self._desk.complain(event.error)
