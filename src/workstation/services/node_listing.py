"""What a node says it has of a study: the instances of each series, before any of them is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from workstation.domain.errors import AssociationRejected, PeerError, PeerFailure, PeerTimedOut, PeerUnreachable
from workstation.domain.job import Progress
from workstation.domain.node import Node
from workstation.domain.query import Query
from workstation.domain.study import Instance, Level, Series
from workstation.domain.uid import is_valid_uid
from workstation.jobs.runner import JobContext
from workstation.services.explain import explain
from workstation.services.ports import QueryPeer

NO_DIMSE = (PeerUnreachable, PeerTimedOut, AssociationRejected)  # another DIMSE service would meet the same


@dataclass(frozen=True, slots=True)
class Listing:
    """Series Instance UID -> SOP Instance UIDs by instance number; the SOP class of each where the node tells it."""

    series: Mapping[str, tuple[str, ...]]
    sop_classes: Mapping[str, str] = field(default_factory=dict)

    @property
    def uids(self) -> frozenset[str]:
        return frozenset(uid for uids in self.series.values() for uid in uids)

    def classes_of(self, uids: Iterable[str]) -> tuple[str, ...]:
        """The SOP classes of `uids`, the first one's first; empty unless all are known."""
        found = [self.sop_classes.get(uid, "") for uid in uids]
        return tuple(dict.fromkeys(found)) if all(found) else ()


def list_instances(
    study: str, series: str, node: Node, peers: Sequence[QueryPeer], context: JobContext
) -> Listing | None:
    """What the node says it has; None when it cannot say. Raises when it cannot be reached in any way."""
    errors: list[PeerError] = []
    for peer in peers:
        try:
            listing = _listed_by(peer, study, series, node, context)
        except PeerError as error:
            errors.append(error)
            continue
        if not listing.series:
            raise PeerFailure(node=node.name, operation="C-FIND", meaning="it has no such study or series")
        if all(listing.series.values()):
            return listing
        context.warn(f"{node.name} lists a series without instances: completeness is judged by its own count.")
        return None
    if all(isinstance(error, NO_DIMSE) for error in errors):
        raise errors[0]
    context.warn(f"{explain(errors[0]).what} Completeness is judged by the node’s own count.")
    return None


def _listed_by(peer: QueryPeer, study: str, wanted: str, node: Node, context: JobContext) -> Listing:
    """Ask level by level, with the unique keys of the levels above (PS3.4 C.4.1.2.1)."""
    context.progress(Progress(step="asking what there is"))
    keys = {"StudyInstanceUID": study, "SeriesInstanceUID": wanted}
    matches = peer.find(node, Query.where(Level.SERIES, keys), context.cancellation)
    uids = {match.series_instance_uid: match.instance_count for match in matches if isinstance(match, Series)}
    series: dict[str, tuple[str, ...]] = {}
    classes: dict[str, str] = {}
    for uid, count in uids.items():
        found = peer.find(node, Query.where(Level.IMAGE, {**keys, "SeriesInstanceUID": uid}), context.cancellation)
        instances = [one for one in found if isinstance(one, Instance) and is_valid_uid(one.sop_instance_uid)]
        instances.sort(key=lambda one: one.instance_number if one.instance_number is not None else 1 << 31)
        series[uid] = tuple(dict.fromkeys(one.sop_instance_uid for one in instances))
        if count and count > len(series[uid]) > 0:  # Orthanc does so when a file of its own is gone
            context.warn(f"{node.name} counts {count} instances of a series and lists {len(series[uid])} of them.")
        classes |= {one.sop_instance_uid: one.sop_class_uid for one in instances if is_valid_uid(one.sop_class_uid)}
        context.cancellation.raise_if_cancelled()
    return Listing(series, classes)
