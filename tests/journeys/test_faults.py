"""Each fault says its own plain sentence: in a notice, on the Activity page and on the command line."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from tests.journeys.conftest import BRAIN, BRAIN_UID, HEAD, Start, archived, known_to, pixel_digests
from tests.support.command_line import CommandLine
from tests.support.driver import Heartbeat, User
from tests.support.faults import Line
from tests.support.peers import DcmqrscpPeer, HangingPeer, OrthancPeer, Phase, free_port, run_storescu
from tests.support.small_disk import on_small_disk
from workstation.domain.job import JobState
from workstation.domain.node import LocalAe, Node, RetrieveMethod
from workstation.services.retrieve import RetrieveStudy

LONGEST_GAP_S = 2.0  # 0.1 measured; a window that waits for the peer is silent until the peer is given up
CANCELLED_WITHIN_S = 0.5
ONLY_GET: dict[str, Any] = {"web_url": "", "retrieve_method": RetrieveMethod.GET}
ONLY_MOVE: dict[str, Any] = {"web_url": "", "retrieve_method": RetrieveMethod.MOVE}
STRANGER = LocalAe(ae_title="STRANGER")

Broken = contextlib.AbstractContextManager[tuple[Node, LocalAe]]


@contextlib.contextmanager
def refused_port(orthanc: OrthancPeer) -> Iterator[tuple[Node, LocalAe]]:
    yield orthanc.node(**ONLY_GET, port=free_port()), known_to(orthanc)


@contextlib.contextmanager
def unknown_host(orthanc: OrthancPeer) -> Iterator[tuple[Node, LocalAe]]:
    yield orthanc.node(**ONLY_GET, host="no-such-host.invalid"), known_to(orthanc)


@contextlib.contextmanager
def wrong_ae_title(orthanc: OrthancPeer) -> Iterator[tuple[Node, LocalAe]]:
    yield orthanc.node(**ONLY_GET, ae_title="WRONG"), known_to(orthanc)


@contextlib.contextmanager
def unknown_caller(_orthanc: OrthancPeer) -> Iterator[tuple[Node, LocalAe]]:
    services = ("Echo", "Store", "Find", "FindWorklist", "Get", "Move")
    strict = {f"DicomAlwaysAllow{service}": False for service in services} | {"DicomModalities": {}}
    with OrthancPeer(overrides=strict) as strict_peer:
        yield strict_peer.node(**ONLY_GET), replace(STRANGER, port=free_port())


@contextlib.contextmanager
def unknown_destination(_orthanc: OrthancPeer) -> Iterator[tuple[Node, LocalAe]]:
    """Answered with A801, for which Orthanc has a status of its own (PS3.4 table C.4-2)."""
    with DcmqrscpPeer(free_port()) as peer:
        image = dcmread(HEAD[0])
        image.StudyInstanceUID = BRAIN_UID
        image.save_as(peer.folder / "image.dcm")
        run_storescu(peer.node(), [peer.folder / "image.dcm"])
        yield peer.node(**ONLY_MOVE, name="orthanc"), replace(STRANGER, port=free_port())


@contextlib.contextmanager
def killed_in_mid_transfer(orthanc: OrthancPeer) -> Iterator[tuple[Node, LocalAe]]:
    with Line(orthanc.dicom_port, 150_000, cut=True) as line:
        yield orthanc.node(**ONLY_GET, port=line.port), known_to(orthanc)


FAULTS: dict[Callable[[OrthancPeer], Broken], tuple[int, tuple[str, ...]]] = {
    refused_port: (1, ("No connection could be made to orthanc", "nothing listens on that port")),
    unknown_host: (1, ("No connection could be made to orthanc", "There is no computer of that name")),
    wrong_ae_title: (1, ("says that it is not the system we called", "The AE title WRONG is not its own")),
    unknown_caller: (1, ("does not know this workstation", "our AE title is STRANGER")),
    unknown_destination: (1, ("it does not know the AE title STRANGER", "it needs an entry for this workstation")),
    killed_in_mid_transfer: (3, (f"of {len(BRAIN)} instances are here", "could no longer be reached")),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_says_its_sentence(
    fault: Callable[[OrthancPeer], Broken], start: Start, orthanc: OrthancPeer, workstation: CommandLine
) -> None:
    status, sentences = FAULTS[fault]
    user = start(orthanc.node(), local=known_to(orthanc)).searches("WANG*").selects_first()
    with fault(orthanc) as (node, local):
        _set(user, node, local)
        user.retrieves()
        notice = user.reads_notice()
    user.selects_job("retrieve")
    assert user.job.state in (JobState.FAILED, JobState.PARTLY)
    for sentence in sentences:
        assert sentence in notice
        user.sees_in_job(sentence)

    user.workplace.archive.delete_study(BRAIN_UID)
    with fault(orthanc) as (node, local):
        _set(user, node, local)
        ended = workstation("retrieve", "orthanc", "--study", BRAIN_UID)
    assert ended.status == status
    assert "What to do:" in ended.err
    for sentence in sentences:
        assert sentence in ended.err


def test_a_search_of_a_broken_node_tells_why(start: Start, orthanc: OrthancPeer, workstation: CommandLine) -> None:
    user = start(orthanc.node(), orthanc.node(name="gone", port=free_port(), web_url=""), local=known_to(orthanc))
    user.searches("WANG*")
    assert user.places == ["orthanc"]
    assert "gone did not answer" in user.studies.strip.summary
    assert "nothing listens on that port" in user.asks_why()
    ended = workstation("find", "gone", "--where", "PatientName=WANG*")
    assert ended.status == 1
    assert "nothing listens on that port" in ended.err


def test_after_a_broken_transfer_retry_fetches_the_rest(start: Start, orthanc: OrthancPeer) -> None:
    user = start(orthanc.node(), local=known_to(orthanc)).searches("WANG*").selects_first()
    with Line(orthanc.dicom_port, 400_000, cut=True) as line:
        _set(user, orthanc.node(**ONLY_GET, port=line.port), known_to(orthanc))
        user.retrieves().selects_job("retrieve")
        arrived = len(archived(user.workplace.folders.data))
        assert 0 < arrived < len(BRAIN)
        user.sees_in_job(f"{arrived} of {len(BRAIN)} instances are here")
        line.mend()
        user.retries_job()
        assert pixel_digests(archived(user.workplace.folders.data)) == pixel_digests(BRAIN)
        assert line.brought < sum(path.stat().st_size for path in BRAIN)
    user.goes_to("studies").sees_places("Local")


@pytest.mark.parametrize("phase", [Phase.NEGOTIATION, Phase.ASSOCIATED])
def test_a_peer_that_never_answers_leaves_the_window_alive(start: Start, phase: Phase) -> None:
    with HangingPeer(phase) as peer:
        user = start(peer.node(name="silent", web_url=""))
        user.starts_searching("WANG*")
        assert peer.reached.wait(60)
        heart = Heartbeat()
        user.selects_job("search", running=True)
        took = user.cancels_job()
        gap = heart.stop()
    assert took < CANCELLED_WITHIN_S
    assert gap < LONGEST_GAP_S


def test_a_transfer_that_stands_still_is_cancelled_at_once(start: Start, orthanc: OrthancPeer) -> None:
    user = start(orthanc.node(), local=known_to(orthanc)).searches("WANG*").selects_first()
    with Line(orthanc.dicom_port, 300_000) as line:
        _set(user, orthanc.node(**ONLY_GET, port=line.port), known_to(orthanc))
        heart = Heartbeat()
        user.starts_retrieving()
        user._until(line.failed.is_set)
        user.selects_job("retrieve")
        assert 0 < user.job.progress.done < len(BRAIN)
        took = user.cancels_job()
        gap = heart.stop()
        assert len(archived(user.workplace.folders.data)) >= user.job.progress.done
    assert took < CANCELLED_WITHIN_S
    assert gap < LONGEST_GAP_S


def test_a_full_disk_is_said_in_the_window(start: Start, orthanc: OrthancPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    user = start(orthanc.node(**ONLY_GET), local=known_to(orthanc)).searches("WANG*").selects_first()
    monkeypatch.setattr("workstation.archive.local.make_durable", _no_space)
    user.retrieves()
    notice = user.reads_notice()
    assert "The disk is full" in notice
    assert "Free some space" in notice
    user.selects_job("retrieve")
    user.sees_in_job("There is no space left")
    user.dismisses_notices()
    user.drops(BRAIN[0])
    assert "The disk is full" in user.reads_notice()
    assert archived(user.workplace.folders.data) == []


def _no_space(path: Path) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("method", ["get", "move", "web"])
def test_a_full_disk_is_said_on_the_command_line(workstation: CommandLine, orthanc: OrthancPeer, method: str) -> None:
    workstation.change("local.port", orthanc.our_port)
    workstation.add(orthanc.node())
    workstation.data.mkdir(parents=True, exist_ok=True)
    command = workstation.command("retrieve", "orthanc", "--study", BRAIN_UID, "--method", method)
    ended = workstation.run(on_small_disk(workstation.data, 1, command))
    assert ended.status in (1, 3)
    assert "no space left" in ended.err
    assert "What to do: Free some space" in ended.err


def _set(user: User, node: Node, local: LocalAe) -> None:
    """Somebody changed the settings, or the other side did."""
    settings = user.workplace.settings()
    user.workplace.save_settings(replace(settings, nodes=(node,), local=local))


def test_a_job_is_recorded_by_its_study_and_shown_by_name(start: Start, orthanc: OrthancPeer) -> None:
    """What the journal keeps of a job is a UID; the window alone shows the name."""
    user = start(orthanc.node(), local=known_to(orthanc)).searches("WANG*").retrieves_first()
    user.selects_job("retrieve")
    assert user.job.subject == RetrieveStudy("orthanc", BRAIN_UID).subject
    user.sees_in_job("WANG")
