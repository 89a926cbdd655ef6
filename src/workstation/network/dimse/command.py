"""Command sets as bytes and back (PS3.7 6.3, annex E): implicit VR little endian, group 0000 only.

pynetdicom makes a Dataset of each and decodes it element by element, which for a small image takes longer than
its transfer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from io import BytesIO

from workstation.network.upper_layer import DataSink, DataSource, Garbled, Transfer

_HEADER = struct.Struct("<HHI")
_US = struct.Struct("<H")

AFFECTED_SOP_CLASS = 0x0002
REQUESTED_SOP_CLASS = 0x0003
COMMAND_FIELD = 0x0100
MESSAGE_ID = 0x0110
RESPONDED_TO = 0x0120
MOVE_DESTINATION = 0x0600
PRIORITY = 0x0700
DATA_SET_TYPE = 0x0800
STATUS = 0x0900
ERROR_COMMENT = 0x0902
AFFECTED_SOP_INSTANCE = 0x1000
REQUESTED_SOP_INSTANCE = 0x1001
EVENT_TYPE = 0x1002
REMAINING, COMPLETED, FAILED, WARNING = 0x1020, 0x1021, 0x1022, 0x1023

C_STORE_RQ, C_GET_RQ, C_ECHO_RQ, N_EVENT_REPORT_RQ, C_CANCEL_RQ = 0x0001, 0x0010, 0x0030, 0x0100, 0x0FFF
C_FIND_RQ = 0x0020
RESPONSE = 0x8000  # set in the field of every response
NO_DATA_SET, WITH_DATA_SET = 0x0101, 0x0000
MEDIUM = 0x0000


class Command:
    """One command set; numbers and UIDs by their element number, None or "" where they are absent."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[int, bytes]) -> None:
        self._values = values

    @classmethod
    def decode(cls, data: bytes) -> Command:
        """Raises ValueError where `data` is no command set."""
        values = {}
        place = 0
        while place < len(data):
            if place + 8 > len(data):
                raise ValueError("a command set that ends in an element")
            group, element, length = _HEADER.unpack_from(data, place)
            place += 8
            if group or place + length > len(data):
                raise ValueError("no command set")
            values[element] = data[place : place + length]
            place += length
        return cls(values)

    def number(self, element: int) -> int | None:
        value = self._values.get(element, b"")
        return _US.unpack(value)[0] if len(value) == 2 else None

    def text(self, element: int) -> str:
        return self._values.get(element, b"").decode("ascii", "replace").strip(" \0")

    def raw(self, element: int) -> bytes:
        return self._values.get(element, b"")

    @property
    def field(self) -> int | None:
        return self.number(COMMAND_FIELD)

    @property
    def has_data_set(self) -> bool:
        return self.number(DATA_SET_TYPE) not in (NO_DATA_SET, None)

    @property
    def status(self) -> int | None:
        return self.number(STATUS)


def encode(values: Mapping[int, int | str | bytes]) -> bytes:
    """`values` with their group length in front, in the order of their elements."""
    parts = []
    for element in sorted(values):
        value = values[element]
        raw = _raw(value)
        if len(raw) % 2:
            raw += b" " if element in (MOVE_DESTINATION, ERROR_COMMENT) else b"\0"
        parts.append(_HEADER.pack(0, element, len(raw)) + raw)
    body = b"".join(parts)
    return _HEADER.pack(0, 0, 4) + struct.pack("<I", len(body)) + body


def _raw(value: int | str | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    return _US.pack(value) if isinstance(value, int) else value.encode("ascii")


def store_request(message_id: int, sop_class: str, sop_instance: str) -> bytes:
    """C-STORE-RQ (PS3.7 9.3.1.1)."""
    return encode(
        {
            AFFECTED_SOP_CLASS: sop_class,
            COMMAND_FIELD: C_STORE_RQ,
            MESSAGE_ID: message_id,
            PRIORITY: MEDIUM,
            DATA_SET_TYPE: WITH_DATA_SET,
            AFFECTED_SOP_INSTANCE: sop_instance,
        }
    )


def get_request(message_id: int, sop_class: str) -> bytes:
    """C-GET-RQ (PS3.7 9.3.3.1)."""
    return encode(
        {
            AFFECTED_SOP_CLASS: sop_class,
            COMMAND_FIELD: C_GET_RQ,
            MESSAGE_ID: message_id,
            PRIORITY: MEDIUM,
            DATA_SET_TYPE: WITH_DATA_SET,
        }
    )


def find_request(message_id: int, sop_class: str) -> bytes:
    """C-FIND-RQ (PS3.7 9.3.2.1)."""
    return encode(
        {
            AFFECTED_SOP_CLASS: sop_class,
            COMMAND_FIELD: C_FIND_RQ,
            MESSAGE_ID: message_id,
            PRIORITY: MEDIUM,
            DATA_SET_TYPE: WITH_DATA_SET,
        }
    )


def cancel_request(message_id: int) -> bytes:
    """C-CANCEL-RQ for the operation `message_id` (PS3.7 9.3.2.3)."""
    return encode({COMMAND_FIELD: C_CANCEL_RQ, RESPONDED_TO: message_id, DATA_SET_TYPE: NO_DATA_SET})


def response(request: Command, status: int) -> bytes:
    """The response without a data set to `request`, with its UIDs (PS3.7 9.3, 10.3)."""
    values: dict[int, int | str | bytes] = {
        COMMAND_FIELD: (request.field or 0) | RESPONSE,
        RESPONDED_TO: request.number(MESSAGE_ID) or 0,
        DATA_SET_TYPE: NO_DATA_SET,
        STATUS: status,
    }
    for element in (AFFECTED_SOP_CLASS, AFFECTED_SOP_INSTANCE):
        if value := request.raw(element):
            values[element] = value  # as it came: what is no UID at all is no reason to fall silent
    if (event := request.number(EVENT_TYPE)) is not None:
        values[EVENT_TYPE] = event
    return encode(values)


class MemorySink(DataSink):
    """A small data set: an identifier, or what an N-EVENT-REPORT tells."""

    def __init__(self, most_bytes: int = 64 * 1024 * 1024) -> None:
        self._most_bytes = most_bytes
        self._buffer = BytesIO()
        self.too_long = False

    def write(self, parts: list[memoryview]) -> None:
        for part in parts:
            if self._buffer.tell() + len(part) > self._most_bytes:
                self.too_long = True
                return
            self._buffer.write(part)

    @property
    def value(self) -> bytes:
        return self._buffer.getvalue()


OpenSink = Callable[[int, Command], DataSink]  # presentation context ID, command -> where its data set goes


class Messages:
    """DIMSE messages over a transfer (PS3.7 6.3, PS3.8 annex E)."""

    def __init__(self, transfer: Transfer, open_sink: OpenSink) -> None:
        self.transfer = transfer
        self._open_sink = open_sink

    def receive(self, wait_s: float) -> tuple[int, Command, DataSink | None]:
        """The next message: its presentation context, its command, and its data set. Raises AssociationEnded."""
        command = Command({})

        def opened(context_id: int, data: bytes) -> DataSink | None:
            nonlocal command
            try:
                command = Command.decode(data)
            except ValueError as error:
                self.transfer.abort()
                raise Garbled(str(error)) from error
            return self._open_sink(context_id, command) if command.has_data_set else None

        context_id, _, sink = self.transfer.receive(opened, wait_s)
        return context_id, command, sink

    def send(self, context_id: int, command: bytes, source: DataSource | None = None, size: int = 0) -> None:
        """One message. Raises AssociationEnded, and OSError for what `source` does."""
        self.transfer.send(context_id, command, source, size)


def in_memory(_context_id: int, _command: Command) -> MemorySink:
    """For associations on which nothing large comes back."""
    return MemorySink()
