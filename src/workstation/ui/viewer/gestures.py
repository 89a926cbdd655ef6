"""The hand on the mouse: which button does what, and what a drag changes in a viewport.

Habits come as profiles: Standard is that of most workstations, BIR the one of the IHE profile (scroll with the
left button), ClearCanvas the one of its users. Left and right together scroll in each of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt

from workstation.settings import MouseProfile
from workstation.ui.viewer import tools
from workstation.ui.viewer.model import Tool, Viewport

CLICK_DISTANCE = 4  # logical pixels; less is a click, not a drag
CLICK_TIME_MS = 250
ZOOM_PER_PIXEL = 1.01
SCROLL_PIXELS = 12.0  # of a drag with the scroll tool for one image, less in long stacks
TURN_STEP = 15.0  # degrees, while Shift is held
_STILL = 12.0  # logical pixels around the middle, where no direction can be told
COARSE, FINE = 4.0, 0.25

Button = Qt.MouseButton
Modifier = Qt.KeyboardModifier
_TURNING = Modifier.ControlModifier | Modifier.AltModifier
_CHORD = frozenset({Button.LeftButton, Button.RightButton})


@dataclass(frozen=True, slots=True)
class Buttons:
    """What the buttons do; `left` is what the left one does until another tool is chosen."""

    left: Tool
    middle: Tool = Tool.PAN
    right: Tool = Tool.ZOOM
    ctrl_left: Tool | None = None


PROFILES: dict[MouseProfile, Buttons] = {
    MouseProfile.STANDARD: Buttons(Tool.WINDOW),
    MouseProfile.BIR: Buttons(Tool.SCROLL),
    MouseProfile.CLEARCANVAS: Buttons(Tool.SCROLL, middle=Tool.WINDOW, right=Tool.WINDOW, ctrl_left=Tool.PAN),
}


def tool_of(profile: MouseProfile, chosen: Tool, button: Button, modifiers: Modifier) -> Tool:
    """What a drag that begins with `button` does; the left one what the chosen tool says."""
    buttons = PROFILES[profile]
    if button == Button.MiddleButton:
        return buttons.middle
    if button == Button.RightButton:
        return buttons.right
    if modifiers & _TURNING == _TURNING:
        return Tool.ROTATE
    if modifiers & Modifier.ControlModifier and buttons.ctrl_left is not None:
        return buttons.ctrl_left
    return chosen


class Drag:
    """Buttons held down: from where, doing what, and whether it is still only a click."""

    def __init__(self, button: Button, origin: QPointF, tool: Tool, pressed_ms: int = 0) -> None:
        """`pressed_ms` as the event tells it: what happened, not when a busy program came to hear of it."""
        self.origin = origin
        self.tool = tool
        self._held = {button}
        self._last = origin
        self._moved = False
        self._over = False
        self._left_over = 0.0
        self._angle: float | None = None
        self._pressed_ms = pressed_ms

    def join(self, button: Button, position: QPointF) -> bool:
        """Take another button into the hand; whether the two now scroll together."""
        self._held.add(button)
        if self._held != _CHORD or self._over:
            return False
        self.tool, self._last, self._moved = Tool.SCROLL, position, True
        return True

    def let_go(self, button: Button) -> bool:
        """Whether the hand is empty; the first button let go ends what the drag does."""
        self._held.discard(button)
        self._over = True
        return not self._held

    def begun(self, position: QPointF) -> bool:
        """Whether the pointer has left the place of the click."""
        self._moved = self._moved or (position - self.origin).manhattanLength() >= CLICK_DISTANCE
        return self._moved and not self._over

    def was_click(self, released_ms: int = 0) -> bool:
        """Whether the button went down and up in one place, and at once."""
        return not self._moved and released_ms - self._pressed_ms < CLICK_TIME_MS

    def movement(self, position: QPointF) -> QPointF:
        step, self._last = position - self._last, position
        return step

    def turned(self, position: QPointF, before: QPointF, middle: QPointF, angle: float) -> float:
        """The angle, in degrees, of a picture that stood at `angle` when it began to follow the pointer's way."""
        if self._angle is None:
            self._angle = angle
        start, end = before - middle, position - middle
        if min(math.hypot(start.x(), start.y()), math.hypot(end.x(), end.y())) > _STILL:
            way = math.atan2(end.y(), end.x()) - math.atan2(start.y(), start.x())
            self._angle += math.degrees(math.remainder(way, 2 * math.pi))
        return self._angle

    def whole(self, moved: float, pixels: float) -> int:
        """Whole steps of `pixels` for this movement; the rest of it counts later."""
        self._left_over += moved / pixels
        steps = int(self._left_over)
        self._left_over -= steps
        return steps


def carry_out(viewport: Viewport, drag: Drag, position: QPointF, ratio: float, modifiers: Modifier) -> None:
    """Change `viewport` as the drag says; `ratio` is device pixels per logical pixel."""
    step = drag.movement(position)
    movement = step * ratio
    across, down = movement.x(), movement.y()
    match drag.tool:
        case Tool.WINDOW:
            speed = _speed(modifiers)
            viewport.drag_window(across * speed, down * speed)
        case Tool.PAN:
            viewport.apply(lambda view: tools.pan_by(view, (across, down)))
        case Tool.ZOOM:
            viewport.zoom_at(math.pow(ZOOM_PER_PIXEL, -down), (drag.origin.x() * ratio, drag.origin.y() * ratio))
        case Tool.SCROLL:
            room = viewport.size[1] / ratio / max(1, viewport.count)
            viewport.step(drag.whole(step.y(), max(1.0, min(SCROLL_PIXELS, room))))
        case Tool.ROTATE:
            middle = QPointF(viewport.size[0] / ratio / 2, viewport.size[1] / ratio / 2)
            angle = drag.turned(position, position - step, middle, viewport.view.angle)
            if modifiers & Modifier.ShiftModifier:
                angle = TURN_STEP * round(angle / TURN_STEP)
            viewport.apply(lambda view: tools.turn_to(view, angle))


def _speed(modifiers: Modifier) -> float:
    if modifiers & Modifier.ControlModifier:
        return COARSE
    return FINE if modifiers & Modifier.AltModifier else 1.0
