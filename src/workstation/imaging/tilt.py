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
_STRIP = 32  # rows of the screen at once, so that what is computed stays in the cache


class Inverse(NamedTuple):
    """Image coordinates of a screen point: each is `(per x, per y, at the origin) . (x, y, 1)`."""

    column: tuple[float, float, float]
    row: tuple[float, float, float]

    def places(self, of: tuple[float, float, float], width: int, rows: slice) -> NDArray[np.float64]:
        """One coordinate at the centre of every pixel in some `rows` of a screen of that `width`."""
        per_x, per_y, begin = of
        across = (np.arange(width) + 0.5) * per_x
        down = (np.arange(rows.start, rows.stop) + 0.5) * per_y + begin
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
    result = np.zeros((size[1], size[0], *values.shape[2:]), _kind(values))
    outside = np.ones((size[1], size[0]), np.bool_)
    flat = values.reshape(-1, *values.shape[2:])
    shown = None if hidden is None else (~hidden).reshape(-1)
    weights = None if shown is None else shown.astype(np.float32)
    if shown is not None and interpolation is not Interpolation.NEAREST:
        flat = np.where(shown, flat, np.zeros((), flat.dtype))
    for top in range(0, size[1], _STRIP):
        part = slice(top, min(top + _STRIP, size[1]))
        column, row = inverse.places(inverse.column, size[0], part), inverse.places(inverse.row, size[0], part)
        inside = (column >= 0) & (column < columns.length) & (row >= 0) & (row < rows.length)
        if not inside.any():
            continue
        at = _Between(_samples(rows, row), _samples(columns, column), rows.count, columns.count)
        result[part] = _picked(flat, weights, at, interpolation)
        result[part][~inside] = 0
        outside[part] = ~inside if shown is None else ~(inside & shown.take(at.nearest))
    return result, outside


def _picked(flat: Array, weights: Floats | None, at: _Between, interpolation: Interpolation) -> Array:
    if interpolation is Interpolation.NEAREST:
        return flat.take(at.nearest, axis=0)
    total = at.blend(flat)
    return _as_before(total if weights is None else total / np.maximum(at.blend(weights), 0.5), flat.dtype)


def _samples(plan: Axis, places: NDArray[np.float64]) -> Floats:
    """Which sample, and how far to the next, each place of the image lies at; the outermost go on to the border."""
    found: Floats = ((places - plan.start) / plan.step - plan.first - 0.5).clip(0, plan.count - 1).astype(np.float32)
    return found


class _Between:
    """Places between the samples, in fractions of one: four neighbours each."""

    def __init__(self, down: Floats, across: Floats, rows: int, columns: int) -> None:
        top, left = down.astype(np.int32), across.astype(np.int32)
        self._lower, self._right = down - top, across - left
        self._top, self._left = top * columns, left
        self._below, self._beside = np.minimum(top + 1, rows - 1) * columns, np.minimum(left + 1, columns - 1)

    @property
    def nearest(self) -> Indices:
        return np.where(self._lower < 0.5, self._top, self._below) + np.where(
            self._right < 0.5, self._left, self._beside
        )

    def blend(self, flat: Array) -> Array:
        """Linear between the four neighbours in `flat`, one sample or one pixel of several channels each."""
        channels = (slice(None), slice(None), None) if flat.ndim == 2 else ()
        kind = np.float32 if flat.dtype.itemsize <= 2 or flat.dtype == np.float32 else np.float64
        lower, right = self._lower[channels], self._right[channels]

        def line(begin: Indices) -> Array:
            first = flat.take(begin + self._left, axis=0).astype(kind)
            result: Array = first + (flat.take(begin + self._beside, axis=0) - first) * right
            return result

        upper = line(self._top)
        result: Array = upper + (line(self._below) - upper) * lower
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
