"""How the planes of several images lie to each other (PS3.3 C.7.6.2, C.7.4.1): where one cuts another, which
slice of a stack is nearest to a place, where a place lies in another image.

Image coordinates are those of `compose`: the first pixel spans 0 to 1 and its centre is at 0.5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.frame import Frame, PlaneGeometry
from workstation.imaging.geometry import PointMm, normal

ImagePoint = tuple[float, float]  # column, row
Segment = tuple[ImagePoint, ImagePoint]
Array = NDArray[np.float64]

_SAME_PLACE_MM = 1e-3
_CROSSING = math.cos(math.radians(5))  # flatter than that, the line would be anywhere


@dataclass(frozen=True, slots=True)
class ImagePlane:
    """One image in the patient: its plane, the distance of its pixels and how far it reaches."""

    geometry: PlaneGeometry
    spacing_mm: tuple[float, float]  # between rows, between columns
    rows: int
    columns: int

    def point(self, column: float, row: float) -> PointMm:
        """The place in the patient of an image point (PS3.3 equation C.7.6.2.1-1)."""
        geometry = self.geometry
        place = (
            np.array(geometry.position)
            + np.array(geometry.row_direction) * (column - 0.5) * self.spacing_mm[1]
            + np.array(geometry.column_direction) * (row - 0.5) * self.spacing_mm[0]
        )
        return float(place[0]), float(place[1]), float(place[2])

    def centre(self) -> PointMm:
        return self.point(self.columns / 2, self.rows / 2)

    def project(self, point: PointMm) -> tuple[float, float, float]:
        """(column, row, distance in mm): the foot of `point` on the plane and how far in front of it it lies."""
        geometry = self.geometry
        offset = np.array(point) - np.array(geometry.position)
        column = float(offset @ np.array(geometry.row_direction)) / self.spacing_mm[1] + 0.5
        row = float(offset @ np.array(geometry.column_direction)) / self.spacing_mm[0] + 0.5
        return column, row, float(offset @ normal(geometry))

    def moved_to(self, geometry: PlaneGeometry) -> ImagePlane:
        """Another image of the same kind: the first or the last of its stack."""
        return ImagePlane(geometry, self.spacing_mm, self.rows, self.columns)


def plane_of(frame: Frame) -> ImagePlane | None:
    """None without a place in the patient or without a calibration."""
    geometry, spacing = frame.attributes.geometry, frame.attributes.pixel_spacing_mm
    if geometry is None or spacing is None or min(spacing) <= 0:
        return None
    return ImagePlane(geometry, spacing, frame.rows, frame.columns)


def share_frame_of_reference(one: PlaneGeometry | None, other: PlaneGeometry | None) -> bool:
    """Whether places of one mean the same in the other (PS3.3 C.7.4.1); an unnamed frame is shared with nobody."""
    if one is None or other is None:
        return False
    return bool(one.frame_of_reference_uid) and one.frame_of_reference_uid == other.frame_of_reference_uid


def are_parallel(one: PlaneGeometry, other: PlaneGeometry, within_degrees: float) -> bool:
    return abs(float(normal(one) @ normal(other))) >= math.cos(math.radians(within_degrees))


def look_alike(one: PlaneGeometry, other: PlaneGeometry, within_degrees: float) -> bool:
    """Whether rows and columns run alike, so that the same place is seen from the same side."""
    least = math.cos(math.radians(within_degrees))
    rows = float(np.dot(one.row_direction, other.row_direction))
    columns = float(np.dot(one.column_direction, other.column_direction))
    return rows >= least and columns >= least


def intersection(plane: ImagePlane, on: ImagePlane) -> Segment | None:
    """Where `plane` cuts the image `on`, as far as both images reach; None where they do not meet.

    Nearly parallel planes (less than 5 degrees apart) have no line worth showing.
    """
    if abs(float(normal(plane.geometry) @ normal(on.geometry))) > _CROSSING:
        return None
    edges = ((0, 0), (plane.columns, 0), (plane.columns, plane.rows), (0, plane.rows))
    corners = [on.project(plane.point(*corner)) for corner in edges]
    cuts = [cut for number in range(4) if (cut := _cut(corners[number - 1], corners[number])) is not None]
    if len(cuts) < 2:
        return None
    begin = cuts[0]
    end = max(cuts[1:], key=lambda cut: math.dist(begin, cut))
    return _inside(begin, end, on.columns, on.rows)


def _cut(begin: tuple[float, float, float], end: tuple[float, float, float]) -> ImagePoint | None:
    """Where an edge from one side of the plane to the other passes it."""
    before, after = begin[2], end[2]
    if before * after > 0 or before == after:
        return None
    share = before / (before - after)
    return begin[0] + share * (end[0] - begin[0]), begin[1] + share * (end[1] - begin[1])


def _inside(begin: ImagePoint, end: ImagePoint, columns: int, rows: int) -> Segment | None:
    """The part of a segment within the image (Liang and Barsky)."""
    across, down = end[0] - begin[0], end[1] - begin[1]
    first, last = 0.0, 1.0
    for step, room in ((-across, begin[0]), (across, columns - begin[0]), (-down, begin[1]), (down, rows - begin[1])):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    if first >= last:
        return None
    return (
        (begin[0] + first * across, begin[1] + first * down),
        (begin[0] + last * across, begin[1] + last * down),
    )


class SlicePlaces:
    """The planes of one stack, ready to be searched: built once, searched at every scroll step."""

    def __init__(self, geometries: Sequence[PlaneGeometry | None]) -> None:
        self._geometries = tuple(geometries)
        self._indices = np.array([n for n, one in enumerate(geometries) if one is not None], np.intp)
        known = [one for one in geometries if one is not None]
        self._normals: Array = np.array([normal(one) for one in known], np.float64).reshape(-1, 3)
        positions: Array = np.array([one.position for one in known], np.float64).reshape(-1, 3)
        self._along: Array = np.einsum("ij,ij->i", self._normals, positions)

    def __len__(self) -> int:
        return len(self._geometries)

    def geometry(self, index: int) -> PlaneGeometry | None:
        return self._geometries[index] if 0 <= index < len(self._geometries) else None

    def nearest(self, point: PointMm, beside: int = 0) -> int | None:
        """The slice whose plane passes nearest to `point`; of several at one place that next to `beside`."""
        if not len(self._indices):
            return None
        distances = np.abs(self._normals @ np.array(point) - self._along)
        close = self._indices[distances <= distances.min() + _SAME_PLACE_MM]
        return int(close[np.argmin(np.abs(close - beside))])
