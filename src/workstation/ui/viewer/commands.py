"""What the keys and buttons of the viewer do to the viewport that is worked in: one table, action -> command."""

from __future__ import annotations

from collections.abc import Callable

from workstation.ui.viewer import tools
from workstation.ui.viewer.model import Viewport

PAGE = 10  # images
ZOOM_STEP = 1.25
Command = Callable[[Viewport], None]

COMMANDS: dict[str, Command] = {
    "next_image": lambda viewport: viewport.step(1),
    "previous_image": lambda viewport: viewport.step(-1),
    "next_page": lambda viewport: viewport.step(PAGE),
    "previous_page": lambda viewport: viewport.step(-PAGE),
    "first_image": lambda viewport: viewport.go_to(0),
    "last_image": lambda viewport: viewport.go_to(viewport.count - 1),
    "next_phase": lambda viewport: viewport.step_phase(1),
    "previous_phase": lambda viewport: viewport.step_phase(-1),
    "invert": lambda viewport: viewport.apply(tools.invert),
    "flip_horizontal": lambda viewport: viewport.apply(tools.flip_horizontally),
    "flip_vertical": lambda viewport: viewport.apply(tools.flip_vertically),
    "rotate_right": lambda viewport: viewport.apply(lambda view: tools.rotate(view, 1)),
    "rotate_left": lambda viewport: viewport.apply(lambda view: tools.rotate(view, -1)),
    "planes": lambda viewport: viewport.apply(tools.toggle_planes),
    "shutter": lambda viewport: viewport.apply(tools.toggle_shutter),
    "undo": Viewport.undo,
    "redo": Viewport.redo,
    "graphics": lambda viewport: viewport.apply(tools.toggle_graphics),
    "reset": Viewport.reset,
    "fit": lambda viewport: viewport.apply(tools.fit),
    "actual_size": lambda viewport: viewport.apply(tools.one_to_one),
    "zoom_in": lambda viewport: viewport.zoom_centre(ZOOM_STEP),
    "zoom_out": lambda viewport: viewport.zoom_centre(1 / ZOOM_STEP),
    "default_window": lambda viewport: viewport.apply(lambda view: tools.with_window(view, None)),
    "full_range": Viewport.full_range,
}
