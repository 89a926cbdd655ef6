"""From a frame and a view to exactly what the screen shows: one function for screen, print, thumbnail and tests.

Screen coordinates count device pixels from the top left; image coordinates count pixels so that the first
pixel spans 0 to 1 and its centre is at 0.5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.colour import palette_to_rgb, to_8_bit
from workstation.imaging.colour_maps import colour_map
from workstation.imaging.frame import Frame, LookupTable, PixelAttributes, Stored, Window
from workstation.imaging.grayscale import (
    WHITE,
    display_table,
    draw_levels,
    has_table,
    is_inverted,
    look_up,
    padding_mask,
    shade,
    to_modality,
)
from workstation.imaging.layers import Layers
from workstation.imaging.resample import Axis, axis, resample, resample_masked, resample_visible
from workstation.imaging.tilt import Inverse, turn
from workstation.imaging.view import Interpolation, View
from workstation.imaging.window import window_of

Screen = NDArray[np.uint8]
SMALLEST_ZOOM = 1e-3
LARGEST_ZOOM = 256.0


@dataclass(frozen=True, slots=True)
class Layout:
    """The affine map from image to screen; `zoom` is screen pixels per image column."""

    zoom: float
    row_zoom: float  # screen pixels per image row: differs from `zoom` where pixels are not square
    across: tuple[float, float, float]  # screen x = across . (column, row, 1)
    down: tuple[float, float, float]  # screen y = down . (column, row, 1)
    left_top: tuple[float, float] = (0.0, 0.0)  # the corner on the screen of an image that is not tilted

    def to_screen(self, column: float, row: float) -> tuple[float, float]:
        """The screen point of an image point."""
        return (
            self.across[0] * column + self.across[1] * row + self.across[2],
            self.down[0] * column + self.down[1] * row + self.down[2],
        )

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """(column, row) of a screen point."""
        (a, b, left), (c, d, top) = self.across, self.down
        scale = a * d - b * c
        return (d * (x - left) - b * (y - top)) / scale, (a * (y - top) - c * (x - left)) / scale

    def pixel_at(self, x: float, y: float, frame: Frame) -> tuple[int, int] | None:
        """(row, column) of the image pixel under a screen point, None outside the image."""
        column, row = self.to_image(x, y)
        if 0 <= column < frame.columns and 0 <= row < frame.rows:
            return int(row), int(column)
        return None


def row_ratio(attributes: PixelAttributes) -> float:
    """Height of a pixel over its width, from the spacing, else the aspect ratio (PS3.3 C.7.6.3.1.7, C.10.4)."""
    shown = attributes.display_aspect_ratio or attributes.pixel_spacing_mm
    vertical, horizontal = shown or attributes.pixel_aspect_ratio
    ratio = vertical / horizontal
    return ratio if 1e-3 < ratio < 1e3 else 1.0


def fit_zoom(frame: Frame, view: View, size: tuple[int, int]) -> float:
    """The zoom at which the whole image just fits into `size` (width, height)."""
    width, height = float(frame.columns), frame.rows * row_ratio(frame.attributes)
    if view.quarter_turns % 2:
        width, height = height, width
    if view.tilt:
        cosine, sine = turning(abs(view.tilt))
        width, height = width * cosine + height * sine, width * sine + height * cosine
    return max(SMALLEST_ZOOM, min(size[0] / width, size[1] / height))


def layout(frame: Frame, view: View, size: tuple[int, int]) -> Layout:
    """Where the image lies on a screen of `size` (width, height) device pixels."""
    zoom = fit_zoom(frame, view, size) if view.zoom is None else min(LARGEST_ZOOM, max(SMALLEST_ZOOM, view.zoom))
    row_zoom = zoom * row_ratio(frame.attributes)
    a, b, c, d = (-zoom if view.flipped else zoom), 0.0, 0.0, row_zoom
    for _ in range(view.quarter_turns % 4):
        a, b, c, d = -c, -d, a, b  # a quarter turn clockwise takes (x, y) to (-y, x)
    if view.tilt:
        cosine, sine = turning(view.tilt)
        a, b, c, d = cosine * a - sine * c, cosine * b - sine * d, sine * a + cosine * c, sine * b + cosine * d
        x = size[0] / 2 + view.pan[0] - (a * frame.columns + b * frame.rows) / 2
        y = size[1] / 2 + view.pan[1] - (c * frame.columns + d * frame.rows) / 2
        return Layout(zoom, row_zoom, (a, b, x), (c, d, y))
    left, x = _origin(size[0] / 2 + view.pan[0], a * frame.columns, b * frame.rows, abs(a + b))
    top, y = _origin(size[1] / 2 + view.pan[1], c * frame.columns, d * frame.rows, abs(c + d))
    return Layout(zoom, row_zoom, (a, b, x), (c, d, y), (left, top))


def turning(degrees: float) -> tuple[float, float]:
    """Cosine and sine."""
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


def _origin(middle: float, across: float, along: float, scale: float) -> tuple[float, float]:
    """Where the image begins on one screen axis, and where its pixel (0, 0) corner lies on it.

    At one screen pixel per image pixel it begins on a whole one: half a pixel off would blur it.
    """
    extent = abs(across + along)  # one of the two is zero: turns are quarter turns
    begin = middle - extent / 2
    if abs(scale - 1.0) < 1e-6:
        begin = float(round(begin))
    return begin, begin + extent / 2 - (across + along) / 2


def compose(frame: Frame, view: View, size: tuple[int, int]) -> Screen:
    """The screen of `size` (width, height): shape (height, width), or (height, width, 3) for colour; black outside."""
    return Composer().compose(frame, view, size)


class Composer:
    """Composes and remembers the resampled values, so that a change of window only looks levels up again."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] | None = None
        self._prepared: _Prepared | None = None
        self._sampled: _Sampled | None = None
        self._table = _RememberedTable()
        self._layers = Layers()

    def sibling(self) -> Composer:
        """Another one, for the picture of another image: it begins with the tables that this one has computed."""
        other = Composer()
        other._table, other._layers = self._table.copy(), self._layers.sibling()
        return other

    def compose(self, frame: Frame, view: View, size: tuple[int, int]) -> Screen:
        """As the function `compose`."""
        key = (view.zoom, view.pan, view.quarter_turns % 4, view.tilt, view.flipped, view.interpolation, size)
        if self._prepared is None or self._prepared.frame is not frame:
            self._prepared, self._sampled = _prepare(frame), None
        if self._sampled is None or self._key != key:
            self._sampled, self._key = _sample(self._prepared, view, size), key
        screen = _paint(self._sampled, frame, view, size, self._table)
        return self._layers.draw(screen, frame, view, layout(frame, view, size))


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """A frame as values between which interpolation means something: not palette indices, not the input of a LUT.

    Padding is given as limits where the values are the stored ones, else pixel by pixel.
    """

    frame: Frame
    values: Stored
    attributes: PixelAttributes | None  # None: `values` is finished RGB
    padding: tuple[float, float] | None = None
    mask: NDArray[np.bool_] | None = None


def _prepare(frame: Frame) -> _Prepared:
    attributes = frame.attributes
    if attributes.photometric_interpretation == "PALETTE COLOR" and attributes.palette is not None:
        return _Prepared(frame, palette_to_rgb(frame.stored, attributes.palette), None)
    if frame.stored.ndim == 3:
        finished = frame.stored.dtype == np.uint8 and attributes.bits_stored == 8
        return _Prepared(frame, frame.stored if finished else to_8_bit(frame.stored, attributes.bits_stored), None)
    if attributes.modality_lut is not None:
        values = look_up(frame.stored, attributes.modality_lut)
        return _Prepared(frame, values, _after_modality(attributes), None, padding_mask(frame))
    if attributes.supplemental_palette is not None:
        return _Prepared(frame, frame.stored, attributes, None, padding_mask(frame))
    return _Prepared(frame, frame.stored, attributes, attributes.padding)


@dataclass(frozen=True, slots=True, eq=False)
class _Sampled:
    """Values at the screen pixels inside the image, as the image runs, and where they go on the screen."""

    values: Stored
    attributes: PixelAttributes | None  # None: `values` is finished RGB
    hidden: NDArray[np.bool_] | None
    rows: Axis
    columns: Axis
    as_screen: bool = False  # as the screen runs, all of it


def _sample(prepared: _Prepared, view: View, size: tuple[int, int]) -> _Sampled:
    frame, values, attributes = prepared.frame, prepared.values, prepared.attributes
    plan = layout(frame, view, size)
    if view.tilt:
        return _sample_tilted(prepared, view, plan, size)
    height, width = frame.rows, frame.columns
    row_zoom, column_zoom = plan.row_zoom, plan.zoom
    if view.quarter_turns % 2:
        height, width, row_zoom, column_zoom = width, height, column_zoom, row_zoom
    left, top = plan.left_top
    rows = axis(-top / row_zoom, 1 / row_zoom, size[1], height)
    columns = axis(-left / column_zoom, 1 / column_zoom, size[0], width)
    if not rows.count or not columns.count:
        empty = np.zeros((0, 0, *values.shape[2:]), values.dtype)
        return _Sampled(empty, attributes, None, rows, columns)
    sampled, hidden = _resampled(prepared, *_image_axes(rows, columns, view), view.interpolation)
    return _Sampled(sampled, attributes, hidden if hidden is not None and hidden.any() else None, rows, columns)


def _resampled(
    prepared: _Prepared, rows: Axis, columns: Axis, interpolation: Interpolation
) -> tuple[Stored, NDArray[np.bool_] | None]:
    """The values, and where they are padding."""
    if prepared.mask is not None:
        return resample_masked(prepared.values, prepared.mask, rows, columns, interpolation)
    if prepared.padding is not None:
        return resample_visible(prepared.values, prepared.padding, rows, columns, interpolation)
    return resample(prepared.values, rows, columns, interpolation), None


def _sample_tilted(prepared: _Prepared, view: View, plan: Layout, size: tuple[int, int]) -> _Sampled:
    """First made smaller by exact area where the screen is coarser than the image, then turned between its pixels."""
    frame = prepared.frame
    corners = [plan.to_image(x, y) for x in (0, size[0]) for y in (0, size[1])]
    columns = _part_of(frame.columns, [corner[0] for corner in corners], plan.zoom)
    rows = _part_of(frame.rows, [corner[1] for corner in corners], plan.row_zoom)
    whole = axis(0.0, 1.0, size[1], size[1]), axis(0.0, 1.0, size[0], size[0])
    if not rows.count or not columns.count:
        empty = np.zeros((size[1], size[0], *prepared.values.shape[2:]), prepared.values.dtype)
        return _Sampled(empty, prepared.attributes, np.ones((size[1], size[0]), np.bool_), *whole, as_screen=True)
    values, hidden = _resampled(prepared, rows, columns, view.interpolation)
    scale = plan.across[0] * plan.down[1] - plan.across[1] * plan.down[0]
    inverse = Inverse(
        (plan.down[1] / scale, -plan.across[1] / scale, plan.to_image(0.0, 0.0)[0]),
        (-plan.down[0] / scale, plan.across[0] / scale, plan.to_image(0.0, 0.0)[1]),
    )
    turned, outside = turn(values, hidden, rows, columns, inverse, size, view.interpolation)
    return _Sampled(turned, prepared.attributes, outside, *whole, as_screen=True)


def _part_of(length: int, corners: list[float], zoom: float) -> Axis:
    """The part of an image axis that the screen shows, at the screen's scale where that is the smaller one."""
    step = max(1.0, 1.0 / zoom)
    first = float(max(0, math.floor(min(corners) - 2 * step)))
    last = min(float(length), max(corners) + 2 * step)
    return axis(first, step, max(0, math.ceil((last - first) / step)), length)


def _image_axes(rows: Axis, columns: Axis, view: View) -> tuple[Axis, Axis]:
    """The screen's axes as they run over the image, so that the few screen pixels are turned and not the image."""
    match view.quarter_turns % 4:
        case 1:
            rows, columns = columns.mirrored(), rows
        case 2:
            rows, columns = rows.mirrored(), columns.mirrored()
        case 3:
            rows, columns = columns, rows.mirrored()
    return rows, columns.mirrored() if view.flipped else columns


def _after_modality(attributes: PixelAttributes) -> PixelAttributes:
    return replace(attributes, modality_lut=None, rescale_slope=1.0, rescale_intercept=0.0, signed=False)


def _as_image(screen: Screen, view: View) -> Screen:
    """The turned rectangle of the screen as a view of the same memory that runs as the image does."""
    screen = np.rot90(screen, view.quarter_turns % 4)
    return screen[:, ::-1] if view.flipped else screen


def _paint(sampled: _Sampled, frame: Frame, view: View, size: tuple[int, int], table: _RememberedTable) -> Screen:
    colours = None if sampled.attributes is None else _colours(sampled.attributes, view)
    coloured = sampled.attributes is None or colours is not None
    screen = np.zeros((size[1], size[0], 3) if coloured else (size[1], size[0]), np.uint8)
    rows, columns = sampled.rows, sampled.columns
    if not rows.count or not columns.count:
        return screen
    part = screen[rows.first : rows.first + rows.count, columns.first : columns.first + columns.count]
    target = part if sampled.as_screen else _as_image(part, view)
    if sampled.attributes is None:
        target[...] = WHITE - sampled.values if view.inverted else sampled.values
    elif has_table(sampled.values.dtype):
        interest = window_of(frame, view)
        levels = table.of(sampled.values.dtype, sampled.attributes, interest, view.inverted)
        draw_levels(sampled.values, levels, colours, target)
    else:
        values = to_modality(sampled.values, sampled.attributes)
        shades = shade(values, sampled.attributes, window_of(frame, view), view.inverted)
        target[...] = shades if colours is None else colours[shades]
    if sampled.hidden is not None:
        target[sampled.hidden] = 0
    return screen


def _colours(attributes: PixelAttributes, view: View) -> Screen | None:
    """The user's choice before that of a presentation state."""
    chosen = colour_map(view.colour_map)
    return attributes.colours if chosen is None else chosen


class _RememberedTable:
    """The display table used last: images of one series mostly share it."""

    def __init__(self, kept: tuple[tuple[object, ...], Screen] | None = None) -> None:
        self._kept = kept

    def copy(self) -> _RememberedTable:
        return _RememberedTable(self._kept)

    def of(
        self,
        dtype: np.dtype[np.generic],
        attributes: PixelAttributes,
        interest: Window | LookupTable,
        inverted: bool,
    ) -> Screen:
        """As `grayscale.display_table`."""
        slope, intercept = attributes.rescale_slope, attributes.rescale_intercept
        white_first = is_inverted(attributes, inverted)
        tables = (attributes.modality_lut, attributes.presentation_lut)
        key = (dtype, slope, intercept, *tables, interest, white_first)
        if self._kept is None or self._kept[0] != key:
            self._kept = key, display_table(dtype, attributes, interest, inverted)
        return self._kept[1]
