"""The way to a node over DICOM's own protocol: TCP, TLS, association, C-ECHO, C-FIND, C-MOVE, C-GET, C-STORE."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from workstation.domain.errors import (
    NotDelivered,
    PeerAborted,
    PeerError,
    PeerFailure,
    PeerTimedOut,
    PortInUse,
    TlsFailed,
    WrongService,
)
from workstation.domain.tls import TlsFault
from workstation.services.diagnosis import Finding, Light, Step, finding_of, skipped
from workstation.services.ports import TransferProgress, TransferReport
from workstation.services.probe import Agreement, Manner, Way
from workstation.services.scratch import Caught, ScratchInbox
from workstation.services.smallest import Found, find_smallest
from workstation.services.walk import Surroundings, no_accepted, security_finding, studies_finding

VERIFICATION = "1.2.840.10008.1.1"
FIND = ("1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.1.1")  # Study Root, Patient Root
MOVE = ("1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.1.2")
GET = ("1.2.840.10008.5.1.4.1.2.2.3", "1.2.840.10008.5.1.4.1.2.1.3")

_AT_MOST_S = 60.0  # for one instance
_ARRIVES_WITHIN_S = 3.0  # after the node has said that it is sent
_BASE = (Step.TCP, Step.TLS, Step.ASSOCIATION)
# What a node says that had no connection to us, or was refused by whoever took it (PS3.4 table C.4-2).
_NOTHING_EXACT = ("C", "01")  # what Orthanc says both when it does not know us and when it cannot reach us
_COULD_NOT_SEND = ("A702", "B000", *_NOTHING_EXACT)


class DimseWalk:
    """Holds what one step found for those after it."""

    steps: Sequence[Step] = (*_BASE, Step.ECHO, Step.FIND, Step.MOVE, Step.GET, Step.STORE)
    needs: Mapping[Step, Sequence[Step]] = {
        Step.TLS: _BASE[:1],
        Step.ASSOCIATION: _BASE[:2],
        Step.ECHO: _BASE,
        Step.FIND: _BASE,
        Step.MOVE: (*_BASE, Step.FIND),
        Step.GET: (*_BASE, Step.FIND),
        Step.STORE: _BASE,
    }

    def __init__(self, at: Surroundings) -> None:
        self._at = at
        self._node = at.node
        self._found = Found()
        self._agreement: Agreement | None = None
        self._kept = ExitStack()
        self._inbox: ScratchInbox | None = None
        self._started_listener = False

    @property
    def agreement(self) -> Agreement | None:
        return self._agreement

    def take(self, step: Step) -> Finding:
        taken = {
            Step.TCP: self._tcp,
            Step.TLS: self._tls,
            Step.ASSOCIATION: self._association,
            Step.ECHO: self._echo,
            Step.FIND: self._find,
            Step.MOVE: self._move,
            Step.GET: self._get,
            Step.STORE: self._store,
        }
        return taken[step]()

    def close(self) -> None:
        """Forget what was fetched, and stop to listen when it was begun for this alone."""
        self._kept.close()
        if self._started_listener:
            self._at.listener.stop()

    def _tcp(self) -> Finding:
        reach = self._at.probe.reach(self._node, Way.DIMSE, self._at.cancellation)
        facts = (("Address reached", reach.peer), ("Our address", reach.ours))
        return Finding(Step.TCP, Light.GREEN, f"{self._node.host}:{self._node.port} takes connections.", facts=facts)

    def _tls(self) -> Finding:
        if not self._node.tls:
            return skipped(Step.TLS, "Not used: TLS is off for this node.")
        return security_finding(Step.TLS, self._at.probe.secure(self._node, Way.DIMSE, self._at.cancellation))

    def _association(self) -> Finding:
        try:
            agreement = self._at.probe.associate(self._at.local, self._node, self._at.cancellation)
        except (PeerAborted, PeerTimedOut) as error:
            raise self._who_is_there(error) from error
        self._agreement = agreement
        who = agreement.implementation or agreement.implementation_class
        facts = (
            ("Implementation", f"{agreement.implementation} ({agreement.implementation_class})".strip()),
            ("Largest PDU", str(agreement.maximum_length)),
        )
        what = f"It accepts us as {self._at.local.ae_title}" + (f" and calls itself {who}." if who else ".")
        taken = sum(bool(offer.syntaxes) for offer in agreement.offers)
        why = f"{taken} of {len(agreement.offers)} services and kinds of objects were accepted."
        return Finding(Step.ASSOCIATION, Light.GREEN, what, why, facts=facts)

    def _who_is_there(self, error: PeerError) -> PeerError:
        """An own error where another service answers on that port."""
        facts = {"node": self._node.name, "host": self._node.host, "port": self._node.port}
        manner = self._at.probe.manner(self._node, Way.DIMSE, self._at.cancellation)
        if manner is Manner.TLS and not self._node.tls:
            return TlsFailed(fault=TlsFault.TLS_WANTED, operation="association", **facts)
        if manner in (Manner.HTTP, Manner.SSH, Manner.OTHER):
            return WrongService(wanted="dicom", service=manner, **facts)
        return error

    def _echo(self) -> Finding:
        if not self._takes(VERIFICATION):
            return no_accepted(self._node, Step.ECHO, "Verification SOP Class")
        self._at.dimse.echo(self._node, self._at.cancellation)
        return Finding(Step.ECHO, Light.GREEN, "It answers C-ECHO.")

    def _find(self) -> Finding:
        if not self._takes(*FIND):
            return no_accepted(self._node, Step.FIND, "a query (C-FIND)")
        with self._at.at_most(_AT_MOST_S) as cancellation:
            self._found = find_smallest(self._at.dimse, self._node, cancellation)
        return studies_finding(Step.FIND, self._found)

    def _move(self) -> Finding:
        if not self._takes(*MOVE):
            return no_accepted(self._node, Step.MOVE, "C-MOVE")
        if self._found.target is None:
            return skipped(Step.MOVE, "Not tried, since C-FIND named no instance to ask for.")
        try:
            self._listen()
        except PortInUse as error:
            return finding_of(Step.MOVE, error, light=Light.AMBER)
        facts = (("Sent to", f"{self._at.local.ae_title}, port {self._at.local.port}"),)
        with self._at.watched.catching(self._found.sop_instance_uid) as caught:
            report, failure = self._have_it_sent()
            self._await(caught, report)
        if caught.size_bytes:
            what = f"It sent one instance here ({caught.size_bytes / 1000:.0f} kB); it was looked at and forgotten."
            return Finding(Step.MOVE, Light.GREEN, what, facts=facts)
        refusal = self._at.listener.why_refused()
        if refusal is not None:
            raise refusal
        return finding_of(Step.MOVE, self._not_delivered(report, failure), facts=facts)

    def _listen(self) -> None:
        self._at.listener.why_refused()
        if not self._at.listener.running:
            self._at.listener.start()
            self._started_listener = True
        self._at.listener.turned_away()

    def _have_it_sent(self) -> tuple[TransferReport, PeerError | None]:
        target = self._found.target
        assert target is not None
        try:
            with self._at.at_most(_AT_MOST_S) as cancellation:
                return self._at.dimse.move(self._node, target, _ignore, cancellation, self._arrivals), None
        except PeerError as error:
            return TransferReport(), error

    def _arrivals(self) -> int:
        return self._at.listener.bytes_from(self._node.ae_title)

    def _await(self, caught: Caught, report: TransferReport) -> None:
        """It may say that all is sent before our listener has read the last of it."""
        deadline = time.monotonic() + (_ARRIVES_WITHIN_S if report.transferred else 0.0)
        while not caught.size_bytes and time.monotonic() < deadline:
            self._at.cancellation.wait(0.02)
            self._at.cancellation.raise_if_cancelled()

    def _not_delivered(self, report: TransferReport, failure: PeerError | None) -> PeerError:
        local, node = self._at.local, self._node
        said = str(failure.details.get("status", "")) if isinstance(failure, PeerFailure) else ""
        callers = self._at.listener.turned_away()
        if callers:
            cause = "turned-away"
        elif failure is None and report.transferred:
            cause = "elsewhere"
        elif failure is not None and not said.startswith(_COULD_NOT_SEND):
            return failure
        else:
            cause = "unknown-or-not-reached" if said.startswith(_NOTHING_EXACT) else "not-reached"
        return NotDelivered(
            cause=cause,
            callers=", ".join(callers) or None,
            status=said or None,
            comment=failure.details.get("comment") if failure else None,
            reason=failure.details.get("meaning")
            if failure
            else (report.failures[0].reason if report.failures else None),
            our_ae_title=local.ae_title,
            our_host=local.host,
            our_port=local.port,
            node=node.name,
            ae_title=node.ae_title,
            host=node.host,
            port=node.port,
            operation="C-MOVE",
        )

    def _get(self) -> Finding:
        if not self._takes(*GET):
            return no_accepted(self._node, Step.GET, "C-GET")
        if self._found.target is None:
            return skipped(Step.GET, "Not tried, since C-FIND named no instance to ask for.")
        inbox = self._kept.enter_context(self._at.scratch())
        with self._at.at_most(_AT_MOST_S) as cancellation:
            report = self._at.dimse.get(self._node, self._found.target, inbox, _ignore, cancellation)
        if not inbox.files:
            reason = report.failures[0].reason if report.failures else "it sent nothing"
            raise PeerFailure(operation="C-GET", meaning=reason, **self._facts)
        self._inbox = inbox
        size = inbox.files[0].stat().st_size
        what = f"It gave one instance ({size / 1000:.0f} kB); it was looked at and forgotten."
        return Finding(Step.GET, Light.GREEN, what)

    def _store(self) -> Finding:
        if not self._at.store:
            return Finding(Step.STORE, Light.AMBER, "Not tried: it would store an instance there.", tried=False)
        if self._inbox is None:
            return skipped(Step.STORE, "Not tried, since C-GET gave no instance that could be sent back.")
        with self._at.at_most(_AT_MOST_S) as cancellation:
            report = self._at.dimse.store(self._node, self._inbox.files[:1], _ignore, cancellation)
        if report.failures:
            raise PeerFailure(operation="C-STORE", meaning=report.failures[0].reason, **self._facts)
        what = "It took back the instance that it had given."
        if report.warnings:
            return Finding(Step.STORE, Light.AMBER, what, f"With a warning: {report.warnings[0]}.")
        return Finding(Step.STORE, Light.GREEN, what)

    @property
    def _facts(self) -> dict[str, object]:
        node = self._node
        return {"node": node.name, "ae_title": node.ae_title, "host": node.host, "port": node.port}

    def _takes(self, *sop_classes: str) -> bool:
        return self._agreement is not None and self._agreement.takes(*sop_classes)


def _ignore(_progress: TransferProgress) -> None:
    """One instance has no progress."""
