"""find, retrieve, send, worklist and echo against a real Orthanc."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.integration.cli.conftest import CR_HIP, CT_HEAD, MR_BRAIN
from tests.support.command_line import CommandLine
from tests.support.peers import (
    DcmqrscpPeer,
    DcmtkStorescp,
    HangingPeer,
    KilledPeer,
    OrthancPeer,
    Phase,
    free_port,
    run_storescu,
)
from workstation.app import open_workplace
from workstation.domain.node import Node

STUDY = dcmread(MR_BRAIN[0], stop_before_pixels=True).StudyInstanceUID
SERIES = sorted({dcmread(path, stop_before_pixels=True).SeriesInstanceUID for path in MR_BRAIN})
HIP = dcmread(CR_HIP[0], stop_before_pixels=True)


def pixels(paths: list[Path]) -> dict[str, bytes]:
    return {str(dataset.SOPInstanceUID): dataset.PixelData for dataset in map(dcmread, paths)}


def test_echo_says_who_answered(workstation: CommandLine) -> None:
    record = workstation.done("echo", "orthanc", "--json").record
    assert record["node"] == "orthanc"
    assert record["dimse"]["elapsed_s"] > 0
    assert record["web"]["elapsed_s"] > 0
    assert "C-ECHO" in workstation.done("echo", "orthanc").out


def test_find_at_all_four_levels(workstation: CommandLine) -> None:
    patients = workstation.done("find", "orthanc", "--all", "--level", "patient", "--json").records
    assert {record["PatientID"] for record in patients} >= {HIP.PatientID}
    (study,) = workstation.done("find", "orthanc", "--where", f"StudyInstanceUID={STUDY}", "--json").records
    assert study["NumberOfStudyRelatedInstances"] == len(MR_BRAIN)
    series = workstation.done(
        "find", "orthanc", "--level", "series", "--where", f"StudyInstanceUID={STUDY}", "--json"
    ).records
    assert sorted(record["SeriesInstanceUID"] for record in series) == SERIES
    found = [
        record["SOPInstanceUID"]
        for uid in SERIES
        for record in workstation.done(
            *("find", "orthanc", "--level", "image", "--json"),
            *("--where", f"StudyInstanceUID={STUDY}", "--where", f"SeriesInstanceUID={uid}"),
        ).records
    ]
    assert sorted(found) == sorted(pixels(MR_BRAIN))


def test_find_decodes_names_in_other_scripts(workstation: CommandLine) -> None:
    (study,) = workstation.done("find", "orthanc", "--where", f"PatientID={HIP.PatientID}", "--json").records
    assert study["PatientName"] == str(HIP.PatientName)
    table = workstation.done("find", "orthanc", "--where", f"PatientName={HIP.PatientName.family_name}*").out
    assert str(HIP.PatientName) in table
    assert HIP.StudyInstanceUID in table


def test_find_without_a_match_is_an_empty_table(workstation: CommandLine) -> None:
    ended = workstation.done("find", "orthanc", "--where", "PatientID=NOBODY")
    assert ended.out.startswith("DATE")
    assert len(ended.out.splitlines()) == 1
    assert workstation.done("find", "orthanc", "--where", "PatientID=NOBODY", "--json").out == ""


@pytest.mark.parametrize("method", ["get", "move", "web", "auto"])
def test_retrieve_brings_the_study_with_identical_pixel_data(workstation: CommandLine, method: str) -> None:
    record = workstation.done("retrieve", "orthanc", "--study", STUDY, "--method", method, "--json").record
    assert record["expected"] == record["received"] == record["stored"] == len(MR_BRAIN)
    assert record["missing"] == []
    assert record["state"] == "succeeded"
    assert record["error"] is None
    assert record["method"] == ("get" if method == "auto" else method)
    assert record["bytes"] > 0
    assert pixels(workstation.archived) == pixels(MR_BRAIN)
    (study,) = workstation.done("studies", "--json").records
    assert study["NumberOfStudyRelatedInstances"] == len(MR_BRAIN)


def test_retrieve_of_a_series_then_of_the_study_transfers_only_the_rest(workstation: CommandLine) -> None:
    first = workstation.done("retrieve", "orthanc", "--study", STUDY, "--series", SERIES[0], "--json").record
    assert first["series_instance_uid"] == SERIES[0]
    rest = workstation.done("retrieve", "orthanc", "--study", STUDY, "--json").record
    assert rest["already_present"] == first["stored"]
    assert rest["stored"] == rest["received"] == len(MR_BRAIN) - first["stored"]
    again = workstation.done("retrieve", "orthanc", "--study", STUDY, "--json").record
    assert (again["received"], again["method"]) == (0, None)
    jobs = workstation.done("jobs", "--json").records
    assert [job["state"] for job in jobs] == ["succeeded"] * 3
    assert [job["kind"] for job in jobs] == ["retrieve"] * 3


def test_retrieve_of_an_unknown_study_fails_with_a_sentence(workstation: CommandLine) -> None:
    ended = workstation("retrieve", "orthanc", "--study", "1.2.3.4.5")
    assert ended.status == 1
    assert "no such study" in ended.err


def test_move_from_a_peer_that_does_not_know_us_says_what_to_enter(workstation: CommandLine) -> None:
    workstation.change("local.ae_title", "STRANGER")
    workstation.change("local.port", free_port())
    ended = workstation("retrieve", "orthanc", "--study", STUDY, "--method", "move")
    assert ended.status == 1
    assert "no entry for this workstation" in ended.err
    assert "--method get" in ended.err


def test_send_files_and_a_study_of_the_archive(workstation: CommandLine) -> None:
    with DcmtkStorescp() as peer:
        workstation.add(peer.node(name="dest"))
        record = workstation.done("send", "dest", CR_HIP[0].parent, "--json").record
        assert (record["expected"], record["sent"], record["failures"]) == (1, 1, [])
        assert pixels(peer.files()) == pixels(CR_HIP)
        workstation.done("import", MR_BRAIN[0].parents[1])
        assert workstation.done("send", "dest", "--study", STUDY, "--json").record["sent"] == len(MR_BRAIN)
        assert pixels(peer.files()) == pixels([*CR_HIP, *MR_BRAIN])


def test_send_of_what_a_peer_refuses_in_part_is_partly_done(workstation: CommandLine) -> None:
    with DcmtkStorescp() as peer:  # takes every transfer syntax but only the storage classes that DCMTK knows
        workstation.add(peer.node(name="dest"))
        strange = workstation.folder / "strange.dcm"
        dataset = dcmread(CR_HIP[0])
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.826.0.1.3680043.8.498.1"
        dataset.save_as(strange)
        ended = workstation("send", "dest", CR_HIP[0], strange, "--json")
    assert ended.status == 3, ended.err
    assert ended.record["sent"] == 1
    (failure,) = ended.record["failures"]
    assert failure["path"] == str(strange)
    assert ended.record["error"]["code"] == "incomplete-transfer"


def test_worklist_is_filtered_and_printed_by_keyword(workstation: CommandLine) -> None:
    every = workstation.done("worklist", "orthanc", "--json").records
    assert [record["ScheduledProcedureStepID"] for record in every] == ["SPS1", "SPS3", "SPS2"]
    assert every[0]["PatientName"] == "WORKLIST^PATIENT1"
    of_day = workstation.done("worklist", "orthanc", "--date", "20261125", "--json").records
    assert [record["ScheduledProcedureStepID"] for record in of_day] == ["SPS2"]
    of_station = workstation.done("worklist", "orthanc", "--modality", "MR", "--station", "MR1", "--json").records
    assert [record["ScheduledProcedureStepID"] for record in of_station] == ["SPS3"]
    assert "WORKLIST^PATIENT2" in workstation.done("worklist", "orthanc", "--date", "20261124-20261125").out


def test_a_wrong_called_ae_title_names_it(workstation: CommandLine) -> None:
    workstation.change("nodes.orthanc.ae_title", "WRONG")
    workstation.change("nodes.orthanc.web_url", "")
    ended = workstation("echo", "orthanc")
    assert ended.status == 1
    assert "WRONG" in ended.err
    assert "What to do:" in ended.err


def test_one_way_of_two_that_fails_is_partly_done(workstation: CommandLine) -> None:
    workstation.change("nodes.orthanc.ae_title", "WRONG")
    ended = workstation("echo", "orthanc", "--json")
    assert ended.status == 3
    assert ended.record["dimse"] is None
    assert ended.record["error"]["code"] == "association-rejected"


def test_a_refused_port_says_that_nothing_listens_there(alone: CommandLine) -> None:
    alone.add(Node("gone", "GONE", "127.0.0.1", free_port()))
    for arguments in (
        ("echo", "gone"),
        ("find", "gone", "--all"),
        ("retrieve", "gone", "--study", "1.2"),
        ("worklist", "gone"),
    ):
        ended = alone(*arguments)
        assert ended.status == 1
        assert "nothing listens on that port" in ended.err


def test_an_unknown_node_is_a_usage_error_that_lists_the_known_ones(workstation: CommandLine) -> None:
    for arguments in (
        ("echo", "nix"),
        ("find", "nix", "--all"),
        ("retrieve", "nix", "--study", "1.2"),
        ("worklist", "nix"),
    ):
        ended = workstation(*arguments)
        assert ended.status == 2
        assert "orthanc" in ended.err


def test_a_killed_peer_says_that_the_connection_broke(alone: CommandLine) -> None:
    with KilledPeer() as peer:
        alone.add(Node("dying", "DYING", "127.0.0.1", peer.port))
        ended = alone("find", "dying", "--all")
    assert ended.status == 1
    assert "connection to dying" in ended.err


def test_ctrl_c_cancels_a_search_of_a_silent_peer(alone: CommandLine) -> None:
    with HangingPeer(Phase.ASSOCIATED) as peer:
        alone.add(Node("silent", "SILENT", "127.0.0.1", peer.port))
        process = alone.start("find", "silent", "--all")
        assert peer.reached.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "cancelled" in err
    assert "Traceback" not in err


def test_ctrl_c_cancels_a_retrieval_and_resume_finishes_it(workstation: CommandLine, orthanc: OrthancPeer) -> None:
    with HangingPeer(Phase.ASSOCIATED) as peer:
        workstation.change("nodes.orthanc.port", peer.port)
        workstation.change("nodes.orthanc.web_url", "")
        process = workstation.start("retrieve", "orthanc", "--study", STUDY)
        assert peer.reached.wait(60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "cancelled" in err
    (job,) = workstation.done("jobs", "list", "--json").records
    assert job["state"] == "cancelled"
    workstation.change("nodes.orthanc.port", orthanc.dicom_port)
    resumed = workstation.done("jobs", "resume", job["id"], "--json").record
    assert resumed["state"] == "succeeded"
    assert pixels(workstation.archived) == pixels(MR_BRAIN)


def test_a_killed_process_leaves_a_job_that_resume_finishes(workstation: CommandLine, orthanc: OrthancPeer) -> None:
    with HangingPeer(Phase.ASSOCIATED) as peer:
        workstation.change("nodes.orthanc.port", peer.port)
        process = workstation.start("retrieve", "orthanc", "--study", STUDY, "--method", "get")
        assert peer.reached.wait(60)
        process.kill()
        process.communicate(timeout=120)
    (job,) = workstation.done("jobs", "--json").records
    assert job["state"] == "interrupted"
    workstation.change("nodes.orthanc.port", orthanc.dicom_port)
    assert workstation.done("jobs", "resume", "--json").record["id"] == job["id"]
    assert pixels(workstation.archived) == pixels(MR_BRAIN)


def test_an_interrupted_job_can_be_cancelled(workstation: CommandLine) -> None:
    with HangingPeer(Phase.ASSOCIATED) as peer:
        workstation.change("nodes.orthanc.port", peer.port)
        process = workstation.start("retrieve", "orthanc", "--study", STUDY)
        assert peer.reached.wait(60)
        process.kill()
        process.communicate(timeout=120)
    (job,) = workstation.done("jobs", "--json").records
    workstation.done("jobs", "cancel", job["id"])
    (job,) = workstation.done("jobs", "--json").records
    assert job["state"] == "cancelled"
    ended = workstation("jobs", "cancel", 999)
    assert ended.status == 1
    assert "Job 999" in ended.err


def test_move_while_a_window_of_the_same_profile_listens_arrives_in_its_archive(workstation: CommandLine) -> None:
    with open_workplace(workstation.folders) as window:
        window.listener.start()
        record = workstation.done("retrieve", "orthanc", "--study", STUDY, "--method", "move", "--json").record
    assert record["expected"] == record["stored"] == len(MR_BRAIN)
    assert record["warnings"]
    assert pixels(workstation.archived) == pixels(MR_BRAIN)


def test_retrieve_from_a_peer_that_insists_on_the_hierarchy(alone: CommandLine) -> None:
    port = free_port()
    alone.change("local.port", port)
    with DcmqrscpPeer(port) as peer:
        run_storescu(peer.node(), CT_HEAD)
        alone.add(peer.node())
        first = dcmread(CT_HEAD[0], stop_before_pixels=True)
        retrieve = ("retrieve", "dcmqrscp", "--study", first.StudyInstanceUID, "--json")
        by_get = alone.done(*retrieve, "--series", first.SeriesInstanceUID, "--method", "get").record
        assert by_get["expected"] == by_get["stored"] == len(CT_HEAD) - 1
        by_move = alone.done(*retrieve, "--method", "move").record
        assert (by_move["expected"], by_move["stored"]) == (len(CT_HEAD), 1)
    assert len(alone.archived) == len(CT_HEAD)


def test_move_to_a_taken_port_names_the_port(workstation: CommandLine, orthanc: OrthancPeer) -> None:
    with socket.create_server(("127.0.0.1", orthanc.our_port)):
        ended = workstation("retrieve", "orthanc", "--study", STUDY, "--method", "move", timeout_s=200)
    assert ended.status == 1
    assert str(orthanc.our_port) in ended.err
