"""What can be wrong between two sides that want to speak TLS (PS3.15 B.12), or with our own certificate."""

from __future__ import annotations

from enum import StrEnum


class TlsFault(StrEnum):
    """Why there is no TLS connection; the detail `fault` of a TlsFailed."""

    EXPIRED = "expired"  # its certificate, or one of its chain
    NOT_YET_VALID = "not-yet-valid"
    WRONG_NAME = "wrong-name"
    SELF_SIGNED = "self-signed"
    UNKNOWN_ISSUER = "unknown-issuer"
    UNTRUSTED = "untrusted"  # anything else that makes its certificate no good
    CERTIFICATE_WANTED = "certificate-wanted"  # ours, and we have none
    CERTIFICATE_REFUSED = "certificate-refused"  # ours
    NO_TLS = "no-tls"  # it answered, but in no TLS
    TLS_WANTED = "tls-wanted"  # it speaks TLS, and we did not
    OLD_PROTOCOL = "old-protocol"  # nothing newer than TLS 1.1
    NO_COMMON_CIPHER = "no-common-cipher"
    CLOSED = "closed"  # in the middle of the handshake
    SILENT = "silent"
    BROKEN = "broken"  # anything else


class CertificateFault(StrEnum):
    """What is wrong with a file of ours; the detail `fault` of a CertificateUnusable."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    NO_PEM = "no-pem"
    NO_KEY = "no-key"
    MISMATCH = "mismatch"  # the key is another certificate's
    PASSPHRASE = "passphrase"  # the key wants one, or another
    TOO_WEAK = "too-weak"
