"""Small pictures of display sets, by the same composition as the large ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.compose import compose
from workstation.imaging.view import View
from workstation.jobs.cancel import Cancellation
from workstation.services.display_sets import DisplaySet
from workstation.ui.viewer.loader import FrameSource


def thumbnail(source: FrameSource, display_set: DisplaySet, side: int, cancellation: Cancellation) -> NDArray[np.uint8]:
    """The middle frame, `side` pixels square. Blocking; raises InputError, Cancelled."""
    ref = display_set.frames[len(display_set.frames) // 2]
    frame = source.frame(ref.path, ref.frame_index, cancellation)
    return np.ascontiguousarray(compose(frame, View(), (side, side)))
