"""Faults put between us and a real peer, and disks that are really full."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from tests.support.peers import HOST

_CHUNK = 4096


class Line:
    """A line to the peer at `port` that fails once a connection has brought `after_bytes` from there.

    It is `cut` and nothing listens any more, as when the peer's process is killed, or it goes silent and stays
    open. `after_bytes` None: whole.
    """

    def __init__(self, port: int, after_bytes: int | None = None, *, cut: bool = False) -> None:
        self.after_bytes = after_bytes
        self.failed = threading.Event()
        self.brought = 0  # bytes from the peer, of all connections
        self._peer_port, self._cut = port, cut
        self._ended = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port = 0
        self._listen()

    def mend(self) -> None:
        """From now on everything goes through, over new connections."""
        self.after_bytes = None
        self.brought = 0
        if self._cut and self.failed.is_set():
            self._listen()
        self.failed.clear()

    def _listen(self) -> None:
        self._server = socket.create_server((HOST, self.port))
        self.port = int(self._server.getsockname()[1])
        self._run(self._serve, self._server)

    def _run(self, function: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=function, args=arguments, name="line")
        self._threads.append(thread)
        thread.start()

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            far = socket.create_connection((HOST, self._peer_port))
            self._sockets += [near, far]
            self._run(self._bring, far, near)
            self._run(_copy, near, far)

    def _bring(self, far: socket.socket, near: socket.socket) -> None:
        brought = 0
        with contextlib.suppress(OSError):
            while data := far.recv(_CHUNK):
                brought += len(data)
                self.brought += len(data)
                near.sendall(data)
                if self.after_bytes is not None and brought >= self.after_bytes:
                    self._fail(near)
                    return
            near.shutdown(socket.SHUT_WR)

    def _fail(self, near: socket.socket) -> None:
        if self._cut:
            self._stop_listening()
            self.failed.set()
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            near.shutdown(socket.SHUT_RD)
            near.close()
        else:
            self.failed.set()
            self._ended.wait()

    def _stop_listening(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def close(self) -> None:
        self._ended.set()
        self._stop_listening()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def address_taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server((HOST, 0)) as holder:
        yield int(holder.getsockname()[1])
