"""Marks of the open study handed on: saved as DICOM, copied and written as a table, listed before they are seen."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from tests.ui.viewer.conftest import SmallWorkplace
from tests.ui.viewer.test_measuring import choose, drag
from tests.ui.viewer.test_page import CT, open_in
from workstation.archive.local import LocalArchive
from workstation.archive.marks import LocalMarks
from workstation.dicom.decode_pool import DecodePool
from workstation.dicom.presentation_state import read_presentation_state
from workstation.domain.key_objects import KeyObjectTitle
from workstation.imaging.compose import compose
from workstation.imaging.present import presented, presented_view
from workstation.imaging.view import View
from workstation.jobs.journal import Journal
from workstation.jobs.runner import JobRunner
from workstation.services.broadcast import Broadcast
from workstation.services.open_series import OpenPaths, run_open_paths
from workstation.services.save_command import SaveMarks
from workstation.services.save_marks import run_save_marks
from workstation.ui.viewer.annotations.save_dialog import SaveDialog
from workstation.ui.viewer.model import Tool
from workstation.ui.viewer.page import ViewerPage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager


@dataclass
class WorkplaceWithArchive(SmallWorkplace):
    archive: LocalArchive = field(kw_only=True)


@pytest.fixture
def workplace(tmp_path: Path, decode_pool: DecodePool) -> Iterator[WorkplaceWithArchive]:
    broadcast, archive = Broadcast(), LocalArchive(tmp_path / "archive")

    def save(command, context):
        return run_save_marks(command, context, archive=archive, frames=decode_pool, publish=broadcast.publish)

    handlers = {OpenPaths: run_open_paths, SaveMarks: save}
    runner = JobRunner(handlers, broadcast.publish, Journal(tmp_path / "jobs.sqlite"))
    marks = LocalMarks(tmp_path / "marks.sqlite")
    yield WorkplaceWithArchive(runner, decode_pool, broadcast, marks=marks, archive=archive)
    runner.close()
    marks.close()
    archive.close()


@pytest.fixture
def measured(qtbot: QtBot, page: ViewerPage, testdata: Path) -> ViewerPage:
    open_in(qtbot, page, testdata / CT)
    choose(page, Tool.LENGTH)
    drag(qtbot, page.grid.canvas, (40, 50), (90, 50))
    choose(page, Tool.RECTANGLE)
    drag(qtbot, page.grid.canvas, (60, 60), (80, 90))
    page.measuring.toggle_key_image()
    return page


def dialog_of(qtbot: QtBot, page: ViewerPage) -> SaveDialog:
    page.actions_["viewer.save_marks"].trigger()
    qtbot.waitUntil(lambda: page.findChild(SaveDialog) is not None)
    dialog = page.findChild(SaveDialog)
    assert isinstance(dialog, SaveDialog)
    return dialog


def test_saving_writes_what_is_on_the_screen_into_the_archive(
    qtbot: QtBot, measured: ViewerPage, workplace: WorkplaceWithArchive
) -> None:
    viewport = measured.viewport
    measured.actions_["viewer.flip_horizontal"].trigger()
    measured.actions_["viewer.rotate_right"].trigger()
    dialog = dialog_of(qtbot, measured)
    dialog.title.setCurrentIndex(dialog.title.findData(KeyObjectTitle.FOR_CONFERENCE))
    dialog._choose()
    qtbot.waitUntil(measured.notices.isVisible, timeout=20_000)
    study = measured.display_sets[0].study.study_instance_uid
    found = {
        series.modality: stored.path
        for series in workplace.archive.series_of(study)
        for stored in workplace.archive.instances_of(series.series_instance_uid)
    }
    assert set(found) == {"PR", "KO", "SR"}
    state, ref, frame = read_presentation_state(found["PR"]), viewport.shown_ref, viewport.decoded
    assert ref is not None
    assert frame is not None
    shown = presented(frame, state, ref.sop_instance_uid, ref.frame_index + 1)
    area = state.area_for(ref.sop_instance_uid, ref.frame_index + 1)
    view = presented_view(shown, View(), state, area, viewport.size)
    assert (view.quarter_turns, view.flipped) == (viewport.view.quarter_turns, viewport.view.flipped)
    before = compose(frame, viewport.shown_view, viewport.size).astype(int)
    assert abs(compose(shown, view, viewport.size).astype(int) - before).max() <= 1


def test_with_nothing_marked_it_says_how_to_mark(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    page.actions_["viewer.save_marks"].trigger()
    assert page.notices.isVisible()
    assert page.findChild(SaveDialog) is None


def test_the_table_goes_to_the_clipboard(qtbot: QtBot, measured: ViewerPage, qapp: QApplication) -> None:
    QGuiApplication.clipboard().clear()
    measured.actions_["viewer.copy_marks"].trigger()
    qtbot.waitUntil(lambda: "length" in QGuiApplication.clipboard().text())
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert [line[3] for line in lines[1:]] == ["length", *["rectangle"] * 5, "key image"]
    assert lines[1][7] == "mm"


def test_the_table_is_written_whole(qtbot: QtBot, measured: ViewerPage, tmp_path: Path) -> None:
    measured.actions_["viewer.export_marks"].trigger()
    dialog = measured.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    target = tmp_path / "sizes.csv"
    dialog.fileSelected.emit(str(target))
    dialog.close()
    qtbot.waitUntil(target.exists)
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7
    assert {row["quantity"] for row in rows} >= {"length", "area", "mean"}


def test_what_was_kept_is_listed_with_its_value_before_its_image_was_seen(
    qtbot: QtBot, measured: ViewerPage, workplace: WorkplaceWithArchive, testdata: Path
) -> None:
    measured.viewport.go_to(0)
    qtbot.waitUntil(lambda: measured.viewport.shown == 0)
    choose(measured, Tool.LENGTH)
    drag(qtbot, measured.grid.canvas, (40, 50), (90, 60))
    other = ViewerPage(workplace)  # type: ignore[arg-type] - the part of it that the page uses
    try:
        other.resize(1200, 800)
        other.show()
        open_in(qtbot, other, testdata / CT)
        section = other.panel.measurements
        qtbot.waitUntil(lambda: section.list.count() == 4)
        qtbot.waitUntil(lambda: section.list.item(2).text().endswith("mm"))
        assert section.list.item(3).text() == "Key image"
        section.list.itemClicked.emit(section.list.item(3))
        qtbot.waitUntil(lambda: other.measuring.annotations.is_key_image(other.measuring.place))
    finally:
        other.close_page()
        other.deleteLater()


@pytest.mark.parametrize(("measurements", "key_images"), [(0, 1), (3, 0), (1, 2)])
def test_the_dialog_asks_only_for_what_there_is(
    qtbot: QtBot, measurements: int, key_images: int, page: ViewerPage
) -> None:
    dialog = SaveDialog(measurements, key_images, True, page)
    dialog.open()
    assert dialog.title.isVisible() == bool(key_images)
    assert dialog.report.isVisible() == bool(measurements)
    dialog.reject()
