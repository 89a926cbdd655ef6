"""What the network delivers: taken at once, kept a moment later, never lost in between."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.support.archive import ROOT, a_dataset, write
from tests.support.commands import Heard
from workstation.archive.local import LocalArchive
from workstation.domain.errors import DiskFull, InputError, LocalError
from workstation.domain.events import InstanceStored
from workstation.domain.study import InstanceSummary
from workstation.services.delivery import ArchiveInbox
from workstation.services.ports import NotAnnounced, StoreOutcome


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[LocalArchive]:
    with closing(LocalArchive(tmp_path / "archive")) as made:
        yield made


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_what_arrives_is_stored_and_said(archive: LocalArchive, heard: Heard) -> None:
    delivery = ArchiveInbox(archive, heard).delivery("pacs")
    dataset = a_dataset()

    for _ in range(2):
        delivery.take(write(dataset, delivery.new_path()))

    assert delivery.settled() == Counter({StoreOutcome.STORED: 1, StoreOutcome.ALREADY_PRESENT: 1})
    (event,) = heard.events
    assert isinstance(event, InstanceStored)
    assert event.source == "pacs"
    assert event.summary.instance.sop_instance_uid == dataset.SOPInstanceUID


def test_another_content_under_a_known_uid_is_kept_beside_it(archive: LocalArchive, heard: Heard) -> None:
    delivery = ArchiveInbox(archive, heard).delivery("pacs")
    first = a_dataset()
    second = a_dataset(SOPInstanceUID=first.SOPInstanceUID, PatientName="Another^Name")

    for dataset in (first, second):
        delivery.take(write(dataset, delivery.new_path()))

    assert delivery.settled()[StoreOutcome.CONFLICT] == 1
    (kept,) = archive.conflicts_of(first.SOPInstanceUID)
    assert dcmread(kept).PatientName == "Another^Name"


@pytest.mark.parametrize(
    "values",
    [
        {"SOPInstanceUID": "../../../etc/passwd"},
        {"StudyInstanceUID": "1.2.x"},
        {"SeriesInstanceUID": ""},
        {"SOPInstanceUID": "1" * 65},
    ],
)
def test_a_uid_that_is_none_is_refused_and_nothing_kept(
    archive: LocalArchive, heard: Heard, values: dict[str, str]
) -> None:
    delivery, dataset = ArchiveInbox(archive, heard).delivery("pacs"), a_dataset()
    path = write(dataset, delivery.new_path())
    content = path.read_bytes()
    for keyword, value in values.items():
        changed = dcmread(BytesIO(content))
        changed[keyword]._value = value
        changed.save_as(path)

    with pytest.raises(InputError):
        delivery.take(path)

    assert not path.exists()
    assert archive.size_bytes() == 0


def test_an_instance_that_is_another_than_announced_is_refused(archive: LocalArchive, heard: Heard) -> None:
    delivery = ArchiveInbox(archive, heard).delivery("pacs")
    path = write(a_dataset(), delivery.new_path())

    with pytest.raises(NotAnnounced):
        delivery.take(path, "1.2.3")

    assert not path.exists()


def test_a_discarded_arrival_is_gone(archive: LocalArchive, heard: Heard) -> None:
    delivery = ArchiveInbox(archive, heard).delivery("pacs")
    path = delivery.new_path()
    path.write_bytes(b"half")

    delivery.discard(path)

    assert not path.exists()


class FullArchive(LocalArchive):
    """Has no room for the instance `full_for`, by default for none."""

    full_for: str | None = None

    def add_all(self, arrivals: Sequence[tuple[Path, InstanceSummary]]) -> list[StoreOutcome]:
        uids = [summary.instance.sop_instance_uid for _, summary in arrivals]
        if self.full_for in (None, *uids):
            raise DiskFull(path=self.root)
        return super().add_all(arrivals)


def test_one_instance_without_room_does_not_take_the_others_with_it(tmp_path: Path, heard: Heard) -> None:
    datasets = [a_dataset() for _ in range(5)]
    with closing(FullArchive(tmp_path / "archive")) as archive:
        archive.full_for = datasets[2].SOPInstanceUID
        inbox = ArchiveInbox(archive, heard)
        delivery = inbox.delivery("pacs")
        for dataset in datasets:
            delivery.take(write(dataset, delivery.new_path()))
            inbox.settle()
            if delivery.error:
                break

        with pytest.raises(DiskFull):
            delivery.take(write(datasets[3], delivery.new_path()))
        with pytest.raises(DiskFull):
            delivery.settled()

        assert archive.instance_uids(f"{ROOT}.1") == {dataset.SOPInstanceUID for dataset in datasets[:2]}


def test_many_deliveries_at_once_keep_their_own_counts(archive: LocalArchive, heard: Heard) -> None:
    inbox = ArchiveInbox(archive, heard)
    deliveries = [inbox.delivery(f"node {number}") for number in range(4)]

    def deliver(number: int) -> None:
        for _ in range(10 + number):
            deliveries[number].take(write(a_dataset(), deliveries[number].new_path()))

    threads = [threading.Thread(target=deliver, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [delivery.settled()[StoreOutcome.STORED] for delivery in deliveries] == [10, 11, 12, 13]
    assert len(heard.events) == 46
    inbox.settle()
    assert not [thread for thread in threading.enumerate() if thread.name == "delivery"]


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.support.archive import a_dataset, write
from workstation.archive.local import LocalArchive
from workstation.services.delivery import ArchiveInbox

archive = LocalArchive(Path(sys.argv[1]))
archive.add_all = lambda arrivals: signal.pause()  # what is taken stays unsettled
delivery = ArchiveInbox(archive, lambda event: None).delivery("pacs")
for _ in range(3):
    delivery.take(write(a_dataset(), delivery.new_path()))
delivery.new_path().write_bytes(b"half of a file")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_taken_outlives_a_kill(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "archive"], cwd=Path.cwd(), check=False)
    assert done.returncode == -signal.SIGKILL

    with closing(LocalArchive(tmp_path / "archive")) as archive:
        assert archive.repaired.recovered == 3
        assert archive.repaired.swept == 1
        assert len(archive.instance_uids(f"{ROOT}.1")) == 3
        assert not list((tmp_path / "archive" / "incoming").rglob("*.*"))


def test_a_listener_that_fails_and_an_archive_that_breaks_leave_nobody_waiting(
    archive: LocalArchive, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(_event: object) -> None:
        raise RuntimeError("a bug of whoever listens")

    delivery = ArchiveInbox(archive, deaf).delivery("pacs")
    delivery.take(write(a_dataset(), delivery.new_path()))
    assert delivery.settled()[StoreOutcome.STORED] == 1

    def broken(_arrivals: object) -> list[StoreOutcome]:
        raise RuntimeError("a bug of the archive")

    monkeypatch.setattr(archive, "add_all", broken)
    inbox = ArchiveInbox(archive, heard)
    delivery = inbox.delivery("pacs")
    delivery.take(write(a_dataset(), delivery.new_path()))
    with pytest.raises(LocalError):
        delivery.settled()
    inbox.settle()


def test_what_was_answered_and_then_found_no_room_is_tried_again_by_the_next_start(
    tmp_path: Path, heard: Heard
) -> None:
    dataset = a_dataset()
    with closing(FullArchive(tmp_path / "archive")) as archive:
        delivery = ArchiveInbox(archive, heard).delivery("pacs")
        delivery.take(write(dataset, delivery.new_path()))
        with pytest.raises(DiskFull):
            delivery.settled()

    with closing(LocalArchive(tmp_path / "archive")) as archive:
        assert archive.instance_uids(f"{ROOT}.1") == {dataset.SOPInstanceUID}


def test_another_content_for_which_there_is_no_room_stays_for_the_next_start(
    tmp_path: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = a_dataset()
    second = a_dataset(SOPInstanceUID=first.SOPInstanceUID, PatientName="Another^Name")

    def full(*_: object) -> None:
        raise DiskFull(path=tmp_path)

    with closing(LocalArchive(tmp_path / "archive")) as archive, monkeypatch.context() as patch:
        patch.setattr(archive, "_keep_conflict", full)
        delivery = ArchiveInbox(archive, heard).delivery("pacs")
        for dataset in (first, second):
            delivery.take(write(dataset, delivery.new_path()))
        with pytest.raises(DiskFull):
            delivery.settled()
        assert archive.instance_uids(f"{ROOT}.1") == {first.SOPInstanceUID}

    with closing(LocalArchive(tmp_path / "archive")) as archive:
        (kept,) = archive.conflicts_of(first.SOPInstanceUID)
        assert dcmread(kept).PatientName == "Another^Name"
