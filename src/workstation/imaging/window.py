"""Windows: which one an image opens with, how a drag changes it, and the usual ones of a modality."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.frame import Frame, LookupTable, VoiFunction, Window
from workstation.imaging.grayscale import padding_mask, to_modality
from workstation.imaging.view import View

AUTO = "auto"  # the explanation of a window that is ours, not the file's
FROM_FILE_WINDOW = "file window"
FROM_FILE_LUT = "file VOI LUT"
_SAMPLES = 250_000
_PERCENTILES = (0.5, 99.5)
_PIXELS_PER_WIDTH = 256.0  # a drag over this many pixels moves the centre by one width

# In use in OHIF, Weasis and Horos, in HU: reference/usability.md 4.4 compares them.
_PRESETS = {
    "CT": (
        ("Soft tissue", 40, 400),
        ("Lung", -600, 1500),
        ("Bone", 480, 2500),
        ("Brain", 40, 80),
        ("Abdomen", 50, 320),
        ("Mediastinum", 80, 400),
        ("Liver", 90, 150),
    ),
}


def presets(modality: str) -> tuple[Window, ...]:
    """The usual windows of a modality; empty where values have no common unit."""
    return tuple(Window(center, width, name) for name, center, width in _PRESETS.get(modality, ()))


def initial_window(frame: Frame) -> tuple[Window | LookupTable, str]:
    """What the image opens with, and how that was found: the file's VOI LUT, its first window, or `AUTO`.

    A VOI LUT comes first: where a file has both, the window approximates it (PS3.3 C.11.2.1.2).
    """
    attributes = frame.attributes
    if attributes.voi_luts:
        return attributes.voi_luts[0], FROM_FILE_LUT
    if attributes.windows:
        return attributes.windows[0], FROM_FILE_WINDOW
    return auto_window(frame), AUTO


def window_of(frame: Frame, view: View) -> Window | LookupTable:
    """The VOI transformation that `view` means for `frame`."""
    if view.voi_lut_index is not None and view.voi_lut_index < len(frame.attributes.voi_luts):
        return frame.attributes.voi_luts[view.voi_lut_index]
    return view.window if view.window is not None else initial_window(frame)[0]


def auto_window(frame: Frame) -> Window:
    """Over the middle 99 % of the values without padding; eight-bit pictures without rescaling as they are."""
    attributes = frame.attributes
    if frame.stored.dtype == np.uint8 and attributes.bits_stored == 8 and attributes.modality_lut is None:
        low, high = (float(value) * attributes.rescale_slope + attributes.rescale_intercept for value in (0, 255))
        return _spanning(min(low, high), max(low, high))
    return _of_values(frame, slice(None), slice(None))


def window_of_region(frame: Frame, rows: slice, columns: slice) -> Window:
    """The window over the middle 99 % of the values of a part of the frame, without padding."""
    return _of_values(frame, rows, columns)


def _of_values(frame: Frame, rows: slice, columns: slice) -> Window:
    part = frame.stored[rows, columns]
    step = max(1, math.isqrt(max(1, part.size // _SAMPLES)))
    stored = part[::step, ::step]
    mask = padding_mask(Frame(stored, frame.attributes))
    if mask is not None and not mask.all():
        stored = stored[~mask]
    values = to_modality(stored, frame.attributes)
    values = values[np.isfinite(values)]
    if not values.size:
        return Window(0.5, 1.0, AUTO, VoiFunction.LINEAR_EXACT)
    low, high = (_percentile(values, each) for each in _PERCENTILES)
    if low == high:
        low, high = float(values.min()), float(values.max())
    return _spanning(low, high)


def _percentile(values: NDArray[Any], percent: float) -> float:
    """As `numpy.percentile`, which imports `numpy.ma`: 20 ms before the first picture."""
    place = (values.size - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, values.size - 1)
    parted = np.partition(values, (below, above), axis=None)
    return float(parted[below]) + (float(parted[above]) - float(parted[below])) * (place - below)


def _spanning(low: float, high: float) -> Window:
    """The window that shows `low` black and `high` white."""
    if high <= low:
        return Window(low + 0.5, 1.0, AUTO, VoiFunction.LINEAR_EXACT)
    return Window((low + high) / 2, high - low, AUTO, VoiFunction.LINEAR_EXACT)


def drag_window(window: Window | LookupTable, dx: float, dy: float, frame: Frame) -> Window:
    """Drag by screen pixels: right is wider, up (negative `dy`) is brighter, in proportion to the width.

    From a VOI LUT the drag starts at the window that covers its input range.
    """
    current = _covering(window) if isinstance(window, LookupTable) else window
    floor = _smallest_width(frame, current)
    width = max(floor, current.width * math.exp(max(-20.0, min(20.0, dx / _PIXELS_PER_WIDTH))))
    width = min(width, 1e12)
    center = current.center + dy * max(current.width, floor) / _PIXELS_PER_WIDTH
    return replace(current, center=center, width=width, explanation="")


def _covering(table: LookupTable) -> Window:
    return Window(table.first + len(table.values) / 2, float(max(1, len(table.values))))


def _smallest_width(frame: Frame, window: Window) -> float:
    if window.function is VoiFunction.LINEAR:
        return 1.0  # PS3.3 C.11.2.1.2.1
    step = abs(frame.attributes.rescale_slope) or 1.0
    return step if frame.stored.dtype.kind in "iu" else max(1e-6, window.width * 1e-3)
