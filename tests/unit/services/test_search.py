from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.fake_archive import FakeArchive
from tests.support.fake_peers import NODE, WEB_ONLY, FakeContext, FakeInbox, FakePeer, Heard
from workstation.domain.errors import Cancelled, PeerAborted, PeerUnreachable, SettingsError, WorkstationError
from workstation.domain.events import LOCAL, MatchesFound, SourceAnswered, WorklistAnswered
from workstation.domain.node import Node
from workstation.domain.query import Query, WorklistQuery
from workstation.domain.study import Level, Study
from workstation.domain.worklist import WorklistItem
from workstation.services.search import (
    BATCH_ROWS,
    ListWorklist,
    SearchStudies,
    find_series,
    require_node,
    run_search,
    run_worklist,
)


class Scene:
    def __init__(self, folder: Path) -> None:
        self.archive = FakeArchive(folder)
        self.dimse = FakePeer(self.archive)
        self.web = FakePeer(self.archive)
        self.context = FakeContext()
        self.heard = Heard()

    def search(self, source: str = "PACS", node: Node = NODE) -> object:
        return run_search(
            SearchStudies(7, source, Query()),
            self.context,
            archive=self.archive,
            find_node={"PACS": node}.get,
            dimse=self.dimse,
            web=self.web,
            publish=self.heard,
        ).result

    @property
    def batches(self) -> list[tuple[Study, ...]]:
        return [event.matches for event in self.heard.of(MatchesFound)]

    @property
    def answer(self) -> SourceAnswered:
        (answer,) = self.heard.of(SourceAnswered)
        return answer


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_matches_are_published_in_order_and_in_batches(scene: Scene) -> None:
    scene.dimse.matches = [Study(f"1.{number}") for number in range(250)]
    assert scene.search() == 250
    assert [match for batch in scene.batches for match in batch] == scene.dimse.matches
    assert max(len(batch) for batch in scene.batches) <= BATCH_ROWS
    assert scene.answer.count == 250
    assert scene.answer.error is None
    assert scene.heard.events[-1] is scene.answer


def test_a_match_is_shown_while_its_source_is_still_silent(scene: Scene) -> None:
    shown = threading.Event()

    class Slow(FakePeer):
        def find(self, *_: object) -> Iterator[Study]:
            yield Study("1.1")
            assert shown.wait(60)
            yield Study("1.2")

    def publish(event: object) -> None:
        scene.heard(event)
        if isinstance(event, MatchesFound):
            shown.set()

    run_search(
        SearchStudies(7, "PACS", Query()),
        scene.context,
        archive=scene.archive,
        find_node={"PACS": NODE}.get,
        dimse=Slow(scene.archive),
        web=scene.web,
        publish=publish,
    )
    assert scene.batches == [(Study("1.1"),), (Study("1.2"),)]


def test_what_came_before_an_error_is_published_and_the_source_answers_with_it(scene: Scene) -> None:
    scene.dimse.matches = [Study("1.1")]
    scene.dimse.errors["find:end"] = PeerAborted(node="PACS")
    with pytest.raises(PeerAborted):
        scene.search()
    assert scene.batches == [(Study("1.1"),)]
    assert isinstance(scene.answer.error, PeerAborted)
    assert scene.answer.count == 1


def test_local_asks_the_archive(scene: Scene) -> None:
    path = scene.archive.new_incoming()
    path.write_text("1.2/1.3/1.4")
    FakeInbox(scene.archive).take(path, "import")
    assert scene.search(LOCAL) == 1
    assert scene.dimse.asked == []


def test_a_node_without_an_ae_title_is_asked_over_the_web(scene: Scene) -> None:
    scene.web.matches = [Study("1.1")]
    assert scene.search(node=WEB_ONLY) == 1
    assert scene.dimse.asked == []


def test_an_unknown_source_answers_with_an_error(scene: Scene) -> None:
    with pytest.raises(SettingsError):
        scene.search("NOWHERE")
    assert isinstance(scene.answer.error, SettingsError)


def test_cancelling_ends_the_search(scene: Scene) -> None:
    scene.dimse.matches = [Study("1.1")]
    scene.context.cancellation.cancel()
    with pytest.raises(Cancelled):
        scene.search()
    assert isinstance(scene.answer.error, Cancelled)


def test_series_are_found_by_their_study() -> None:
    command = find_series(3, "PACS", "1.2.3")
    assert command.query.level is Level.SERIES
    assert dict(command.query.keys) == {"StudyInstanceUID": "1.2.3"}
    assert command.lane == "PACS:query"


@pytest.mark.parametrize("error", [None, PeerUnreachable(node="PACS")])
def test_the_worklist_answers_once_with_items_or_an_error(scene: Scene, error: WorkstationError | None) -> None:
    scene.dimse.worklist = [WorklistItem(node="PACS", step_id="1"), WorklistItem(node="PACS", step_id="2")]
    if error:
        scene.dimse.errors["worklist"] = error
    command = ListWorklist(9, "PACS", WorklistQuery(modality="CT"))
    try:
        run_worklist(command, scene.context, find_node={"PACS": NODE}.get, dimse=scene.dimse, publish=scene.heard)
    except PeerUnreachable as raised:
        assert raised is error
    (answer,) = scene.heard.of(WorklistAnswered)
    assert answer.error is error
    assert answer.items == (() if error else tuple(scene.dimse.worklist))


def test_a_search_is_not_journalled_since_its_keys_hold_names() -> None:
    assert not SearchStudies.journalled
    assert not ListWorklist.journalled


def test_require_node_names_what_was_asked_for() -> None:
    with pytest.raises(SettingsError) as raised:
        require_node({}.get, "X")
    assert raised.value.details["found"] == "X"


def test_a_result_limit_stops_the_node_and_is_said(scene: Scene) -> None:
    closed: list[int] = []

    class Endless(FakePeer):
        def find(self, *_: object) -> Iterator[Study]:
            number = 0
            try:
                while True:
                    number += 1
                    yield Study(f"1.{number}")
            finally:
                closed.append(number)

    scene.dimse = Endless(scene.archive)
    assert scene.search(node=replace(NODE, result_limit=5)) == 5
    assert scene.answer.limited
    assert closed == [6]  # the sixth shows that there is more


def test_as_many_as_the_limit_are_all_there_are(scene: Scene) -> None:
    scene.dimse.matches = [Study(f"1.{number}") for number in range(5)]
    assert scene.search(node=replace(NODE, result_limit=5)) == 5
    assert not scene.answer.limited


def test_what_is_in_a_named_study_is_listed_whole(scene: Scene) -> None:
    scene.dimse.matches = [Study(f"1.{number}") for number in range(5)]
    command = SearchStudies(7, "PACS", Query.where(Level.SERIES, {"StudyInstanceUID": "1.2"}))
    node = replace(NODE, result_limit=2)
    outcome = run_search(
        command,
        scene.context,
        archive=scene.archive,
        find_node={"PACS": node}.get,
        dimse=scene.dimse,
        web=scene.web,
        publish=scene.heard,
    )
    assert outcome.result == 5
    assert not scene.answer.limited
