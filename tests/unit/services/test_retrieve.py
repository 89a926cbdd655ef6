from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.fake_archive import FakeArchive
from tests.support.fake_peers import (
    NODE,
    STUDY,
    WEB_NODE,
    WEB_ONLY,
    FakeContext,
    FakeInbox,
    FakeListener,
    FakePeer,
)
from workstation.domain.errors import (
    AssociationRejected,
    Cancelled,
    DiskFull,
    IncompleteTransfer,
    NoAcceptedContext,
    PeerAborted,
    PeerFailure,
    PeerTimedOut,
    PeerUnreachable,
    PortInUse,
    SettingsError,
    UnknownMoveDestination,
    WebFailure,
)
from workstation.domain.node import Node, RetrieveMethod
from workstation.domain.study import Level
from workstation.jobs.runner import Outcome
from workstation.services.attention import Attention
from workstation.services.ports import RetrieveTarget
from workstation.services.retrieval import Fallback
from workstation.services.retrieve import RetrieveResult, RetrieveStudy, methods, run_retrieve

TWO_SERIES = {STUDY: {"1.2.3.1": ["1.1", "1.2", "1.3"], "1.2.3.2": ["2.1", "2.2"]}}
ALL = ("1.1", "1.2", "1.3", "2.1", "2.2")


class Scene:
    """A peer that has a study of two series, and an empty archive."""

    def __init__(self, folder: Path, node: Node = NODE) -> None:
        self.archive = FakeArchive(folder)
        self.listener = FakeListener()
        self.dimse = FakePeer(self.archive, {STUDY: dict(TWO_SERIES[STUDY])}, listener=self.listener)
        self.web = FakePeer(self.archive, {STUDY: dict(TWO_SERIES[STUDY])})
        self.context = FakeContext()
        self.node = node
        self.attention = Attention()

    def retrieve(self, series: str = "", method: str = "auto", study: str = STUDY) -> Outcome:
        return run_retrieve(
            RetrieveStudy(self.node.name, study, series, method),
            self.context,
            archive=self.archive,
            inbox=FakeInbox(self.archive),
            find_node={self.node.name: self.node}.get,
            dimse=self.dimse,
            web=self.web,
            listener=self.listener,
            attention=self.attention,
        )

    def has(self, *uids: str) -> None:
        for series, instances in TWO_SERIES[STUDY].items():
            for uid in set(instances) & set(uids):
                path = self.archive.new_incoming()
                path.write_text(f"{STUDY}/{series}/{uid}")
                FakeInbox(self.archive).take(path, "import")

    @property
    def transfers(self) -> list[str]:
        """Which methods were used, one after the other."""
        names = [name for name, _ in (*self.dimse.asked, *self.web.asked) if name in ("get", "move", "retrieve")]
        return [name for name, _ in itertools.groupby(names)]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def result_of(outcome: Outcome) -> RetrieveResult:
    assert isinstance(outcome.result, RetrieveResult)
    return outcome.result


def test_retrieve_counts_expected_received_and_stored(scene: Scene) -> None:
    outcome = scene.retrieve()
    result = result_of(outcome)
    assert (result.expected, result.received, result.stored, result.already_present) == (5, 5, 5, 0)
    assert result.missing == ()
    assert result.method is RetrieveMethod.GET
    assert result.bytes == scene.archive.size_bytes()
    assert not outcome.partly
    assert scene.archive.instance_uids(STUDY) == set(ALL)


def test_retrieve_asks_for_images_with_the_unique_keys_of_the_levels_above(scene: Scene) -> None:
    scene.retrieve()
    image_queries = [query for query in scene.dimse.asked_for("find") if query.level is Level.IMAGE]
    assert [dict(query.keys) for query in image_queries] == [
        {"StudyInstanceUID": STUDY, "SeriesInstanceUID": "1.2.3.1"},
        {"StudyInstanceUID": STUDY, "SeriesInstanceUID": "1.2.3.2"},
    ]


def test_the_first_image_of_each_series_comes_first(scene: Scene) -> None:
    scene.retrieve()
    assert scene.dimse.asked_for("get") == [
        RetrieveTarget(STUDY, "1.2.3.1", ("1.1",)),
        RetrieveTarget(STUDY, "1.2.3.2", ("2.1",)),
        RetrieveTarget(STUDY, "1.2.3.1", ("1.2", "1.3")),
        RetrieveTarget(STUDY, "1.2.3.2", ("2.2",)),
    ]


def test_a_series_of_many_images_is_asked_for_as_such(scene: Scene) -> None:
    scene.dimse.studies = {STUDY: {"1.2.3.9": [f"9.{number}" for number in range(40)]}}
    result = result_of(scene.retrieve())
    assert scene.dimse.asked_for("get") == [
        RetrieveTarget(STUDY, "1.2.3.9", ("9.0",)),
        RetrieveTarget(STUDY, "1.2.3.9"),
    ]
    assert (result.expected, result.received, result.stored) == (40, 40, 40)  # the first one came twice


def test_many_series_of_one_image_are_one_transfer(scene: Scene) -> None:
    scene.dimse.studies = {STUDY: {f"1.2.3.{number}": [f"{number}.1"] for number in range(20)}}
    scene.retrieve()
    assert scene.dimse.asked_for("get") == [RetrieveTarget(STUDY)]


def test_what_is_looked_at_comes_first(scene: Scene) -> None:
    scene.attention.look_at(STUDY, "1.2.3.2")
    scene.retrieve()
    series = [target.series_instance_uid for target in scene.dimse.asked_for("get")]  # type: ignore[attr-defined]
    assert series == ["1.2.3.2", "1.2.3.1", "1.2.3.2", "1.2.3.1"]


def test_a_peer_that_knows_whole_studies_only_is_asked_for_one(scene: Scene) -> None:
    scene.dimse.knows_lists = False
    assert result_of(scene.retrieve()).stored == 5
    assert scene.dimse.asked_for("get")[-1] == RetrieveTarget(STUDY)
    assert scene.transfers == ["get"]


def test_each_fall_back_is_recorded_with_what_was_missing(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WEB_NODE)
    scene.dimse.withheld = {"1.2"}
    result = result_of(scene.retrieve())
    assert result.fallbacks == (
        Fallback(RetrieveMethod.GET, RetrieveMethod.MOVE, 1),
        Fallback(RetrieveMethod.MOVE, RetrieveMethod.WEB, 1),
    )
    assert result.missing == ()
    assert "1 instance did not come by GET. Going on with MOVE." in scene.context.warnings


def test_retrieve_skips_instances_already_stored(scene: Scene) -> None:
    scene.has(*ALL)
    result = result_of(scene.retrieve())
    assert scene.transfers == []
    assert (result.expected, result.received, result.stored, result.already_present) == (5, 0, 0, 5)
    assert result.method is None


def test_retrieve_asks_only_for_what_is_missing(scene: Scene) -> None:
    scene.has("1.1", "1.2")
    result = result_of(scene.retrieve())
    assert scene.dimse.asked_for("get") == [
        RetrieveTarget(STUDY, "1.2.3.2", ("2.1",)),
        RetrieveTarget(STUDY, "1.2.3.1", ("1.3",)),
        RetrieveTarget(STUDY, "1.2.3.2", ("2.2",)),
    ]
    assert (result.received, result.stored, result.already_present) == (3, 3, 2)


def test_the_archive_is_told_how_many_instances_there_are(scene: Scene) -> None:
    scene.retrieve(series="1.2.3.2")
    assert scene.archive.expected_of(STUDY) == {"1.2.3.2": 2}
    scene.dimse.stumbles = {"1.2"}
    scene.retrieve()
    assert scene.archive.expected_of(STUDY) == {"1.2.3.1": 3, "1.2.3.2": 2}


def test_retrieve_of_one_series_leaves_the_others(scene: Scene) -> None:
    result = result_of(scene.retrieve(series="1.2.3.2"))
    assert result.expected == 2
    assert scene.archive.instance_uids(STUDY) == {"2.1", "2.2"}


def test_a_missing_instance_is_fetched_again_singly(scene: Scene) -> None:
    scene.dimse.stumbles = {"1.2"}
    outcome = scene.retrieve()
    assert scene.dimse.asked_for("get")[-1] == RetrieveTarget(STUDY, "1.2.3.1", ("1.2",))
    assert result_of(outcome).again == 1
    assert not outcome.partly
    assert result_of(outcome).received == 5


def test_many_missing_instances_are_fetched_again_in_lists(scene: Scene) -> None:
    uids = [f"9.{number}" for number in range(120)]
    scene.dimse.studies = {STUDY: {"1.2.3.9": uids}}
    scene.dimse.breaks_after = (10, PeerAborted(node="PACS"))
    scene.retrieve(method="get")
    again = scene.dimse.asked_for("get")[2:]
    assert [len(target.sop_instance_uids) for target in again] == [50, 50, 10]


def test_what_never_comes_makes_the_retrieval_partly_done(scene: Scene) -> None:
    scene.dimse.withheld = {"1.2"}
    outcome = scene.retrieve()
    assert outcome.partly
    assert isinstance(outcome.error, IncompleteTransfer)
    assert outcome.error.details["missing"] == "1.2"
    assert result_of(outcome).missing == ("1.2",)
    assert result_of(outcome).stored == 4


def test_the_nodes_reason_is_told(scene: Scene) -> None:
    scene.dimse.withheld = {"1.2"}
    outcome = scene.retrieve(method="get")
    assert outcome.error is not None
    assert outcome.error.details["reason"] == "unable to process"


def test_what_a_later_method_meets_does_not_hide_what_the_first_one_did(scene: Scene) -> None:
    scene.dimse.withheld = {"1.2"}
    scene.dimse.errors["move"] = UnknownMoveDestination(node="PACS")
    outcome = scene.retrieve()
    assert outcome.error is not None
    assert "cause" not in outcome.error.details


def test_nothing_is_fetched_singly_when_nothing_arrived(scene: Scene) -> None:
    scene.dimse.withheld = set(ALL)
    with pytest.raises(IncompleteTransfer):
        scene.retrieve(method="get")
    assert scene.dimse.asked_for("get")[4:] == [RetrieveTarget(STUDY)]


def test_auto_goes_from_get_to_move_with_a_warning(scene: Scene) -> None:
    scene.dimse.errors["get"] = NoAcceptedContext(node="PACS", operation="C-GET")
    outcome = scene.retrieve()
    assert scene.transfers == ["get", "move"]
    assert result_of(outcome).method is RetrieveMethod.MOVE
    assert any("MOVE" in warning for warning in scene.context.warnings)


def test_an_aborted_transfer_goes_on_where_it_broke(scene: Scene) -> None:
    scene.dimse.breaks_after = (2, PeerAborted(node="PACS"))
    outcome = scene.retrieve()
    assert not outcome.partly
    assert scene.archive.instance_uids(STUDY) == set(ALL)


def test_auto_ends_with_the_web_where_there_is_one(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WEB_NODE)
    scene.dimse.errors["get"] = NoAcceptedContext(node="PACS")
    scene.dimse.errors["move"] = UnknownMoveDestination(node="PACS", our_ae_title="WORKSTATION")
    outcome = scene.retrieve()
    assert scene.transfers == ["get", "move", "retrieve"]
    assert result_of(outcome).method is RetrieveMethod.WEB


def test_a_node_with_only_the_web_is_never_asked_over_dimse(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WEB_ONLY)
    assert result_of(scene.retrieve()).stored == 5
    assert scene.dimse.asked == []


def test_an_unreachable_dimse_port_is_not_tried_twice(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WEB_NODE)
    scene.dimse.errors = {"find": PeerUnreachable(node="PACS"), "get": PeerUnreachable(node="PACS")}
    assert result_of(scene.retrieve()).method is RetrieveMethod.WEB
    assert scene.transfers == ["get", "retrieve"]


@pytest.mark.parametrize("error", [PeerUnreachable, PeerTimedOut, AssociationRejected])
def test_a_node_that_cannot_be_reached_fails_the_retrieval(scene: Scene, error: type[PeerUnreachable]) -> None:
    scene.dimse.errors["find"] = error(node="PACS")
    with pytest.raises(error):
        scene.retrieve()
    assert scene.transfers == []


def test_the_last_error_is_raised_when_nothing_came(scene: Scene) -> None:
    scene.dimse.errors["get"] = NoAcceptedContext(node="PACS")
    scene.dimse.errors["move"] = UnknownMoveDestination(node="PACS", our_ae_title="WORKSTATION")
    with pytest.raises(UnknownMoveDestination):
        scene.retrieve()


def test_an_explicit_method_is_the_only_one_tried(scene: Scene) -> None:
    scene.dimse.errors["move"] = UnknownMoveDestination(node="PACS")
    with pytest.raises(UnknownMoveDestination):
        scene.retrieve(method="move")
    assert scene.transfers == ["move"]


def test_web_for_a_node_without_an_address_names_the_setting(scene: Scene) -> None:
    with pytest.raises(SettingsError) as raised:
        scene.retrieve(method="web")
    assert raised.value.details["key"] == "nodes.PACS.web_url"


def test_the_nodes_own_method_stands_for_auto() -> None:
    node = replace(WEB_NODE, retrieve_method=RetrieveMethod.MOVE)
    assert methods(node, RetrieveMethod.AUTO) == [RetrieveMethod.MOVE]
    assert methods(node, RetrieveMethod.WEB) == [RetrieveMethod.WEB]


def test_a_study_that_the_node_does_not_have_fails(scene: Scene) -> None:
    with pytest.raises(PeerFailure) as raised:
        scene.retrieve(study="9.9.9")
    assert "no such study" in raised.value.details["meaning"]


def test_without_a_list_the_nodes_own_count_is_believed(scene: Scene) -> None:
    scene.dimse.errors["find:image"] = PeerFailure(node="PACS", status="A900")
    outcome = scene.retrieve()
    assert not outcome.partly
    assert result_of(outcome).expected == 5
    assert any("judged" in warning for warning in scene.context.warnings)


def test_without_a_list_a_reported_failure_makes_it_partly_done(scene: Scene) -> None:
    scene.dimse.errors["find:image"] = PeerFailure(node="PACS", status="A900")
    scene.dimse.withheld = {"2.1"}
    outcome = scene.retrieve(method="get")
    assert outcome.partly
    assert result_of(outcome).missing == ("2.1",)


def test_the_web_lists_what_dimse_cannot(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WEB_NODE)
    scene.dimse.errors["find"] = PeerFailure(node="PACS", status="0122")
    assert result_of(scene.retrieve()).expected == 5


def test_a_full_disk_ends_the_retrieval_at_once(scene: Scene) -> None:
    scene.dimse.errors["get"] = DiskFull(path="/data")
    with pytest.raises(DiskFull):
        scene.retrieve()
    assert scene.transfers == ["get"]


def test_cancelling_ends_the_transfer(scene: Scene) -> None:
    scene.context.cancellation.cancel()
    with pytest.raises(Cancelled):
        scene.retrieve()
    assert scene.transfers == []


def test_move_starts_the_listener(scene: Scene) -> None:
    scene.retrieve(method="move")
    assert scene.listener.running
    assert scene.archive.instance_uids(STUDY) == set(ALL)


def test_move_counts_bytes_that_arrived_at_the_listener(scene: Scene) -> None:
    assert result_of(scene.retrieve(method="move")).bytes == scene.archive.size_bytes()


def test_move_tells_the_peer_what_arrives_meanwhile(scene: Scene) -> None:
    scene.retrieve(method="move")
    assert scene.dimse.arrived == len(ALL)


def test_move_relies_on_another_window_that_has_the_port(scene: Scene) -> None:
    scene.listener.taken = True
    scene.dimse.listener = None  # the other window of this profile stores into the same archive
    outcome = scene.retrieve(method="move")
    assert not outcome.partly
    assert scene.context.warnings


def test_move_names_the_taken_port_when_nothing_arrived(scene: Scene) -> None:
    scene.listener.taken = True
    with pytest.raises(PortInUse):
        scene.retrieve(method="move")


def test_progress_counts_what_was_here_before(scene: Scene) -> None:
    scene.has("1.1", "1.2")
    scene.retrieve()
    transfers = [progress for progress in scene.context.seen if progress.total]
    assert [progress.done for progress in transfers] == [3, 4, 5]
    assert {progress.total for progress in transfers} == {5}
    assert transfers[-1].bytes_done > 0


def test_a_web_failure_is_raised_when_nothing_came(tmp_path: Path) -> None:
    scene = Scene(tmp_path, WEB_ONLY)
    scene.web.errors["retrieve"] = WebFailure(node="PACS", status="503")
    with pytest.raises(WebFailure):
        scene.retrieve()


def test_a_node_that_is_no_longer_configured_is_named(scene: Scene) -> None:
    scene.node = replace(NODE, name="OTHER")
    with pytest.raises(SettingsError) as raised:
        run_retrieve(
            RetrieveStudy("PACS", STUDY),
            scene.context,
            archive=scene.archive,
            inbox=FakeInbox(scene.archive),
            find_node={}.get,
            dimse=scene.dimse,
            web=scene.web,
            listener=scene.listener,
        )
    assert raised.value.details["found"] == "PACS"


def test_the_subject_is_a_uid() -> None:
    assert RetrieveStudy("PACS", "1.2", "1.2.3").subject == "1.2.3"
    assert RetrieveStudy("PACS", "1.2").lane == "PACS:transfer"
