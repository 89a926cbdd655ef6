"""The inner loops of drawing an image: resampling, table lookup, colours, as `kernel_build` compiles them.

Arrays are flat, so that compiled code takes them as an address and a size and never allocates or raises.
Slices come before the inner loops, which run over the size of what they index: otherwise LLVM does not vectorise
them (measured four times slower).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]
Floats = NDArray[np.float32]
Places = NDArray[np.uintp]
Bytes = NDArray[np.uint8]


def sample(  # noqa: PLR0917 - compiled functions have no keywords
    values: Pixels,
    width: int,
    rows: Places,
    row_weights: Floats,
    columns: Places,
    column_weights: Floats,
    channels: int,
    lowest: float,
    highest: float,
    scratch: Floats,
    output: Pixels,
) -> None:
    """A weighted sum over neighbouring rows, then over neighbouring columns, rounded half to even.

    `values` has rows of `width` numbers, `channels` of them to a pixel. Row y of the output begins at input row
    `rows[y]` and takes as many as it has weights: `row_weights` is (rows, weights), `column_weights`
    (weights, columns). `scratch` holds `width` and `columns.size` numbers.
    """
    reach_down, reach_across = row_weights.size // rows.size, column_weights.size // columns.size
    count = columns.size
    first = columns[0]
    last = columns[count - 1] + (reach_across - 1) * channels + 1
    blend, line = scratch[: last - first], scratch[width : width + count]
    for y in range(rows.size):
        blend[:] = 0
        for j in range(reach_down):
            weight = row_weights[y * reach_down + j]
            if weight != 0:
                start = (rows[y] + j) * width
                source = values[start + first : start + last]
                for x in range(blend.size):
                    blend[x] += weight * np.float32(source[x])
        line[:] = 0
        for k in range(reach_across):
            part, weights = blend[k * channels :], column_weights[k * count : (k + 1) * count]
            for x in range(line.size):
                line[x] += weights[x] * part[columns[x] - first]
        target = output[y * count : (y + 1) * count]
        for x in range(line.size):
            target[x] = min(max(np.rint(line[x]), lowest), highest)


def sample_visible(  # noqa: PLR0917
    values: Pixels,
    width: int,
    rows: Places,
    row_weights: Floats,
    columns: Places,
    column_weights: Floats,
    padding_first: float,
    padding_last: float,
    lowest: float,
    highest: float,
    scratch: Floats,
    output: Pixels,
    hidden: Bytes,
) -> None:
    """As `sample` for one channel; values from `padding_first` to `padding_last` weigh nothing.

    `hidden` is 1 where they have half of the weight or more. `scratch` is twice as long.
    """
    reach_down, reach_across = row_weights.size // rows.size, column_weights.size // columns.size
    count = columns.size
    first = columns[0]
    last = columns[count - 1] + (reach_across - 1) + 1
    extent = last - first
    blend, seen = scratch[:extent], scratch[width : width + extent]
    line, visible = scratch[2 * width : 2 * width + count], scratch[2 * width + count : 2 * (width + count)]
    for y in range(rows.size):
        blend[:] = 0
        seen[:] = 0
        for j in range(reach_down):
            weight = row_weights[y * reach_down + j]
            if weight != 0:
                start = (rows[y] + j) * width
                source = values[start + first : start + last]
                for x in range(blend.size):
                    value = np.float32(source[x])
                    share = np.float32(0) if (value >= padding_first) & (value <= padding_last) else weight
                    blend[x] += share * value
                    seen[x] += share
        line[:] = 0
        visible[:] = 0
        for k in range(reach_across):
            part, part_seen, weights = blend[k:], seen[k:], column_weights[k * count : (k + 1) * count]
            for x in range(line.size):
                line[x] += weights[x] * part[columns[x] - first]
                visible[x] += weights[x] * part_seen[columns[x] - first]
        target, veil = output[y * count : (y + 1) * count], hidden[y * count : (y + 1) * count]
        for x in range(line.size):
            veil[x] = visible[x] < np.float32(0.5)
            share = max(visible[x], np.float32(0.5))
            target[x] = min(max(np.rint(line[x] / share), lowest), highest)


def look_up(  # noqa: PLR0917
    values: Pixels, width: int, table: Bytes, output: Bytes, down: int, across: int, begin: int
) -> None:
    """The table's entry of each value; value (y, x) goes to `begin + y * down + x * across` of the output."""
    for y in range(values.size // width):
        source = values[y * width : (y + 1) * width]
        place = begin + y * down
        for x in range(source.size):
            output[np.uintp(place + x * across)] = table[source[x]]


def paint(  # noqa: PLR0917
    values: Pixels, width: int, table: Bytes, colours: Bytes, output: Bytes, down: int, across: int, begin: int
) -> None:
    """As `look_up`, the level then looked up in the 256 x 3 `colours` and three bytes put there."""
    for y in range(values.size // width):
        source = values[y * width : (y + 1) * width]
        place = begin + y * down
        for x in range(source.size):
            colour = 3 * np.uintp(table[source[x]])
            at = np.uintp(place + x * across)
            output[at] = colours[colour]
            output[at + np.uintp(1)] = colours[colour + np.uintp(1)]
            output[at + np.uintp(2)] = colours[colour + np.uintp(2)]
