"""C-ECHO and C-FIND against Orthanc."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread

from tests.support.inbox import Us
from tests.support.peers import OrthancPeer
from workstation.domain.errors import InvalidQuery
from workstation.domain.query import Query, QueryRemark
from workstation.domain.study import Instance, Level, Patient, Series, Study


def test_echo_tells_who_answered(orthanc: OrthancPeer, us: Us) -> None:
    result = us.dimse.echo(orthanc.node(), us.cancellation)

    assert result.implementation.startswith("OFFIS_DCMTK")
    assert result.elapsed_s > 0


@pytest.mark.parametrize(
    ("level", "noun", "endpoint"),
    [
        (Level.PATIENT, Patient, "patients"),
        (Level.STUDY, Study, "studies"),
        (Level.SERIES, Series, "series"),
        (Level.IMAGE, Instance, "instances"),
    ],
)
def test_find_gives_all_there_is_at_each_level(
    orthanc: OrthancPeer, us: Us, level: Level, noun: type, endpoint: str
) -> None:
    matches = list(us.dimse.find(orthanc.node(), Query(level), us.cancellation))

    assert all(isinstance(match, noun) for match in matches)
    assert len(matches) == len(orthanc.get(f"/{endpoint}"))


def test_find_fills_the_noun(orthanc: OrthancPeer, us: Us, testdata: Path) -> None:
    file = dcmread(testdata / "modalities/693_UNCR.dcm")
    where = {"StudyInstanceUID": str(file.StudyInstanceUID)}

    [study] = us.dimse.find(orthanc.node(), Query.where(Level.STUDY, where), us.cancellation)
    [series] = us.dimse.find(orthanc.node(), Query.where(Level.SERIES, where), us.cancellation)
    where["SeriesInstanceUID"] = str(file.SeriesInstanceUID)
    [instance] = us.dimse.find(orthanc.node(), Query.where(Level.IMAGE, where), us.cancellation)

    assert isinstance(study, Study)
    assert isinstance(series, Series)
    assert isinstance(instance, Instance)
    assert (study.patient_id, study.modalities, study.instance_count) == (file.PatientID, ("CT",), 1)
    assert (series.modality, series.series_number) == ("CT", file.SeriesNumber)
    assert (instance.sop_instance_uid, instance.sop_class_uid) == (file.SOPInstanceUID, file.SOPClassUID)
    assert (instance.rows, instance.columns) == (512, 512)


def test_wildcards_match(orthanc: OrthancPeer, us: Us) -> None:
    found = list(us.dimse.find(orthanc.node(), Query.where(Level.STUDY, {"PatientID": "CQ500*"}), us.cancellation))

    assert [study.patient_id for study in found if isinstance(study, Study)] == ["CQ500-CT-310"]


def test_date_ranges_match(orthanc: OrthancPeer, us: Us) -> None:
    everything = [s for s in us.dimse.find(orthanc.node(), Query(), us.cancellation) if isinstance(s, Study)]
    expected = sorted(s.study_instance_uid for s in everything if "20040101" <= s.study_date <= "20041231")
    assert expected

    where = {"StudyDate": "20040101-20041231"}
    found = list(us.dimse.find(orthanc.node(), Query.where(Level.STUDY, where), us.cancellation))

    assert sorted(s.study_instance_uid for s in found if isinstance(s, Study)) == expected


@pytest.mark.parametrize("name", ["chrX1", "chrRuss", "chrH31", "chrGreek"])
def test_names_in_any_script_arrive_whole(orthanc: OrthancPeer, us: Us, testdata: Path, name: str) -> None:
    file = dcmread(testdata / f"charsets/{name}.dcm")
    file.decode()
    uid = str(file.StudyInstanceUID)

    found = list(us.dimse.find(orthanc.node(), Query.where(Level.STUDY, {"StudyInstanceUID": uid}), us.cancellation))

    names = {study.patient_name.alphabetic for study in found if isinstance(study, Study)}
    assert str(file.PatientName).partition("=")[0] in names


def test_names_can_be_searched_in_their_own_script(orthanc: OrthancPeer, us: Us) -> None:
    where = {"PatientName": "Люк*"}

    found = list(us.dimse.find(orthanc.node(), Query.where(Level.STUDY, where), us.cancellation))

    assert [study.patient_name.alphabetic for study in found if isinstance(study, Study)] == ["Люкceмбypг"]


@pytest.mark.parametrize(
    ("own", "name"),
    [
        ("ISO_IR 100", "Люк*"),  # which Latin 1 does not hold
        ("ISO 2022 IR 6\\ISO 2022 IR 87", "*山田*"),  # of which Orthanc understands nothing
    ],
)
def test_a_name_that_finds_nothing_in_the_nodes_set_is_asked_for_in_another(
    orthanc: OrthancPeer, us: Us, own: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    remarks: list[QueryRemark] = []
    query = Query.where(Level.STUDY, {"PatientName": name})

    found = list(us.dimse.find(orthanc.node(character_set=own), query, us.cancellation, remarks.append))

    assert len(found) == 1
    assert remarks == [QueryRemark(character_set="ISO_IR 192")]
    assert capfd.readouterr().err == ""


def test_a_name_in_ascii_is_asked_for_once(orthanc: OrthancPeer, us: Us) -> None:
    remarks: list[QueryRemark] = []
    query = Query.where(Level.STUDY, {"PatientName": "NOBODY^HERE"})

    assert not list(us.dimse.find(orthanc.node(), query, us.cancellation, remarks.append))
    assert not remarks


def test_a_key_inside_a_sequence_reaches_the_peer(orthanc: OrthancPeer, us: Us) -> None:
    keys = {"RequestAttributesSequence.ScheduledProcedureStepID": "*", "Modality": "CT"}
    query = Query.where(Level.SERIES, keys)

    assert list(us.dimse.find(orthanc.node(), query, us.cancellation))


def test_what_a_peer_does_not_negotiate_is_told(orthanc: OrthancPeer, us: Us) -> None:
    remarks: list[QueryRemark] = []
    node = orthanc.node(relational=True, fuzzy=True)

    assert list(us.dimse.find(node, Query(), us.cancellation, remarks.append))
    assert remarks == [QueryRemark(declined=("relational queries", "fuzzy matching"))]


def test_an_unknown_keyword_is_refused(orthanc: OrthancPeer, us: Us) -> None:
    with pytest.raises(InvalidQuery):
        list(us.dimse.find(orthanc.node(), Query.where(Level.STUDY, {"PatientsName": "X"}), us.cancellation))


def test_leaving_a_search_half_read_leaves_nothing_behind(orthanc: OrthancPeer, us: Us) -> None:
    matches = us.dimse.find(orthanc.node(), Query(Level.IMAGE), us.cancellation)

    next(matches)
    matches.close()  # type: ignore[attr-defined]

    assert us.dimse.echo(orthanc.node(), us.cancellation)
