"""Who is answered, in which order, and what happens to late answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.ui.viewer.sources import GatedSource, grey
from workstation.domain.errors import DamagedFile, DecodeFailed
from workstation.imaging.frame import Frame
from workstation.services.display_sets import FrameRef
from workstation.ui.viewer import prefetch
from workstation.ui.viewer.loader import FrameCache, FrameLoader, Loaded
from workstation.ui.viewer.prefetch import Around

REFS = [FrameRef(Path("/nowhere/one.dcm"), index) for index in range(20)]


def loader_over(source: GatedSource, threads: int = 1) -> FrameLoader:
    return FrameLoader(source, FrameCache(10_000_000), threads)


def test_only_the_first_wish_is_answered_and_the_rest_fill_the_cache(qtbot: QtBot) -> None:
    source = GatedSource(open_gate=True)
    loader = loader_over(source)
    answers: list[Loaded] = []
    loader.loaded.connect(answers.append)
    loader.want("viewport", 1, REFS[:4])
    qtbot.waitUntil(lambda: all(loader.cache.knows(ref) for ref in REFS[:4]))
    qtbot.waitUntil(lambda: bool(answers))
    assert [(answer.ref, answer.generation) for answer in answers] == [(REFS[0], 1)]
    assert source.asked == REFS[:4]
    loader.close()


def test_what_nobody_wants_any_more_is_never_started(qtbot: QtBot) -> None:
    source = GatedSource()
    loader = loader_over(source)
    loader.want("viewport", 1, REFS[:5])
    source.wait_started()
    loader.want("viewport", 2, [REFS[9]])
    source.release()
    qtbot.waitUntil(lambda: loader.cache.knows(REFS[9]))
    assert source.asked == [REFS[0], REFS[9]]
    loader.close()


def test_an_answer_names_the_generation_that_is_current_when_it_is_ready(qtbot: QtBot) -> None:
    source = GatedSource()
    loader = loader_over(source)
    answers: list[Loaded] = []
    loader.loaded.connect(answers.append)
    loader.want("viewport", 1, [REFS[0]])
    source.wait_started()
    loader.want("viewport", 2, [REFS[1]])
    loader.want("viewport", 3, [REFS[0]])
    source.release()
    qtbot.waitUntil(lambda: bool(answers))
    assert [(answer.ref, answer.generation) for answer in answers] == [(REFS[0], 3)]
    loader.close()


def test_first_wishes_of_all_viewports_come_before_second_ones(qtbot: QtBot) -> None:
    source = GatedSource()
    loader = loader_over(source)
    loader.want("left", 1, REFS[:3])
    source.wait_started()
    loader.want("right", 1, REFS[10:13])
    source.release()
    qtbot.waitUntil(lambda: len(source.asked) == 6)
    assert source.asked[:2] == [REFS[0], REFS[10]]
    loader.close()


def test_errors_are_answers_and_surprises_become_decode_failures(qtbot: QtBot) -> None:
    source = GatedSource(open_gate=True)
    source.errors = {REFS[0]: DamagedFile(reason="cut off"), REFS[1]: RuntimeError("boom")}
    loader = loader_over(source)
    answers: list[Loaded] = []
    loader.loaded.connect(answers.append)
    loader.want("viewport", 1, [REFS[0]])
    qtbot.waitUntil(lambda: len(answers) == 1)
    loader.want("viewport", 2, [REFS[1]])
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert isinstance(answers[0].error, DamagedFile)
    assert isinstance(answers[1].error, DecodeFailed)
    assert "boom" not in str(answers[1].error)
    loader.close()


def test_close_cancels_what_runs_and_leaves_no_thread(qtbot: QtBot) -> None:
    source = GatedSource()
    loader = loader_over(source, threads=2)
    loader.want("viewport", 1, REFS[:5])
    source.wait_started()
    loader.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("frame-loader")]
    assert loader.cache.size_bytes == 0


def test_what_runs_and_is_not_wanted_any_more_is_given_up(qtbot: QtBot) -> None:
    source = GatedSource()
    loader = loader_over(source)
    loader.want("viewport", 1, [REFS[0]])
    source.wait_started()
    source.hold()
    loader.want("viewport", 2, [REFS[1]])  # the gate stays shut: only a cancelled fetch lets the thread go on
    source.wait_started()
    assert not loader.cache.knows(REFS[0])
    loader.close()


class Halving:
    """Large frames, reduced where it is asked for; the whole one waits at the gate."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.gate = threading.Event()

    def frame(self, path: object, index: int, cancellation: object = None, reduce: int = 0) -> Frame:
        self.asked.append(reduce)
        if not reduce:
            assert self.gate.wait(60)
        side = 64 >> reduce
        return grey(np.full((side, side), index, np.uint8), reduction=1 << reduce)


def test_a_reduced_first_look_comes_before_the_whole_frame_and_is_not_kept(qtbot: QtBot) -> None:
    source = Halving()
    loader = FrameLoader(source, FrameCache(10_000_000), 1, levels=lambda _path, _size: 2)
    answers: list[Loaded] = []
    loader.loaded.connect(answers.append)
    loader.want("viewport", 1, REFS[:2], (16, 16))
    qtbot.waitUntil(lambda: bool(answers))
    assert not loader.cache.knows(REFS[0])
    source.gate.set()
    qtbot.waitUntil(lambda: loader.cache.knows(REFS[1]))
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert [answer.frame.attributes.reduction for answer in answers if answer.frame] == [4, 1]
    assert source.asked == [2, 0, 0]
    loader.close()


def test_a_magnified_view_gets_whole_frames_only(qtbot: QtBot) -> None:
    source = Halving()
    source.gate.set()
    loader = FrameLoader(source, FrameCache(10_000_000), 1, levels=lambda _path, _size: 2)
    loader.want("viewport", 1, REFS[:1])
    qtbot.waitUntil(lambda: loader.cache.knows(REFS[0]))
    assert source.asked == [0]
    loader.close()


class Counting(Around):
    """Counts how often it is walked through."""

    walks = 0

    def __iter__(self) -> Iterator[FrameRef]:
        type(self).walks += 1
        return super().__iter__()


def test_scrolling_through_a_stack_in_the_cache_walks_through_nothing(qtbot: QtBot) -> None:
    loader = loader_over(GatedSource(open_gate=True))
    frames = tuple(REFS)
    loader.want("viewport", 1, Around(frames, 0, 1, len(frames)))
    qtbot.waitUntil(lambda: all(loader.cache.knows(ref) for ref in frames))
    qtbot.waitUntil(lambda: bool(loader._there[1]))
    for index in range(len(frames)):
        loader.want("viewport", 2 + index, Counting(frames, index, 1, len(frames)))
    assert Counting.walks == 0
    loader.cache.clear()
    loader.want("viewport", 99, Counting(frames, 3, 1, len(frames)))
    qtbot.waitUntil(lambda: all(loader.cache.knows(ref) for ref in frames))
    loader.close()


@pytest.mark.parametrize(("room", "found"), [(1, [5]), (4, [5, 6, 7, 8]), (99, [5, 6, 7, 8, 4, 9, 3, 2, 1, 0])])
def test_what_is_wanted_around_an_image_is_bounded_by_the_room_for_it(room: int, found: list[int]) -> None:
    around = Around(REFS[:10], 5, 1, room)
    assert [ref.frame_index for ref in around] == found
    assert (len(around), around[0], REFS[5] in around, REFS[15] in around) == (len(found), REFS[5], True, False)


@pytest.mark.parametrize(("size", "levels"), [((1500, 900), 1), ((400, 300), 2), ((10, 10), 5), ((3000, 3000), 0)])
def test_a_first_look_is_halved_while_it_fills_the_viewport(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], levels: int
) -> None:
    class Scan:
        transfer_syntax = "1.2.840.10008.1.2.4.90"

        def values_of(self, tag: str) -> list[int]:
            return [2000 if tag == "Rows" else 1500]

    monkeypatch.setattr(prefetch, "scan_header", lambda _path: Scan())
    assert prefetch.first_look(Path("any.dcm"), size) == levels


def test_cache_forgets_the_frame_used_longest_ago() -> None:
    cache = FrameCache(limit_bytes=300)
    for ref in REFS[:3]:
        cache.keep(ref, grey(np.zeros((10, 10), np.uint8)))
    cache.frame(REFS[0])
    cache.keep(REFS[3], grey(np.zeros((10, 10), np.uint8)))
    assert [cache.knows(ref) for ref in REFS[:4]] == [True, False, True, True]
    assert cache.size_bytes == 300


def test_cache_keeps_one_frame_however_large_it_is() -> None:
    cache = FrameCache(limit_bytes=10)
    cache.keep(REFS[0], grey(np.zeros((10, 10), np.uint8)))
    assert cache.frame(REFS[0]) is not None
    cache.keep(REFS[1], grey(np.zeros((10, 10), np.uint8)))
    assert cache.frame(REFS[0]) is None


@pytest.mark.parametrize("repeat", range(3))
def test_keeping_a_frame_again_does_not_count_it_twice(repeat: int) -> None:
    cache = FrameCache(1000)
    for _ in range(repeat + 1):
        cache.keep(REFS[0], grey(np.zeros((10, 10), np.uint8)))
    assert cache.size_bytes == 100
