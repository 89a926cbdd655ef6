"""Display sets of series as they come: echo clips, concatenations, enhanced images, several patients, gaps."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.uid import EnhancedMRImageStorage, UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from tests.support.fake_archive import FakeArchive
from tests.unit.services.test_open_series import AXIAL, CORONAL, names, slice_at, write
from workstation.dicom.summarise import summarise
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import DisplaySet, Part, SortBy, Sorting
from workstation.services.open_series import open_paths, open_study
from workstation.services.sorting import sorted_by_habit, sortings_from, text_of


def sets_in(folder: Path) -> tuple[DisplaySet, ...]:
    return open_paths([folder], Cancellation())


def one_set(folder: Path) -> DisplaySet:
    (one,) = sets_in(folder)
    return one


# --- ultrasound ----------------------------------------------------------------------------------


def echo(folder: Path, name: str, time: str, frames: int = 1, **more: object) -> None:
    clip = {"SOPClassUID": UltrasoundMultiFrameImageStorage, "NumberOfFrames": frames}
    kind = clip if frames > 1 else {"SOPClassUID": UltrasoundImageStorage}
    write(folder, name, Modality="US", AcquisitionDate="20260101", AcquisitionTime=time, **kind, **more)


def test_stills_and_loops_of_an_echo_follow_each_other_as_they_were_taken(tmp_path: Path) -> None:
    echo(tmp_path, "loop2", "101500.5", frames=30, InstanceNumber=1)
    echo(tmp_path, "still1", "101400", InstanceNumber=9)
    echo(tmp_path, "still2", "101530", InstanceNumber=2)
    echo(tmp_path, "loop1", "1013", frames=20, InstanceNumber=5)
    sets = sets_in(tmp_path)
    assert [names(one)[0] for one in sets] == ["loop1", "still1", "loop2", "still2"]
    assert [len(one.frames) for one in sets] == [20, 1, 30, 1]


def test_echo_clips_in_series_of_their_own_go_by_time_not_by_series_number(tmp_path: Path) -> None:
    for number, (name, time) in enumerate([("late", "1200"), ("early", "0900"), ("middle", "1000")]):
        echo(tmp_path, name, time, frames=9, SeriesInstanceUID=f"1.5.{number}", SeriesNumber=number)
    assert [names(one)[0] for one in sets_in(tmp_path)] == ["early", "middle", "late"]


def test_the_frames_of_a_clip_stay_in_the_order_of_the_file(tmp_path: Path) -> None:
    echo(tmp_path, "loop", "1015", frames=12)
    assert [ref.frame_index for ref in one_set(tmp_path).frames] == list(range(12))


def test_stills_alone_are_one_stack(tmp_path: Path) -> None:
    for number in range(3):
        echo(tmp_path, str(number), f"10{number}0", InstanceNumber=number)
    assert names(one_set(tmp_path)) == ["0", "1", "2"]


# --- single-frame series -------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", [[1] * 5, [None] * 5, [3, 1, 5, 2, 4]], ids=["equal", "absent", "random"])
def test_equal_absent_and_random_instance_numbers_do_not_disturb_the_stack(
    tmp_path: Path, numbers: list[int | None]
) -> None:
    for place, number in enumerate(numbers):
        path = slice_at(tmp_path, f"{(place * 7) % 5}", 1, 10.0 * place)
        write(
            tmp_path,
            path.name,
            ImagePositionPatient=[0, 0, 10.0 * place],
            ImageOrientationPatient=AXIAL,
            **({} if number is None else {"InstanceNumber": number}),
        )
    heights = [ref.geometry.position[2] for ref in one_set(tmp_path).frames if ref.geometry]
    assert heights in ([0, 10, 20, 30, 40], [40, 30, 20, 10, 0])


def test_a_localizer_with_the_lowest_number_comes_first_as_a_set_of_its_own(tmp_path: Path) -> None:
    slice_at(tmp_path, "scout", 1, 5.0, CORONAL)
    for number in range(2, 12):
        slice_at(tmp_path, f"axial{number}", number, 3.0 * number)
    scout, axial = sets_in(tmp_path)
    assert names(scout) == ["scout"]
    assert axial.ordered_by == "position"
    assert axial.notices == ()


def test_echoes_of_one_series_are_phases_of_one_set(tmp_path: Path) -> None:
    for number in range(8):
        write(
            tmp_path,
            str(number),
            Modality="MR",
            InstanceNumber=number + 1,
            ImagePositionPatient=[0, 0, 4.0 * (number // 2)],
            ImageOrientationPatient=AXIAL,
            EchoTime=str(10 + 20 * (number % 2)),
            EchoNumbers=str(number % 2 + 1),
        )
    one = one_set(tmp_path)
    assert names(one) == ["0", "2", "4", "6", "1", "3", "5", "7"]
    assert one.phases == ("TE 10 ms", "TE 30 ms")
    assert one.dimension == "echo"
    assert one.in_phase(2, 1) == 6
    assert one.in_phase(6, 1) == 2
    assert one.middle == 2
    assert not one.plays_in_place


def test_a_beating_heart_plays_in_its_place(tmp_path: Path) -> None:
    for number in range(12):
        write(
            tmp_path,
            str(number),
            Modality="MR",
            InstanceNumber=number + 1,
            ImagePositionPatient=[0, 0, 8.0 * (number // 6)],
            ImageOrientationPatient=AXIAL,
            TriggerTime=str(50 * (number % 6)),
        )
    assert one_set(tmp_path).plays_in_place


def test_missing_slices_and_missing_images_are_said(tmp_path: Path) -> None:
    for number in (1, 2, 3, 6, 7):
        path = slice_at(tmp_path, str(number), number, 5.0 * number)
        write(
            tmp_path,
            path.name,
            InstanceNumber=number,
            ImagePositionPatient=[0, 0, 5.0 * number],
            ImageOrientationPatient=AXIAL,
            ImagesInAcquisition=7,
        )
    assert one_set(tmp_path).notices == ("5 of 7 images of the acquisition", "2 slices missing between 3 and 4")


@pytest.mark.parametrize(("known", "notice"), [(40, "3 of 40 images are here"), (3, ""), (2, ""), (None, "")])
def test_what_a_node_has_told_is_said_where_it_is_more_than_is_here(
    tmp_path: Path, known: int | None, notice: str
) -> None:
    for number in range(3):
        slice_at(tmp_path, str(number), number, 10.0 * number)
    archive = FakeArchive(tmp_path)
    summaries = {path: summarise(path) for path in sorted(tmp_path.iterdir())}
    for path, summary in summaries.items():
        archive.add(path, summary)
    (summary, *_) = summaries.values()
    study, series = summary.study.study_instance_uid, summary.series.series_instance_uid
    if known is not None:
        archive.expect(study, {series: known})
    (one,) = open_study(archive, study, Cancellation())
    assert one.part == (Part(3, known) if notice and known else None)
    assert one.notices == ((notice,) if notice else ())


def test_two_patients_under_one_study_uid_are_told_and_kept_apart(tmp_path: Path) -> None:
    write(tmp_path, "a", PatientID="1", PatientName="A^A", InstanceNumber=1)
    write(tmp_path, "b", PatientID="2", PatientName="B^B", InstanceNumber=2)
    sets = sets_in(tmp_path)
    assert [one.study.patient_id for one in sets] == ["1", "2"]
    assert all(one.notices == ("2 patients under one study UID",) for one in sets)


# --- multi-frame ---------------------------------------------------------------------------------


def enhanced(folder: Path, name: str, frames: list[Dataset], **more: object) -> None:
    write(
        folder,
        name,
        SOPClassUID=EnhancedMRImageStorage,
        Modality="MR",
        NumberOfFrames=len(frames),
        PerFrameFunctionalGroupsSequence=frames,
        **more,
    )


def item(**values: object) -> list[Dataset]:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return [dataset]


def frame(place: float, orientation: list[int] = AXIAL, stack: str = "1", position: int = 1, time: int = 1) -> Dataset:
    where = [0, 0, place] if orientation is AXIAL else [0, place, 0]
    (group,) = item(
        PlanePositionSequence=item(ImagePositionPatient=where),
        PlaneOrientationSequence=item(ImageOrientationPatient=orientation),
        FrameContentSequence=item(StackID=stack, InStackPositionNumber=position, TemporalPositionIndex=time),
    )
    return group


def test_an_enhanced_image_is_split_where_its_orientations_differ(tmp_path: Path) -> None:
    frames = [frame(10.0 * n, position=n + 1) for n in range(3)]
    frames += [frame(10.0 * n, CORONAL, "2", n + 1) for n in range(4)]
    enhanced(tmp_path, "mf", frames, InstanceNumber=1)
    axial, coronal = sets_in(tmp_path)
    assert [ref.frame_index for ref in axial.frames] == [0, 1, 2]
    assert sorted(ref.frame_index for ref in coronal.frames) == [3, 4, 5, 6]
    assert axial.uid != coronal.uid


def test_frames_follow_their_position_in_the_stack_whatever_their_order_in_the_file(tmp_path: Path) -> None:
    enhanced(tmp_path, "mf", [frame(10.0 * n, position=n + 1) for n in (2, 0, 3, 1)])
    assert [ref.frame_index for ref in one_set(tmp_path).frames] == [1, 3, 0, 2]


def test_time_in_an_enhanced_image_is_a_phase(tmp_path: Path) -> None:
    enhanced(tmp_path, "mf", [frame(10.0 * n, position=n + 1, time=time) for n in range(3) for time in (1, 2)])
    one = one_set(tmp_path)
    assert [ref.frame_index for ref in one.frames] == [0, 2, 4, 1, 3, 5]
    assert one.phases == ("1", "2")
    assert one.plays_in_place


def test_the_parts_of_a_concatenation_are_one_display_set(tmp_path: Path) -> None:
    for part, name in ((1, "z"), (2, "y"), (3, "x")):
        frames = [frame(10.0 * n, position=n + 1) for n in range(2 * part - 2, 2 * part)]
        enhanced(
            tmp_path,
            name,
            frames,
            ConcatenationUID="1.7",
            InConcatenationNumber=part,
            InConcatenationTotalNumber=4,
            ConcatenationFrameOffsetNumber=2 * part - 2,
            InstanceNumber=4 - part,
        )
    one = one_set(tmp_path)
    assert names(one) == ["z", "z", "y", "y", "x", "x"]
    assert [ref.frame_index for ref in one.frames] == [0, 1] * 3
    assert one.notices == ("part 4 of 4 missing",)


# --- the user's own order ------------------------------------------------------------------------


def some(tmp_path: Path) -> DisplaySet:
    for number, time in ((1, "1003"), (2, "1001"), (3, "1002")):
        write(
            tmp_path,
            str(number),
            InstanceNumber=number,
            AcquisitionTime=time,
            AcquisitionDate="20260101",
            ImagePositionPatient=[0, 0, 5 * number],
            ImageOrientationPatient=AXIAL,
        )
    return one_set(tmp_path)


@pytest.mark.parametrize(
    ("sorting", "order"),
    [
        (Sorting(), "123"),
        (Sorting(reversed=True), "321"),
        (Sorting(SortBy.INSTANCE_NUMBER), "123"),
        (Sorting(SortBy.INSTANCE_NUMBER, True), "321"),
        (Sorting(SortBy.ACQUISITION_TIME), "231"),
        (Sorting(SortBy.ACQUISITION_TIME, True), "132"),
    ],
)
def test_the_user_has_the_images_sorted(tmp_path: Path, sorting: Sorting, order: str) -> None:
    one = some(tmp_path)
    assert "".join(names(one.sorted_as(sorting))) == order
    assert one.sorted_as(sorting).sorted_as(Sorting()).frames == one.frames


def test_the_order_of_a_modality_is_kept_as_text(tmp_path: Path) -> None:
    sortings = {"CT": Sorting(reversed=True), "US": Sorting(SortBy.ACQUISITION_TIME), "MR": Sorting()}
    text = text_of(sortings)
    assert text == "CT position reversed; US acquisition-time"
    assert sortings_from(text) == {"CT": sortings["CT"], "US": sortings["US"]}
    assert sortings_from("nonsense; CT sideways;") == {}
    (sorted_,) = sorted_by_habit([some(tmp_path)], text)
    assert names(sorted_) == ["3", "2", "1"]
