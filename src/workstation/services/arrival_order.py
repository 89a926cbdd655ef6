"""In which order a study is asked for: the first image of each series, then series after series.

What is looked at comes first in both. Several transfers may take from one order.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator

from workstation.services.node_listing import Listing
from workstation.services.ports import RetrieveTarget

MOST_AT_ONCE = 500  # a list of UIDs holds 64 KiB (PS3.5 7.1.2)
# From here on a series is asked for as such: peers look every UID of a list up, which costs more (Orthanc: a third
# of the transfer of small images) than its first image a second time.
WHOLE_FROM = 16


class ArrivalOrder:
    """Hands out what is `missing` of `listing`. `portion` says how many there may be in a list, None: any number."""

    def __init__(
        self,
        study: str,
        listing: Listing,
        missing: frozenset[str],
        *,
        looked_at: Callable[[], str],
        portion: Callable[[], int | None],
    ) -> None:
        self._study, self._listing = study, listing
        self._looked_at, self._portion = looked_at, portion
        self._lock = threading.Lock()
        self._rest = {
            series: deque(uid for uid in uids if uid in missing)
            for series, uids in listing.series.items()
            if not missing.isdisjoint(uids)
        }
        # A series of which something is here has its first image.
        self._unbegun = [series for series, uids in self._rest.items() if len(uids) == len(listing.series[series])]
        single = all(len(uids) == 1 for uids in self._rest.values())
        self._whole = single and len(self._unbegun) == len(listing.series) >= WHOLE_FROM
        self._stopped = False

    @property
    def unbegun(self) -> int:
        """How many series still wait for their first image."""
        return len(self._unbegun)

    @property
    def count(self) -> int:
        """How many instances have not been handed out yet."""
        with self._lock:
            return sum(len(uids) for uids in self._rest.values())

    def stop(self) -> None:
        """Hand out nothing more."""
        self._stopped = True

    def give_back(self, target: RetrieveTarget, present: frozenset[str]) -> None:
        """What of `target` did not come shall be asked for again."""
        with self._lock:
            again = [uid for uid in target.sop_instance_uids if uid not in present]
            if again:
                self._rest.setdefault(target.series_instance_uid, deque()).extendleft(reversed(again))

    def targets(self, most: int | None = None, at_once: int | None = None) -> Iterator[RetrieveTarget]:
        """What comes next, as often as it is asked for; at most `most` targets, of at most `at_once` instances."""
        while (most is None or most > 0) and (target := self._next(at_once)) is not None:
            most = None if most is None else most - 1
            yield target

    def _next(self, at_once: int | None) -> RetrieveTarget | None:
        with self._lock:
            if self._stopped or not self._rest:
                return None
            if self._whole:  # one image each: nothing could come earlier
                self._rest, self._unbegun = {}, []
                return RetrieveTarget(self._study, sop_classes=self._listing.classes_of(self._listing.uids))
            looked_at = self._looked_at()
            if self._unbegun:
                series = looked_at if looked_at in self._unbegun else self._unbegun[0]
                self._unbegun.remove(series)
                return self._take(series, 1)
            series = looked_at if looked_at in self._rest else next(iter(self._rest))
            portion = at_once or self._portion()
            if portion is None and self._is_nearly_whole(series):
                del self._rest[series]
                uids = self._listing.series[series]
                return RetrieveTarget(self._study, series, sop_classes=self._listing.classes_of(uids))
            return self._take(series, min(MOST_AT_ONCE, portion or MOST_AT_ONCE))

    def _is_nearly_whole(self, series: str) -> bool:
        return len(self._rest[series]) >= max(WHOLE_FROM, len(self._listing.series[series]) - 1)

    def _take(self, series: str, most: int) -> RetrieveTarget:
        """Of one SOP class, so that its presentation contexts fit on one association."""
        rest = self._rest[series]
        kind = self._listing.sop_classes.get(rest[0], "")
        taken: list[str] = []
        while rest and len(taken) < most and self._listing.sop_classes.get(rest[0], "") == kind:
            taken.append(rest.popleft())
        if not rest:
            del self._rest[series]
        return RetrieveTarget(self._study, series, tuple(taken), (kind,) if kind else ())


class Taken(Iterator[RetrieveTarget]):
    """Targets as they are taken; `last` is the one under way."""

    def __init__(self, targets: Iterator[RetrieveTarget]) -> None:
        self._targets = targets
        self.last: RetrieveTarget | None = None

    def __next__(self) -> RetrieveTarget:
        self.last = None
        self.last = next(self._targets)
        return self.last


class Taking:
    """How one or several transfers take from an order."""

    def __init__(self, order: ArrivalOrder, most: int | None, at_once: int | None) -> None:
        self._order, self._most, self._at_once = order, most, at_once

    def begin(self) -> Taken:
        return Taken(self._order.targets(self._most, self._at_once))

    def give_back(self, target: RetrieveTarget | None, present: frozenset[str]) -> None:
        if target is not None:
            self._order.give_back(target, present)
