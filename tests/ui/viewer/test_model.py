"""The viewport without a widget: what is asked for, what is shown, and how views follow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from tests.ui.viewer.sources import GatedSource, display_set, grey
from workstation.domain.errors import DamagedFile
from workstation.imaging.frame import Window
from workstation.imaging.view import View
from workstation.services.display_sets import DisplayKind, FrameRef
from workstation.ui.viewer import tools
from workstation.ui.viewer.loader import FrameCache, FrameLoader
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.prefetch import prefetch_order


@pytest.fixture
def source() -> GatedSource:
    return GatedSource(open_gate=True)


@pytest.fixture
def viewport(qtbot: QtBot, source: GatedSource) -> Iterator[Viewport]:
    loader = FrameLoader(source, FrameCache(40 * 256), threads=1)  # 40 made-up frames
    viewport = Viewport(loader)
    yield viewport
    viewport.close()
    loader.close()


def shown_value(viewport: Viewport) -> int:
    assert viewport.frame is not None
    return int(viewport.frame.stored[0, 0])


def test_the_index_shown_always_belongs_to_the_picture(qtbot: QtBot, viewport: Viewport, source: GatedSource) -> None:
    with qtbot.waitSignal(viewport.frame_shown):
        viewport.show(display_set(30))
    qtbot.waitUntil(lambda: len(source.asked) == 30)
    source.hold()
    far = display_set(30, uid="9.9")
    viewport.show(far, 3)
    assert viewport.frame is None
    assert viewport.shown is None
    assert viewport.loading == 3
    source.release()
    qtbot.waitUntil(lambda: viewport.shown == 3)
    assert shown_value(viewport) == 3
    assert viewport.loading is None


def test_while_an_image_is_missing_the_old_one_stays_with_its_own_number(
    qtbot: QtBot, viewport: Viewport, source: GatedSource
) -> None:
    source.hold()
    viewport.show(display_set(300), 5)
    source.wait_started()
    source.release()
    qtbot.waitUntil(lambda: viewport.shown == 5)
    source.hold()
    viewport.go_to(250)
    source.wait_started()
    assert (viewport.index, viewport.shown, viewport.loading) == (250, 5, 250)
    assert shown_value(viewport) == 5
    source.release()
    qtbot.waitUntil(lambda: viewport.shown == 250)
    assert shown_value(viewport) == 250


def test_late_answers_are_dropped(qtbot: QtBot, viewport: Viewport, source: GatedSource) -> None:
    source.hold()
    first, second = display_set(3, uid="1.1"), display_set(3, uid="2.2")
    shown: list[FrameRef] = []
    viewport.frame_shown.connect(shown.append)
    viewport.show(first, 0)
    source.wait_started()
    viewport.show(second, 1)
    source.release()
    qtbot.waitUntil(lambda: viewport.shown == 1)
    assert shown == [second.frames[1]]


def test_an_answer_on_its_way_to_a_closed_viewport_is_dropped(qtbot: QtBot, source: GatedSource) -> None:
    loader = FrameLoader(source, FrameCache(10_000), threads=1)
    viewport = Viewport(loader)
    one = display_set(1)
    viewport.show(one)
    deadline = time.monotonic() + 60
    while not loader.cache.knows(one.frames[0]):  # no event loop: the answer waits in the queue
        assert time.monotonic() < deadline
    viewport.close()
    QCoreApplication.processEvents()
    assert viewport.frame is None
    assert viewport.shown is None
    loader.close()


def test_a_damaged_image_is_shown_as_its_error(qtbot: QtBot, viewport: Viewport, source: GatedSource) -> None:
    one = display_set(3)
    source.errors[one.frames[1]] = DamagedFile(reason="cut off")
    viewport.show(one, 0)
    qtbot.waitUntil(lambda: viewport.shown == 0)
    viewport.step(1)
    qtbot.waitUntil(lambda: viewport.shown == 1)
    assert isinstance(viewport.error, DamagedFile)
    assert viewport.frame is None
    viewport.step(1)
    qtbot.waitUntil(lambda: viewport.shown == 2)
    assert viewport.error is None


def test_what_has_no_image_is_never_asked_of_the_decoder(qtbot: QtBot, viewport: Viewport, source: GatedSource) -> None:
    viewport.show(replace(display_set(1), kind=DisplayKind.DOCUMENT))
    assert source.asked == []
    assert viewport.loading is None


def test_steps_stop_at_the_ends_and_cine_goes_round(qtbot: QtBot, viewport: Viewport) -> None:
    viewport.show(display_set(5), 0)
    viewport.step(-3)
    assert viewport.index == 0
    viewport.step(99)
    assert viewport.index == 4
    viewport.advance(1)
    assert viewport.index == 0
    viewport.advance(7)
    assert viewport.index == 2


def test_a_display_set_comes_back_as_it_was_left(qtbot: QtBot, viewport: Viewport) -> None:
    first, second = display_set(9, uid="1.1"), display_set(9, uid="2.2")
    viewport.show(first, 2)
    viewport.apply(tools.invert)
    viewport.go_to(7)
    viewport.show(second)
    assert viewport.view == View()
    viewport.show(first)
    assert viewport.index == 7
    assert viewport.view.inverted


def test_a_stack_opens_in_its_middle_and_a_cine_at_its_start(qtbot: QtBot, viewport: Viewport) -> None:
    viewport.show(display_set(9, uid="1", rate=25.0))
    assert viewport.index == 0
    stack = display_set(9, uid="2")
    frames = tuple(
        replace(ref, path=ref.path.with_name(f"{n}.dcm"), frame_index=0) for n, ref in enumerate(stack.frames)
    )
    viewport.show(replace(stack, frames=frames, ordered_by="position"))
    assert viewport.index == 4


def test_a_gesture_is_one_step_of_the_history(viewport: Viewport) -> None:
    viewport.apply(tools.invert)
    viewport.begin_gesture()
    for _ in range(5):
        viewport.apply(lambda view: tools.pan_by(view, (1, 0)))
    viewport.end_gesture()
    assert viewport.view.pan == (5, 0)
    viewport.undo()
    assert viewport.view == View(inverted=True)
    viewport.undo()
    assert viewport.view == View()
    viewport.redo()
    viewport.redo()
    assert viewport.view.pan == (5, 0)


def test_a_cancelled_gesture_leaves_nothing_behind(viewport: Viewport) -> None:
    viewport.begin_gesture()
    viewport.apply(tools.invert)
    viewport.cancel_gesture()
    assert viewport.view == View()
    viewport.undo()
    assert viewport.view == View()


def test_dragging_right_widens_and_up_brightens(qtbot: QtBot, viewport: Viewport, source: GatedSource) -> None:
    viewport.show(display_set(3), 1)
    qtbot.waitUntil(lambda: viewport.shown == 1)
    viewport.apply(lambda view: tools.with_window(view, Window(100, 50)))
    viewport.drag_window(10, 0)
    wider = viewport.window
    assert wider is not None
    assert wider.width > 50
    assert wider.center == 100
    viewport.drag_window(0, -10)
    assert viewport.window is not None
    assert viewport.window.center < 100
    assert viewport.window.width == wider.width


def test_reset_goes_back_to_what_the_file_says(qtbot: QtBot, viewport: Viewport) -> None:
    viewport.show(display_set(3), 1)
    qtbot.waitUntil(lambda: viewport.shown == 1)
    viewport.drag_window(10, 10)
    viewport.apply(tools.invert)
    viewport.reset()
    assert viewport.view == View()


def test_the_probe_reads_the_value_under_the_pointer(qtbot: QtBot, viewport: Viewport, source: GatedSource) -> None:
    stored = np.arange(64, dtype=np.uint8).reshape(8, 8)
    source._make = lambda index: grey(stored, rescale_slope=2.0, rescale_intercept=-10.0, unit="HU")
    viewport.set_size((80, 80))
    viewport.show(display_set(1))
    qtbot.waitUntil(lambda: viewport.shown == 0)
    probe = viewport.probe((35.0, 15.0))
    assert probe is not None
    assert (probe.row, probe.column) == (1, 3)
    assert probe.text == f"{2 * 11 - 10} HU (11)"
    assert viewport.probe((-1.0, 4.0)) is None


@given(st.integers(1, 200), st.data(), st.sampled_from([1, -1]))
def test_prefetch_visits_every_image_once_and_begins_with_the_current(
    count: int, data: st.DataObject, direction: int
) -> None:
    index = data.draw(st.integers(0, count - 1))
    order = list(prefetch_order(count, index, direction))
    assert order[0] == index
    assert sorted(order) == list(range(count))


def test_prefetch_runs_ahead_in_the_direction_of_travel() -> None:
    assert list(prefetch_order(10, 5, -1)) == [5, 4, 3, 2, 6, 1, 0, 7, 8, 9]
