"""Keeps the list of measurements true: which belong to the open study, what they say, where a click goes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from workstation.imaging.annotation import Annotation
from workstation.imaging.annotation_words import TITLES
from workstation.services.display_sets import DisplaySet
from workstation.ui.viewer.annotations.model import Place, place_of
from workstation.ui.viewer.annotations.painter import colour_of
from workstation.ui.viewer.annotations.section import Card, MeasurementsSection
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.measuring import Measuring
from workstation.ui.viewer.series_model import SeriesModel
from workstation.ui.widgets.timers import single_shot

_AFTER_MS = 100  # a drag changes a measurement with every movement


class MeasurementList(QObject):
    """`show` loads a display set at an image into the viewport that is worked in."""

    def __init__(
        self,
        section: MeasurementsSection,
        measuring: Measuring,
        grid: ViewportGrid,
        series: SeriesModel,
        show: Callable[[DisplaySet, int], None],
    ) -> None:
        super().__init__(measuring)
        self._section = section
        self._measuring = measuring
        self._grid = grid
        self._series = series
        self._show = show
        self._said: dict[int, tuple[Annotation, str]] = {}  # the words need the picture, which may be gone
        self._refresh = single_shot(self, _AFTER_MS, self.refresh)
        measuring.annotations.changed.connect(self._refresh.start)
        series.modelReset.connect(self._refresh.start)
        section.chosen.connect(self._go_to)

    def refresh(self) -> None:
        """List what lies on the images of the open study, in the order it was made."""
        places = self._places()
        cards = []
        for place, annotation in self._measuring.annotations.everything():
            found = places.get(place)
            if found is not None:
                what = f"{TITLES[annotation.kind]} {self._words(place, annotation)}".strip()
                cards.append(Card(annotation.number, colour_of(annotation.kind).name(), what, self._where(*found)))
        self._section.show_cards(cards)

    def _places(self) -> dict[Place, tuple[DisplaySet, int]]:
        """Where the annotated images of the open study are shown."""
        wanted = {place for place, _ in self._measuring.annotations.everything()}
        found: dict[Place, tuple[DisplaySet, int]] = {}
        if not wanted:
            return found
        instances = {place.instance for place in wanted}
        for display_set in self._series.display_sets:
            for index, ref in enumerate(display_set.frames):
                if (ref.sop_instance_uid or str(ref.path)) in instances and place_of(ref) in wanted:
                    found.setdefault(place_of(ref), (display_set, index))
        return found

    def _where(self, display_set: DisplaySet, index: int) -> str:
        series = display_set.series
        name = self.tr("Series {n}").format(n=series.series_number) if series.series_number else series.modality
        return self.tr("{series} · image {image}").format(series=name, image=index + 1)

    def _words(self, place: Place, annotation: Annotation) -> str:
        """As last painted; of an image that is on no screen as it was said there."""
        for canvas in self._grid.canvases:
            layer = self._measuring.layer_of(canvas)
            if layer is not None and layer.place == place:
                self._said[annotation.number] = (annotation, layer.words(annotation))
        known, text = self._said.get(annotation.number, (None, ""))
        return text if known == annotation else ""

    def _go_to(self, number: int) -> None:
        place = next((place for place, one in self._measuring.annotations.everything() if one.number == number), None)
        found = self._places().get(place) if place is not None else None
        if found is None:
            return
        display_set, index = found
        if self._grid.viewport.display_set is display_set:
            self._grid.viewport.go_to(index)
        else:
            self._show(display_set, index)
        layer = self._measuring.layer_of(self._grid.canvas)
        if layer is not None:
            layer.select(number)
        self._grid.canvas.setFocus()
