"""The annotations of the image a viewport shows, as they lie on its screen, kept until something moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRectF

from workstation.imaging.annotation_words import Words, words_of
from workstation.imaging.compose import layout
from workstation.imaging.presentation import PresentationState
from workstation.ui.viewer.annotations.model import Annotation, Annotations, Kind, Place, place_of
from workstation.ui.viewer.annotations.outline import Outline, Screen, handle_under, is_on_line, outline
from workstation.ui.viewer.annotations.painter import Drawing, drawing_of
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.pointer import Point

_MOST = 400
ELSEWHERE = Words(("made on another image", "with the same UID"), "made on another image")


@dataclass(frozen=True, slots=True)
class Hit:
    """What lies under the pointer: a handle, or the line (None)."""

    annotation: Annotation
    handle: int | None


class Shown:
    """Outlines, drawings and words of one viewport."""

    def __init__(self, annotations: Annotations, viewport: Viewport, ratio: Callable[[], float]) -> None:
        self._annotations = annotations
        self._viewport = viewport
        self._ratio = ratio
        self._screen_of: tuple[object, ...] | None = None
        self._screen: Screen | None = None
        self._anchor: Screen | None = None  # where the outlines were made; panning only moves them
        self._outlines: dict[Annotation, Outline] = {}
        self._drawings: dict[Annotation, Drawing] = {}
        self._words: dict[tuple[Annotation, int, bool, PresentationState | None], Words] = {}
        self._labels: dict[int, QRectF] = {}  # where the words of an annotation were painted, by its number

    @property
    def place(self) -> Place | None:
        """The image on the screen, None where there is no picture."""
        ref = self._viewport.shown_ref
        return place_of(ref) if ref is not None and self._viewport.frame is not None else None

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        return self._annotations.of(self.place)

    @property
    def size(self) -> tuple[int, int]:
        """(columns, rows) of the full image."""
        frame = self._viewport.frame
        if frame is None:
            return 0, 0
        reduction = frame.attributes.reduction
        return frame.columns * reduction, frame.rows * reduction

    def screen(self) -> Screen | None:
        """Where image points lie now; forgets what was kept for another place."""
        frame, view = self._viewport.frame, self._viewport.view
        if frame is None:
            self._labels = {}
            self._screen = self._anchor = self._screen_of = None
            return None
        attributes = frame.attributes
        shape = (attributes.pixel_spacing_mm, attributes.display_aspect_ratio)
        pixels = (frame.rows, frame.columns, attributes.reduction, *shape)
        look = (view.zoom, view.angle, view.flipped)
        key = (*pixels, *look, self._viewport.size, self._ratio())
        self._screen = Screen(layout(frame, view, self._viewport.size), self._ratio(), attributes.reduction)
        if key != self._screen_of or self._anchor is None:
            self._screen_of = key
            self._anchor = self._screen
            self._outlines, self._drawings = {}, {}
        return self._screen

    @property
    def offset(self) -> Point:
        """By how much outlines and drawings have moved since they were made, in logical pixels."""
        if self._screen is None or self._anchor is None:
            return 0.0, 0.0
        now, then = self._screen.layout, self._anchor.layout
        ratio = self._screen.ratio
        return (now.across[2] - then.across[2]) / ratio, (now.down[2] - then.down[2]) / ratio

    def outline(self, annotation: Annotation) -> Outline:
        """Before `offset`; to be asked for after `screen`."""
        found = self._outlines.get(annotation)
        if found is None:
            assert self._anchor is not None
            _make_room(self._outlines)
            found = self._outlines[annotation] = outline(annotation, self._anchor)
        return found

    def drawing(self, annotation: Annotation) -> Drawing:
        """Before `offset`; to be asked for after `screen`."""
        found = self._drawings.get(annotation)
        if found is None:
            _make_room(self._drawings)
            found = self._drawings[annotation] = drawing_of(annotation.kind, self.outline(annotation))
        return found

    def words(self, annotation: Annotation, *, settled: bool = True) -> Words:
        frame = self._viewport.frame
        if frame is None:
            return Words(())
        if self._annotations.is_elsewhere(annotation.number):
            return ELSEWHERE
        # An annotation lies on one image only, but a presentation state has units of its own.
        key = (annotation, frame.attributes.reduction, settled, self._viewport.presentation)
        found = self._words.get(key)
        if found is None:
            _make_room(self._words)
            found = self._words[key] = words_of(annotation, frame, settled=settled)
        return found

    def labelled(self, annotation: Annotation, label: QRectF) -> None:
        """Its words were painted there."""
        self._labels[annotation.number] = label

    def under(self, at: Point) -> Hit | None:
        """The topmost annotation there, handles before lines."""
        if self.screen() is None:
            return None
        newest_first = self.annotations[::-1]
        across, down = self.offset
        before = (at[0] - across, at[1] - down)
        for annotation in newest_first:
            handle = handle_under(self.outline(annotation), before)
            if handle is not None:
                return Hit(annotation, handle)
        return next((Hit(one, None) for one in newest_first if self._is_on(one, before, at)), None)

    def _is_on(self, annotation: Annotation, before: Point, at: Point) -> bool:
        """On its line, or on a text itself."""
        label = self._labels.get(annotation.number) if annotation.kind is Kind.TEXT else None
        return is_on_line(self.outline(annotation), before) or (label is not None and label.contains(*at))


def _make_room(kept: dict[Any, Any]) -> None:
    """Every step of a drag leaves one behind."""
    if len(kept) >= _MOST:
        kept.clear()
