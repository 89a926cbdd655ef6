"""A job that failed is told at once, whichever page is looked at."""

from __future__ import annotations

from PySide6.QtCore import QObject

from workstation.domain.errors import Cancelled
from workstation.domain.events import JobFinished
from workstation.domain.job import JobState
from workstation.ui.desk import Desk

QUERIES = frozenset({"search", "worklist", "open-study", "open-paths", "save-marks", "diagnose"})  # told elsewhere


class JobNotices(QObject):
    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        desk.bridge.job_finished.connect(self._job_finished)

    def _job_finished(self, event: JobFinished) -> None:
        if event.error is None or isinstance(event.error, Cancelled) or event.job.kind in QUERIES:
            return
        if event.job.kind in ("import", "deidentify") and event.job.state is JobState.PARTLY:
            return  # the page that began it says what was left out and why
        self._desk.complain(event.error)
