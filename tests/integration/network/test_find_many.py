"""C-FIND of many: order, limits, C-CANCEL; information models and negotiation with peers that have only some."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.flooding_peer import FloodingPeer
from tests.support.inbox import Us
from tests.support.peers import DcmqrscpPeer, free_port, run_storescu
from workstation.domain.errors import Cancelled
from workstation.domain.query import Query, QueryRemark
from workstation.domain.study import Instance, Level, Patient, Series, Study


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


def test_all_of_many_arrive_whole_and_in_order(us: Us) -> None:
    with FloodingPeer(3000) as peer:
        found = [match for match in us.dimse.find(peer.node(), Query(), us.cancellation) if isinstance(match, Study)]

    assert len({study.study_instance_uid for study in found}) == 3000
    assert {study.instance_count for study in found} == {812}
    assert found[0].patient_name.display.startswith("Mueller, Nr")


def test_leaving_early_sends_c_cancel_and_releases(us: Us) -> None:
    with FloodingPeer(1_000_000, pause_s=0.002) as peer:
        matches = us.dimse.find(peer.node(), Query(), us.cancellation)
        for _ in range(500):
            next(matches)
        matches.close()  # type: ignore[attr-defined]

        assert eventually(lambda: peer.cancelled)
        assert peer.sent < 1_000_000


def test_cancelling_sends_c_cancel_and_ends_within_half_a_second(us: Us) -> None:
    with FloodingPeer(1_000_000, pause_s=0.002) as peer:
        matches = us.dimse.find(peer.node(), Query(), us.cancellation)
        next(matches)
        timer = threading.Timer(0.1, us.cancellation.cancel)
        timer.start()
        with pytest.raises(Cancelled):
            for _ in matches:
                pass
        timer.join()

        assert eventually(lambda: peer.cancelled)


def test_wishes_are_negotiated_and_only_what_is_declined_is_told(us: Us) -> None:
    remarks: list[QueryRemark] = []
    with FloodingPeer(1, agrees=b"\1\0\0\0\0") as peer:
        node = peer.node(relational=True, fuzzy=True)
        assert len(list(us.dimse.find(node, Query(), us.cancellation, remarks.append))) == 1

    assert set(peer.proposed.values()) == {b"\1\0\1\0\0"}
    assert remarks == [QueryRemark(declined=("fuzzy matching",))]


def test_who_wishes_for_nothing_proposes_nothing(us: Us) -> None:
    with FloodingPeer(1) as peer:
        assert len(list(us.dimse.find(peer.node(), Query(), us.cancellation))) == 1

    assert peer.proposed == {}


def test_a_relational_peer_with_patient_root_alone_is_asked_at_once(us: Us) -> None:
    with FloodingPeer(2, agrees=b"\1\0\1\0\0", patient_root_only=True) as peer:
        assert len(list(us.dimse.find(peer.node(relational=True), Query(), us.cancellation))) == 2

    assert [identifier.QueryRetrieveLevel for identifier in peer.heard] == ["STUDY"]


def test_a_key_in_a_sequence_is_one_item_on_the_wire(us: Us) -> None:
    keys = {
        "RequestAttributesSequence.ScheduledProcedureStepID": "S1",
        "RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue": "77",
    }
    with FloodingPeer(1) as peer:
        list(us.dimse.find(peer.node(), Query.where(Level.STUDY, keys), us.cancellation))

    [item] = peer.heard[0].RequestAttributesSequence
    assert item.ScheduledProcedureStepID == "S1"
    assert item.ScheduledProtocolCodeSequence[0].CodeValue == "77"


FILES = ("modalities/693_UNCR.dcm", "transfer_syntaxes/MR_small_implicit.dcm")


@pytest.mark.parametrize("option", ["--no-study-root", "--no-patient-root"])
def test_every_level_is_found_with_one_information_model_alone(us: Us, testdata: Path, option: str) -> None:
    with DcmqrscpPeer(free_port(), options=[option]) as peer:
        run_storescu(peer.node(), [testdata / name for name in FILES])

        def found(level: Level, **keys: str) -> list[object]:
            return list(us.dimse.find(peer.node(), Query.where(level, keys), us.cancellation))

        patients, studies = found(Level.PATIENT), found(Level.STUDY)
        assert {type(match) for match in patients} == {Patient}
        assert len(patients) == len(studies) == 2
        study = studies[0]
        assert isinstance(study, Study)
        assert study.patient_id
        assert study.patient_name
        assert found(Level.STUDY, PatientID=study.patient_id) == [study]
        [series] = found(Level.SERIES, StudyInstanceUID=study.study_instance_uid)
        assert isinstance(series, Series)
        keys = {"StudyInstanceUID": study.study_instance_uid, "SeriesInstanceUID": series.series_instance_uid}
        [instance] = found(Level.IMAGE, **keys)
        assert isinstance(instance, Instance)
