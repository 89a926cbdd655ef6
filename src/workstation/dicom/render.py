"""One frame as a PNG, at one screen pixel per image pixel, exactly as the viewer shows it."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np

from workstation.dicom.decode_pool import DecodePool
from workstation.domain.errors import DiskFull, LocalError
from workstation.imaging.compose import compose, row_ratio
from workstation.imaging.frame import Frame, Window
from workstation.imaging.view import View


def render_png(
    path: str | Path, out: str | Path, frame: int = 0, window: Window | None = None, *, pool: DecodePool
) -> tuple[int, int]:
    """Write frame `frame` (from 0) to `out`; its width and height. Raises InputError, DiskFull, LocalError."""
    from PIL import Image  # noqa: PLC0415 - only the command line needs it

    picture = render(pool.frame(path, frame), window)
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
