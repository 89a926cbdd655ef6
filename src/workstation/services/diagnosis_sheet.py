"""A diagnosis as a plain text to be copied for the administrator of the other system; no patient is in it."""

from __future__ import annotations

from collections.abc import Iterator

from workstation.domain.errors import WorkstationError
from workstation.domain.node import ListenerTls
from workstation.services.diagnosis import Diagnosis, Finding, Light

_WIDTH = 22
_WIDE = 60  # SOP classes have long names
_LIGHTS = {
    Light.GREEN: "works",
    Light.AMBER: "note",
    Light.RED: "FAILS",
    Light.SKIPPED: "not tried",
    Light.RUNNING: "…",
}
_EXACT = {"unknown-move-destination": "status A801 move destination unknown"}
_SAID = (
    "status",
    "meaning",
    "comment",
    "result",
    "source",
    "reason",
    "fault",
    "sop_class",
    "cause",
    "callers",
    "offered",
)


def sheet(diagnosis: Diagnosis) -> str:
    """Who asked whom when, each step, what was refused in the standard's words, and what was agreed on."""
    parts = [
        _head(diagnosis),
        _section("This workstation", _ours(diagnosis)),
        _section("The system asked", _theirs(diagnosis)),
        _section("Steps", map(_step, diagnosis.findings)),
    ]
    wrong = [one for one in diagnosis.findings if one.light in (Light.RED, Light.AMBER) and (one.error or one.remedy)]
    parts += [_section(f"{one.step.heading}: {_LIGHTS[one.light]}", _detail(one)) for one in wrong]
    if diagnosis.agreement is not None:
        offers = diagnosis.agreement.offers
        parts.append(
            _section("Accepted", (_fact(one.name, ", ".join(one.syntaxes), _WIDE) for one in offers if one.syntaxes))
        )
        parts.append(
            _section("Not accepted", (_fact(one.name, one.refusal, _WIDE) for one in offers if not one.syntaxes))
        )
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(diagnosis: Diagnosis) -> str:
    return f"DICOM connection of Workstation to {diagnosis.node.name}, {diagnosis.at}"


def _ours(diagnosis: Diagnosis) -> Iterator[str]:
    local = diagnosis.local
    yield _fact("AE title", local.ae_title)
    yield _fact("Host", _our_host(diagnosis))
    yield _fact("Port", str(local.port))
    yield _fact("TLS", {ListenerTls.OFF: "no", ListenerTls.OFFERED: "yes, and plain"}.get(local.tls, "yes"))


def _our_host(diagnosis: Diagnosis) -> str:
    seen = next((value for one in diagnosis.findings for name, value in one.facts if name == "Our address"), "")
    listens = diagnosis.local.host
    if not seen or seen == listens:
        return listens
    return f"{seen} (listens on {listens})"


def _theirs(diagnosis: Diagnosis) -> Iterator[str]:
    node = diagnosis.node
    if node.speaks_dimse:
        yield _fact("AE title", node.ae_title)
        yield _fact("Host", node.host)
        yield _fact("Port", str(node.port))
        yield _fact("TLS", "yes" if node.tls else "no")
    if node.web_url:
        yield _fact("DICOMweb", _plain(node.web_url))
    for finding in diagnosis.findings:
        for name, value in finding.facts:
            if value and name not in ("Our address", "Sent to"):
                yield _fact(name, value)


def _step(finding: Finding) -> str:
    took = f"  {finding.elapsed_s * 1000:.0f} ms" if finding.elapsed_s is not None else ""
    what = "see below" if finding.error is not None else finding.what
    return f"  {finding.step.heading:<13} {_LIGHTS[finding.light]:<10} {what}{took}"


def _detail(finding: Finding) -> Iterator[str]:
    for sentence in (finding.what, finding.why, finding.remedy):
        if sentence:
            yield f"  {sentence}"
    if finding.error is not None:
        yield _fact("Answer", _answer(finding.error))


def _answer(error: WorkstationError) -> str:
    said = (f"{name.replace('_', ' ')} {error.details[name]}" for name in _SAID if error.details.get(name))
    return f"{_EXACT.get(error.code, error.code)} ({'; '.join(said)})".replace(" ()", "")


def _section(title: str, lines: Iterator[str] | map[str]) -> str:
    inside = list(lines)
    return "\n".join([title, *inside]) if inside else ""


def _fact(name: str, value: str, width: int = _WIDTH) -> str:
    return f"  {name:<{width}} {value}".rstrip()


def _plain(url: str) -> str:
    """Without the log-in that an address may hold."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}"
