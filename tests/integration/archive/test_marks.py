"""Marks in their file: several processes, kills, damage, a full disk."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.small_disk import on_small_disk
from workstation.archive.marks import LocalMarks
from workstation.domain.errors import ArchiveUnusable
from workstation.imaging.annotation import Annotation, Kind
from workstation.services.annotations import Change, KeptMark, MarkedImage, new_uid

STUDY = "1.2.1"


def mark(number: int, study: str = STUDY, text: str = "") -> KeptMark:
    image = MarkedImage(study, "1.2.2", f"1.2.3.{number}", "1.2", number)
    points = ((1.25, 2.0), (3.0, 4.0625))
    return KeptMark(new_uid(), image, Annotation(0, Kind.LENGTH, points, text), "6x4", float(number))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "marks.sqlite"


def test_marks_come_back_as_they_were_in_the_order_they_were_made(path: Path) -> None:
    first, second = mark(1, text="nodule – 結節"), mark(2)
    key = KeptMark(new_uid(), first.image, None, "", 3.0)
    marks = LocalMarks(path)
    marks.apply([Change(second), Change(key), Change(first), Change(mark(3, study="1.2.9"))])
    marks.close()
    assert LocalMarks(path).of_study(STUDY) == (first, second, key)


def test_two_windows_do_not_overwrite_each_others(path: Path) -> None:
    one, other = LocalMarks(path), LocalMarks(path)
    first, second = mark(1), mark(2)
    one.apply([Change(first)])
    other.apply([Change(second)])
    one.apply([Change(first, removed=True)])
    assert one.of_study(STUDY) == other.of_study(STUDY) == (second,)


def test_a_study_that_is_deleted_takes_its_marks_along_and_no_others(path: Path) -> None:
    marks = LocalMarks(path)
    marks.apply([Change(mark(1)), Change(mark(2)), Change(mark(3, study="1.2.9"))])
    assert marks.count([STUDY, "1.2.9", "1.2.77"]) == 3
    marks.remove_study(STUDY)
    assert marks.of_study(STUDY) == ()
    assert marks.count([STUDY, "1.2.9"]) == 1


_WRITER = """
import sys, time
from pathlib import Path
from tests.integration.archive.test_marks import mark
from workstation.archive.marks import LocalMarks
from workstation.services.annotations import Change
from workstation.services.mark_keeping import MarkKeeper
keeper = MarkKeeper(LocalMarks(Path(sys.argv[1])))
for number in range(1, 6):
    keeper.keep(Change(mark(number)))
assert keeper.unsaved == 0, "the disk took longer than is waited for"
print("kept", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_process_loses_nothing_that_keep_has_returned_for(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        process.send_signal(signal.SIGKILL)
    assert [one.image.frame_index for one in LocalMarks(path).of_study(STUDY)] == [1, 2, 3, 4, 5]


def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database" * 500)
    marks = LocalMarks(path)
    marks.apply([Change(mark(1))])
    assert marks.count([STUDY]) == 1
    assert [one.name for one in path.parent.glob("*.damaged-*")]


def test_a_folder_that_cannot_be_made_is_refused_in_our_words(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in the way")
    with pytest.raises(ArchiveUnusable):
        LocalMarks(tmp_path / "data" / "marks.sqlite").apply([Change(mark(1))])


_FULL = """
import sys, threading
from pathlib import Path
from tests.integration.archive.test_marks import STUDY, mark
from workstation.archive.marks import LocalMarks
from workstation.domain.errors import DiskFull
from workstation.services.annotations import Change
from workstation.services.mark_keeping import MarkKeeper
folder = Path(sys.argv[1])
store = LocalMarks(folder / "marks.sqlite")
first, second = mark(1), mark(2, text="x" * 400_000)
store.apply([Change(first)])
try:
    with (folder / "filler").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
except OSError:
    pass
told, heard = [], threading.Semaphore(0)
def hear(error):
    told.append(type(error))
    heard.release()
keeper = MarkKeeper(store, hear, again_after_s=0.05)
keeper.keep(Change(second))
assert heard.acquire(timeout=30) and keeper.unsaved == 1
assert store.of_study(STUDY) == (first,)
(folder / "filler").unlink()
assert heard.acquire(timeout=30) and keeper.unsaved == 0
keeper.close()
assert told == [DiskFull, type(None)], told
assert LocalMarks(folder / "marks.sqlite").of_study(STUDY) == (first, second)
print("held")
"""


def test_a_full_disk_is_told_and_what_it_refused_is_kept_once_there_is_room(tmp_path: Path) -> None:
    command = on_small_disk(tmp_path, 3, [sys.executable, "-c", _FULL, str(tmp_path)])
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout == "held\n", done.stderr
