"""A colour transformation sampled on a cube and interpolated in between, for the pixels that are shown (C.11.15)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.frame import ColourCube

Rgb = NDArray[np.uint8]
_BLOCK = 1 << 16  # pixels at a time: their corners stay in the cache


def through_cube(rgb: Rgb, cube: ColourCube) -> Rgb:
    """Colours of shape (..., 3) through the cube, trilinear between its nodes."""
    flat = rgb.reshape(-1, 3)
    output = np.empty_like(flat)
    table = cube.nodes.reshape(-1, 3).astype(np.float32)
    edge = cube.nodes.shape[0]
    # Of each of the 256 levels: the node below, and the share of the one above.
    place = np.arange(256, dtype=np.float32) * ((edge - 1) / 255.0)
    low = np.minimum(place.astype(np.intp), edge - 2)
    share = place - low.astype(np.float32)
    for start in range(0, len(flat), _BLOCK):
        part = flat[start : start + _BLOCK]
        output[start : start + _BLOCK] = np.rint(_interpolated(part, table, edge, low, share))
    return output.reshape(rgb.shape)


def _interpolated(
    part: Rgb, table: NDArray[np.float32], edge: int, low: NDArray[np.intp], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    red, green, blue = (low[part[:, channel]] for channel in range(3))
    shares = [share[part[:, channel]][:, None] for channel in range(3)]
    base = (red * edge + green) * edge + blue
    result = np.zeros((len(part), 3), np.float32)
    for corner in range(8):
        up = (corner >> 2 & 1, corner >> 1 & 1, corner & 1)
        weight = np.ones((len(part), 1), np.float32)
        for above, each in zip(up, shares, strict=True):
            weight = weight * (each if above else 1.0 - each)
        result += weight * table[base + ((up[0] * edge + up[1]) * edge + up[2])]
    return result
