"""What another viewport shows when it goes along: which image, at which scale, at which place, in which window."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from workstation.imaging.compose import fit_zoom, layout
from workstation.imaging.frame import Frame, PlaneGeometry
from workstation.imaging.geometry import PointMm, normal
from workstation.imaging.planes import (
    SlicePlaces,
    are_parallel,
    look_alike,
    plane_of,
    share_frame_of_reference,
)
from workstation.imaging.view import View
from workstation.ui.viewer.model import Viewport

SAME_STACK_DEGREES = 30.0  # a stack along the disc or the hippocampus still goes along with the straight one
SAME_SIDE_DEGREES = 10.0  # less alike than that, the same shift on the screen is another in the patient


@dataclass(frozen=True, slots=True)
class Links:
    """What goes along with the viewport that is worked in; `on` is the switch for all of it.

    Scrolling by place is what users of every workstation expect of one examination; everything else changes
    pictures they did not touch, so it waits to be asked for.
    """

    on: bool = True
    scroll: bool = True  # to the same place, where both lie in one frame of reference
    apart: bool = False  # also without one: the distance between the two stays as it was
    zoom: bool = False
    pan: bool = False
    window: bool = False  # within one modality
    turns: bool = False  # rotate, flip, invert
    lines: bool = True
    ends: bool = False  # lines of the first and the last image too


@dataclass(frozen=True, slots=True)
class PlaneAt:
    """A plane and the point of it that stands for it: the centre of the image where its size is known."""

    geometry: PlaneGeometry
    point: PointMm

    @property
    def along(self) -> float:
        """Distance from the origin along the normal, in mm."""
        return float(normal(self.geometry) @ np.array(self.point))


def place_of(viewport: Viewport, places: SlicePlaces) -> PlaneAt | None:
    """Where the image asked for lies, None when nothing tells."""
    geometry = places.geometry(viewport.index)
    if geometry is None:
        return None
    plane = plane_of(viewport.frame) if viewport.frame is not None else None
    return PlaneAt(geometry, plane.moved_to(geometry).centre() if plane is not None else geometry.position)


def same_place(active: PlaneAt, other: SlicePlaces, beside: int) -> int | None:
    """The image of `other` at the place of the active one; None when they share no frame or lie across."""
    there = other.geometry(beside)
    if there is None or not share_frame_of_reference(active.geometry, there):
        return None
    if not are_parallel(active.geometry, there, SAME_STACK_DEGREES):
        return None
    return other.nearest(active.point, beside)


@dataclass(frozen=True, slots=True)
class Apart:
    """How two stacks without a common frame stood to each other when they were linked."""

    active_index: int
    other_index: int
    active_place: PlaneAt | None
    other_place: PlaneAt | None

    def index(self, active_index: int, active_place: PlaneAt | None, other: SlicePlaces) -> int:
        """Millimetres are kept where both stacks run alike, else the number of images."""
        begin, there = self.active_place, self.other_place
        if active_place is not None and begin is not None and there is not None:
            cosine = float(normal(begin.geometry) @ normal(there.geometry))
            if are_parallel(begin.geometry, there.geometry, SAME_STACK_DEGREES):
                moved = (active_place.along - begin.along) * (1.0 if cosine > 0 else -1.0)
                target = np.array(there.point) + moved * normal(there.geometry)
                beside = self.other_index
                found = other.nearest((float(target[0]), float(target[1]), float(target[2])), beside)
                if found is not None:
                    return found
        return self.other_index + active_index - self.active_index


def followed_view(links: Links, before: View, active: Viewport, other: Viewport) -> View:
    """The view of `other` after the active one went from `before` to what it is now; what did not change stays."""
    view, now = other.view, active.view
    if links.turns and (before.angle, before.flipped) != (now.angle, now.flipped):
        view = replace(view, quarter_turns=now.quarter_turns, tilt=now.tilt, flipped=now.flipped)
    if links.turns and before.inverted != now.inverted:
        view = replace(view, inverted=now.inverted)
    if links.window and (before.window, before.voi_lut_index) != (now.window, now.voi_lut_index):
        view = _windowed(view, active, other)
    if active.frame is None or other.frame is None:
        return view
    frames = Pair(active.frame, now, active.size, other.frame, other.size)
    if links.zoom and before.zoom != now.zoom:
        view = frames.zoomed(view)
    fitted = links.zoom and now.zoom is None and now.pan == (0.0, 0.0)  # each fits by itself
    if links.pan and before.pan != now.pan and not fitted:
        view = frames.panned(view)
    return view


def _windowed(view: View, active: Viewport, other: Viewport) -> View:
    here, there = active.display_set, other.display_set
    if here is None or there is None or here.series.modality != there.series.modality:
        return view  # Hounsfield units mean nothing in an MR image
    index = active.view.voi_lut_index
    if index is not None and (other.frame is None or index >= len(other.frame.attributes.voi_luts)):
        return view
    return replace(view, window=active.view.window, voi_lut_index=index)


@dataclass(frozen=True, slots=True)
class Pair:
    """The frame worked in as it is looked at now, and the frame that goes along; sizes are (width, height)."""

    active: Frame
    active_view: View
    active_size: tuple[int, int]
    other: Frame
    other_size: tuple[int, int]

    def zoomed(self, view: View) -> View:
        """Millimetres are as large in both where both are calibrated, else both are as far from fitting."""
        zoom = self.active_view.zoom
        if zoom is None:
            return replace(view, zoom=None, pan=(0.0, 0.0))
        here, there = self.active.attributes.pixel_spacing_mm, self.other.attributes.pixel_spacing_mm
        if here is not None and there is not None:
            target = zoom / here[1] * there[1]
        else:
            share = zoom / fit_zoom(self.active, self.active_view, self.active_size)
            target = share * fit_zoom(self.other, view, self.other_size)
        grown = target / layout(self.other, view, self.other_size).zoom
        return replace(view, zoom=target, pan=(view.pan[0] * grown, view.pan[1] * grown))

    def panned(self, view: View) -> View:
        """The place in the patient at the middle of one is at the middle of the other, else both moved as far."""
        here, there = plane_of(self.active), plane_of(self.other)
        placed = layout(self.active, self.active_view, self.active_size)
        width, height = self.other_size
        if here is not None and there is not None and _see_the_same(here.geometry, there.geometry):
            middle = placed.to_image(self.active_size[0] / 2, self.active_size[1] / 2)
            column, row, _ = there.project(here.point(*middle))
            x, y = layout(self.other, view, self.other_size).to_screen(column, row)
            return replace(view, pan=(view.pan[0] + width / 2 - x, view.pan[1] + height / 2 - y))
        grown = layout(self.other, view, self.other_size).zoom * self.other.columns
        grown /= placed.zoom * self.active.columns
        return replace(view, pan=(self.active_view.pan[0] * grown, self.active_view.pan[1] * grown))


def _see_the_same(one: PlaneGeometry, other: PlaneGeometry) -> bool:
    return share_frame_of_reference(one, other) and look_alike(one, other, SAME_SIDE_DEGREES)
