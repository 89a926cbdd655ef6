"""HTTP connections that a cancellation can end in every phase: name, connect, TLS, request, body."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from typing import Any

import httpcore2
import httpx2

from workstation.domain.tls import TlsFault
from workstation.jobs.cancel import Cancellation
from workstation.network.cancel import shut
from workstation.network.connect import open_socket
from workstation.network.tls import ALERT, HandshakeFailed, fault_of, reason_of, shake_hands

_READ_BYTES = 256 * 1024  # httpcore2 asks for 64 KiB, which costs a third of the time at full speed


class Transport(httpx2.HTTPTransport):
    """httpx2's transport over our connections."""

    def __init__(self, backend: Backend, trust: ssl.SSLContext) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._pool = httpcore2.ConnectionPool(ssl_context=trust, network_backend=backend)


class Backend(httpcore2.NetworkBackend):
    """Connections of one operation; `refusal` is why TLS failed on one of them, `tls_names` what hosts must be."""

    def __init__(self, cancellation: Cancellation, tls_names: Mapping[str, str]) -> None:
        self.cancellation = cancellation
        self.tls_names = tls_names
        self.refusal: HandshakeFailed | None = None
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            connection = open_socket(host, port, timeout or 60.0, self.cancellation)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ConnectError(_reason(error)) from error
        return _Stream(self, connection)

    def track(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        if self.cancellation.cancelled:
            shut(connection)

    def forget(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def shut_all(self) -> None:
        """Wake whoever waits on one of the connections."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            shut(connection)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, backend: Backend, connection: socket.socket) -> None:
        self._backend = backend
        self._socket = connection
        backend.track(connection)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._socket.settimeout(timeout)
            data = self._socket.recv(max(max_bytes, _READ_BYTES))
        except TimeoutError as error:
            raise httpcore2.ReadTimeout(str(error)) from error
        except OSError as error:
            self._note(error)
            raise httpcore2.ReadError(_reason(error)) from error
        if data.startswith(ALERT) and not isinstance(self._socket, ssl.SSLSocket):
            self._backend.refusal = HandshakeFailed(TlsFault.TLS_WANTED, "an alert of TLS instead of HTTP")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._socket.settimeout(timeout)
            self._socket.sendall(buffer)
        except TimeoutError as error:
            raise httpcore2.WriteTimeout(str(error)) from error
        except OSError as error:
            self._note(error)
            raise httpcore2.WriteError(_reason(error)) from error

    def close(self) -> None:
        self._backend.forget(self._socket)
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        backend = self._backend
        backend.forget(self._socket)
        name = server_hostname or ""
        try:
            wrapped = shake_hands(
                self._socket, ssl_context, backend.tls_names.get(name, name), timeout or 60.0, backend.cancellation
            )
        except HandshakeFailed as error:
            backend.refusal = error
            raise httpcore2.ConnectError(error.reason) from error
        return _Stream(backend, wrapped)

    def _note(self, error: OSError) -> None:
        """TLS 1.3 refuses a client's certificate with the first answer, not in the handshake."""
        if isinstance(error, ssl.SSLError):
            self._backend.refusal = HandshakeFailed(fault_of(error), reason_of(error))

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object" and isinstance(self._socket, ssl.SSLSocket):
            return self._socket._sslobj  # type: ignore[attr-defined]
        if info == "socket":
            return self._socket
        if info == "is_readable":  # asked before an idle connection is used again: readable means closed
            return self._closed_by_peer()
        return None

    def _closed_by_peer(self) -> bool:
        try:
            self._socket.settimeout(0)
            return self._socket.recv(1, socket.MSG_PEEK) == b""
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except (OSError, ValueError):
            return True


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "no such host"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return (error.strerror or type(error).__name__).lower()
