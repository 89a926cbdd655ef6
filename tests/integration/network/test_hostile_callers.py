"""Callers that mean no good, or nothing at all: the listener keeps serving the good ones (PS3.8 9.2)."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.inbox import FolderInbox
from workstation.domain.node import LocalAe, Node
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse.client import DimseClient
from workstation.network.listener import StorageListener
from workstation.network.waiting_room import WaitingRoom


@pytest.fixture
def us(tmp_path: Path) -> Iterator[LocalAe]:
    listener = StorageListener(
        lambda: LocalAe("HOST", "127.0.0.1", 0), FolderInbox(tmp_path), lambda: frozenset({"FRIEND"})
    )
    yield listener.start()
    listener.stop()


def echo(us: LocalAe) -> None:
    node = Node("host", us.ae_title, us.host, us.port, response_timeout_s=20)
    DimseClient(LocalAe("FRIEND")).echo(node, Cancellation())


def test_a_thousand_silent_connections_keep_nobody_out(us: LocalAe) -> None:
    with ExitStack() as silent:
        before = threading.active_count()
        for _ in range(1000):
            silent.enter_context(socket.create_connection((us.host, us.port)))

        echo(us)

        assert threading.active_count() < before + 10


@pytest.mark.parametrize(
    "words",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        struct.pack(">BxI", 1, 0xFFFFFFFF),
        struct.pack(">BxI", 4, 12) + b"\0" * 12,
        struct.pack(">BxI", 1, 68) + b"\xff" * 68,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 60,
    ],
)
def test_nonsense_instead_of_an_association_disturbs_nobody(us: LocalAe, words: bytes) -> None:
    with socket.create_connection((us.host, us.port)) as caller:
        caller.sendall(words)
        echo(us)


def test_who_says_nothing_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    admitted: list[socket.socket] = []
    room = WaitingRoom(lambda connection, _: admitted.append(connection), patience_s=0.1, seats=10, largest=1000)
    ours, theirs = socket.socketpair()
    room.enter(theirs, ("peer", 1))

    ours.settimeout(20)
    assert ours.recv(1) == b""
    assert not admitted
    room.close()
    ours.close()


def test_where_all_seats_are_taken_the_oldest_has_to_go() -> None:
    room = WaitingRoom(lambda connection, _: None, patience_s=60, seats=2, largest=1000)
    pairs = [socket.socketpair() for _ in range(3)]
    for _, theirs in pairs:
        room.enter(theirs, ("peer", 1))

    pairs[0][0].settimeout(20)
    assert pairs[0][0].recv(1) == b""
    room.close()
    for ours, _ in pairs:
        ours.close()
