"""What the transfers of one retrieval have brought, the ones under way included."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from workstation.domain.node import RetrieveMethod
from workstation.services.ports import TransferProgress, TransferReport


class Slot:
    """The last progress of one transfer, which stands when it ends in an error instead of a report."""

    def __init__(self) -> None:
        self.last = TransferProgress(0, None, 0)

    def note(self, progress: TransferProgress) -> None:
        done, size = max(self.last.done, progress.done), max(self.last.bytes_done, progress.bytes_done)
        self.last = replace(progress, done=done, bytes_done=size)

    def close(self) -> None:
        """What it counted as failed may come by another transfer."""
        self.last = replace(self.last, failed=0)


class Tally:
    """What all transfers of a retrieval have brought, those under way included."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: list[Slot] = []

    def slot(self) -> Slot:
        with self._lock:
            self._slots.append(Slot())
            return self._slots[-1]

    @property
    def received(self) -> int:
        return sum(slot.last.done for slot in self._slots)

    @property
    def bytes(self) -> int:
        return sum(slot.last.bytes_done for slot in self._slots)

    @property
    def failed(self) -> int:
        return sum(slot.last.failed for slot in self._slots)

    @property
    def mean_bytes(self) -> float:
        """Of an instance, 0 while nothing has come."""
        return self.bytes / self.received if self.received else 0.0


class Together:
    """The reports of several requests as one."""

    def __init__(self, on_progress: Callable[[TransferProgress], None]) -> None:
        self.report = TransferReport(RetrieveMethod.WEB)
        self._on_progress = on_progress

    def progress(self, progress: TransferProgress) -> None:
        report = self.report
        failed = len(report.failures) + progress.failed
        done, size = report.transferred + progress.done, report.bytes + progress.bytes_done
        self._on_progress(TransferProgress(done, None, size, failed))

    def add(self, report: TransferReport) -> None:
        total = self.report
        self.report = replace(
            total,
            transferred=total.transferred + report.transferred,
            stored=total.stored + report.stored,
            already_present=total.already_present + report.already_present,
            bytes=total.bytes + report.bytes,
            warnings=(*total.warnings, *report.warnings),
            failures=(*total.failures, *report.failures),
        )
