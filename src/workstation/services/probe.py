"""What a diagnosis asks of the network below the services: one layer of a connection at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from workstation.domain.node import LocalAe, Node
from workstation.jobs.cancel import Cancellation


class Way(StrEnum):
    """The two ways to a node."""

    DIMSE = "dimse"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a node is to be found on one way; `tls` says whether it is spoken there."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """A TCP connection: the address that took it, and ours as seen from here."""

    peer: str
    ours: str


@dataclass(frozen=True, slots=True)
class Security:
    """A TLS connection: what was agreed on, whose certificate was shown, until when (seconds since the epoch)."""

    protocol: str
    cipher: str
    subject: str
    issuer: str
    valid_until: float


@dataclass(frozen=True, slots=True)
class Offer:
    """One SOP class that was proposed: its UID and name, and the names of the transfer syntaxes taken, if any."""

    sop_class: str
    name: str
    syntaxes: tuple[str, ...]
    refusal: str = ""  # the standard's word where no context for it was accepted (PS3.8 table 9-18)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What an association to a node gives (PS3.8 9.3.3, PS3.7 annex D)."""

    implementation_class: str
    implementation: str
    maximum_length: int
    offers: tuple[Offer, ...]

    def offer(self, sop_class: str) -> Offer | None:
        """What was said to `sop_class`, None when it was not asked."""
        return next((offer for offer in self.offers if offer.sop_class == sop_class), None)

    def takes(self, *sop_classes: str) -> bool:
        """Whether one of `sop_classes` was accepted."""
        return any(offer.syntaxes for offer in self.offers if offer.sop_class in sop_classes)


class Manner(StrEnum):
    """What speaks on a port, as far as it lets on."""

    SILENT = "silent"
    TLS = "tls"
    HTTP = "http"
    SSH = "ssh"
    DICOM = "dicom"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """The answer to a search for one study, whatever it is. `sent_on` is where redirections led, if any."""

    status: int
    reason: str
    url: str
    sent_on: str
    content_type: str
    server: str
    clock_off_s: float  # how far its clock is ahead of ours, by its header Date; 0 without one


class Probe(Protocol):
    """Each method opens a connection of its own and closes it. Raises PeerError, LocalError, Cancelled."""

    def address(self, node: Node, way: Way) -> Address: ...

    def reach(self, node: Node, way: Way, cancellation: Cancellation) -> Reach:
        """Name and TCP. Raises PeerUnreachable."""

    def secure(self, node: Node, way: Way, cancellation: Cancellation) -> Security:
        """TLS as the node is set. Raises TlsFailed, CertificateUnusable."""

    def associate(self, local: LocalAe, node: Node, cancellation: Cancellation) -> Agreement:
        """An association that proposes every service and the usual kinds of images, released at once."""

    def manner(self, node: Node, way: Way, cancellation: Cancellation) -> Manner:
        """What speaks there: it is listened to, then addressed in TLS, in HTTP and in DICOM. Never fails."""

    def ask(self, node: Node, cancellation: Cancellation) -> WebAnswer:
        """QIDO-RS for one study; any answer but 401 is given as it is. Raises LogInNeeded."""

    def other_root(self, node: Node, cancellation: Cancellation) -> str:
        """Another address on the same server where DICOMweb answers, empty when none is found."""
