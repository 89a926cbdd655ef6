"""When a transfer that failed is tried again by itself: after passing faults only, ever later, and not for ever."""

from __future__ import annotations

import threading

from workstation.domain.job import ErrorReport

FIRST_S = 10.0
LONGEST_S = 600.0
_LONGEST_SLEEP_S = 30.0  # the clock may be set meanwhile
MOST_ATTEMPTS = 20  # about two and a half hours
_PASSING = frozenset({"peer-unreachable", "peer-timed-out", "peer-aborted"})
_BUSY_WEB = frozenset({"408", "425", "429", "500", "502", "503", "504"})
OUT_OF_RESOURCES = "out-of-resources"  # the cause of a transfer that is incomplete since the node took no more


def delay_s(attempt: int, error: ErrorReport) -> float | None:
    """Seconds from the failure of `attempt` (1 is the first) to the next; None when there is none."""
    if attempt >= MOST_ATTEMPTS or not is_passing(error):
        return None
    return min(LONGEST_S, FIRST_S * 2.0 ** (attempt - 1))


def is_passing(error: ErrorReport) -> bool:
    """Whether the same may well succeed later without anybody changing anything."""
    details = error.details
    if error.code == "incomplete-transfer":
        return details.get("cause") in _PASSING | {OUT_OF_RESOURCES}
    if error.code == "association-rejected":
        return "transient" in details.get("result", "")
    if error.code == "peer-failure":  # out of resources (PS3.7 annex C, PS3.4 B.2.3, C.4.2.1.5)
        return details.get("status", "").upper().startswith("A7")
    if error.code == "web-failure":
        return details.get("status") in _BUSY_WEB
    return error.code in _PASSING


class DueJobs:
    """When which job is tried again, on the wall clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moments: dict[int, float] = {}

    def add(self, job_id: int, moment: float) -> None:
        with self._lock:
            self._moments[job_id] = moment

    def discard(self, job_id: int) -> None:
        with self._lock:
            self._moments.pop(job_id, None)

    def take(self, now: float) -> list[int]:
        """Those whose moment has come."""
        with self._lock:
            due = sorted(job_id for job_id, moment in self._moments.items() if moment <= now)
            for job_id in due:
                del self._moments[job_id]
            return due

    def wait_s(self, now: float) -> float | None:
        """How long to sleep; None when nothing is due."""
        with self._lock:
            first = min(self._moments.values(), default=None)
        return None if first is None else min(_LONGEST_SLEEP_S, max(0.0, first - now))
