"""The found studies: merged from all sources by Study Instance UID, sorted, filtered, with their series.

QtCore only. Rows go in at their sorted place as they arrive, so that the table never sorts anew; a batch goes in
at once, since each insertion of its own costs a view of many rows a tenth of a millisecond and more. It is a flat
table in which series follow the study that is unfolded: a tree view asks a model about every row after every
change, 0.12 s for 5000 rows (measured).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal

from workstation.domain.job import Job
from workstation.domain.study import Series, Study
from workstation.ui.studies.columns import HEADINGS, Column, cell_style, cell_text, fold_state, sort_key
from workstation.ui.studies.entry import SortKey, StudyEntry, merge
from workstation.ui.widgets.roles import FOLD_ROLE, STYLE_ROLE
from workstation.ui.widgets.row_model import Index, RowModel

__all__ = ["Column", "StudiesModel", "StudyEntry"]

FEW = 4  # rows that go in one by one, without the rest being laid out anew
_sort_key = attrgetter("sort_key")
ROLES = frozenset(
    {
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.AccessibleTextRole,
        STYLE_ROLE,
        FOLD_ROLE,
    }
)


class StudiesModel(RowModel):
    """Studies in the order of sorting, each unfolded one followed by its series."""

    headings = HEADINGS

    counts_changed = Signal()
    series_wanted = Signal(str)  # Study Instance UID, when a study unfolds whose series are unknown

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[str, StudyEntry] = {}
        self._shown: list[StudyEntry] = []  # ascending by their keys
        self._unsorted: list[StudyEntry] = []  # after them, while a batch goes in
        self._unfolded: dict[str, int] = {}  # Study Instance UID -> how many series rows are shown of it
        self._spans: list[tuple[int, int, StudyEntry]] = []  # first series row, number of them, their study
        self._sort_column = Column.DATE
        self._descending = True
        self._modalities: frozenset[str] = frozenset()

    # --- what the page does with it ----------------------------------------------------------

    def clear(self) -> None:
        self.beginResetModel()
        self._entries.clear()
        self._unfolded.clear()
        self._fill()
        self.endResetModel()
        self.counts_changed.emit()

    def add(self, source: str, studies: Iterable[Study]) -> None:
        """Merge what `source` found."""
        fresh: list[StudyEntry] = []
        for study in studies:
            uid = study.study_instance_uid
            entry = self._entries.get(uid)
            if entry is not None:
                self._put_in(fresh)  # it may be one of them
                fresh = []
                self._join(entry, source, study)
            elif uid:
                entry = self._entries[uid] = StudyEntry(study, {source: study})
                fresh.append(entry)
        self._put_in(fresh)
        self.counts_changed.emit()

    def forget(self, source: str, uid: str) -> None:
        """`source` has this study no longer."""
        entry = self._entries.get(uid)
        if entry is None or entry.answers.pop(source, None) is None:
            return
        self._take_out(entry)
        self._unfolded.pop(uid, None)
        entry.series, entry.unfolded = None, False
        if entry.answers:
            entry.study = merge(entry.answers)
            self._put_in([entry])
        else:
            del self._entries[uid]
        self.counts_changed.emit()

    def follow(self, job: Job) -> None:
        """A retrieval changed: its study shows how far it is. Its subject is the study's UID."""
        entry = self._entries.get(job.subject)
        if entry is None or job.kind != "retrieve":
            return
        entry.job = job
        self._say_changed(entry)

    def unfold(self, row: int, unfold: bool = True) -> None:
        """Show or hide the series of the study in `row`; a series row stands for its study."""
        entry = self.entry_at(row)
        if entry is None or entry.unfolded == unfold:
            return
        entry.unfolded = unfold
        if unfold and entry.series is None:
            self.series_wanted.emit(entry.uid)
        self._show_series(entry, entry.series)
        self._say_changed(entry)

    def set_series(self, uid: str, series: list[Series]) -> None:
        entry = self._entries.get(uid)
        if entry is not None:
            self._show_series(entry, series)
            self._say_changed(entry)

    def show_modalities(self, modalities: frozenset[str]) -> None:
        """Show only studies with one of these; none of them is all. Unknown modalities are always shown."""
        if modalities == self._modalities:
            return
        self.beginResetModel()
        self._modalities = modalities
        self._fill()
        self.endResetModel()
        self.counts_changed.emit()

    def entry(self, index: Index) -> StudyEntry | None:
        """The study of a row, also of a series row."""
        return self.entry_at(index.row()) if index.isValid() else None

    def entry_at(self, row: int) -> StudyEntry | None:
        entry, _ = self._locate(row)
        return entry

    def series_at(self, row: int) -> Series | None:
        _, series = self._locate(row)
        return series

    def find(self, uid: str) -> StudyEntry | None:
        return self._entries.get(uid)

    def index_of(self, uid: str) -> QModelIndex:
        entry = self._entries.get(uid)
        position = self._position(entry) if entry is not None else -1
        return self.index(self._row(position), 0) if position >= 0 else QModelIndex()

    def of_patient(self, patient_id: str, issuer: str) -> list[StudyEntry]:
        """The studies found of one patient, newest first."""
        found = [
            entry
            for entry in self._entries.values()
            if patient_id and entry.study.patient_id == patient_id and entry.study.issuer_of_patient_id == issuer
        ]
        return sorted(found, key=lambda entry: (entry.study.study_date, entry.study.study_time), reverse=True)

    @property
    def shown_count(self) -> int:
        return len(self._shown)

    @property
    def total_count(self) -> int:
        return len(self._entries)

    # --- QAbstractTableModel -----------------------------------------------------------------

    def row_total(self) -> int:
        return len(self._shown) + len(self._unsorted) + sum(count for _, count, _ in self._spans)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in ROLES or not index.isValid():
            return None
        entry, series = self._locate(index.row())
        return None if entry is None else self._cell(entry, series, Column(index.column()), role)

    def _cell(self, entry: StudyEntry, series: Series | None, column: Column, role: int) -> object:
        if role == STYLE_ROLE:
            return cell_style(entry, series, column)
        if role == FOLD_ROLE:
            return fold_state(entry, series) if column == Column.ARROW else None
        text = cell_text(entry, series, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{HEADINGS[column]}: {text}" if column != Column.ARROW else fold_state(entry, series) or ""
        if role == Qt.ItemDataRole.ToolTipRole and series is None and column == Column.WHERE:
            return ", ".join(entry.answers)
        return text

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if column == Column.ARROW:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        places = [self._locate(index.row()) for index in before]
        self._sort_column, self._descending = Column(column), order == Qt.SortOrder.DescendingOrder
        self._fill()
        self._follow_rows(before, places)
        self.layoutChanged.emit()

    # --- rows --------------------------------------------------------------------------------

    def _join(self, entry: StudyEntry, source: str, study: Study) -> None:
        entry.answers[source] = study
        merged = merge(entry.answers)
        changed = replace(entry, study=merged)
        stays = sort_key(changed, self._sort_column) == entry.sort_key
        if stays and self._is_shown(changed) == (self._position(entry) >= 0):
            entry.study = merged
            self._say_changed(entry)
        else:
            self._take_out(entry)
            entry.study = merged
            self._put_in([entry])

    def _put_in(self, entries: list[StudyEntry]) -> None:
        for entry in entries:
            entry.sort_key = sort_key(entry, self._sort_column)
        shown = sorted((entry for entry in entries if self._is_shown(entry)), key=_sort_key)
        if len(shown) > FEW:
            self._put_in_many(shown)
            return
        for entry in shown:
            place = self._place(entry.sort_key)
            row = self._row(len(self._shown) - place if self._descending else place)
            count = self._unfolded.get(entry.uid, 0)
            self.beginInsertRows(QModelIndex(), row, row + count)
            self._shown.insert(place, entry)
            self._find_spans()
            self.endInsertRows()

    def _put_in_many(self, entries: list[StudyEntry]) -> None:
        """New studies, ascending by their keys: at the end first, then all rows to their places in one step."""
        end = self.row_total()
        self.beginInsertRows(QModelIndex(), end, end + len(entries) - 1)
        self._unsorted = entries
        self.endInsertRows()
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        places = [self._locate(index.row()) for index in before]
        self._unsorted = []
        merged: list[StudyEntry] = []
        taken = 0
        for entry in entries:
            place = self._place(entry.sort_key, taken)
            merged += self._shown[taken:place]
            merged.append(entry)
            taken = place
        self._shown = merged + self._shown[taken:]
        self._find_spans()
        self._follow_rows(before, places)
        self.layoutChanged.emit()

    def _follow_rows(self, before: list[QModelIndex], places: list[tuple[StudyEntry | None, Series | None]]) -> None:
        """Let persistent indexes, such as the selection's, go where their studies went."""
        after = []
        for index, (entry, series) in zip(before, places, strict=True):
            row = self._row(self._position(entry)) if entry is not None else 0
            below = 1 + (entry.series or []).index(series) if entry is not None and series is not None else 0
            after.append(self.createIndex(row + below, index.column()))
        self.changePersistentIndexList(before, after)

    def _take_out(self, entry: StudyEntry) -> None:
        position = self._position(entry)
        if position < 0:
            return
        row = self._row(position)
        count = self._unfolded.get(entry.uid, 0)
        self.beginRemoveRows(QModelIndex(), row, row + count)
        del self._shown[self._place(entry.sort_key)]
        self._find_spans()
        self.endRemoveRows()

    def _show_series(self, entry: StudyEntry, series: list[Series] | None) -> None:
        """Replace the series rows of `entry` by `series`, if it is unfolded and in sight."""
        position = self._position(entry)
        row = self._row(position) + 1
        shown = self._unfolded.get(entry.uid, 0)
        if position >= 0 and shown:
            self.beginRemoveRows(QModelIndex(), row, row + shown - 1)
            del self._unfolded[entry.uid]
            self._find_spans()
            self.endRemoveRows()
        self._unfolded.pop(entry.uid, None)
        wanted = len(series or ()) if entry.unfolded else 0
        if position >= 0 and wanted:
            self.beginInsertRows(QModelIndex(), row, row + wanted - 1)
            entry.series = series
            self._unfolded[entry.uid] = wanted
            self._find_spans()
            self.endInsertRows()
        elif wanted:
            self._unfolded[entry.uid] = wanted
        entry.series = series

    def _fill(self) -> None:
        for entry in self._entries.values():
            entry.sort_key = sort_key(entry, self._sort_column)
        shown = [entry for entry in self._entries.values() if self._is_shown(entry)]
        self._shown = sorted(shown, key=_sort_key)
        self._find_spans()

    def _is_shown(self, entry: StudyEntry) -> bool:
        known = entry.study.modalities
        return not self._modalities or not known or bool(self._modalities.intersection(known))

    def _position(self, entry: StudyEntry) -> int:
        """Its place among the studies shown, found by its key since keys are unique; -1 when it is not shown."""
        place = self._place(entry.sort_key)
        if place >= len(self._shown) or self._shown[place] is not entry:
            return -1
        return len(self._shown) - 1 - place if self._descending else place

    def _place(self, key: SortKey, start: int = 0) -> int:
        return bisect_left(self._shown, key, start, key=_sort_key)

    def _row(self, position: int) -> int:
        """The row of the study at `position`, after the series that are unfolded before it."""
        row = position
        for first, count, _ in self._spans:
            if first > row:
                break
            row += count
        return row

    def _locate(self, row: int) -> tuple[StudyEntry | None, Series | None]:
        """The study of a row and, in a series row, its series."""
        before = 0
        for first, count, entry in self._spans:
            if row < first:
                break
            if row < first + count:
                return entry, (entry.series or [])[row - first]
            before += count
        position, count = row - before, len(self._shown)
        if 0 <= position < count:
            return self._shown[count - 1 - position if self._descending else position], None
        new = position - count
        return (self._unsorted[new], None) if 0 <= new < len(self._unsorted) else (None, None)

    def _find_spans(self) -> None:
        """Where series stand. Few studies are unfolded at a time."""
        places = sorted((self._position(self._entries[uid]), uid) for uid in self._unfolded)
        self._spans, before = [], 0
        for position, uid in places:
            if position >= 0:
                count = self._unfolded[uid]
                self._spans.append((position + before + 1, count, self._entries[uid]))
                before += count

    def _say_changed(self, entry: StudyEntry) -> None:
        index = self.index_of(entry.uid)
        if index.isValid():
            self.dataChanged.emit(index, index.siblingAtColumn(Column.WHERE))
