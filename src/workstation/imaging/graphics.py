"""What a presentation state draws over an image: graphics and texts in layers (PS3.3 C.10.5, C.10.7), as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

Point = tuple[float, float]  # column, row: (0, 0) is the corner of the first pixel or of the displayed area
Rgb = tuple[int, int, int]
SOLID = 0xFFFFFFFF


class Units(StrEnum):
    """Graphic Annotation Units (0070,0005)."""

    PIXEL = "PIXEL"  # of the image
    DISPLAY = "DISPLAY"  # fractions of the displayed area, as it lies on the screen
    MATRIX = "MATRIX"  # pixels of the Total Pixel Matrix, of which the image is a tile


class Shape(StrEnum):
    """Graphic Type (0070,0023), PS3.3 C.10.5.1.2."""

    POINT = "POINT"
    POLYLINE = "POLYLINE"
    INTERPOLATED = "INTERPOLATED"
    CIRCLE = "CIRCLE"  # centre, a point of the circumference
    ELLIPSE = "ELLIPSE"  # both ends of the major axis, both ends of the minor one


class CompoundKind(StrEnum):
    """Compound Graphic Type (0070,0294), PS3.3 C.10.5.1.3."""

    MULTILINE = "MULTILINE"
    INFINITELINE = "INFINITELINE"
    CUTLINE = "CUTLINE"
    RANGELINE = "RANGELINE"
    RULER = "RULER"
    AXIS = "AXIS"
    CROSSHAIR = "CROSSHAIR"
    ARROW = "ARROW"
    RECTANGLE = "RECTANGLE"
    ELLIPSE = "ELLIPSE"


@dataclass(frozen=True, slots=True)
class Shadow:
    """`offset` to the right and down, in the units of what throws it; its length is the radius of an outline."""

    offset: Point
    colour: Rgb
    opacity: float = 1.0
    outlined: bool = False


@dataclass(frozen=True, slots=True)
class LineStyle:
    """Line Style Sequence (0070,0232), PS3.3 Table C.10-5b."""

    colour: Rgb | None = None  # None: that of the layer
    opacity: float = 1.0
    thickness: float | None = None  # in the units of the graphic
    pattern: int = SOLID  # 32 bits, set where the line is drawn
    off_colour: Rgb | None = None
    off_opacity: float = 0.0
    shadow: Shadow | None = None


@dataclass(frozen=True, slots=True)
class FillStyle:
    """Fill Style Sequence (0070,0233), PS3.3 Table C.10-5c."""

    colour: Rgb | None = None  # None: that of the layer
    opacity: float = 1.0
    pattern: bytes = b""  # 32 x 32 bits where it is stippled
    off_colour: Rgb | None = None
    off_opacity: float = 0.0


@dataclass(frozen=True, slots=True)
class TextStyle:
    """Text Style Sequence (0070,0231), PS3.3 Table C.10-5a."""

    colour: Rgb | None = None  # None: that of the layer
    horizontal: str = ""  # LEFT, CENTER, RIGHT; empty: the justification of the box
    vertical: str = "TOP"  # TOP, CENTER, BOTTOM
    family: str = ""  # CSS Font Name
    bold: bool = False
    italic: bool = False
    underlined: bool = False
    shadow: Shadow | None = None


@dataclass(frozen=True, slots=True)
class Graphic:
    """An item of the Graphic Object Sequence (0070,0009)."""

    shape: Shape
    points: tuple[Point, ...]
    units: Units = Units.PIXEL
    filled: bool = False
    line: LineStyle | None = None
    fill: FillStyle | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """An item of the Text Object Sequence (0070,0008): in a box, or beside the point that it is about."""

    text: str
    box: tuple[Point, Point] | None = None
    box_units: Units = Units.PIXEL
    justification: str = "LEFT"  # of the lines in the box: LEFT, CENTER, RIGHT
    anchor: Point | None = None
    anchor_units: Units = Units.PIXEL
    anchor_visible: bool = False
    style: TextStyle | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    position: float  # from the first point, 0, to the last, 1
    label: str = ""


@dataclass(frozen=True, slots=True)
class Compound:
    """An item of the Compound Graphic Sequence (0070,0209) that has no plain graphics in its place."""

    kind: CompoundKind
    points: tuple[Point, ...]
    units: Units = Units.PIXEL
    filled: bool = False
    rotation: float = 0.0  # degrees counterclockwise
    rotation_point: Point | None = None
    gap: float = 0.0  # of DISPLAY units
    diameter: float = 0.0  # of visibility, of DISPLAY units
    ticks: tuple[Tick, ...] = ()
    tick_alignment: str = "CENTER"  # BOTTOM, CENTER, TOP of the line
    labels_below: bool = True
    labels_shown: bool = True
    line: LineStyle | None = None
    fill: FillStyle | None = None
    text: TextStyle | None = None


@dataclass(frozen=True, slots=True)
class GraphicLayer:
    """An item of the Graphic Layer Sequence (0070,0060)."""

    name: str
    order: int = 0  # the lowest is drawn first
    colour: Rgb | None = None
    description: str = ""

    @property
    def title(self) -> str:
        return self.description or self.name


def from_cielab(values: Sequence[float]) -> Rgb:
    """sRGB of a CIELab PCS value of three times 16 bits (PS3.3 C.10.7.1.1): L* 0 to 100, a* and b* around 0x8080."""
    lightness, a, b = values[0] / 65535 * 100, values[1] / 257 - 128, values[2] / 257 - 128
    y = (lightness + 16) / 116
    xyz = np.array([_cube(y + a / 500) * 0.9642, _cube(y), _cube(y - b / 200) * 0.8249])
    linear = np.clip(_FROM_D50 @ xyz, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (round(float(channel) * 255) for channel in encoded)
    return red, green, blue


def _cube(value: float) -> float:
    return float(value**3) if value > 6 / 29 else 3 * (6 / 29) ** 2 * (value - 4 / 29)


# Linear sRGB from XYZ under D50, Bradford-adapted (ICC.1 and IEC 61966-2-1).
_FROM_D50 = np.array(
    [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540], [0.0719453, -0.2289914, 1.4052427]]
)
