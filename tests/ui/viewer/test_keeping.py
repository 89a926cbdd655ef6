"""Marks on the Viewer page are kept as they are made, and are there again; real files, real mouse, real kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.ui.viewer.conftest import SmallWorkplace
from tests.ui.viewer.test_measuring import choose, drag, shown
from tests.ui.viewer.test_page import CT, US_CINE, open_in
from workstation.archive.marks import LocalMarks
from workstation.domain.errors import DiskFull
from workstation.services.annotations import Change, KeptMark
from workstation.ui.viewer.model import Tool
from workstation.ui.viewer.page import ViewerPage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager


@pytest.fixture
def marks(tmp_path: Path, workplace: SmallWorkplace) -> Iterator[LocalMarks]:
    workplace.marks = LocalMarks(tmp_path / "marks.sqlite")
    yield workplace.marks
    workplace.marks.close()


def open_ct(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    """At the same image each time, whichever was there first."""
    open_in(qtbot, page, testdata / CT)
    page.viewport.go_to(20)
    qtbot.waitUntil(lambda: page.viewport.shown == 20 and page.viewport.frame is not None)


@pytest.fixture
def ct(qtbot: QtBot, marks: LocalMarks, page: ViewerPage, testdata: Path) -> ViewerPage:
    open_ct(qtbot, page, testdata)
    return page


@pytest.fixture
def another_page(qtbot: QtBot, workplace: SmallWorkplace) -> Iterator[Callable[[], ViewerPage]]:
    pages: list[ViewerPage] = []

    def make() -> ViewerPage:
        page = ViewerPage(workplace)  # type: ignore[arg-type] - the part of it that the page uses
        pages.append(page)
        page.resize(1200, 800)
        page.show()
        return page

    yield make
    for page in pages:
        page.close_page()
        page.deleteLater()


def kept(page: ViewerPage, marks: LocalMarks) -> tuple[KeptMark, ...]:
    return marks.of_study(page.display_sets[0].study.study_instance_uid)


def test_a_measurement_is_on_the_disk_when_the_mouse_is_let_go(qtbot: QtBot, ct: ViewerPage, marks: LocalMarks) -> None:
    choose(ct, Tool.LENGTH)
    drag(qtbot, ct.grid.canvas, (40, 50), (140, 50))
    (mark,) = kept(ct, marks)
    assert mark.annotation is not None
    assert mark.annotation.points == shown(ct)[0].points
    ref = ct.viewport.shown_ref
    assert ref is not None
    assert (mark.image.sop_instance_uid, mark.image.sop_class_uid) == (ref.sop_instance_uid, ref.sop_class_uid)
    assert mark.fingerprint
    assert ct.keeping.unsaved == 0


def test_what_is_moved_undone_and_redone_is_kept_as_well(qtbot: QtBot, ct: ViewerPage, marks: LocalMarks) -> None:
    choose(ct, Tool.LENGTH)
    drag(qtbot, ct.grid.canvas, (40, 50), (140, 50))
    (made,) = kept(ct, marks)
    drag(qtbot, ct.grid.canvas, (140, 50), (120, 90))
    (moved,) = kept(ct, marks)
    assert moved.uid == made.uid
    assert moved.annotation != made.annotation
    ct.viewport.undo()
    assert kept(ct, marks) == (made,)
    ct.viewport.undo()
    assert kept(ct, marks) == ()
    ct.viewport.redo()
    assert kept(ct, marks) == (made,)


def test_a_key_image_is_kept_and_unmarked(ct: ViewerPage, marks: LocalMarks) -> None:
    ct.measuring.toggle_key_image()
    (mark,) = kept(ct, marks)
    assert mark.annotation is None
    ct.measuring.toggle_key_image()
    assert kept(ct, marks) == ()
    ct.viewport.undo()
    assert len(kept(ct, marks)) == 1
    assert ct.actions_["viewer.key_image"].isChecked()
    ct.viewport.undo()
    assert kept(ct, marks) == ()
    ct.viewport.redo()
    assert len(kept(ct, marks)) == 1


def test_marks_are_there_again_when_the_study_is_opened_in_another_process(
    qtbot: QtBot, ct: ViewerPage, another_page: Callable[[], ViewerPage], testdata: Path
) -> None:
    choose(ct, Tool.ANGLE)
    ct.measuring.toggle_key_image()
    choose(ct, Tool.RECTANGLE)
    drag(qtbot, ct.grid.canvas, (60, 60), (110, 100))
    page = another_page()
    open_ct(qtbot, page, testdata)
    qtbot.waitUntil(lambda: len(shown(page)) == 1)
    assert shown(page)[0].points == shown(ct)[0].points
    assert page.measuring.annotations.is_key_image(page.measuring.place)
    assert page.actions_["viewer.key_image"].isChecked()


def test_two_windows_see_what_the_other_made_and_removed_when_they_look_again(
    qtbot: QtBot, ct: ViewerPage, another_page: Callable[[], ViewerPage], marks: LocalMarks, testdata: Path
) -> None:
    page = another_page()
    open_ct(qtbot, page, testdata)
    choose(ct, Tool.LENGTH)
    drag(qtbot, ct.grid.canvas, (40, 50), (140, 50))
    choose(page, Tool.ELLIPSE)
    drag(qtbot, page.grid.canvas, (60, 80), (110, 120))
    assert len(kept(ct, marks)) == 2
    ct.keeping.read_again()
    qtbot.waitUntil(lambda: len(shown(ct)) == 2)
    page.measuring.delete()
    ct.keeping.read_again()
    qtbot.waitUntil(lambda: len(shown(ct)) == 1)
    assert len(kept(ct, marks)) == 1


def test_what_was_measured_on_other_pixels_says_so_instead_of_a_value(
    qtbot: QtBot, ct: ViewerPage, marks: LocalMarks, another_page: Callable[[], ViewerPage], testdata: Path
) -> None:
    choose(ct, Tool.LENGTH)
    drag(qtbot, ct.grid.canvas, (40, 50), (140, 50))
    (mark,) = kept(ct, marks)
    marks.apply([Change(KeptMark(mark.uid, mark.image, mark.annotation, "512x513 0.5\\0.5", mark.made_at))])
    page = another_page()
    open_ct(qtbot, page, testdata)
    qtbot.waitUntil(lambda: len(shown(page)) == 1)
    layer = page.measuring.layer_of(page.grid.canvas)
    assert layer is not None
    qtbot.waitUntil(lambda: layer.words(shown(page)[0]) == "made on another image")
    page.viewport.go_to(0)
    third = another_page()  # where its image is not looked at, the list says it as well
    open_in(qtbot, third, testdata / CT)
    qtbot.waitUntil(lambda: third.panel.measurements.list.count() == 1)
    qtbot.waitUntil(lambda: third.panel.measurements.list.item(0).text() == "Length made on another image")
    page.viewport.go_to(20)
    qtbot.waitUntil(lambda: page.viewport.shown == 20)
    drag(qtbot, page.grid.canvas, (90, 50), (90, 70))  # drawn over again it is of this one
    assert layer.words(shown(page)[0]).endswith("mm")


def test_a_full_disk_is_said_on_the_page_and_closing_would_lose_something(
    qtbot: QtBot, ct: ViewerPage, marks: LocalMarks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_changes: object) -> None:
        raise DiskFull(path="/data")

    monkeypatch.setattr(marks, "apply", refuse)
    choose(ct, Tool.LENGTH)
    drag(qtbot, ct.grid.canvas, (40, 50), (140, 50))
    qtbot.waitUntil(ct.notices.isVisible)
    assert ct.keeping.unsaved == 1
    assert len(shown(ct)) == 1
    monkeypatch.undo()


def test_frames_of_one_instance_are_told_apart(
    qtbot: QtBot, marks: LocalMarks, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / US_CINE)
    with qtbot.waitSignal(page.viewport.frame_shown):
        page.viewport.go_to(3)
    page.measuring.toggle_key_image()
    (mark,) = kept(page, marks)
    assert mark.image.frame_index == 3


_CHILD = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from workstation.app import open_workplace
from workstation.imaging.compose import layout
from workstation.settings import Folders
from workstation.ui.application import build_window, make_application
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.viewer.model import Tool
profile, image = map(Path, sys.argv[1:])
application = make_application()
with open_workplace(Folders(profile / "config", profile / "data")) as workplace:
    page = ViewerPage(workplace)
    page.resize(1200, 800)
    page.show()
    page.open_paths([image])
    deadline = time.monotonic() + 60
    while page.viewport.frame is None or not page.display_sets:
        application.processEvents()
        assert time.monotonic() < deadline
    for _ in range(20):
        application.processEvents()
    page.measuring.toggle_key_image()
    canvas = page.grid.canvas
    page.actions_["viewer.length"].trigger()
    place = layout(page.viewport.frame, page.viewport.view, page.viewport.size)
    points = [QPoint(*map(round, place.to_screen(*at))) for at in ((20, 20), (60, 40))]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=points[0])
    QTest.mouseMove(canvas, points[1])
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=points[1])
    print(page.display_sets[0].study.study_instance_uid, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_kill_right_after_the_mouse_is_let_go_loses_nothing(tmp_path: Path, testdata: Path) -> None:
    command = [sys.executable, "-c", _CHILD, str(tmp_path), str(testdata / CT)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    ) as process:
        assert process.stdout is not None
        study = process.stdout.readline().strip()
        process.send_signal(signal.SIGKILL)
    marks = LocalMarks(tmp_path / "data" / "marks.sqlite")
    found = marks.of_study(study)
    marks.close()
    assert [mark.annotation.kind.value if mark.annotation else "key" for mark in found] == ["key", "length"]
