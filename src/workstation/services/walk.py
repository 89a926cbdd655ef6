"""What each walk of a diagnosis has at hand, and what it is made of."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from workstation.domain.errors import Cancelled, NoAcceptedContext, PeerTimedOut
from workstation.domain.node import LocalAe, Node
from workstation.jobs.cancel import Cancellation
from workstation.services.diagnosis import Finding, Light, Step, finding_of
from workstation.services.ports import Archive, DimsePeer, Listener, WebPeer
from workstation.services.probe import Agreement, Probe, Security
from workstation.services.scratch import ScratchInbox, WatchedInbox
from workstation.services.smallest import Found

_SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every walk has at hand."""

    node: Node
    local: LocalAe
    store: bool
    probe: Probe
    dimse: DimsePeer
    web: WebPeer
    listener: Listener
    watched: WatchedInbox
    archive: Archive
    cancellation: Cancellation

    @contextmanager
    def scratch(self) -> Iterator[ScratchInbox]:
        """An inbox that is forgotten at the end of the block."""
        inbox = ScratchInbox(self.archive)
        try:
            yield inbox
        finally:
            inbox.close()

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[Cancellation]:
        """A cancellation that also comes after `seconds`; then PeerTimedOut is raised."""
        inner = Cancellation()
        timer = threading.Timer(seconds, inner.cancel)
        timer.daemon = True
        timer.start()
        try:
            with self.cancellation.on_cancel(inner.cancel):
                yield inner
        except Cancelled:
            self.cancellation.raise_if_cancelled()
            facts = {"node": self.node.name, "host": self.node.host or None, "port": self.node.port}
            raise PeerTimedOut(waited_s=f"{seconds:g}", **facts) from None
        finally:
            timer.cancel()
            timer.join()


class Walk(Protocol):
    """The steps of one way to a node."""

    steps: Sequence[Step]
    needs: Mapping[Step, Sequence[Step]]  # those that must not have failed before

    @property
    def agreement(self) -> Agreement | None:
        """What the peer has accepted, when that is known."""

    def take(self, step: Step) -> Finding:
        """Go one step. Raises WorkstationError, which is its failure."""

    def close(self) -> None: ...


def no_accepted(node: Node, step: Step, wanted: str) -> Finding:
    """The association was accepted, but not this service: not every system has to have it."""
    error = NoAcceptedContext(
        sop_class=wanted, node=node.name, ae_title=node.ae_title, host=node.host, port=node.port, operation=step.heading
    )
    return finding_of(step, error, light=Light.AMBER)


def security_finding(step: Step, security: Security) -> Finding:
    """A TLS connection; amber where the certificate will soon end."""
    facts = [("Protocol", f"{security.protocol}, {security.cipher}"), ("Certificate of", security.subject)]
    facts.append(("Issued by", security.issuer))
    what = f"{security.protocol} with a trusted certificate" + (f" of {security.subject}." if security.subject else ".")
    if not security.valid_until:
        return Finding(step, Light.GREEN, what, facts=tuple(facts))
    until = datetime.fromtimestamp(security.valid_until).astimezone()
    facts.append(("Valid until", f"{until:%Y-%m-%d}"))
    days = math.floor((security.valid_until - time.time()) / 86_400)
    if days < _SOON_DAYS:
        why = f"It ends on {until:%Y-%m-%d}, in {days} days; from then on no connection is made."
        return Finding(step, Light.AMBER, what, why, "Ask its administrator for a new one in time.", facts=tuple(facts))
    return Finding(step, Light.GREEN, what, f"Valid until {until:%Y-%m-%d}.", facts=tuple(facts))


def studies_finding(step: Step, found: Found) -> Finding:
    """What a query gave."""
    if not found.studies:
        return Finding(
            step,
            Light.AMBER,
            "It answers queries, but has no study to show us.",
            "It is empty, or this workstation may not see what it has. Retrieving cannot be tried.",
            "If studies should be there, ask its administrator what this workstation may see.",
        )
    number = f"{found.studies} {'study' if found.studies == 1 else 'studies'}"
    since = {None: "", 1: " of yesterday and today"}.get(found.days, f" of the last {found.days} days")
    what = f"It lists {number}{since}{' and more' if found.more else ''}."
    if found.target is None:
        why = "It names no series or instance of them, so retrieving cannot be tried, nor be proved complete."
        return Finding(step, Light.AMBER, what, why, "Ask its administrator for queries at series and image level.")
    return Finding(step, Light.GREEN, what)
