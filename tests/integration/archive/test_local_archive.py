"""What the real archive promises beyond the port: files on a disk, several processes, damage and repair."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.support.archive import ROOT, a_dataset, put, write
from workstation.archive import files
from workstation.archive.index import migrations
from workstation.archive.local import LocalArchive
from workstation.dicom.summarise import summarise
from workstation.domain.errors import ArchiveUnusable, DiskFull
from workstation.domain.query import Query
from workstation.domain.study import Instance, Level
from workstation.services.ports import StoreOutcome


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def archive(root: Path) -> Iterator[LocalArchive]:
    with closing(LocalArchive(root)) as made:
        yield made


def objects(root: Path) -> list[Path]:
    return sorted(path for path in (root / "objects").rglob("*") if path.is_file())


def assert_consistent(root: Path) -> None:
    """Every row has a whole readable file, every file its row, and nothing is left half-way."""
    with closing(LocalArchive(root)) as archive:
        found = archive.find(Query.where(Level.IMAGE))
        uids = {instance.sop_instance_uid for instance in found if isinstance(instance, Instance)}
        assert len(objects(root)) == len(uids)
        for path in objects(root):
            assert dcmread(path).SOPInstanceUID in uids
        assert not archive.repair().anything
    assert list((root / "incoming").iterdir()) == []
    assert list((root / "owners").iterdir()) == []


# --- names on disk -------------------------------------------------------------------------------


def test_no_uid_becomes_a_path(root: Path, archive: LocalArchive) -> None:
    put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5"))

    (path,) = objects(root)
    assert ROOT not in str(path)
    assert len(path.stem) == 64
    assert path.parent.name == path.stem[:2]


def test_only_its_own_incoming_paths_are_taken(archive: LocalArchive, tmp_path: Path) -> None:
    path = write(a_dataset(), tmp_path / "mine.dcm")

    with pytest.raises(ValueError, match="new_incoming"):
        archive.add(path, summarise(path))
    with pytest.raises(ValueError, match="new_incoming"):
        archive.discard(path)
    assert path.exists()


def test_its_folders_are_for_the_user_alone(root: Path, archive: LocalArchive) -> None:
    put(archive)

    assert {folder.stat().st_mode & 0o077 for folder in root.rglob("*") if folder.is_dir()} == {0}


# --- the same content ----------------------------------------------------------------------------


def a_study_with_sequence() -> Dataset:
    dataset = a_dataset(SOPInstanceUID=f"{ROOT}.5")
    item = Dataset()
    item.CodeValue = "T-1"
    dataset.AnatomicRegionSequence = Sequence([item])
    return dataset


def test_another_implementations_file_meta_is_the_same_content(archive: LocalArchive) -> None:
    dataset = a_study_with_sequence()
    put(archive, dataset, version="ONE")

    assert put(archive, dataset, version="ANOTHER") is StoreOutcome.ALREADY_PRESENT


def test_another_vr_encoding_of_native_pixels_is_the_same_content(archive: LocalArchive) -> None:
    dataset = a_study_with_sequence()
    put(archive, dataset)

    assert put(archive, dataset, implicit=True) is StoreOutcome.ALREADY_PRESENT


def test_private_elements_whose_vr_was_lost_on_the_way_are_the_same_content(archive: LocalArchive) -> None:
    dataset = a_study_with_sequence()
    block = dataset.private_block(0x0011, "QUUX", create=True)
    block.add_new(1, "LO", "a text")
    block.add_new(2, "US", [1, 2])
    block.add_new(3, "FD", 1.5)
    put(archive, dataset)

    assert put(archive, dataset, implicit=True) is StoreOutcome.ALREADY_PRESENT


def test_native_pixels_of_other_length_are_a_conflict(archive: LocalArchive) -> None:
    dataset = a_dataset()
    put(archive, dataset)
    dataset.PixelData = dataset.PixelData[:-2]

    assert put(archive, dataset, implicit=True) is StoreOutcome.CONFLICT


def test_another_value_in_a_sequence_is_a_conflict(archive: LocalArchive) -> None:
    dataset = a_study_with_sequence()
    put(archive, dataset)
    dataset.AnatomicRegionSequence[0].CodeValue = "T-2"

    assert put(archive, dataset) is StoreOutcome.CONFLICT


def test_a_further_element_is_a_conflict(archive: LocalArchive) -> None:
    dataset = a_dataset()
    put(archive, dataset)
    dataset.StudyDescription = "added"

    assert put(archive, dataset) is StoreOutcome.CONFLICT


def test_a_conflicting_file_is_kept_once_and_both_can_be_read(archive: LocalArchive, root: Path) -> None:
    put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5"))
    other = a_dataset(SOPInstanceUID=f"{ROOT}.5", PatientName="Other^Name")
    for _ in range(2):
        assert put(archive, other) is StoreOutcome.CONFLICT

    (kept,) = archive.conflicts_of(f"{ROOT}.5")
    assert dcmread(kept).PatientName == "Other^Name"
    assert len(objects(root)) == 1
    archive.delete_study(f"{ROOT}.1")
    assert archive.conflicts_of(f"{ROOT}.5") == []
    assert not kept.exists()


# --- repair ----------------------------------------------------------------------------------------


def test_a_new_archive_needs_no_repair(archive: LocalArchive) -> None:
    assert not archive.repaired.anything
    assert not archive.repair().anything


def test_files_without_a_row_are_indexed_again(root: Path) -> None:
    with closing(LocalArchive(root)) as archive:
        put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5"))
        with archive._index.writing() as writer:
            writer.remove_study(f"{ROOT}.1")

        assert archive.repair().indexed == 1
        assert archive.instance_uids(f"{ROOT}.1") == {f"{ROOT}.5"}
    assert_consistent(root)


def test_rows_without_a_file_are_removed_and_reported(root: Path) -> None:
    with closing(LocalArchive(root)) as archive:
        put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5"))
        objects(root)[0].unlink()

        assert archive.repair().missing == (f"{ROOT}.5",)
        assert archive.study(f"{ROOT}.1") is None
    assert_consistent(root)


@pytest.mark.parametrize("content", [b"", b"no DICOM at all", b"\0" * 128 + b"DICM"])
def test_files_that_are_nothing_go_to_quarantine(root: Path, content: bytes) -> None:
    with closing(LocalArchive(root)) as archive:
        stray = root / "objects" / "ab" / "stray.dcm"
        stray.write_bytes(content)

        assert archive.repair().quarantined == 1
        (kept,) = (root / "quarantine").iterdir()
        assert kept.read_bytes() == content
    assert_consistent(root)


def test_an_instance_under_another_ones_name_goes_to_quarantine(root: Path) -> None:
    with closing(LocalArchive(root)) as archive:
        put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5"))
        write(a_dataset(SOPInstanceUID=f"{ROOT}.6"), objects(root)[0].with_name("f" * 64 + ".dcm"))

        assert archive.repair().quarantined == 1
    assert_consistent(root)


def test_a_file_without_a_row_is_never_overwritten_by_a_new_one(root: Path) -> None:
    with closing(LocalArchive(root)) as archive:
        first = a_dataset(SOPInstanceUID=f"{ROOT}.5")
        put(archive, first)
        with archive._index.writing() as writer:
            writer.remove_study(f"{ROOT}.1")

        assert put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5", PatientName="Other")) is StoreOutcome.CONFLICT
        assert put(archive, first) is StoreOutcome.ALREADY_PRESENT
    assert_consistent(root)


def test_a_deletion_that_was_killed_half_way_goes_on(root: Path) -> None:
    with closing(LocalArchive(root)) as archive:
        put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5"))
        name = objects(root)[0].relative_to(root).as_posix()
        with archive._index.writing() as writer:
            writer.expect_deletion([name])
            writer.remove_study(f"{ROOT}.1")

        archive.repair()
        assert objects(root) == []
        assert archive.study(f"{ROOT}.1") is None


def test_what_is_stored_again_is_not_deleted_by_a_deletion_on_its_way(root: Path) -> None:
    with closing(LocalArchive(root)) as archive:
        dataset = a_dataset()
        put(archive, dataset)
        name = objects(root)[0].relative_to(root).as_posix()
        with archive._index.writing() as writer:
            writer.expect_deletion([name])
            writer.remove_study(dataset.StudyInstanceUID)
        objects(root)[0].unlink()
        put(archive, dataset)

        archive.repair()
        assert len(objects(root)) == 1
    assert_consistent(root)


def test_incoming_files_of_ended_processes_are_swept_and_of_living_ones_kept(root: Path) -> None:
    with closing(LocalArchive(root)) as living:
        arriving = living.new_incoming()
        arriving.write_bytes(b"half")
        dead = root / "incoming" / "4711-dead"
        dead.mkdir()
        (dead / "1.dcm").write_bytes(b"half")
        (root / "owners" / "4711-dead.lock").touch()

        with closing(LocalArchive(root)) as started:
            assert started.repaired.swept == 1
            assert not dead.exists()
        assert arriving.exists()


def test_conflicts_are_known_again_after_the_index_was_made_anew(root: Path) -> None:
    with closing(LocalArchive(root)) as archive:
        put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5"))
        put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5", PatientName="Other"))
        before = archive.conflicts_of(f"{ROOT}.5")
    (root / "index.sqlite").unlink()

    with closing(LocalArchive(root)) as archive:
        assert archive.repaired.indexed == 1
        assert archive.conflicts_of(f"{ROOT}.5") == before
        before[0].unlink()
        archive.repair()
        assert archive.conflicts_of(f"{ROOT}.5") == []


# --- a damaged or foreign index --------------------------------------------------------------------


def flipped_in_the_middle(content: bytes) -> bytes:
    return content[:4096] + bytes(byte ^ 0xFF for byte in content[4096:]) if len(content) > 4096 else content


@pytest.mark.parametrize(
    "damage",
    [lambda content: b"this is no database" * 500, lambda content: content[: len(content) // 2], flipped_in_the_middle],
    ids=["foreign", "cut", "flipped"],
)
def test_a_damaged_index_is_moved_aside_and_made_anew(root: Path, damage: Callable[[bytes], bytes]) -> None:
    with closing(LocalArchive(root)) as archive:
        for number in range(5):
            put(archive, a_dataset(SOPInstanceUID=f"{ROOT}.5.{number}"))
    index = root / "index.sqlite"
    index.write_bytes(damage(index.read_bytes()))

    with closing(LocalArchive(root)) as archive:
        assert archive.repaired.index_made_anew
        assert archive.repaired.indexed == 5
        assert len(archive.instance_uids(f"{ROOT}.1")) == 5
    assert len(list(root.glob("index.sqlite.damaged-*"))) >= 1
    assert_consistent(root)


def test_damage_found_while_in_use_is_repaired_by_the_next_start(root: Path) -> None:
    with closing(LocalArchive(root)) as archive:
        put(archive)
        with pytest.raises(ArchiveUnusable), archive._noticing_damage(), archive._index._translated():
            error = sqlite3.DatabaseError("database disk image is malformed")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error

    with closing(LocalArchive(root)) as archive:
        assert archive.repaired.index_made_anew
    with closing(LocalArchive(root)) as archive:
        assert not archive.repaired.anything
    assert_consistent(root)


def test_a_damaged_index_in_use_by_a_living_process_is_left_alone(root: Path) -> None:
    with closing(LocalArchive(root)):
        (root / "index.distrusted").touch()
        with pytest.raises(ArchiveUnusable):
            LocalArchive(root)
        (root / "index.distrusted").unlink()


def test_an_index_of_a_newer_version_is_refused_untouched(root: Path) -> None:
    LocalArchive(root).close()
    index = root / "index.sqlite"
    with closing(sqlite3.connect(index)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = index.read_bytes()

    with pytest.raises(ArchiveUnusable) as caught:
        LocalArchive(root)

    assert "newer" in caught.value.details["reason"]
    assert index.read_bytes() == before
    assert list((root / "owners").iterdir()) == []


def test_the_index_is_strict_and_versioned(archive: LocalArchive) -> None:
    connection = archive._index._writer
    pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "foreign_keys")]

    assert pragmas == ["wal", 1]
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(migrations())


def test_a_root_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ArchiveUnusable):
        LocalArchive(tmp_path / "file" / "archive")


def test_a_closed_archive_says_so(root: Path) -> None:
    archive = LocalArchive(root)
    archive.close()
    archive.close()

    with pytest.raises(ArchiveUnusable):
        archive.study("1.2.3")


# --- a full disk -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("step", ["make_durable", "dataset_digest"])
def test_a_full_disk_is_said_and_leaves_nothing_half_visible(
    root: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    def full(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    with closing(LocalArchive(root)) as archive:
        path = write(a_dataset(), archive.new_incoming())
        with monkeypatch.context() as patch:
            patch.setattr(f"workstation.archive.local.{step}", full)
            with pytest.raises(DiskFull):
                archive.add(path, summarise(path))
        assert archive.study(f"{ROOT}.1") is None
        assert objects(root) == []
        assert not path.exists()
        assert put(archive) is StoreOutcome.STORED
    assert_consistent(root)


def test_a_directory_that_cannot_be_made_durable_takes_the_file_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = files.make_durable

    def full(path: Path) -> None:
        if path.is_dir() and path.parent.name == "objects":
            raise OSError(errno.ENOSPC, "full")
        real(path)

    with closing(LocalArchive(root)) as archive:
        path = write(a_dataset(), archive.new_incoming())
        with monkeypatch.context() as patch:
            patch.setattr("workstation.archive.local.make_durable", full)
            with pytest.raises(DiskFull):
                archive.add(path, summarise(path))
        assert objects(root) == []
        assert archive.study(f"{ROOT}.1") is None
    assert_consistent(root)


def test_an_index_that_cannot_grow_is_a_full_disk(root: Path) -> None:
    with closing(LocalArchive(root)) as archive:
        connection = archive._index._writer
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        stored = 0
        with pytest.raises(DiskFull):
            for number in range(400):
                put(archive, a_dataset(SeriesInstanceUID=f"{ROOT}.1.{number}", SeriesDescription="x" * 60))
                stored += 1
        assert len(objects(root)) == stored == len(archive.instance_uids(f"{ROOT}.1"))
        connection.execute("PRAGMA max_page_count = 100000")
        assert put(archive) is StoreOutcome.STORED
    assert_consistent(root)


# --- several threads -------------------------------------------------------------------------------


def test_threads_that_store_the_same_instances_store_each_once(root: Path) -> None:
    datasets = [a_dataset() for _ in range(20)]
    outcomes: list[StoreOutcome] = []

    with closing(LocalArchive(root)) as archive:

        def storing() -> None:
            for dataset in datasets:
                path = write_copy(dataset, archive.new_incoming())
                outcomes.append(archive.add(path, summarise(path)))

        masters = {
            dataset.SOPInstanceUID: write(dataset, root.parent / f"{n}.dcm") for n, dataset in enumerate(datasets)
        }

        def write_copy(dataset: Dataset, path: Path) -> Path:
            path.write_bytes(masters[dataset.SOPInstanceUID].read_bytes())
            return path

        threads = [threading.Thread(target=storing) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes.count(StoreOutcome.STORED) == 20
        assert outcomes.count(StoreOutcome.ALREADY_PRESENT) == 60
    assert_consistent(root)


def test_what_a_node_said_it_has_is_kept_until_the_study_is_deleted(root: Path) -> None:
    with closing(LocalArchive(root)) as archive:
        dataset = a_dataset()
        put(archive, dataset)
        study, series = dataset.StudyInstanceUID, dataset.SeriesInstanceUID
        archive.expect(study, {series: 12, "1.9": 3})
        archive.expect(study, {series: 40})
    with closing(LocalArchive(root)) as archive:
        assert archive.expected_of(study) == {series: 40, "1.9": 3}
        assert archive.expected_of("1.9") == {}
        archive.delete_study(study)
        assert archive.expected_of(study) == {}


def test_reading_goes_on_while_a_study_is_deleted(root: Path) -> None:
    failures: list[Exception] = []
    with closing(LocalArchive(root)) as archive:
        for number in range(60):
            put(archive, a_dataset(SeriesInstanceUID=f"{ROOT}.1.{number % 3}"))
        stop = threading.Event()

        def reading() -> None:
            try:
                while not stop.is_set():
                    for series in archive.series_of(f"{ROOT}.1"):
                        archive.instances_of(series.series_instance_uid)
                    list(archive.find(Query.where()))
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
                failures.append(error)

        threads = [threading.Thread(target=reading) for _ in range(3)]
        for thread in threads:
            thread.start()
        archive.delete_study(f"{ROOT}.1")
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert objects(root) == []
    assert_consistent(root)


def test_an_archive_that_nobody_closed_leaves_no_mark(root: Path) -> None:
    archive = LocalArchive(root)
    archive.new_incoming().write_bytes(b"x")
    del archive

    assert list((root / "owners").iterdir()) == []
