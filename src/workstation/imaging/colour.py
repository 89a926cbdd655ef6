"""Colour models (PS3.3 C.7.6.3.1.2): YBR to RGB, palettes to RGB."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.frame import LookupTable, Stored

# Rows give R, G, B from Y, Cb, Cr (ITU-R BT.601 as the standard states it).
_FULL = np.array([[1.0, 0.0, 1.402], [1.0, -0.344136, -0.714136], [1.0, 1.772, 0.0]], np.float32)
_PARTIAL = np.array([[1.1644, 0.0, 1.5960], [1.1644, -0.3917, -0.8129], [1.1644, 2.0173, 0.0]], np.float32)


def ybr_full_to_rgb(stored: Stored, bits: int) -> Stored:
    """YBR_FULL: all values of `bits` in use, Cb and Cr around the middle."""
    return _matrix(stored, bits, _FULL, 0.0)


def ybr_partial_to_rgb(stored: Stored, bits: int) -> Stored:
    """YBR_PARTIAL: Y from 16 to 235 of 256, as video has it."""
    return _matrix(stored, bits, _PARTIAL, 2.0 ** (bits - 4))


def _matrix(stored: Stored, bits: int, matrix: NDArray[np.float32], black: float) -> Stored:
    ybr = stored.astype(np.float32)
    ybr -= np.array([black, 2.0 ** (bits - 1), 2.0 ** (bits - 1)], np.float32)
    rgb = ybr @ matrix.T
    np.rint(rgb, out=rgb)
    np.clip(rgb, 0, 2.0**bits - 1, out=rgb)
    return rgb.astype(stored.dtype)


def palette_to_rgb(stored: Stored, palette: tuple[LookupTable, LookupTable, LookupTable]) -> NDArray[np.uint8]:
    """Indices to 8-bit RGB (PS3.3 C.7.6.3.1.5): below the first entry the first, above the last the last."""
    rgb = np.empty((*stored.shape, 3), np.uint8)
    for channel, table in enumerate(palette):
        last = len(table.values) - 1
        index = np.clip(stored.astype(np.int64) - table.first, 0, last)
        rgb[..., channel] = to_8_bit(table.values, table.bits)[index]
    return rgb


def to_8_bit(values: NDArray[np.generic], bits: int) -> NDArray[np.uint8]:
    """The most significant eight of `bits`."""
    shifted = values.astype(np.int64) >> max(0, bits - 8)
    clipped: NDArray[np.uint8] = np.clip(shifted, 0, 255).astype(np.uint8)
    return clipped


def blended(screen: NDArray[np.uint8], packed: NDArray[np.uint32], *, inverted: bool) -> NDArray[np.uint8]:
    """Colours (rows, columns, 3) with what is packed for each pixel over them, as `blending.Packed` has it."""
    opacity = (packed >> 24).astype(np.uint16)[..., None]
    shifts = np.array([16, 8, 0], np.uint32)
    over = (packed[..., None] >> shifts & 0xFF).astype(np.uint16)
    if inverted:
        over = 255 - over
    mixed: NDArray[np.uint8] = ((screen * (255 - opacity) + over * opacity + 127) // 255).astype(np.uint8)
    return mixed
