"""Writes what was marked as soon as it is: on a thread of its own, again and again where the disk refuses."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from workstation.domain.errors import WorkstationError
from workstation.services.annotations import Change, MarkStore

_log = logging.getLogger(__name__)
WAIT_S = 0.25  # for a disk that hangs; one that works is through in less than a thousandth
AGAIN_AFTER_S = 5.0
_CLOSING_S = 3.0


class MarkKeeper:
    """`keep` returns when the change is on the disk, or after `WAIT_S` where that takes longer.

    `told` hears, on the thread, of a refusal and (None) of the end of one. What is refused stays in memory and
    is tried again until it is kept.
    """

    def __init__(
        self,
        store: MarkStore,
        told: Callable[[WorkstationError | None], None] = lambda _error: None,
        again_after_s: float = AGAIN_AFTER_S,
    ) -> None:
        self._store = store
        self._told = told
        self._again_after_s = again_after_s
        self._waiting: dict[str, Change] = {}  # the newest of each mark
        self._writing: dict[str, Change] = {}
        self._refusal: WorkstationError | None = None
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    @property
    def unsaved(self) -> int:
        """How many changes are in memory only."""
        with self._condition:
            return len(self._waiting.keys() | self._writing.keys())

    def is_waiting(self, uid: str) -> bool:
        """Whether what the store says of that mark is not the newest."""
        with self._condition:
            return uid in self._waiting or uid in self._writing

    def keep(self, change: Change) -> None:
        with self._condition:
            if self._closing:
                return
            behind = bool(self._waiting or self._writing)
            self._waiting[change.mark.uid] = change
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="marks", daemon=True)
                self._thread.start()
            self._condition.notify_all()
            if not behind:  # a disk that hung before is not waited for again
                self._condition.wait_for(lambda: self._settled, WAIT_S)

    def close(self) -> None:
        """Try once more to write what is left."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join(_CLOSING_S)

    @property
    def _settled(self) -> bool:
        return self._refusal is not None or not (self._waiting or self._writing)

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                self._writing, self._waiting = self._waiting, {}
                last = self._closing
            refusal = self._write(list(self._writing.values()))
            self._settle(refusal)
            if refusal is not None:
                if last:
                    return
                self._pause()

    def _write(self, changes: list[Change]) -> WorkstationError | None:
        try:
            self._store.apply(changes)
        except WorkstationError as error:
            _log.warning("%d measurements could not be kept: %s", len(changes), error)
            return error
        return None

    def _settle(self, refusal: WorkstationError | None) -> None:
        with self._condition:
            if refusal is not None:
                self._waiting = self._writing | self._waiting
            self._writing = {}
            before, self._refusal = self._refusal, refusal
            self._condition.notify_all()
        if (before is None) != (refusal is None):
            self._told(refusal)

    def _pause(self) -> None:
        deadline = time.monotonic() + self._again_after_s
        with self._condition:
            self._condition.wait_for(lambda: self._closing, max(0.0, deadline - time.monotonic()))
