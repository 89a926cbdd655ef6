"""A thread for questions whose answer a widget waits for: the archive's size, a thumbnail, a job list.

Work that the user should see and cancel is a job instead (jobs/runner).
"""

from __future__ import annotations

import logging
import queue
import threading
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from workstation.domain.errors import WorkstationError

_log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Failed = Callable[[WorkstationError], None]


class Background(QObject):
    """One thread, first come first served; answers arrive on the GUI thread. `forget` drops what waits."""

    _answered = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._queue: queue.SimpleQueue[tuple[int, Callable[[], Any], Callable[[Any], None], Failed | None] | None]
        self._queue = queue.SimpleQueue()
        self._generation = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._answered.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)

    def ask(
        self, question: Callable[[], Answer], then: Callable[[Answer], None] | None = None, failed: Failed | None = None
    ) -> None:
        """Run `question` on the thread; `then` gets its answer, `failed` its WorkstationError, on the GUI thread."""
        if self._closed:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=f"ui-{self._name}", daemon=True)
            self._thread.start()
        self._queue.put((self._generation, question, then or (lambda _answer: None), failed))

    def forget(self) -> None:
        """Skip what has not begun and drop answers that are on their way."""
        self._generation += 1

    def close(self, timeout_s: float = 2.0) -> None:
        """End the thread once its present question is answered."""
        self._closed = True
        self.forget()
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        while self._answer_next():
            pass

    def _answer_next(self) -> bool:
        """A function of its own: nothing of a question is held while the thread waits for the next one."""
        item = self._queue.get()
        if item is None:
            return False
        generation, question, then, failed = item
        if generation != self._generation:
            return True
        try:
            answer = question()
        except WorkstationError as error:
            self._send(generation, failed, error)
        except Exception as error:  # noqa: BLE001 - one failing question must not end the thread for all later ones
            # Without the exception's text, which may quote a patient's name.
            place = traceback.extract_tb(error.__traceback__)[-1]
            _log.error("a background question failed: %s at %s:%d", type(error).__name__, place.name, place.lineno)
        else:
            self._send(generation, then, answer)
        return True

    def _send(self, generation: int, receiver: Callable[[Any], None] | None, value: object) -> None:
        if receiver is not None and not self._closed:
            self._answered.emit((generation, receiver, value))

    def _hand_over(self, delivery: tuple[int, Callable[[Any], None], object]) -> None:
        generation, receiver, value = delivery
        if generation == self._generation:
            receiver(value)
