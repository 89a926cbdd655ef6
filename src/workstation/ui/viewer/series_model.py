"""The display sets of what is open, as the strip lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt

from workstation.services.display_sets import DisplayKind, DisplaySet
from workstation.ui.viewer.furniture import date

SUBTITLE_ROLE = Qt.ItemDataRole.UserRole + 1
HEADER_ROLE = Qt.ItemDataRole.UserRole + 2  # the study's date and name, on the first row of each study
DISPLAY_SET_ROLE = Qt.ItemDataRole.UserRole + 3
NOTICES_ROLE = Qt.ItemDataRole.UserRole + 5  # what is missing, uneven or there twice
ICON_ROLE = Qt.ItemDataRole.UserRole + 4  # what stands in for a picture
MIME_TYPE = "application/x-workstation-display-set"
_ICONS = {DisplayKind.DOCUMENT: "file", DisplayKind.OTHER: "info", DisplayKind.DAMAGED: "warning"}
Index = QModelIndex | QPersistentModelIndex


class SeriesModel(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sets: tuple[DisplaySet, ...] = ()
        self._thumbnails: dict[str, object] = {}
        self._without_picture: set[str] = set()
        self._private = False
        self._key_images: dict[str, int] = {}

    def set_private(self, private: bool) -> None:
        """Names of damaged files are kept back: they may name the patient."""
        self._private = private
        if self._sets:
            self.dataChanged.emit(self.index(0), self.index(len(self._sets) - 1))

    def set_display_sets(self, display_sets: Sequence[DisplaySet]) -> None:
        self.beginResetModel()
        self._sets = tuple(display_sets)
        self._thumbnails = {}
        self._without_picture = set()
        self.endResetModel()

    def grow(self, display_sets: Sequence[DisplaySet]) -> None:
        """More of the same has arrived: pictures stay, and where no card is new the cards stay too."""
        before = {ref: one.uid for one in self._sets for ref in one.frames}
        known = {one.uid: next((before[ref] for ref in one.frames if ref in before), "") for one in display_sets}
        pictures = {uid: self._thumbnails[old] for uid, old in known.items() if old in self._thumbnails}
        without = {uid for uid, old in known.items() if old in self._without_picture}
        same = [known[one.uid] for one in display_sets] == [one.uid for one in self._sets]
        if not same:
            self.beginResetModel()
        self._sets, self._thumbnails, self._without_picture = tuple(display_sets), pictures, without
        if not same:
            self.endResetModel()
        elif self._sets:
            self.dataChanged.emit(self.index(0), self.index(len(self._sets) - 1))

    def without_thumbnail(self) -> tuple[DisplaySet, ...]:
        return tuple(
            one for one in self._sets if one.uid not in self._thumbnails and one.uid not in self._without_picture
        )

    def set_key_images(self, counts: Mapping[str, int]) -> None:
        """How many there are in each display set, by its uid."""
        if counts != self._key_images:
            self._key_images = dict(counts)
            if self._sets:
                self.dataChanged.emit(self.index(0), self.index(len(self._sets) - 1))

    @property
    def display_sets(self) -> tuple[DisplaySet, ...]:
        return self._sets

    def replace(self, display_set: DisplaySet) -> None:
        """The same display set in another order."""
        for row, one in enumerate(self._sets):
            if one.uid == display_set.uid:
                self._sets = (*self._sets[:row], display_set, *self._sets[row + 1 :])
                self.dataChanged.emit(self.index(row), self.index(row))

    def by_uid(self, uid: str) -> DisplaySet | None:
        return next((one for one in self._sets if one.uid == uid), None)

    def row_of(self, display_set: DisplaySet | None) -> int:
        return self._sets.index(display_set) if display_set in self._sets else -1

    def set_thumbnail(self, uid: str, picture: object | None) -> None:
        """None: it cannot be made."""
        for row, display_set in enumerate(self._sets):
            if display_set.uid == uid:
                if picture is None:
                    self._without_picture.add(uid)
                else:
                    self._thumbnails[uid] = picture
                self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._sets)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._sets):
            return None
        display_set = self._sets[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._title(display_set)
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                return ", ".join((self._title(display_set), self._subtitle(display_set), *display_set.notices))
            case Qt.ItemDataRole.DecorationRole:
                return self._thumbnails.get(display_set.uid)
        more: dict[int, Any] = {
            int(SUBTITLE_ROLE): self._subtitle(display_set),
            int(HEADER_ROLE): self._header(index.row()),
            int(ICON_ROLE): "warning" if display_set.uid in self._without_picture else _ICONS.get(display_set.kind, ""),
            int(DISPLAY_SET_ROLE): display_set,
            int(NOTICES_ROLE): display_set.notices,
        }
        return more.get(int(role))

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else flags

    def mimeTypes(self) -> list[str]:
        return [MIME_TYPE]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        if indexes:
            data.setData(MIME_TYPE, self._sets[indexes[0].row()].uid.encode())
        return data

    def _title(self, display_set: DisplaySet) -> str:
        if not self._private:
            return title(display_set)
        if display_set.kind is DisplayKind.DAMAGED:
            return self.tr("Damaged file")
        series = display_set.series  # its descriptions are free text and may name the patient
        number = "" if series.series_number is None else str(series.series_number)
        return " · ".join(part for part in (number, series.body_part or series.modality) if part)

    def _subtitle(self, display_set: DisplaySet) -> str:
        count = self._key_images.get(display_set.uid, 0)
        return subtitle(display_set) + (f" · ★ {count}" if count else "")

    def _header(self, row: int) -> str:
        study = self._sets[row].study
        if row and self._sets[row - 1].study.study_instance_uid == study.study_instance_uid:
            return ""
        return date(study.study_date) or ("" if self._private else study.description)


def title(display_set: DisplaySet) -> str:
    """`4 · T1 VIBE FS`: number and description of the series."""
    if display_set.kind is DisplayKind.DAMAGED:
        return display_set.frames[0].path.name
    series = display_set.series
    words = series.description or series.protocol_name or series.body_part or display_set.study.description
    number = "" if series.series_number is None else str(series.series_number)
    return " · ".join(part for part in (number, words) if part) or series.modality or display_set.frames[0].path.name


def subtitle(display_set: DisplaySet) -> str:
    """`MR · 72`, `MR · 16 × 2`, `MR · 12 of 40`: modality and images; places and phases; those here of those known."""
    images, phases = len(display_set.frames), len(display_set.phases) or 1
    count = f"{images // phases} × {phases}" if phases > 1 and images % phases == 0 else str(images)
    if display_set.kind is not DisplayKind.IMAGE:
        count = ""
    if display_set.part is not None:
        here, known = display_set.part.here, display_set.part.known
        count = f"{here} of {known}" if count in ("", str(here)) else f"{count} · {here} of {known}"
    return " · ".join(part for part in (display_set.series.modality, count) if part)
