"""A second series in the colours of a palette, laid over the one looked at (PS3.3 A.33.4, PS3.4 N.2.5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.frame import Frame, PlaneGeometry
from workstation.imaging.geometry import normal, patient_point, pixel_position
from workstation.imaging.grayscale import modality_values, padding_mask, shade
from workstation.imaging.planes import are_parallel, share_frame_of_reference
from workstation.imaging.window import initial_window

Packed = NDArray[np.uint32]  # (rows, columns): opacity, red, green, blue, of 8 bits each; 0 where nothing lies
Colours = NDArray[np.uint8]
_PARALLEL = 1.0  # degrees


def laid_over(frame: Frame, other: Frame, colours: Colours, opacity: float) -> Packed | None:
    """`other` at the pixels of `frame`, in `colours` (256, 3) and as opaque as `opacity` (0 to 1).

    None where they do not lie in parallel planes of one frame of reference. Between its pixels it is interpolated.
    """
    corner = _position(frame, other, 0.0, 0.0)
    down, across = _position(frame, other, 1.0, 0.0), _position(frame, other, 0.0, 1.0)
    one, two = frame.attributes.geometry, other.attributes.geometry
    if corner is None or down is None or across is None or one is None or two is None:
        return None
    if not share_frame_of_reference(one, two) or not are_parallel(one, two, _PARALLEL):
        return None
    rows, columns = np.arange(frame.rows)[:, None], np.arange(frame.columns)[None, :]
    row = corner[0] + (down[0] - corner[0]) * rows + (across[0] - corner[0]) * columns
    column = corner[1] + (down[1] - corner[1]) * rows + (across[1] - corner[1]) * columns
    inside = (row >= -0.5) & (row <= other.rows - 0.5) & (column >= -0.5) & (column <= other.columns - 0.5)
    levels = shade(
        _between(modality_values(other).astype(np.float64), row, column),
        other.attributes,
        initial_window(other)[0],
        False,
    )
    padding = padding_mask(other)
    if padding is not None:
        inside &= ~padding[_nearest(row, other.rows), _nearest(column, other.columns)]
    rgb = colours[levels].astype(np.uint32)
    solid = np.uint32(round(opacity * 255) << 24)
    packed: Packed = (rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2] | solid).astype(np.uint32)
    packed[~inside] = 0
    return packed


def nearest_plane(plane: PlaneGeometry, others: list[PlaneGeometry | None], within_mm: float) -> int | None:
    """Which of the planes lies in `plane`, or nearest to it and not farther than `within_mm`."""
    found: tuple[float, int] | None = None
    for index, other in enumerate(others):
        if other is None or not share_frame_of_reference(plane, other) or not are_parallel(plane, other, _PARALLEL):
            continue
        apart = abs(float((np.array(other.position) - np.array(plane.position)) @ normal(plane)))
        if apart <= within_mm and (found is None or apart < found[0]):
            found = apart, index
    return found[1] if found is not None else None


def reach_of(planes: list[PlaneGeometry | None]) -> float:
    """Half of the usual distance between the planes of a stack, in mm; a millimetre for a single one."""
    known = [plane for plane in planes if plane is not None]
    if len(known) < 2:
        return 1.0
    along = normal(known[0])
    places = np.unique(np.round([float(np.array(plane.position) @ along) for plane in known], 3))
    return float(np.median(np.diff(places))) / 2 + 1e-3 if places.size > 1 else 1.0


def _position(frame: Frame, other: Frame, row: float, column: float) -> tuple[float, float] | None:
    point = patient_point(frame.attributes, row, column)
    return None if point is None else pixel_position(other.attributes, point)


def _nearest(positions: NDArray[np.float64], length: int) -> NDArray[np.intp]:
    return np.clip(np.rint(positions), 0, length - 1).astype(np.intp)


def _between(values: NDArray[np.float64], row: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear between the four neighbours; beyond the outer pixel centres the outer values."""
    row, column = np.clip(row, 0, values.shape[0] - 1), np.clip(column, 0, values.shape[1] - 1)
    top, left = np.floor(row).astype(np.intp), np.floor(column).astype(np.intp)
    bottom, right = np.minimum(top + 1, values.shape[0] - 1), np.minimum(left + 1, values.shape[1] - 1)
    down, across = row - top, column - left
    upper = values[top, left] * (1 - across) + values[top, right] * across
    lower = values[bottom, left] * (1 - across) + values[bottom, right] * across
    mixed: NDArray[np.float64] = upper * (1 - down) + lower * down
    return mixed
