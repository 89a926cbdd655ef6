from __future__ import annotations

from pathlib import Path

from tests.support.fake_archive import FakeArchive
from tests.support.fake_peers import NODE, STUDY, FakeContext, FakePeer
from workstation.services.move import MoveResult, MoveStudy, run_move


def test_a_node_sends_to_another_one_and_its_counts_are_told(tmp_path: Path) -> None:
    peer = FakePeer(FakeArchive(tmp_path))
    command = MoveStudy(NODE.name, STUDY, "THIRD")

    outcome = run_move(command, FakeContext(), find_node={NODE.name: NODE}.get, dimse=peer)  # type: ignore[arg-type]

    assert outcome.result == MoveResult("THIRD", 1, 1, 0)
    assert peer.sent_to == ["THIRD"]
