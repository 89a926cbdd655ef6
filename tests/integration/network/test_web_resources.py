"""Metadata, frames, bulk data and rendered pictures of WADO-RS against Orthanc."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.encaps import generate_frames

from tests.integration.network.conftest import OTHERS, UNCOMPRESSED
from tests.support.inbox import Us
from tests.support.peers import OrthancPeer
from workstation.domain.errors import WebFailure
from workstation.network.dicomweb import resources
from workstation.services.ports import RetrieveTarget


@pytest.mark.parametrize("name", [UNCOMPRESSED[0], *OTHERS[1:4]])
def test_an_instance_gives_its_metadata_its_frames_and_a_picture(
    orthanc: OrthancPeer, us: Us, testdata: Path, name: str
) -> None:
    file = dcmread(testdata / name)
    target = RetrieveTarget(file.StudyInstanceUID, file.SeriesInstanceUID, (file.SOPInstanceUID,))
    with us.web.session(orthanc.node(), "WADO-RS", us.cancellation) as session:
        [told] = resources.metadata(session, target)
        [frame] = resources.frames(session, target, [1])
        picture = resources.rendered(session, target)
    count = int(file.get("NumberOfFrames", 1))
    if file.file_meta.TransferSyntaxUID.is_compressed:
        expected = next(generate_frames(file.PixelData, number_of_frames=count))
    else:
        expected = file.PixelData[: len(file.PixelData) // count]
    assert told.SOPInstanceUID == file.SOPInstanceUID
    assert frame == expected
    assert picture[:2] == b"\xff\xd8" or picture[:4] == b"\x89PNG"


def test_bulk_data_is_what_its_address_names(orthanc: OrthancPeer, us: Us, testdata: Path) -> None:
    file = dcmread(testdata / UNCOMPRESSED[0])
    target = RetrieveTarget(file.StudyInstanceUID, file.SeriesInstanceUID, (file.SOPInstanceUID,))
    with us.web.session(orthanc.node(), "WADO-RS", us.cancellation) as session:
        data = resources.bulk_data(session, f"{resources.path_of(target)}/bulk/7fe00010")
    assert data[: len(file.PixelData)] == file.PixelData


def test_what_is_not_there_is_said(orthanc: OrthancPeer, us: Us) -> None:
    with us.web.session(orthanc.node(), "WADO-RS", us.cancellation) as session, pytest.raises(WebFailure):
        resources.metadata(session, RetrieveTarget("1.2.3.4"))
