"""Overlay planes (PS3.3 C.9.2): one bit per pixel, drawn over the finished picture by `layers`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """One plane for one frame. `bits` is packed row by row, the first pixel in the lowest bit (PS3.5 8.1.1)."""

    group: int  # 0x6000 to 0x601E, even
    rows: int
    columns: int
    bits: Bits
    origin: tuple[int, int] = (1, 1)  # row, column of its first pixel in the image, which begins at 1 (60xx,0050)
    is_roi: bool = False  # Overlay Type R: a region of interest, else graphics
    label: str = ""  # Overlay Label or Description
    layer: str = ""  # in which a presentation state shows it (60xx,1001)
    colour: tuple[int, int, int] | None = None  # of that layer

    def plane(self) -> Mask:
        """The bits as (rows, columns)."""
        unpacked = np.unpackbits(self.bits, count=self.rows * self.columns, bitorder="little")
        return unpacked.view(np.bool_).reshape(self.rows, self.columns)


def pack(plane: Mask) -> Bits:
    """The packed bits of a plane of shape (rows, columns)."""
    return np.packbits(plane.reshape(-1), bitorder="little")


def on_image(overlays: Sequence[Overlay], rows: int, columns: int) -> Mask | None:
    """Where any of the overlays has a bit set, as large as the image; None where none of them reaches it."""
    found: Mask | None = None
    for overlay in overlays:
        top, left = overlay.origin[0] - 1, overlay.origin[1] - 1
        first_row, first_column = max(0, top), max(0, left)
        last_row, last_column = min(rows, top + overlay.rows), min(columns, left + overlay.columns)
        if first_row >= last_row or first_column >= last_column:
            continue
        if found is None:
            found = np.zeros((rows, columns), np.bool_)
        part = overlay.plane()[first_row - top : last_row - top, first_column - left : last_column - left]
        found[first_row:last_row, first_column:last_column] |= part
    return found
