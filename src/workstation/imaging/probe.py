"""What a pixel says: its value in modality units, or its colour."""

from __future__ import annotations

from workstation.imaging.frame import Frame
from workstation.imaging.grayscale import to_modality


def modality_value(frame: Frame, row: int, column: int) -> float | tuple[int, ...] | None:
    """The value under a pixel; a colour frame gives its samples, a place outside None."""
    if not (0 <= row < frame.rows and 0 <= column < frame.columns):
        return None
    if frame.is_color:
        stored = frame.stored[row, column]
        return tuple(int(sample) for sample in stored.reshape(-1))
    return float(to_modality(frame.stored[row : row + 1, column : column + 1], frame.attributes)[0, 0])
