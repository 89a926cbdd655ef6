"""One frame as a PNG, at one screen pixel per image pixel, exactly as the viewer shows it."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import numpy as np

from workstation.dicom.decode_pool import DecodePool
from workstation.domain.errors import DiskFull, LocalError, UnsupportedObject
from workstation.imaging.compose import compose, layout, row_ratio
from workstation.imaging.frame import Frame, Window
from workstation.imaging.present import native_size, presented, presented_view
from workstation.imaging.presentation import PresentationState
from workstation.imaging.view import View

_LONGEST_SIDE = 32768
_MOST_PIXELS = 1 << 28
_SMALLEST_TEXT = 0.75  # of the usual size, in a picture too small for it
_SCREEN = 900  # pixels: a larger picture is looked at made smaller, and what is drawn is to be read then


def render_png(
    path: str | Path,
    out: str | Path,
    frame: int = 0,
    window: Window | None = None,
    *,
    pool: DecodePool,
    presentation: str | Path | None = None,
    graphics: bool = True,
) -> tuple[int, int]:
    """Write frame `frame` (from 0) to `out`; its width and height. Raises InputError, DiskFull, LocalError.

    `presentation` is the path of a presentation state; UnsupportedObject where it is not about this frame. Its
    graphics and texts are drawn unless `graphics` says otherwise.
    """
    from PIL import Image  # noqa: PLC0415 - only the command line needs it

    if presentation is None:
        picture = render(pool.frame(path, frame), window)
    else:
        state, uid = _state_about(path, frame, presentation)
        picture = render_presented(pool.frame(path, frame), state, uid, frame + 1, window=window, graphics=graphics)
    out = Path(out)
    partial = out.with_name(out.name + ".part")
    try:
        Image.fromarray(np.ascontiguousarray(picture)).save(partial, format="PNG")
        partial.replace(out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else LocalError
        raise kind(path=out, reason=error.strerror or type(error).__name__) from error
    return picture.shape[1], picture.shape[0]


def render(frame: Frame, window: Window | None = None) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The picture at native size; pixels that are not square get the height they need."""
    ratio = row_ratio(frame.attributes)
    width, height = frame.columns, max(1, round(frame.rows * ratio))
    return compose(frame, View(window=window, zoom=1.0), (width, height))


def render_presented(
    frame: Frame,
    state: PresentationState,
    sop_instance_uid: str,
    number: int,
    *,
    window: Window | None = None,
    graphics: bool = False,
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The displayed area of frame `number` (from 1) as `state` shows it, at one screen pixel per image pixel or
    magnified as it asks for. Raises UnsupportedObject where that would be an immense picture."""
    shown, area = presented(frame, state, sop_instance_uid, number), state.area_for(sop_instance_uid, number)
    size = native_size(shown, area, state)
    if max(size) > _LONGEST_SIDE or size[0] * size[1] > _MOST_PIXELS:
        raise UnsupportedObject(reason="a displayed area too large for a picture")
    view = presented_view(shown, View(), state, area, size)
    picture = compose(shown, replace(view, window=window), size)
    if not graphics:
        return picture
    from workstation.dicom.render_graphics import with_graphics  # noqa: PLC0415 - Pillow, and only where it is wanted
    from workstation.imaging.present_graphics import drawings  # noqa: PLC0415

    ratio = max(_SMALLEST_TEXT, min(size) / _SCREEN)
    plan = layout(shown, view, size)
    return with_graphics(picture, drawings(shown, state, sop_instance_uid, number, plan, size=size, ratio=ratio), ratio)


def _state_about(path: str | Path, frame: int, presentation: str | Path) -> tuple[PresentationState, str]:
    """The state, and the SOP Instance UID of the image that it is about."""
    from workstation.dicom import elements  # noqa: PLC0415 - pydicom, not needed for plain files
    from workstation.dicom.presentation_state import read_presentation_state  # noqa: PLC0415
    from workstation.dicom.read import read_header  # noqa: PLC0415

    state = read_presentation_state(presentation)
    uid = elements.first_text(read_header(path), "SOPInstanceUID")
    if state.blending is not None:
        raise UnsupportedObject(path=presentation, reason="a blending presentation state, which needs a second series")
    if not state.applies_to(uid, frame + 1):
        raise UnsupportedObject(path=presentation, reason="a presentation state that is not about this image")
    return state, uid
