"""Data transfer on an established association (PS3.8 9.2.2, state Sta6): blocking, no thread, nothing copied twice.

pynetdicom negotiates; what follows in bulk goes through here. PDUs are taken apart as they arrive, so neither
their length nor that of a message costs memory, and each wait has an end.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from io import FileIO
from typing import Protocol

from workstation.network.bounds import LARGEST_PDU, PDU_S, STALL_S
from workstation.network.connect import is_ready

_P_DATA, _RELEASE_RQ, _RELEASE_RP, _ABORT = 4, 5, 6, 7
_PDU = struct.Struct(">BxI")  # type, length (PS3.8 9.3.1)
_PDV = struct.Struct(">IBB")  # length, presentation context ID, message control header (PS3.8 9.3.5.1, E.2)
_COMMAND, _LAST = 1, 2
_BUFFER_BYTES = 512 * 1024
_LARGEST_COMMAND = 64 * 1024
_MOST_PDUS = 256  # at once; systems take 1024 pieces in one readv
_UNLIMITED_PDU = 0x20000  # what we send where the peer sets no limit
_SERVICE_USER, _SERVICE_PROVIDER = 0, 2
_UNRECOGNISED, _UNEXPECTED, _INVALID = 1, 2, 6  # reasons of A-ABORT (PS3.8 table 9-26)


class AssociationEnded(Exception):
    """The association is of no more use; the subclass says why."""


class Released(AssociationEnded):
    """The peer has asked for the release; `Transfer.confirm_release` answers it."""


class Aborted(AssociationEnded):
    """The peer sent an A-ABORT."""


class Closed(AssociationEnded):
    """The connection was closed or broke."""


class Stalled(AssociationEnded):
    """The peer was silent, or took nothing, for too long."""


class Garbled(AssociationEnded):
    """The peer broke the protocol and was told so with an A-ABORT."""


class DataSink(Protocol):
    """Takes a data set as it arrives. `parts` are valid during the call only. Never raises for what the disk says."""

    def write(self, parts: list[memoryview]) -> None: ...


class DataSource(Protocol):
    """A data set to be sent: an open binary file."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


OpenSink = Callable[[int, bytes], DataSink | None]  # context ID, command set -> where its data set goes, if it has one


class Transfer:
    """P-DATA in both directions over `connection`; `maximum_sent` is what the peer takes (PS3.8 D.1), 0 anything.

    Not for two threads at once, except that shutting the connection down from another one ends every wait.
    """

    def __init__(self, connection: socket.socket, maximum_sent: int) -> None:
        self._connection = connection
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        self._start = self._end = 0
        self._pdu_left = 0
        self._pdu_deadline = 0.0
        self._sink: DataSink | None = None
        self._parts: list[memoryview] = []
        most = min(maximum_sent, _BUFFER_BYTES // 2) or _UNLIMITED_PDU
        self._payload = max(2, (most - _PDV.size) & ~1)  # fragments are even (PS3.8 9.3.5.1)
        self._slots = _Slots(self._payload)
        self._quick = getattr(socket, "TCP_QUICKACK", None)
        self._timeout: float | None = None
        self._wait_at_most(STALL_S)

    # --- receiving ---------------------------------------------------------------------------------

    def receive(self, open_sink: OpenSink, wait_s: float) -> tuple[int, bytes, DataSink | None]:
        """The next message: its context, its command set, and the sink of its data set where it has one.

        `wait_s` bounds the silence before its first byte. Raises AssociationEnded.
        """
        context_id, command = self._receive_command(wait_s)
        sink = self._sink = open_sink(context_id, command)
        if sink is None:
            return context_id, command, None
        try:
            self._receive_data(context_id)
        finally:
            self._sink = None
            self._parts.clear()
        return context_id, command, sink

    def _receive_command(self, wait_s: float) -> tuple[int, bytes]:
        command = bytearray()
        expected: int | None = None
        while True:
            context_id, control, length = self._next_pdv(wait_s if not command else STALL_S)
            if not control & _COMMAND or (expected not in (None, context_id)):
                raise self._refuse(_UNEXPECTED, "a data set without its command")
            if len(command) + length > _LARGEST_COMMAND:
                raise self._refuse(_INVALID, "a command set without end")
            expected = context_id
            while length:
                part = self._some(length)
                command += part
                length -= len(part)
            if control & _LAST:
                return context_id, bytes(command)

    def _receive_data(self, expected: int) -> None:
        while True:
            context_id, control, length = self._next_pdv(STALL_S)
            if control & _COMMAND or context_id != expected:
                raise self._refuse(_UNEXPECTED, "another message inside a data set")
            while length:
                part = self._some(length)
                self._parts.append(part)
                length -= len(part)
            if control & _LAST:
                self._hand_over()
                return

    def _next_pdv(self, wait_s: float) -> tuple[int, int, int]:
        while not self._pdu_left:
            self._next_pdu(wait_s)
        self._need(_PDV.size, STALL_S)
        length, context_id, control = _PDV.unpack_from(self._buffer, self._start)
        self._start += _PDV.size
        if length < 2 or length + 4 > self._pdu_left:
            raise self._refuse(_INVALID, "a PDV that does not fit into its PDU")
        self._pdu_left -= length + 4
        return context_id, control, length - 2

    def _next_pdu(self, wait_s: float) -> None:
        kind, length = self._pdu_header(wait_s)
        if kind == _P_DATA:
            if not _PDV.size <= length <= LARGEST_PDU:
                raise self._refuse(_INVALID, "a PDU of an impossible length")
            self._pdu_left = length
            return
        if kind == _RELEASE_RQ:
            raise Released
        raise self._ending(kind)

    def _pdu_header(self, wait_s: float) -> tuple[int, int]:
        """The next PDU's type and length; the fixed body of those without data is taken as well."""
        self._pdu_deadline = 0.0
        self._need(1, wait_s)
        self._pdu_deadline = time.monotonic() + PDU_S
        self._need(_PDU.size, STALL_S)
        kind, length = _PDU.unpack_from(self._buffer, self._start)
        self._start += _PDU.size
        if kind in (_RELEASE_RQ, _RELEASE_RP, _ABORT):
            if length != 4:
                raise self._refuse(_INVALID, "a PDU of an impossible length")
            self._need(4, STALL_S)
            self._start += 4
        return kind, length

    def _ending(self, kind: int) -> AssociationEnded:
        if kind == _ABORT:
            source, reason = self._buffer[self._start - 2], self._buffer[self._start - 1]
            return Aborted(f"A-ABORT, source {source}, reason {reason}")
        known = kind in (1, 2, 3, _RELEASE_RP)
        return self._refuse(_UNEXPECTED if known else _UNRECOGNISED, f"a PDU of type {kind:02X}H")

    def _refuse(self, reason: int, what: str) -> Garbled:
        self.abort(_SERVICE_PROVIDER, reason)
        return Garbled(what)

    def _some(self, most: int) -> memoryview:
        """At least one and at most `most` bytes; valid until the next call that reads."""
        if self._start == self._end:
            self._fill(STALL_S)
        begin = self._start
        self._start = min(self._end, begin + most)
        return self._buffer[begin : self._start]

    def _need(self, count: int, wait_s: float) -> None:
        while self._end - self._start < count:
            self._fill(wait_s)

    def _fill(self, wait_s: float) -> None:
        if self._parts:
            self._hand_over()
        left = self._end - self._start
        if left and self._start:
            self._buffer[:left] = self._buffer[self._start : self._end]
        self._start, self._end = 0, left
        if self._pdu_deadline and time.monotonic() > self._pdu_deadline:
            raise Stalled("a PDU took too long")
        self._wait_at_most(wait_s)
        try:
            count = self._connection.recv_into(self._buffer[left:])
            if self._quick is not None:
                self._connection.setsockopt(socket.IPPROTO_TCP, self._quick, 1)
        except TimeoutError as error:
            raise Stalled("silence") from error
        except OSError as error:
            raise Closed(error.strerror or type(error).__name__) from error
        if not count:
            raise Closed("closed by the peer")
        self._end += count

    def _hand_over(self) -> None:
        assert self._sink is not None
        self._sink.write(self._parts)
        self._parts.clear()

    def _wait_at_most(self, seconds: float) -> None:
        if seconds == self._timeout:
            return
        try:
            self._connection.settimeout(seconds)
        except OSError as error:
            raise Closed(error.strerror or type(error).__name__) from error
        self._timeout = seconds

    # --- sending -----------------------------------------------------------------------------------

    def send(self, context_id: int, command: bytes, source: DataSource | None = None, size: int = 0) -> None:
        """One message: `command`, and `size` bytes of `source` as its data set.

        Raises AssociationEnded; OSError when `source` cannot be read or holds less, which makes it necessary to abort.
        """
        self._write(_p_data(context_id, command, self._payload))
        if source is None:
            return
        for piece in self._slots.filled(context_id, source, size):
            self._write(piece)

    def interject(self, context_id: int, command: bytes) -> None:
        """`command` while another thread waits in `receive`; dropped where there is no room for it at once.

        Not over TLS, whose connections are one thread's.
        """
        if isinstance(self._connection, ssl.SSLSocket):
            return
        with contextlib.suppress(OSError, ValueError):  # closed meanwhile
            if is_ready(self._connection, selectors.EVENT_WRITE):
                self._connection.send(_p_data(context_id, command, self._payload))

    def _write(self, data: bytes | memoryview) -> None:
        self._wait_at_most(STALL_S)
        view = memoryview(data)
        try:
            while view:
                view = view[self._connection.send(view) :]
        except TimeoutError as error:
            raise Stalled("the peer takes nothing more") from error
        except OSError as error:
            raise Closed(error.strerror or type(error).__name__) from error

    # --- ending ------------------------------------------------------------------------------------

    def release(self, wait_s: float) -> None:
        """Ask for the release and wait for the answer (PS3.8 7.2); what arrives meanwhile is dropped."""
        self._write(_pdu(_RELEASE_RQ, b"\0\0\0\0"))
        deadline = time.monotonic() + wait_s
        while (left := deadline - time.monotonic()) > 0:
            kind, length = self._pdu_header(left)
            if kind == _RELEASE_RQ:  # collision: the requestor answers first (PS3.8 7.2.2.7)
                self.confirm_release()
            elif kind == _P_DATA:
                self._drop(length)
            else:
                return
        raise Stalled("no answer to the release")

    def confirm_release(self) -> None:
        """Answer the peer's request (A-RELEASE-RP)."""
        self._write(_pdu(_RELEASE_RP, b"\0\0\0\0"))

    def abort(self, source: int = _SERVICE_USER, reason: int = 0) -> None:
        """Say A-ABORT if there is room for it; the connection is the caller's to close."""
        try:
            self._wait_at_most(0.0)
            self._connection.send(_pdu(_ABORT, bytes((0, 0, source, reason))))
        except (OSError, Closed):
            return  # gone already

    def _drop(self, length: int) -> None:
        while length:
            length -= len(self._some(length))


class _Slots:
    """P-DATA PDUs laid out in one buffer: the file is read into the gaps between their headers."""

    def __init__(self, payload: int) -> None:
        self._payload = payload
        self._stride = payload + _PDU.size + _PDV.size
        count = max(1, min(_MOST_PDUS, _BUFFER_BYTES // self._stride))
        self._buffer = memoryview(bytearray(count * self._stride))
        begins = [number * self._stride + _PDU.size + _PDV.size for number in range(count)]
        self._gaps = [self._buffer[begin : begin + payload] for begin in begins]

    def filled(self, context_id: int, source: DataSource, size: int) -> Iterator[memoryview]:
        """The PDUs of one data set, as many at once as fit; an empty one has a single PDV without bytes."""
        if not size:
            yield memoryview(_pdu(_P_DATA, _PDV.pack(2, context_id, _LAST)))
        while size:
            piece, taken = self._fill(context_id, source, size)
            yield piece
            size -= taken

    def _fill(self, context_id: int, source: DataSource, left: int) -> tuple[memoryview, int]:
        taken = min(left, len(self._gaps) * self._payload)
        whole, rest = divmod(taken, self._payload)
        gaps = self._gaps[:whole] + ([self._gaps[whole][:rest]] if rest else [])
        _read(source, gaps)
        padding = taken % 2  # fragments are even, and so was not every file before PS3.10 asked for it
        if padding:
            self._gaps[whole][rest] = 0
        for number, gap in enumerate(gaps):
            final = number == len(gaps) - 1
            size = len(gap) + (padding if final else 0)
            place = number * self._stride
            _PDU.pack_into(self._buffer, place, _P_DATA, size + _PDV.size)
            last = _LAST if final and taken == left else 0
            _PDV.pack_into(self._buffer, place + _PDU.size, size + 2, context_id, last)
        return self._buffer[: taken + padding + len(gaps) * (_PDU.size + _PDV.size)], taken


def _read(source: DataSource, gaps: list[memoryview]) -> None:
    """Fill `gaps` in order; OSError where `source` ends before."""
    done = 0
    if isinstance(source, FileIO) and hasattr(os, "readv"):
        done = os.readv(source.fileno(), gaps)
    for gap in gaps:
        filled = min(done, len(gap))
        done -= filled
        while filled < len(gap):
            count = source.readinto(gap[filled:])
            if not count:
                raise OSError("the file is shorter than it was")
            filled += count


def _p_data(context_id: int, command: bytes, payload: int) -> bytes:
    pieces = [command[start : start + payload] for start in range(0, len(command), payload)]
    return b"".join(
        _pdu(
            _P_DATA,
            _PDV.pack(len(piece) + 2, context_id, _COMMAND | (_LAST if number == len(pieces) - 1 else 0)) + piece,
        )
        for number, piece in enumerate(pieces)
    )


def _pdu(kind: int, body: bytes) -> bytes:
    return _PDU.pack(kind, len(body)) + body
