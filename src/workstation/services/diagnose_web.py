"""The way to a node's DICOMweb service (PS3.18): TCP, TLS, HTTP, log-in, QIDO-RS, WADO-RS, STOW-RS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from workstation.domain.errors import (
    LogInNeeded,
    NotDicomWeb,
    PeerAborted,
    PeerError,
    PeerFailure,
    PeerTimedOut,
    TlsFailed,
    WebFailure,
    WrongService,
)
from workstation.domain.node import WebAuth
from workstation.domain.tls import TlsFault
from workstation.services.diagnosis import Finding, Light, Step, finding_of, skipped
from workstation.services.ports import TransferProgress
from workstation.services.probe import Agreement, Manner, Way, WebAnswer
from workstation.services.scratch import ScratchInbox
from workstation.services.smallest import Found, find_smallest
from workstation.services.walk import Surroundings, security_finding, studies_finding

_AT_MOST_S = 60.0
_CLOCK_OFF_S = 300.0  # tokens and certificates suffer from there on
_BASE = (Step.WEB_TCP, Step.WEB_TLS, Step.HTTP, Step.AUTH)


class WebWalk:
    """Holds what one step found for those after it."""

    steps: Sequence[Step] = (*_BASE, Step.QIDO, Step.WADO, Step.STOW)
    needs: Mapping[Step, Sequence[Step]] = {
        Step.WEB_TLS: _BASE[:1],
        Step.HTTP: _BASE[:2],
        Step.AUTH: _BASE[:3],
        Step.QIDO: _BASE,
        Step.WADO: (*_BASE, Step.QIDO),
        Step.STOW: (*_BASE, Step.QIDO),
    }
    agreement: Agreement | None = None

    def __init__(self, at: Surroundings) -> None:
        self._at = at
        self._node = at.node
        self._address = at.probe.address(at.node, Way.WEB)
        self._answer: WebAnswer | None = None
        self._log_in: LogInNeeded | None = None
        self._found = Found()
        self._kept = ExitStack()
        self._inbox: ScratchInbox | None = None

    def take(self, step: Step) -> Finding:
        taken = {
            Step.WEB_TCP: self._tcp,
            Step.WEB_TLS: self._tls,
            Step.HTTP: self._http,
            Step.AUTH: self._auth,
            Step.QIDO: self._qido,
            Step.WADO: self._wado,
            Step.STOW: self._stow,
        }
        return taken[step]()

    def close(self) -> None:
        """Forget what was fetched."""
        self._kept.close()

    def _tcp(self) -> Finding:
        reach = self._at.probe.reach(self._node, Way.WEB, self._at.cancellation)
        what = f"{self._address.host}:{self._address.port} takes connections."
        return Finding(Step.WEB_TCP, Light.GREEN, what, facts=(("Address reached", reach.peer),))

    def _tls(self) -> Finding:
        if not self._address.tls:
            return skipped(Step.WEB_TLS, "Not used: the web address begins with http.")
        return security_finding(Step.WEB_TLS, self._at.probe.secure(self._node, Way.WEB, self._at.cancellation))

    def _http(self) -> Finding:
        try:
            answer = self._at.probe.ask(self._node, self._at.cancellation)
        except LogInNeeded as error:
            self._log_in = error
            return Finding(Step.HTTP, Light.GREEN, "It answers HTTP, and asks who we are.")
        except (PeerAborted, PeerTimedOut) as error:
            raise self._who_is_there(error) from error
        self._answer = answer
        if answer.status == 400 and not self._address.tls and self._manner() is Manner.TLS:
            raise TlsFailed(fault=TlsFault.TLS_WANTED, **self._facts)
        facts = tuple(fact for fact in (("Server", answer.server), ("Status", f"{answer.status}")) if fact[1])
        if answer.sent_on:
            elsewhere = NotDicomWeb(cause="redirect", url=answer.url, found=answer.sent_on, **self._facts)
            return finding_of(Step.HTTP, elsewhere, facts=facts, light=Light.AMBER)
        what = "It answers HTTP" + (f" and calls itself {answer.server}." if answer.server else ".")
        if abs(answer.clock_off_s) >= _CLOCK_OFF_S:
            return Finding(Step.HTTP, Light.AMBER, what, *_clocks(answer.clock_off_s), facts=facts)
        return Finding(Step.HTTP, Light.GREEN, what, facts=facts)

    def _manner(self) -> Manner:
        return self._at.probe.manner(self._node, Way.WEB, self._at.cancellation)

    def _who_is_there(self, error: PeerError) -> PeerError:
        manner = self._manner()
        if manner is Manner.TLS and not self._address.tls:
            return TlsFailed(fault=TlsFault.TLS_WANTED, **self._facts)
        if manner in (Manner.DICOM, Manner.SSH, Manner.OTHER):
            return WrongService(wanted="web", service=manner, **self._facts)
        return error

    def _auth(self) -> Finding:
        if self._log_in is not None:
            raise self._log_in
        answer = self._answer
        if answer is not None and answer.status == 403:
            raise WebFailure(status=403, reason=answer.reason or None, url=answer.url, **self._facts)
        if self._node.auth is WebAuth.NONE:
            return Finding(Step.AUTH, Light.GREEN, "It asks for no log-in.")
        what = f"It accepts our log-in ({self._node.auth})."
        if not self._address.tls:
            return Finding(
                Step.AUTH,
                Light.AMBER,
                what,
                "The address begins with http, so the password or token can be read on its way.",
                "Ask its administrator for an address that begins with https.",
            )
        return Finding(Step.AUTH, Light.GREEN, what)

    def _qido(self) -> Finding:
        answer = self._answer
        assert answer is not None  # else the step before has failed
        if answer.status == 404:
            other = self._at.probe.other_root(self._node, self._at.cancellation)
            raise NotDicomWeb(cause="path", url=answer.url, found=other or None, status=404, **self._facts)
        if answer.status not in (200, 204):
            raise WebFailure(status=answer.status, reason=answer.reason or None, url=answer.url, **self._facts)
        if "html" in answer.content_type:
            other = self._at.probe.other_root(self._node, self._at.cancellation)
            raise NotDicomWeb(cause="web-page", url=answer.url, found=other or None, **self._facts)
        if answer.status == 200 and "json" not in answer.content_type:
            raise NotDicomWeb(cause="no-json", url=answer.url, content_type=answer.content_type or None, **self._facts)
        with self._at.at_most(_AT_MOST_S) as cancellation:
            self._found = find_smallest(self._at.web, self._node, cancellation)
        return studies_finding(Step.QIDO, self._found)

    def _wado(self) -> Finding:
        if self._found.target is None:
            return skipped(Step.WADO, "Not tried, since QIDO-RS named no instance to ask for.")
        inbox = self._kept.enter_context(self._at.scratch())
        with self._at.at_most(_AT_MOST_S) as cancellation:
            report = self._at.web.retrieve(self._node, self._found.target, inbox, _ignore, cancellation)
        if not inbox.files:
            reason = report.failures[0].reason if report.failures else "it sent nothing"
            raise PeerFailure(operation="WADO-RS", meaning=reason, **self._facts)
        self._inbox = inbox
        size = inbox.files[0].stat().st_size
        what = f"It gave one instance ({size / 1000:.0f} kB); it was looked at and forgotten."
        return Finding(Step.WADO, Light.GREEN, what)

    def _stow(self) -> Finding:
        if not self._at.store:
            return Finding(Step.STOW, Light.AMBER, "Not tried: it would store an instance there.", tried=False)
        if self._inbox is None:
            return skipped(Step.STOW, "Not tried, since WADO-RS gave no instance that could be sent back.")
        with self._at.at_most(_AT_MOST_S) as cancellation:
            report = self._at.web.store(self._node, self._inbox.files[:1], _ignore, cancellation)
        if report.failures:
            raise PeerFailure(operation="STOW-RS", meaning=report.failures[0].reason, **self._facts)
        what = "It took back the instance that it had given."
        if report.warnings:
            return Finding(Step.STOW, Light.AMBER, what, f"With a warning: {report.warnings[0]}.")
        return Finding(Step.STOW, Light.GREEN, what)

    @property
    def _facts(self) -> dict[str, object]:
        return {"node": self._node.name, "host": self._address.host, "port": self._address.port}


def _clocks(off_s: float) -> tuple[str, str]:
    minutes = round(abs(off_s) / 60)
    ahead = "ahead of" if off_s > 0 else "behind"
    return (
        f"Its clock is {minutes} minutes {ahead} this computer’s; certificates and log-ins are judged by the time.",
        "Check date, time and time zone of this computer, and tell its administrator if they are right.",
    )


def _ignore(_progress: TransferProgress) -> None:
    """One instance has no progress."""
