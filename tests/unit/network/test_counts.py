"""A retrieval is judged by the peer's counts of sub-operations."""

from __future__ import annotations

from typing import Any, cast

import pytest
from pydicom import Dataset

from workstation.domain.errors import PeerFailure
from workstation.network.dimse.association import Link
from workstation.network.dimse.suboperations import Counts, answer_of
from workstation.services.ports import ItemFailure


class FakeLink:
    """Only what `Counts` asks of a link."""

    operation = "C-MOVE"

    def failure(self, code: int, comment: str) -> PeerFailure:
        return PeerFailure(status=f"{code:04X}", comment=comment)


LINK = cast(Link, FakeLink())


def response(status: int, *counts: int | None) -> Dataset:
    """Status, and the counts remaining, completed, failed and warning."""
    dataset = Dataset()
    dataset.Status = status
    for name, count in zip(("Remaining", "Completed", "Failed", "Warning"), counts, strict=False):
        if count is not None:
            setattr(dataset, f"NumberOf{name}Suboperations", count)
    return dataset


def failed_list(*uids: str) -> Dataset:
    dataset = Dataset()
    dataset.FailedSOPInstanceUIDList = list(uids)
    return dataset


def counts_after(*responses: tuple[Any, ...]) -> Counts:
    counts = Counts()
    counts.begin()
    for status, *rest in responses:
        counts.note(LINK, answer_of(response(status, *rest), None))
    return counts


def test_success_with_failed_sub_operations_is_no_success() -> None:
    counts = counts_after((0xFF00, 5, 0, 0, 0), (0x0000, 0, 0, 5, 0))

    assert (counts.expected, counts.done, counts.failed) == (5, 0, 5)
    assert len(counts.failures()) == 5


def test_a_final_response_without_counts_completes_what_remained() -> None:
    counts = counts_after((0xFF00, 1, 3, 0, 1), (0x0000,))

    assert (counts.expected, counts.done, counts.failed) == (5, 5, 0)


def test_a_peer_that_never_counts_leaves_the_total_unknown() -> None:
    assert counts_after((0xFF00,), (0x0000,)).expected is None


def test_several_requests_of_one_transfer_add_up() -> None:
    counts = counts_after((0x0000, None, 3, 0, 0))
    counts.begin()
    assert counts.expected == 3
    counts.note(LINK, answer_of(response(0xB000, None, 1, 1, 0), failed_list("1.2.3")))

    assert (counts.expected, counts.done, counts.failed) == (5, 4, 1)
    assert [failure.sop_instance_uid for failure in counts.failures()] == ["1.2.3"]


def test_a_failure_that_did_nothing_is_raised() -> None:
    with pytest.raises(PeerFailure):
        counts_after((0xA702, 0, 0, 4, 0))


def test_a_failure_half_way_is_a_part_done_with_its_reason() -> None:
    counts = counts_after((0xFF00, 2, 2, 0, 0), (0xA702, 0, 2, 2, 0))

    assert counts.done == 2
    assert {failure.reason for failure in counts.failures()} == {
        "A702 out of resources: unable to perform sub-operations"
    }


def test_what_we_refused_ourselves_is_not_reported_twice() -> None:
    counts = Counts()
    counts.note(LINK, answer_of(response(0xB000, 0, 1, 3, 0), failed_list("1.1", "1.2")))
    ours = [ItemFailure("1.1", "C000 cannot understand")]

    assert [failure.sop_instance_uid for failure in counts.failures(ours)] == ["1.1", "1.2", ""]
