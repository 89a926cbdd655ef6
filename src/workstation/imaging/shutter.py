"""Display shutters (PS3.3 C.7.6.11, C.7.6.15): what of the image is covered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.overlay import Mask, Overlay, on_image

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Circle:
    row: int
    column: int
    radius: int  # in pixels along a row


@dataclass(frozen=True, slots=True, eq=False)
class Shutter:
    """Shapes in pixels of the image, which begins at 1; several of them leave only what all leave open."""

    rectangle: tuple[int, int, int, int] | None = None  # left, top, right, bottom, themselves still open
    circle: Circle | None = None
    polygon: tuple[tuple[int, int], ...] = ()  # row, column of each vertex
    bitmap: Overlay | None = None  # its set bits are covered (C.7.6.15)
    level: int = 0  # Shutter Presentation Value, of 8 bits: 0 is black

    def covered(self, shape: tuple[int, int], rows: Indices, columns: Indices, row_ratio: float = 1.0) -> Mask:
        """Which of the pixels at image `rows` x `columns` (from 0) are covered in an image of `shape`.

        `row_ratio` is the height of a pixel over its width: a circle is one on the screen, not in the matrix.
        """
        covered = np.zeros((rows.size, columns.size), np.bool_)
        if self.rectangle is not None:
            left, top, right, bottom = self.rectangle
            covered |= ((rows + 1 < top) | (rows + 1 > bottom))[:, None]
            covered |= ((columns + 1 < left) | (columns + 1 > right))[None, :]
        if self.circle is not None:
            down = (rows + 1 - self.circle.row).astype(np.float64) * row_ratio
            across = (columns + 1 - self.circle.column).astype(np.float64)
            covered |= down[:, None] ** 2 + across[None, :] ** 2 > self.circle.radius**2
        if len(self.polygon) >= 3:
            covered |= ~_inside(self.polygon, rows + 1, columns + 1)
        bitmap = None if self.bitmap is None else on_image([self.bitmap], *shape)
        if bitmap is not None:
            covered |= bitmap[rows[:, None], columns[None, :]]
        return covered


def _inside(polygon: tuple[tuple[int, int], ...], rows: Indices, columns: Indices) -> Mask:
    """Even-odd rule at the pixel centres, row by row: crossings sorted, then counted up to each column."""
    vertices = np.array(polygon, np.float64)
    following = np.roll(vertices, -1, axis=0)
    inside = np.zeros((rows.size, columns.size), np.bool_)
    remembered: dict[int, Mask] = {}
    for index, row in enumerate(rows.tolist()):
        if row not in remembered:
            remembered = {row: _inside_row(vertices, following, float(row), columns)}
        inside[index] = remembered[row]
    return inside


def _inside_row(vertices: NDArray[np.float64], following: NDArray[np.float64], row: float, columns: Indices) -> Mask:
    crosses = (vertices[:, 0] <= row) != (following[:, 0] <= row)
    begin, end = vertices[crosses], following[crosses]
    at = begin[:, 1] + (row - begin[:, 0]) / (end[:, 0] - begin[:, 0]) * (end[:, 1] - begin[:, 1])
    odd: Mask = np.searchsorted(np.sort(at), columns, side="right") % 2 == 1
    return odd
