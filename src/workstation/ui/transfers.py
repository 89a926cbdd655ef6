"""What the status bar says about transfers: how many, how far, how fast."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from workstation.domain.job import ACTIVE, Job

WINDOW_S = 3.0
_MOVING = frozenset({"retrieve", "send", "send-files", "import", "deidentify", "deidentify-files"})


@dataclass(frozen=True, slots=True)
class TransferSummary:
    jobs: int = 0
    kind: str = ""  # the kind that all of them are, empty when mixed
    done: int = 0
    total: int | None = None
    bytes_per_s: float = 0.0

    @property
    def fraction(self) -> float | None:
        return None if not self.total else min(1.0, self.done / self.total)


class Rate:
    """Bytes per second over the last few seconds of one job."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, bytes_done: int) -> None:
        now = self._now()
        if self._samples and bytes_done < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((now, bytes_done))
        while len(self._samples) > 2 and now - self._samples[0][0] > WINDOW_S:
            self._samples.popleft()

    @property
    def value(self) -> float:
        if len(self._samples) < 2:
            return 0.0
        (start, first), last = self._samples[0], self._samples[-1][1]
        elapsed = max(self._now(), self._samples[-1][0]) - start
        return (last - first) / elapsed if elapsed > 0.05 else 0.0


class Transfers:
    """The running jobs that move instances, and the speed of each."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._jobs: dict[int, Job] = {}
        self._rates: dict[int, Rate] = {}

    def follow(self, job: Job) -> None:
        if job.kind not in _MOVING:
            return
        if job.state in ACTIVE:
            self._jobs[job.id] = job
            self._rates.setdefault(job.id, Rate(self._now)).add(job.progress.bytes_done)
        else:
            self._jobs.pop(job.id, None)
            self._rates.pop(job.id, None)

    def rate(self, job_id: int) -> float:
        rate = self._rates.get(job_id)
        return rate.value if rate is not None else 0.0

    def summary(self) -> TransferSummary:
        jobs = list(self._jobs.values())
        totals = [job.progress.total for job in jobs]
        kinds = {job.kind for job in jobs}
        return TransferSummary(
            jobs=len(jobs),
            kind=kinds.pop() if len(kinds) == 1 else "",
            done=sum(job.progress.done for job in jobs),
            total=None if None in totals or not totals else sum(total or 0 for total in totals),
            bytes_per_s=sum(rate.value for rate in self._rates.values()),
        )
