"""The second series of a blending presentation state: its slice at the place of the one shown, laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from workstation.imaging.frame import Frame
from workstation.imaging.presentation import Blending
from workstation.services.display_sets import DisplaySet, FrameRef
from workstation.ui.background import Background
from workstation.ui.viewer.canvas import Canvas
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.loader import FrameSource
from workstation.ui.viewer.model import Viewport

Packed = NDArray[np.uint32]


class Blender(QObject):
    """Follows what the viewports show; decoding and resampling are done off the GUI thread."""

    def __init__(self, source: FrameSource, grid: ViewportGrid, parent: QObject) -> None:
        super().__init__(parent)
        self._source, self._grid = source, grid
        self._background = Background("blending", self)
        self._sets: tuple[DisplaySet, ...] = ()
        self._asked: dict[Viewport, tuple[Blending, FrameRef]] = {}
        for canvas in grid.canvases:
            self._watch(canvas)
        grid.canvas_added.connect(self._watch)

    def look(self, display_sets: Sequence[DisplaySet]) -> None:
        """In these for the second series, and in nothing that was open before."""
        self._background.forget()
        self._sets, self._asked = tuple(display_sets), {}
        for viewport in self._grid.viewports:
            viewport.lay_over(None, None)

    def close(self) -> None:
        self._background.close()

    def _watch(self, canvas: Canvas) -> None:
        viewport = canvas.viewport
        viewport.view_changed.connect(partial(self._follow, viewport))
        viewport.frame_shown.connect(partial(self._follow, viewport))

    def _follow(self, viewport: Viewport, _ref: object = None) -> None:
        state, ref, frame = viewport.presentation, viewport.shown_ref, viewport.decoded
        blending = state.blending if state is not None else None
        if blending is None or ref is None or frame is None or frame.attributes.reduction > 1:
            return
        if self._asked.get(viewport) == (blending, ref):
            return
        self._asked = {one: asked for one, asked in self._asked.items() if one in set(self._grid.viewports)}
        self._asked[viewport] = blending, ref
        sets, source = self._sets, self._source
        self._background.ask(lambda: _laid_over(source, sets, blending, ref, frame), partial(self._keep, viewport, ref))

    def _keep(self, viewport: Viewport, ref: FrameRef, packed: Packed | None) -> None:
        if viewport in set(self._grid.viewports):
            viewport.lay_over(ref, packed)


def _laid_over(
    source: FrameSource, sets: Sequence[DisplaySet], blending: Blending, ref: FrameRef, frame: Frame
) -> Packed | None:
    """Of the slice that lies where `frame` does; None where there is none."""
    from workstation.imaging.blending import laid_over, nearest_plane, reach_of  # noqa: PLC0415 - rarely needed
    from workstation.imaging.present import superimposed  # noqa: PLC0415

    plane = frame.attributes.geometry
    refs = _second(sets, blending)
    if plane is None or not refs:
        return None
    planes = [one.geometry for one in refs]
    at = nearest_plane(plane, planes, reach_of(planes))
    if at is None:
        return None
    found = refs[at]
    other = source.frame(found.path, found.frame_index)
    shown = superimposed(other, blending, found.sop_instance_uid, found.frame_index + 1)
    return laid_over(frame, shown, blending.colours, blending.opacity)


def _second(sets: Sequence[DisplaySet], blending: Blending) -> tuple[FrameRef, ...]:
    meant: dict[str, tuple[int, ...]] = {image.sop_instance_uid: image.frames for image in blending.images}
    return tuple(
        ref
        for one in sets
        for ref in one.frames
        if ref.sop_instance_uid in meant
        and (not meant[ref.sop_instance_uid] or ref.frame_index + 1 in meant[ref.sop_instance_uid])
    )
