"""What is laid over the finished levels: supplemental colours, ICC profile, shutter, overlays - in this order.

Each works on the pixels of the screen alone. Where the picture is made smaller any set bit of an overlay
shows: thin lines and small letters must not fall between pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.colour import blended, palette_to_rgb
from workstation.imaging.colour_cube import DenseCube, dense, through_cube
from workstation.imaging.frame import ColourCube, Frame, LookupTable, Stored
from workstation.imaging.overlay import Mask, Overlay, on_image
from workstation.imaging.tilted_places import Marks, Placement, TiltedPlaces
from workstation.imaging.view import View

Screen = NDArray[np.uint8]
Indices = NDArray[np.intp]
Colour = tuple[int, int, int] | None  # None: as the picture's ground wants it
WHITE = 255


class Layers:
    """Draws, and remembers where, so that a change of window costs a few masked assignments."""

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._places: _Places | TiltedPlaces | None = None
        self._overlay: tuple[tuple[Overlay, ...], list[tuple[Colour, Marks]]] | None = None
        self._drawn: list[tuple[Colour, Mask]] | None = None
        self._covered: Mask | None = None
        self._over: NDArray[np.uint32] | None = None
        self._coloured: tuple[Mask, Screen] | None = None
        self._profile: tuple[ColourCube, DenseCube] | None = None

    def sibling(self) -> Layers:
        """Another one, for another frame: it begins with the profile that this one has made ready."""
        other = Layers()
        other._profile = self._profile
        return other

    def draw(self, screen: Screen, frame: Frame, view: View, placement: Placement) -> Screen:
        """`screen` with everything `frame` and `view` want over it; colour where that needs it."""
        attributes = frame.attributes
        shutter = attributes.shutter if view.shutter_shown else None
        overlays = _to_draw(frame, view)
        palette = attributes.supplemental_palette
        plain = palette is None and attributes.profile is None and attributes.superimposed is None
        if plain and shutter is None and not overlays:
            return screen
        places = self._settle(frame, view, placement, screen)
        if not places:
            return screen
        if palette is not None:
            screen = _as_colour(screen)
            self._coloured = self._coloured or _coloured(palette, places.stored(frame))
            mask, colours = self._coloured
            places.part(screen)[mask] = WHITE - colours[mask] if view.inverted else colours[mask]
        if attributes.superimposed is not None:
            screen = _as_colour(screen)
            if self._over is None:
                self._over = places.stored(Frame(attributes.superimposed, attributes)).astype(np.uint32, copy=False)
            part = places.part(screen)
            part[...] = blended(part, self._over, inverted=view.inverted)
        if attributes.profile is not None and screen.ndim == 3:
            part = places.part(screen)
            inverted = view.inverted
            shown = through_cube(WHITE - part if inverted else part, self._dense(attributes.profile))
            part[...] = WHITE - shown if inverted else shown
        if shutter is not None:
            if self._covered is None:
                self._covered = places.covered(frame)
            places.part(screen)[self._covered] = shutter.level
        return self._overlaid(screen, frame, view, places, overlays) if overlays else screen

    def _overlaid(
        self, screen: Screen, frame: Frame, view: View, places: _Places | TiltedPlaces, overlays: tuple[Overlay, ...]
    ) -> Screen:
        """All overlays of one colour at once."""
        if self._overlay is None or self._overlay[0] != overlays:
            colours = dict.fromkeys(one.colour for one in overlays)
            alike = [(colour, [one for one in overlays if one.colour == colour]) for colour in colours]
            self._overlay = overlays, [(colour, _marks(frame, planes)) for colour, planes in alike]
            self._drawn = None
        if self._drawn is None:
            self._drawn = [(colour, places.drawn(marks)) for colour, marks in self._overlay[1]]
        # What a presentation state asks for comes before the user's taste.
        wanted = [(own or view.overlay_colour, drawn) for own, drawn in self._drawn]
        if any(colour is not None and len(set(colour)) > 1 for colour, _ in wanted):
            screen = _as_colour(screen)
        for colour, drawn in wanted:
            # White on black, and black where the user turned the picture over: its background is white then.
            level = (0 if view.inverted else WHITE) if colour is None else colour[0]
            places.part(screen)[drawn] = level if colour is None or screen.ndim == 2 else colour
        return screen

    def _dense(self, cube: ColourCube) -> DenseCube:
        """Each frame of a file brings a cube of its own that is the same."""
        if self._profile is None or not np.array_equal(self._profile[0].nodes, cube.nodes):
            self._profile = cube, dense(cube)
        return self._profile[1]

    def _settle(self, frame: Frame, view: View, placement: Placement, screen: Screen) -> _Places | TiltedPlaces:
        size = (screen.shape[1], screen.shape[0])
        places = TiltedPlaces.of(frame, placement, size) if view.tilt else _Places.of(frame, placement, size)
        if self._frame is not frame:
            self._frame, self._overlay, self._places = frame, None, None
        if self._places is None or self._places.key != places.key:
            self._places, self._drawn, self._covered, self._coloured = places, None, None, None
            self._over = None
        return self._places


@dataclass(frozen=True, slots=True)
class _Line:
    """One axis of the screen over one of the image: screen = scale * image + offset."""

    scale: float
    offset: float
    screen: int
    length: int
    first: int  # screen pixel
    indices: Indices  # image pixel under the centre of each screen pixel from `first` on

    @classmethod
    def over(cls, scale: float, offset: float, screen: int, length: int) -> _Line:
        under = np.floor((np.arange(screen) + 0.5 - offset) / scale)
        inside = np.flatnonzero((under >= 0) & (under < length))
        first = int(inside[0]) if inside.size else 0
        return cls(scale, offset, screen, length, first, under[inside].astype(np.intp))

    @property
    def shrinks(self) -> bool:
        return abs(self.scale) < 1

    @property
    def extent(self) -> int:
        """How many places `places` tells apart."""
        return self.indices.size if self.shrinks else self.length

    def places(self, indices: Indices) -> Indices:
        """On the screen from `first` on where image pixels fall, -1 outside; where the axis enlarges, themselves.

        The image's border may end inside a screen pixel that is not drawn: what lies there goes to the one beside.
        """
        if not self.shrinks:
            return indices
        place: Indices = np.floor((indices + 0.5) * self.scale + self.offset).astype(np.intp) - self.first
        count = self.indices.size
        if self.first > 0:
            place[place == -1] = 0
        if self.first + count < self.screen:
            place[place == count] = count - 1
        place[place >= count] = -1
        return place


@dataclass(frozen=True, slots=True)
class _Places:
    """The image's rectangle on the screen, and which image pixels lie there."""

    key: tuple[object, ...]
    turned: bool  # image rows run across the screen
    rows: Indices
    columns: Indices
    vertical: _Line
    horizontal: _Line

    @classmethod
    def of(cls, frame: Frame, placement: Placement, size: tuple[int, int]) -> _Places:
        across, down = placement.across, placement.down
        turned = across[0] == 0
        width, height = (frame.rows, frame.columns) if turned else (frame.columns, frame.rows)
        horizontal = _Line.over(across[1] if turned else across[0], across[2], size[0], width)
        vertical = _Line.over(down[0] if turned else down[1], down[2], size[1], height)
        rows, columns = (horizontal, vertical) if turned else (vertical, horizontal)
        return cls((across, down, size), turned, rows.indices, columns.indices, vertical, horizontal)

    def __bool__(self) -> bool:
        return bool(self.rows.size and self.columns.size)

    @property
    def row_ratio(self) -> float:
        """Height of an image pixel over its width, on the screen."""
        ratio = abs(self.vertical.scale / self.horizontal.scale)
        return 1 / ratio if self.turned else ratio

    def covered(self, frame: Frame) -> Mask:
        """Where the shutter covers the image."""
        return self.oriented(_covered(frame, self.rows, self.columns, self.row_ratio))

    def stored(self, frame: Frame) -> Stored:
        """The stored value under each screen pixel."""
        stored = frame.stored[self.rows[:, None], self.columns[None, :]]
        return stored.T if self.turned else stored

    def part(self, screen: Screen) -> Screen:
        """The image's rectangle of the screen, as a view of it."""
        top, left = self.vertical.first, self.horizontal.first
        return screen[top : top + self.vertical.indices.size, left : left + self.horizontal.indices.size]

    def oriented(self, mask: Mask) -> Mask:
        """A mask of (rows, columns) as the screen has it."""
        return mask.T if self.turned else mask

    def drawn(self, marks: Marks) -> Mask:
        """Enlarged, the mark under each screen pixel; made smaller, every screen pixel that holds a mark."""
        if not self.vertical.shrinks and not self.horizontal.shrinks:
            return self.oriented(marks.mask[self.rows[:, None], self.columns[None, :]])
        rows, columns = marks.places
        y, x = (
            self.vertical.places(columns if self.turned else rows),
            self.horizontal.places(rows if self.turned else columns),
        )
        seen = (y >= 0) & (x >= 0)
        drawn = np.zeros((self.vertical.extent, self.horizontal.extent), np.bool_)
        drawn[y[seen], x[seen]] = True
        if not self.vertical.shrinks:
            drawn = drawn[self.vertical.indices]
        return drawn if self.horizontal.shrinks else drawn[:, self.horizontal.indices]


def _to_draw(frame: Frame, view: View) -> tuple[Overlay, ...]:
    """All but what the shutter covers with, and those of hidden layers."""
    if not view.overlays_shown:
        return ()
    attributes = frame.attributes
    bitmap = attributes.shutter.bitmap if attributes.shutter is not None else None
    return tuple(one for one in attributes.overlays if one is not bitmap and one.layer not in view.hidden_layers)


def _marks(frame: Frame, overlays: Sequence[Overlay]) -> Marks:
    """The overlays as large as the frame, which may be a reduced one."""
    step = frame.attributes.reduction
    mask = on_image(overlays, frame.rows * step, frame.columns * step)
    if mask is None:
        mask = np.zeros((frame.rows, frame.columns), np.bool_)
    elif step > 1:
        shorter = np.logical_or.reduceat(mask, np.arange(frame.rows) * step, axis=0)
        mask = np.logical_or.reduceat(shorter, np.arange(frame.columns) * step, axis=1)
    rows, columns = np.nonzero(mask)
    return Marks(mask, (rows, columns))


def _covered(frame: Frame, rows: Indices, columns: Indices, row_ratio: float) -> Mask:
    shutter, step = frame.attributes.shutter, frame.attributes.reduction
    assert shutter is not None
    shape = (frame.rows * step, frame.columns * step)
    return shutter.covered(shape, rows * step, columns * step, row_ratio)


def _coloured(palette: tuple[LookupTable, LookupTable, LookupTable], stored: Stored) -> tuple[Mask, Screen]:
    """Where stored values lie in the supplemental palette, and their colours (PS3.3 C.7.6.19): never interpolated."""
    return np.greater_equal(stored, palette[0].first), palette_to_rgb(stored, palette)


def _as_colour(screen: Screen) -> Screen:
    return screen if screen.ndim == 3 else np.repeat(screen[:, :, None], 3, axis=2)
