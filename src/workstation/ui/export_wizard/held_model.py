"""Images that may have text burned in, with small pictures that are asked for when they are seen. QtCore only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from workstation.deidentify.held import Held
from workstation.ui.export_wizard.model import ChosenImage, ChosenStudy, WizardState

Index = QModelIndex | QPersistentModelIndex
EMPTY = QModelIndex()
REASON_ROLE = Qt.ItemDataRole.UserRole + 10


@dataclass(frozen=True, slots=True)
class HeldImage:
    image: ChosenImage
    held: Held
    title: str


def held_images(state: WizardState, held: Mapping[Path, Held], *, of_pixels: bool) -> tuple[HeldImage, ...]:
    """What is held for its pixels (a person may let it through), or for any other reason (nobody may)."""
    found = []
    for study in state.studies:
        for image in study.images:
            reason = held.get(image.path)
            if reason is not None and reason.acknowledgeable is of_pixels:
                found.append(HeldImage(image, reason, title_of(study, image)))
    return tuple(found)


def title_of(study: ChosenStudy, image: ChosenImage) -> str:
    """What it is, in the words of its series: `US Neck · image 2`."""
    series, number = image.series, image.instance.instance_number
    words = " ".join(part for part in (series.modality, series.description or study.study.description) if part)
    frames = image.instance.number_of_frames or 1
    count = f" · {frames} frames" if frames > 1 else "" if number is None else f" · image {number}"
    return f"{words or '—'}{count}"


class HeldModel(QAbstractListModel):
    """`wanted` names a row whose picture is not there yet; `take` brings it, an image or None."""

    wanted = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: tuple[HeldImage, ...] = ()
        self._pictures: dict[Path, object] = {}
        self._asked: set[Path] = set()

    def show_items(self, items: tuple[HeldImage, ...]) -> None:
        if items == self._items:
            return
        self.beginResetModel()
        self._items = items
        self.endResetModel()

    def item(self, row: int) -> HeldImage | None:
        return self._items[row] if 0 <= row < len(self._items) else None

    def take(self, path: Path, picture: object) -> None:
        self._pictures[path] = picture
        for row, item in enumerate(self._items):
            if item.image.path == path:
                self.dataChanged.emit(self.index(row), self.index(row), [Qt.ItemDataRole.DecorationRole])
                return

    def rowCount(self, parent: Index = EMPTY) -> int:
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item = self.item(index.row()) if index.isValid() else None
        if item is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return item.title
        if role in (REASON_ROLE, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return item.held.sentence
        if role == Qt.ItemDataRole.DecorationRole:
            return self._picture(index.row(), item.image.path)
        return None

    def _picture(self, row: int, path: Path) -> object:
        if path not in self._asked:
            self._asked.add(path)
            self.wanted.emit(row)
        return self._pictures.get(path)
