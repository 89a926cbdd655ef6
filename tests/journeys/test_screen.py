"""The program as it is started, on a real X screen, with a real mouse and keyboard and nothing of ours inside."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from tests.journeys.conftest import BRAIN, archived, pixel_digests
from tests.support.command_line import CommandLine
from tests.support.peers import OrthancPeer
from tests.support.screen import HEIGHT, WIDTH, Screen

PICTURE = (500, 250, 500, 500)  # left, top, width, height: inside the viewport, clear of its corners
MIDDLE = (750, 500)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    folder = tmp_path / "screen"
    folder.mkdir()
    with Screen(folder) as screen:
        yield screen


@pytest.fixture
def launch(workstation: CommandLine, screen: Screen) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start the program on the screen, its window as large as that."""
    with ExitStack() as closing:

        def launch_(*arguments: object) -> subprocess.Popen[bytes]:
            log = closing.enter_context((workstation.folder / "window.log").open("wb"))
            process = subprocess.Popen(
                workstation.command(*arguments), stdout=log, stderr=log, env=screen.environment, cwd=workstation.folder
            )
            closing.callback(_end, process)
            screen.until(lambda: bool(screen.pixels().any()), "no window appeared")
            found = "search", "--sync", "--onlyvisible", "--name", "Workstation$"
            screen.does(*found, "windowmove", 0, 0, "windowsize", WIDTH, HEIGHT, "windowfocus")
            return process

        yield launch_


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait(60)


def test_a_file_is_opened_and_windowed_by_mouse(
    workstation: CommandLine, screen: Screen, launch: Callable[..., subprocess.Popen[bytes]]
) -> None:
    process = launch("open", BRAIN[0].parent)
    _sees_picture(screen)
    before = screen.pixels(*PICTURE)
    screen.drags(MIDDLE, (MIDDLE[0] - 150, MIDDLE[1] - 60))
    screen.until(lambda: _differ(screen.pixels(*PICTURE), before), "dragging changed nothing")
    screen.does("key", "r")
    screen.until(lambda: not _differ(screen.pixels(*PICTURE), before), "R did not bring the first window back")
    screen.does("click", 5)  # the wheel, one notch down
    screen.until(lambda: _differ(screen.pixels(*PICTURE), before), "the wheel showed no other image")
    screen.does("key", "ctrl+q")
    assert process.wait(60) == 0
    assert "Traceback" not in (workstation.folder / "window.log").read_text()


def test_left_and_right_button_together_scroll_and_a_right_click_opens_the_menu(
    workstation: CommandLine, screen: Screen, launch: Callable[..., subprocess.Popen[bytes]]
) -> None:
    process = launch("open", BRAIN[0].parent)
    _sees_picture(screen)
    opened = _settled(screen)
    screen.does("mousemove", *MIDDLE, "key", "Home")
    screen.until(lambda: _differ(screen.pixels(*PICTURE), opened), "Home showed no other image")
    first = _settled(screen)
    screen.does("click", 5)
    screen.until(lambda: _differ(screen.pixels(*PICTURE), first), "the wheel showed no other image")
    second = _settled(screen)
    screen.does("click", 4)
    screen.until(lambda: not _differ(screen.pixels(*PICTURE), first), "the wheel did not come back")
    screen.does("mousedown", 1, "mousedown", 3)
    for down in (3, 6, 9, 12):  # as much as one image
        screen.does("mousemove", MIDDLE[0], MIDDLE[1] + down)
    screen.does("mouseup", 3, "mouseup", 1)
    screen.until(lambda: not _differ(screen.pixels(*PICTURE), second), "the chord did not scroll by one image")
    screen.does("click", 3)
    screen.until(lambda: _differ(screen.pixels(*PICTURE), second), "a click of the right button opened no menu")
    screen.does("key", "Escape")
    screen.until(lambda: not _differ(screen.pixels(*PICTURE), second), "the menu did not close")
    screen.does("mousemove", *MIDDLE, "mousedown", 3, "mousemove", MIDDLE[0], MIDDLE[1] - 60, "mouseup", 3)
    screen.until(lambda: _differ(screen.pixels(*PICTURE), second), "dragging with the right button did not zoom")
    screen.does("key", "f")
    screen.until(lambda: not _differ(screen.pixels(*PICTURE), second), "F did not fit, or a menu was open")
    screen.does("key", "ctrl+q")
    assert process.wait(60) == 0
    assert "Traceback" not in (workstation.folder / "window.log").read_text()


def test_a_study_is_searched_retrieved_and_opened_by_keyboard(
    workstation: CommandLine,
    orthanc: OrthancPeer,
    screen: Screen,
    launch: Callable[..., subprocess.Popen[bytes]],
) -> None:
    workstation.change("local.port", orthanc.our_port)
    workstation.add(orthanc.node())
    process = launch()
    screen.does("key", "ctrl+f").does("type", "WANG*")
    screen.does("key", "Tab", "Tab", "Tab", "End", "Tab", "Return")  # any date, then from the last field
    screen.does("mousemove", 200, 216)  # the first row of the table

    def retrieved() -> bool:
        if not archived(workstation.data):
            screen.does("click", 1, "key", "ctrl+r")
        return pixel_digests(archived(workstation.data)) == pixel_digests(BRAIN)

    screen.until(retrieved, "the study did not come")
    jobs = [json.loads(line) for line in workstation.done("jobs", "--json").out.splitlines()]
    assert [(job["kind"], job["state"]) for job in jobs] == [("retrieve", "succeeded")]
    screen.does("key", "ctrl+o")
    _sees_picture(screen)
    screen.does("key", "ctrl+q")
    assert process.wait(60) == 0
    assert "Traceback" not in (workstation.folder / "window.log").read_text()


def _sees_picture(screen: Screen) -> None:
    """Something grey that is neither black nor the ground of the window, at rest."""

    def steady() -> bool:
        first = screen.pixels(*PICTURE)
        spread = float(first[..., 0].std())
        grey = bool((first[..., 0] == first[..., 2]).mean() > 0.9)
        return spread > 10 and grey and not _differ(screen.pixels(*PICTURE), first)

    screen.until(steady, "no picture appeared")


def _settled(screen: Screen) -> np.ndarray:
    """The picture once two looks at it are alike."""
    looks = [screen.pixels(*PICTURE)]

    def steady() -> bool:
        looks.append(screen.pixels(*PICTURE))
        return not _differ(looks[-1], looks[-2])

    screen.until(steady, "the picture does not come to rest")
    return looks[-1]


def _differ(one: np.ndarray, other: np.ndarray) -> bool:
    """More than the pointer and a line of text."""
    return bool((one != other).any(axis=2).mean() > 0.02)
