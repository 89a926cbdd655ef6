"""Every rejection, abort and status that a peer can answer, on the command line: each in words of its own."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator

import pytest
from pydicom import Dataset

from tests.journeys.conftest import HEAD
from tests.support.command_line import CommandLine, Ended
from tests.support.peers import ScriptedPeer, free_port, p_data

UID = "1.2.276.0.7230010.3.1.2.1"
_FIND, _GET, _MOVE, _STORE = 0x0020, 0x0010, 0x0021, 0x0001


def rejecting(result: int, source: int, reason: int) -> Callable[[ScriptedPeer, socket.socket], None]:
    """An A-ASSOCIATE-RJ (PS3.8 9.3.4)."""

    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        peer.read_pdu(connection)
        connection.sendall(struct.pack(">BBLBBBB", 3, 0, 4, 0, result, source, reason))
        connection.recv(1)

    return script


def aborting(source: int, reason: int, *, associated: bool) -> Callable[[ScriptedPeer, socket.socket], None]:
    """An A-ABORT (PS3.8 9.3.8), instead of an answer to the association or to the first request on it."""

    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        if associated:
            peer.associate(connection)
        peer.read_pdu(connection)
        connection.sendall(struct.pack(">BBLBBBB", 7, 0, 4, 0, 0, source, reason))
        connection.recv(1)

    return script


def _fragments(body: bytes) -> Iterator[tuple[int, int, bytes]]:
    while body:
        length, context, control = struct.unpack(">LBB", body[:6])
        yield context, control, body[6 : 4 + length]
        body = body[4 + length :]


def _number(command: bytes, element: int) -> int:
    """The value of (0000,`element`), US."""
    place = command.index(struct.pack("<HHL", 0, element, 2)) + 8
    return int(struct.unpack("<H", command[place : place + 2])[0])


def answering(statuses: dict[int, int], comment: str = "") -> Callable[[ScriptedPeer, socket.socket], None]:
    """A status for each request by its Command Field; success for the others."""

    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        peer.associate(connection)
        command = b""
        while True:
            kind, body = peer.read_pdu(connection)
            if kind == 5:
                connection.sendall(struct.pack(">BBLL", 6, 0, 4, 0))
                return
            if kind != 4:
                return
            for context, control, content in _fragments(body):
                if control & 1:
                    command += content
                elif control & 2:
                    connection.sendall(p_data(context, _response(command, statuses, comment), None))
                    command = b""

    return script


def _response(request: bytes, statuses: dict[int, int], comment: str) -> Dataset:
    asked = _number(request, 0x0100)
    response = Dataset()
    response.CommandField = asked | 0x8000
    response.MessageIDBeingRespondedTo = _number(request, 0x0110)
    response.Status = statuses.get(asked, 0)
    if comment:
        response.ErrorComment = comment
    return response


@pytest.fixture
def answered(workstation: CommandLine) -> Callable[..., Ended]:
    """What a command says of a peer with a script."""

    def ask(script: Callable[[ScriptedPeer, socket.socket], None], verb: str, *options: object) -> Ended:
        workstation.change("local.port", free_port())
        with ScriptedPeer(script) as peer:
            workstation.add(peer.node(name="peer", web_url="", response_timeout_s=5.0))
            return workstation(verb, "peer", *options)

    return ask


REJECTIONS = {
    (1, 1, 1): "It gave no reason",
    (1, 1, 2): "pplication context name not supported",
    (1, 1, 3): "does not know this workstation",
    (1, 1, 7): "it is not the system we called",
    (1, 2, 1): "It gave no reason",
    (1, 2, 2): "rotocol version not supported",
    (2, 3, 1): "takes no more connections at the moment",
    (2, 3, 2): "takes no more connections at the moment",
}


@pytest.mark.parametrize("rejection", REJECTIONS)
def test_a_rejection_says_its_reason(rejection: tuple[int, int, int], answered: Callable[..., Ended]) -> None:
    ended = answered(rejecting(*rejection), "echo")
    assert ended.status == 1
    assert REJECTIONS[rejection] in ended.err
    assert "What to do:" in ended.err


@pytest.mark.parametrize("associated", [False, True], ids=["negotiating", "associated"])
@pytest.mark.parametrize("source", [0, 2], ids=["service-user", "service-provider"])
def test_an_abort_says_that_the_connection_broke(associated: bool, source: int, answered: Callable[..., Ended]) -> None:
    ended = answered(aborting(source, 1, associated=associated), "echo")
    assert ended.status == 1
    assert "was lost during" in ended.err
    assert "That system ended it or was stopped" in ended.err


RETRIEVALS = {
    0xA701: "no resources left",
    0xA702: "no resources left",
    0xA801: "does not know the AE title WORKSTATION",
    0xA900: "does not fit the request",
    0xB000: "of the instances are here",
    0xC000: "Ask its administrator to enter this workstation",
    0xC123: "Ask its administrator to enter this workstation",
    0x0122: "does not support this kind",
    0x0124: "not allowed to do that there",
    0xFE00: "It cancelled the work on its side",
}


@pytest.mark.parametrize("status", RETRIEVALS, ids=lambda status: f"{status:04X}")
def test_a_status_of_a_retrieval_has_its_sentence(status: int, answered: Callable[..., Ended]) -> None:
    script = answering({_FIND: 0xA700, _MOVE: status}, "look here")
    ended = answered(script, "retrieve", "--study", UID, "--method", "move")
    assert ended.status in (1, 3)
    assert RETRIEVALS[status] in ended.err


QUERIES = {
    0xA700: "no resources left",
    0xA900: "does not fit the request",
    0xC001: "could not process the request",
    0x0122: "does not support this kind",
    0xFE00: "It cancelled the work on its side",
}


@pytest.mark.parametrize("status", QUERIES, ids=lambda status: f"{status:04X}")
def test_a_status_of_a_query_has_its_sentence(status: int, answered: Callable[..., Ended]) -> None:
    ended = answered(answering({_FIND: status}, "look here"), "find", "--where", "PatientID=1")
    assert ended.status == 1
    assert QUERIES[status] in ended.err
    assert f"status {status:04X}" in ended.err
    assert "look here" in ended.err


STORES = {
    0xA700: "out of resources",
    0xA900: "data set does not match SOP class",
    0xC000: "cannot understand",
    0x0122: "SOP class not supported",
    0x0124: "not authorized",
}


@pytest.mark.parametrize("status", STORES, ids=lambda status: f"{status:04X}")
def test_a_status_of_sending_has_its_sentence(status: int, answered: Callable[..., Ended]) -> None:
    ended = answered(answering({_STORE: status}), "send", HEAD[0])
    assert ended.status in (1, 3)
    assert STORES[status] in ended.err


@pytest.mark.parametrize("status", [0xB000, 0xB006, 0xB007], ids=lambda status: f"{status:04X}")
def test_stored_with_a_warning_is_neither_a_failure_nor_silent(status: int, answered: Callable[..., Ended]) -> None:
    ended = answered(answering({_STORE: status}), "send", HEAD[0])
    assert ended.status == 0
    assert f"Warning: {status:04X}" in ended.err or f"{status:04X}" in ended.err
