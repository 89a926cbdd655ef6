"""How fast each node has been by each method in this session, and how many associations it bears."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workstation.domain.node import RetrieveMethod

LARGE = 2 * 1024 * 1024  # bytes of an instance from which several associations are faster than one (measured)
FASTER = 1.1  # what another association has to bring
_WINDOW_S = 0.25  # of one measurement
_LEAST_S = 0.02  # what took less says nothing


@dataclass(frozen=True, slots=True)
class _Measured:
    bytes: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return self.bytes / self.seconds


class Paces:
    """Safe from any thread. What is fast for large instances need not be for small ones: they are told apart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._measured: dict[tuple[str, RetrieveMethod, bool], _Measured] = {}
        self._most: dict[str, int] = {}

    def note(self, node: str, method: RetrieveMethod, instances: int, bytes_: int, seconds: float) -> None:
        """`instances` of together `bytes_` came in `seconds`."""
        if instances < 1 or seconds < _LEAST_S:
            return
        key = (node, method, bytes_ / instances >= LARGE)
        with self._lock:
            before = self._measured.get(key, _Measured())
            # The last transfers count most: a network changes in the course of a day.
            self._measured[key] = _Measured(before.bytes // 2 + bytes_, before.seconds / 2 + seconds)

    def rate(self, node: str, method: RetrieveMethod, mean_bytes: float) -> float | None:
        """Bytes a second by `method` for instances of that size; None when not measured."""
        with self._lock:
            found = self._measured.get((node, method, mean_bytes >= LARGE))
        return found.rate if found is not None and found.seconds else None

    def fastest_first(self, node: str, methods: Sequence[RetrieveMethod], mean_bytes: float) -> list[RetrieveMethod]:
        """`methods` by what is known of them; those not measured keep their place behind the measured ones."""
        return sorted(methods, key=lambda method: -(self.rate(node, method, mean_bytes) or 0.0))

    def most_associations(self, node: str, wanted: int) -> int:
        """How many at once: `wanted`, unless the node has refused so many."""
        with self._lock:
            return min(wanted, self._most.get(node, wanted))

    def refused(self, node: str, under_way: int) -> None:
        """`node` took no association beside `under_way` of them."""
        with self._lock:
            self._most[node] = max(1, under_way)


class Growth:
    """Whether another association pays: one more as long as each makes the whole faster by a tenth."""

    def __init__(self, most: int, *, adapt: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._adapt, self._clock = most, adapt, clock
        self._since = clock()
        self._bytes_before = 0
        self._best = 0.0

    def stop(self) -> None:
        """No more from now on."""
        self._most = 0

    def wants_more(self, instances: int, bytes_: int, active: int) -> bool:
        """Asked after each instance, `instances` and `bytes_` being all that came; never by two threads at once."""
        if active >= self._most:
            return False
        if not self._adapt:
            return True
        if not instances or bytes_ / instances < LARGE:
            return False
        now = self._clock()
        if self._best and now - self._since < _WINDOW_S:
            return False
        rate = (bytes_ - self._bytes_before) / max(now - self._since, 1e-6)
        if rate < self._best * FASTER:
            self._most = active  # the last one brought nothing
            return False
        self._best, self._since, self._bytes_before = rate, now, bytes_
        return True
