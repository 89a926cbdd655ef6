"""The viewports that go along with the one that is worked in, and what of it is drawn on them.

Only what happens in the active viewport is passed on, so nothing comes back; each follows by the same setters a
user's hand reaches, and one drag is one step of the history in all of them.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from workstation.imaging.compose import layout
from workstation.imaging.geometry import PointMm
from workstation.imaging.planes import ImagePlane, SlicePlaces, plane_of, share_frame_of_reference
from workstation.imaging.view import View
from workstation.services.display_sets import DisplaySet
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.matching import Apart, Links, followed_view, place_of, same_place
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.reference_lines import GuideLine, Guides, cross_on, lines_on

_NOWHERE = SlicePlaces(())


class Linker(QObject):
    """Holds the `Links` of one grid; `links_changed` when they are others."""

    links_changed = Signal()

    def __init__(self, grid: ViewportGrid) -> None:
        super().__init__(grid)
        self._grid = grid
        self._links = Links()
        self._active: Viewport | None = None
        self._before = View()
        self._apart: dict[Viewport, Apart] = {}
        self._places: dict[str, tuple[DisplaySet, SlicePlaces]] = {}
        self._cursor: tuple[ImagePlane, PointMm] | None = None
        self._pointing = False
        grid.active_changed.connect(self._watch)
        grid.display_set_changed.connect(self._align)
        grid.frame_shown.connect(self._guide)
        grid.pointed_at.connect(self._point)
        self._watch()

    @property
    def links(self) -> Links:
        return self._links

    def set_links(self, links: Links) -> None:
        if links == self._links:
            return
        catches_up = links.on and links.scroll and not (self._links.on and self._links.scroll)
        self._links = links
        self._measure()
        if catches_up and self._active is not None:
            self._scroll(self._active.index)
        self._guide_all()
        self.links_changed.emit()

    def switch(self, name: str, on: bool) -> None:
        """One of the fields of `Links`."""
        self.set_links(replace(self._links, **{name: on}))

    def forget(self) -> None:
        """Another study is opened: nothing of the last one is of use."""
        self._places.clear()
        self._cursor = None

    # --- the viewport that is worked in ------------------------------------------------------

    def _watch(self) -> None:
        active = self._grid.viewport
        if active is not self._active:
            if self._active is not None and self._active in list(self._grid.viewports):
                self._active.index_changed.disconnect(self._scroll)
                self._active.view_changed.disconnect(self._follow_view)
                self._active.gesture_begun.disconnect(self._begin)
                self._active.gesture_ended.disconnect(self._end)
                self._active.gesture_cancelled.disconnect(self._cancel)
            self._active = active
            active.index_changed.connect(self._scroll)
            active.view_changed.connect(self._follow_view)
            active.gesture_begun.connect(self._begin)
            active.gesture_ended.connect(self._end)
            active.gesture_cancelled.connect(self._cancel)
        self._before = active.view
        self._measure()
        self._guide_all()

    def _others(self, active: Viewport) -> list[Viewport]:
        return [one for one in self._grid.viewports if one is not active and one.display_set is not None]

    # --- scrolling ---------------------------------------------------------------------------

    def _scroll(self, index: int) -> None:
        active = self._grid.viewport
        if not self._links.on or self._pointing or not (self._links.scroll or self._links.apart):
            return
        here = place_of(active, self._places_of(active))
        for other in self._others(active):
            places = self._places_of(other)
            if here is not None and (found := same_place(here, places, other.index)) is not None:
                if self._links.scroll:
                    other.go_to(found)
            elif self._links.apart and other in self._apart:
                other.go_to(self._apart[other].index(index, here, places))

    def _align(self, viewport: Viewport) -> None:
        """A series that comes into a viewport opens at the place where the others are."""
        self._before = self._grid.viewport.view
        if self._links.on and self._links.scroll:
            others = sorted(self._others(viewport), key=lambda one: one is not self._grid.viewport)
            for other in others:
                there = place_of(other, self._places_of(other))
                found = same_place(there, self._places_of(viewport), viewport.index) if there is not None else None
                if found is not None:
                    viewport.go_to(found)
                    break
        self._measure()
        self._guide_all()

    def _measure(self) -> None:
        """How the others stand to the active one now: what `apart` keeps."""
        active = self._grid.viewport
        here = place_of(active, self._places_of(active))
        self._apart = {
            other: Apart(active.index, other.index, here, place_of(other, self._places_of(other)))
            for other in self._others(active)
        }

    def _places_of(self, viewport: Viewport) -> SlicePlaces:
        display_set = viewport.display_set
        if display_set is None:
            return _NOWHERE
        of, places = self._places.get(display_set.uid, (None, _NOWHERE))
        if of is not display_set:  # also when more of it has been read, or it was sorted anew
            places = SlicePlaces([ref.geometry for ref in display_set.frames])
            self._places[display_set.uid] = display_set, places
        return places

    # --- the view ----------------------------------------------------------------------------

    def _follow_view(self) -> None:
        active = self._grid.viewport
        before, self._before = self._before, active.view
        if self._links.on:
            for other in self._others(active):
                other.set_view(followed_view(self._links, before, active, other))

    def _begin(self) -> None:
        for other in self._others(self._grid.viewport):
            other.begin_gesture()

    def _end(self) -> None:
        for other in self._others(self._grid.viewport):
            other.end_gesture()

    def _cancel(self) -> None:
        for other in self._others(self._grid.viewport):
            other.cancel_gesture()

    # --- lines and cursor --------------------------------------------------------------------

    def _guide(self, viewport: Viewport) -> None:
        if viewport is self._grid.viewport:
            self._guide_all()
        else:
            self._grid.set_guides(viewport, self._guides(viewport))

    def _guide_all(self) -> None:
        for viewport in self._grid.viewports:
            self._grid.set_guides(viewport, self._guides(viewport))

    def _guides(self, viewport: Viewport) -> Guides:
        active = self._grid.viewport
        lines: tuple[GuideLine, ...] = ()
        if self._links.on and self._links.lines and viewport is not active:
            lines = lines_on(viewport, active, self._places_of(active), self._links.ends)
        cross = None
        if self._cursor is not None:
            plane, point = self._cursor
            cross = cross_on(viewport, point, lambda one: share_frame_of_reference(one.geometry, plane.geometry))
        return Guides(lines, cross)

    def _point(self, viewport: Viewport, at: tuple[float, float] | None) -> None:
        """Take all other viewports to the place under the pointer (device pixels), None when it is gone."""
        plane = plane_of(viewport.frame) if viewport.frame is not None else None
        if at is None or plane is None or viewport.frame is None:
            self._cursor = None
        else:
            column, row = layout(viewport.frame, viewport.view, viewport.size).to_image(*at)
            inside = 0 <= column <= plane.columns and 0 <= row <= plane.rows
            self._cursor = (plane, plane.point(column, row)) if inside else None
        if self._cursor is not None:
            self._visit(viewport, *self._cursor)
        self._guide_all()

    def _visit(self, source: Viewport, plane: ImagePlane, point: PointMm) -> None:
        self._pointing = True  # the viewports that go there do not take the others along
        for other in self._others(source):
            places = self._places_of(other)
            found = places.nearest(point, other.index)
            if found is not None and share_frame_of_reference(places.geometry(found), plane.geometry):
                other.go_to(found)
        self._pointing = False
        self._measure()
