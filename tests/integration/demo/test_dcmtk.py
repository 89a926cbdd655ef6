"""Every service of the embedded PACS that DCMTK has a client for, asked by DCMTK."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.support.peers import DcmtkStorescp, require_program
from tests.support.pynetdicom_peers import TODAY
from workstation.demo.pacs import EmbeddedPacs

Dcmtk = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def pacs(samples: Path) -> Iterator[EmbeddedPacs]:
    """One for all tests here: what is stored here is sought here only."""
    with EmbeddedPacs(samples, today=TODAY) as running:
        yield running


def keys(*pairs: str) -> list[str]:
    return [part for pair in pairs for part in ("-k", pair)]


def test_echoscu(dcmtk: Dcmtk) -> None:
    dcmtk("echoscu")


def test_echoscu_with_a_wrong_title_is_told(pacs: EmbeddedPacs) -> None:
    told = subprocess.run(
        [require_program("echoscu", "dcmtk"), "-aec", "WRONG", "127.0.0.1", str(pacs.port)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode != 0
    assert "Called AE Title Not Recognized" in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("model", "wanted", "count"),
    [
        ("-P", ["PATIENT", "PatientName"], 11),
        ("-P", ["STUDY", "PatientID=4471920", "StudyInstanceUID"], 1),
        ("-S", ["STUDY", "StudyInstanceUID", "StudyDate=20261123"], 2),
        ("-S", ["SERIES", "PatientID=6120984", "SeriesInstanceUID", "Modality"], 3),
        ("-S", ["IMAGE", "PatientID=5520071", "SOPInstanceUID"], 36),
    ],
)
def test_findscu_on_every_level(dcmtk: Dcmtk, tmp_path: Path, model: str, wanted: list[str], count: int) -> None:
    dcmtk("findscu", "-X", model, *keys(f"QueryRetrieveLevel={wanted[0]}", *wanted[1:]))
    replies = sorted(tmp_path.glob("rsp*.dcm"))
    assert len(replies) == count
    assert dcmread(replies[0], force=True).SpecificCharacterSet == "ISO_IR 192"


def test_findscu_on_the_worklist(dcmtk: Dcmtk, tmp_path: Path) -> None:
    step = "ScheduledProcedureStepSequence[0]"
    dcmtk(
        "findscu",
        "-X",
        "-W",
        *keys("PatientName", "Allergies", f"{step}.Modality=CT", f"{step}.ScheduledStationAETitle=CT2"),
        *keys(f"{step}.ScheduledProcedureStepStartDate=20261123", f"{step}.ScheduledProcedureStepID"),
    )
    replies = [dcmread(path, force=True) for path in sorted(tmp_path.glob("rsp*.dcm"))]
    assert [str(reply.PatientName) for reply in replies] == ["PETROV^Nikolaj=Петров^Николай", "LINDQVIST^Åsa"]
    assert replies[0].ScheduledProcedureStepSequence[0].ScheduledProcedureStepID == "SPS-44130"


def test_getscu_takes_a_study_uncompressed_and_compressed(dcmtk: Dcmtk, tmp_path: Path) -> None:
    dcmtk("getscu", "-S", *keys("QueryRetrieveLevel=PATIENT", "PatientID=4471920"), "-P")
    got = [dcmread(path) for path in tmp_path.iterdir()]
    assert len(got) == 94
    dcmtk("getscu", "-P", "+xt", *keys("QueryRetrieveLevel=PATIENT", "PatientID=5520071"))
    assert len(list(tmp_path.iterdir())) == 94 + 36


def test_movescu_sends_a_study_to_storescp(pacs: EmbeddedPacs, dcmtk: Dcmtk) -> None:
    with DcmtkStorescp() as storescp:
        pacs.add_destination(storescp.ae_title, "127.0.0.1", storescp.port)
        dcmtk("movescu", "-P", "-aem", "STORESCP", *keys("QueryRetrieveLevel=PATIENT", "PatientID=6120984"))
        assert sorted(dcmread(path).Modality for path in storescp.files()) == ["CT", "PT", "PT"]


def test_storescu_sends_what_is_found_afterwards(
    pacs: EmbeddedPacs, dcmtk: Dcmtk, tmp_path: Path, samples: Path
) -> None:
    source = tmp_path / "new.dcm"
    instance = dcmread(samples / "us-neck" / "doppler" / "001.dcm")
    instance.SOPInstanceUID = instance.file_meta.MediaStorageSOPInstanceUID = "2.25.1234"
    instance.StudyInstanceUID, instance.PatientName = "2.25.1235", "ÅBERG^Örjan"
    instance.save_as(source)
    dcmtk("storescu", "-xv", files=[source])
    kept = pacs.catalogue.get("2.25.1234")
    assert kept is not None
    assert kept.PixelData == instance.PixelData
    wanted = keys(
        "QueryRetrieveLevel=STUDY", "SpecificCharacterSet=ISO_IR 192", "PatientName=åberg*", "StudyInstanceUID"
    )
    dcmtk("findscu", "-X", "-S", *wanted)
    assert [dcmread(path, force=True).StudyInstanceUID for path in tmp_path.glob("rsp*.dcm")] == ["2.25.1235"]
