"""Opening as a job: one at a time, a new wish cancels the one under way; the end arrives as a signal."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from workstation.domain.events import JobFinished, PartialResult
from workstation.services.open_series import OpenPaths, OpenStudy
from workstation.services.workplace import Workplace
from workstation.ui.bridge import EventBridge


class Opener(QObject):
    opened = Signal(object)  # tuple of DisplaySet
    begun = Signal(object)  # the same as far as they have been read, perhaps several times, before `opened`
    failed = Signal(object)  # WorkstationError
    ended = Signal()  # in every case, cancelled included, before the others

    def __init__(self, workplace: Workplace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = workplace.runner
        self._job_id: int | None = None
        self._bridge = EventBridge(self)
        self._bridge.job_finished.connect(self._on_finished)
        self._bridge.partial_result.connect(self._on_partial)
        self._unsubscribe = workplace.subscribe(self._bridge.publish)

    def open(self, command: OpenStudy | OpenPaths) -> None:
        if self._job_id is not None:
            self._runner.cancel(self._job_id)
        self._job_id = self._runner.submit(command).id

    def close(self) -> None:
        self._unsubscribe()
        self._bridge.close()
        if self._job_id is not None:
            self._runner.cancel(self._job_id)

    def _on_partial(self, event: PartialResult) -> None:
        if event.job.id == self._job_id:
            self.begun.emit(event.result)

    def _on_finished(self, event: JobFinished) -> None:
        if event.job.id != self._job_id:
            return
        self._job_id = None
        self.ended.emit()
        if event.error is not None:
            self.failed.emit(event.error)
        elif event.result is not None:
            self.opened.emit(event.result)
