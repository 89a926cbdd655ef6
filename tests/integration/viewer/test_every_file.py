"""Every real file opens into display sets and a picture, or says in our own words why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.testdata import manifest, require_testdata
from workstation.dicom.decode_pool import DecodePool
from workstation.domain.errors import InputError
from workstation.imaging.compose import compose
from workstation.imaging.view import View
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import DisplayKind
from workstation.services.explain import explain
from workstation.services.open_series import open_paths

SIZE = (64, 48)
GROUPS = sorted({row["path"].split("/")[0] for row in manifest()}) or ["missing"]


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    pool = DecodePool()
    yield pool
    pool.close()


@pytest.mark.parametrize("group", GROUPS)
def test_files_of_a_group_are_shown_or_explained(group: str, pool: DecodePool) -> None:
    folder = require_testdata()
    problems = []
    for row in manifest():
        if row["path"].split("/")[0] != group:
            continue
        outcome = _open(folder / row["path"], pool)
        must_show = row["expected"] in ("loads", "loads-partial") and row["rows"] and row["ref_kind"]
        if must_show and outcome != "shown":
            problems.append(f"{row['path']}: expected a picture, {outcome}")
        if row["expected"] == "clear-error" and outcome == "shown":
            problems.append(f"{row['path']}: shown, though damaged")
    assert problems == []


def _open(path: Path, pool: DecodePool) -> str:
    """`shown`, `listed` (no image in it), or the code of the error; anything else fails the test."""
    try:
        sets = open_paths([path], Cancellation())
        images = [one for one in sets if one.kind is DisplayKind.IMAGE]
        for display_set in images:
            ref = display_set.frames[0]
            assert compose(pool.frame(ref.path, ref.frame_index), View(), SIZE).shape[:2] == (SIZE[1], SIZE[0])
    except InputError as error:
        words = explain(error)
        assert words.title
        assert words.what
        return error.code
    return "shown" if images else "listed"


@pytest.mark.parametrize(
    ("folder", "count"),
    [("ct_head_slicer_93", 93), ("ct_ibsi_phantom_60", 60), ("mr_t1_sag_hfs_35", 35), ("mr_ge_fmap_32", 32)],
)
def test_volumes_open_as_one_stack_in_order_of_place(folder: str, count: int, pool: DecodePool) -> None:
    sets = open_paths([require_testdata() / "volumes" / folder], Cancellation())
    (stack,) = [one for one in sets if one.kind is DisplayKind.IMAGE]
    assert len(stack.frames) == count
    assert stack.ordered_by == "position"


def test_a_dicomdir_opens_as_its_studies() -> None:
    path = require_testdata() / "dicomdir" / "pydicom_dicomdirtests" / "DICOMDIR"
    sets = open_paths([path], Cancellation())
    assert {one.series.modality for one in sets} == {"CR", "CT", "MR"}
    assert len({one.study.study_instance_uid for one in sets}) > 1
