"""The found studies: merged from all sources by Study Instance UID, sorted, filtered, with their series.

QtCore only. Rows go in at their sorted place as they arrive, so that the table never jumps or sorts anew.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from workstation.domain.events import LOCAL
from workstation.domain.job import ACTIVE, Job, JobState
from workstation.domain.study import Series, Study
from workstation.ui.studies.words import born_and_sex, date_and_time, modality_words, number, series_title
from workstation.ui.widgets.roles import STYLE_ROLE

Index = QModelIndex | QPersistentModelIndex
SortKey = tuple[object, ...]


class Column(IntEnum):
    ARROW = 0
    PATIENT = 1
    ID = 2
    BORN = 3
    DATE = 4
    MODALITY = 5
    DESCRIPTION = 6
    ACCESSION = 7
    SERIES = 8
    IMAGES = 9
    WHERE = 10


HEADINGS = (
    "",
    "Patient",
    "ID",
    "Born · sex",
    "Study date",
    "Mod.",
    "Description",
    "Accession",
    "Series",
    "Images",
    "Where",
)
STYLES = ("", "strong", "mono", "muted", "mono", "", "", "mono", "", "", "")


@dataclass(slots=True, eq=False)
class StudyEntry:
    """One study, as each source described it, and the retrieval that brings it here."""

    study: Study
    answers: dict[str, Study] = field(default_factory=dict)
    job: Job | None = None
    series: list[Series] | None = None
    sort_key: SortKey = ()
    number: int = 0  # what the indexes of its series carry

    @property
    def uid(self) -> str:
        return self.study.study_instance_uid

    @property
    def local(self) -> bool:
        return LOCAL in self.answers

    @property
    def nodes(self) -> list[str]:
        return [source for source in self.answers if source != LOCAL]

    @property
    def complete(self) -> bool:
        """Whether the archive holds as many images as any node claims."""
        if not self.local:
            return False
        here = self.answers[LOCAL].instance_count or 0
        return all(here >= (self.answers[node].instance_count or 0) for node in self.nodes)


class StudiesModel(QAbstractItemModel):
    """Studies on the top level, their series below."""

    counts_changed = Signal()
    series_wanted = Signal(str)  # Study Instance UID, when a row unfolds whose series are unknown

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: dict[str, StudyEntry] = {}
        self._rows: list[StudyEntry] = []
        self._keys: list[SortKey] = []  # negative order is kept by _descending, not in the keys
        self._sort_column = Column.DATE
        self._descending = True
        self._modalities: frozenset[str] = frozenset()
        self._asked: set[str] = set()
        self._numbered: dict[int, StudyEntry] = {}

    # --- what the page does with it ----------------------------------------------------------

    def clear(self) -> None:
        self.beginResetModel()
        self._entries.clear()
        self._numbered.clear()
        self._rows.clear()
        self._keys.clear()
        self._asked.clear()
        self.endResetModel()
        self.counts_changed.emit()

    def add(self, source: str, studies: Iterable[Study]) -> None:
        """Merge what `source` found."""
        for study in studies:
            if study.study_instance_uid:
                self._add(source, study)
        self.counts_changed.emit()

    def forget(self, source: str, uid: str) -> None:
        """`source` has this study no longer."""
        entry = self._entries.get(uid)
        if entry is None or entry.answers.pop(source, None) is None:
            return
        entry.series = None
        self._take_out(entry)
        if entry.answers:
            entry.study = _merge(entry.answers)
            self._put_in(entry)
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

    def set_series(self, uid: str, series: list[Series]) -> None:
        entry = self._entries.get(uid)
        if entry is None:
            return
        parent = self._index_of(entry)
        if not parent.isValid():
            entry.series = series
            return
        if entry.series:
            self.beginRemoveRows(parent, 0, len(entry.series) - 1)
            entry.series = []
            self.endRemoveRows()
        if series:
            self.beginInsertRows(parent, 0, len(series) - 1)
            entry.series = series
            self.endInsertRows()
        entry.series = series

    def show_modalities(self, modalities: frozenset[str]) -> None:
        """Show only studies with one of these; none of them is all. Unknown modalities are always shown."""
        if modalities == self._modalities:
            return
        self.beginResetModel()
        self._modalities = modalities
        self._fill_rows()
        self.endResetModel()
        self.counts_changed.emit()

    def entry(self, index: Index) -> StudyEntry | None:
        """The study of a row, or of a series below it."""
        if not index.isValid():
            return None
        if index.internalId():
            return self._numbered.get(index.internalId())
        return self._rows[index.row()] if index.row() < len(self._rows) else None

    def series_at(self, index: Index) -> Series | None:
        if not index.isValid() or not index.internalId():
            return None
        entry = self.entry(index)
        return entry.series[index.row()] if entry and entry.series else None

    def find(self, uid: str) -> StudyEntry | None:
        return self._entries.get(uid)

    def index_of(self, uid: str) -> QModelIndex:
        entry = self._entries.get(uid)
        return self._index_of(entry) if entry is not None else QModelIndex()

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
        return len(self._rows)

    @property
    def total_count(self) -> int:
        return len(self._entries)

    # --- QAbstractItemModel ------------------------------------------------------------------

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 - Qt's signature
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, self._rows[parent.row()].number if parent.isValid() else 0)

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008 - Qt's signature
        entry = self._numbered.get(index.internalId()) if index.isValid() else None
        return self._index_of(entry) if entry is not None else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        if not parent.isValid():
            return len(self._rows)
        if parent.column() > 0 or parent.parent().isValid():
            return 0
        return len(self._rows[parent.row()].series or ())

    def columnCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return len(Column)

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008 - Qt's signature
        if not parent.isValid():
            return bool(self._rows)
        if parent.column() > 0 or parent.parent().isValid():
            return False
        series = self._rows[parent.row()].series
        return series is None or bool(series)

    def canFetchMore(self, parent: Index) -> bool:
        return (
            parent.isValid()
            and not parent.parent().isValid()
            and self._rows[parent.row()].series is None
            and self._rows[parent.row()].uid not in self._asked
        )

    def fetchMore(self, parent: Index) -> None:
        if not self.canFetchMore(parent):
            return
        uid = self._rows[parent.row()].uid
        self._asked.add(uid)
        self.series_wanted.emit(uid)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.tr(HEADINGS[section]) if HEADINGS[section] else ""
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entry(index)
        if entry is None:
            return None
        if role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
            STYLE_ROLE,
        ):
            return None
        series = self.series_at(index)
        column = Column(index.column())
        if role == STYLE_ROLE:
            return _style(entry, series, column)
        text = _cell(entry, series, column)
        if role == Qt.ItemDataRole.AccessibleTextRole and column != Column.ARROW:
            return f"{HEADINGS[column]}: {text}"
        if role == Qt.ItemDataRole.ToolTipRole and series is None and column == Column.WHERE:
            return ", ".join(entry.answers)
        return text

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if column == Column.ARROW:
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        places = [(index, self.entry(index), self.series_at(index)) for index in before]
        self._sort_column, self._descending = Column(column), order == Qt.SortOrder.DescendingOrder
        self._fill_rows()
        positions = {entry.uid: row for row, entry in enumerate(self._rows)}
        after = []
        for index, entry, series in places:
            row = positions[entry.uid] if entry is not None else 0
            if series is None:
                after.append(self.createIndex(row, index.column(), 0))
            else:
                after.append(self.createIndex(index.row(), index.column(), entry.number if entry else 0))
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    # --- rows --------------------------------------------------------------------------------

    def _add(self, source: str, study: Study) -> None:
        entry = self._entries.get(study.study_instance_uid)
        if entry is None:
            entry = StudyEntry(study, {source: study}, number=len(self._numbered) + 1)
            self._entries[entry.uid] = self._numbered[entry.number] = entry
            self._put_in(entry)
            return
        entry.answers[source] = study
        merged = _merge(entry.answers)
        if merged == entry.study:
            self._say_changed(entry)
            return
        changed = replace_study(entry, merged)
        moved = _key(changed, self._sort_column) != entry.sort_key or self._is_shown(changed) != (
            self._row_of(entry) >= 0
        )
        if moved:
            self._take_out(entry)
            entry.study = merged
            self._put_in(entry)
        else:
            entry.study = merged
            self._say_changed(entry)

    def _put_in(self, entry: StudyEntry) -> None:
        entry.sort_key = _key(entry, self._sort_column)
        if not self._is_shown(entry):
            return
        place = bisect_left(self._keys, entry.sort_key)
        row = len(self._keys) - place if self._descending else place
        self.beginInsertRows(QModelIndex(), row, row)
        insort(self._keys, entry.sort_key)
        self._rows.insert(row, entry)
        self.endInsertRows()

    def _take_out(self, entry: StudyEntry) -> None:
        row = self._row_of(entry)
        if row < 0:
            return
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._rows[row]
        del self._keys[bisect_left(self._keys, entry.sort_key)]
        self.endRemoveRows()

    def _fill_rows(self) -> None:
        for entry in self._entries.values():
            entry.sort_key = _key(entry, self._sort_column)
        shown = [entry for entry in self._entries.values() if self._is_shown(entry)]
        self._rows = sorted(shown, key=lambda entry: entry.sort_key, reverse=self._descending)
        self._keys = sorted(entry.sort_key for entry in shown)

    def _is_shown(self, entry: StudyEntry) -> bool:
        known = entry.study.modalities
        return not self._modalities or not known or bool(self._modalities.intersection(known))

    def _row_of(self, entry: StudyEntry) -> int:
        """Its row, found by its key: rows are sorted and keys unique."""
        place = bisect_left(self._keys, entry.sort_key)
        row = len(self._keys) - 1 - place if self._descending else place
        if 0 <= row < len(self._rows) and self._rows[row] is entry:
            return row
        return -1

    def _index_of(self, entry: StudyEntry) -> QModelIndex:
        row = self._row_of(entry)
        return self.createIndex(row, 0, 0) if row >= 0 else QModelIndex()

    def _say_changed(self, entry: StudyEntry) -> None:
        index = self._index_of(entry)
        if index.isValid():
            self.dataChanged.emit(index, index.siblingAtColumn(Column.WHERE))


def replace_study(entry: StudyEntry, study: Study) -> StudyEntry:
    """A copy of `entry` with another study, to see where it would go."""
    return replace(entry, study=study)


def _merge(answers: dict[str, Study]) -> Study:
    """The archive's word first, then the nodes' in the order of answering; gaps filled, counts the largest."""
    ordered = sorted(answers, key=lambda source: source != LOCAL)
    merged = answers[ordered[0]]
    for source in ordered[1:]:
        other = answers[source]
        gaps = {item.name: getattr(other, item.name) for item in fields(Study) if not getattr(merged, item.name)}
        merged = replace(merged, **gaps)
        merged = replace(
            merged,
            series_count=_largest(merged.series_count, other.series_count),
            instance_count=_largest(merged.instance_count, other.instance_count),
        )
    return merged


def _largest(one: int | None, other: int | None) -> int | None:
    return max(one or 0, other or 0) or None


def _key(entry: StudyEntry, column: Column) -> SortKey:
    """What rows are sorted by; the UID makes it unique."""
    study = entry.study
    date = (study.study_date, study.study_time)
    keys: dict[Column, SortKey] = {
        Column.PATIENT: (study.patient_name.display.casefold(), *date),
        Column.ID: (study.patient_id, *date),
        Column.BORN: (study.birth_date, study.sex),
        Column.DATE: date,
        Column.MODALITY: (study.modalities, *date),
        Column.DESCRIPTION: (study.description.casefold(), *date),
        Column.ACCESSION: (study.accession_number, *date),
        Column.SERIES: (study.series_count or 0,),
        Column.IMAGES: (study.instance_count or 0,),
        Column.WHERE: (not entry.local, tuple(entry.nodes)),
    }
    return (*keys[column], study.study_instance_uid)


STUDY_TEXTS: dict[Column, Callable[[StudyEntry], str]] = {
    Column.PATIENT: lambda entry: entry.study.patient_name.display or "—",
    Column.ID: lambda entry: entry.study.patient_id,
    Column.BORN: lambda entry: born_and_sex(entry.study.birth_date, entry.study.sex),
    Column.DATE: lambda entry: date_and_time(entry.study.study_date, entry.study.study_time),
    Column.MODALITY: lambda entry: modality_words(entry.study.modalities),
    Column.DESCRIPTION: lambda entry: entry.study.description,
    Column.ACCESSION: lambda entry: entry.study.accession_number,
    Column.SERIES: lambda entry: number(entry.study.series_count),
    Column.IMAGES: lambda entry: number(entry.study.instance_count),
    Column.WHERE: lambda entry: where(entry)[0],
}
SERIES_TEXTS: dict[Column, Callable[[Series], str]] = {
    Column.PATIENT: series_title,
    Column.DATE: lambda series: date_and_time(series.series_date, series.series_time),
    Column.MODALITY: lambda series: series.modality,
    Column.DESCRIPTION: lambda series: " · ".join(part for part in (series.body_part, series.protocol_name) if part),
    Column.IMAGES: lambda series: number(series.instance_count),
}


def _cell(entry: StudyEntry, series: Series | None, column: Column) -> str:
    if series is not None:
        return SERIES_TEXTS[column](series) if column in SERIES_TEXTS else ""
    return STUDY_TEXTS[column](entry) if column in STUDY_TEXTS else ""


def _style(entry: StudyEntry, series: Series | None, column: Column) -> str:
    if series is not None:
        return {Column.DATE: "mono muted", Column.PATIENT: ""}.get(column, "muted")
    return f"pill-{where(entry)[1]}" if column == Column.WHERE else STYLES[column]


def where(entry: StudyEntry) -> tuple[str, str]:
    """Words and tone of the pill: how far a retrieval is, here, or which node has it."""
    job = entry.job
    if job is not None and job.state in ACTIVE:
        progress = job.progress
        if not progress.total:
            return ("Waiting" if job.state is JobState.QUEUED else "Retrieving"), "blue"
        return f"{min(100, 100 * progress.done // progress.total)} %", "blue"
    if job is not None and job.state in (JobState.FAILED, JobState.PARTLY, JobState.INTERRUPTED):
        return _failed(job), "red"
    if entry.local:
        return ("Local", "green") if entry.complete else (_partly_here(entry), "amber")
    first, *others = entry.nodes or ["—"]
    return (f"{first} +{len(others)}" if others else first), "grey"


def _failed(job: Job) -> str:
    if job.state is JobState.INTERRUPTED:
        return "Interrupted"
    details = job.error.details if job.error is not None else {}
    try:
        missing = int(details["expected"]) - int(details["stored"])
    except (KeyError, ValueError):
        missing = job.progress.failed
    return f"Failed · {missing} images" if missing > 0 else "Failed"


def _partly_here(entry: StudyEntry) -> str:
    return f"Local · {entry.answers[LOCAL].instance_count or 0} of {entry.study.instance_count or '?'}"
