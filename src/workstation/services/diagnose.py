"""Diagnose: walk to a node layer by layer, telling each step as it ends, the later ones skipped after a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from workstation.domain.errors import Cancelled, WorkstationError
from workstation.domain.job import Progress
from workstation.domain.node import LocalAe
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.diagnose_dimse import DimseWalk
from workstation.services.diagnose_web import WebWalk
from workstation.services.diagnosis import Diagnosis, Finding, Light, Step, finding_of, skipped
from workstation.services.ports import Archive, DimsePeer, Listener, WebPeer
from workstation.services.probe import Probe
from workstation.services.scratch import WatchedInbox
from workstation.services.search import FindNode, require_node
from workstation.services.walk import Surroundings, Walk


@dataclass(frozen=True, slots=True)
class DiagnoseNode:
    """Each step to `node`. `store` allows to send it an instance: the one that it has just given."""

    kind: ClassVar[str] = "diagnose"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = False

    node: str
    store: bool = False

    @property
    def lane(self) -> str:
        return f"{self.node}:diagnose"  # it must not wait for what hangs

    @property
    def subject(self) -> str:
        return self.node


def run_diagnose(
    command: DiagnoseNode,
    context: JobContext,
    *,
    find_node: FindNode,
    local: LocalAe,
    probe: Probe,
    dimse: DimsePeer,
    web: WebPeer,
    listener: Listener,
    watched: WatchedInbox,
    archive: Archive,
) -> Outcome:
    """The Diagnosis, told as a partial result after each step; partly done when a step failed."""
    node = require_node(find_node, command.node)
    at = Surroundings(node, local, command.store, probe, dimse, web, listener, watched, archive, context.cancellation)
    walks: list[Walk] = [DimseWalk(at)] if node.speaks_dimse else []
    if node.web_url:
        walks.append(WebWalk(at))
    so_far = Diagnosis(node, local, datetime.now().astimezone().isoformat(timespec="seconds"))
    total = sum(len(walk.steps) for walk in walks)
    for walk in walks:
        try:
            for diagnosis in _walked(walk, so_far):
                so_far = diagnosis
                done = sum(finding.light is not Light.RUNNING for finding in so_far.findings)
                context.progress(Progress(done, total, step=so_far.findings[-1].step.heading))
                context.partial(so_far)
        finally:
            walk.close()
    diagnosis = replace(so_far, ended=True)
    return Outcome(result=diagnosis, partly=diagnosis.light is Light.RED, error=diagnosis.error)


def _walked(walk: Walk, diagnosis: Diagnosis) -> Iterator[Diagnosis]:
    before = diagnosis.findings
    lights: dict[Step, Light] = {}
    for step in walk.steps:
        failed = next((one for one in walk.needs.get(step, ()) if lights.get(one) is Light.RED), None)
        if failed is not None:
            finding = skipped(step, f"Not tried, since {failed.heading} failed.")
            lights[step] = Light.SKIPPED
        else:
            yield replace(diagnosis, findings=(*before, Finding(step, Light.RUNNING)))
            finding = timed(step, lambda step=step: walk.take(step))  # type: ignore[misc]
            lights[step] = finding.light
        before = (*before, finding)
        diagnosis = replace(diagnosis, findings=before, agreement=walk.agreement or diagnosis.agreement)
        yield diagnosis


def timed(step: Step, take: Callable[[], Finding]) -> Finding:
    """What `take` found and how long that took; an error of ours as a red finding."""
    started = time.monotonic()
    try:
        finding = take()
    except Cancelled:
        raise
    except WorkstationError as error:
        finding = finding_of(step, error)
    if finding.elapsed_s is None and finding.tried:
        finding = replace(finding, elapsed_s=time.monotonic() - started)
    return finding
