from __future__ import annotations

import pytest

from workstation.domain.errors import Cancelled
from workstation.jobs.cancel import Cancellation


def test_once_cancelled_it_stays_so() -> None:
    cancellation = Cancellation()
    cancellation.raise_if_cancelled()
    assert not cancellation.wait(0)

    cancellation.cancel()
    cancellation.cancel()

    assert cancellation.cancelled
    assert cancellation.wait(60)
    with pytest.raises(Cancelled):
        cancellation.raise_if_cancelled()


def test_call_backs_run_inside_their_block_only() -> None:
    cancellation, called = Cancellation(), list[str]()

    with cancellation.on_cancel(lambda: called.append("left")):
        pass
    with cancellation.on_cancel(lambda: called.append("inside")):
        cancellation.cancel()
        with cancellation.on_cancel(lambda: called.append("late")):
            pass

    assert called == ["inside", "late"]
