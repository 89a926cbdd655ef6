"""Which frames form one display set, and in which order."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from workstation.domain.errors import Cancelled, InputError, NotDicom
from workstation.domain.study import Instance
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import DisplayKind, DisplaySet, Playback
from workstation.services.first_look import REST_S, FirstLook
from workstation.services.open_series import frame_rate, open_paths, playback
from workstation.services.stacking import OpenedFile

STUDY, SERIES = "1.2.3", "1.2.3.4"
AXIAL = [1, 0, 0, 0, 1, 0]
CORONAL = [1, 0, 0, 0, 0, -1]


def write(folder: Path, name: str, **values: object) -> Path:
    """A header without pixels, which is all that opening reads."""
    dataset = FileDataset(str(folder / name), {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, SERIES
    dataset.Modality = "CT"
    dataset.Rows = dataset.Columns = 4
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.PixelRepresentation = 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    for keyword, value in values.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    folder.mkdir(parents=True, exist_ok=True)
    dataset.save_as(folder / name, enforce_file_format=True)
    return folder / name


def slice_at(folder: Path, name: str, number: int, place: float, orientation: list[int] = AXIAL) -> Path:
    position = [0, 0, place] if orientation is AXIAL else [0, place, 0]
    return write(
        folder,
        name,
        InstanceNumber=number,
        ImagePositionPatient=position,
        ImageOrientationPatient=orientation,
        FrameOfReferenceUID="1.9",
    )


def names(display_set: object) -> list[str]:
    return [ref.path.name for ref in display_set.frames]  # type: ignore[attr-defined]


def test_slices_are_ordered_by_place_whatever_their_names(tmp_path: Path) -> None:
    slice_at(tmp_path, "a", 3, 30.0)
    slice_at(tmp_path, "b", 1, 10.0)
    slice_at(tmp_path, "c", 2, 20.0)
    (one,) = open_paths([tmp_path], Cancellation())
    assert names(one) == ["b", "c", "a"]
    assert one.ordered_by == "position"
    assert one.kind is DisplayKind.IMAGE


def test_a_localizer_of_another_orientation_is_a_display_set_of_its_own(tmp_path: Path) -> None:
    slice_at(tmp_path, "scout", 1, 5.0, CORONAL)
    for number in range(2, 5):
        slice_at(tmp_path, f"axial{number}", number, 10.0 * number)
    sets = open_paths([tmp_path], Cancellation())
    assert sorted(len(one.frames) for one in sets) == [1, 3]


def test_a_screenshot_in_the_series_is_not_mixed_into_the_stack(tmp_path: Path) -> None:
    slice_at(tmp_path, "a", 1, 10.0)
    slice_at(tmp_path, "b", 2, 20.0)
    write(tmp_path, "c", SOPClassUID=SecondaryCaptureImageStorage, InstanceNumber=3)
    assert [len(one.frames) for one in open_paths([tmp_path], Cancellation())] == [2, 1]


def test_each_multi_frame_instance_is_a_display_set_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "a", NumberOfFrames=7, InstanceNumber=2, CineRate=25)
    write(tmp_path, "b", NumberOfFrames=3, InstanceNumber=1)
    first, second = open_paths([tmp_path], Cancellation())
    assert [len(first.frames), len(second.frames)] == [3, 7]
    assert [ref.frame_index for ref in second.frames] == list(range(7))
    assert (first.frame_rate, second.frame_rate) == (None, 25)
    assert second.is_multi_frame
    assert first.uid != second.uid


def test_newest_study_first_and_series_by_number(tmp_path: Path) -> None:
    write(tmp_path, "a", SeriesInstanceUID="1.1", SeriesNumber=2)
    write(tmp_path, "b", SeriesInstanceUID="1.2", SeriesNumber=1)
    write(tmp_path, "c", SeriesInstanceUID="1.3", StudyInstanceUID="9.9", SeriesNumber=1)
    write(tmp_path, "d", SeriesInstanceUID="1.4", StudyInstanceUID="9.8", SeriesNumber=1, StudyDate="20260101")
    sets = open_paths([tmp_path], Cancellation())
    assert [(one.study.study_instance_uid, one.series.series_number) for one in sets] == [
        ("9.8", 1),
        (STUDY, 1),
        (STUDY, 2),
        ("9.9", 1),
    ]


def test_the_same_instance_met_twice_is_one_image(tmp_path: Path) -> None:
    path = slice_at(tmp_path, "a", 1, 10.0)
    shutil.copy(path, tmp_path / "copy")
    (one,) = open_paths([tmp_path, path], Cancellation())
    assert len(one.frames) == 1


@pytest.mark.parametrize(
    ("sop_class", "kind"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.11", DisplayKind.DOCUMENT),
        ("1.2.840.10008.5.1.4.1.1.104.1", DisplayKind.DOCUMENT),
        ("1.2.840.10008.5.1.4.1.1.481.3", DisplayKind.OTHER),
    ],
)
def test_objects_without_an_image_say_what_they_are(tmp_path: Path, sop_class: str, kind: DisplayKind) -> None:
    write(tmp_path, "a", SOPClassUID=sop_class, Rows=None, Columns=None, BitsAllocated=None)
    (one,) = open_paths([tmp_path], Cancellation())
    assert one.kind is kind


def test_other_files_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    slice_at(tmp_path, "a", 1, 10.0)
    (tmp_path / "readme.txt").write_text("hello", encoding="utf-8")
    (tmp_path / "sub").mkdir()
    slice_at(tmp_path / "sub", "b", 2, 20.0)
    (one,) = open_paths([tmp_path], Cancellation())
    assert len(one.frames) == 2


def test_a_file_named_itself_is_explained_when_it_cannot_be_read(tmp_path: Path) -> None:
    good, bad = slice_at(tmp_path, "a", 1, 10.0), tmp_path / "letter.txt"
    bad.write_text("Dear colleague", encoding="utf-8")
    image, damaged = open_paths([good, bad], Cancellation())
    assert image.kind is DisplayKind.IMAGE
    assert damaged.kind is DisplayKind.DAMAGED
    assert damaged.error is not None
    assert damaged.error.code == "not-dicom"


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear colleague", encoding="utf-8")
    with pytest.raises(NotDicom):
        open_paths([tmp_path / "letter.txt"], Cancellation())
    with pytest.raises(NotDicom):
        open_paths([tmp_path], Cancellation())
    with pytest.raises(InputError):
        open_paths([tmp_path / "nowhere"], Cancellation())


def test_opening_stops_when_cancelled(tmp_path: Path) -> None:
    slice_at(tmp_path, "a", 1, 10.0)
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(Cancelled):
        open_paths([tmp_path], cancellation)


def test_progress_counts_the_files(tmp_path: Path) -> None:
    for number in range(3):
        slice_at(tmp_path, str(number), number, 10.0 * number)
    seen: list[tuple[int, int | None]] = []
    open_paths([tmp_path], Cancellation(), lambda progress: seen.append((progress.done, progress.total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def directory(folder: Path, *files: list[str]) -> Path:
    dataset = FileDataset(str(folder / "DICOMDIR"), {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    dataset.DirectoryRecordSequence = []
    for parts in files:
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = parts
        dataset.DirectoryRecordSequence.append(record)
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return folder / "DICOMDIR"


def test_a_dicomdir_opens_the_files_it_names(tmp_path: Path) -> None:
    slice_at(tmp_path / "IMG", "A", 1, 10.0)
    slice_at(tmp_path / "IMG", "B", 2, 20.0)
    path = directory(tmp_path, ["IMG", "A"], ["IMG", "B"], ["IMG", "MISSING"])
    (one,) = open_paths([path], Cancellation())
    assert names(one) == ["A", "B"]


def test_a_dicomdir_reaches_nothing_outside_its_folder(tmp_path: Path) -> None:
    slice_at(tmp_path, "SECRET", 1, 10.0)
    slice_at(tmp_path / "disc", "A", 2, 20.0)
    path = directory(tmp_path / "disc", ["..", "SECRET"], [str(tmp_path / "SECRET")], ["A"])
    (one,) = open_paths([path], Cancellation())
    assert names(one) == ["A"]


@pytest.mark.parametrize(
    ("values", "rate"),
    [
        ({"RecommendedDisplayFrameRate": 12, "CineRate": 30}, 12),
        ({"CineRate": 30, "FrameTime": "100"}, 30),
        ({"FrameTime": "40"}, 25),
        ({"FrameTimeVector": [0, 50, 50, 50]}, 20),
        ({"CineRate": 0}, None),
        ({"FrameTime": "0"}, None),
        ({}, None),
    ],
)
def test_the_rate_comes_from_the_first_attribute_that_names_one(values: dict[str, object], rate: float | None) -> None:
    dataset = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    assert frame_rate(dataset) == rate


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"FrameTimeVector": [0, 40, 100, 40]}, Playback(frame_times_ms=(40, 100, 40, 60))),
        ({"FrameTimeVector": [0, 40, 40, 40]}, Playback()),
        ({"FrameTimeVector": [0, 40, 100]}, Playback()),  # too short to be meant
        ({"FrameTimeVector": [0, 40, -1, 40]}, Playback()),
        ({"PreferredPlaybackSequencing": 1}, Playback(sweeping=True)),
        ({"PreferredPlaybackSequencing": 0}, Playback()),
        ({"StartTrim": 2, "StopTrim": 3}, Playback(trim=(1, 2))),
        ({"StartTrim": 2}, Playback(trim=(1, 3))),
        ({"StartTrim": 1, "StopTrim": 4}, Playback()),
        ({"StartTrim": 3, "StopTrim": 2}, Playback()),
    ],
)
def test_the_file_says_how_it_wants_to_be_played(values: dict[str, object], expected: Playback) -> None:
    dataset = pydicom.Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    assert playback(dataset, 4) == expected


# --- before all is read ------------------------------------------------------------------------


def test_what_is_read_so_far_is_told_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workstation.services.first_look.FIRST_LOOK_S", 0.0)
    for number in range(1, 8):
        slice_at(tmp_path, f"{number}.dcm", number, place=float(number))
    looks: list[tuple[DisplaySet, ...]] = []
    (whole,) = open_paths([tmp_path], Cancellation(), on_first_look=looks.append)
    assert looks
    for look in looks:
        (begun,) = look
        read = len(begun.frames)
        assert read < 7
        assert begun.notices == (f"{read} of 7 files read so far",)
        assert set(begun.frames) <= set(whole.frames)
        assert begun.study == whole.study
    assert not whole.notices


def test_the_middle_is_read_first_and_stays_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workstation.services.first_look.FIRST_LOOK_S", 0.0)
    for number in range(1, 10):
        slice_at(tmp_path, f"{number}.dcm", number, place=float(number))
    looks: list[tuple[DisplaySet, ...]] = []
    (whole,) = open_paths([tmp_path], Cancellation(), on_first_look=looks.append)

    middle = whole.frames[len(whole.frames) // 2]
    ((first,), *_) = looks
    assert first.frames[len(first.frames) // 2] == middle
    for (begun,) in looks:
        assert abs(begun.frames.index(middle) - len(begun.frames) // 2) <= 1


def test_looks_become_rarer_need_an_image_and_leave_time_for_the_first_to_be_drawn(tmp_path: Path) -> None:
    slice_at(tmp_path, "1.dcm", 1, place=1.0)
    (only,) = open_paths([tmp_path], Cancellation())
    item = OpenedFile(tmp_path, only.study, only.series, Instance(), True, 1, None, None)
    now = [0.0]
    told: list[float] = []
    rested: list[float] = []
    look = FirstLook(lambda sets: told.append(now[0]), after_s=1, clock=lambda: now[0], rest=rested.append)
    for second in range(100):
        now[0] = second
        look.offer([] if second < 2 else [replace(item, is_image=second >= 3)], 1, 2)
    assert told == [3, 9, 27, 81]
    assert rested == [REST_S]


def test_there_is_no_look_when_nothing_is_left_to_read(tmp_path: Path) -> None:
    told: list[object] = []
    FirstLook(told.append, after_s=0.0).offer([], 1, 1)
    assert not told
