"""What the tools do to a view: each takes one value and gives the next, so undo is an assignment.

Points and movements are `(across, down)` in screen pixels of the device, points from the viewport's top left.
"""

from __future__ import annotations

import math
from dataclasses import replace

from workstation.imaging.compose import turning
from workstation.imaging.frame import Window
from workstation.imaging.view import View

Point = tuple[float, float]
SMALLEST_ZOOM = 0.01
LARGEST_ZOOM = 64.0


def pan_by(view: View, movement: Point) -> View:
    """Move the picture; a fitted picture stays fitted in size."""
    return replace(view, pan=(view.pan[0] + movement[0], view.pan[1] + movement[1]))


def zoom_at(view: View, factor: float, point: Point, size: tuple[int, int], current: float) -> View:
    """Zoom so that what lies under `point` stays there; `size` is (width, height), `current` the zoom now shown."""
    target = min(max(current * factor, SMALLEST_ZOOM), LARGEST_ZOOM)
    ratio = target / current
    from_centre = (point[0] - size[0] / 2, point[1] - size[1] / 2)
    pan = (
        from_centre[0] - ratio * (from_centre[0] - view.pan[0]),
        from_centre[1] - ratio * (from_centre[1] - view.pan[1]),
    )
    return replace(view, zoom=target, pan=pan)


def fit(view: View) -> View:
    return replace(view, zoom=None, pan=(0.0, 0.0))


def one_to_one(view: View) -> View:
    """One image column on one pixel of the screen."""
    return replace(view, zoom=1.0, pan=(0.0, 0.0))


def rotate(view: View, quarter_turns: int) -> View:
    """Turn what is on the screen clockwise, with its pan."""
    across, down = view.pan
    for _ in range(quarter_turns % 4):
        across, down = -down, across
    return replace(view, quarter_turns=(view.quarter_turns + quarter_turns) % 4, pan=(across, down))


def turn_to(view: View, degrees: float) -> View:
    """Turn what is on the screen, with its pan, until the picture stands at `degrees` clockwise."""
    quarters = math.floor(degrees / 90 + 0.5)
    across, down = view.pan
    cosine, sine = turning(degrees - view.angle)
    return replace(
        view,
        quarter_turns=quarters % 4,
        tilt=round(degrees - 90 * quarters, 3) + 0.0,
        pan=(across * cosine - down * sine, across * sine + down * cosine),
    )


def flip_horizontally(view: View) -> View:
    """Mirror what is on the screen left to right: with the flip first and the turns after, F·Rⁿ = R⁻ⁿ·F."""
    return replace(
        view,
        flipped=not view.flipped,
        quarter_turns=-view.quarter_turns % 4,
        tilt=0.0 - view.tilt,
        pan=(-view.pan[0], view.pan[1]),
    )


def flip_vertically(view: View) -> View:
    """Mirror what is on the screen top to bottom: a left-right mirror and half a turn."""
    return replace(
        view,
        flipped=not view.flipped,
        quarter_turns=(2 - view.quarter_turns) % 4,
        tilt=0.0 - view.tilt,
        pan=(view.pan[0], -view.pan[1]),
    )


def invert(view: View) -> View:
    return replace(view, inverted=not view.inverted)


def toggle_planes(view: View) -> View:
    """Overlay planes 60xx shown or not."""
    return replace(view, overlays_shown=not view.overlays_shown)


def toggle_shutter(view: View) -> View:
    """What the display shutter covers, covered or open."""
    return replace(view, shutter_shown=not view.shutter_shown)


def toggle_graphics(view: View) -> View:
    """What a presentation state draws, shown or not."""
    return replace(view, graphics_shown=not view.graphics_shown)


def with_window(view: View, window: Window | None) -> View:
    """Use `window`; None goes back to what the file says."""
    return replace(view, window=window, voi_lut_index=None)


def with_voi_lut(view: View, index: int) -> View:
    return replace(view, window=None, voi_lut_index=index)
