"""From the graphics of a presentation state to lines and texts on the screen, for whoever paints them.

Everything here counts device pixels of the screen from its top left. Texts are placed by whoever measures them,
with `graphic_texts`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.compose import Layout
from workstation.imaging.graphics import (
    SOLID,
    FillStyle,
    Graphic,
    GraphicLayer,
    LineStyle,
    Point,
    Rgb,
    Shadow,
    Shape,
    Text,
    TextStyle,
    Units,
)

Points = NDArray[np.float64]  # (n, 2): across, down
DEFAULT = (124, 227, 139)  # apart from the colours of the user's own measurements
_THIN, _THICK = 1.0, 64.0  # device pixels
_STEPS = 96  # of a full turn
_STEPS_BETWEEN = 12  # two points of a curve
_BITS = 32


@dataclass(frozen=True, slots=True)
class Pen:
    colour: Rgb
    width: float
    opacity: float = 1.0
    dashes: tuple[float, ...] = ()  # drawn, left out, drawn, ... in device pixels; empty: solid
    dash_offset: float = 0.0
    off_colour: Rgb | None = None  # of what is left out
    off_opacity: float = 0.0
    shadow: Shadow | None = None
    edged: bool = False  # to be seen on any ground: nobody chose its colour for this picture


@dataclass(frozen=True, slots=True)
class Brush:
    colour: Rgb
    opacity: float = 1.0
    pattern: bytes = b""
    off_colour: Rgb | None = None
    off_opacity: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Lines that belong together; `brush` fills them, one by one."""

    lines: tuple[Points, ...]
    pen: Pen
    brush: Brush | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A text; `box` is (left, top, right, bottom), `anchor` what it is about."""

    lines: tuple[str, ...]
    colour: Rgb
    box: tuple[float, float, float, float] | None = None
    anchor: Point | None = None
    connected: bool = False  # a line to the anchor is wanted
    horizontal: str = "LEFT"
    vertical: str = "TOP"
    family: str = ""
    bold: bool = False
    italic: bool = False
    underlined: bool = False
    shadow: Shadow | None = None
    edged: bool = True
    grows: bool = False  # with its box


@dataclass(frozen=True, slots=True)
class Drawing:
    """What one layer wants, in the order of painting."""

    layer: str
    paths: tuple[Path, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Placing:
    """Where image and displayed area lie on the screen. `area` is (left, top, width, height)."""

    layout: Layout
    area: tuple[float, float, float, float]
    size: tuple[int, int]  # of the screen
    matrix_origin: Point = (0.0, 0.0)  # of the image in the Total Pixel Matrix, in columns and rows

    def place(self, points: Sequence[Point], units: Units) -> Points:
        given = np.asarray(points, np.float64).reshape(-1, 2)
        if units is Units.DISPLAY:
            on_screen: Points = given * np.array(self.area[2:]) + np.array(self.area[:2])
            return on_screen
        if units is Units.MATRIX:
            given = given - self.matrix_origin
        (a, b, x), (c, d, y) = self.layout.across, self.layout.down
        across = given[:, 0] * a + given[:, 1] * b + x
        return np.stack([across, given[:, 0] * c + given[:, 1] * d + y], axis=1)

    def scale(self, units: Units) -> float:
        """Device pixels per unit of a thickness; those of DISPLAY are fractions of the shorter side."""
        return min(self.area[2:]) if units is Units.DISPLAY else self.layout.zoom

    @property
    def mirrored(self) -> bool:
        (a, b, _), (c, d, _) = self.layout.across, self.layout.down
        return a * d - b * c < 0


def colour_of(layer: GraphicLayer | None) -> Rgb:
    return layer.colour if layer is not None and layer.colour is not None else DEFAULT


def graphic_path(graphic: Graphic, placing: Placing, colour: Rgb, ratio: float) -> Path:
    """`ratio` is device pixels per logical pixel."""
    pen = pen_of(graphic.line, graphic.units, placing, colour, ratio)
    points = placing.place(graphic.points, graphic.units)
    match graphic.shape:
        case Shape.POINT:
            return Path(tuple(_dot(point, ratio) for point in points), pen, Brush(pen.colour, pen.opacity))
        case Shape.CIRCLE:
            line = circle(points[0], float(np.hypot(*(points[1] - points[0]))))
        case Shape.ELLIPSE:
            line = _ellipse(points)
        case Shape.INTERPOLATED:
            line = _curve(points)
        case _:
            line = points
    return Path((line,), pen, brush_of(graphic.fill, pen.colour) if graphic.filled else None)


def pen_of(style: LineStyle | None, units: Units, placing: Placing, colour: Rgb, ratio: float) -> Pen:
    if style is None:
        return Pen(colour, 1.5 * ratio, edged=True)
    scale = placing.scale(units)
    width = (
        1.5 * ratio if style.thickness is None else style.thickness * _per_unit(style.thickness, units, scale, ratio)
    )
    width = min(max(width, _THIN), _THICK * ratio)
    dashes, offset = _dashes(style.pattern, max(1.0, ratio))
    return Pen(
        colour=style.colour or colour,
        width=width,
        opacity=style.opacity,
        dashes=dashes,
        dash_offset=offset,
        off_colour=style.off_colour,
        off_opacity=style.off_opacity if style.off_colour is not None else 0.0,
        shadow=_on_screen(style.shadow, units, scale, ratio),
        edged=style.colour is None and style.shadow is None,
    )


def brush_of(style: FillStyle | None, colour: Rgb) -> Brush:
    if style is None:
        return Brush(colour)
    off = style.off_opacity if style.off_colour is not None else 0.0
    return Brush(style.colour or colour, style.opacity, style.pattern, style.off_colour, off)


def label_of(text: Text, placing: Placing, colour: Rgb, ratio: float) -> Label:
    box = None
    if text.box is not None:
        corners = placing.place(text.box, text.box_units)
        (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        box = (left, top, right, bottom)
    anchor = None
    if text.anchor is not None:
        across, down = placing.place([text.anchor], text.anchor_units)[0].tolist()
        anchor = (across, down)
    label = styled(Label(tuple(text.text.split("\n")), colour), text.style, text.box_units, placing, ratio)
    return replace(
        label,
        box=box,
        anchor=anchor,
        grows=box is not None,
        connected=text.anchor_visible and anchor is not None,
        horizontal=(text.style.horizontal if text.style is not None else "") or text.justification,
    )


def styled(label: Label, style: TextStyle | None, units: Units, placing: Placing, ratio: float) -> Label:
    if style is None:
        return label
    return replace(
        label,
        colour=style.colour or label.colour,
        vertical=style.vertical,
        family=style.family,
        bold=style.bold,
        italic=style.italic,
        underlined=style.underlined,
        shadow=_on_screen(style.shadow, units, placing.scale(units), ratio),
        edged=style.colour is None and style.shadow is None,
    )


# --- lines -----------------------------------------------------------------------------------------


def circle(centre: Points, radius: float) -> Points:
    turn = np.linspace(0.0, 2 * math.pi, _STEPS + 1)
    return np.stack([centre[0] + radius * np.cos(turn), centre[1] + radius * np.sin(turn)], axis=1)


def _ellipse(ends: Points) -> Points:
    """Through the ends of both axes: a map that keeps lines straight takes ellipses to ellipses."""
    centre = (ends[0] + ends[1]) / 2
    major, minor = (ends[1] - ends[0]) / 2, (ends[3] - ends[2]) / 2
    turn = np.linspace(0.0, 2 * math.pi, _STEPS + 1)[:, None]
    ellipse: Points = centre + np.cos(turn) * major + np.sin(turn) * minor
    return ellipse


def _curve(points: Points) -> Points:
    """A smooth curve through all points, closed where the last one is the first (centripetal Catmull-Rom)."""
    points = points[np.concatenate([[True], np.any(np.diff(points, axis=0) != 0, axis=1)])]
    if len(points) < 3:
        return points
    closed = bool(np.allclose(points[0], points[-1]))
    before = points[-2] if closed else 2 * points[0] - points[1]
    after = points[1] if closed else 2 * points[-1] - points[-2]
    control = np.concatenate([before[None], points, after[None]])
    pieces = [_piece(control[index : index + 4]) for index in range(len(points) - 1)]
    return np.concatenate([*pieces, points[-1:]])


def _piece(control: Points) -> Points:
    """From the second of four points to the third, the last one left out: Barry and Goldman's pyramid."""
    steps = np.sqrt(np.maximum(np.hypot(*np.diff(control, axis=0).T), 1e-9))
    knots = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(knots[1], knots[2], _STEPS_BETWEEN, endpoint=False)[:, None]

    def mixed(left: Points, right: Points, first: int, last: int) -> Points:
        share = (at - knots[first]) / (knots[last] - knots[first])
        between: Points = left * (1 - share) + right * share
        return between

    one, two, three = (mixed(control[index], control[index + 1], index, index + 1) for index in range(3))
    return mixed(mixed(one, two, 0, 2), mixed(two, three, 1, 3), 1, 2)


def _dot(point: Points, ratio: float) -> Points:
    """A point of its own has the size of a dot on the screen, whatever the zoom."""
    return circle(point, 1.5 * ratio)[:: _STEPS // 12]


# --- styles ----------------------------------------------------------------------------------------


def _per_unit(length: float, units: Units, scale: float, ratio: float) -> float:
    """A length of DISPLAY beyond its range, 0 to 1, is meant as pixels of the screen."""
    return ratio if units is Units.DISPLAY and length > 1 else scale


def _on_screen(shadow: Shadow | None, units: Units, scale: float, ratio: float) -> Shadow | None:
    if shadow is None:
        return None
    factor = _per_unit(max(map(abs, shadow.offset)), units, scale, ratio)
    across, down = (min(max(value * factor, -_THICK), _THICK) for value in shadow.offset)
    return replace(shadow, offset=(across, down))


def _dashes(pattern: int, ratio: float) -> tuple[tuple[float, ...], float]:
    """Lengths drawn and left out in turn, a pixel for each bit from the highest on; and how far into them it begins."""
    if pattern in (0, SOLID):
        return (), 0.0
    bits = [bool(pattern >> (_BITS - 1 - index) & 1) for index in range(_BITS)]
    start = next(index for index in range(_BITS) if bits[index] and not bits[index - 1])
    bits = bits[start:] + bits[:start]
    runs: list[int] = []
    for index, bit in enumerate(bits):
        if index and bit == bits[index - 1]:
            runs[-1] += 1
        else:
            runs.append(1)
    return tuple(run * ratio for run in runs), ((_BITS - start) % _BITS) * ratio
