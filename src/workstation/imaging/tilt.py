"""Turning an image by any angle: each screen pixel is blended from the four image pixels around its centre.

The values are those of the image already made as small as the screen needs (`compose`), so nothing falls between.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.resample import Axis
from workstation.imaging.view import Interpolation

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
Indices = NDArray[np.int32]


class Inverse(NamedTuple):
    """Image coordinates of a screen point: each is `(per x, per y, at the origin) . (x, y, 1)`."""

    column: tuple[float, float, float]
    row: tuple[float, float, float]

    def places(self, of: tuple[float, float, float], size: tuple[int, int]) -> NDArray[np.float64]:
        """One coordinate at the centre of every pixel of a screen of `size` (width, height)."""
        per_x, per_y, begin = of
        across = (np.arange(size[0]) + 0.5) * per_x
        down = (np.arange(size[1]) + 0.5) * per_y + begin
        result: NDArray[np.float64] = down[:, None] + across[None, :]
        return result


def turn(  # noqa: PLR0917
    values: Array,
    hidden: Mask | None,
    rows: Axis,
    columns: Axis,
    inverse: Inverse,
    size: tuple[int, int],
    interpolation: Interpolation,
) -> tuple[Array, Mask]:
    """The screen of `size` (width, height), and where it shows nothing of the image, or padding.

    `values` are the samples of `rows` and `columns`; they keep their type when they are integers up to 16 bits.
    """
    column, row = inverse.places(inverse.column, size), inverse.places(inverse.row, size)
    inside = (column >= 0) & (column < columns.length) & (row >= 0) & (row < rows.length)
    y, x = np.nonzero(inside)
    result = np.zeros((size[1], size[0], *values.shape[2:]), _kind(values))
    outside = ~inside
    if not y.size:
        return result, outside
    down = _samples(rows, row[y, x])
    across = _samples(columns, column[y, x])
    nearest = np.rint(down).astype(np.intp) * columns.count + np.rint(across).astype(np.intp)
    flat = values.reshape(-1, *values.shape[2:])
    if interpolation is Interpolation.NEAREST:
        result[y, x] = flat[nearest]
    elif hidden is None:
        result[y, x] = _as_before(_blend(flat, down, across, rows.count, columns.count), values.dtype)
    else:
        weight = (~hidden).reshape(-1).astype(np.float32)
        seen = np.where(hidden, np.zeros((), values.dtype), values).reshape(-1)
        share = _blend(weight, down, across, rows.count, columns.count)
        total = _blend(seen, down, across, rows.count, columns.count)
        result[y, x] = _as_before(total / np.maximum(share, 0.5), values.dtype)
    if hidden is not None:
        outside[y, x] = hidden.reshape(-1)[nearest]
    return result, outside


def _samples(plan: Axis, places: NDArray[np.float64]) -> Floats:
    """Which sample, and how far to the next, each place of the image lies at; the outermost go on to the border."""
    found: Floats = ((places - plan.start) / plan.step - plan.first - 0.5).clip(0, plan.count - 1).astype(np.float32)
    return found


def _blend(flat: Array, down: Floats, across: Floats, rows: int, columns: int) -> Array:
    """Linear between the four neighbours."""
    top, left = down.astype(np.int32), across.astype(np.int32)
    lower, right = down - top, across - left
    if flat.ndim == 2:
        lower, right = lower[:, None], right[:, None]
    below, beside = np.minimum(top + 1, rows - 1) * columns, np.minimum(left + 1, columns - 1)
    top = top * columns
    kind = np.float32 if flat.dtype.itemsize <= 2 or flat.dtype == np.float32 else np.float64

    def line(begin: Indices) -> Array:
        first = flat.take(begin + left, axis=0).astype(kind)
        result: Array = first + (flat.take(begin + beside, axis=0) - first) * right
        return result

    upper = line(top)
    result: Array = upper + (line(below) - upper) * lower
    return result


def _kind(values: Array) -> Any:
    return values.dtype if values.dtype.kind in "iu" and values.dtype.itemsize <= 2 else _floats(values)


def _floats(values: Array) -> Any:
    return values.dtype if values.dtype.kind == "f" else np.float64


def _as_before(blended: Array, dtype: np.dtype[Any]) -> Array:
    if dtype.kind not in "iu" or dtype.itemsize > 2:
        return blended
    limits = np.iinfo(cast("np.dtype[np.integer]", dtype))
    rounded: Array = np.clip(np.rint(blended), limits.min, limits.max).astype(dtype)
    return rounded
