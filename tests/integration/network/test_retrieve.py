"""C-GET, and C-MOVE to our own listener, against Orthanc and DCMTK's dcmqrscp."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pynetdicom.presentation import PresentationContext

from tests.support.inbox import FolderInbox, Us, ignore
from tests.support.peers import DcmqrscpPeer, DcmtkStorescp, OrthancPeer, free_port, run_storescu
from workstation.domain.errors import DiskFull, UnknownMoveDestination
from workstation.domain.node import LocalAe, Node, RetrieveMethod
from workstation.domain.study import Level
from workstation.network.dimse import retrieve
from workstation.network.dimse.client import DimseClient
from workstation.network.listener import StorageListener
from workstation.services.ports import RetrieveTarget, TransferProgress

ALL = (
    "modalities/693_UNCR.dcm",
    "transfer_syntaxes/MR_small_implicit.dcm",
    "transfer_syntaxes/emri_small_big_endian.dcm",
    "modalities/examples_ybr_color.dcm",
    "modalities/sample-op.dcm",
    "transfer_syntaxes/pm5644_test_pattern/PM5644-960x540_JPEG-LS_Lossless.dcm",
    "transfer_syntaxes/US1_J2KR.dcm",
    "photometric/OBXXXX1A_rle_2frame.dcm",
)


def study_of(file: Dataset) -> RetrieveTarget:
    return RetrieveTarget(str(file.StudyInstanceUID))


@pytest.fixture
def listening(orthanc: OrthancPeer, us: Us) -> Iterator[StorageListener]:
    listener = StorageListener(lambda: LocalAe(port=orthanc.our_port), us.inbox, lambda: frozenset({"ORTHANC"}))
    listener.start()
    yield listener
    listener.stop()


def assert_same_pixels(inbox: FolderInbox, original: Dataset) -> None:
    arrived = inbox.by_uid()[str(original.SOPInstanceUID)]
    assert arrived.file_meta.TransferSyntaxUID == original.file_meta.TransferSyntaxUID
    assert arrived.PixelData == original.PixelData


@pytest.mark.parametrize("name", ALL)
def test_get_brings_pixel_data_byte_for_byte(orthanc: OrthancPeer, us: Us, testdata: Path, name: str) -> None:
    original = dcmread(testdata / name)

    report = us.dimse.get(orthanc.node(), study_of(original), us.inbox, ignore, us.cancellation)

    assert (report.method, report.failures) == (RetrieveMethod.GET, ())
    assert report.expected == report.stored == report.transferred == len(us.inbox.taken)
    assert set(us.inbox.taken.values()) == {"orthanc"}
    assert_same_pixels(us.inbox, original)


@pytest.mark.parametrize("name", ALL)
def test_move_to_our_listener_brings_pixel_data_byte_for_byte(
    orthanc: OrthancPeer, us: Us, listening: StorageListener, testdata: Path, name: str
) -> None:
    original = dcmread(testdata / name)

    report = us.dimse.move(orthanc.node(), study_of(original), ignore, us.cancellation)

    assert (report.method, report.failures) == (RetrieveMethod.MOVE, ())
    assert report.expected == report.transferred == len(us.inbox.taken)
    assert set(us.inbox.taken.values()) == {"ORTHANC"}
    assert_same_pixels(us.inbox, original)


@pytest.mark.parametrize("level", [Level.STUDY, Level.SERIES, Level.IMAGE])
def test_get_asks_for_a_study_a_series_or_instances(orthanc: OrthancPeer, us: Us, testdata: Path, level: Level) -> None:
    original = dcmread(testdata / "modalities/693_UNCR.dcm")
    series = str(original.SeriesInstanceUID) if level is not Level.STUDY else ""
    uids = (str(original.SOPInstanceUID),) if level is Level.IMAGE else ()
    target = RetrieveTarget(str(original.StudyInstanceUID), series, uids)

    report = us.dimse.get(orthanc.node(), target, us.inbox, ignore, us.cancellation)

    assert report.stored == 1
    assert list(us.inbox.by_uid()) == [str(original.SOPInstanceUID)]


def test_progress_counts_instances_and_bytes(orthanc: OrthancPeer, us: Us, testdata: Path) -> None:
    seen: list[TransferProgress] = []
    original = dcmread(testdata / "modalities/693_UNCR.dcm")

    report = us.dimse.get(orthanc.node(), study_of(original), us.inbox, seen.append, us.cancellation)

    assert seen[-1] == TransferProgress(report.stored, report.expected, report.bytes, 0)
    assert report.bytes > len(original.PixelData)


def test_a_full_disk_here_stops_the_transfer(orthanc: OrthancPeer, us: Us, testdata: Path) -> None:
    inbox = FolderInbox(us.inbox.folder, refusal=DiskFull(reason="No space left on device"))
    original = dcmread(testdata / "modalities/693_UNCR.dcm")

    with pytest.raises(DiskFull):
        us.dimse.get(orthanc.node(), study_of(original), inbox, ignore, us.cancellation)

    assert inbox.files == []


def test_move_to_an_ae_title_the_peer_does_not_know_says_what_to_enter_there(us: Us, testdata: Path) -> None:
    stranger = DimseClient(LocalAe(ae_title="STRANGER", port=11119))
    target = study_of(dcmread(testdata / "modalities/693_UNCR.dcm"))
    with DcmqrscpPeer(our_port=free_port()) as peer:
        run_storescu(peer.node(), [testdata / "modalities/693_UNCR.dcm"])

        with pytest.raises(UnknownMoveDestination) as error:
            stranger.move(peer.node(), target, ignore, us.cancellation)

    assert error.value.details["our_ae_title"] == "STRANGER"
    assert error.value.details["our_port"] == "11119"


def test_dcmqrscp_gives_by_get_and_by_move(us: Us, testdata: Path) -> None:
    port = free_port()
    original = dcmread(testdata / "transfer_syntaxes/MR_small_implicit.dcm")
    listener = StorageListener(lambda: LocalAe(port=port), us.inbox, lambda: frozenset({"DCMQRSCP"}))
    with DcmqrscpPeer(our_port=port) as peer:
        run_storescu(
            peer.node(), [testdata / "transfer_syntaxes/MR_small_implicit.dcm", testdata / "modalities/693_UNCR.dcm"]
        )
        listener.start()
        try:
            got = us.dimse.get(peer.node(), study_of(original), us.inbox, ignore, us.cancellation)
            moved = us.dimse.move(peer.node(), study_of(original), ignore, us.cancellation)
        finally:
            listener.stop()

    assert (got.stored, moved.transferred) == (1, 1)
    assert [dcmread(path).PixelData == original.PixelData for path in us.inbox.taken] == [True, True]


def test_a_peer_with_patient_root_only_is_asked_in_it(us: Us, testdata: Path) -> None:
    port = free_port()
    original = dcmread(testdata / "modalities/693_UNCR.dcm")
    listener = StorageListener(lambda: LocalAe(port=port), us.inbox, lambda: frozenset({"DCMQRSCP"}))
    with DcmqrscpPeer(our_port=port, options=("--no-study-root",)) as peer:
        run_storescu(peer.node(), [testdata / "modalities/693_UNCR.dcm"])
        listener.start()
        try:
            got = us.dimse.get(peer.node(), study_of(original), us.inbox, ignore, us.cancellation)
            moved = us.dimse.move(peer.node(), study_of(original), ignore, us.cancellation)
        finally:
            listener.stop()

    assert (got.stored, moved.transferred) == (1, 1)


def test_more_kinds_than_one_association_can_take_come_on_several(
    orthanc: OrthancPeer, us: Us, testdata: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals = [dcmread(testdata / name) for name in ALL]
    targets = [
        RetrieveTarget(
            str(one.StudyInstanceUID), str(one.SeriesInstanceUID), (str(one.SOPInstanceUID),), (str(one.SOPClassUID),)
        )
        for one in originals
    ]
    classes = list(dict.fromkeys(target.sop_classes[0] for target in targets))
    proposed: list[int] = []
    associate = retrieve.associated

    def noted(local: LocalAe, node: Node, contexts: list[PresentationContext], *rest: Any) -> Any:
        proposed.append(len(contexts))
        return associate(local, node, contexts, *rest)

    monkeypatch.setattr(retrieve, "associated", noted)

    report = us.dimse.get(orthanc.node(), iter(targets), us.inbox, ignore, us.cancellation, classes=classes)

    assert report.failures == ()
    for original in originals:
        assert_same_pixels(us.inbox, original)
    assert 1 < len(proposed) < len(targets)
    assert max(proposed) <= 128


def test_move_sends_to_a_third_ae_when_asked(us: Us, testdata: Path) -> None:
    original = dcmread(testdata / "modalities/693_UNCR.dcm")
    with DcmtkStorescp(ae_title="THIRD") as third:
        there = {"DicomModalities": {"third": {"AET": "THIRD", "Host": "127.0.0.1", "Port": third.port}}}
        with OrthancPeer(overrides=there) as peer:
            run_storescu(peer.node(), [testdata / "modalities/693_UNCR.dcm"])

            report = us.dimse.move(peer.node(), study_of(original), ignore, us.cancellation, destination="THIRD")

            assert (report.expected, report.transferred, report.failures) == (1, 1, ())
            assert [dcmread(path).SOPInstanceUID for path in third.files()] == [original.SOPInstanceUID]
    assert us.inbox.files == []
