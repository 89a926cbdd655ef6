"""One association as a context: connect, negotiate, use, release, and an error of ours for each way to fail.

Every blocking step ends within half a second of the cancellation, and within the node's time-outs.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_ASSOCIATE, SOPClassExtendedNegotiation, UserIdentityNegotiation
from pynetdicom.presentation import PresentationContext, build_role
from pynetdicom.transport import T_CONNECT, AddressInformation, AssociationSocket

from workstation.domain.errors import (
    AssociationRejected,
    Cancelled,
    NoAcceptedContext,
    PeerAborted,
    PeerError,
    PeerFailure,
    PeerTimedOut,
    PeerUnreachable,
    TlsFailed,
    UnknownMoveDestination,
)
from workstation.domain.node import LocalAe, Node
from workstation.domain.tls import TlsFault
from workstation.jobs.cancel import Cancellation
from workstation.network.bounds import MAXIMUM_PDU, STALL_S, BoundedSocket
from workstation.network.cancel import free, shut
from workstation.network.connect import open_socket, send_at_once
from workstation.network.dimse import status as words
from workstation.network.dimse.patience import PatientProvider
from workstation.network.guard import GuardedProvider
from workstation.network.identity import KnownNode, key_passphrase
from workstation.network.tls import (
    HandshakeFailed,
    PeerCertificate,
    client_context,
    expected_name,
    peer_certificate,
    shake_hands,
    speaks_tls,
)
from workstation.network.upper_layer import Aborted, AssociationEnded, Closed, Garbled, Stalled, Transfer
from workstation.services.ports import Arrivals

_REJECTIONS = (1, 2)  # permanent, transient (PS3.8 9.3.4)
_RELEASE_S = 3.0
_JOIN_S = 2.0
_FAREWELL_S = 0.3  # within the half second that a cancellation may take


class Link:
    """An established association to `node`, with the words for how it may end."""

    def __init__(
        self, association: Association, local: LocalAe, node: Node, operation: str, cancellation: Cancellation
    ) -> None:
        self.association = association
        self.local = local
        self.node = node
        self.operation = operation
        self.cancellation = cancellation
        self._heard_at = time.monotonic()
        self.transfer: Transfer | None = None  # what carries the data once pynetdicom has been sent away
        self.stopped = False  # the peer has ended the operation early, at our wish: there is nothing to abort

    @contextmanager
    def farewell(self, context_id: int, command: bytes) -> Iterator[None]:
        """Inside the block a cancellation sends `command` (C-CANCEL) first, and leaves the peer a moment to obey."""
        transfer = self.transfer
        assert transfer is not None
        with self.last_words(lambda: transfer.interject(context_id, command)):
            yield

    @contextmanager
    def last_words(self, say: Callable[[], None]) -> Iterator[None]:
        """The same with whatever `say` does; it must not wait."""
        requestor = self.association.ae
        assert isinstance(requestor, _Requestor)
        requestor.last_words = say
        try:
            yield
        finally:
            requestor.last_words = None

    def agreed(self, sop_class: str) -> bytes:
        """What the peer agreed to of the extended negotiation for `sop_class` (PS3.7 D.3.3.5); empty: nothing."""
        return dict(self.association.acceptor.sop_class_extended).get(UID(sop_class)) or b""

    @property
    def facts(self) -> dict[str, object]:
        return facts(self.node, self.operation)

    def wait_while_growing(self, arrivals: Arrivals) -> None:
        """From now on take the peer's silence for work while `arrivals` grows."""
        provider = self.association.dimse
        assert isinstance(provider, PatientProvider)
        provider.arrivals = arrivals

    def take_over(self) -> Transfer:
        """The bare association, for data in bulk; pynetdicom, which negotiated it, has no more part in it."""
        wrapper = self.association.dul.socket
        if not isinstance(wrapper, BoundedSocket) or wrapper.socket is None:
            raise Closed("closed by the peer")
        wrapper.hold()
        _end_threads(self.association)
        self.transfer = Transfer(wrapper.socket, self.association.acceptor.maximum_length or 0)
        return self.transfer

    def ended(self, error: AssociationEnded) -> PeerError | Cancelled:
        """`error` of a transfer in words."""
        if self.cancellation.cancelled:
            return Cancelled()
        if isinstance(error, Stalled):
            return PeerTimedOut(waited_s=round(time.monotonic() - self._heard_at), **self.facts)
        if isinstance(error, Aborted):
            reason = "the peer aborted the association"
        elif isinstance(error, Garbled):
            reason = f"the peer broke the protocol: {error}"
        else:
            reason = "the connection was closed"
        return PeerAborted(reason=reason, **self.facts)

    @property
    def certificate(self) -> PeerCertificate | None:
        """Whom TLS shows us to speak with."""
        wrapper = self.association.dul.socket
        connection = wrapper.socket if wrapper is not None else None
        return peer_certificate(connection) if isinstance(connection, ssl.SSLSocket) else None

    def release(self) -> None:
        """Say goodbye; whoever does not answer to that has nevertheless done its work."""
        wait_s = min(_RELEASE_S, self.node.response_timeout_s)
        if self.transfer is None:
            self.association.acse_timeout = wait_s
            self.association.release()
            return
        with contextlib.suppress(AssociationEnded):
            self.transfer.release(wait_s)
        self.association.is_released = True

    def heard(self) -> None:
        """Note that the peer has just said something."""
        self._heard_at = time.monotonic()

    def context(self, sop_class: str, transfer_syntax: str = "") -> PresentationContext | None:
        """The accepted presentation context for `sop_class`, in exactly `transfer_syntax` when given."""
        for context in self.association.accepted_contexts:
            if context.abstract_syntax == sop_class and transfer_syntax in ("", context.transfer_syntax[0]):
                return context
        return None

    def require(self, sop_class: str) -> None:
        """Raise NoAcceptedContext unless the peer accepted `sop_class`, PeerAborted when it has gone."""
        if self.context(sop_class) is None:
            raise NoAcceptedContext(sop_class=UID(sop_class).name, **self.facts)
        if not self.association.is_established:
            raise self.lost()

    def responses(self, answers: Iterator[tuple[Dataset, Dataset | None]]) -> Iterator[tuple[Dataset, Dataset | None]]:
        """`answers` of pynetdicom up to the final one; raises where the peer fell silent, died or was cancelled.

        A dead peer gives an empty status or none at all (measured), so only a final status means the end.
        """
        while True:
            status, identifier = next(answers, (Dataset(), None))
            if "Status" not in status:
                raise self.lost()
            self.heard()
            if self.cancellation.cancelled:
                if int(status.Status) in words.PENDING:
                    continue  # until it has stopped, or the association is ended for us
                self.stopped = True
                raise Cancelled()
            yield status, identifier
            if int(status.Status) not in words.PENDING:
                return

    def lost(self, since: float | None = None) -> PeerError | Cancelled:
        """Why there is no answer: cancelled, silent for too long, or gone."""
        if self.cancellation.cancelled:
            return Cancelled()
        waited = time.monotonic() - (self._heard_at if since is None else since)
        if waited > min(STALL_S, self.node.response_timeout_s) - 0.1:
            return PeerTimedOut(waited_s=round(waited), **self.facts)
        aborted = self.association.acse.is_aborted("a-abort")
        reason = "the peer aborted the association" if aborted else "the connection was closed"
        return PeerAborted(reason=reason, **self.facts)

    def failure(self, code: int, comment: str = "") -> PeerError:
        """The error for a final status that means failure, with the peer's Error Comment (PS3.7 annex C)."""
        local = self.local
        ours = {"our_ae_title": local.ae_title, "our_host": local.host, "our_port": local.port}
        if code == words.MOVE_DESTINATION_UNKNOWN:
            return UnknownMoveDestination(**ours, **self.facts)
        return PeerFailure(
            status=f"{code:04X}",
            meaning=words.meaning(self.operation, code),
            comment=comment or None,
            **ours,
            **self.facts,
        )


@contextmanager
def associated(
    local: LocalAe,
    node: Node,
    contexts: Sequence[PresentationContext],
    cancellation: Cancellation,
    operation: str,
    *,
    extended: Sequence[SOPClassExtendedNegotiation] = (),
) -> Iterator[Link]:
    """An association to `node`, released at the end and aborted when the block is left by an exception.

    Contexts with an SCP role are proposed with role selection (PS3.7 D.3.3.4), `extended` as SOP Class Extended
    Negotiation (D.3.3.5); what the peer said to it is `Link.agreed`.
    """
    cancellation.raise_if_cancelled()
    connection = connected(node, operation, cancellation)
    requestor = _Requestor(local, node, connection)
    try:
        with cancellation.on_cancel(requestor.free):
            asked_at = time.monotonic()
            association = _negotiate(requestor, node, contexts, extended)
            link = Link(association, local, node, operation, cancellation)
            if not association.is_established:
                raise _not_established(link, contexts, requestor, asked_at)
            try:
                yield link
            except AssociationEnded as error:
                raise link.ended(error) from error
            except (GeneratorExit, Cancelled):
                if link.stopped:
                    link.release()
                raise
            link.release()
    finally:
        requestor.end()


def facts(node: Node, operation: str) -> dict[str, object]:
    """What every PeerError says about where it happened."""
    return {
        "node": node.name,
        "ae_title": node.ae_title,
        "host": node.host,
        "port": node.port,
        "operation": operation,
    }


def unreachable(node: Node, operation: str, error: OSError, waited_s: float) -> PeerUnreachable:
    """`error` of `open_socket` in words."""
    if isinstance(error, socket.gaierror):
        reason = "no such host"
    elif isinstance(error, TimeoutError):
        reason = f"no answer within {waited_s:g} s"
    elif isinstance(error, ConnectionRefusedError):
        reason = "connection refused"
    else:
        reason = error.strerror or type(error).__name__
    return PeerUnreachable(reason=reason[:1].lower() + reason[1:], **facts(node, operation))


def connected(node: Node, operation: str, cancellation: Cancellation) -> socket.socket:
    """A connection to `node`, with TLS around it where it has that. Raises PeerUnreachable, TlsFailed, Cancelled."""
    context = client_context(node, key_passphrase(node)) if node.tls else None
    try:
        connection = open_socket(node.host, node.port, node.connect_timeout_s, cancellation)
    except OSError as error:
        raise unreachable(node, operation, error, node.connect_timeout_s) from error
    if context is None:
        return connection
    try:
        name = expected_name(node, node.host)
        return shake_hands(connection, context, name, node.connect_timeout_s, cancellation)
    except HandshakeFailed as error:
        raise tls_failed(node, operation, error) from error


def tls_failed(node: Node, operation: str, error: HandshakeFailed) -> TlsFailed:
    """`error` in words."""
    return TlsFailed(
        fault=error.fault.value,
        reason=error.reason,
        expected_name=expected_name(node, node.host),
        our_certificate=node.client_certificate or None,
        waited_s=f"{node.connect_timeout_s:g}" if error.fault is TlsFault.SILENT else None,
        **facts(node, operation),
    )


class _ConnectedSocket(BoundedSocket):
    """pynetdicom's socket around a connection that is already open."""

    def __init__(self, association: Association, connection: socket.socket) -> None:
        self._connection = connection
        super().__init__(association, address=AddressInformation("0.0.0.0", 0))

    def _create_socket(self, _address: AddressInformation) -> socket.socket:
        return self._connection

    def connect(self, primitive: T_CONNECT) -> None:
        self._connection.settimeout(STALL_S)
        self._is_connected = True
        self.assoc.requestor.address_info = AddressInformation.from_tuple(self._connection.getsockname())
        evt.trigger(self.assoc, evt.EVT_CONN_OPEN, {"address": primitive.address_info.as_tuple})
        primitive.result = "Evt2"
        self.provider_queue.put(primitive)
        self._ready.set()


class _Requestor(AE):
    """Our AE for one association over one connection."""

    def __init__(self, local: LocalAe, node: Node, connection: socket.socket) -> None:
        super().__init__(ae_title=local.ae_title)
        self.acse_timeout = node.response_timeout_s
        self.dimse_timeout = node.response_timeout_s
        self.network_timeout = None  # whoever waits has a time-out of its own; a second one aborts in between
        self.node = node
        self._connection = connection
        self._association: Association | None = None
        self._wrapper: _ConnectedSocket | None = None
        self._patience: threading.Timer | None = None
        self.last_words: Callable[[], None] | None = None  # said before a cancellation ends the association

    @property
    def refusal(self) -> HandshakeFailed | None:
        """What the peer's TLS had against us after the handshake."""
        return self._wrapper.refusal if self._wrapper is not None else None

    def _create_socket(self, assoc: Association, _address: AddressInformation, _tls: Any) -> AssociationSocket:
        assoc.dimse = PatientProvider(assoc)
        assoc.dul = GuardedProvider(assoc)
        self._association = assoc
        self._wrapper = _ConnectedSocket(assoc, self._connection)
        return self._wrapper

    def free(self) -> None:
        """Wake whoever waits on this connection, in whatever phase it is; after its last words, if it has some."""
        last_words, self.last_words = self.last_words, None
        if last_words is None:
            self._free()
            return
        last_words()
        self._patience = threading.Timer(_FAREWELL_S, self._free)
        self._patience.daemon = True
        self._patience.start()

    def _free(self) -> None:
        if self._association is not None:
            free(self._association)
        shut(self._connection)  # pynetdicom may not have taken it yet

    def end(self) -> None:
        """Leave nothing behind: no thread, no socket, no half-written file."""
        association = self._association
        if self._patience is not None:
            self._patience.cancel()
            if self._patience.ident is not None:  # else it ends as soon as whoever cancels has started it
                self._patience.join(_JOIN_S)
        if association is None:
            self._connection.close()
            return
        if not association.is_released:
            free(association)
        _end_threads(association)
        self._connection.close()


def _negotiate(
    requestor: _Requestor,
    node: Node,
    contexts: Sequence[PresentationContext],
    extended: Sequence[SOPClassExtendedNegotiation],
) -> Association:
    handlers: list[Any] = [(evt.EVT_DATA_RECV, _acknowledge_at_once)]
    return requestor.associate(
        _peer_address(requestor._connection),
        node.port,
        contexts=list(contexts),
        ae_title=node.ae_title,
        max_pdu=MAXIMUM_PDU,
        ext_neg=[*_roles(contexts), *_identity(node), *extended],
        evt_handlers=handlers,
    )


def _peer_address(connection: socket.socket) -> str:
    """For pynetdicom, which wants to know an address although the connection is open."""
    try:
        return str(connection.getpeername()[0])
    except OSError:  # the peer has closed it already; whoever sends will hear of that
        return "0.0.0.0"


def _acknowledge_at_once(event: evt.Event) -> None:
    wrapper = event.assoc.dul.socket
    if wrapper is not None and wrapper.socket is not None:
        try:
            send_at_once(wrapper.socket)
        except OSError:
            return  # closed meanwhile; the reactor will say so


def _roles(contexts: Sequence[PresentationContext]) -> list[Any]:
    """Role selection for each SOP class that we want to receive."""
    received = dict.fromkeys(str(context.abstract_syntax) for context in contexts if context.scp_role)
    return [build_role(uid, scp_role=True) for uid in received]


def _identity(node: Node) -> list[Any]:
    """Who asks, where the node is to know it (PS3.7 D.3.3.7): 1 the name alone, 2 with a passcode."""
    if not node.user:
        return []
    passcode = node.passcode if isinstance(node, KnownNode) else ""
    item = UserIdentityNegotiation()
    item.user_identity_type = 2 if passcode else 1
    item.primary_field = node.user.encode()
    if passcode:
        item.secondary_field = passcode.encode()
    item.positive_response_requested = True
    return [item]


def _not_established(
    link: Link, contexts: Sequence[PresentationContext], requestor: _Requestor, asked_at: float
) -> PeerError | Cancelled:
    if link.cancellation.cancelled:
        return Cancelled()
    answer = _answer(link.association)
    if answer is not None and answer.result in _REJECTIONS:
        return AssociationRejected(
            our_ae_title=link.local.ae_title,
            user=link.node.user or None,
            **words.rejection_in_words(answer.result, answer.result_source, answer.diagnostic),
            **link.facts,
        )
    if answer is not None and answer.result == 0 and not link.association.accepted_contexts:
        return NoAcceptedContext(sop_class=UID(contexts[0].abstract_syntax or "").name, **link.facts)
    lost = link.lost(since=asked_at)
    refusal = _refusal(requestor, lost, link.cancellation)
    return tls_failed(link.node, link.operation, refusal) if refusal is not None else lost


def _refusal(requestor: _Requestor, lost: PeerError | Cancelled, cancellation: Cancellation) -> HandshakeFailed | None:
    """What TLS has to do with it that nobody answered: ours was refused after the handshake, or none was spoken."""
    if requestor.refusal is not None or not isinstance(lost, PeerAborted):
        return requestor.refusal
    if requestor.node.tls or not speaks_tls(requestor.node, cancellation):
        return None
    return HandshakeFailed(TlsFault.TLS_WANTED, "it answers in TLS")


def _answer(association: Association) -> A_ASSOCIATE | None:
    """What the peer said to our request.

    pynetdicom leaves a rejection unread when the peer closes before `associate` looks at the connection.
    """
    if association.acceptor.primitive is not None:
        return association.acceptor.primitive
    unread: object = association.dul.peek_next_pdu()
    return unread if isinstance(unread, A_ASSOCIATE) and unread.result in _REJECTIONS else None


def _end_threads(association: Association) -> None:
    association._kill = True
    association._reactor_checkpoint.set()
    association.dul._kill_thread = True
    for thread in (association.dul, association):
        if thread.is_alive():
            thread.join(_JOIN_S)
