"""Directions and places in the patient (PS3.3 C.7.6.2, C.7.6.1.1.1), LPS coordinates in mm."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.frame import PixelAttributes, PlaneGeometry
from workstation.imaging.view import View

Vector = tuple[float, float, float]
PointMm = tuple[float, float, float]

_OPPOSITE = str.maketrans("APRLHF", "PALRFH")
_SECOND_LETTER = math.sin(math.radians(10))  # less oblique than that is told by one letter
_HALF_WAY = 22.5  # degrees to the next letter where only letters are known


def direction_letters(direction: Vector) -> str:
    """Where a direction points, the main axis first: `L`, `PF`, `ALH` (PS3.3 C.7.6.1.1.1)."""
    x, y, z = direction
    length = math.sqrt(x * x + y * y + z * z)
    if not length or not math.isfinite(length):
        return ""
    parts = [(abs(x), "L" if x > 0 else "R"), (abs(y), "P" if y > 0 else "A"), (abs(z), "H" if z > 0 else "F")]
    parts.sort(key=lambda part: -part[0])
    told = [letter for size, letter in parts if size / length > _SECOND_LETTER]
    return "".join(told) or parts[0][1]


def opposite(letters: str) -> str:
    """The letters of the reversed direction; what is no direction letter (quadrupeds) gives none."""
    return letters.translate(_OPPOSITE) if letters and set(letters) <= set("APRLHF") else ""


def image_letters(attributes: PixelAttributes) -> tuple[str, str]:
    """Where columns increase to and where rows increase to, from the geometry or Patient Orientation."""
    if attributes.geometry is not None:
        geometry = attributes.geometry
        return direction_letters(geometry.row_direction), direction_letters(geometry.column_direction)
    if attributes.patient_orientation is not None:
        right, bottom = (value.upper() for value in attributes.patient_orientation)
        if opposite(right) and opposite(bottom):
            return right, bottom
    return "", ""


def edge_letters(attributes: PixelAttributes, view: View) -> tuple[str, str, str, str]:
    """Letters for the left, top, right and bottom edge of the picture as `view` turns it; empty when unknown."""
    if view.tilt:
        return _tilted_letters(attributes, view)
    right, bottom = image_letters(attributes)
    left, top = opposite(right), opposite(bottom)
    if view.flipped:
        left, right = right, left
    for _ in range(view.quarter_turns % 4):
        left, top, right, bottom = bottom, left, top, right
    return left, top, right, bottom


def _tilted_letters(attributes: PixelAttributes, view: View) -> tuple[str, str, str, str]:
    """From the directions themselves, else the letters of the nearest quarter turn with those of the next one."""
    geometry = attributes.geometry
    angle = math.radians(view.angle)
    if geometry is not None:
        row, column = np.array(geometry.row_direction), np.array(geometry.column_direction)
        row = -row if view.flipped else row
        to_right = row * math.cos(angle) - column * math.sin(angle)
        to_bottom = row * math.sin(angle) + column * math.cos(angle)
        right, bottom = (direction_letters((float(v[0]), float(v[1]), float(v[2]))) for v in (to_right, to_bottom))
        return opposite(right), opposite(bottom), right, bottom
    edges = edge_letters(attributes, replace(view, tilt=0.0))
    if abs(view.tilt) < _HALF_WAY:
        return edges
    step = 1 if view.tilt < 0 else -1  # clockwise, what was on the left is on its way to the top
    left, top, right, bottom = (edges[n] + edges[(n + step) % 4] for n in range(4))
    return left, top, right, bottom


def normal(geometry: PlaneGeometry) -> NDArray[np.float64]:
    """Unit vector across the plane: row direction x column direction."""
    (a, b, c), (d, e, f) = geometry.row_direction, geometry.column_direction
    across = np.array((b * f - c * e, c * d - a * f, a * e - b * d))  # np.cross takes 60 us for it
    length = float(np.linalg.norm(across))
    return across / length if length else across


def distance_along_normal(geometry: PlaneGeometry) -> float:
    """Signed distance of the plane from the origin of its frame of reference, in mm."""
    return float(np.dot(normal(geometry), geometry.position))


def patient_point(attributes: PixelAttributes, row: float, column: float) -> PointMm | None:
    """The place of a pixel centre in the patient (PS3.3 equation C.7.6.2.1-1); None without geometry or spacing."""
    geometry, spacing = attributes.geometry, attributes.pixel_spacing_mm
    if geometry is None or spacing is None:
        return None
    between_rows, between_columns = spacing
    point = (
        np.array(geometry.position)
        + np.array(geometry.row_direction) * column * between_columns
        + np.array(geometry.column_direction) * row * between_rows
    )
    return float(point[0]), float(point[1]), float(point[2])


def pixel_position(attributes: PixelAttributes, point: PointMm) -> tuple[float, float] | None:
    """Row and column of the pixel centre nearest to a point of the patient, projected onto the plane."""
    geometry, spacing = attributes.geometry, attributes.pixel_spacing_mm
    if geometry is None or spacing is None:
        return None
    offset = np.array(point) - np.array(geometry.position)
    column = float(offset @ np.array(geometry.row_direction)) / spacing[1]
    row = float(offset @ np.array(geometry.column_direction)) / spacing[0]
    return row, column
