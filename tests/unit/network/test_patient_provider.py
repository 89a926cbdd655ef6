"""Who gets a message: the reactor, or the requester that has paused it."""

from __future__ import annotations

import pytest
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE

from workstation.network.dimse.patience import PatientProvider


@pytest.fixture
def association() -> Association:
    return Association(AE(), "requestor")


def test_a_paused_reactor_takes_no_answer_away_from_the_requester(association: Association) -> None:
    provider, answer = PatientProvider(association), (1, C_STORE())
    association._reactor_checkpoint.clear()
    provider.msg_queue.put(answer)

    assert provider.get_msg() == (None, None)
    assert provider.get_msg(block=True) == answer


def test_a_running_reactor_takes_the_requests_of_the_peer(association: Association) -> None:
    provider, request = PatientProvider(association), (1, C_STORE())
    association._reactor_checkpoint.set()
    provider.msg_queue.put(request)

    assert provider.get_msg() == request
