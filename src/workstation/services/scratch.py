"""Inboxes for a diagnosis: what it fetches is looked at and forgotten, and does not enter the archive."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workstation.services.ports import Archive, Delivery, Inbox, StoreOutcome


class ScratchInbox(Inbox):
    """Keeps what comes in the archive's folder for arrivals, where a kill leaves nothing, until `close`."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.files: list[Path] = []

    def delivery(self, source: str) -> _ScratchDelivery:
        return _ScratchDelivery(self._archive, self.files)

    def settle(self) -> None:
        """Everything is taken at once."""

    def close(self) -> None:
        for path in self.files:
            self._archive.discard(path)


class _ScratchDelivery(Delivery):
    def __init__(self, archive: Archive, files: list[Path]) -> None:
        self._archive = archive
        self._files = files
        self._outcomes: Counter[StoreOutcome] = Counter()

    def new_path(self) -> Path:
        return self._archive.new_incoming()

    def take(self, path: Path, announced: str = "") -> None:
        self._files.append(path)
        self._outcomes[StoreOutcome.STORED] += 1

    def discard(self, path: Path) -> None:
        self._archive.discard(path)

    def settled(self) -> Counter[StoreOutcome]:
        return self._outcomes


@dataclass(slots=True)
class Caught:
    """The instance that is waited for: how many bytes came, 0 while it has not come."""

    sop_instance_uid: str
    size_bytes: int = 0


class WatchedInbox(Inbox):
    """Before another inbox: the one instance that a diagnosis has sent to us is told to it and kept out.

    Only the first copy, and only while it is waited for; everything else passes.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._lock = threading.Lock()
        self._waiting: list[Caught] = []

    @property
    def conflicts(self) -> int:
        return self._inbox.conflicts

    @contextmanager
    def catching(self, sop_instance_uid: str) -> Iterator[Caught]:
        """Wait for `sop_instance_uid` inside the block."""
        caught = Caught(sop_instance_uid)
        with self._lock:
            self._waiting.append(caught)
        try:
            yield caught
        finally:
            with self._lock:
                if caught in self._waiting:
                    self._waiting.remove(caught)

    def caught(self, sop_instance_uid: str, path: Path) -> bool:
        """Whether a diagnosis waits for it: then it has it now."""
        with self._lock:
            for waiting in self._waiting:
                if waiting.sop_instance_uid == sop_instance_uid:
                    waiting.size_bytes = path.stat().st_size
                    self._waiting.remove(waiting)
                    return True
        return False

    def delivery(self, source: str) -> Delivery:
        return _WatchedDelivery(self, self._inbox.delivery(source))

    def settle(self) -> None:
        self._inbox.settle()


class _WatchedDelivery(Delivery):
    def __init__(self, watch: WatchedInbox, delivery: Delivery) -> None:
        self._watch = watch
        self._delivery = delivery

    def new_path(self) -> Path:
        return self._delivery.new_path()

    def take(self, path: Path, announced: str = "") -> None:
        if announced and self._watch.caught(announced, path):
            self._delivery.discard(path)
        else:
            self._delivery.take(path, announced)

    def discard(self, path: Path) -> None:
        self._delivery.discard(path)

    def settled(self) -> Counter[StoreOutcome]:
        return self._delivery.settled()
