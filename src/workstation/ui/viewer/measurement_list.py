"""Keeps the list of what is marked true: which is of the open study, what it says, where a click goes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from workstation.imaging.annotation import Annotation
from workstation.imaging.annotation_words import TITLES, words_of
from workstation.imaging.frame import Frame
from workstation.services.display_sets import DisplaySet, FrameRef
from workstation.services.save_command import Frames
from workstation.ui.background import Background
from workstation.ui.viewer.annotations.model import Place, place_of
from workstation.ui.viewer.annotations.painter import colour_of
from workstation.ui.viewer.annotations.section import Card, MeasurementsSection
from workstation.ui.viewer.annotations.shown import ELSEWHERE
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.measuring import Measuring
from workstation.ui.viewer.series_model import SeriesModel
from workstation.ui.widgets.timers import single_shot

KEY_COLOUR = "#ffe066"
_AFTER_MS = 100  # a drag changes a measurement with every movement


class MeasurementList(QObject):
    """`show` loads a display set at an image into the viewport that is worked in, `frames` decodes others."""

    def __init__(
        self,
        section: MeasurementsSection,
        *,
        measuring: Measuring,
        grid: ViewportGrid,
        series: SeriesModel,
        show: Callable[[DisplaySet, int], None],
        frames: Frames,
        is_made_on: Callable[[int, Frame], bool],
    ) -> None:
        super().__init__(measuring)
        self._section = section
        self._measuring = measuring
        self._grid = grid
        self._series = series
        self._show = show
        self._frames = frames
        self._is_made_on = is_made_on
        self._background = Background("measurement-list", self)
        self._asked: set[Annotation] = set()
        self._keys: tuple[Place, ...] = ()  # those of the cards of key images
        self._said: dict[int, tuple[Annotation, str]] = {}  # the words need the picture, which may be gone
        self._refresh = single_shot(self, _AFTER_MS, self.refresh)
        measuring.annotations.changed.connect(self._refresh.start)
        series.modelReset.connect(self._refresh.start)
        section.chosen.connect(self._go_to)

    def refresh(self) -> None:
        """List what lies on the images of the open study, in the order it was made."""
        places = self._places()
        cards, silent = [], set()
        for place, annotation in self._measuring.annotations.everything():
            found = places.get(place)
            if found is not None:
                words = self._words(place, annotation)
                if not words and annotation not in self._asked:
                    silent.add(place)
                what = f"{TITLES[annotation.kind]} {words}".strip()
                cards.append(Card(annotation.number, colour_of(annotation.kind).name(), what, self._where(*found)))
        self._keys = tuple(place for place in places if self._measuring.annotations.is_key_image(place))
        for number, place in enumerate(self._keys, start=1):
            cards.append(Card(-number, KEY_COLOUR, self.tr("Key image"), self._where(*places[place])))
        self._section.show_cards(cards)
        for place in silent:
            display_set, index = places[place]
            self._ask(place, display_set.frames[index])

    def close(self) -> None:
        self._background.close()

    def _ask(self, place: Place, ref: FrameRef) -> None:
        """What is said of an image that was on no screen yet."""
        annotations, frames = self._measuring.annotations.of(place), self._frames
        self._asked.update(annotations)

        def words() -> list[tuple[Annotation, str]]:
            frame = frames.frame(ref.path, ref.frame_index)
            return [(one, self._said_of(one, frame)) for one in annotations]

        self._background.ask(words, self._hear)

    def _said_of(self, annotation: Annotation, frame: Frame) -> str:
        return (words_of(annotation, frame) if self._is_made_on(annotation.number, frame) else ELSEWHERE).short

    def _hear(self, said: list[tuple[Annotation, str]]) -> None:
        for annotation, text in said:
            self._said.setdefault(annotation.number, (annotation, text))
        self._refresh.start()

    def _places(self) -> dict[Place, tuple[DisplaySet, int]]:
        """Where the marked images of the open study are shown."""
        wanted = {place for place, _ in self._measuring.annotations.everything()}
        wanted |= self._measuring.annotations.key_images
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
        place = self._place_of(number)
        found = self._places().get(place) if place is not None else None
        if found is None:
            return
        display_set, index = found
        if self._grid.viewport.display_set is display_set:
            self._grid.viewport.go_to(index)
        else:
            self._show(display_set, index)
        layer = self._measuring.layer_of(self._grid.canvas)
        if layer is not None and number > 0:
            layer.select(number)
        self._grid.canvas.setFocus()

    def _place_of(self, number: int) -> Place | None:
        if number < 0:
            return self._keys[-number - 1] if -number <= len(self._keys) else None
        return next((place for place, one in self._measuring.annotations.everything() if one.number == number), None)
