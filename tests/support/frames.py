"""Frames made of plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from workstation.imaging.frame import Frame, PixelAttributes


def frame_of(stored: Any, **attributes: Any) -> Frame:
    """A frame of `stored` (array or nested lists of uint8), monochrome or RGB by its shape."""
    array = np.asarray(stored, getattr(stored, "dtype", np.uint8))
    known: dict[str, Any] = {
        "photometric_interpretation": "RGB" if array.ndim == 3 else "MONOCHROME2",
        "bits_stored": array.dtype.itemsize * 8,
        "signed": array.dtype.kind == "i",
    }
    return Frame(array, PixelAttributes(**{**known, **attributes}))
