"""The words for secure connections that do not come about. TLS is what encrypts them and proves who is there."""

from __future__ import annotations

from collections.abc import Callable

from workstation.domain.tls import CertificateFault, TlsFault
from workstation.services.explanation import Details, Explanation

_AUTHORITIES = (
    "Ask its administrator for the certificate of the authority that signed it (a PEM file), and enter that file as "
    "trusted authorities of the node."
)


def _failed(d: Details) -> Explanation:
    try:
        title, what, why, remedy = _FAULTS[TlsFault(d.get("fault"))]
    except ValueError:
        title, what, why, remedy = _FAULTS[TlsFault.BROKEN]
    facts = {
        "node": d.node,
        "name": d.get("expected_name") or d.get("host") or "its host",
        "ours": d.get("our_certificate") or "our certificate",
        "waited": f" within {d.get('waited_s')} seconds" if d.has("waited_s") else "",
    }
    said = f" Its words: “{d.get('reason')}”." if d.has("reason") else ""
    return Explanation(
        title=title, what=what.format(**facts), why=f"{why.format(**facts)}{said}", remedy=remedy.format(**facts)
    )


_FAULTS = {  # title, what, why, remedy
    TlsFault.EXPIRED: (
        "The other system’s certificate has expired",
        "{node} proves who it is with a certificate that is no longer valid.",
        "The certificate itself or one of those that vouch for it has passed its last day.",
        "Ask its administrator to renew it. If this computer’s clock is wrong, set it right.",
    ),
    TlsFault.NOT_YET_VALID: (
        "The other system’s certificate is not valid yet",
        "{node} proves who it is with a certificate whose first day is still to come.",
        "This computer’s clock or that of the other system is wrong, or the certificate was made for later.",
        "Check date and time of this computer. If they are right, ask its administrator to check the certificate.",
    ),
    TlsFault.WRONG_NAME: (
        "The certificate names another system",
        "{node} shows a certificate that does not stand for “{name}”.",
        "The address of the node and the names in the certificate differ, or somebody else answers there.",
        "Ask its administrator which name the certificate bears; use that as host of the node, or enter it as the "
        "name in its certificate.",
    ),
    TlsFault.SELF_SIGNED: (
        "The other system vouches for itself",
        "{node} shows a certificate that nobody but itself has signed.",
        "Such a certificate proves nothing unless it is known here.",
        "Ask its administrator for this certificate (a PEM file), and enter that file as trusted authorities of the "
        "node.",
    ),
    TlsFault.UNKNOWN_ISSUER: (
        "The other system’s certificate is not trusted",
        "{node} shows a certificate of an authority that is unknown here.",
        "Neither this computer nor the settings of the node know who signed it.",
        _AUTHORITIES,
    ),
    TlsFault.UNTRUSTED: (
        "The other system’s certificate is no good",
        "{node} shows a certificate that cannot be accepted.",
        "It was revoked, is made for another purpose, or its key or signature is too weak.",
        "Ask its administrator for a certificate that is made for servers and signed with today’s methods.",
    ),
    TlsFault.CERTIFICATE_WANTED: (
        "The other system wants our certificate",
        "{node} lets in only those who prove who they are, and no certificate is set for this node.",
        "A certificate with its key is the pass of this workstation; that system asks for one.",
        "Ask its administrator for a client certificate and its key (PEM files), and enter both for the node.",
    ),
    TlsFault.CERTIFICATE_REFUSED: (
        "The other system refuses our certificate",
        "{node} does not accept {ours}.",
        "It does not trust who signed it, or it has expired or is made for another purpose.",
        "Ask its administrator which authority client certificates must come from, and for a new one of it.",
    ),
    TlsFault.NO_TLS: (
        "The other system does not speak TLS there",
        "{node} did not answer in TLS, which encrypts the connection.",
        "Most probably that port is one for connections without TLS.",
        "Ask its administrator for the port with TLS (often 2762 or 11113), or turn TLS off for this node.",
    ),
    TlsFault.TLS_WANTED: (
        "The other system speaks only TLS there",
        "{node} refused a connection that is not encrypted.",
        "That port is one for TLS, and TLS is off for this node.",
        "Turn TLS on for this node, or ask its administrator for the port without TLS.",
    ),
    TlsFault.OLD_PROTOCOL: (
        "The other system’s TLS is too old",
        "{node} offers no version of TLS that is still safe.",
        "TLS 1.2 and 1.3 are spoken here; older ones are broken and forbidden.",
        "Ask its administrator to enable TLS 1.2 or 1.3, as DICOM’s security profile demands (PS3.15 B.12, BCP 195).",
    ),
    TlsFault.NO_COMMON_CIPHER: (
        "No common encryption",
        "{node} and this workstation know no method of encryption in common.",
        "It offers only methods that are no longer safe, or wants one that is not offered here.",
        "Ask its administrator to enable those of DICOM’s security profile (PS3.15 B.12, BCP 195).",
    ),
    TlsFault.CLOSED: (
        "The secure connection broke",
        "{node} ended the connection in the middle of the TLS handshake.",
        "It did not say why; its own log will.",
        "Ask its administrator whether this computer may connect, and whether it wants a certificate from us.",
    ),
    TlsFault.SILENT: (
        "The other system does not answer in TLS",
        "{node} accepted the connection, but said nothing to our TLS greeting{waited}.",
        "Most probably that port is one for connections without TLS, or that system is stuck.",
        "Ask its administrator for the port with TLS, or turn TLS off for this node.",
    ),
    TlsFault.BROKEN: (
        "No secure connection",
        "The TLS handshake with {node} failed.",
        "The two sides do not understand each other.",
        "Ask its administrator; the words above and the time of this attempt help to find it in its log.",
    ),
}


def _unusable(d: Details) -> Explanation:
    use = _USES.get(d.get("use"), "file")
    fault = d.get("fault")
    why, remedy = _FILES.get(fault, _FILES[CertificateFault.UNREADABLE.value])
    path = f" ({d.get('path')})" if d.get("path") not in ("", ".") else ""
    if not path and fault == CertificateFault.MISSING.value:
        why, remedy = "None is set.", "Enter the PEM files of our certificate and its key in Settings."
    return Explanation(
        title="A file for secure connections cannot be used",
        what=f"The {use}{path} cannot be used for TLS, which encrypts connections.",
        why=f"{why}{d.aside('reason') if fault == CertificateFault.UNREADABLE.value else ''}",
        remedy=remedy,
    )


_USES = {
    "certificate": "file of our certificate",
    "key": "file of our private key",
    "authorities": "file of trusted authorities",
}
_FILES = {
    CertificateFault.MISSING.value: ("There is no such file.", "Choose the file again in Settings."),
    CertificateFault.UNREADABLE.value: ("It cannot be read.", "Check the permissions of the file."),
    CertificateFault.NO_PEM.value: (
        "It holds no certificate in the PEM format, which begins with BEGIN CERTIFICATE.",
        "Ask for the certificate as a PEM file, or convert it.",
    ),
    CertificateFault.NO_KEY.value: (
        "It is no PEM file, or the private key is not in it.",
        "Enter the file of the key beside that of the certificate; both must be PEM files.",
    ),
    CertificateFault.MISMATCH.value: (
        "The private key is not the one of the certificate.",
        "Choose the two files that were made together.",
    ),
    CertificateFault.PASSPHRASE.value: (
        "The private key is locked, and no pass-phrase or another one is kept for it here.",
        "Enter the pass-phrase with the log-in of the node, or use a key without one.",
    ),
    CertificateFault.TOO_WEAK.value: (
        "Its key is too short to be safe.",
        "Ask for a certificate with a key of today’s length: RSA with 2048 bits or more, or an elliptic curve.",
    ),
}

TLS_WORDS: dict[str, Callable[[Details], Explanation]] = {
    "tls-failed": _failed,
    "certificate-unusable": _unusable,
}
