"""The same SOP Instance UID with other content, over the network: kept beside, counted and told."""

from __future__ import annotations

from pathlib import Path

from tests.support.archive import a_dataset, write
from workstation.archive.local import LocalArchive
from workstation.domain.events import ConflictFound, Event, InstanceStored
from workstation.services.delivery import ArchiveInbox


def test_other_content_under_a_known_uid_is_told_and_counted(tmp_path: Path) -> None:
    told: list[Event] = []
    archive = LocalArchive(tmp_path / "archive")
    inbox = ArchiveInbox(archive, told.append)
    for name in ("first", "second", "second"):
        delivery = inbox.delivery("PACS")
        path = delivery.new_path()
        write(a_dataset(SOPInstanceUID="1.2.3", PatientComments=name), path)
        delivery.take(path)
        delivery.settled()
    inbox.settle()
    archive.close()
    conflicts = [event for event in told if isinstance(event, ConflictFound)]
    assert len([event for event in told if isinstance(event, InstanceStored)]) == 1
    assert conflicts
    assert set(conflicts) == {ConflictFound("1.2.3", "PACS")}
    assert inbox.conflicts >= 1
