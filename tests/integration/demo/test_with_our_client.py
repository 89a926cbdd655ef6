"""The journey of the demo on the wire: our own client and listener against the embedded PACS, every sample study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.support.inbox import FolderInbox
from workstation.demo.story import DemoSession, start_demo
from workstation.domain.node import LocalAe
from workstation.domain.query import Query, WorklistQuery
from workstation.domain.study import Instance, Level, Patient, Series, Study
from workstation.jobs.cancel import Cancellation
from workstation.network.dimse.client import DimseClient
from workstation.network.listener import StorageListener
from workstation.services.ports import RetrieveTarget, TransferProgress


@dataclass(frozen=True)
class Journey:
    session: DemoSession
    client: DimseClient
    inbox: FolderInbox
    cancellation: Cancellation

    def find(self, level: Level, **keys: str) -> list[object]:
        return list(self.client.find(self.session.node, Query.where(level, keys), self.cancellation))

    def kept(self, study_instance_uid: str) -> set[str]:
        entities = self.session.pacs.catalogue.entities("STUDY")
        return next(
            {str(one.SOPInstanceUID) for one in entity.instances}
            for entity in entities
            if entity.header.StudyInstanceUID == study_instance_uid
        )


@pytest.fixture
def journey(samples: Path, tmp_path: Path) -> Iterator[Journey]:
    inbox = FolderInbox(tmp_path)
    listener = StorageListener(lambda: LocalAe(port=0), inbox, lambda: frozenset({"DEMOPACS"}))
    local = listener.start()
    session = start_demo(local, samples)
    yield Journey(session, DimseClient(local), inbox, Cancellation())
    session.stop()
    listener.stop()


def ignore_progress(progress: TransferProgress) -> None:
    """Progress is tested with the client."""


def test_it_finds_on_every_level(journey: Journey) -> None:
    patients = journey.find(Level.PATIENT)
    assert len(patients) == 11
    studies = [match for match in journey.find(Level.STUDY) if isinstance(match, Study)]
    assert len(studies) == 12
    maria = next(study for study in studies if study.patient_id == "4471920")
    assert (maria.patient_name.display, maria.modalities, maria.instance_count) == (
        "GARCÍA LÓPEZ, María",
        ("CT", "SR"),
        94,
    )
    series = journey.find(Level.SERIES, StudyInstanceUID=maria.study_instance_uid)
    assert sorted(one.instance_count or 0 for one in series if isinstance(one, Series)) == [1, 93]
    images = journey.find(Level.IMAGE, StudyInstanceUID=maria.study_instance_uid)
    assert len([one for one in images if isinstance(one, Instance)]) == 94
    assert all(isinstance(one, Patient) for one in patients)


@pytest.mark.parametrize("method", ["get", "move"])
def test_every_study_comes_whole(journey: Journey, method: str) -> None:
    for study in journey.find(Level.STUDY):
        assert isinstance(study, Study)
        target = RetrieveTarget(study.study_instance_uid)
        before = len(journey.inbox.taken)
        if method == "get":
            report = journey.client.get(
                journey.session.node, target, journey.inbox, ignore_progress, journey.cancellation
            )
        else:
            report = journey.client.move(journey.session.node, target, ignore_progress, journey.cancellation)
        assert report.failures == ()
        assert len(journey.inbox.taken) - before == len(journey.kept(study.study_instance_uid))
    kept = journey.session.pacs.catalogue
    for uid, received in journey.inbox.by_uid().items():
        original = kept.get(uid)
        assert original is not None
        assert received.get("PixelData") == original.get("PixelData")


def test_it_takes_back_what_we_send(journey: Journey, samples: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.dcm"
    instance = dcmread(samples / "mr-brain-prior" / "bold" / "001.dcm")
    instance.SOPInstanceUID = instance.file_meta.MediaStorageSOPInstanceUID = "2.25.777"
    instance.save_as(path)
    report = journey.client.store(journey.session.node, [path], ignore_progress, journey.cancellation)
    assert (report.transferred, report.failures) == (1, ())
    kept = journey.session.pacs.catalogue.get("2.25.777")
    assert kept is not None
    assert kept.PixelData == instance.PixelData


def test_the_worklist_arrives_with_its_safety_fields(journey: Journey) -> None:
    items = list(journey.client.find_worklist(journey.session.node, WorklistQuery(modality="CT"), journey.cancellation))
    assert len(items) == 7
    maria = next(item for item in items if item.patient_id == "4471920")
    assert maria.allergies == "iodinated contrast — premedicated"
    assert (maria.step_id, maria.accession_number, maria.step_location) == ("SPS-44120", "ACC-908812", "Room 4")
    assert (maria.step_status, maria.weight, maria.reason) == ("STARTED", "68", "Follow-up lymphoma")
    assert maria.referring_physician.display.startswith("Nilsen")
