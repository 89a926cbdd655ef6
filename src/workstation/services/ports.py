"""What the verbs need from outside, as Protocols that `network` and `archive` subclass explicitly.

Errors: every method raises only `workstation.domain.errors`; adapters translate at the border.
Blocking methods take a `Cancellation` and return within half a second of its being set, raising
`Cancelled`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from workstation.domain.errors import DamagedFile, LocalError
from workstation.domain.node import LocalAe, Node, RetrieveMethod
from workstation.domain.query import OnRemark, Query, WorklistQuery, no_remark
from workstation.domain.study import Instance, InstanceSummary, QueryMatch, Series, Study
from workstation.domain.worklist import WorklistItem
from workstation.jobs.cancel import Cancellation

# --- the archive -----------------------------------------------------------------------------


class StoreOutcome(StrEnum):
    STORED = "stored"
    ALREADY_PRESENT = "already-present"  # same SOP Instance UID, same content: nothing to do
    CONFLICT = "conflict"  # same SOP Instance UID, other content: kept beside, reported


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """An instance of the archive: what the index knows and where its Part 10 file lies."""

    instance: Instance
    path: Path
    size_bytes: int


class Archive(Protocol):
    """Files and their index. Safe to call from several threads and several processes."""

    def new_incoming(self) -> Path:
        """A path for a file about to arrive, on the archive's own file system; not yet created."""

    def add(self, path: Path, summary: InstanceSummary) -> StoreOutcome:
        """Take the Part 10 file `path` (made by `new_incoming`, consumed in every outcome) in, whole or not at all.

        Raises DiskFull, ArchiveUnusable.
        """

    def complete(self, path: Path) -> Path:
        """Mark a file from `new_incoming` as whole, so that the next start takes it in after a kill; its new name."""

    def add_all(self, arrivals: Sequence[tuple[Path, InstanceSummary]]) -> Sequence[StoreOutcome | LocalError]:
        """`add` for many at once, in far less time, and without losing what cannot be added: its file stays.

        Raises DiskFull, ArchiveUnusable where none has been added.
        """

    def discard(self, path: Path) -> None:
        """Forget a file from `new_incoming`, whether or not it exists."""

    def find(self, query: Query) -> Iterator[QueryMatch]:
        """Matches at `query.level`, studies newest first, counts filled in."""

    def study(self, study_instance_uid: str) -> Study | None: ...

    def series_of(self, study_instance_uid: str) -> list[Series]:
        """Its series by series number, counts filled in."""

    def instances_of(self, series_instance_uid: str) -> list[StoredInstance]:
        """Its instances by instance number."""

    def instance_uids(self, study_instance_uid: str, series_instance_uid: str = "") -> frozenset[str]: ...

    def expect(self, study_instance_uid: str, counts: Mapping[str, int]) -> None:
        """Remember how many instances a node said it has of each series. Raises DiskFull, ArchiveUnusable."""

    def expected_of(self, study_instance_uid: str) -> dict[str, int]:
        """What `expect` was told of a study, by Series Instance UID."""

    def delete_study(self, study_instance_uid: str) -> None: ...

    def size_bytes(self) -> int:
        """Bytes of all stored files."""


# --- peers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EchoResult:
    elapsed_s: float
    implementation: str  # Implementation Version Name or HTTP Server header, may be empty


@dataclass(frozen=True, slots=True)
class RetrieveTarget:
    """A study, or one series of it, or single instances of that series."""

    study_instance_uid: str
    series_instance_uid: str = ""
    sop_instance_uids: tuple[str, ...] = ()
    sop_classes: tuple[str, ...] = field(default=(), compare=False)  # of what is in it, empty when not known


Wanted = RetrieveTarget | Iterable[RetrieveTarget]  # taken one by one, each when the one before it is there


@dataclass(frozen=True, slots=True)
class ItemFailure:
    """One instance that was not transferred, and the standard's word for why."""

    sop_instance_uid: str
    reason: str
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class TransferReport:
    """What one transfer did. `stored` counts new instances, `already_present` those that were there."""

    method: RetrieveMethod | None = None
    expected: int | None = None  # as the peer counts its sub-operations, None when it does not say
    transferred: int = 0
    stored: int = 0
    already_present: int = 0
    bytes: int = 0
    warnings: tuple[str, ...] = ()
    failures: tuple[ItemFailure, ...] = ()
    cause: str = ""  # code of what ended a store early, or `back_off.OUT_OF_RESOURCES`: the rest may go later


@dataclass(frozen=True, slots=True)
class TransferProgress:
    done: int
    total: int | None
    bytes_done: int
    failed: int = 0
    gone: Path | None = field(default=None, compare=False)  # the file that the peer has just taken, of a store


OnProgress = Callable[[TransferProgress], None]
Arrivals = Callable[[], int]  # grows while something arrives by another way than the one that is waited on


def no_arrivals() -> int:
    return 0


class NotAnnounced(DamagedFile):
    """The file is an instance, but not the one it was announced as (PS3.4 B.2.1)."""


class Delivery(Protocol):
    """Instances from one source on their way into the archive."""

    def new_path(self) -> Path:
        """Where to write the next Part 10 file."""

    def take(self, path: Path, announced: str = "") -> None:
        """Take the complete file `path`: looked at now, durable and indexed a moment later.

        From here on a kill loses nothing. Waits when too much is waiting. Raises InputError when the file is not
        an instance, NotAnnounced when it is another one; LocalError when what was taken before could not be kept.
        """

    def discard(self, path: Path) -> None: ...

    def settled(self) -> Counter[StoreOutcome]:
        """Wait until all that was taken is durable and indexed; how many of which outcome. Raises LocalError."""


class Inbox(Protocol):
    """Where received instances go; made by services.delivery over the archive."""

    def delivery(self, source: str) -> Delivery:
        """A new delivery from `source`, a node's name or AE title."""

    @property
    def conflicts(self) -> int:
        """How many instances came so far whose UID was here already with other content."""
        return 0

    def settle(self) -> None:
        """Wait until all that was taken, by whatever delivery, is indexed or has failed."""


class QueryPeer(Protocol):
    """Something that answers queries: DIMSE or DICOMweb."""

    def echo(self, node: Node, cancellation: Cancellation) -> EchoResult: ...

    def find(
        self, node: Node, query: Query, cancellation: Cancellation, remark: OnRemark = no_remark
    ) -> Iterator[QueryMatch]:
        """Matches as they arrive. Raises PeerAborted in mid-iteration when the list is incomplete.

        Closing the iterator before its end tells the peer to stop. `remark` hears what the matches do not show.
        """


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person enters in any browser to log this computer in (RFC 8628)."""

    code: str
    address: str
    address_with_code: str = ""  # may be empty
    valid_for_s: float = 300.0


ShowCode = Callable[[DeviceCode], None]


class WebPeer(QueryPeer, Protocol):
    """DICOMweb (PS3.18): QIDO-RS, WADO-RS, STOW-RS."""

    def log_in(self, node: Node, cancellation: Cancellation, show_code: ShowCode | None = None) -> None:
        """At the node's OpenID provider, by the system's browser or, with `show_code`, by a code; kept in Secrets.

        Waits for the person. Raises LogInNeeded when nothing comes of it.
        """

    def log_out(self, node: Node, cancellation: Cancellation) -> None:
        """Forget what `log_in` kept, and tell the provider where it wants to know."""

    def retrieve(
        self, node: Node, target: RetrieveTarget, inbox: Inbox, on_progress: OnProgress, cancellation: Cancellation
    ) -> TransferReport: ...

    def store(
        self, node: Node, paths: Sequence[Path], on_progress: OnProgress, cancellation: Cancellation
    ) -> TransferReport: ...


class DimsePeer(QueryPeer, Protocol):
    """DIMSE (PS3.7): the services over one association each."""

    def find_worklist(self, node: Node, query: WorklistQuery, cancellation: Cancellation) -> Iterator[WorklistItem]: ...

    def get(
        self,
        node: Node,
        wanted: Wanted,
        inbox: Inbox,
        on_progress: OnProgress,
        cancellation: Cancellation,
        *,
        classes: Sequence[str] = (),
    ) -> TransferReport:
        """C-GET: instances come back on the same association, or on several where `classes` are too many for one.

        `classes` are the SOP classes of everything that will be asked for, as far as they are known.
        """

    def move(
        self,
        node: Node,
        wanted: Wanted,
        on_progress: OnProgress,
        cancellation: Cancellation,
        arrivals: Arrivals = no_arrivals,
        *,
        destination: str = "",
    ) -> TransferReport:
        """C-MOVE to our own listener, which stores what arrives; the report counts the peer's sub-operations only.

        A peer need not say anything in between (PS3.4 C.4.2.3.1), so it is waited for while `arrivals` grows.
        `destination` is another AE title that the peer knows, empty for ours.
        """

    def store(
        self, node: Node, paths: Sequence[Path], on_progress: OnProgress, cancellation: Cancellation
    ) -> TransferReport: ...


class SecretKind(StrEnum):
    """What a secret is for. The value of a node's header is of the kind `header:NAME`."""

    PASSCODE = "passcode"  # of the user identity (PS3.7 D.3.3.7)
    PASSWORD = "password"  # of HTTP basic authentication
    TOKEN = "token"  # a bearer token
    OIDC = "oidc"  # what an OpenID provider gave
    KEY_PASSPHRASE = "key-passphrase"  # of the client's private key


def header_secret(name: str) -> str:
    """The kind of secret that the value of the header `name` is."""
    return f"header:{name.casefold()}"


class Secrets(Protocol):
    """Passwords, tokens and the like by node name and kind, never in a file of ours. Any thread may call."""

    @property
    def where(self) -> str:
        """The system's store that keeps them, in words; empty where there is none and they end with the program."""

    def variable_of(self, node: str, kind: str) -> str:
        """The environment variable that gives it on a computer without a store."""

    def get(self, node: str, kind: str) -> str:
        """The secret, empty when there is none. Raises SecretsUnusable."""

    def set(self, node: str, kind: str, value: str) -> None:
        """Keep `value`. Raises SecretsUnusable."""

    def delete(self, node: str, kind: str) -> None:
        """Forget it, whether or not there is one. Raises SecretsUnusable."""


class Listener(Protocol):
    """Our storage SCP (C-STORE, C-ECHO)."""

    def start(self) -> LocalAe:
        """Listen; the AE with the port really bound (port 0 picks one). Raises PortInUse."""

    def stop(self) -> None: ...

    def bytes_from(self, ae_title: str) -> int:
        """Bytes received from that calling AE title so far, also of instances still on their way."""

    def why_refused(self) -> LocalError | None:
        """The last fault of this computer for which an instance was refused since this was asked before."""

    def turned_away(self) -> tuple[str, ...]:
        """The calling AE titles of those who were rejected as unknown since this was asked before."""

    @property
    def running(self) -> bool: ...
