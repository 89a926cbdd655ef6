"""Which image pixel lies under which pixel of the screen where the picture is turned by any angle; for `layers`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.frame import Frame, Stored
from workstation.imaging.overlay import Mask

Screen = NDArray[np.uint8]
Indices = NDArray[np.intp]


class Placement(Protocol):
    """How the image lies on the screen: what is needed of `compose.Layout`."""

    @property
    def across(self) -> tuple[float, float, float]: ...

    @property
    def down(self) -> tuple[float, float, float]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """The set bits of all overlays of a frame, as a mask of the image and as their places."""

    mask: Mask
    places: tuple[Indices, Indices]


@dataclass(frozen=True, slots=True, eq=False)
class TiltedPlaces:
    """For the whole screen: masks and values are as large as it is, (height, width)."""

    key: tuple[object, ...]
    rows: Indices  # of the image, kept inside it
    columns: Indices
    inside: Mask
    placement: Placement

    @classmethod
    def of(cls, frame: Frame, placement: Placement, size: tuple[int, int]) -> TiltedPlaces:
        """`size` is (width, height)."""
        (a, b, left), (c, d, top) = placement.across, placement.down
        scale = a * d - b * c
        x, y = np.arange(size[0])[None, :] + 0.5 - left, np.arange(size[1])[:, None] + 0.5 - top
        columns = np.floor((d * x - b * y) / scale).astype(np.intp)
        rows = np.floor((a * y - c * x) / scale).astype(np.intp)
        inside = (columns >= 0) & (columns < frame.columns) & (rows >= 0) & (rows < frame.rows)
        rows, columns = rows.clip(0, frame.rows - 1), columns.clip(0, frame.columns - 1)
        return cls((placement.across, placement.down, size), rows, columns, inside, placement)

    def __bool__(self) -> bool:
        return bool(self.inside.any())

    def part(self, screen: Screen) -> Screen:
        """What the masks apply to."""
        return screen

    def stored(self, frame: Frame) -> Stored:
        """The stored value under each screen pixel; the smallest of all outside the image."""
        stored = frame.stored[self.rows, self.columns]
        stored[~self.inside] = frame.stored.min()
        return stored

    def covered(self, frame: Frame) -> Mask:
        """Where the shutter covers the image."""
        shutter, step = frame.attributes.shutter, frame.attributes.reduction
        if shutter is None:
            return np.zeros(self.inside.shape, np.bool_)
        (a, b, _), (c, d, _) = self.placement.across, self.placement.down
        shape, rows, columns = (frame.rows * step, frame.columns * step), frame.rows, frame.columns
        ratio = math.hypot(b, d) / math.hypot(a, c)
        whole = shutter.covered(shape, np.arange(rows) * step, np.arange(columns) * step, ratio)
        covered: Mask = whole[self.rows, self.columns] & self.inside
        return covered

    def drawn(self, marks: Marks) -> Mask:
        """Under each screen pixel, and made smaller wherever a mark falls."""
        drawn: Mask = marks.mask[self.rows, self.columns] & self.inside
        (a, b, left), (c, d, top) = self.placement.across, self.placement.down
        if abs(a * d - b * c) < 1:
            rows, columns = marks.places[0] + 0.5, marks.places[1] + 0.5
            x = np.floor(a * columns + b * rows + left).astype(np.intp)
            y = np.floor(c * columns + d * rows + top).astype(np.intp)
            seen = (x >= 0) & (x < drawn.shape[1]) & (y >= 0) & (y < drawn.shape[0])
            drawn[y[seen], x[seen]] = True
        return drawn
