"""C-STORE as SCU against Orthanc and DCMTK's storescp."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread

from tests.integration.network.conftest import NAMES, OTHERS, UNCOMPRESSED
from tests.support.inbox import Us, ignore
from tests.support.peers import DcmtkStorescp, OrthancPeer
from workstation.network.dimse.contexts import storage_classes
from workstation.network.part10 import Part10File
from workstation.services.ports import RetrieveTarget, TransferProgress


def data_set_bytes(path: Path) -> bytes:
    """All after group 0002."""
    content = path.read_bytes()
    meta = dcmread(path, specific_tags=["SOPInstanceUID"]).file_meta
    return content[132 + 12 + meta.FileMetaInformationGroupLength :]


@pytest.mark.parametrize("name", [*UNCOMPRESSED, *OTHERS, *NAMES])
def test_a_file_arrives_bit_for_bit_in_its_own_transfer_syntax(us: Us, testdata: Path, name: str) -> None:
    path = testdata / name
    with DcmtkStorescp() as peer:
        report = us.dimse.store(peer.node(), [path], ignore, us.cancellation)
        [received] = peer.files()

        assert (report.stored, report.failures) == (1, ())
        assert dcmread(received).file_meta.TransferSyntaxUID == dcmread(path).file_meta.TransferSyntaxUID
        assert data_set_bytes(received) == data_set_bytes(path)


def test_many_kinds_of_files_go_in_one_transfer(us: Us, sent_files: list[Path]) -> None:
    seen: list[TransferProgress] = []
    with OrthancPeer() as peer:
        report = us.dimse.store(peer.node(), sent_files, seen.append, us.cancellation)
        assert report.failures == ()

        assert report.stored == report.expected == len(sent_files)
        assert len(peer.get("/instances")) == len(sent_files)
    assert seen[-1] == TransferProgress(len(sent_files), len(sent_files), report.bytes, 0)


def test_what_was_retrieved_can_be_sent_back(us: Us, orthanc: OrthancPeer, testdata: Path) -> None:
    original = dcmread(testdata / OTHERS[0])
    us.dimse.get(orthanc.node(), RetrieveTarget(str(original.StudyInstanceUID)), us.inbox, ignore, us.cancellation)
    with OrthancPeer() as other:
        report = us.dimse.store(other.node(), list(us.inbox.taken), ignore, us.cancellation)
        kept = other.instance_file(str(original.SOPInstanceUID))

    assert report.stored == 1
    assert original.PixelData in kept


@pytest.mark.parametrize("name", [UNCOMPRESSED[0], "transfer_syntaxes/image_dfl.dcm"])
def test_an_uncompressed_file_is_converted_where_only_another_encoding_is_accepted(
    us: Us, testdata: Path, name: str
) -> None:
    path = testdata / name
    with DcmtkStorescp("+xi") as peer:  # implicit VR little endian only
        report = us.dimse.store(peer.node(), [path], ignore, us.cancellation)
        [received] = peer.files()
        arrived = dcmread(received)

    assert report.stored == 1
    assert arrived.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2"
    assert (arrived.pixel_array == dcmread(path).pixel_array).all()


def test_a_compressed_file_is_not_touched_but_reported_where_it_is_not_accepted(us: Us, testdata: Path) -> None:
    compressed, plain = testdata / OTHERS[1], testdata / UNCOMPRESSED[0]
    with DcmtkStorescp("+xi") as peer:
        report = us.dimse.store(peer.node(), [compressed, plain], ignore, us.cancellation)

    [failure] = report.failures
    assert report.stored == 1
    assert failure.path == compressed
    assert "JPEG Baseline" in failure.reason


def test_what_is_no_dicom_is_reported_and_the_rest_is_sent(us: Us, testdata: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear colleague")
    with DcmtkStorescp() as peer:
        files = [letter, testdata / UNCOMPRESSED[0], tmp_path / "absent.dcm"]
        report = us.dimse.store(peer.node(), files, ignore, us.cancellation)

    assert report.stored == 1
    assert [failure.path for failure in report.failures] == [letter, tmp_path / "absent.dcm"]


def test_more_kinds_than_one_association_can_propose_take_several(us: Us, testdata: Path, tmp_path: Path) -> None:
    template = dcmread(testdata / UNCOMPRESSED[1])
    files = []
    for number, uid in enumerate(storage_classes()[:90]):
        template.SOPClassUID = template.file_meta.MediaStorageSOPClassUID = uid
        template.SOPInstanceUID = template.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        files.append(tmp_path / f"{number}.dcm")
        template.save_as(files[-1])
    with OrthancPeer() as peer:
        report = us.dimse.store(peer.node(), files, ignore, us.cancellation)

        assert len(peer.get("/instances")) == len(files)
    assert (report.stored, report.failures) == (len(files), ())


def test_a_file_over_which_the_peer_hangs_up_does_not_stop_the_others(
    us: Us, testdata: Path, orthanc: OrthancPeer
) -> None:
    """Orthanc drops the connection at this one; what comes behind it is sent on another."""
    bad = testdata / "modalities/GH364.dcm"
    good = [testdata / "modalities/693_UNCR.dcm", testdata / "volumes/ct_head_slicer_93/CTHead34.dcm"]

    report = us.dimse.store(orthanc.node(), [good[0], bad, good[1]], ignore, us.cancellation)

    assert report.transferred == 2
    assert [failure.path for failure in report.failures] == [bad]


def test_a_data_set_of_odd_length_arrives_padded(us: Us, testdata: Path, orthanc: OrthancPeer) -> None:
    path = next(testdata.rglob("image_dfl.dcm"))
    assert Part10File.read(path).data_bytes % 2

    report = us.dimse.store(orthanc.node(), [path], ignore, us.cancellation)

    assert (report.transferred, report.failures) == (1, ())
