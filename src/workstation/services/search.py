"""Search: ask the archive and the nodes, and hand on what they answer while they are still answering."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from workstation.domain.errors import SettingsError, WorkstationError
from workstation.domain.events import LOCAL, MatchesFound, Publish, SourceAnswered, WorklistAnswered
from workstation.domain.node import Node
from workstation.domain.query import Query, QueryRemark, WorklistQuery
from workstation.domain.study import Level, QueryMatch
from workstation.domain.worklist import WorklistItem
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.ports import Archive, DimsePeer, QueryPeer, WebPeer

FindNode = Callable[[str], Node | None]  # Settings.node

BATCH_ROWS = 100
BATCH_S = 0.05


@dataclass(frozen=True, slots=True)
class SearchStudies:
    """One source of a search, at whichever level the query says; `source` is LOCAL or a node's name."""

    kind: ClassVar[str] = "search"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = False  # its keys hold names

    search_id: int
    source: str
    query: Query

    @property
    def lane(self) -> str:
        return f"{self.source}:query"

    @property
    def subject(self) -> str:
        return self.source


@dataclass(frozen=True, slots=True)
class ListWorklist:
    """The scheduled procedure steps of one node."""

    kind: ClassVar[str] = "worklist"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = False  # its keys hold names

    search_id: int
    node: str
    query: WorklistQuery

    @property
    def lane(self) -> str:
        return f"{self.node}:query"

    @property
    def subject(self) -> str:
        return self.node


def find_series(search_id: int, source: str, study_instance_uid: str) -> SearchStudies:
    """The search for the series of one study."""
    return SearchStudies(search_id, source, Query.where(Level.SERIES, {"StudyInstanceUID": study_instance_uid}))


def run_search(
    command: SearchStudies,
    context: JobContext,
    *,
    archive: Archive,
    find_node: FindNode,
    dimse: DimsePeer,
    web: WebPeer,
    publish: Publish,
) -> Outcome:
    """Publish MatchesFound in batches as they come, then SourceAnswered; the result is the number of matches.

    What was found before an error is published before it, too. A node with a result limit is stopped when it has
    more; what lies in a study that is named is listed whole.
    """
    started = time.monotonic()
    batches = _Batches(lambda rows: publish(MatchesFound(command.search_id, command.source, rows)))
    error: WorkstationError | None = None
    remarks: list[QueryRemark] = []
    limited, limit = False, 0
    try:
        with batches:
            if command.source == LOCAL:
                matches = archive.find(command.query)
            else:
                node = require_node(find_node, command.source)
                limit = 0 if command.query.get("StudyInstanceUID") else node.result_limit
                peer = query_peer(node, dimse, web)
                matches = peer.find(node, command.query, context.cancellation, remarks.append)
            with _closed(matches):
                for match in matches:
                    context.cancellation.raise_if_cancelled()
                    if limit and batches.count >= limit:
                        limited = True
                        break
                    batches.add(match)
    except WorkstationError as raised:
        error = raised
        raise
    finally:
        elapsed_s = time.monotonic() - started
        publish(
            SourceAnswered(command.search_id, command.source, batches.count, elapsed_s, error, limited, tuple(remarks))
        )
    return Outcome(result=batches.count)


def run_worklist(
    command: ListWorklist, context: JobContext, *, find_node: FindNode, dimse: DimsePeer, publish: Publish
) -> Outcome:
    """Publish WorklistAnswered with all items, or the error; the result is the tuple of items."""
    items: list[WorklistItem] = []
    error: WorkstationError | None = None
    try:
        node = require_node(find_node, command.node)
        items.extend(dimse.find_worklist(node, command.query, context.cancellation))
    except WorkstationError as raised:
        error = raised
        raise
    finally:
        publish(WorklistAnswered(command.search_id, command.node, tuple(items), error))
    return Outcome(result=tuple(items))


def require_node(find_node: FindNode, name: str) -> Node:
    """The node `name`; SettingsError when it is not, or no longer, configured."""
    node = find_node(name)
    if node is None:
        raise SettingsError(key="nodes", expected="the name of a configured node", found=name)
    return node


def query_peer(node: Node, dimse: DimsePeer, web: WebPeer) -> QueryPeer:
    """How to ask `node`: over DIMSE where it can, else over DICOMweb."""
    return dimse if node.speaks_dimse else web


@contextmanager
def _closed(matches: Iterator[QueryMatch]) -> Iterator[None]:
    """End `matches` with the block, so that a peer that has more is told to stop at once."""
    try:
        yield
    finally:
        if isinstance(matches, Generator):
            matches.close()


class _Batches:
    """Collects matches and hands them on by the hundred, or after 50 ms when the source pauses."""

    def __init__(self, emit: Callable[[tuple[QueryMatch, ...]], None]) -> None:
        self.count = 0
        self._emit = emit
        self._lock = threading.Lock()
        self._rows: list[QueryMatch] = []
        self._timer: threading.Timer | None = None

    def __enter__(self) -> _Batches:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._flush()

    def add(self, match: QueryMatch) -> None:
        with self._lock:
            self.count += 1
            self._rows.append(match)
            if len(self._rows) >= BATCH_ROWS:
                self._flush()
            elif self._timer is None:
                self._timer = threading.Timer(BATCH_S, self._expired)
                self._timer.daemon = True
                self._timer.start()

    def _expired(self) -> None:
        with self._lock:
            if self._timer is threading.current_thread():
                self._flush()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._rows:
            rows, self._rows = tuple(self._rows), []
            self._emit(rows)
