"""Opening as a job: one at a time, a new wish cancels the one under way; the end arrives as a signal.

A study that is open grows while more of it arrives: it is read again, now and then.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Signal

from workstation.domain.events import InstanceStored, JobFinished, PartialResult
from workstation.services.open_series import OpenPaths, OpenStudy
from workstation.services.workplace import Workplace
from workstation.ui.bridge import EventBridge
from workstation.ui.widgets.timers import single_shot

GROWN_AFTER_MS = 200
_RARER = 4  # than the reading takes: most of the time is left for looking


class Opener(QObject):
    opened = Signal(object)  # tuple of DisplaySet
    begun = Signal(object)  # the same as far as they have been read, perhaps several times, before `opened`
    grown = Signal(object)  # what is open, with what has arrived since
    failed = Signal(object)  # WorkstationError
    ended = Signal()  # in every case, cancelled included, before the others

    def __init__(self, workplace: Workplace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = workplace.runner
        self._job_id: int | None = None
        self._growing = False  # the job under way reads again what is open
        self._study = ""  # that is open or being opened
        self._stale = False
        self._asked_at = 0.0
        self._timer = single_shot(self, GROWN_AFTER_MS, self._grow)
        self._bridge = EventBridge(self)
        self._bridge.job_finished.connect(self._on_finished)
        self._bridge.partial_result.connect(self._on_partial)
        self._bridge.instance_stored.connect(self._on_stored)
        self._unsubscribe = workplace.subscribe(self._bridge.publish)

    def open(self, command: OpenStudy | OpenPaths) -> None:
        if self._job_id is not None:
            self._runner.cancel(self._job_id)
        self._timer.stop()
        self._growing = self._stale = False
        self._study = command.study_instance_uid if isinstance(command, OpenStudy) else ""
        self._job_id = self._runner.submit(command).id

    def forget(self) -> None:
        """What was open is closed: it need not grow."""
        if self._job_id is None or self._growing:
            self._study = ""
            self._timer.stop()

    def close(self) -> None:
        self._unsubscribe()
        self._timer.stop()
        self._bridge.close()
        if self._job_id is not None:
            self._runner.cancel(self._job_id)

    def _on_partial(self, event: PartialResult) -> None:
        if event.job.id == self._job_id and not self._growing:
            self.begun.emit(event.result)

    def _on_finished(self, event: JobFinished) -> None:
        if event.job.id != self._job_id:
            return
        self._job_id = None
        if self._growing:
            self._end_growing(event)
            return
        self.ended.emit()
        if event.error is not None:
            self.failed.emit(event.error)
        elif event.result is not None:
            self.opened.emit(event.result)
        if self._stale:
            self._timer.start()

    def _on_stored(self, event: InstanceStored) -> None:
        if self._study and event.summary.study.study_instance_uid == self._study:
            self._stale = True
            if self._job_id is None and not self._timer.isActive():
                self._timer.start()

    def _grow(self) -> None:
        if self._study and self._job_id is None:
            self._growing, self._stale, self._asked_at = True, False, time.monotonic()
            self._job_id = self._runner.submit(OpenStudy(self._study)).id

    def _end_growing(self, event: JobFinished) -> None:
        """What cannot be read again stays as it is shown."""
        self._growing = False
        took_ms = int((time.monotonic() - self._asked_at) * 1000)
        self._timer.setInterval(max(GROWN_AFTER_MS, took_ms * _RARER))
        if self._study and event.result:
            self.grown.emit(event.result)
        if self._stale:
            self._timer.start()
