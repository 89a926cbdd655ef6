"""Objects without a picture in the viewport: reports, wave forms, PDFs, plans."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from tests.ui.viewer.test_page import open_in
from workstation.services.display_sets import DisplayKind
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.viewer.reading.pane import ReadingPane

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager


def read_in(qtbot: QtBot, page: ViewerPage, *paths: Path) -> ReadingPane:
    open_in(qtbot, page, *paths)
    qtbot.waitUntil(lambda: page.grid.canvas.findChild(ReadingPane) is not None)
    pane = page.grid.canvas.findChild(ReadingPane)
    assert isinstance(pane, ReadingPane)
    qtbot.waitUntil(pane.isVisible)
    return pane


def test_a_report_is_read_in_the_viewport_and_searched(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    pane = read_in(qtbot, page, testdata / "structured_reports" / "CT-RDSR-Toshiba_DoseCheck.dcm")
    assert "X-Ray Radiation Dose Report" in pane.text.toPlainText()
    page.reader.find()
    pane.search.setText("DLP")
    assert pane.text.textCursor().selectedText().upper() == "DLP"
    assert not pane.text.find_text("no such words in it")


def test_in_the_privacy_view_nothing_of_it_is_shown(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    pane = read_in(qtbot, page, testdata / "structured_reports" / "test-SR.dcm")
    page.grid.set_private(True)
    assert not pane.isVisible()
    page.grid.set_private(False)
    qtbot.waitUntil(pane.isVisible)


def test_an_electrocardiogram_is_drawn_to_scale_and_measured(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    pane = read_in(qtbot, page, testdata / "waveforms" / "waveform_ecg.dcm")
    view = pane.trace
    assert view.isVisible() and view.sheet is not None
    assert "25 mm/s · 10 mm/mV" in view.sheet.title
    start = QPoint(view.width() // 2, view.height() // 2)
    end = start + QPoint(round(25 * view.scale), 0)  # 25 mm are a second
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, end)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=end)
    milliseconds = float(view.measured.split(" ms")[0])
    assert milliseconds == pytest.approx(1000, abs=1000 / 25 / view.scale + 1)


def test_the_pages_of_a_pdf_are_scrolled_like_images(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / "encapsulated" / "pdf.dcm")
    qtbot.waitUntil(lambda: page.viewport.count == 2 and page.viewport.frame is not None)
    one = page.display_sets[0]
    assert (one.kind, one.paged) == (DisplayKind.IMAGE, True)
    page.viewport.step(1)
    qtbot.waitUntil(lambda: page.viewport.shown == 1)


def test_a_structure_set_says_what_it_holds(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    pane = read_in(qtbot, page, testdata / "radiotherapy" / "rtss.dcm")
    assert "Outlines of organs" in pane.text.toPlainText()
