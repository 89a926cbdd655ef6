"""A lane: a queue with one worker thread, so that work on one peer waits only for work on that peer."""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol


class Runnable(Protocol):
    def execute(self) -> None: ...


class Lane:
    """Executes what is put in, one after the other, in its own thread until stopped."""

    def __init__(self, name: str) -> None:
        self._condition = threading.Condition()
        self._waiting: deque[Runnable] = deque()
        self._stopping = False
        # A daemon, so that work that ignores its cancellation cannot keep the process from ending.
        self._thread = threading.Thread(target=self._work, name=f"lane {name}", daemon=True)
        self._thread.start()

    def put(self, item: Runnable) -> None:
        with self._condition:
            self._waiting.append(item)
            self._condition.notify()

    def remove(self, item: Runnable) -> bool:
        """Take `item` back; False when the worker already has it. Who gets True may end it."""
        with self._condition:
            if item in self._waiting:
                self._waiting.remove(item)
                return True
            return False

    def stop(self) -> None:
        """Begin nothing more."""
        with self._condition:
            self._stopping = True
            self._condition.notify()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; whether it came."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._waiting and not self._stopping:
                    self._condition.wait()
                if self._stopping:
                    return
                item = self._waiting.popleft()
            item.execute()
            del item
