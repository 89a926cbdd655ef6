"""What every `MarkStore` keeps to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workstation.archive.marks import LocalMarks
from workstation.imaging.annotation import Annotation, Kind
from workstation.services.annotations import Change, KeptMark, MarkedImage, MarksInMemory, MarkStore


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MarkStore]:
    if request.param == "memory":
        yield MarksInMemory()
        return
    made = LocalMarks(tmp_path / "marks.sqlite")
    yield made
    made.close()


def mark(uid: str, made_at: float, study: str = "1.2.1") -> KeptMark:
    annotation = Annotation(0, Kind.ANGLE, ((0.5, 1.0), (2.0, 3.25), (4.0, 5.0)), "")
    return KeptMark(uid * 32, MarkedImage(study, "1.2.2", "1.2.3", "1.2", 1), annotation, "6x4", made_at)


def test_marks_are_given_back_in_the_order_they_were_made(store: MarkStore) -> None:
    later, earlier = mark("a", 2.0), mark("b", 1.0)
    store.apply([Change(later), Change(earlier)])
    assert store.of_study("1.2.1") == (earlier, later)


def test_a_mark_replaces_the_one_of_its_uid_and_goes_by_it(store: MarkStore) -> None:
    before, after = mark("a", 1.0), KeptMark("a" * 32, mark("a", 1.0).image, None, "", 1.0)
    store.apply([Change(before)])
    store.apply([Change(after)])
    assert store.of_study("1.2.1") == (after,)
    store.apply([Change(before, removed=True), Change(before, removed=True)])
    assert store.of_study("1.2.1") == ()


def test_studies_are_counted_and_removed_apart(store: MarkStore) -> None:
    store.apply([Change(mark("a", 1.0)), Change(mark("b", 1.0, "1.2.9"))])
    assert store.count(["1.2.1"]) == 1
    assert store.count(["1.2.1", "1.2.9", "1.2.5"]) == 2
    store.remove_study("1.2.1")
    assert store.count(["1.2.1", "1.2.9"]) == 1
