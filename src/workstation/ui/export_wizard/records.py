"""A table of frozen records, its columns given as data: the wizard's short lists. QtCore only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Qt

from workstation.ui.widgets.roles import STYLE_ROLE
from workstation.ui.widgets.row_model import Index, RowModel

Record = TypeVar("Record")


@dataclass(frozen=True)  # no slots: a generic class given its argument cannot have both in Python 3.11
class RecordColumn(Generic[Record]):
    """One column: `style` as the row delegate understands it."""

    title: str
    text: Callable[[Record], str]
    style: str = ""


class RecordModel(RowModel, Generic[Record]):
    def __init__(self, columns: Sequence[RecordColumn[Record]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = tuple(columns)
        self.headings = tuple(column.title for column in columns)
        self._records: tuple[Record, ...] = ()

    def show_records(self, records: Sequence[Record]) -> None:
        if tuple(records) == self._records:
            return
        self.beginResetModel()
        self._records = tuple(records)
        self.endResetModel()

    @property
    def records(self) -> tuple[Record, ...]:
        return self._records

    def record(self, row: int) -> Record | None:
        return self._records[row] if 0 <= row < len(self._records) else None

    def row_total(self) -> int:
        return len(self._records)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        record = self.record(index.row()) if index.isValid() else None
        if record is None:
            return None
        column = self._columns[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return column.text(record)
        return column.style if role == STYLE_ROLE else None
