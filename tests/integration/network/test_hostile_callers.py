"""Callers that mean no good, or nothing at all: the listener keeps serving the good ones (PS3.8 9.2)."""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.support.hostile_pdus import association_request, conversation, spoiled
from tests.support.inbox import FolderInbox
from tests.support.peers import ScriptedPeer
from workstation.domain.errors import WorkstationError
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


def test_two_thousand_malformed_callers_leave_no_trace(
    us: LocalAe, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An uncaught exception of any thread fails the test by itself."""
    chance = random.Random(4)
    before, memory = threading.active_count(), _resident_kib()
    most = 0
    for number in range(CALLERS):
        with socket.create_connection((us.host, us.port)) as caller, suppress(OSError):
            caller.sendall(_malformed(chance))
        most = max(most, threading.active_count())
        if number % 400 == 399:
            echo(us)

    assert most < before + 200
    assert _resident_kib() < memory + 64 * 1024
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr().err == ""


CALLERS = 2000


def _malformed(chance: random.Random) -> bytes:
    """A request with something wrong, or a good one and nonsense after it."""
    request = association_request()
    if chance.random() < 0.05:
        return request + b"".join(spoiled(conversation(chance), chance))
    return b"".join(spoiled([request], chance))


def _resident_kib() -> int:
    """What this process has in memory now; 0 where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    return int(status.read_text().split("VmRSS:")[1].split()[0])


def test_many_that_say_one_byte_at_a_time_keep_nobody_out(us: LocalAe) -> None:
    request = association_request()
    with ExitStack() as slow:
        before = threading.active_count()
        callers = [slow.enter_context(socket.create_connection((us.host, us.port))) for _ in range(500)]
        for place in range(3):
            for caller in callers:
                caller.sendall(request[place : place + 1])
            echo(us)

            assert threading.active_count() < before + 10


@pytest.mark.parametrize("items", [128, 200, 10_000])
def test_a_request_of_ever_so_many_items_is_answered_or_refused(us: LocalAe, items: int) -> None:
    with socket.create_connection((us.host, us.port)) as caller, suppress(OSError):
        caller.settimeout(60)
        caller.sendall(association_request(items))
        assert caller.recv(1) in (b"\x02", b"\x03", b"\x07", b"")
        echo(us)


@pytest.mark.parametrize("what", ["item", "user information", "transfer syntax", "role"])
def test_lengths_within_a_request_that_go_beyond_it_are_refused(us: LocalAe, what: str) -> None:
    kind = {"item": 0x20, "user information": 0x50, "transfer syntax": 0x40, "role": 0x54}[what]
    request = bytearray(association_request())
    place = request.index(bytes([kind, 0, 0]), 74)
    request[place + 2 : place + 4] = b"\xff\xff"
    with socket.create_connection((us.host, us.port)) as caller, suppress(OSError):
        caller.settimeout(60)
        caller.sendall(request)
        assert caller.recv(1) in (b"\x02", b"\x03", b"\x07", b"")
    echo(us)


def test_malformed_answers_of_a_peer_are_its_errors_and_leave_no_thread() -> None:
    chance = random.Random(5)

    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) != b"\x01":  # we look whether it speaks TLS
            connection.close()
            return
        _, body = peer.read_pdu(connection)
        good = peer.parsed(body).acceptance()
        connection.sendall(b"".join(spoiled([good], chance)))
        connection.shutdown(socket.SHUT_WR)

    ends: Counter[str] = Counter()
    with ScriptedPeer(script) as peer:
        for _ in range(40):
            try:
                DimseClient(LocalAe("FRIEND")).echo(peer.node(response_timeout_s=1), Cancellation())
            except WorkstationError as error:
                ends[type(error).__name__] += 1

    assert ends.total() == 40


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


def test_who_says_a_word_and_no_more_is_sent_away_and_a_word_in_pieces_is_heard() -> None:
    admitted: list[bytes] = []
    heard = threading.Event()

    def admit(connection: socket.socket, _: object) -> None:
        with connection:
            admitted.append(connection.recv(1 << 16))
        heard.set()

    request = association_request()
    room = WaitingRoom(admit, patience_s=1, seats=10, largest=1000)
    (begun, theirs), (whole, also_theirs) = socket.socketpair(), socket.socketpair()
    with begun, whole:
        room.enter(theirs, ("peer", 1))
        room.enter(also_theirs, ("peer", 2))
        begun.sendall(request[:-1])
        whole.sendall(request[:3])
        whole.sendall(request[3:])

        assert heard.wait(20)
        assert admitted == [request]
        begun.settimeout(20)
        with suppress(ConnectionResetError):
            assert begun.recv(1) == b""
    room.close()


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
