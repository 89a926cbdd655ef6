"""What app.py needs for the demo: a running PACS, and the node it is known by."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pynetdicom_peers import Receiver, Scu, move, study_of
from workstation.demo.sop_classes import VERIFICATION
from workstation.demo.story import start_demo
from workstation.domain.node import LocalAe


def test_the_node_of_the_demo_answers_and_is_searched_with_its_worklist(samples: Path, scu: Scu) -> None:
    session = start_demo(LocalAe(), samples)
    try:
        node = session.node
        assert (node.name, node.searched, node.worklist) == ("DEMOPACS", True, True)
        assert node.port == session.pacs.port > 0
        with scu.association(session.pacs, VERIFICATION, called=node.ae_title) as association:
            assert association.send_c_echo().Status == 0x0000
    finally:
        session.stop()


@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"])
def test_it_knows_the_workstation_as_a_destination(samples: Path, scu: Scu, receiver: Receiver, bound: str) -> None:
    session = start_demo(LocalAe("RECEIVER", bound, receiver.port), samples)
    try:
        statuses = move(session.pacs, scu, study_of(session.pacs, "7780021"), "RECEIVER")
        assert statuses[-1].NumberOfCompletedSuboperations == 1
    finally:
        session.stop()
