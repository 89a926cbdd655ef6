"""Where accepted connections wait for their first byte: one thread for all, however many say nothing."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable

Address = tuple[str, int]
Admit = Callable[[socket.socket, Address], None]

_TICK_S = 0.25


class WaitingRoom:
    """Hands a connection to `admit` once something arrives on it, and closes it after `patience_s` of silence.

    Where `seats` are taken, whoever has waited longest has to go (PS3.8 leaves ARTIM's length to us).
    """

    def __init__(self, admit: Admit, patience_s: float, seats: int) -> None:
        self._admit = admit
        self._patience_s = patience_s
        self._seats = seats
        self._lock = threading.Lock()
        self._since: dict[socket.socket, tuple[float, Address]] = {}  # in the order they came
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
            if len(self._since) >= self._seats:
                self._leave(next(iter(self._since))).close()
            self._since[connection] = (time.monotonic(), address)
            self._selector.register(connection, selectors.EVENT_READ)

    def close(self) -> None:
        """Send everybody away."""
        self._open = False
        self._wake.send(b"\0")
        self._thread.join()

    def _run(self) -> None:
        while self._open:
            for key, _ in self._selector.select(_TICK_S):
                if isinstance(key.fileobj, socket.socket) and key.fileobj is not self._woken:
                    self._let_in(key.fileobj)
            self._dismiss(time.monotonic() - self._patience_s)
        self._dismiss(float("inf"))
        self._selector.close()
        self._woken.close()
        self._wake.close()

    def _let_in(self, connection: socket.socket) -> None:
        with self._lock:
            if connection not in self._since:
                return
            _, address = self._since[connection]
            self._leave(connection)
        self._admit(connection, address)

    def _dismiss(self, before: float) -> None:
        with self._lock:
            for connection in [found for found, (since, _) in self._since.items() if since < before]:
                self._leave(connection).close()

    def _leave(self, connection: socket.socket) -> socket.socket:
        self._selector.unregister(connection)
        del self._since[connection]
        return connection
