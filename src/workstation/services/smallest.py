"""The smallest instance that a node tells of: what a diagnosis may ask for without being a burden."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from workstation.domain.node import Node
from workstation.domain.query import Query
from workstation.domain.study import Instance, Level, QueryMatch, Series, Study
from workstation.jobs.cancel import Cancellation
from workstation.services.ports import QueryPeer, RetrieveTarget

Noun = TypeVar("Noun", Study, Series, Instance)

_DAYS = (1, 14, 180, None)  # of the studies asked for, until there are some
_MOST_STUDIES = 50  # then no more are listened to
_MOST_INSTANCES = 200
_UNKNOWN = 1 << 40  # sorts after whatever has a number


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a node gave: how many studies (`more` than were listened to), and a small instance of one."""

    studies: int = 0
    more: bool = False
    days: int | None = None  # the studies of how many days were asked for, None: all
    target: RetrieveTarget | None = None

    @property
    def sop_instance_uid(self) -> str:
        return self.target.sop_instance_uids[0] if self.target else ""


def find_smallest(peer: QueryPeer, node: Node, cancellation: Cancellation, today: date | None = None) -> Found:
    """Ask at the levels of study, series and image. Raises PeerError."""
    today = today or date.today()

    def ask(query: Query) -> Iterator[QueryMatch]:
        return peer.find(node, query, cancellation)

    studies: list[Study] = []
    found = Found()
    for days in _DAYS:
        studies = _few(ask, _recent(days, today), Study, _MOST_STUDIES)
        if studies:
            found = Found(len(studies), len(studies) == _MOST_STUDIES, days)
            break
    for study in sorted(studies, key=lambda one: _size(one.instance_count))[:3]:
        target = _instance_of(ask, study)
        if target is not None:
            return Found(found.studies, found.more, found.days, target)
    return found


def _recent(days: int | None, today: date) -> Query:
    if days is None:
        return Query.where(Level.STUDY)
    since = today - timedelta(days=days)
    return Query.where(Level.STUDY, {"StudyDate": f"{since:%Y%m%d}-{today:%Y%m%d}"})


def _instance_of(ask: Callable[[Query], Iterator[QueryMatch]], study: Study) -> RetrieveTarget | None:
    keys = {"StudyInstanceUID": study.study_instance_uid}
    all_series = _few(ask, Query.where(Level.SERIES, keys), Series, _MOST_INSTANCES)
    for series in sorted(all_series, key=lambda one: _size(one.instance_count))[:3]:
        query = Query.where(Level.IMAGE, keys | {"SeriesInstanceUID": series.series_instance_uid})
        instances = _few(ask, query, Instance, _MOST_INSTANCES)
        if instances:
            smallest = min(instances, key=_pixels)
            return RetrieveTarget(
                study.study_instance_uid,
                series.series_instance_uid,
                (smallest.sop_instance_uid,),
                (smallest.sop_class_uid,) if smallest.sop_class_uid else (),
            )
    return None


def _few(ask: Callable[[Query], Iterator[QueryMatch]], query: Query, noun: type[Noun], most: int) -> list[Noun]:
    """At most `most` matches; the peer is told that no more are wanted."""
    matches = ask(query)
    try:
        return [match for match in itertools.islice(matches, most) if isinstance(match, noun)]
    finally:
        if hasattr(matches, "close"):
            matches.close()


def _size(count: int | None) -> int:
    return _UNKNOWN if count is None else max(count, 1)


def _pixels(instance: Instance) -> int:
    if not instance.rows or not instance.columns:
        return _UNKNOWN
    return instance.rows * instance.columns * max(instance.number_of_frames or 1, 1)
