"""Keeping marks: at once, in order, again after a refusal, without waiting for a disk that hangs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from tests.support.frames import frame_of
from workstation.domain.errors import DiskFull, WorkstationError
from workstation.imaging.annotation import Annotation, Kind
from workstation.services.annotations import (
    Change,
    KeptMark,
    MarkedImage,
    MarksInMemory,
    fingerprint,
    is_of,
    key_image_uid,
    new_uid,
    tracking_uid,
)
from workstation.services.mark_keeping import MarkKeeper

IMAGE = MarkedImage("1.2.1", "1.2.2", "1.2.3", "1.2", 4)
A, B = KeptMark("a" * 32, IMAGE, Annotation(1, Kind.POINT, ((1, 2),))), KeptMark("b" * 32, IMAGE)


class Obstinate(MarksInMemory):
    """Refuses, or hangs, as long as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.refusal: WorkstationError | None = None
        self.free = threading.Event()
        self.free.set()

    def apply(self, changes: Sequence[Change]) -> None:
        assert self.free.wait(60)
        if self.refusal is not None:
            raise self.refusal
        super().apply(changes)


@pytest.fixture
def store() -> Obstinate:
    return Obstinate()


Made = Callable[..., MarkKeeper]


@pytest.fixture
def keeper_of() -> Iterator[Made]:
    made = []

    def make(*arguments, **more) -> MarkKeeper:
        made.append(MarkKeeper(*arguments, **more))
        return made[-1]

    yield make
    for keeper in made:
        keeper.close()


def test_what_is_kept_is_there_when_keep_returns(store: Obstinate, keeper_of: Made) -> None:
    keeper = keeper_of(store)
    keeper.keep(Change(A))
    assert store.of_study("1.2.1") == (A,)
    keeper.keep(Change(A, removed=True))
    assert store.of_study("1.2.1") == ()
    assert keeper.unsaved == 0


def test_what_the_disk_refuses_stays_and_is_tried_again_until_it_is_kept(store: Obstinate, keeper_of: Made) -> None:
    told: list[WorkstationError | None] = []
    heard = threading.Semaphore(0)

    def hear(error: WorkstationError | None) -> None:
        told.append(error)
        heard.release()

    keeper = keeper_of(store, hear, again_after_s=0.05)
    store.refusal = DiskFull(path="/data")
    keeper.keep(Change(A))
    keeper.keep(Change(B))
    assert heard.acquire(timeout=30)
    assert keeper.unsaved == 2
    assert keeper.is_waiting(A.uid)
    store.refusal = None
    assert heard.acquire(timeout=30)
    assert [type(one) for one in told] == [DiskFull, type(None)]
    assert set(store.of_study("1.2.1")) == {A, B}
    assert keeper.unsaved == 0


def test_a_disk_that_hangs_holds_nobody_up_for_long_and_loses_nothing(store: Obstinate, keeper_of: Made) -> None:
    keeper = keeper_of(store)
    store.free.clear()
    keeper.keep(Change(A))
    keeper.keep(Change(B))
    keeper.keep(Change(A, removed=True))
    assert keeper.unsaved == 2
    store.free.set()
    keeper.close()
    assert store.of_study("1.2.1") == (B,)


def test_closing_tries_once_more(store: Obstinate, keeper_of: Made) -> None:
    keeper = keeper_of(store, again_after_s=3600)
    store.refusal = DiskFull(path="/data")
    keeper.keep(Change(A))
    store.refusal = None
    keeper.close()
    assert store.of_study("1.2.1") == (A,)


def test_a_key_image_has_one_name_everywhere_and_a_measurement_one_of_its_own() -> None:
    assert key_image_uid(IMAGE) == key_image_uid(MarkedImage("", "", "1.2.3", "", 4))
    assert key_image_uid(IMAGE) != key_image_uid(MarkedImage("", "", "1.2.3", "", 5))
    assert new_uid() != new_uid()
    assert tracking_uid(A) == f"2.25.{int('a' * 32, 16)}"


def test_a_mark_is_of_the_image_it_was_made_on_and_of_no_other_size_or_spacing() -> None:
    pixels = np.zeros((4, 6), np.uint8)
    made_on = fingerprint(frame_of(pixels, pixel_spacing_mm=(0.5, 0.5)))
    mark = KeptMark("a" * 32, IMAGE, fingerprint=made_on)
    assert is_of(mark, made_on)
    assert not is_of(mark, fingerprint(frame_of(pixels, pixel_spacing_mm=(0.5, 0.6))))
    assert not is_of(mark, fingerprint(frame_of(np.zeros((6, 4), np.uint8), pixel_spacing_mm=(0.5, 0.5))))
    assert fingerprint(frame_of(pixels, reduction=2)) == ""
    assert is_of(mark, "")


def test_only_an_image_with_uids_can_be_kept() -> None:
    assert IMAGE.can_be_kept
    assert not MarkedImage("1.2.1", "1.2.2", "/media/disc/IM1").can_be_kept
    assert not MarkedImage("", "", "1.2.3").can_be_kept
