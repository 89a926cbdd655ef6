"""TLS for DIMSE and DICOMweb (PS3.15 B.12, BCP 195): contexts, the handshake, and which fault an error stands for."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workstation.domain.errors import CertificateUnusable
from workstation.domain.node import ListenerTls, LocalAe, Node
from workstation.domain.tls import CertificateFault, TlsFault
from workstation.jobs.cancel import Cancellation
from workstation.network.cancel import shut
from workstation.network.connect import open_socket

HANDSHAKE = 0x16  # the first byte of a TLS connection (RFC 8446 section 5.1); an A-ASSOCIATE-RQ begins with 01H
ALERT = b"\x15\x03"  # what a TLS server says to somebody who speaks none
_TLS_1_2_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL"  # forward secrecy and AEAD only (RFC 9325)

_VERIFICATION = {  # X509_V_ERR_* of OpenSSL
    9: TlsFault.NOT_YET_VALID,
    10: TlsFault.EXPIRED,
    18: TlsFault.SELF_SIGNED,
    19: TlsFault.UNKNOWN_ISSUER,
    2: TlsFault.UNKNOWN_ISSUER,
    20: TlsFault.UNKNOWN_ISSUER,
    21: TlsFault.UNKNOWN_ISSUER,
    62: TlsFault.WRONG_NAME,
    64: TlsFault.WRONG_NAME,
}
_REASONS = (  # parts of OpenSSL's reasons, the first that is found
    ("ALERT_CERTIFICATE_REQUIRED", TlsFault.CERTIFICATE_WANTED),
    ("PEER_DID_NOT_RETURN_A_CERTIFICATE", TlsFault.CERTIFICATE_WANTED),
    ("ALERT_BAD_CERTIFICATE", TlsFault.CERTIFICATE_REFUSED),
    ("ALERT_UNSUPPORTED_CERTIFICATE", TlsFault.CERTIFICATE_REFUSED),
    ("ALERT_CERTIFICATE", TlsFault.CERTIFICATE_REFUSED),  # expired, revoked, unknown
    ("ALERT_UNKNOWN_CA", TlsFault.CERTIFICATE_REFUSED),
    ("ALERT_ACCESS_DENIED", TlsFault.CERTIFICATE_REFUSED),
    ("ALERT_PROTOCOL_VERSION", TlsFault.OLD_PROTOCOL),
    ("UNSUPPORTED_PROTOCOL", TlsFault.OLD_PROTOCOL),
    ("VERSION_TOO_LOW", TlsFault.OLD_PROTOCOL),
    ("WRONG_SSL_VERSION", TlsFault.OLD_PROTOCOL),
    ("WRONG_VERSION_NUMBER", TlsFault.NO_TLS),
    ("HTTP_REQUEST", TlsFault.NO_TLS),
    ("PACKET_LENGTH_TOO_LONG", TlsFault.NO_TLS),
    ("RECORD_LAYER_FAILURE", TlsFault.NO_TLS),
    ("ALERT_INSUFFICIENT_SECURITY", TlsFault.NO_COMMON_CIPHER),
    ("NO_SHARED_CIPHER", TlsFault.NO_COMMON_CIPHER),
    ("ALERT_HANDSHAKE_FAILURE", TlsFault.NO_COMMON_CIPHER),
    ("UNEXPECTED_EOF", TlsFault.CLOSED),
)
_ANSWERS = (
    TlsFault.CERTIFICATE_WANTED,
    TlsFault.CERTIFICATE_REFUSED,
    TlsFault.OLD_PROTOCOL,
    TlsFault.NO_COMMON_CIPHER,
)
_PROBE_S = 3.0
_HANGING_UP = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ENOTCONN, errno.ESHUTDOWN}


class HandshakeFailed(OSError):
    """There is no TLS connection; `fault` says why, `reason` in the library's words."""

    def __init__(self, fault: TlsFault, reason: str) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """What was agreed on with a peer: protocol and cipher, and whose certificate it showed until when."""

    protocol: str
    cipher: str
    subject: str
    issuer: str
    valid_until: float  # seconds since the epoch; 0 when not known


def client_context(node: Node, passphrase: Callable[[], str] = str) -> ssl.SSLContext:
    """TLS 1.2 and 1.3 to `node`, which must show a certificate of its `ca_file` or of the system's authorities.

    Raises CertificateUnusable for our own files; `passphrase` gives that of a locked key.
    """
    if node.ca_file:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # an intermediate or the peer's own certificate may do
        _trust(context, node.ca_file)
    else:
        import httpx2  # knows where each system keeps its authorities  # noqa: PLC0415

        context = httpx2.create_ssl_context()
    _bound(context)
    if node.client_certificate:
        _show(context, node.client_certificate, node.client_key, passphrase)
    return context


def server_context(local: LocalAe, passphrase: Callable[[], str] = str) -> ssl.SSLContext | None:
    """TLS of our listener, None when it has none. Raises CertificateUnusable."""
    if local.tls is ListenerTls.OFF:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _bound(context)
    context.num_tickets = 0  # associations are long, nobody resumes
    _show(context, local.certificate, local.key, passphrase)
    if local.client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        _trust(context, local.client_ca)
    return context


def expected_name(node: Node, host: str) -> str:
    """The name that the certificate must bear where `host` is called."""
    return node.tls_name or host


def shake_hands(
    connection: socket.socket, context: ssl.SSLContext, name: str, timeout_s: float, cancellation: Cancellation
) -> ssl.SSLSocket:
    """`connection` with TLS around it, blocking. Raises HandshakeFailed and Cancelled, the connection closed."""
    wrapped = _wrapped(connection, context, name)
    try:
        wrapped.settimeout(timeout_s)
        with cancellation.on_cancel(lambda: shut(wrapped)):
            wrapped.do_handshake()
        cancellation.raise_if_cancelled()
        wrapped.settimeout(None)
    except OSError as error:
        failure = _failure(error, wrapped)
        wrapped.close()
        cancellation.raise_if_cancelled()
        raise failure from error
    except BaseException:
        wrapped.close()
        raise
    return wrapped


def fault_of(error: OSError) -> TlsFault:
    """What `error` of a TLS connection means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFICATION.get(error.verify_code, TlsFault.UNTRUSTED)
    if isinstance(error, TimeoutError):
        return TlsFault.SILENT
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or str(error)).upper().replace(" ", "_")
        return next((fault for part, fault in _REASONS if part in reason), TlsFault.BROKEN)
    return TlsFault.CLOSED if error.errno in _HANGING_UP else TlsFault.BROKEN


def reason_of(error: OSError) -> str:
    """`error` in the library's words, without its codes."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return error.strerror or type(error).__name__


def last_word(connection: ssl.SSLSocket) -> HandshakeFailed | None:
    """The alert that lies unread on a connection which the peer ended (TLS 1.3 refuses after the handshake)."""
    try:
        connection.settimeout(0)
        while connection.recv(4096):
            pass
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError, ValueError):
        return None
    except ssl.SSLError as error:
        return HandshakeFailed(fault_of(error), reason_of(error))
    except OSError:
        return None
    return None


def speaks_tls(node: Node, cancellation: Cancellation) -> bool:
    """Whether TLS answers there, tried on a connection of its own without trusting anybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        connection = open_socket(node.host, node.port, _PROBE_S, cancellation)
        shake_hands(connection, context, node.host, _PROBE_S, cancellation).close()
    except HandshakeFailed as error:
        return error.fault in _ANSWERS
    except OSError:
        return False
    return True


def peer_certificate(connection: ssl.SSLSocket) -> PeerCertificate:
    """Whom we speak with, after the handshake."""
    found = connection.getpeercert() or {}
    cipher = connection.cipher()
    until = found.get("notAfter")
    return PeerCertificate(
        protocol=connection.version() or "",
        cipher=cipher[0] if cipher else "",
        subject=_common_name(found.get("subject")),
        issuer=_common_name(found.get("issuer")),
        valid_until=float(ssl.cert_time_to_seconds(until)) if isinstance(until, str) else 0.0,
    )


def _wrapped(connection: socket.socket, context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
    try:
        return context.wrap_socket(connection, server_hostname=name, do_handshake_on_connect=False)
    except (OSError, ValueError) as error:  # closed by the peer already, or a name that cannot be one
        connection.close()
        raise HandshakeFailed(TlsFault.CLOSED, str(error)) from error


def _failure(error: OSError, wrapped: ssl.SSLSocket) -> HandshakeFailed:
    fault = fault_of(error)
    if fault is TlsFault.NO_COMMON_CIPHER and wrapped.cipher() is not None:
        # Agreed on before it refused: up to TLS 1.2 this alert is also what a missing certificate gets.
        fault = TlsFault.CERTIFICATE_WANTED
    if fault is TlsFault.CLOSED and wrapped.version() is None:
        fault = TlsFault.NO_TLS  # our greeting was enough for it to hang up
    return HandshakeFailed(fault, reason_of(error))


def _bound(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS_1_2_CIPHERS)


def _trust(context: ssl.SSLContext, file: str) -> None:
    try:
        if Path(file).is_dir():
            context.load_verify_locations(capath=file)
        else:
            context.load_verify_locations(cafile=file)
    except OSError as error:
        raise _unusable(error, "authorities", file) from error


def _show(context: ssl.SSLContext, certificate: str, key: str, passphrase: Callable[[], str]) -> None:
    asked: list[bool] = []
    try:
        for file in filter(None, (certificate, key)):
            with Path(file).open("rb"):
                pass  # OpenSSL does not say which of the two is missing
    except OSError as error:
        raise _unusable(error, "certificate" if file == certificate else "key", file) from error
    try:
        context.load_cert_chain(certificate, key or None, password=_told(passphrase, asked))
    except OSError as error:
        raise _unusable(error, "key" if asked else "certificate", key or certificate, bool(asked)) from error


def _told(passphrase: Callable[[], str], asked: list[bool]) -> Callable[[], str]:
    """Without this OpenSSL would ask at the terminal."""

    def tell() -> str:
        asked.append(True)
        return passphrase()

    return tell


def _unusable(error: OSError, use: str, path: str, asked: bool = False) -> CertificateUnusable:
    fault = CertificateFault.UNREADABLE
    reason = error.strerror or str(error)
    if isinstance(error, FileNotFoundError):
        fault = CertificateFault.MISSING
    elif isinstance(error, ssl.SSLError):
        reason = error.reason or str(error)
        if asked:
            fault = CertificateFault.PASSPHRASE
        elif "KEY_VALUES_MISMATCH" in reason or "KEY_TYPE_MISMATCH" in reason:
            fault = CertificateFault.MISMATCH
        elif "TOO_SMALL" in reason or "TOO_WEAK" in reason:
            fault = CertificateFault.TOO_WEAK
        else:
            fault = CertificateFault.NO_PEM if use == "authorities" else CertificateFault.NO_KEY
        reason = reason.replace("_", " ").lower() if error.reason else "no PEM file, or not what it should hold"
    return CertificateUnusable(path=path, use=use, fault=fault.value, reason=reason)


def _common_name(name: object) -> str:
    parts = [part for group in name for part in group] if isinstance(name, tuple) else []
    words = dict(parts)
    return str(words.get("commonName") or words.get("organizationName") or "")
