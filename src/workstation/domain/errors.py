"""Every error we raise on purpose. The tree answers whose fault it is; words are in services/explain.

WorkstationError
├── SettingsError            the user's settings: file, key, what was expected
├── InputError               what was given to us
│   ├── NotDicom                 no DICOM in it
│   ├── DamagedFile              DICOM, but cut off or contradicting itself
│   ├── UnsupportedObject        readable, but nothing we can show or do
│   ├── NoPixelData              an object without an image
│   ├── DecodeFailed             its pixel data cannot be decoded
│   ├── DecoderDied              the native decoder crashed, hung or ran out of memory on it
│   └── InvalidQuery             a key or value no peer could match
├── PeerError                another machine (always names the node)
│   ├── PeerUnreachable          no such host, refused, no route
│   ├── PeerTimedOut             connected, then silent
│   ├── AssociationRejected      it does not want us: source, reason (PS3.8 9.3.4)
│   ├── PeerAborted              connection or association lost half-way
│   ├── NoAcceptedContext        it does not offer the SOP class or transfer syntax
│   ├── UnknownMoveDestination   it does not know our AE title (A801)
│   ├── PeerFailure              it answered with a failure status (PS3.7 annex C)
│   ├── WebFailure               it answered with an HTTP error
│   ├── TlsFailed                no secure connection: certificates, versions, or one side speaks no TLS
│   ├── WrongService             something else listens on that port
│   ├── NotDicomWeb              it speaks HTTP, but no DICOMweb at that address
│   ├── NotDelivered             it was asked to send here, and nothing came
│   ├── LogInNeeded              it wants to know who asks, or does not take what we said
│   └── IncompleteTransfer       finished, but expected and stored differ
├── LocalError               this computer
│   ├── DiskFull
│   ├── PortInUse                the listener's port is taken
│   ├── ArchiveUnusable          index or folder cannot be read or written
│   ├── CertificateUnusable      our certificate, its key or the list of authorities
│   ├── SecretsUnusable          the system's keyring refuses
│   └── ConflictingInstance      same SOP Instance UID, other content
├── DeidentificationError    export stopped rather than leak
│   ├── IdentifierFound          the residual check found one
│   ├── InstanceHeld             cannot be made safe without a person
│   ├── ProfileUnavailable       no such profile or option, or one we cannot carry out
│   └── KeyUnusable              the project key's file is missing or no key
├── InternalError            a fault of this program
└── Cancelled                the user's wish, not a fault
"""

from __future__ import annotations

from typing import ClassVar

from workstation.domain.job import ErrorReport


class WorkstationError(Exception):
    """Base. `details` are plain texts free of patient data; `code` is stable for scripts and the journal."""

    code: ClassVar[str] = "error"

    def __init__(self, **details: object) -> None:
        self.details: dict[str, str] = {key: str(value) for key, value in details.items() if value is not None}
        super().__init__(self.code, self.details)

    def __str__(self) -> str:
        facts = ", ".join(f"{key}={value}" for key, value in self.details.items())
        return f"{self.code}({facts})"

    def report(self) -> ErrorReport:
        return ErrorReport(self.code, dict(self.details))


class SettingsError(WorkstationError):
    """details: file, key, expected, found"""

    code = "settings"


class InputError(WorkstationError):
    """details: path (where a file is meant), reason"""

    code = "input"


class NotDicom(InputError):
    code = "not-dicom"


class DamagedFile(InputError):
    code = "damaged-file"


class UnsupportedObject(InputError):
    code = "unsupported-object"


class NoPixelData(InputError):
    code = "no-pixel-data"


class DecodeFailed(InputError):
    """details: transfer_syntax, frame, reason"""

    code = "decode-failed"


class DecoderDied(DecodeFailed):
    code = "decoder-died"


class InvalidQuery(InputError):
    """details: keyword, expected"""

    code = "invalid-query"


class PeerError(WorkstationError):
    """details: node (its name), ae_title, host, port, operation, reason"""

    code = "peer"


class PeerUnreachable(PeerError):
    code = "peer-unreachable"


class PeerTimedOut(PeerError):
    """details: waited_s"""

    code = "peer-timed-out"


class AssociationRejected(PeerError):
    """details: result, source, reason (the standard's words), our_ae_title"""

    code = "association-rejected"


class PeerAborted(PeerError):
    code = "peer-aborted"


class NoAcceptedContext(PeerError):
    """details: sop_class, transfer_syntax"""

    code = "no-accepted-context"


class UnknownMoveDestination(PeerError):
    """details: our_ae_title, our_host, our_port"""

    code = "unknown-move-destination"


class PeerFailure(PeerError):
    """details: status (hexadecimal), meaning, comment"""

    code = "peer-failure"


class WebFailure(PeerError):
    """details: url, status, reason"""

    code = "web-failure"


class TlsFailed(PeerError):
    """details: fault (a TlsFault), expected_name, our_certificate (its file), reason (the library's words)"""

    code = "tls-failed"


class WrongService(PeerError):
    """details: wanted (`dicom` or `web`), service (what answers: `http`, `ssh`, `dicom`, `other`)"""

    code = "wrong-service"


class NotDicomWeb(PeerError):
    """details: cause (`path`, `web-page`, `no-json`, `redirect`), url, found (one that would do), content_type"""

    code = "not-dicomweb"


class NotDelivered(PeerError):
    """details: cause (`elsewhere`, `not-reached`, `unknown-or-not-reached`, `turned-away`), callers (whom we turned
    away), our_ae_title, our_host, our_port, status and comment of the peer
    """

    code = "not-delivered"


class LogInNeeded(WebFailure):
    """details: auth (the node's), web_url, offered (the schemes it names), reason (`missing`, `refused` or words)"""

    code = "log-in-needed"


class IncompleteTransfer(PeerError):
    """details: expected, received, stored, failed"""

    code = "incomplete-transfer"


class LocalError(WorkstationError):
    """details: path, reason"""

    code = "local"


class DiskFull(LocalError):
    code = "disk-full"


class PortInUse(LocalError):
    """details: host, port"""

    code = "port-in-use"


class ArchiveUnusable(LocalError):
    code = "archive-unusable"


class CertificateUnusable(LocalError):
    """details: fault (a CertificateFault), use (`certificate`, `key` or `authorities`)"""

    code = "certificate-unusable"


class SecretsUnusable(LocalError):
    code = "secrets-unusable"


class ConflictingInstance(LocalError):
    """details: sop_instance_uid, kept_as"""

    code = "conflicting-instance"


class DeidentificationError(WorkstationError):
    """details: path, element, reason"""

    code = "deidentification"


class IdentifierFound(DeidentificationError):
    code = "identifier-found"


class InstanceHeld(DeidentificationError):
    code = "instance-held"


class ProfileUnavailable(DeidentificationError):
    """details: profile or option, reason, expected"""

    code = "profile-unavailable"


class KeyUnusable(DeidentificationError):
    code = "key-unusable"


class InternalError(WorkstationError):
    """details: type (of the exception), location (in our code); never its text, which may quote a patient"""

    code = "internal"


class Cancelled(WorkstationError):
    code = "cancelled"
