"""What happened, as frozen values. Any thread may publish one; `ui.bridge` carries it to the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workstation.domain.errors import WorkstationError
from workstation.domain.job import Job
from workstation.domain.query import QueryRemark
from workstation.domain.study import InstanceSummary, QueryMatch
from workstation.domain.worklist import WorklistItem

LOCAL = "Local"  # the name of our own archive among the sources of a search


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class JobChanged(Event):
    job: Job


@dataclass(frozen=True, slots=True)
class JobFinished(Event):
    """Sent once per run after the last JobChanged, with what the verb returned or raised."""

    job: Job
    result: Any = None
    error: WorkstationError | None = None


@dataclass(frozen=True, slots=True)
class PartialResult(Event):
    """What a running job has so far, for those who would rather not wait; the end repeats all of it."""

    job: Job
    result: Any


@dataclass(frozen=True, slots=True)
class MatchesFound(Event):
    """A batch of matches from one source of the search `search_id`."""

    search_id: int
    source: str
    matches: tuple[QueryMatch, ...]


@dataclass(frozen=True, slots=True)
class SourceAnswered(Event):
    """One source of a search is through: with an error, or complete when `error` is None."""

    search_id: int
    source: str
    count: int
    elapsed_s: float
    error: WorkstationError | None = None
    limited: bool = False  # to the first `count`: there is more
    remarks: tuple[QueryRemark, ...] = ()


@dataclass(frozen=True, slots=True)
class WorklistAnswered(Event):
    search_id: int
    node: str
    items: tuple[WorklistItem, ...]
    error: WorkstationError | None = None


@dataclass(frozen=True, slots=True)
class InstanceStored(Event):
    summary: InstanceSummary
    source: str


@dataclass(frozen=True, slots=True)
class ConflictFound(Event):
    """`source` delivered an instance whose UID is here already with other content: kept beside, not shown."""

    sop_instance_uid: str
    source: str


Publish = Callable[[Event], None]
