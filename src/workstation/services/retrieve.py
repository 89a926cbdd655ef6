"""Retrieve: bring a study here, and count. Done means expected = stored; what is here already is not fetched again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workstation.domain.errors import SettingsError
from workstation.domain.node import Node, RetrieveMethod
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.arriving import Around
from workstation.services.attention import Attention
from workstation.services.node_listing import list_instances
from workstation.services.pace import Paces
from workstation.services.ports import Archive, DimsePeer, Inbox, Listener, QueryPeer, WebPeer
from workstation.services.retrieval import Retrieval, RetrieveResult
from workstation.services.search import FindNode, require_node

__all__ = ["RetrievePrior", "RetrieveResult", "RetrieveStudy", "methods", "run_retrieve"]


@dataclass(frozen=True, slots=True)
class RetrieveStudy:
    """A study, or one series of it, from a node; `method` is a RetrieveMethod value."""

    kind: ClassVar[str] = "retrieve"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = True
    resumable: ClassVar[bool] = True

    node: str
    study_instance_uid: str
    series_instance_uid: str = ""
    method: str = RetrieveMethod.AUTO.value

    @property
    def lane(self) -> str:
        return f"{self.node}:transfer"

    @property
    def subject(self) -> str:
        return self.series_instance_uid or self.study_instance_uid


@dataclass(frozen=True, slots=True)
class RetrievePrior:
    """A study fetched along by rule (`priors`), not because somebody asked for it."""

    kind: ClassVar[str] = "retrieve-prior"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = True
    resumable: ClassVar[bool] = True

    node: str
    study_instance_uid: str

    @property
    def lane(self) -> str:
        return f"{self.node}:transfer"

    @property
    def subject(self) -> str:
        return self.study_instance_uid


def run_retrieve(
    command: RetrieveStudy | RetrievePrior,
    context: JobContext,
    *,
    archive: Archive,
    inbox: Inbox,
    find_node: FindNode,
    dimse: DimsePeer,
    web: WebPeer,
    listener: Listener,
    paces: Paces | None = None,
    attention: Attention | None = None,
) -> Outcome:
    """Fetch what the archive lacks, by each configured method in turn until nothing is missing.

    Partly done with IncompleteTransfer when something is missing in the end; raises when nothing came at all.
    """
    if isinstance(command, RetrievePrior):
        command = RetrieveStudy(command.node, command.study_instance_uid)
    node = require_node(find_node, command.node)
    asked = RetrieveMethod(command.method)
    ways = methods(node, asked)
    around = Around(context, node, archive, inbox, dimse, web, listener, paces or Paces(), attention or Attention())
    peers: list[QueryPeer] = [dimse] if node.speaks_dimse else []
    if node.web_url:
        peers.append(web)
    study, series = command.study_instance_uid, command.series_instance_uid
    listing = list_instances(study, series, node, peers, context)
    if listing is not None:
        archive.expect(study, {uid: len(uids) for uid, uids in listing.series.items()})
    retrieval = Retrieval(study, series, around, listing)
    retrieval.run(ways)
    return retrieval.outcome()


def methods(node: Node, asked: RetrieveMethod) -> list[RetrieveMethod]:
    """Which methods to try, in order: the one asked for, else the node's own, else all it is configured for."""
    chosen = node.retrieve_method if asked is RetrieveMethod.AUTO else asked
    possible = [RetrieveMethod.GET, RetrieveMethod.MOVE] if node.speaks_dimse else []
    if node.web_url:
        possible.append(RetrieveMethod.WEB)
    if chosen is RetrieveMethod.AUTO:
        return possible
    if chosen not in possible:
        key = "web_url" if chosen is RetrieveMethod.WEB else "ae_title"
        raise SettingsError(
            key=f"nodes.{node.name}.{key}", expected=f"a value, to retrieve by {chosen}", found="nothing"
        )
    return [chosen]
