"""A diagnosis as values: the steps on the way to a node, and what was found at each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.errors import WorkstationError
from workstation.domain.node import LocalAe, Node
from workstation.services.explain import explain
from workstation.services.probe import Agreement


class Light(StrEnum):
    """How a step ended."""

    GREEN = "green"
    AMBER = "amber"  # it works, or may be left as it is, but is worth a look
    RED = "red"
    SKIPPED = "skipped"  # not tried, or not needed
    RUNNING = "running"


class Step(StrEnum):
    """The steps in their order; the last six go to the DICOMweb service."""

    TCP = "tcp"
    TLS = "tls"
    ASSOCIATION = "association"
    ECHO = "c-echo"
    FIND = "c-find"
    MOVE = "c-move"
    GET = "c-get"
    STORE = "c-store"
    WEB_TCP = "web-tcp"
    WEB_TLS = "web-tls"
    HTTP = "http"
    AUTH = "auth"
    QIDO = "qido-rs"
    WADO = "wado-rs"
    STOW = "stow-rs"

    @property
    def heading(self) -> str:
        return _TITLES.get(self, self.value.upper())


_TITLES = {
    Step.TCP: "TCP",
    Step.TLS: "TLS",
    Step.ASSOCIATION: "Association",
    Step.WEB_TCP: "TCP (web)",
    Step.WEB_TLS: "TLS (web)",
    Step.HTTP: "HTTP",
    Step.AUTH: "Log-in",
}

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One step: what happened, what it means, what to change. `facts` are names and values for the sheet."""

    step: Step
    light: Light
    what: str = ""
    why: str = ""
    remedy: str = ""
    elapsed_s: float | None = None
    facts: Facts = ()
    error: WorkstationError | None = None
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings so far, the one under way last. `at` is local time, as ISO 8601 writes it."""

    node: Node
    local: LocalAe
    at: str
    findings: tuple[Finding, ...] = ()
    agreement: Agreement | None = None
    ended: bool = False

    @property
    def light(self) -> Light:
        """The worst of all; GREEN only where something was tried."""
        lights = {finding.light for finding in self.findings}
        return next((one for one in (Light.RED, Light.AMBER, Light.GREEN) if one in lights), Light.SKIPPED)

    @property
    def error(self) -> WorkstationError | None:
        """That of the first red step."""
        return next((one.error for one in self.findings if one.light is Light.RED and one.error), None)


def finding_of(
    step: Step,
    error: WorkstationError,
    elapsed_s: float | None = None,
    facts: Facts = (),
    light: Light = Light.RED,
) -> Finding:
    """`error` in the words that the whole program has for it."""
    words = explain(error)
    return Finding(step, light, words.what, words.why, words.remedy, elapsed_s, facts, error)


def skipped(step: Step, why: str) -> Finding:
    return Finding(step, Light.SKIPPED, why, tried=False)
