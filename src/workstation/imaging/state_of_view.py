"""What a view says in the words of a presentation state (PS3.3 C.10.4, C.10.6): the way back of `present`."""

from __future__ import annotations

import math
from dataclasses import replace

from workstation.imaging.compose import layout
from workstation.imaging.frame import Frame
from workstation.imaging.view import View


def rotation_of(view: View) -> int:
    """Quarter turns clockwise before the flip: a state turns first, a view is flipped first."""
    return (-view.quarter_turns if view.flipped else view.quarter_turns) % 4


def corners_of(frame: Frame, view: View, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """The pixels (column, row from 1) at the top left and the bottom right of a screen of `size` (width, height).

    They are counted before the image is turned, but are those that lie there after it (PS3.3 C.10.4).
    """
    placed = layout(frame, replace(view, tilt=0.0), size)  # a state has quarter turns alone
    first, last = (0.0, 0.0), (float(size[0]), float(size[1]))
    if view.zoom is None:
        ends = placed.to_screen(0, 0), placed.to_screen(frame.columns, frame.rows)
        (left, right), (top, bottom) = (sorted(axis) for axis in zip(*ends, strict=True))
        first, last = (left, top), (right, bottom)
    (x1, y1), (x2, y2) = placed.to_image(*first), placed.to_image(*last)
    (column1, column2), (row1, row2) = _pixels(x1, x2), _pixels(y1, y2)
    return (column1, row1), (column2, row2)


def _pixels(first: float, last: float) -> tuple[int, int]:
    """The outermost pixels between two edges, in that direction."""
    low, high = math.floor(min(first, last) + 1e-6) + 1, math.ceil(max(first, last) - 1e-6)
    high = max(low, high)
    return (low, high) if first <= last else (high, low)
