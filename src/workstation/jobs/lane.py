"""A lane: a queue with one worker thread, so that work on one peer waits only for work on that peer."""

from __future__ import annotations

import threading
from typing import Generic, Protocol, TypeVar

Order = tuple[int, float, int]


class Runnable(Protocol):
    @property
    def order(self) -> Order:
        """What sorts first is executed first; it may change while it waits."""

    def execute(self) -> None: ...


Item = TypeVar("Item", bound=Runnable)


class Lane(Generic[Item]):
    """Executes what is put in, one after the other, in its own thread until stopped."""

    def __init__(self, name: str) -> None:
        self._condition = threading.Condition()
        self._waiting: list[Item] = []
        self._executed: Item | None = None
        self._stopping = False
        # A daemon, so that work that ignores its cancellation cannot keep the process from ending.
        self._thread = threading.Thread(target=self._work, name=f"lane {name}", daemon=True)
        self._thread.start()

    def put(self, item: Item) -> None:
        with self._condition:
            self._waiting.append(item)
            self._condition.notify()

    def remove(self, item: Item) -> bool:
        """Take `item` back; False when the worker already has it. Who gets True may end it."""
        with self._condition:
            if item in self._waiting:
                self._waiting.remove(item)
                return True
            return False

    def head(self) -> tuple[Item | None, Item | None]:
        """What is being executed, and what is next."""
        with self._condition:
            return self._executed, min(self._waiting, key=_order, default=None)

    def waiting(self) -> list[Item]:
        with self._condition:
            return list(self._waiting)

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
                self._executed = None
                while not self._waiting and not self._stopping:
                    self._condition.wait()
                if self._stopping:
                    return
                item = min(self._waiting, key=_order)
                self._waiting.remove(item)
                self._executed = item
            item.execute()
            del item


def _order(item: Runnable) -> Order:
    return item.order
