"""A saved AE title, address or port is the one we receive at from then on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.peers import HOST, free_port
from workstation.app import open_workplace
from workstation.domain.errors import PeerUnreachable, PortInUse, WorkstationError
from workstation.domain.node import LocalAe, Node
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse.client import DimseClient
from workstation.services.workplace import Workplace
from workstation.settings import Folders, Settings, load

SENDER = Node("sender", "SENDER", HOST, 104)


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    """Of a window that receives."""
    settings = Settings(local=LocalAe(port=free_port()), nodes=(SENDER,))
    with open_workplace(Folders(tmp_path / "config", tmp_path / "data"), settings) as opened:
        opened.listener.start()
        yield opened


def answers(local: LocalAe) -> bool:
    """Whether we can be reached there."""
    try:
        DimseClient(LocalAe("SENDER")).echo(Node("us", local.ae_title, local.host, local.port), Cancellation())
    except PeerUnreachable:
        return False
    return True


def test_we_receive_at_the_address_that_was_saved(workplace: Workplace) -> None:
    before = workplace.settings().local
    after = LocalAe("NEWNAME", before.host, free_port())

    workplace.save_settings(replace(workplace.settings(), local=after))

    assert (answers(after), answers(before)) == (True, False)
    assert workplace.listener.start() == after


def test_we_receive_no_longer_when_that_was_saved_and_again_when_asked(workplace: Workplace) -> None:
    settings = workplace.settings()

    workplace.save_settings(replace(settings, listen=False))
    assert not answers(settings.local)
    workplace.save_settings(settings)
    assert answers(settings.local)


def test_a_taken_port_is_told_though_the_settings_are_saved(workplace: Workplace) -> None:
    with socket.create_server((HOST, 0)) as other:
        changed = replace(workplace.settings(), local=LocalAe(port=other.getsockname()[1]))
        with pytest.raises(PortInUse):
            workplace.save_settings(changed)

    assert workplace.settings() == load(workplace.folders) == changed
    free = replace(changed, local=LocalAe(port=free_port()))
    workplace.save_settings(free)
    assert answers(free.local)


def test_other_settings_leave_what_arrives_alone(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped() -> None:
        raise WorkstationError

    with monkeypatch.context() as patched:
        patched.setattr(workplace.listener, "stop", stopped)
        workplace.save_settings(replace(workplace.settings(), nodes=()))

    assert workplace.listener.running
