"""Pictures composed before they are asked for are those that would be composed then, and few are kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.ui.viewer.sources import WAIT_S, GatedSource, display_set, grey
from workstation.imaging.compose import Composer, Screen, compose
from workstation.imaging.frame import Frame, Window
from workstation.imaging.view import View
from workstation.ui.viewer import tools
from workstation.ui.viewer.ahead import Ahead, Recipe
from workstation.ui.viewer.loader import FrameCache, FrameLoader
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.picture import Picture

SIZE = (90, 70)


def noise(index: int) -> Frame:
    return grey(np.random.default_rng(index).integers(0, 256, (40, 50), np.uint8))


def recipe(index: int, **view: object) -> Recipe:
    return noise(index), View(**view), SIZE  # type: ignore[arg-type]


def is_right(pixels: np.ndarray | None, wanted: Recipe) -> bool:
    return pixels is not None and np.array_equal(pixels, compose(*wanted))


class Held(Composer):
    """Composes once it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.gate = threading.Event(), threading.Event()

    def sibling(self) -> Composer:
        return self

    def compose(self, frame: Frame, view: View, size: tuple[int, int]) -> Screen:
        self.begun.set()
        assert self.gate.wait(WAIT_S)
        return super().compose(frame, view, size)


@pytest.fixture
def ahead() -> Iterator[Ahead]:
    ahead = Ahead()
    yield ahead
    ahead.close()
    assert not [one for one in threading.enumerate() if one.name == "frame-ahead"]


def test_a_picture_made_ahead_is_the_one_composed_when_asked_for(qtbot: QtBot, ahead: Ahead) -> None:
    one, other = recipe(1), recipe(2, inverted=True, quarter_turns=1)
    ahead.want("viewport", [one, other], Composer())
    qtbot.waitUntil(lambda: ahead.idle)
    for wanted in (one, other):
        made = ahead.take("viewport", wanted, 0)
        assert made is not None
        assert is_right(made.pixels, wanted)
        assert ahead.take("viewport", wanted, 0) is None  # handed over


def test_its_composer_goes_on_with_another_window(qtbot: QtBot, ahead: Ahead) -> None:
    frame, view, size = recipe(1)
    ahead.want("viewport", [(frame, view, size)], Composer())
    qtbot.waitUntil(lambda: ahead.idle)
    made = ahead.take("viewport", (frame, view, size), 0)
    assert made is not None
    darker = replace(view, window=Window(200.0, 90.0))
    assert is_right(made.composer.compose(frame, darker, size), (frame, darker, size))


def test_other_wishes_make_it_forget_what_was_made(qtbot: QtBot, ahead: Ahead) -> None:
    kept, dropped, new = recipe(1), recipe(2), recipe(3)
    ahead.want("viewport", [kept, dropped], Composer())
    qtbot.waitUntil(lambda: ahead.idle)
    ahead.want("viewport", [kept, new], Composer())
    qtbot.waitUntil(lambda: ahead.idle)
    assert ahead.take("viewport", dropped, 0) is None
    assert ahead.take("viewport", kept, 0) is not None
    assert ahead.take("viewport", new, 0) is not None


def test_a_picture_that_is_being_made_is_waited_for_and_one_not_begun_is_not(qtbot: QtBot, ahead: Ahead) -> None:
    composer, first, second = Held(), recipe(1), recipe(2)
    ahead.want("viewport", [first, second], composer)
    assert composer.begun.wait(WAIT_S)
    assert ahead.take("viewport", second, WAIT_S) is None
    assert ahead.take("viewport", first, 0) is None
    composer.gate.set()
    assert ahead.take("viewport", first, WAIT_S) is not None


def test_nothing_is_kept_for_a_viewport_that_is_gone(qtbot: QtBot, ahead: Ahead) -> None:
    composer, wanted = Held(), recipe(1)
    ahead.want("viewport", [wanted], composer)
    assert composer.begun.wait(WAIT_S)
    ahead.forget("viewport")
    composer.gate.set()
    qtbot.waitUntil(lambda: ahead.idle)
    assert ahead.take("viewport", wanted, 0) is None


def test_what_cannot_be_composed_is_left_to_whoever_shows_it(qtbot: QtBot, ahead: Ahead) -> None:
    bad = (grey(np.zeros((4, 4), np.uint8), rescale_slope=None), View(), SIZE)
    good = recipe(1)
    ahead.want("viewport", [bad, good], Composer())
    qtbot.waitUntil(lambda: ahead.idle)
    assert ahead.take("viewport", bad, 0) is None
    assert ahead.take("viewport", good, 0) is not None


# --- in a viewport ---------------------------------------------------------------------------------


class Counted(Picture):
    """Counts what was not made ahead."""

    composed = 0

    def _compose(self, recipe: Recipe, ratio: float) -> None:
        self.composed += 1
        super()._compose(recipe, ratio)


class Bench:
    """A viewport over made-up images and its picture, without a widget."""

    def __init__(self, qtbot: QtBot, ahead: Ahead) -> None:
        self.qtbot, self.ahead = qtbot, ahead
        self.loader = FrameLoader(GatedSource(open_gate=True, make=noise), FrameCache(1 << 20), threads=1)
        self.viewport = Viewport(self.loader)
        self.viewport.set_size(SIZE)
        self.picture = Counted(self.viewport, ahead, self.viewport)

    def look(self) -> bool:
        """Whether what is shown is right; then until those beside it are made."""
        self.picture.image(SIZE, 1.0)
        frame = self.viewport.frame
        assert frame is not None
        right = is_right(self.picture.pixels, (frame, self.viewport.shown_view, SIZE))
        self.qtbot.waitUntil(lambda: self.ahead.idle and not self.picture._beside.isActive())
        return right

    def step(self, images: int) -> bool:
        self.viewport.step(images)
        self.qtbot.waitUntil(lambda: self.viewport.loading is None)
        return self.look()


@pytest.fixture
def bench(qtbot: QtBot, ahead: Ahead) -> Iterator[Bench]:
    bench = Bench(qtbot, ahead)
    bench.viewport.show(display_set(12), 0)
    qtbot.waitUntil(lambda: bench.viewport.frame is not None)
    qtbot.waitUntil(lambda: bench.loader.cache.size_bytes == 12 * 2000)
    assert bench.look()
    yield bench
    bench.viewport.close()
    bench.loader.close()


def test_scrolling_on_finds_the_next_picture_made(bench: Bench) -> None:
    assert bench.picture.composed == 1
    assert all(bench.step(1) for _ in range(4))
    assert all(bench.step(-1) for _ in range(4))
    assert bench.picture.composed == 1


def test_going_on_in_larger_steps_finds_it_made_from_the_second_on(bench: Bench) -> None:
    assert all(bench.step(3) for _ in range(3))
    assert bench.picture.composed == 2


def test_another_window_is_seen_at_once_in_all_images(bench: Bench) -> None:
    assert bench.step(1)
    bench.viewport.apply(lambda view: tools.with_window(view, Window(60.0, 40.0)))
    assert bench.look()
    assert bench.step(1)
    bench.viewport.apply(lambda view: replace(view, quarter_turns=1, zoom=3.0))
    assert bench.look()
    assert bench.step(-1)
    assert bench.picture.composed == 3  # the first one, and one for each change of the view


def test_before_those_beside_it_are_made_the_picture_asked_for_is_composed(bench: Bench) -> None:
    bench.viewport.go_to(9)
    bench.qtbot.waitUntil(lambda: bench.viewport.loading is None)
    assert bench.look()


def test_forgetting_leaves_nothing(bench: Bench) -> None:
    bench.picture.forget()
    assert bench.picture.pixels is None
    assert not bench.ahead._made
    assert bench.look()
