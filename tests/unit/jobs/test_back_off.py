"""When a transfer is tried again by itself, and when never."""

from __future__ import annotations

import pytest

from workstation.domain.errors import (
    AssociationRejected,
    DiskFull,
    IncompleteTransfer,
    PeerAborted,
    PeerFailure,
    PeerTimedOut,
    PeerUnreachable,
    UnknownMoveDestination,
    WebFailure,
    WorkstationError,
)
from workstation.jobs.back_off import LONGEST_S, MOST_ATTEMPTS, DueJobs, delay_s

PASSING = [
    PeerUnreachable(),
    PeerTimedOut(),
    PeerAborted(),
    AssociationRejected(result="rejected transiently"),
    PeerFailure(status="A701"),
    WebFailure(status=503),
    IncompleteTransfer(cause="peer-aborted"),
    IncompleteTransfer(cause="out-of-resources"),
]
LASTING = [
    AssociationRejected(result="rejected permanently"),
    PeerFailure(status="A900"),
    PeerFailure(status="C001"),
    UnknownMoveDestination(status="A801"),
    WebFailure(status=401),
    IncompleteTransfer(expected=3, stored=2),
    DiskFull(),
]


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_a_passing_fault_is_tried_again_later_and_later(error: WorkstationError) -> None:
    delays = [delay_s(attempt, error.report()) for attempt in range(1, MOST_ATTEMPTS + 1)]
    assert delays[-1] is None
    known = [delay for delay in delays if delay is not None]
    assert known == sorted(known)
    assert known[0] < known[3] < known[-1] == LONGEST_S


@pytest.mark.parametrize("error", LASTING, ids=str)
def test_what_somebody_has_to_mend_is_not(error: WorkstationError) -> None:
    assert delay_s(1, error.report()) is None


def test_due_jobs_are_taken_once_and_in_time() -> None:
    due = DueJobs()
    assert due.wait_s(0.0) is None
    for job_id, moment in ((1, 10.0), (2, 5.0), (3, 6.0)):
        due.add(job_id, moment)
    due.discard(3)
    assert due.wait_s(4.0) == 1.0
    assert due.take(5.0) == [2]
    assert due.take(5.0) == []
    assert due.take(50.0) == [1]
