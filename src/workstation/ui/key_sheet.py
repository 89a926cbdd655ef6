"""The key sheet: every action with its keys, page by page, and what the mouse does; searchable."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QFont, QKeySequence, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation.ui.actions import Actions
from workstation.ui.widgets.buttons import button
from workstation.ui.widgets.layouts import row

Row = tuple[str, str, str]  # where, what, how


def T(_context: str, text: str) -> str:
    return text


PLACES = (
    ("viewer", T("KeySheet", "Viewer")),
    ("studies", T("KeySheet", "Studies")),
    ("worklist", T("KeySheet", "Worklist")),
    ("activity", T("KeySheet", "Activity")),
    ("", T("KeySheet", "Everywhere")),
)
# As the Standard profile has it; the settings say what the others change.
MOUSE = (
    (T("KeySheet", "Window, or the tool chosen"), T("KeySheet", "Left drag; Ctrl coarse, Alt fine")),
    (T("KeySheet", "Pan"), T("KeySheet", "Middle drag")),
    (T("KeySheet", "Zoom"), T("KeySheet", "Right drag, or Ctrl+wheel at the pointer")),
    (T("KeySheet", "Scroll"), T("KeySheet", "Wheel; Shift ten images; left and right button together")),
    (T("KeySheet", "Menu"), T("KeySheet", "Right click, Menu key, Shift+F10")),
    (T("KeySheet", "Turn"), T("KeySheet", "Ctrl+Alt and left drag; Shift in steps of 15°")),
    (T("KeySheet", "One viewport, and all again"), T("KeySheet", "Double click")),
    (T("KeySheet", "3D cursor in all viewports"), T("KeySheet", "Shift and move")),
    (T("KeySheet", "Give up a drag; reset the view"), T("KeySheet", "Esc; Esc Esc")),
)


def rows_of(actions: Actions) -> Iterator[Row]:
    """What can be done with keys or mouse; actions without a key are found in menus."""
    for place, title in PLACES:
        where = QCoreApplication.translate("KeySheet", title)
        for action in actions.of(place):
            keys = [key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts()]
            if keys:
                yield where, action.iconText(), ", ".join(keys)
        if place == "viewer":
            for what, how in MOUSE:
                translate = QCoreApplication.translate
                yield where, translate("KeySheet", what), translate("KeySheet", how)


class KeySheet(QDialog):
    change_asked = Signal()

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and mouse"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(620, 680)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search an action or a key"))
        self.search.setAccessibleName(self.tr("Search"))
        self._rows = list(rows_of(actions))
        self.table = self._table(self._rows)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.table)
        save = button(self.tr("Save as PDF…"), "save", self._ask_pdf)
        layout.addLayout(row(None, save, button(self.tr("Change keys…"), "edit", self._change), spacing=8))
        self.search.textChanged.connect(self._filter)

    def _table(self, rows: list[Row]) -> QTableWidget:
        table = QTableWidget(len(rows), 3)
        table.setAccessibleName(self.tr("Keys and mouse"))
        table.setHorizontalHeaderLabels([self.tr("Where"), self.tr("What"), self.tr("Keys")])
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        for number, texts in enumerate(rows):
            for column, text in enumerate(texts):
                table.setItem(number, column, QTableWidgetItem(text))
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        return table

    def _ask_pdf(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save keys"), "workstation-keys.pdf", "PDF (*.pdf)")
        if name:
            self.save_pdf(Path(name))

    def save_pdf(self, file: Path) -> None:
        """The sheet on paper, to lie beside the keyboard: what the table lists, filtered or not."""
        writer = QPdfWriter(str(file))
        writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        writer.setTitle(self.windowTitle())
        self.paper().print_(writer)

    def paper(self) -> QTextDocument:
        """What the table lists, black on white."""
        lines = "".join(
            f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in texts)}</tr>"
            for number, texts in enumerate(self._rows)
            if not self.table.isRowHidden(number)
        )
        paper = QTextDocument()
        paper.setDefaultStyleSheet("td { padding: 1px 14px 1px 0; } h2, td { color: black; }")
        paper.setDefaultFont(QFont(self.font().family(), 8))
        paper.setHtml(f"<h2>{escape(self.windowTitle())}</h2><table>{lines}</table>")
        return paper

    def _change(self) -> None:
        self.close()
        self.change_asked.emit()

    def _filter(self, wanted: str) -> None:
        words = wanted.casefold().split()
        for number in range(self.table.rowCount()):
            items = [self.table.item(number, column) for column in range(3)]
            text = " ".join(item.text() for item in items if item is not None).casefold()
            self.table.setRowHidden(number, not all(word in text for word in words))
