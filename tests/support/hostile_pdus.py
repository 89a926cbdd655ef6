"""What a hostile or broken peer may say on an association: good conversations, and what becomes of them by chance."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable

from pydicom.uid import generate_uid

from workstation.network.dimse import command
from workstation.network.dimse.serving import Serving
from workstation.network.upper_layer import Transfer
from workstation.services.ports import Delivery

CONTEXTS = {
    1: ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"),
    3: ("1.2.840.10008.1.1", "1.2.840.10008.1.2"),
    5: ("1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.1.2"),
}
_CT, _SYNTAX = CONTEXTS[1]
_FIXED = (b"\x05\0\0\0\0\x04\0\0\0\0", b"\x06\0\0\0\0\x04\0\0\0\0", b"\x07\0\0\0\0\x04\0\0\x02\x02")
_FITS = 1 << 16  # into the buffer of a connection
_TELLING = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\xfe", b"\0\0\0\1", b"\x7f\xff\xff\xff", b"\x80\0\0\0")


class _Local(socket.socket):
    """One end of a pair that is no TCP connection, which is asked for quick acknowledgements all the same."""

    def setsockopt(self, *_: object) -> None:
        """There are none."""


def pdu(kind: int, body: bytes, length: int | None = None) -> bytes:
    return struct.pack(">BxI", kind, len(body) if length is None else length) + body


def pdv(context_id: int, control: int, data: bytes, length: int | None = None) -> bytes:
    return struct.pack(">IBB", len(data) + 2 if length is None else length, context_id, control) + data


def data_set(sop_instance: str, more: bytes = b"") -> bytes:
    """A small explicit VR little endian one that identifies itself."""
    return b"".join(
        struct.pack("<HH2sH", group, element, vr, len(value)) + value
        for group, element, vr, value in (
            (0x0008, 0x0016, b"UI", _even(_CT)),
            (0x0008, 0x0018, b"UI", _even(sop_instance)),
            (0x0010, 0x0010, b"PN", b"A^B "),
            (0x0020, 0x000D, b"UI", _even("1.2.3")),
            (0x0020, 0x000E, b"UI", _even("1.2.3.4")),
        )
    ) + (more or struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, 8) + b"\1" * 8)


def store(sop_instance: str, data: bytes, piece: int = 1 << 14, context_id: int = 1) -> list[bytes]:
    """The PDUs of one C-STORE-RQ."""
    pieces = [data[start : start + piece] for start in range(0, len(data), piece)] or [b""]
    request = command.store_request(7, _CT, sop_instance)
    return [pdu(4, pdv(context_id, 3, request))] + [
        pdu(4, pdv(context_id, 2 if number == len(pieces) - 1 else 0, part)) for number, part in enumerate(pieces)
    ]


def echo(context_id: int = 3) -> list[bytes]:
    values: dict[int, int | str] = {
        command.AFFECTED_SOP_CLASS: "1.2.840.10008.1.1",
        command.COMMAND_FIELD: command.C_ECHO_RQ,
        command.MESSAGE_ID: 1,
        command.DATA_SET_TYPE: command.NO_DATA_SET,
    }
    return [pdu(4, pdv(context_id, 3, command.encode(values)))]


def association_request(contexts: int = 3, called: bytes = b"HOST", calling: bytes = b"FRIEND") -> bytes:
    """An A-ASSOCIATE-RQ (PS3.8 9.3.2) for C-ECHO and storage."""
    items = item(0x10, b"1.2.840.10008.3.1.1.1")
    for number in range(contexts):
        abstract, transfer = CONTEXTS[1 + 2 * (number % 3)]
        proposed = item(0x30, abstract.encode()) + item(0x40, transfer.encode())
        items += item(0x20, bytes([1 + 2 * number & 0xFF, 0, 0, 0]) + proposed)
    user = item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3.4") + item(0x55, b"HOSTILE")
    user += item(0x54, struct.pack(">H", len(_CT)) + _CT.encode() + b"\1\1")
    items += item(0x50, user)
    return pdu(1, struct.pack(">HH", 1, 0) + called.ljust(16) + calling.ljust(16) + b"\0" * 32 + items)


def item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content) & 0xFFFF) + content


def conversation(chance: random.Random) -> list[bytes]:
    """Some messages of a peer, most of them good until somebody spoils them, as PDUs."""
    said: list[bytes] = []
    for _ in range(chance.randint(1, 5)):
        uid = generate_uid(entropy_srcs=[str(chance.random())])
        kind = chance.randrange(5)
        if kind == 0:
            said += echo()
        elif kind == 1:  # command and data set in one PDU
            parts = pdv(1, 3, command.store_request(1, _CT, uid)) + pdv(1, 2, data_set(uid))
            said.append(pdu(4, parts))
        elif kind == 2:
            said.append(pdu(chance.randrange(256), chance.randbytes(chance.randrange(40))))
        else:
            said += store(uid, data_set(uid), chance.choice((30, 1 << 14, 1 << 14)))
    return [*said, chance.choice(_FIXED)]


def spoiled(said: list[bytes], chance: random.Random) -> list[bytes]:
    """`said` with something wrong: bytes, lengths, the order, an end too early."""
    for spoil in chance.choices(_SPOILS, k=chance.randint(1, 2)):
        said = [part for part in spoil(list(said), chance) if part] or [b"\0"]
    return said


def answer(said: bytes, delivery: Delivery, contexts: dict[int, tuple[str, str]] = CONTEXTS) -> bytes:
    """Our storage SCP told `said` on an established association; what it answered. Raises what it should not raise."""
    theirs, plain = socket.socketpair()
    with theirs, _Local(fileno=plain.detach()) as ours:
        if len(said) < _FITS:
            _say(theirs, said)
        else:
            threading.Thread(target=_say, args=(theirs, said), daemon=True).start()
        Serving(Transfer(ours, 16384), contexts, delivery, lambda _: None).run(1.0)
        ours.shutdown(socket.SHUT_RDWR)
        answered = b""
        while more := theirs.recv(1 << 16):
            answered += more
        return answered


def _say(connection: socket.socket, said: bytes) -> None:
    with contextlib.suppress(OSError):  # nobody has to listen to the end
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)


def pdus_of(said: bytes) -> list[int]:
    """The types of the PDUs in `said`; ValueError where it is no sequence of whole ones."""
    kinds, place = [], 0
    while place < len(said):
        if len(said) - place < 6:
            raise ValueError("a PDU that ends in its header")
        kind, length = struct.unpack_from(">BxI", said, place)
        place += 6 + length
        kinds.append(kind)
    if place != len(said):
        raise ValueError("a PDU that is too short")
    return kinds


def _any_bytes(said: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(said))
    changed = bytearray(said[place])
    for _ in range(chance.choice((1, 1, 2, 8))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    said[place] = bytes(changed)
    return said


def _a_header(said: list[bytes], chance: random.Random) -> list[bytes]:
    """The bytes that say what follows: of a PDU, a PDV, or a command set's first elements."""
    place = chance.randrange(len(said))
    changed = bytearray(said[place])
    changed[chance.randrange(min(40, len(changed)))] = chance.choice((0, 1, 2, 3, 4, 0x7F, 0x80, 0xFF))
    said[place] = bytes(changed)
    return said


def _a_length(said: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(said))
    changed = bytearray(said[place])
    where = chance.choice((2, 6, chance.randrange(len(changed))))
    changed[where : where + 4] = chance.choice(_TELLING)
    said[place] = bytes(changed)
    return said


def _cut(said: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(said))
    return [*said[:place], said[place][: chance.randrange(len(said[place]))]]


def _missing(said: list[bytes], chance: random.Random) -> list[bytes]:
    del said[chance.randrange(len(said))]
    return said or [b"\0"]


def _twice(said: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(said))
    return said[: place + 1] + said[place:]


def _shuffled(said: list[bytes], chance: random.Random) -> list[bytes]:
    chance.shuffle(said)
    return said


def _noise(said: list[bytes], chance: random.Random) -> list[bytes]:
    said.insert(chance.randrange(len(said)), chance.randbytes(chance.randrange(1, 200)))
    return said


_SPOILS: tuple[Callable[[list[bytes], random.Random], list[bytes]], ...] = (
    _any_bytes,
    _a_header,
    _a_length,
    _cut,
    _missing,
    _twice,
    _shuffled,
    _noise,
)


def _even(uid: str) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)
