"""Retrieving from peers that lose something: what does not come is named, and asked for again by every way there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support.dicom_files import image_dataset, write
from tests.support.fake_peers import FakeContext
from tests.support.peers import DcmqrscpPeer, free_port, run_storescu
from tests.support.secrets import secrets_of_this_run
from workstation.archive.local import LocalArchive
from workstation.domain.node import LocalAe, Node, RetrieveMethod
from workstation.jobs.runner import Outcome
from workstation.network.dicomweb.client import DicomWebClient
from workstation.network.dimse.client import DimseClient
from workstation.network.listener import StorageListener
from workstation.services.delivery import ArchiveInbox
from workstation.services.retrieve import RetrieveResult, RetrieveStudy, run_retrieve

STUDY = "1.2.826.0.1.3680043.9.1"
SERIES = (f"{STUDY}.1", f"{STUDY}.2")
EACH = 4


class Profile:
    """An archive with its inbox and listener, that retrieves."""

    def __init__(self, folder: Path, port: int) -> None:
        self.archive = LocalArchive(folder / "archive")
        self.inbox = ArchiveInbox(self.archive, lambda _: None)
        self.local = LocalAe(port=port)
        self.listener = StorageListener(lambda: self.local, self.inbox, lambda: frozenset({"ORTHANC", "DCMQRSCP"}))
        self.context = FakeContext()

    def retrieve(self, node: Node) -> Outcome:
        return run_retrieve(
            RetrieveStudy(node.name, STUDY),
            self.context,  # type: ignore[arg-type]
            archive=self.archive,
            inbox=self.inbox,
            find_node={node.name: node}.get,
            dimse=DimseClient(self.local),
            web=DicomWebClient(secrets_of_this_run()),
            listener=self.listener,
        )


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    profile = Profile(tmp_path, free_port())
    yield profile
    profile.listener.stop()
    profile.archive.close()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    found = []
    for series in SERIES:
        for number in range(1, EACH + 1):
            uid = f"{series}.{number}"
            image = image_dataset(
                np.full((16, 16), number, np.uint16),
                StudyInstanceUID=STUDY,
                SeriesInstanceUID=series,
                SOPInstanceUID=uid,
                InstanceNumber=number,
            )
            found.append(write(tmp_path / f"{uid}.dcm", image))
    return found


def test_what_a_peer_has_lost_is_named_after_every_method_was_tried(profile: Profile, files: list[Path]) -> None:
    lost = f"{SERIES[0]}.3"
    with DcmqrscpPeer(our_port=profile.local.port) as peer:
        run_storescu(peer.node(), files)
        kept = [path for path in (peer.folder / "database").iterdir() if path.is_file()]
        [gone] = [path for path in kept if b"DICM" in path.read_bytes()[:140] and lost.encode() in path.read_bytes()]
        gone.unlink()

        outcome = profile.retrieve(peer.node())

    result = outcome.result
    assert isinstance(result, RetrieveResult)
    assert outcome.partly
    assert result.missing == (lost,)
    assert (result.expected, result.stored) == (2 * EACH, 2 * EACH - 1)
    assert [(one.tried, one.then, one.missing) for one in result.fallbacks] == [
        (RetrieveMethod.GET, RetrieveMethod.MOVE, 1),
    ]
    assert profile.archive.instance_uids(STUDY) == {path.stem for path in files} - {lost}


def test_a_peer_without_get_is_asked_by_move_and_that_is_recorded(profile: Profile, files: list[Path]) -> None:
    with DcmqrscpPeer(our_port=profile.local.port, options=("--disable-get",)) as peer:
        run_storescu(peer.node(), files)

        outcome = profile.retrieve(peer.node())

    result = outcome.result
    assert isinstance(result, RetrieveResult)
    assert (result.stored, result.missing, result.method) == (2 * EACH, (), RetrieveMethod.MOVE)
    assert [(one.tried, one.then) for one in result.fallbacks] == [(RetrieveMethod.GET, RetrieveMethod.MOVE)]
    assert any("MOVE" in warning for warning in profile.context.warnings)
