"""The only crossing between threads: events from any thread become signals on the GUI thread.

The GUI thread is woken once a batch, works for a slice of a frame's time and then lets input in; of a
running job's progress only the newest is kept.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance

from workstation.domain.events import (
    ConflictFound,
    Event,
    InstanceStored,
    JobChanged,
    JobFinished,
    MatchesFound,
    PartialResult,
    SourceAnswered,
    WorklistAnswered,
)
from workstation.domain.job import JobState

SLICE_S = 0.012


class EventBridge(QObject):
    """Give `publish` to whoever has events; connect to the signals."""

    job_changed = Signal(object)
    job_finished = Signal(object)
    partial_result = Signal(object)
    matches_found = Signal(object)
    source_answered = Signal(object)
    worklist_answered = Signal(object)
    instance_stored = Signal(object)
    conflict_found = Signal(object)
    _woken = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._queue: deque[int] = deque()  # numbers of events, in order
        self._events: dict[int, Event] = {}
        self._newest: dict[int, int] = {}  # job id -> number of its waiting progress
        self._number = 0
        self._awake = False
        self._closed = False
        self._signals: dict[type[Event], SignalInstance] = {
            JobChanged: self.job_changed,
            JobFinished: self.job_finished,
            PartialResult: self.partial_result,
            MatchesFound: self.matches_found,
            SourceAnswered: self.source_answered,
            WorklistAnswered: self.worklist_answered,
            InstanceStored: self.instance_stored,
            ConflictFound: self.conflict_found,
        }
        self._woken.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def publish(self, event: Event) -> None:
        """Hand over an event, from any thread; never waits for the GUI thread."""
        with self._lock:
            if self._closed:
                return
            self._put(event)
            wake, self._awake = not self._awake, True
        if wake:
            self._woken.emit()

    def close(self) -> None:
        """Deliver nothing any more."""
        with self._lock:
            self._closed = True
            self._queue.clear()
            self._events.clear()
            self._newest.clear()

    def _put(self, event: Event) -> None:
        job_id = event.job.id if isinstance(event, JobChanged | JobFinished) else None
        if isinstance(event, JobChanged) and event.job.state is JobState.RUNNING and job_id in self._newest:
            self._events[self._newest[event.job.id]] = event  # takes the place of the older progress
            return
        self._number += 1
        self._queue.append(self._number)
        self._events[self._number] = event
        if job_id is None:
            return
        if isinstance(event, JobChanged) and event.job.state is JobState.RUNNING:
            self._newest[job_id] = self._number
        else:
            self._newest.pop(job_id, None)

    def _take(self) -> Event | None:
        with self._lock:
            if not self._queue:
                self._awake = False
                return None
            number = self._queue.popleft()
            event = self._events.pop(number)
            if isinstance(event, JobChanged) and self._newest.get(event.job.id) == number:
                del self._newest[event.job.id]
            return event

    def _deliver(self) -> None:
        until = time.monotonic() + SLICE_S
        while (event := self._take()) is not None:
            signal = self._signals.get(type(event))
            if signal is not None:
                signal.emit(event)
            if time.monotonic() > until:
                self._woken.emit()  # go on after what the user did meanwhile
                return
