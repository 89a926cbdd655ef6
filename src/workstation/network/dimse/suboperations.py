"""Counts of sub-operations (PS3.7 9.1.4), by which C-GET and C-MOVE are judged, and the answers that bring them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom import Dataset

from workstation.dicom import elements
from workstation.domain.uid import is_valid_uid
from workstation.network.dimse import status as words
from workstation.network.dimse.association import Link
from workstation.services.ports import ItemFailure


@dataclass(frozen=True, slots=True)
class Answer:
    """One response to C-GET or C-MOVE; `numbers` of remaining, completed, failed, warning sub-operations."""

    code: int
    numbers: tuple[int | None, ...]
    failed_uids: tuple[str, ...]
    comment: str


def answer_of(status: Dataset, identifier: Dataset | None) -> Answer:
    names = ("Remaining", "Completed", "Failed", "Warning")
    return Answer(
        int(status.Status),
        tuple(elements.integer(status, f"NumberOf{name}Suboperations") for name in names),
        failed_uids_in(identifier),
        words.comment_of(status),
    )


def failed_uids_in(identifier: Dataset | None) -> tuple[str, ...]:
    """Failed SOP Instance UID List (0008,0058) (PS3.4 C.4.2.1.4.2)."""
    found = elements.texts(identifier, "FailedSOPInstanceUIDList") if identifier is not None else []
    return tuple(uid for uid in found if is_valid_uid(uid))


@dataclass(slots=True)
class Counts:
    """The peer's counts of sub-operations (PS3.7 9.1.4), summed over the requests of one transfer."""

    finished: tuple[int, int, int, int] = (0, 0, 0, 0)  # remaining, completed, failed, warning
    current: tuple[int, int, int, int] = (0, 0, 0, 0)
    counted: bool = False  # whether the peer counts at all
    failed_uids: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    reason: str = ""

    def begin(self) -> None:
        """Another request of the same transfer."""
        self.finished = self._sums()
        self.current = (0, 0, 0, 0)

    def note(self, link: Link, answer: Answer) -> None:
        """Take in one response; raises when it says that nothing was done."""
        self._count(answer.numbers, answer.code)
        if answer.code in words.PENDING:
            return
        self.failed_uids += answer.failed_uids
        if answer.code == words.SUCCESS:
            return
        if answer.code != 0xB000 and not self.done:
            raise link.failure(answer.code, answer.comment)
        self.reason = words.said(link.operation, answer.code, answer.comment)
        if not self.failed:
            self.warnings.append(self.reason)

    def _count(self, numbers: tuple[int | None, ...], code: int) -> None:
        if any(number is not None for number in numbers):
            remaining, completed, failed, warning = (number or 0 for number in numbers)
            self.counted = True
        elif code == words.SUCCESS:  # counts are optional here: what remained has been done
            remaining, completed, failed, warning = (0, self.current[0] + self.current[1], *self.current[2:])
        else:
            return
        self.current = (remaining, completed, failed, warning)

    def _sums(self) -> tuple[int, int, int, int]:
        remaining, completed, failed, warning = (
            before + now for before, now in zip(self.finished, self.current, strict=True)
        )
        return remaining, completed, failed, warning

    @property
    def expected(self) -> int | None:
        return sum(self._sums()) if self.counted else None

    @property
    def done(self) -> int:
        return self._sums()[1] + self._sums()[3]

    @property
    def failed(self) -> int:
        return max(self._sums()[2], len(self.failed_uids))

    def failures(self, ours: Sequence[ItemFailure] = ()) -> tuple[ItemFailure, ...]:
        """`ours`, then the peer's that are not among them; without a UID where it only counted them."""
        reason = self.reason or "the peer counts it as failed"
        known = {failure.sop_instance_uid for failure in ours}
        named = [ItemFailure(uid, reason) for uid in self.failed_uids if uid not in known]
        unnamed = max(0, self._sums()[2] - len(ours) - len(named))
        return (*ours, *named, *[ItemFailure("", reason)] * unnamed)
