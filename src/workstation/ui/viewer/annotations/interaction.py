"""The mouse on annotations: drawing new ones, taking hold of those that are there, selecting and deleting.

Whatever the left button does, a line or handle under the pointer is taken hold of first. A new one is drawn by
dragging or by clicks; the tool stays chosen. Every change is one step of the viewport's history.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from workstation.imaging.measure import area_px
from workstation.ui.viewer.annotations.editor import TextEditor
from workstation.ui.viewer.annotations.model import (
    POINTS_OF,
    Annotation,
    AnnotationEdit,
    Annotations,
    Kind,
    Place,
    place_of,
)
from workstation.ui.viewer.annotations.outline import with_handle
from workstation.ui.viewer.annotations.painter import (
    SELECTED,
    Labels,
    Lines,
    colour_of,
    paint_drawing,
    paint_key_image,
)
from workstation.ui.viewer.annotations.shown import Hit, Shown
from workstation.ui.viewer.model import Tool, Viewport
from workstation.ui.viewer.pointer import Point

CLICK_DISTANCE = 4.0  # logical pixels; points closer than that were one click
_FREEHAND_STEP = 3.0  # logical pixels between two points of an outline
_KINDS = {Tool(kind.value): kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class _Hold:
    """An annotation in the hand: as it was, by which handle, and where the hand took it (image)."""

    place: Place
    before: Annotation
    handle: int | None
    origin: Point


@dataclass(frozen=True, slots=True)
class _Draft:
    """A new annotation whose last point follows the pointer."""

    place: Place
    annotation: Annotation

    def following(self, point: Point) -> _Draft:
        return replace(self, annotation=self.annotation.with_point(len(self.annotation.points) - 1, point))


class AnnotationLayer:
    """A pointer layer (`pointer.PointerLayer`) over one canvas."""

    def __init__(self, annotations: Annotations, viewport: Viewport, canvas: QWidget) -> None:
        self._annotations = annotations
        self._viewport = viewport
        self._canvas = canvas
        self._shown = Shown(annotations, viewport, canvas.devicePixelRatioF)
        self._labels = Labels()
        self._lines = Lines()
        self._kind: Kind | None = None
        self._draft: _Draft | None = None
        self._hold: _Hold | None = None
        self._selected: int | None = None
        self._hovered: int | None = None
        self._editor: TextEditor | None = None
        annotations.changed.connect(canvas.update)

    # --- the pointer -------------------------------------------------------------------------

    def choose(self, tool: Tool) -> None:
        self._kind = _KINDS.get(tool)
        self._draft = None

    def press(self, at: Point, doubled: bool) -> bool:
        place, point = self._shown.place, self._point(at)
        if place is None or point is None:
            return False
        draft = self._current_draft()
        if draft is not None:
            self._draft = draft.following(self._inside(point))
            return True
        hit = self._shown.under(at)
        self._selected = hit.annotation.number if hit is not None else None
        if hit is not None:
            self._take(hit, place, point, doubled)
            return True
        if self._kind is None:
            return False
        if self._inside(point) == point:
            self._begin(self._kind, place, point, at)
        return True

    def move(self, at: Point) -> None:
        point = self._point(at)
        if point is None:
            return
        draft = self._current_draft()
        if draft is not None:
            self._draft = self._drawn_on(draft, self._inside(point), at)
        elif self._hold is not None and self._hold.place == self._shown.place:
            moved = self._moved(self._hold, point)
            self._annotations.set(self._hold.place, moved.number, moved)

    def release(self, at: Point) -> None:
        hold, self._hold = self._hold, None
        if hold is not None:
            self._record(hold.place, hold.before, self._annotations.find(hold.place, hold.before.number))
        draft = self._current_draft()
        if draft is not None:
            self._fix_point(draft)

    def hover(self, at: Point | None) -> Qt.CursorShape | None:
        point = self._point(at) if at is not None else None
        if at is None or point is None:
            self._hovered = None
            return None
        draft = self._current_draft()
        if draft is not None:
            self._draft = draft.following(self._inside(point))
            return Qt.CursorShape.CrossCursor
        hit = self._shown.under(at)
        self._hovered = hit.annotation.number if hit is not None else None
        if hit is not None:
            return Qt.CursorShape.PointingHandCursor if hit.handle is not None else Qt.CursorShape.SizeAllCursor
        return Qt.CursorShape.CrossCursor if self._kind is not None else None

    def wheel(self, notches: int) -> bool:
        return False

    def cancel(self) -> bool:
        if self._hold is not None:
            hold, self._hold = self._hold, None
            self._annotations.set(hold.place, hold.before.number, hold.before)
            return True
        unfinished, self._draft = self._draft is not None, None
        selected, self._selected = self._selected is not None, None
        return unfinished or selected

    # --- commands ----------------------------------------------------------------------------

    def delete_selected(self) -> bool:
        """Whether there was one to delete."""
        place = self._shown.place
        one = self._annotations.find(place, self._selected) if place is not None and self._selected else None
        if place is None or one is None:
            return False
        self._selected = None
        self._change(place, one, None)
        return True

    @property
    def place(self) -> Place | None:
        """The image on the screen."""
        return self._shown.place

    def words(self, annotation: Annotation) -> str:
        """One line about an annotation of this image."""
        return self._shown.words(annotation).short

    def select(self, number: int | None) -> None:
        self._selected = number
        self._canvas.update()

    # --- drawing new ones --------------------------------------------------------------------

    def _begin(self, kind: Kind, place: Place, point: Point, at: Point) -> None:
        points = (point,) if kind in (Kind.POINT, Kind.TEXT, Kind.FREEHAND) else (point, point)
        annotation = Annotation(self._annotations.next_number(), kind, points)
        if kind is Kind.POINT:
            self._finish(place, annotation)
        elif kind is Kind.TEXT:
            self._edit_text(place, annotation, None, at)
        else:
            self._draft = _Draft(place, annotation)

    def _drawn_on(self, draft: _Draft, point: Point, at: Point) -> _Draft:
        if draft.annotation.kind is not Kind.FREEHAND:
            return draft.following(point)
        if self._distance(draft.annotation.points[-1], at) < _FREEHAND_STEP:
            return draft
        return replace(draft, annotation=replace(draft.annotation, points=(*draft.annotation.points, point)))

    def _fix_point(self, draft: _Draft) -> None:
        """The last point stays where it is, unless it lies on the one before: then the pointer is still on its way."""
        annotation = draft.annotation
        if annotation.kind is Kind.FREEHAND:
            self._draft = None
            region = annotation.region
            if region is not None and len(annotation.points) > 2 and area_px(region) > 0:
                self._finish(draft.place, annotation)
            return
        screen = self._shown.screen()
        if screen is None:
            return
        last, before = screen.place(annotation.points[-2:])[::-1]
        if math.dist(last, before) < CLICK_DISTANCE:
            return
        if len(annotation.points) < POINTS_OF[annotation.kind]:
            self._draft = replace(
                draft, annotation=replace(annotation, points=(*annotation.points, annotation.points[-1]))
            )
            return
        self._draft = None
        self._finish(draft.place, annotation)

    def _finish(self, place: Place, annotation: Annotation) -> None:
        self._selected = annotation.number
        self._change(place, None, annotation)

    def _current_draft(self) -> _Draft | None:
        """None as well when the image was changed under it."""
        if self._draft is not None and self._draft.place != self._shown.place:
            self._draft = None
        return self._draft

    # --- those that are there ----------------------------------------------------------------

    def _take(self, hit: Hit, place: Place, point: Point, doubled: bool) -> None:
        annotation = hit.annotation
        if doubled and annotation.kind in (Kind.TEXT, Kind.ARROW):
            screen = self._shown.screen()
            if screen is not None:
                across, down = screen.place(annotation.points[:1])[0].tolist()
                self._edit_text(place, annotation, annotation, (across, down))
            return
        self._hold = _Hold(place, annotation, hit.handle, point)

    def _moved(self, hold: _Hold, point: Point) -> Annotation:
        """All points stay on the image."""
        if hold.handle is not None:
            return with_handle(hold.before, hold.handle, self._inside(point))
        columns, rows = self._shown.size
        across = _held_back(point[0] - hold.origin[0], [one[0] for one in hold.before.points], columns)
        down = _held_back(point[1] - hold.origin[1], [one[1] for one in hold.before.points], rows)
        return hold.before.moved(across, down)

    def _edit_text(self, place: Place, annotation: Annotation, before: Annotation | None, at: Point) -> None:
        self._close_editor()

        def written(text: str) -> None:
            self._close_editor()
            after = replace(annotation, text=text) if text or annotation.kind is Kind.ARROW else None
            self._selected = None
            if after != before:
                self._change(place, before or annotation, after, is_new=before is None)

        self._editor = TextEditor(self._canvas, QPointF(*at), annotation.text, written, self._close_editor)

    def _close_editor(self) -> None:
        editor, self._editor = self._editor, None
        if editor is not None:
            editor.dismiss()

    def _change(
        self, place: Place, before: Annotation | None, after: Annotation | None, *, is_new: bool = False
    ) -> None:
        one = after or before
        if one is None or (is_new and after is None):
            return
        self._annotations.set(place, one.number, after)
        self._record(place, None if is_new else before, after)

    def _record(self, place: Place, before: Annotation | None, after: Annotation | None) -> None:
        one = after or before
        if one is not None and before != after:
            self._viewport.record(AnnotationEdit(self._annotations, place, one.number, before, after, self.reveal))
            self._annotations.finish(place, one.number)

    def reveal(self, place: Place) -> None:
        """Scroll to where a step of the history happened."""
        display_set = self._viewport.display_set
        frames = display_set.frames if display_set is not None else ()
        index = next((number for number, ref in enumerate(frames) if place_of(ref) == place), None)
        if index is not None:
            self._viewport.go_to(index)

    # --- painting ----------------------------------------------------------------------------

    def paint(self, painter: QPainter) -> None:
        if self._shown.screen() is None:
            return
        if self._annotations.is_marked(self._shown.place):
            paint_key_image(painter, QRectF(self._canvas.rect()))
        draft = self._current_draft()
        marked = {self._selected, self._hovered}
        kept = self._shown.annotations
        if draft is not None:
            kept, marked = (*kept, draft.annotation), marked | {draft.annotation.number}
        self._paint_lines(painter, kept, marked)
        self._paint_words(painter, kept)

    def _paint_lines(self, painter: QPainter, annotations: tuple[Annotation, ...], marked: set[int | None]) -> None:
        """Those the hand is at are painted each time, the others once."""
        drawings = tuple((one, self._shown.drawing(one)) for one in annotations)
        offset = QPointF(*self._shown.offset)
        painter.save()
        painter.translate(offset)
        visible = QRectF(self._canvas.rect()).translated(-offset)
        self._lines.paint(painter, visible, tuple(pair for pair in drawings if pair[0].number not in marked))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for one, drawing in drawings:
            if one.number in marked:
                paint_drawing(painter, one, drawing, selected=True)
        painter.restore()

    def _paint_words(self, painter: QPainter, annotations: tuple[Annotation, ...]) -> None:
        area = QRectF(self._canvas.rect()).adjusted(4, 4, -4, -4)
        offset = QPointF(*self._shown.offset)
        moving = {self._hold.before.number if self._hold is not None else None}
        moving.add(self._draft.annotation.number if self._draft is not None else None)
        for one in annotations:
            colour = SELECTED if one.number == self._selected else colour_of(one.kind)
            lines = self._shown.words(one, settled=one.number not in moving).lines
            at = self._shown.drawing(one).label_at + offset
            self._shown.labelled(one, self._labels.paint(painter, area, at, lines, colour))

    # --- places ------------------------------------------------------------------------------

    def _point(self, at: Point) -> Point | None:
        screen = self._shown.screen()
        return screen.image_point(at) if screen is not None else None

    def _inside(self, point: Point) -> Point:
        columns, rows = self._shown.size
        return min(max(point[0], 0.0), float(columns)), min(max(point[1], 0.0), float(rows))

    def _distance(self, point: Point, at: Point) -> float:
        screen = self._shown.screen()
        return math.dist(screen.place([point])[0], at) if screen is not None else 0.0


def _held_back(movement: float, coordinates: list[float], size: int) -> float:
    return max(-min(coordinates), min(movement, size - max(coordinates)))
