"""TLS with those who call us: each handshake in its caller's thread and with an end, so that none holds up others."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time

from workstation.domain.node import ListenerTls
from workstation.network.cancel import shut
from workstation.network.tls import HANDSHAKE, reason_of

_log = logging.getLogger(__name__)

_HANDSHAKE_S = 10.0
_LINGER_S = 1.0
_MOST = 200  # under way at once; beyond that whoever is at it longest has to go
_A_ABORT = bytes.fromhex("07000000000400000200")  # service provider, no reason (PS3.8 9.3.8)


class Handshakes:
    """What `tls` of our listener asks of a caller whose first message is here; `context` is None where TLS is off."""

    def __init__(self, context: ssl.SSLContext | None, tls: ListenerTls) -> None:
        self._context = context
        self._required = tls is ListenerTls.REQUIRED
        self._lock = threading.Lock()
        self._under_way: dict[ssl.SSLSocket, None] = {}
        self._open = True

    def secured(self, connection: socket.socket) -> socket.socket | None:
        """`connection`, with TLS around it where the caller speaks that; None, and closed, where it may not stay."""
        try:
            greets = connection.recv(1, socket.MSG_PEEK) == bytes([HANDSHAKE])
        except OSError:
            greets = False
        if greets and self._context is not None:
            return self._shaken(connection, self._context)
        if greets or self._required:
            _log.warning("a caller %s TLS was sent away", "with" if greets else "without")
            with contextlib.suppress(OSError):
                connection.send(_A_ABORT)
            _hang_up(connection)
            return None
        return connection

    def close(self) -> None:
        """End those under way."""
        with self._lock:
            self._open = False
            for connection in self._under_way:
                shut(connection)

    def _shaken(self, connection: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket | None:
        try:
            connection.settimeout(_HANDSHAKE_S)
            wrapped = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except (OSError, ValueError):  # gone already
            connection.close()
            return None
        self._enter(wrapped)
        try:
            wrapped.do_handshake()
        except OSError as error:
            _log.warning("a caller's TLS handshake failed: %s", reason_of(error))
            _hang_up(wrapped)
            return None
        finally:
            with self._lock:
                self._under_way.pop(wrapped, None)
        wrapped.settimeout(None)
        return wrapped

    def _enter(self, connection: ssl.SSLSocket) -> None:
        with self._lock:
            if not self._open:
                shut(connection)
            elif len(self._under_way) >= _MOST:
                oldest = next(iter(self._under_way))
                del self._under_way[oldest]
                shut(oldest)
            self._under_way[connection] = None


def _hang_up(connection: socket.socket) -> None:
    """Close it, what was said last first: closed with something unread, it would take our words with it."""
    deadline = time.monotonic() + _LINGER_S
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_WR)
        while (left := deadline - time.monotonic()) > 0:
            socket.socket.settimeout(connection, left)
            if not socket.socket.recv(connection, 65536):
                break
    connection.close()
