"""A colour transformation sampled on a cube, applied to the pixels that are shown (PS3.3 C.11.15).

The cube is made dense once: then a pixel costs one look-up, measured 10 ms instead of 50 ms for 1.6 Mpx.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.frame import ColourCube

Rgb = NDArray[np.uint8]
DenseCube = NDArray[np.uint32]
_EDGE_BITS = 7  # 128 steps of two levels each
_BLOCK = 1 << 16  # pixels at a time: their indices stay in the cache


def dense(cube: ColourCube) -> DenseCube:
    """All colours of even levels, interpolated between the nodes: red, green and blue in the bytes of one word."""
    values = cube.nodes.astype(np.float32)
    for channel in range(3):
        values = _along(values, channel)
    steps = 1 << _EDGE_BITS
    packed = np.zeros((steps, steps, steps, 4), np.uint8)
    packed[..., :3] = np.rint(values)
    return packed.reshape(-1).view(np.uint32)


def _along(values: NDArray[np.float32], channel: int) -> NDArray[np.float32]:
    edge = values.shape[channel]
    place = np.arange(0, 256, 256 >> _EDGE_BITS, dtype=np.float32) * ((edge - 1) / 255.0)
    low = np.minimum(place.astype(np.intp), edge - 2)
    share = (place - low).reshape([-1 if axis == channel else 1 for axis in range(4)])
    below, above = values.take(low, channel), values.take(low + 1, channel)
    between: NDArray[np.float32] = below + (above - below) * share.astype(np.float32)
    return between


def through_cube(rgb: Rgb, colours: DenseCube) -> Rgb:
    """Colours of shape (..., 3) through a dense cube; odd levels lie one above the even ones, as they did."""
    flat = np.ascontiguousarray(rgb).reshape(-1, 3)
    output = np.empty_like(flat)
    for start in range(0, len(flat), _BLOCK):
        part = flat[start : start + _BLOCK]
        half = (part >> 1).astype(np.int64)
        index = (half[:, 0] << 2 * _EDGE_BITS) | (half[:, 1] << _EDGE_BITS) | half[:, 2]
        found = colours.take(index).view(np.uint8).reshape(-1, 4)[:, :3]
        output[start : start + _BLOCK] = np.minimum(found, 254) + (part & 1)
    return output.reshape(rgb.shape)
