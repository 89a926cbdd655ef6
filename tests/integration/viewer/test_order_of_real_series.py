"""Display sets and order of the real series: volumes, enhanced images, localizers, cine."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.support.testdata import require_testdata
from workstation.imaging.geometry import distance_along_normal
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import DisplayKind, DisplaySet
from workstation.services.open_series import open_paths


@pytest.fixture(scope="module")
def testdata() -> Path:
    return require_testdata()


LOCALIZERS = ["15970", "4950", "4981", "5011", "6273", "6605", "6935"]


def images(path: Path) -> list[DisplaySet]:
    return [one for one in open_paths([path], Cancellation()) if one.kind is DisplayKind.IMAGE]


def distances(one: DisplaySet) -> list[float]:
    return [distance_along_normal(ref.geometry) for ref in one.frames if ref.geometry is not None]


@pytest.mark.parametrize(
    ("folder", "count"), [("ct_head_slicer_93", 93), ("ct_ibsi_phantom_60", 60), ("mr_t1_sag_hfs_35", 35)]
)
def test_a_volume_is_one_stack_along_its_normal_with_nothing_to_say(testdata: Path, folder: str, count: int) -> None:
    (one,) = images(testdata / "volumes" / folder)
    places = distances(one)
    assert len(places) == len(set(places)) == count
    assert places in (sorted(places), sorted(places, reverse=True))
    assert one.ordered_by == "position"
    assert (one.notices, one.phases) == ((), ())


def test_file_names_do_not_matter(testdata: Path, tmp_path: Path) -> None:
    source = testdata / "volumes" / "mr_t1_sag_hfs_35"
    files = [path for path in source.iterdir() if path.is_file()]
    names = random.Random(7).sample(range(1000), len(files))
    for path, name in zip(files, names, strict=True):
        shutil.copy(path, tmp_path / f"{name:04d}")
    (expected,), (one,) = images(source), images(tmp_path)
    assert [ref.sop_instance_uid for ref in one.frames] == [ref.sop_instance_uid for ref in expected.frames]


def test_a_field_map_with_each_place_twice_has_two_phases(testdata: Path) -> None:
    (one,) = images(testdata / "volumes" / "mr_ge_fmap_32")
    assert len(one.phases) == 2
    assert distances(one)[:16] == distances(one)[16:]
    assert [ref.instance_number for ref in one.frames] == list(range(1, 33))
    assert one.notices == ()


def test_an_enhanced_field_map_tells_its_echoes_apart(testdata: Path) -> None:
    (one,) = images(testdata / "multiframe" / "IM_0027_fMAP.dcm")
    assert len(one.frames) == 64
    assert len(one.phases) == 2
    assert one.dimension.startswith("echo")
    first, second = distances(one)[:32], distances(one)[32:]
    assert first == pytest.approx(second)
    assert first in (sorted(first), sorted(first, reverse=True))


def test_frames_of_an_enhanced_image_follow_their_position_in_the_stack(testdata: Path) -> None:
    (one,) = images(testdata / "multiframe" / "eCT_Supplemental.dcm")
    assert [ref.frame_index for ref in one.frames] == [1, 0]


@pytest.mark.parametrize(
    ("file", "frames"),
    [
        ("modalities/examples_ybr_color.dcm", 30),  # ultrasound
        ("modalities/0003.DCM", 17),  # angiography
        ("wsi/sm_image.dcm", 25),
        ("segmentations/seg_image_ct_binary_overlap.dcm", 8),
        ("modalities/NM-NmIm-Siemens-s1-1.dcm", 68),
    ],
)
def test_frames_without_a_place_of_their_own_stay_as_they_are_in_the_file(
    testdata: Path, file: str, frames: int
) -> None:
    (one,) = images(testdata / file)
    assert [ref.frame_index for ref in one.frames] == list(range(frames))


def test_a_localizer_in_three_orientations_is_three_sets(testdata: Path) -> None:
    sets = images(testdata / "dicomdir" / "pydicom_dicomdirtests" / "98892003" / "MR2")
    assert sorted(ref.path.name for one in sets for ref in one.frames) == LOCALIZERS
    assert all(len(one.frames) == 1 for one in sets)


def test_the_same_picture_nine_times_is_said(testdata: Path) -> None:
    (one,) = images(testdata / "transfer_syntaxes" / "dcm_qa_ts_same_image")
    assert len(one.frames) == 9
    assert "8 duplicates" in one.notices
