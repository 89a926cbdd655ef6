from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fake_archive import FakeArchive
from tests.support.fake_peers import NODE, WEB_NODE, WEB_ONLY, FakeContext, FakePeer
from workstation.domain.errors import PeerTimedOut, PeerUnreachable, WebFailure, WorkstationError
from workstation.domain.node import Node
from workstation.jobs.runner import Outcome
from workstation.services.echo import EchoNode, run_echo


def echo(
    folder: Path, node: Node, dimse: WorkstationError | None = None, web: WorkstationError | None = None
) -> Outcome:
    archive = FakeArchive(folder)
    peers = [FakePeer(archive, errors={"echo": error} if error else {}) for error in (dimse, web)]
    return run_echo(EchoNode("PACS"), FakeContext(), find_node={"PACS": node}.get, dimse=peers[0], web=peers[1])


def test_each_configured_way_is_tried(tmp_path: Path) -> None:
    assert echo(tmp_path, NODE).result.web is None
    assert echo(tmp_path, WEB_ONLY).result.dimse is None
    both = echo(tmp_path, WEB_NODE)
    assert both.result.dimse and both.result.web
    assert not both.partly


def test_one_way_of_two_is_partly_done(tmp_path: Path) -> None:
    outcome = echo(tmp_path, WEB_NODE, web=WebFailure(node="PACS", status="404"))
    assert outcome.partly
    assert isinstance(outcome.error, WebFailure)
    assert outcome.result.dimse


def test_no_way_at_all_raises_the_first_error(tmp_path: Path) -> None:
    with pytest.raises(PeerUnreachable):
        echo(tmp_path, WEB_NODE, dimse=PeerUnreachable(node="PACS"), web=PeerTimedOut(node="PACS"))
