"""A view: how one frame is looked at, as a value that tools replace, so undo and sync are assignments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.imaging.frame import Window
from workstation.imaging.presentation import PresentationState


class Interpolation(StrEnum):
    """Between pixels where the picture is enlarged; smaller ones are always exact means, unless nearest is asked."""

    NEAREST = "nearest"
    LINEAR = "linear"
    CUBIC = "cubic"


@dataclass(frozen=True, slots=True)
class View:
    """Zoom is screen pixels per image column, None for fit; pan moves the image centre, in screen pixels."""

    window: Window | None = None  # None: the file's first window or VOI LUT, else the default window
    voi_lut_index: int | None = None  # a VOI LUT of the file instead of a window
    zoom: float | None = None
    pan: tuple[float, float] = (0.0, 0.0)
    quarter_turns: int = 0  # clockwise, 0 to 3
    tilt: float = 0.0  # degrees clockwise on top of the quarter turns, -45 to 45
    flipped: bool = False  # left-right, applied before the turns
    inverted: bool = False
    interpolation: Interpolation = Interpolation.LINEAR
    colour_map: str = ""  # Content Label of a palette of PS3.6 Annex B, for grayscale images; empty: gray
    overlays_shown: bool = True
    shutter_shown: bool = True
    overlay_colour: tuple[int, int, int] | None = None  # of planes 60xx; None: white, black where inverted
    graphics_shown: bool = True  # of the presentation state
    hidden_layers: frozenset[str] = frozenset()  # of its graphics and overlays
    presentation: PresentationState | None = None  # applied by the user, to the images that it is about

    @property
    def angle(self) -> float:
        """By how much the picture is turned clockwise, in degrees: above -180, up to 180."""
        whole = (90.0 * self.quarter_turns + self.tilt) % 360.0
        return whole - 360.0 if whole > 180.0 else whole
