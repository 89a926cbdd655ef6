"""Echo: whether a node can be reached in each way that is configured for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workstation.domain.errors import PeerError
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.ports import DimsePeer, EchoResult, WebPeer
from workstation.services.search import FindNode, require_node


@dataclass(frozen=True, slots=True)
class EchoNode:
    """C-ECHO (PS3.7 9.1.5), and the same question over HTTP where the node has a DICOMweb address."""

    kind: ClassVar[str] = "echo"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = False

    node: str

    @property
    def lane(self) -> str:
        return f"{self.node}:query"

    @property
    def subject(self) -> str:
        return self.node


@dataclass(frozen=True, slots=True)
class Reached:
    """The answer of each configured way, None where it is not configured or did not answer."""

    dimse: EchoResult | None = None
    web: EchoResult | None = None


def run_echo(command: EchoNode, context: JobContext, *, find_node: FindNode, dimse: DimsePeer, web: WebPeer) -> Outcome:
    """Try each configured way; partly done when one of two fails."""
    node = require_node(find_node, command.node)
    answers: dict[str, EchoResult] = {}
    errors: list[PeerError] = []
    for way, peer, configured in (("dimse", dimse, node.speaks_dimse), ("web", web, bool(node.web_url))):
        if configured:
            try:
                answers[way] = peer.echo(node, context.cancellation)
            except PeerError as error:
                errors.append(error)
    if errors and not answers:
        raise errors[0]
    return Outcome(result=Reached(**answers), partly=bool(errors), error=errors[0] if errors else None)
