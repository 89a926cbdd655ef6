"""Who is answered, in which order, and what happens to late answers."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.ui.viewer.sources import GatedSource, grey
from workstation.domain.errors import DamagedFile, DecodeFailed
from workstation.services.display_sets import FrameRef
from workstation.ui.viewer.loader import FrameCache, FrameLoader, Loaded

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
