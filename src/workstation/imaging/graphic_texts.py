"""Where the texts of a presentation state stand, for painters that know how large they are (PS3.3 C.10.5.1.1).

Texts are upright, however the image is turned.
"""

from __future__ import annotations

from collections.abc import Callable

from workstation.imaging.graphic_paths import Label

Rectangle = tuple[float, float, float, float]  # left, top, right, bottom
LARGEST = 2.5  # times the usual size
_APART = 6.0  # logical pixels between a point and the text beside it
_AWAY = 22.0  # logical pixels where a line between them is to be seen


def text_size(label: Label, measure: Callable[[float], tuple[float, float]]) -> float:
    """How many times the usual size fills the box. `measure` gives width and height at such a size.

    A text is never made too small to be read: it may stand out of its box (a note of C.10.5.1.1).
    """
    if label.box is None or not label.grows:
        return 1.0
    width, height = measure(1.0)
    if width <= 0 or height <= 0:
        return 1.0
    left, top, right, bottom = label.box
    return min(max(1.0, min((right - left) / width, (bottom - top) / height)), LARGEST)


def text_place(label: Label, extent: tuple[float, float], screen: tuple[int, int], ratio: float) -> Rectangle:
    """Where a text of `extent` (width, height) stands; on the screen where what it belongs to is."""
    width, height = extent
    if label.box is not None:
        left, top, right, bottom = label.box
        across = {"CENTER": (left + right - width) / 2, "RIGHT": right - width}.get(label.horizontal, left)
        down = {"CENTER": (top + bottom - height) / 2, "BOTTOM": bottom - height}.get(label.vertical, top)
        visible = left <= screen[0] and right >= 0 and top <= screen[1] and bottom >= 0
    else:
        column, row = label.anchor or (0.0, 0.0)
        apart = (_AWAY if label.connected else _APART) * ratio
        across = column + apart
        down = row - apart - height if label.connected else row - height / 2
        visible = 0 <= column <= screen[0] and 0 <= row <= screen[1]
    if visible:
        across = max(0.0, min(across, screen[0] - width))
        down = max(0.0, min(down, screen[1] - height))
    return across, down, across + width, down + height


def connector(label: Label, place: Rectangle) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The line from the text to what it is about; None where none is wanted or the text covers it."""
    if not label.connected or label.anchor is None:
        return None
    across, down = label.anchor
    left, top, right, bottom = place
    near = (min(max(across, left), right), min(max(down, top), bottom))
    return None if near == label.anchor else (near, label.anchor)
