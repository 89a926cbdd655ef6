"""Angles and regions on one frame: which pixels a region holds, and what their values say.

Points are `(column, row)` in image coordinates: the first pixel spans 0 to 1, its centre lies at 0.5. A pixel
belongs to a region when its centre does. Lengths in mm come from `calibration`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.compose import row_ratio
from workstation.imaging.frame import Frame, PixelAttributes, Stored
from workstation.imaging.grayscale import to_modality

Point = tuple[float, float]
Mask = NDArray[np.bool_]


class Shape(StrEnum):
    """Graphic types of a closed region (PS3.3 C.10.5.1.2 calls them so)."""

    RECTANGLE = "RECTANGLE"
    ELLIPSE = "ELLIPSE"  # inscribed in its bounding box
    POLYGON = "POLYGON"


@dataclass(frozen=True, slots=True)
class Region:
    """A closed region; rectangle and ellipse by two opposite corners of the box around them, a polygon by all."""

    shape: Shape
    points: tuple[Point, ...]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        columns, rows = [point[0] for point in self.points], [point[1] for point in self.points]
        return min(columns), min(rows), max(columns), max(rows)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of the values in modality units; `deviation` is that of the population (divided by n)."""

    count: int
    mean: float
    deviation: float
    smallest: float
    largest: float


def area_px(region: Region) -> float:
    """The area of the shape itself, in pixels: not a count, which would jump."""
    if region.shape is Shape.POLYGON:
        columns, rows = np.array(region.points, float).T
        return abs(float(np.dot(columns, np.roll(rows, -1)) - np.dot(rows, np.roll(columns, -1)))) / 2
    left, top, right, bottom = region.box
    whole = (right - left) * (bottom - top)
    return whole if region.shape is Shape.RECTANGLE else whole * math.pi / 4


def angle_degrees(attributes: PixelAttributes, arm: Point, vertex: Point, other: Point) -> float:
    """The angle at `vertex`, 0 to 180; pixels that are not square are taken at their proportion (C.7.6.3.1.7)."""
    ratio = row_ratio(attributes)
    one = (arm[0] - vertex[0], (arm[1] - vertex[1]) * ratio)
    two = (other[0] - vertex[0], (other[1] - vertex[1]) * ratio)
    cross, dot = one[0] * two[1] - one[1] * two[0], one[0] * two[0] + one[1] * two[1]
    return math.degrees(math.atan2(abs(cross), dot))


def bounds(region: Region, rows: int, columns: int) -> tuple[slice, slice]:
    """The rows and columns whose centres can lie inside, clipped to the image."""
    left, top, right, bottom = region.box
    return _centres(top, bottom, rows), _centres(left, right, columns)


def _centres(first: float, last: float, count: int) -> slice:
    begin = min(count, max(0, math.ceil(first - 0.5)))
    return slice(begin, max(begin, min(count, math.floor(last - 0.5) + 1)))


def mask(region: Region, rows: int, columns: int) -> Mask:
    """Which pixels of `bounds` have their centre inside, the border included; shape (rows, columns) of `bounds`."""
    row_slice, column_slice = bounds(region, rows, columns)
    y = np.arange(row_slice.start, row_slice.stop)[:, None] + 0.5
    x = np.arange(column_slice.start, column_slice.stop)[None, :] + 0.5
    if region.shape is Shape.RECTANGLE:
        return np.ones((y.size, x.size), np.bool_)
    if region.shape is Shape.POLYGON:
        return _inside_polygon(region.points, x, y)
    left, top, right, bottom = region.box
    half_width, half_height = max(1e-12, (right - left) / 2), max(1e-12, (bottom - top) / 2)
    across, down = (x - (left + right) / 2) / half_width, (y - (top + bottom) / 2) / half_height
    inside: Mask = across**2 + down**2 <= 1.0
    return inside


def _inside_polygon(points: Sequence[Point], x: NDArray[np.float64], y: NDArray[np.float64]) -> Mask:
    """Even-odd rule."""
    inside = np.zeros((y.size, x.size), np.bool_)
    for (x1, y1), (x2, y2) in zip(points, (*points[1:], points[0]), strict=True):
        if y1 == y2:
            continue
        rows = np.flatnonzero(((y1 > y) != (y2 > y))[:, 0])
        crossing = x1 + (y[rows] - y1) * (x2 - x1) / (y2 - y1)
        inside[rows] ^= x < crossing
    return inside


def statistics(frame: Frame, region: Region) -> Statistics | None:
    """Of a grayscale frame; padding (C.7.5.1.1.2) and what is no number are left out. None where nothing is left."""
    if frame.is_color:
        return None
    rows, columns = bounds(region, frame.rows, frame.columns)
    stored = frame.stored[rows, columns][mask(region, frame.rows, frame.columns)]
    values = to_modality(_without_padding(stored, frame.attributes), frame.attributes)
    values = values[np.isfinite(values)]
    if not values.size:
        return None
    return Statistics(values.size, float(values.mean()), float(values.std()), float(values.min()), float(values.max()))


def _without_padding(stored: NDArray[Any], attributes: PixelAttributes) -> Stored:
    if attributes.padding is None:
        return stored
    low, high = attributes.padding
    return stored[(stored < low) | (stored > high)]
