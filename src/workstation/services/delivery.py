"""What the network delivers, on its way into the archive: looked at while the peer waits, kept a moment later.

An instance counts as received once its whole file lies under a name that the next start takes in, so a kill
after the answer loses nothing. Flushing and indexing wait for company: together they cost a tenth.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.domain.errors import InputError, LocalError
from workstation.domain.events import ConflictFound, Event, InstanceStored, Publish
from workstation.domain.study import InstanceSummary
from workstation.services.ingest import require_uids
from workstation.services.ports import Archive, Delivery, Inbox, NotAnnounced, StoreOutcome

if TYPE_CHECKING:
    from workstation.dicom.summarise import SharedNouns

_log = logging.getLogger(__name__)

_AT_ONCE = 128  # in one flush and one transaction
_MOST_WAITING = 4096  # then the peer has to wait for its answer


class ArchiveInbox(Inbox):
    """The archive's door for files that come over the network."""

    def __init__(self, archive: Archive, publish: Publish) -> None:
        self._archive = archive
        self._settler = _Settler(archive, publish)

    def delivery(self, source: str) -> ArchiveDelivery:
        return ArchiveDelivery(self._archive, self._settler, source)

    @property
    def conflicts(self) -> int:
        return self._settler.conflicts

    def settle(self) -> None:
        self._settler.wait_for(None)


class ArchiveDelivery(Delivery):
    """Instances of one association or transfer."""

    def __init__(self, archive: Archive, settler: _Settler, source: str) -> None:
        self._archive = archive
        self._settler = settler
        self._nouns: SharedNouns | None = None
        self.source = source
        self.outcomes: Counter[StoreOutcome] = Counter()
        self.waiting = 0
        self.error: LocalError | None = None

    def new_path(self) -> Path:
        return self._archive.new_incoming()

    def take(self, path: Path, announced: str = "") -> None:
        from workstation.dicom.summarise import SharedNouns, summarise

        if self.error is not None:
            raise self.error
        try:
            self._nouns = self._nouns or SharedNouns()
            summary = summarise(path, self._nouns)
            require_uids(summary)
            if announced and announced != summary.instance.sop_instance_uid:
                raise NotAnnounced(reason="SOPInstanceUID is not the one it was announced with")
        except InputError:
            self._archive.discard(path)
            raise
        self._settler.put(_Arrival(self._archive.complete(path), summary, self))

    def note(self, outcome: StoreOutcome | LocalError) -> None:
        """What became of one instance of ours."""
        self.waiting -= 1
        if isinstance(outcome, LocalError):
            self.error = outcome
        else:
            self.outcomes[outcome] += 1

    def discard(self, path: Path) -> None:
        self._archive.discard(path)

    def settled(self) -> Counter[StoreOutcome]:
        self._settler.wait_for(self)
        if self.error is not None:
            raise self.error
        return self.outcomes


@dataclass(frozen=True, slots=True)
class _Arrival:
    path: Path
    summary: InstanceSummary
    delivery: ArchiveDelivery


class _Settler:
    """Brings arrivals into the archive in the order they came, on a thread that lives while there are any."""

    def __init__(self, archive: Archive, publish: Publish) -> None:
        self._archive = archive
        self._publish = publish
        self._changed = threading.Condition()
        self._waiting: deque[_Arrival] = deque()
        self._under_way = 0
        self.conflicts = 0
        self._thread: threading.Thread | None = None

    def put(self, arrival: _Arrival) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < _MOST_WAITING)
            self._waiting.append(arrival)
            arrival.delivery.waiting += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)
                self._thread.start()

    def wait_for(self, delivery: ArchiveDelivery | None) -> None:
        """Until nothing of `delivery`, or nothing at all, is waiting."""
        with self._changed:
            if delivery is None:
                self._changed.wait_for(lambda: not self._waiting and not self._under_way)
            else:
                self._changed.wait_for(lambda: not delivery.waiting)

    def _run(self) -> None:
        while batch := self._next_batch():
            outcomes = self._settle(batch)
            with self._changed:
                self._under_way = 0
                self.conflicts += outcomes.count(StoreOutcome.CONFLICT)
                for arrival, outcome in zip(batch, outcomes, strict=True):
                    arrival.delivery.note(outcome)
                self._changed.notify_all()
            for arrival, outcome in zip(batch, outcomes, strict=True):
                if outcome is StoreOutcome.STORED:
                    self._announce(InstanceStored(arrival.summary, arrival.delivery.source))
                elif outcome is StoreOutcome.CONFLICT:
                    uid = arrival.summary.instance.sop_instance_uid
                    self._announce(ConflictFound(uid, arrival.delivery.source))

    def _next_batch(self) -> list[_Arrival]:
        with self._changed:
            batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            self._under_way = len(batch)
            if batch:
                self._changed.notify_all()
            else:
                self._thread = None
            return batch

    def _settle(self, batch: list[_Arrival]) -> list[StoreOutcome | LocalError]:
        together = self._add(batch)
        if isinstance(together, LocalError):
            alone = (self._add([arrival]) for arrival in batch)
            return [outcome if isinstance(outcome, LocalError) else outcome[0] for outcome in alone]
        return list(together)

    def _add(self, arrivals: list[_Arrival]) -> Sequence[StoreOutcome | LocalError] | LocalError:
        """What was answered as stored stays where it is when this fails: the next start tries again."""
        try:
            return self._archive.add_all([(arrival.path, arrival.summary) for arrival in arrivals])
        except LocalError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits for the outcome must hear of it
            _log.exception("an instance could not be brought into the archive")
            return LocalError(reason=type(error).__name__)

    def _announce(self, event: Event) -> None:
        try:
            self._publish(event)
        except Exception:  # noqa: BLE001 - a listener's fault is not the delivery's
            _log.exception("somebody could not be told of a stored instance")
