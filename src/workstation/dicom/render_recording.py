"""A sheet of a recording as a picture, without a window: what `workstation render` writes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.trace_sheet import TraceSheet
from workstation.settings import resources

PIXELS_PER_MM = 8.0
PAPER, FINE, COARSE, INK, SOFT = (255, 252, 250), (250, 222, 218), (240, 180, 174), (16, 20, 26), (90, 96, 106)


def draw_sheet(sheet: TraceSheet, scale: float = PIXELS_PER_MM) -> NDArray[np.uint8]:
    """uint8 [rows, columns, 3], `scale` pixels a millimetre."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - only the command line needs it

    size = (round(sheet.width * scale), round(sheet.height * scale))
    picture = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(picture)
    for step, colour, width in ((1, FINE, 1), (5, COARSE, 1)):
        for across in range(0, int(sheet.width) + 1, step):
            draw.line([(across * scale, 0), (across * scale, size[1])], colour, width)
        for down in range(0, int(sheet.height) + 1, step):
            draw.line([(0, down * scale), (size[0], down * scale)], colour, width)
    font = ImageFont.truetype(str(resources() / "fonts" / "Inter-Regular.ttf"), round(3.2 * scale))
    pen = max(1, round(0.25 * scale))
    for pulse in sheet.pulses:
        draw.line([tuple(point) for point in pulse * scale], INK, pen)
    for trace in sheet.traces:
        for run in runs(trace.points):
            draw.line([tuple(point) for point in run * scale], INK, pen, joint="curve")
        draw.text((trace.left * scale + 2, trace.top * scale + 2), trace.label, INK, font=font)
    for mark in sheet.marks:
        draw.line([(mark.across * scale, mark.top * scale), (mark.across * scale, mark.bottom * scale)], SOFT, 1)
        draw.text((mark.across * scale + 2, mark.top * scale), mark.text, SOFT, font=font)
    draw.text((2 * scale, 2 * scale), sheet.title, SOFT, font=font)
    return np.asarray(picture)


def runs(points: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The stretches without a gap, of two points at least."""
    gaps = np.flatnonzero(~np.isfinite(points).all(axis=1))
    parts = np.split(points, gaps)
    kept = (part[1:] if len(part) and not np.isfinite(part[0]).all() else part for part in parts)
    return [part for part in kept if len(part) > 1]
