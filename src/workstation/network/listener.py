"""Our storage SCP (PS3.4 annexes A and B): C-ECHO and C-STORE from the peers we know.

pynetdicom listens and negotiates; with our A-ASSOCIATE-AC the connection is taken away from it, see `serving`.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from workstation.domain.errors import LocalError, PortInUse
from workstation.domain.node import LocalAe
from workstation.network.bounds import LARGEST_PDU, MAXIMUM_PDU, STALL_S, BoundedSocket
from workstation.network.cancel import free
from workstation.network.connect import send_at_once
from workstation.network.dimse.contexts import accepted_storage
from workstation.network.dimse.serving import Serving
from workstation.network.guard import GuardedProvider
from workstation.network.handshakes import Handshakes
from workstation.network.quiet import quiet_libraries
from workstation.network.tls import server_context
from workstation.network.upper_layer import Transfer
from workstation.network.waiting_room import WaitingRoom
from workstation.services.ports import Inbox
from workstation.services.ports import Listener as ListenerPort

_log = logging.getLogger(__name__)

_MAXIMUM_ASSOCIATIONS = 100  # pynetdicom rejects the 11th by default
_FIRST_WORD_S = 10.0  # from the connection to its A-ASSOCIATE-RQ
_IDLE_S = 60.0
_SEATS = 2000  # connections without an association request yet
_STOP_S = 4.0
_REMEMBERED = 8  # callers that were turned away
_POLL_S = 0.1


class StorageListener(ListenerPort):
    """Listens as `local`; takes every storage SOP class in every transfer syntax into `inbox`.

    `local` is asked at each start; `known_ae_titles` at each association, so a node added while we listen
    may send at once.
    `accept_unknown` lets any calling AE title in. `key_passphrase` is that of the key of our certificate.
    """

    def __init__(
        self,
        local: Callable[[], LocalAe],
        inbox: Inbox,
        known_ae_titles: Callable[[], frozenset[str]],
        accept_unknown: bool = False,
        key_passphrase: Callable[[], str] = str,
    ) -> None:
        quiet_libraries()
        self._local = local
        self._inbox = inbox
        self._known_ae_titles = known_ae_titles
        self._accept_unknown = accept_unknown
        self._key_passphrase = key_passphrase
        self._local_error: LocalError | None = None
        self._lock = threading.Lock()
        self._bytes: Counter[str] = Counter()
        self._bytes_lock = threading.Lock()
        self._turned_away: dict[str, None] = {}  # in the order of their coming
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self._server is not None

    def start(self) -> LocalAe:
        with self._lock:
            if self._server is None:
                self._server = self._bind(self._local())
                self._thread = threading.Thread(
                    target=self._server.serve_forever, args=(_POLL_S,), name="listener", daemon=True
                )
                self._thread.start()
            host, port = self._server.server_address[:2]
            return LocalAe(self._server.ae.ae_title, str(host), int(port))

    def bytes_from(self, ae_title: str) -> int:
        with self._bytes_lock:
            return self._bytes[ae_title]

    def why_refused(self) -> LocalError | None:
        error, self._local_error = self._local_error, None
        return error

    def turned_away(self) -> tuple[str, ...]:
        with self._bytes_lock:
            callers, self._turned_away = tuple(self._turned_away), {}
        return callers

    def stop(self) -> None:
        """Close the port, abort what is under way; never waits long, not even for a client that hangs."""
        with self._lock:
            server, self._server = self._server, None
            thread, self._thread = self._thread, None
        if server is None:
            return
        server.shutdown()
        associations = server.active_associations
        for association in associations:
            free(association)
        deadline = time.monotonic() + _STOP_S
        for waited_for in [thread, *associations, *(association.dul for association in associations)]:
            if waited_for is not None:
                waited_for.join(max(0.0, deadline - time.monotonic()))

    def _bind(self, local: LocalAe) -> _Server:
        ae = AE(ae_title=local.ae_title)
        ae.maximum_associations = _MAXIMUM_ASSOCIATIONS
        ae.maximum_pdu_size = MAXIMUM_PDU
        ae.acse_timeout = _FIRST_WORD_S
        ae.network_timeout = _IDLE_S
        handlers: list[Any] = [
            (evt.EVT_CONN_OPEN, _on_open),
            (evt.EVT_REQUESTED, self._on_requested),
            (evt.EVT_ESTABLISHED, self._on_established),
        ]
        contexts = _Contexts([build_context(Verification), *accepted_storage()])
        address = (local.host, local.port)
        handshakes = Handshakes(server_context(local, self._key_passphrase), local.tls)
        try:
            return _Server(ae, address, contexts, handlers, handshakes)
        except OSError as error:
            raise PortInUse(host=address[0], port=address[1], reason=_why_not(error)) from error

    def _on_requested(self, event: evt.Event) -> None:
        """Reject whoever is not among our nodes (PS3.8 table 9-21: calling AE title not recognized)."""
        association = event.assoc
        request = association.requestor.primitive
        calling = str(getattr(request, "calling_ae_title", "") or "").strip()
        if self._accept_unknown or calling in self._known_ae_titles():
            return
        _log.warning("association from an unknown calling AE title rejected")
        with self._bytes_lock:
            self._turned_away = dict.fromkeys([*self._turned_away, calling][-_REMEMBERED:])
        association.acse.send_reject(0x01, 0x01, 0x03)
        association.is_rejected = True
        association.kill()

    def _on_established(self, event: evt.Event) -> None:
        """Serve the association, in pynetdicom's thread for it, to its end."""
        association = event.assoc
        wrapper = association.dul.socket
        if not isinstance(wrapper, BoundedSocket) or not _has_accepted(association, wrapper) or wrapper.socket is None:
            return  # gone already
        calling = str(association.requestor.ae_title).strip()
        serving = Serving(
            Transfer(wrapper.socket, association.requestor.maximum_length or 0),
            _accepted(association),
            self._inbox.delivery(calling),
            lambda count: self._count(calling, count),
        )
        try:
            serving.run(_IDLE_S)
        finally:
            self._local_error = serving.local_error or self._local_error
            association._kill = True
            association.dul.kill_dul()

    def _count(self, calling: str, count: int) -> None:
        with self._bytes_lock:
            self._bytes[calling] += count


class _Server(ThreadedAssociationServer):
    """pynetdicom's server, run by us: `AE.start_server` offers no way to choose the request handler."""

    daemon_threads = True
    request_queue_size = 256  # the 5 of socketserver make everybody beyond wait for a second

    def __init__(
        self, ae: AE, address: tuple[str, int], contexts: _Contexts, handlers: list[Any], handshakes: Handshakes
    ) -> None:
        self.handshakes = handshakes
        super().__init__(ae, address, ae.ae_title, contexts, evt_handlers=handlers, request_handler=_Handler)
        self.ae._servers.append(self)  # where its shutdown looks for it
        self._waiting = WaitingRoom(super().process_request, _FIRST_WORD_S, _SEATS, LARGEST_PDU)

    def process_request(self, request: Any, client_address: Any) -> None:
        """An association, and its threads, only for who asks for one."""
        self._waiting.enter(request, client_address)

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """socketserver writes a traceback to stderr."""
        _log.exception("a connection could not be served")

    def shutdown(self) -> None:
        self._waiting.close()
        self.handshakes.close()
        super().shutdown()


class _Handler(RequestHandler):
    """One incoming connection, whose threads never keep our process from ending."""

    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        connection = self.server.handshakes.secured(self.request)
        if connection is not None:
            self.request = connection
            super().handle()

    def _create_association(self) -> Association:
        association = super()._create_association()
        association.dul = GuardedProvider(association)
        wrapper = BoundedSocket(association, client_socket=cast(socket.socket, self.request))
        wrapper.hold_after_acceptance = True
        association.dul.socket = wrapper
        association.bind(evt.EVT_CONN_CLOSE, _close, [self.request])
        return association


class _Contexts(list[PresentationContext]):
    """pynetdicom copies the contexts deeply for each association, 25 ms for 7000 UIDs; negotiation only reads them."""

    def __deepcopy__(self, _memo: dict[int, Any]) -> list[PresentationContext]:
        return [*self]


def _on_open(event: evt.Event) -> None:
    """Bound the connection before the first byte: a client that stalls inside a PDU held it for ever."""
    wrapper = event.assoc.dul.socket
    if wrapper is not None and wrapper.socket is not None:
        wrapper.socket.settimeout(STALL_S)
        with contextlib.suppress(OSError):  # gone already
            send_at_once(wrapper.socket)


def _has_accepted(association: Association, wrapper: BoundedSocket) -> bool:
    """Once our A-ASSOCIATE-AC has gone out; False where the peer has gone before."""
    deadline = time.monotonic() + STALL_S
    while not wrapper.accepted.wait(_POLL_S):
        gone = wrapper.socket is None or not wrapper._is_connected or not association.dul.is_alive()
        if gone or time.monotonic() > deadline:
            return wrapper.accepted.is_set()
    return True


def _accepted(association: Association) -> dict[int, tuple[str, str]]:
    return {
        context_id: (str(context.abstract_syntax), str(context.transfer_syntax[0]))
        for context_id, context in association._accepted_cx.items()
    }


def _close(_event: evt.Event, connection: socket.socket) -> None:
    """pynetdicom leaves the socket open where shutting it down fails, as it does when the peer was faster."""
    connection.close()


def _why_not(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program listens there"
    return error.strerror or type(error).__name__
