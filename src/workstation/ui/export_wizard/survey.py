"""Keeps what is known about the chosen files up to date, on background threads; late answers are dropped.

Pass one of the engine and the search for what must be held take turns, the first before the second, each
with a progress and a way to stop; plans, keys and pictures are answered in between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal

from workstation.deidentify.held import Held
from workstation.deidentify.identities import Identities, ProjectKey
from workstation.deidentify.plan import Plan
from workstation.deidentify.profile import load_profile
from workstation.domain.errors import Cancelled, WorkstationError
from workstation.jobs.cancel import Cancellation
from workstation.services.deidentify import Cohort, Preview, Selection
from workstation.services.workplace import Workplace
from workstation.ui.background import Background
from workstation.ui.export_wizard import reading
from workstation.ui.export_wizard.model import RunState, Step, Wizard
from workstation.ui.widgets.timers import every

PROGRESS_MS = 100
YIELD_S = 0.001  # after each file: reading is Python, and the GUI thread waits for the interpreter as long as it runs
WAIT_S = 0.1  # for the other scan, between two looks at whether this one is wanted any more
Answer = TypeVar("Answer")


class _Scan(QObject, Generic[Answer]):
    """One long question about many files: asked again when they change, stopped at will.

    Between two files it stands aside for `first`, if that is under way: one such thread at a time is enough.
    """

    changed = Signal()

    def __init__(self, name: str, parent: QObject, first: _Scan[Any] | None = None) -> None:
        super().__init__(parent)
        self._first = first
        self._idle = threading.Event()
        self._idle.set()
        self._background = Background(name, self)
        self._cancellation = Cancellation()
        self.key: object = None
        self.answer: Answer | None = None
        self.running = False
        self.stopped = False  # by the user
        self.error: WorkstationError | None = None
        self.done = 0
        self.total = 0

    def ask(self, key: object, total: int, question: Callable[[reading.OnFile], Answer]) -> None:
        self._drop()
        self.key, self.total, self.running, self.stopped = key, total, True, False
        self.answer, self.error = None, None
        self._idle.clear()
        cancellation = self._cancellation

        def on_file(number: int) -> None:
            time.sleep(YIELD_S)
            while self._first is not None and not self._first.wait_idle(WAIT_S):
                cancellation.raise_if_cancelled()
            cancellation.raise_if_cancelled()
            self.done = number

        self._background.ask(lambda: question(on_file), self._answered, self._failed)
        self.changed.emit()

    def stop(self) -> None:
        if self.running:
            self._drop()
            self.stopped = True
            self.changed.emit()

    def forget(self) -> None:
        """Know nothing; what is under way ends."""
        self._drop()
        self.key, self.answer, self.error, self.stopped, self.total = None, None, None, False, 0

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait in another thread; whether nothing is under way."""
        return self._idle.wait(timeout_s)

    def close(self) -> None:
        self._cancellation.cancel()
        self._idle.set()
        self._background.close()

    def _drop(self) -> None:
        self._cancellation.cancel()
        self._background.forget()
        self._cancellation = Cancellation()
        self._idle.set()
        self.running, self.done = False, 0

    def _answered(self, answer: Answer) -> None:
        self._idle.set()
        self.answer, self.running, self.done = answer, False, self.total
        self.changed.emit()

    def _failed(self, error: WorkstationError) -> None:
        self._idle.set()
        self.running = False
        self.error = None if isinstance(error, Cancelled) else error
        self.changed.emit()


class Survey(QObject):
    """`held_changed` and `cohort_changed` tell of answers and of beginnings, `progressed` of the way between."""

    held_changed = Signal()
    cohort_changed = Signal()
    key_changed = Signal()
    progressed = Signal()

    def __init__(self, workplace: Workplace, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._workplace = workplace
        self._wizard = wizard
        self.cohort_scan: _Scan[Cohort] = _Scan("export-cohort", self)
        self.held_scan: _Scan[dict[Path, Held | None]] = _Scan("export-held", self, self.cohort_scan)
        self.held_scan.changed.connect(self.held_changed)
        self.cohort_scan.changed.connect(self.cohort_changed)
        self.questions = Background("export-questions", self)
        self._plans = Background("export-plans", self)
        self.pictures = Background("export-pictures", self)
        self.thumbnails = Background("export-thumbnails", self)
        self.key = ProjectKey.random()
        self._progress_timer = every(self, PROGRESS_MS, self.progressed.emit)
        self._progress_timer.stop()
        wizard.changed.connect(self.follow)
        for scan in (self.held_scan, self.cohort_scan):
            scan.changed.connect(self._tick_while_busy)

    @property
    def held(self) -> dict[Path, Held]:
        """What would be held, as far as it is known and still chosen."""
        known = self.held_scan.answer or {}
        paths = (image.path for image in self._wizard.state.images)
        return {path: held for path in paths if (held := known.get(path)) is not None}

    @property
    def busy(self) -> bool:
        return self.held_scan.running or self.cohort_scan.running

    def follow(self) -> None:
        """Begin what the present state needs to be known."""
        state = self._wizard.state
        paths = tuple(image.path for image in state.images)
        if not paths:
            self.held_scan.forget()
            self.cohort_scan.forget()
            return
        if state.run is RunState.RUNNING:
            return
        known = self.held_scan.key
        if not isinstance(known, tuple) or not set(paths) <= set(known):
            self.held_scan.ask(paths, len(paths), lambda on_file: reading.find_held(paths, on_file))
        options, key = state.options, self.key
        if state.step >= Step.IDENTITIES and self.cohort_scan.key != (paths, options, key):
            self.cohort_scan.ask(
                (paths, options, key),
                len(paths),
                lambda on_file: reading.collect_identifiers(paths, options, key, on_file),
            )

    def read_again(self) -> None:
        """After a stop: begin anew what was stopped."""
        for scan in (self.held_scan, self.cohort_scan):
            if scan.stopped:
                scan.forget()
        self.follow()

    def stop(self) -> None:
        self.held_scan.stop()
        self.cohort_scan.stop()

    def plan(self, path: Path, then: Callable[[Plan], None], failed: Callable[[WorkstationError], None]) -> None:
        """What would happen to the instance; earlier questions are dropped. Nothing while pass one is under way."""
        cohort, state, key = self.cohort_scan.answer, self._wizard.state, self.key
        if cohort is None:
            return
        self._plans.forget()

        def question() -> Plan:
            selection = Selection(load_profile("basic", state.options), Identities(key))
            return Preview((path,), selection, cohort).plan(path)

        self._plans.ask(question, then, failed)

    def forget_plans(self) -> None:
        self._plans.forget()

    def use_key(self, key: ProjectKey | None) -> None:
        """The key of the preview; None for one that nobody keeps."""
        self.key = key or ProjectKey.random()
        self.follow()
        self.key_changed.emit()

    def close(self) -> None:
        self._progress_timer.stop()
        for scan in (self.held_scan, self.cohort_scan):
            scan.close()
        for background in (self.questions, self._plans, self.pictures, self.thumbnails):
            background.close()

    def _tick_while_busy(self) -> None:
        if self.busy and not self._progress_timer.isActive():
            self._progress_timer.start()
        elif not self.busy:
            self._progress_timer.stop()
            self.progressed.emit()
