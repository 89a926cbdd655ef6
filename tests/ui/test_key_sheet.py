"""The key sheet lists what there is and finds it."""

from __future__ import annotations

from PySide6.QtCore import Qt

from workstation.ui.actions import ACTIONS
from workstation.ui.key_sheet import KeySheet


def test_f1_lists_every_key_and_finds_it(window, qtbot):
    qtbot.keyClick(window, Qt.Key.Key_F1)
    (sheet,) = window.findChildren(KeySheet)
    qtbot.waitUntil(sheet.isVisible)
    cells = [[sheet.table.item(row, column).text() for column in range(3)] for row in range(sheet.table.rowCount())]
    listed = {what for _, what, _ in cells}
    assert {spec.text for spec in ACTIONS if spec.keys} <= listed
    sheet.search.setText("viewer invert")
    shown = [cells[row] for row in range(len(cells)) if not sheet.table.isRowHidden(row)]
    assert ["Viewer", "Invert", "I"] in shown
    assert all("invert" in what.lower() for _, what, _ in shown)
    sheet.close()


def test_no_key_means_two_things_on_one_page():
    for place in {spec.place for spec in ACTIONS}:
        keys = [key for spec in ACTIONS if spec.place in (place, "") for key in spec.keys]
        assert len(keys) == len(set(keys)), place


def test_the_sheet_can_be_put_on_paper(window, qtbot, tmp_path):
    sheet = KeySheet(window._actions)
    qtbot.addWidget(sheet)
    sheet.save_pdf(tmp_path / "keys.pdf")
    content = (tmp_path / "keys.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") >= 2
