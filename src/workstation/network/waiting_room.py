"""Where accepted connections wait until their first message is there: one thread for all, however many say nothing.

What is admitted costs threads, so neither silence nor one byte a second is admitted.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_log = logging.getLogger(__name__)

Address = tuple[str, int]
Admit = Callable[[socket.socket, Address], None]

_TICK_S = 0.25
_LOOK_AGAIN_S = 0.02  # at those who have said a part
_LOOKS = 200  # at once
_MOST_PEEKED = 32 * 1024  # what a system surely keeps for us; more is admitted with its beginning
_A_ABORT = bytes.fromhex("07000000000400000201")  # service provider, unrecognized PDU (PS3.8 9.3.8)
_ASSOCIATE_RQ, _TLS_HANDSHAKE = 0x01, 0x16  # PS3.8 9.3.2, RFC 8446 5.1


@dataclass
class _Seat:
    since: float
    address: Address
    spoke: bool = False  # has said a part of its first message


class WaitingRoom:
    """Hands a connection to `admit` once its first message has arrived: an A-ASSOCIATE-RQ, or a TLS handshake's first.

    Closes it after `patience_s` without one, and at once where it begins otherwise or announces more than `largest`.
    Where `seats` are taken, whoever has waited longest has to go (PS3.8 leaves ARTIM's length to us).
    """

    def __init__(self, admit: Admit, patience_s: float, seats: int, largest: int) -> None:
        self._admit = admit
        self._patience_s = patience_s
        self._seats = seats
        self._largest = largest
        self._lock = threading.Lock()
        self._taken: dict[socket.socket, _Seat] = {}  # in the order they came
        self._speaking: deque[socket.socket] = deque()
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._open = True
        self._thread = threading.Thread(target=self._run, name="waiting room", daemon=True)
        self._thread.start()

    def enter(self, connection: socket.socket, address: Address) -> None:
        with self._lock:
            if not self._open:
                connection.close()
                return
            if len(self._taken) >= self._seats:
                self._leave(next(iter(self._taken))).close()
            connection.setblocking(False)
            self._taken[connection] = _Seat(time.monotonic(), address)
            self._selector.register(connection, selectors.EVENT_READ)

    def close(self) -> None:
        """Send everybody away."""
        self._open = False
        self._wake.send(b"\0")
        self._thread.join()

    def _run(self) -> None:
        while self._open:
            for key, _ in self._selector.select(_LOOK_AGAIN_S if self._speaking else _TICK_S):
                if isinstance(key.fileobj, socket.socket) and key.fileobj is not self._woken:
                    self._look_at(key.fileobj)
            for _ in range(min(_LOOKS, len(self._speaking))):
                self._look_at(self._speaking.popleft())
            self._dismiss(time.monotonic() - self._patience_s)
        self._dismiss(float("inf"))
        self._selector.close()
        self._woken.close()
        self._wake.close()

    def _look_at(self, connection: socket.socket) -> None:
        with self._lock:
            seat = self._taken.get(connection)
            if seat is None:
                return
            waits = self._waits(connection)
            if waits is None:
                _send_away(self._leave(connection))
            elif waits:
                self._keep(connection, seat)
            else:
                self._leave(connection)
        if waits is False:
            self._let_in(connection, seat.address)

    def _let_in(self, connection: socket.socket, address: Address) -> None:
        connection.setblocking(True)
        try:
            self._admit(connection, address)
        except Exception:  # noqa: BLE001 - one connection, or the want of a thread for it, must not end the room
            _log.exception("a connection could not be admitted")
            connection.close()

    def _keep(self, connection: socket.socket, seat: _Seat) -> None:
        """Look again in a moment: a selector would report the part that is there without end."""
        if not seat.spoke:
            self._selector.unregister(connection)
            seat.spoke = True
        self._speaking.append(connection)

    def _waits(self, connection: socket.socket) -> bool | None:
        """Whether the first message is not complete yet; None when it will never be one."""
        try:
            head = connection.recv(6, socket.MSG_PEEK)
            size = self._size(head)
            if size is None or size < 0:
                return None if size is None else True
            wanted = min(size, _MOST_PEEKED)
            return len(connection.recv(wanted, socket.MSG_PEEK)) < wanted
        except BlockingIOError:
            return True
        except OSError:
            return None

    def _size(self, head: bytes) -> int | None:
        """Of the message that begins with `head`; negative while that is not known."""
        if head[:1] not in (bytes([_ASSOCIATE_RQ]), bytes([_TLS_HANDSHAKE])):
            return None
        if len(head) < 6:
            return -1
        if head[0] == _TLS_HANDSHAKE:
            return 5 + int(struct.unpack_from(">H", head, 3)[0])
        length = int(struct.unpack_from(">I", head, 2)[0])
        return 6 + length if length <= self._largest else None

    def _dismiss(self, before: float) -> None:
        with self._lock:
            while self._taken:
                oldest, seat = next(iter(self._taken.items()))
                if seat.since >= before:
                    return
                self._leave(oldest).close()

    def _leave(self, connection: socket.socket) -> socket.socket:
        if not self._taken.pop(connection).spoke:
            self._selector.unregister(connection)
        return connection


def _send_away(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # gone already
        connection.recv(_MOST_PEEKED)  # unread, it would take the answer with it
        connection.send(_A_ABORT)
    connection.close()
