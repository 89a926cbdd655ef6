"""Attributes copied, and those of two images side by side, in the real page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import Dataset
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.support.dicom_files import image_dataset, write
from workstation.ui.viewer.comparing import Comparing
from workstation.ui.viewer.comparison import ComparisonWindow
from workstation.ui.viewer.page import ViewerPage


def two_series(qtbot: QtBot, page: ViewerPage, folder: Path) -> Comparing:

    for number, (code, name) in enumerate((("A", "LEFT"), ("B", "RIGHT")), 1):
        dataset = image_dataset(np.arange(64, dtype=np.uint16).reshape(8, 8))
        dataset.StudyInstanceUID, dataset.PatientID, dataset.PatientName = "1.2.3", "1", "Test"
        dataset.SeriesInstanceUID, dataset.SOPInstanceUID = f"1.2.3.{number}", f"1.2.3.{number}.1"
        dataset.SeriesNumber, dataset.SeriesDescription, dataset.Modality = number, name, "CT"
        item = Dataset()
        item.CodeValue = code
        dataset.AnatomicRegionSequence = [item]
        write(folder / f"{name}.dcm", dataset)
    with qtbot.waitSignal(page.opened, timeout=10_000):
        page.open_paths([folder])
    qtbot.waitUntil(lambda: page.panel.attributes.model.rowCount() > 10)
    return page._details.comparing


def compared(qtbot: QtBot, comparing: Comparing) -> ComparisonWindow:
    window = comparing.window
    assert window is not None
    qtbot.waitUntil(lambda: window.model.rowCount() > 0)
    return window


def test_copies_of_rows_values_paths_and_everything(qtbot: QtBot, page: ViewerPage, tmp_path: Path) -> None:
    two_series(qtbot, page, tmp_path)
    attributes, clipboard = page.panel.attributes, QApplication.clipboard()
    attributes.filter.setText("code value")
    attributes.list.setCurrentIndex(attributes.filtered.index(0, 0))
    attributes.copy_rows()
    assert clipboard.text() == "(0008,0100)\tCode Value\tA"
    attributes.copy_values()
    assert clipboard.text() == "A"
    attributes.copy_paths()
    assert clipboard.text() == "(0008,2218)[0].(0008,0100)"
    attributes.copy_all()
    assert len(clipboard.text().splitlines()) == attributes.model.rowCount()
    attributes.list.setFocus()
    clipboard.clear()
    qtbot.keyClick(attributes.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == "(0008,0100)\tCode Value\tA"


def test_two_series_stand_side_by_side(qtbot: QtBot, page: ViewerPage, tmp_path: Path) -> None:
    comparing = two_series(qtbot, page, tmp_path)
    page.panel.attributes.compare_menu.aboutToShow.emit()
    words = [action.text() for action in page.panel.attributes.compare_menu.actions() if action.text()]
    assert words == ["1 · LEFT", "2 · RIGHT"]
    menu = QMenu(page)
    page.strip.menu_filled.emit(menu, page.display_sets[1])
    menu.actions()[-1].trigger()
    window = compared(qtbot, comparing)
    total, model = window.model.rowCount(), window.model
    assert total > window.model.differences > 2
    window.only.setChecked(True)
    shown = [tuple(model.index(row, column).data() for column in range(4)) for row in range(model.rowCount())]
    assert ("(0008,103E)", "Series Description", "LEFT", "RIGHT") in shown
    assert [row[1] for row in shown if row[0].strip() in ("(0008,2218)", "(FFFE,E000)")] != []
    assert ("A", "B") in [row[2:] for row in shown]
    assert "(0008,0060)" not in [row[0] for row in shown]
    window.sides[1].series.setCurrentIndex(0)  # the same image on both sides
    qtbot.waitUntil(lambda: "one file" in window.state.text())
    assert model.rowCount() == 0


def test_nothing_of_a_closed_study_stays_in_the_window(qtbot: QtBot, page: ViewerPage, tmp_path: Path) -> None:
    comparing = two_series(qtbot, page, tmp_path)
    comparing.compare_with(page.display_sets[1])
    window = compared(qtbot, comparing)
    page.close_study()
    assert not window.isVisible()
    assert window.model.rowCount() == 0


def test_the_privacy_view_closes_the_comparison(qtbot: QtBot, page: ViewerPage, tmp_path: Path) -> None:
    comparing = two_series(qtbot, page, tmp_path)
    comparing.compare_with(page.display_sets[1])
    window = compared(qtbot, comparing)
    page.actions_["viewer.privacy"].trigger()
    assert not window.isVisible()
    assert not page.panel.compare.isVisible()
