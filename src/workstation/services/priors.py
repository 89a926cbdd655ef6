"""Priors by rule: which earlier studies of the same patient are worth having beside one that was just fetched."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from workstation.domain.node import Node
from workstation.domain.query import Query
from workstation.domain.study import Level, Series, Study
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.ports import Archive, DimsePeer, QueryPeer, WebPeer
from workstation.services.retrieve import RetrievePrior
from workstation.services.search import FindNode, require_node

_MOST_LOOKED_INTO = 50  # earlier studies, the newest, whose series are asked for their body parts
BodyParts = Callable[[Study], frozenset[str]]
_NOT_LOOKED_AT = frozenset({"SR", "PR", "KO", "DOC", "OT", "AU", "SEG", "REG", "RTSTRUCT"})


@dataclass(frozen=True, slots=True)
class FindPriors:
    """Which priors of a study, that is in the archive, `node` has to send; the result is a tuple of RetrievePrior."""

    kind: ClassVar[str] = "find-priors"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = False

    node: str
    study_instance_uid: str

    @property
    def lane(self) -> str:
        return f"{self.node}:query"

    @property
    def subject(self) -> str:
        return self.study_instance_uid


def run_find_priors(
    command: FindPriors,
    context: JobContext,
    *,
    archive: Archive,
    find_node: FindNode,
    dimse: DimsePeer,
    web: WebPeer,
) -> Outcome:
    """At most `Node.priors`, the fittest first; none without a Patient ID, by which alone no two people are mixed."""
    node = require_node(find_node, command.node)
    study = archive.study(command.study_instance_uid)
    if node.priors < 1 or study is None or not study.patient_id:
        return Outcome(())
    peer: QueryPeer = dimse if node.speaks_dimse else web
    parts = frozenset(series.body_part for series in archive.series_of(study.study_instance_uid) if series.body_part)
    query = Query.where(Level.STUDY, {"PatientID": study.patient_id})
    found = peer.find(node, query, context.cancellation)
    earlier = [one for one in found if isinstance(one, Study) and _is_prior(one, study)]
    earlier.sort(key=lambda one: one.study_date, reverse=True)
    fitting = _alike(earlier[:_MOST_LOOKED_INTO], study, parts, lambda one: _body_parts(one, peer, node, context))
    chosen = itertools.islice(fitting, node.priors)
    return Outcome(
        tuple(RetrievePrior(node.name, one.study_instance_uid) for one in chosen if not _is_here(one, archive))
    )


def _is_prior(one: Study, study: Study) -> bool:
    """An earlier study of the same patient: an ID that two people share is told by name or birth date."""
    same = one.patient_id == study.patient_id
    if one.birth_date and study.birth_date:
        same = same and one.birth_date == study.birth_date
    elif one.patient_name.value and study.patient_name.value:
        same = same and one.patient_name.value.casefold() == study.patient_name.value.casefold()
    known = bool(one.study_date and study.study_date)
    return (
        same
        and one.study_instance_uid not in ("", study.study_instance_uid)
        and (not known or one.study_date <= study.study_date)
    )


def _kinds(study: Study) -> frozenset[str]:
    return frozenset(study.modalities) - _NOT_LOOKED_AT


def _alike(earlier: Iterable[Study], study: Study, parts: frozenset[str], body_parts: BodyParts) -> Iterator[Study]:
    """Those of the same modality and body part, then those of one of the two; newest first, others not at all.

    Where a study names no body part, its modality decides alone.
    """
    by_rank: dict[int, list[Study]] = {0: [], 1: []}
    for one in earlier:
        same_kind = bool(_kinds(one) & _kinds(study))
        theirs = body_parts(one) if parts else frozenset()
        if parts and theirs:
            same_part = bool(parts & theirs)
            if same_kind or same_part:
                by_rank[0 if same_kind and same_part else 1].append(one)
        elif same_kind:
            by_rank[0 if not parts else 1].append(one)
    yield from by_rank[0]
    yield from by_rank[1]


def _body_parts(study: Study, peer: QueryPeer, node: Node, context: JobContext) -> frozenset[str]:
    query = Query.where(Level.SERIES, {"StudyInstanceUID": study.study_instance_uid})
    found = peer.find(node, query, context.cancellation)
    return frozenset(one.body_part for one in found if isinstance(one, Series) and one.body_part)


def _is_here(study: Study, archive: Archive) -> bool:
    """All of it, as far as the node counts."""
    here = len(archive.instance_uids(study.study_instance_uid))
    return here > 0 and here >= (study.instance_count or 0)
