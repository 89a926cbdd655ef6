"""HTTP over connections that a cancellation can end in every phase: name, connect, TLS, request, body."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import httpcore2
import httpx2

from workstation.domain.errors import (
    Cancelled,
    PeerAborted,
    PeerTimedOut,
    PeerUnreachable,
    WebFailure,
    WorkstationError,
)
from workstation.domain.node import Node
from workstation.jobs.cancel import Cancellation
from workstation.network.cancel import shut
from workstation.network.connect import open_socket

_PORTS = {"http": 80, "https": 443}


class Session:
    """An HTTP client for one operation on `node`'s DICOMweb root, with our errors for what goes wrong."""

    def __init__(self, node: Node, operation: str, cancellation: Cancellation) -> None:
        self.node = node
        self.cancellation = cancellation
        self._operation = operation
        self._backend = _Backend(cancellation)
        timeout = httpx2.Timeout(node.response_timeout_s, connect=node.connect_timeout_s)
        self._client = httpx2.Client(
            transport=_Transport(self._backend, _trust(node.web_url)),
            timeout=timeout,
            trust_env=False,
            follow_redirects=True,
        )

    @property
    def facts(self) -> dict[str, object]:
        """What every PeerError says about where it happened."""
        root = httpx2.URL(self.node.web_url)
        port = root.port or _PORTS.get(root.scheme)
        return {"node": self.node.name, "host": root.host, "port": port, "operation": self._operation}

    @contextmanager
    def request(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **content: Any
    ) -> Iterator[httpx2.Response]:
        """The answer, its body not yet read. Raises WebFailure for an HTTP error status."""
        url = self.node.web_url.rstrip("/") + path
        with self.translating(), self._client.stream(method, url, headers=headers, **content) as response:
            yield response

    def raise_for(self, response: httpx2.Response) -> NoReturn:
        """WebFailure for `response`; neither query (it holds names) nor credentials are told."""
        address = response.request.url.copy_with(query=None, username=None, password=None)
        raise WebFailure(url=address, status=response.status_code, reason=response.reason_phrase or None, **self.facts)

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Ours for theirs."""
        self.cancellation.raise_if_cancelled()
        try:
            yield
        except WorkstationError:
            raise
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            if self.cancellation.cancelled:
                raise Cancelled() from error
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> WorkstationError:
        if isinstance(error, httpx2.ConnectTimeout):
            return PeerUnreachable(reason=f"no answer within {self.node.connect_timeout_s:g} s", **self.facts)
        if isinstance(error, httpx2.TimeoutException):
            return PeerTimedOut(waited_s=f"{self.node.response_timeout_s:g}", **self.facts)
        if isinstance(error, httpx2.ConnectError | httpx2.UnsupportedProtocol | httpx2.InvalidURL):
            return PeerUnreachable(reason=str(error) or "cannot connect", **self.facts)
        return PeerAborted(reason="the connection was closed", **self.facts)

    def __enter__(self) -> Session:
        self._freeing = self.cancellation.on_cancel(self._backend.shut_all)
        self._freeing.__enter__()
        return self

    def __exit__(self, *reason: Any) -> None:
        self._freeing.__exit__(*reason)
        self._client.close()


class _Transport(httpx2.HTTPTransport):
    """httpx2's transport over our connections."""

    def __init__(self, backend: _Backend, trust: ssl.SSLContext) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._pool = httpcore2.ConnectionPool(ssl_context=trust, network_backend=backend)


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, cancellation: Cancellation) -> None:
        self._cancellation = cancellation
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
            connection = open_socket(host, port, timeout or 60.0, self._cancellation)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ConnectError(_reason(error)) from error
        return _Stream(self, connection)

    def track(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        if self._cancellation.cancelled:
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
    def __init__(self, backend: _Backend, connection: socket.socket) -> None:
        self._backend = backend
        self._socket = connection
        backend.track(connection)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._socket.settimeout(timeout)
            return self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore2.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.ReadError(_reason(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._socket.settimeout(timeout)
            self._socket.sendall(buffer)
        except TimeoutError as error:
            raise httpcore2.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore2.WriteError(_reason(error)) from error

    def close(self) -> None:
        self._backend.forget(self._socket)
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        self._backend.forget(self._socket)
        self._socket.settimeout(timeout)
        wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname, do_handshake_on_connect=False)
        stream = _Stream(self._backend, wrapped)
        try:
            wrapped.do_handshake()
        except TimeoutError as error:
            stream.close()
            raise httpcore2.ConnectTimeout(str(error)) from error
        except OSError as error:
            stream.close()
            raise httpcore2.ConnectError(_reason(error)) from error
        return stream

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


def _trust(url: str) -> ssl.SSLContext:
    """The system's certificates for https; an empty context (it trusts nobody) where they are not needed."""
    if url.lower().startswith("https:"):
        return httpx2.create_ssl_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "no such host"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason}"
    return (error.strerror or type(error).__name__).lower()
