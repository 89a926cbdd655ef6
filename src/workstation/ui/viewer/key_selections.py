"""Key images that documents of the study picked out: a star on each, and the documents as stacks of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from workstation.services.display_sets import DisplaySet
from workstation.services.key_selections import KeySelections, read_key_selections, selection_files
from workstation.ui.background import Background
from workstation.ui.viewer.annotations.model import Annotations, place_of
from workstation.ui.viewer.series_model import SeriesModel


class KeySelectionReader(QObject):
    """`look` once a study is opened; the documents are read off the GUI thread."""

    described = Signal(object)  # DisplaySet of a document that has been read

    def __init__(self, annotations: Annotations, series: SeriesModel, parent: QObject) -> None:
        super().__init__(parent)
        self._annotations, self._series = annotations, series
        self._background = Background("key-selections", self)
        self._sets: tuple[DisplaySet, ...] = ()
        annotations.changed.connect(self._count)

    def look(self, display_sets: Sequence[DisplaySet]) -> None:
        """For the documents of these and of nothing that was open before."""
        self._background.forget()
        self._sets = tuple(display_sets)
        self._annotations.set_picked_out(())
        paths = selection_files(display_sets)
        if paths:
            self._background.ask(lambda: read_key_selections(paths), self._keep)
        self._count()

    def close(self) -> None:
        self._background.close()

    def _keep(self, found: KeySelections) -> None:
        self._annotations.set_picked_out(place_of(ref) for ref in found.marked(self._sets))
        for one in found.described(self._sets):
            self.described.emit(one)

    def _count(self) -> None:
        """How many key images each stack has."""
        key = self._annotations.is_marked
        counts = {one.uid: sum(key(place_of(ref)) for ref in one.frames) for one in self._sets} if self._any() else {}
        self._series.set_key_images({uid: count for uid, count in counts.items() if count})

    def _any(self) -> bool:
        return bool(self._annotations.key_images or self._annotations.picked_out)
