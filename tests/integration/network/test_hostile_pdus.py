"""What is said on an established association, by chance or on purpose wrong, told to our storage SCP (PS3.8 9.3.5)."""

from __future__ import annotations

import random
import socket
import struct
import tracemalloc
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.support.hostile_pdus import answer, conversation, data_set, echo, pdu, pdus_of, pdv, spoiled, store
from tests.support.inbox import FolderInbox
from workstation.network import upper_layer
from workstation.network.dimse import command
from workstation.network.upper_layer import Stalled, Transfer

PDUS = 100_000
UID = "1.2.276.1.5"
ABORT = 7
LARGEST = 0xFFFFFFFF
STORE = command.store_request(1, "1.2.840.10008.5.1.4.1.1.2", UID)
NESTED = 60_000


@pytest.fixture
def inbox(tmp_path: Path) -> FolderInbox:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return FolderInbox(folder)


def test_a_hundred_thousand_spoiled_pdus_end_in_answers_and_leave_nothing(inbox: FolderInbox) -> None:
    chance = random.Random(20261124)
    told = stored = aborted = 0
    while told < PDUS:
        said = spoiled(conversation(chance), chance)
        told += len(said)
        answered = pdus_of(answer(b"".join(said), inbox.delivery("hostile")))
        aborted += answered[-1:] == [ABORT]
        assert set(inbox.files) == set(inbox.taken)
        for path in inbox.taken:
            path.unlink()
        stored += len(inbox.taken)
        inbox.taken.clear()

    assert stored > 1000 < aborted  # or the spoiling has become too good


def element(number: int, length: int) -> bytes:
    return struct.pack("<HHI", 0, number, length)


@pytest.mark.parametrize(
    "said",
    [
        pdu(4, b"\0" * 100, LARGEST),
        pdu(5, b"\0" * 4, LARGEST),
        pdu(4, pdv(1, 3, b"\0" * 100, LARGEST)),
        pdu(4, pdv(1, 3, STORE, 0)),
        pdu(4, pdv(1, 3, element(0x0002, LARGEST) + b"1.2.3")),
        pdu(4, pdv(1, 3, element(0, LARGEST) + b"\0" * 4)),
        pdu(4, pdv(1, 3, STORE)) + pdu(4, pdv(1, 0, b"\0" * 100, LARGEST)),
        pdu(4, pdv(1, 1, b"\0" * 1000)) * 66,
        pdu(4, pdv(1, 2, b"\0" * 1000)),
        pdu(4, pdv(1, 3, STORE)) * 2,
        pdu(4, pdv(1, 3, STORE)) + pdu(4, pdv(3, 2, b"\0" * 10)),
        pdu(1, b"\0" * 68),
        pdu(99, b""),
    ],
)
def test_a_length_beyond_reason_or_a_message_out_of_turn_is_aborted_and_costs_no_memory(
    inbox: FolderInbox, said: bytes
) -> None:
    tracemalloc.start()
    try:
        answered = answer(said, inbox.delivery("hostile"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert pdus_of(answered)[-1] == ABORT
    assert peak < 4 << 20
    assert inbox.files == []


def status_of(answered: bytes) -> int | None:
    return command.Command.decode(answered[12 : 6 + struct.unpack_from(">I", answered, 2)[0]]).status


def nested(levels: int, length: int | None) -> bytes:
    """`levels` sequences in one another, of undefined length or of `length` each."""
    size = LARGEST if length is None else length
    begin = struct.pack("<HH2sHI", 0x0008, 0x1115, b"SQ", 0, size) + struct.pack("<HHI", 0xFFFE, 0xE000, size)
    return begin * levels


@pytest.mark.parametrize(
    "more",
    [
        struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, 0xFFFFFFFE) + b"\0" * 100,
        struct.pack("<HH2sHI", 0x0020, 0x4000, b"LT", 0, 0xFFFF) + b"x",
        struct.pack("<HH2sHI", 0x0009, 0x1001, b"UN", 0, 0xFFFFFFFE) + b"x",
        nested(NESTED, None),
        nested(NESTED, 0xFFFFFFF0),
        struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, LARGEST) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFF0),
    ],
    ids=["pixels", "text", "private", "deep", "deep-4GiB", "fragment"],
)
@pytest.mark.parametrize("where", ["after", "before"])
def test_a_data_set_that_promises_four_gigabytes_or_endless_depth_is_taken_or_refused(
    inbox: FolderInbox, more: bytes, where: str
) -> None:
    whole = data_set(UID, more)
    identified = len(whole) - len(more)
    data = whole if where == "after" else more + whole[:identified]
    tracemalloc.start()
    try:
        answered = answer(b"".join(store(UID, data)) + b"".join(echo()), inbox.delivery("hostile"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert status_of(answered) in (0x0000, 0xA900, 0xC000)
    assert pdus_of(answered) == [4, 4, ABORT]  # the answer, that to the echo, and the end without a release
    assert peak < 64 << 20
    assert set(inbox.files) == set(inbox.taken)


@pytest.mark.parametrize("uid", ["../../../tmp/x", "/etc/passwd", "1.2.3\\..\\x", "", "1." * 40 + "1", "..", "1.2/3"])
def test_a_uid_that_would_be_a_path_is_refused(inbox: FolderInbox, uid: str) -> None:
    request = command.store_request(1, "1.2.840.10008.5.1.4.1.1.2", uid)

    answered = answer(pdu(4, pdv(1, 3, request) + pdv(1, 2, data_set(uid))), inbox.delivery("hostile"))

    assert status_of(answered) == 0xA900
    assert inbox.files == []


def test_a_uid_of_no_character_set_is_answered_as_it_came(inbox: FolderInbox) -> None:
    said = echo()[0].replace(b"1.2.840", b"1.2.\xff40")

    answered = answer(said, inbox.delivery("hostile"))

    assert status_of(answered) == 0x0000
    assert b"1.2.\xff40" in answered


def test_what_is_stored_amid_nonsense_is_what_was_sent(inbox: FolderInbox) -> None:
    data = data_set(UID)
    pieces = b"".join(store(UID, data, piece=1)) + b"".join(echo()) + pdu(99, b"nonsense")

    assert status_of(answer(pieces, inbox.delivery("hostile"))) == 0x0000
    [path] = inbox.files
    assert path.read_bytes().endswith(data)
    assert str(dcmread(path).SOPInstanceUID) == UID


def test_a_pdu_that_only_drips_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upper_layer, "PDU_S", 0.2)
    theirs, ours = socket.socketpair()
    with theirs, ours:
        theirs.sendall(pdu(4, struct.pack(">IBB", (1 << 16) - 4, 1, 3), 1 << 16))
        transfer = Transfer(_Dripping(ours, theirs), 0)  # type: ignore[arg-type]
        with pytest.raises(Stalled):
            transfer.receive(lambda *_: None, 10)


class _Dripping:
    """A connection whose peer says one byte more whenever it is read."""

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        self._ours, self._theirs = ours, theirs

    def setsockopt(self, *_: object) -> None:
        """No TCP."""

    def recv_into(self, buffer: memoryview) -> int:
        count = self._ours.recv_into(buffer)
        self._theirs.sendall(b"\0")
        return count

    def __getattr__(self, name: str) -> object:
        return getattr(self._ours, name)
