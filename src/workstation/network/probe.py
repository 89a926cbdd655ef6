"""One layer of a connection at a time, for a diagnosis: TCP, TLS, an association, HTTP, and who else may be there."""

from __future__ import annotations

import contextlib
import email.utils
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import httpx2
import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
import pynetdicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.uid import UID
from pynetdicom.presentation import PresentationContext, build_context

from workstation.domain.errors import AssociationRejected, Cancelled, NoAcceptedContext, PeerError, WorkstationError
from workstation.domain.node import LocalAe, Node
from workstation.domain.tls import TlsFault
from workstation.jobs.cancel import Cancellation
from workstation.network.cancel import shut
from workstation.network.connect import open_socket
from workstation.network.dicomweb.client import DicomWebClient
from workstation.network.dimse.association import associated, connected
from workstation.network.dimse.contexts import COMPRESSED, UNCOMPRESSED, storage_classes
from workstation.network.identity import known
from workstation.network.quiet import quiet_libraries
from workstation.network.tls import fault_of, peer_certificate
from workstation.services.ports import Secrets
from workstation.services.probe import Address, Agreement, Manner, Offer, Probe, Reach, Security, Way, WebAnswer

_PORTS = {"http": 80, "https": 443}
_LISTEN_S = 0.6  # for who speaks first, as SSH and mail do
_ANSWER_S = 2.0
_VERIFICATION = "1.2.840.10008.1.1"
_CT = "1.2.840.10008.5.1.4.1.1.2"
_QUERY_RETRIEVE = "1.2.840.10008.5.1.4.1.2."
_SERVICES = (
    _VERIFICATION,
    *(f"{_QUERY_RETRIEVE}{model}.{service}" for model in (2, 1) for service in (1, 2, 3)),
    "1.2.840.10008.5.1.4.31",  # modality worklist
    "1.2.840.10008.1.20.1",  # storage commitment
    "1.2.840.10008.3.1.2.3.3",  # modality performed procedure step
)
_KINDS = 30  # of objects: as many as are usual
_REFUSALS = {  # PS3.8 table 9-18
    1: "user rejection",
    2: "no reason given",
    3: "abstract syntax not supported",
    4: "transfer syntaxes not supported",
}
_ROOTS = ("/dicom-web", "/dicomweb", "/dcm4chee-arc/aets/{ae_title}/rs", "/dicom-web/rs", "/rs", "/wado", "")
_JSON = {"Accept": "application/dicom+json"}


class NetworkProbe(Probe):
    """Any thread may call; holds no connection between calls."""

    def __init__(self, secrets: Secrets) -> None:
        quiet_libraries()
        self._secrets = secrets
        self._web = DicomWebClient(secrets)

    def address(self, node: Node, way: Way) -> Address:
        if way is Way.DIMSE:
            return Address(node.host, node.port, node.tls)
        try:
            url = httpx2.URL(node.web_url)
        except httpx2.InvalidURL:
            return Address("", 0, False)
        return Address(url.host, url.port or _PORTS.get(url.scheme, 0), url.scheme == "https")

    def reach(self, node: Node, way: Way, cancellation: Cancellation) -> Reach:
        at = replace(self._at(node, way), tls=False)
        with self._connected(at, "TCP", cancellation) as connection:
            return Reach(_text(connection.getpeername()), str(connection.getsockname()[0]))

    def secure(self, node: Node, way: Way, cancellation: Cancellation) -> Security:
        with self._connected(self._at(node, way), "TLS", cancellation) as connection:
            assert isinstance(connection, ssl.SSLSocket)
            shown = peer_certificate(connection)
            return Security(shown.protocol, shown.cipher, shown.subject, shown.issuer, shown.valid_until)

    def associate(self, local: LocalAe, node: Node, cancellation: Cancellation) -> Agreement:
        proposed = _proposed()
        with associated(local, known(node, self._secrets), proposed, cancellation, "association") as link:
            acceptor = link.association.acceptor
            return Agreement(
                implementation_class=str(acceptor.implementation_class_uid or ""),
                implementation=acceptor.implementation_version_name or "",
                maximum_length=acceptor.maximum_length or 0,
                offers=_offers(proposed, link.association.accepted_contexts, link.association.rejected_contexts),
            )

    def manner(self, node: Node, way: Way, cancellation: Cancellation) -> Manner:
        at = self.address(node, way)
        spoken = _heard(self._said(at, b"", _LISTEN_S, cancellation))
        if spoken is Manner.SILENT:
            spoken = self._answers_tls(at, cancellation)
        if spoken is Manner.SILENT:
            spoken = _heard(self._said(at, b"GET / HTTP/1.0\r\n\r\n", _ANSWER_S, cancellation))
        if spoken is Manner.SILENT and way is Way.WEB and self._answers_dicom(node, at, cancellation):
            return Manner.DICOM
        return spoken

    def ask(self, node: Node, cancellation: Cancellation) -> WebAnswer:
        with (
            self._web.session(node, "QIDO-RS", cancellation) as session,
            session.request("GET", "/studies", headers=_JSON, params={"limit": "1"}) as response,
        ):
            sent_on = str(_plain(response.url.copy_with(query=None))).removesuffix("/studies")
            return WebAnswer(
                status=response.status_code,
                reason=response.reason_phrase,
                url=str(_plain(response.request.url.copy_with(query=None))),
                sent_on=sent_on if response.history else "",
                content_type=response.headers.get("content-type", "").lower(),
                server=response.headers.get("server", ""),
                clock_off_s=_clock_off(response.headers.get("date", "")),
            )

    def other_root(self, node: Node, cancellation: Cancellation) -> str:
        root = httpx2.URL(node.web_url)
        for path in dict.fromkeys(path.format(ae_title=node.ae_title or "DCM4CHEE") for path in _ROOTS):
            other = root.copy_with(path=path or "/", query=None)
            if str(other).rstrip("/") == node.web_url.rstrip("/"):
                continue
            cancellation.raise_if_cancelled()
            with contextlib.suppress(PeerError):
                answer = self.ask(replace(node, web_url=str(other)), cancellation)
                if answer.status in (200, 204) and "html" not in answer.content_type:
                    return str(_plain(other)).rstrip("/")
        return ""

    def _at(self, node: Node, way: Way) -> Node:
        """`node` as if its web service were what it listens with."""
        if way is Way.DIMSE:
            return node
        at = self.address(node, way)
        return replace(node, host=at.host, port=at.port, tls=at.tls, ae_title="")

    @contextmanager
    def _connected(self, at: Node, operation: str, cancellation: Cancellation) -> Iterator[socket.socket]:
        connection = connected(known(at, self._secrets), operation, cancellation)
        with contextlib.closing(connection):
            yield connection

    def _said(self, at: Address, first: bytes, timeout_s: float, cancellation: Cancellation) -> bytes:
        """What is answered to `first`, a few bytes of it."""
        try:
            with open_socket(at.host, at.port, timeout_s, cancellation) as connection:
                connection.settimeout(timeout_s)
                with cancellation.on_cancel(lambda: shut(connection)):
                    if first:
                        connection.sendall(first)
                    return connection.recv(16)
        except OSError:
            return b""
        finally:
            cancellation.raise_if_cancelled()

    def _answers_tls(self, at: Address, cancellation: Cancellation) -> Manner:
        """Whether it shakes hands; whom it is with does not matter, nothing is said."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with open_socket(at.host, at.port, _ANSWER_S, cancellation) as connection:
                connection.settimeout(_ANSWER_S)
                with (
                    cancellation.on_cancel(lambda: shut(connection)),
                    context.wrap_socket(connection, do_handshake_on_connect=False) as wrapped,
                ):
                    wrapped.do_handshake()
                    return Manner.TLS
        except ssl.SSLError as error:
            not_tls = (TlsFault.NO_TLS, TlsFault.CLOSED, TlsFault.SILENT, TlsFault.BROKEN)
            return Manner.SILENT if fault_of(error) in not_tls else Manner.TLS
        except OSError:
            return Manner.SILENT
        finally:
            cancellation.raise_if_cancelled()

    def _answers_dicom(self, node: Node, at: Address, cancellation: Cancellation) -> bool:
        there = replace(node, host=at.host, port=at.port, tls=False, user="", ae_title=node.ae_title or "ANY-SCP")
        there = replace(there, response_timeout_s=min(node.response_timeout_s, _ANSWER_S))
        try:
            with associated(LocalAe(), there, [build_context(_VERIFICATION)], cancellation, "association"):
                return True
        except (AssociationRejected, NoAcceptedContext):
            return True
        except Cancelled:
            raise
        except WorkstationError:
            return False


def _heard(first: bytes) -> Manner:
    """Who says that."""
    if not first:
        return Manner.SILENT
    if first.startswith(b"SSH-"):
        return Manner.SSH
    if first.startswith(b"HTTP/"):
        return Manner.HTTP
    if first[0] in (0x15, 0x16) and first[1:2] == b"\x03":
        return Manner.TLS
    if first[0] in range(1, 8) and first[1:2] == b"\0":  # a PDU (PS3.8 9.3)
        return Manner.DICOM
    return Manner.OTHER


def _proposed() -> list[PresentationContext]:
    """Every service, images by kind, and one kind in each transfer syntax of its own: at most 128 contexts."""
    services = [build_context(uid) for uid in _SERVICES]
    syntaxes = dict.fromkeys((*UNCOMPRESSED, *COMPRESSED[:_KINDS]))
    each = [build_context(_CT, [syntax]) for syntax in syntaxes]
    kinds = [build_context(uid, list(UNCOMPRESSED)) for uid in storage_classes()[:_KINDS] if uid != _CT]
    return [*services, *each, *kinds][:128]


def _offers(
    proposed: Sequence[PresentationContext],
    accepted: Sequence[PresentationContext],
    rejected: Sequence[PresentationContext],
) -> tuple[Offer, ...]:
    offers = []
    for uid in dict.fromkeys(str(context.abstract_syntax) for context in proposed):
        taken = [context.transfer_syntax[0] for context in accepted if context.abstract_syntax == uid]
        refused = [context.result or 0 for context in rejected if context.abstract_syntax == uid]
        refusal = _REFUSALS.get(refused[0], "no reason given") if refused and not taken else ""
        offers.append(Offer(uid, UID(uid).name, tuple(dict.fromkeys(syntax.name for syntax in taken)), refusal))
    return tuple(offers)


def _clock_off(date: str) -> float:
    """How far the clock that wrote the header Date (RFC 9110 6.6.1) is ahead."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp() - time.time()
    except ValueError:
        return 0.0


def _plain(url: httpx2.URL) -> httpx2.URL:
    return url.copy_with(username=None, password=None)


def _text(address: tuple[object, ...]) -> str:
    return f"{address[0]}:{address[1]}"
