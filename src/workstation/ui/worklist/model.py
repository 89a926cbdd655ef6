"""The day's scheduled steps of all worklist nodes, filtered and sorted. QtCore only.

What a node offered last stays when it fails to answer, and is marked as old: an empty list must never
mean "the RIS is down".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from PySide6.QtCore import QModelIndex, QObject, Qt

from workstation.domain.errors import WorkstationError
from workstation.domain.worklist import WorklistItem
from workstation.ui.widgets.roles import STYLE_ROLE
from workstation.ui.widgets.row_model import Index, RowModel
from workstation.ui.words import date as date_words
from workstation.ui.words import time as time_words


class Column(IntEnum):
    TIME = 0
    STATUS = 1
    PATIENT = 2
    ID = 3
    PROCEDURE = 4
    MODALITY = 5
    STATION = 6
    ACCESSION = 7


HEADINGS = ("Time", "Status", "Patient", "ID", "Procedure", "Mod.", "Station", "Accession")
STYLES = ("mono", "", "strong", "mono", "", "", "", "mono")
# Scheduled Procedure Step Status (0040,0020), PS3.3 C.4.10
STATUSES = {
    "SCHEDULED": ("Scheduled", "grey"),
    "ARRIVED": ("Arrived", "blue"),
    "READY": ("Ready", "blue"),
    "STARTED": ("Started", "blue"),
    "IN PROGRESS": ("In progress", "blue"),
    "DEPARTED": ("Departed", "grey"),
    "COMPLETED": ("Completed", "green"),
    "DISCONTINUED": ("Discontinued", "red"),
}


@dataclass(frozen=True, slots=True)
class NodeAnswer:
    """What one node said last."""

    items: tuple[WorklistItem, ...] = ()
    at: datetime | None = None  # when `items` came
    error: WorkstationError | None = None  # why they are old


@dataclass(frozen=True, slots=True)
class Filter:
    modality: str = ""
    stations: frozenset[str] = frozenset()
    text: str = ""

    def lets_through(self, item: WorklistItem) -> bool:
        if self.modality and item.modality != self.modality:
            return False
        if self.stations and station(item) not in self.stations:
            return False
        return self.text.casefold() in _searched(item)


def status(item: WorklistItem) -> tuple[str, str]:
    """Words and tone; a worklist that says nothing means scheduled (PS3.4 K.6.1.2.2)."""
    value = item.step_status.strip().upper()
    return STATUSES.get(value, (item.step_status.capitalize(), "grey")) if value else STATUSES["SCHEDULED"]


def station(item: WorklistItem) -> str:
    return item.station_name or item.station_ae_title


def procedure(item: WorklistItem) -> str:
    return item.requested_procedure_description or item.step_description


def age_years(birth_date: str, today: date) -> int | None:
    """Completed years, None where the birth date is no date."""
    try:
        born = datetime.strptime(birth_date, "%Y%m%d").date()
    except ValueError:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def patient_line(item: WorklistItem, today: date) -> str:
    """`4471920 · 1961-03-02 (65 y) · F · 68 kg`."""
    born = date_words(item.birth_date)
    age = age_years(item.birth_date, today)
    born = f"{born} ({age} y)" if age is not None else born
    weight = f"{item.weight} kg" if item.weight else ""
    return " · ".join(part for part in (item.patient_id, born, item.sex, weight) if part)


def _searched(item: WorklistItem) -> str:
    parts = (item.patient_name.value, item.patient_name.display, item.patient_id, item.accession_number)
    return " ".join(parts).casefold()


TEXTS: dict[Column, Callable[[WorklistItem], str]] = {
    Column.TIME: lambda item: time_words(item.start_time) or "—",
    Column.STATUS: lambda item: status(item)[0],
    Column.PATIENT: lambda item: item.patient_name.display or "—",
    Column.ID: lambda item: item.patient_id,
    Column.PROCEDURE: procedure,
    Column.MODALITY: lambda item: item.modality,
    Column.STATION: station,
    Column.ACCESSION: lambda item: item.accession_number,
}


class WorklistModel(RowModel):
    headings = HEADINGS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answers: dict[str, NodeAnswer] = {}
        self._rows: list[WorklistItem] = []
        self._filter = Filter()
        self._sort: tuple[Column, bool] = (Column.TIME, False)

    def clear(self) -> None:
        """Another day: what was is not old, but wrong."""
        self._answers.clear()
        self._show()

    def keep_only(self, nodes: list[str]) -> None:
        self._answers = {name: answer for name, answer in self._answers.items() if name in nodes}
        self._show()

    def take(self, node: str, items: tuple[WorklistItem, ...], error: WorkstationError | None, at: datetime) -> None:
        """A node answered; when it failed, its last items stay."""
        before = self._answers.get(node, NodeAnswer())
        if error is None:
            self._answers[node] = NodeAnswer(items, at)
        else:
            self._answers[node] = NodeAnswer(before.items or items, before.at, error)
        self._show()

    def set_filter(self, wanted: Filter) -> None:
        self._filter = wanted
        self._show()

    @property
    def answers(self) -> dict[str, NodeAnswer]:
        return dict(self._answers)

    @property
    def stations(self) -> list[str]:
        return sorted({station(item) for item in self._all() if station(item)})

    @property
    def modalities(self) -> list[str]:
        return sorted({item.modality for item in self._all() if item.modality})

    @property
    def total_count(self) -> int:
        return len(self._all())

    def item(self, row: int) -> WorklistItem | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_total(self) -> int:
        return len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item = self.item(index.row()) if index.isValid() else None
        if item is None:
            return None
        column = Column(index.column())
        if role == STYLE_ROLE:
            return f"pill-{status(item)[1]}" if column is Column.STATUS else STYLES[column]
        text = TEXTS[column](item)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return text
        return f"{HEADINGS[column]}: {text}" if role == Qt.ItemDataRole.AccessibleTextRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sort = (Column(column), order == Qt.SortOrder.DescendingOrder)
        self._show()

    def _all(self) -> list[WorklistItem]:
        return [item for answer in self._answers.values() for item in answer.items]

    def _show(self) -> None:
        """Show what passes the filter. Rows that stay keep their identity, so a refresh keeps the selection."""
        column, descending = self._sort
        rows = [item for item in self._all() if self._filter.lets_through(item)]
        rows.sort(
            key=lambda item: (TEXTS[column](item).casefold(), item.start_date, item.start_time), reverse=descending
        )
        if rows == self._rows:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        places = {identity(item): row for row, item in enumerate(rows)}
        after = []
        for index in before:
            old = self.item(index.row())
            row = places.get(identity(old), -1) if old is not None else -1
            after.append(self.createIndex(row, index.column()) if row >= 0 else QModelIndex())
        self._rows = rows
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()


def identity(item: WorklistItem) -> tuple[str, ...]:
    """What makes a step the same one at the next refresh."""
    return (item.node, item.study_instance_uid, item.step_id, item.accession_number, item.patient_id)
