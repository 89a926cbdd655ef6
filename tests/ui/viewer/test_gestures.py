"""Which button does what, and what two of them do together."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt

from workstation.settings import MouseProfile
from workstation.ui.viewer.gestures import Drag, tool_of
from workstation.ui.viewer.model import Tool

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE, CTRL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.mark.parametrize(
    ("profile", "button", "modifiers", "tool"),
    [
        (MouseProfile.STANDARD, LEFT, NONE, Tool.ANGLE),
        (MouseProfile.STANDARD, LEFT, CTRL, Tool.ANGLE),
        (MouseProfile.STANDARD, LEFT, CTRL | ALT, Tool.ROTATE),
        (MouseProfile.CLEARCANVAS, LEFT, CTRL | ALT, Tool.ROTATE),
        (MouseProfile.STANDARD, MIDDLE, NONE, Tool.PAN),
        (MouseProfile.STANDARD, RIGHT, NONE, Tool.ZOOM),
        (MouseProfile.BIR, MIDDLE, NONE, Tool.PAN),
        (MouseProfile.BIR, RIGHT, NONE, Tool.ZOOM),
        (MouseProfile.CLEARCANVAS, LEFT, NONE, Tool.ANGLE),
        (MouseProfile.CLEARCANVAS, LEFT, CTRL, Tool.PAN),
        (MouseProfile.CLEARCANVAS, MIDDLE, NONE, Tool.WINDOW),
        (MouseProfile.CLEARCANVAS, RIGHT, NONE, Tool.WINDOW),
    ],
)
def test_each_profile_has_its_buttons_and_the_left_one_follows_the_tool(
    profile: MouseProfile, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier, tool: Tool
) -> None:
    assert tool_of(profile, Tool.ANGLE, button, modifiers) is tool


@pytest.mark.parametrize(("first", "second"), [(LEFT, RIGHT), (RIGHT, LEFT)])
def test_left_and_right_scroll_together_until_one_is_let_go(first: Qt.MouseButton, second: Qt.MouseButton) -> None:
    drag = Drag(first, QPointF(0, 0), Tool.WINDOW)
    assert drag.join(second, QPointF(1, 1))
    assert drag.tool is Tool.SCROLL
    assert drag.begun(QPointF(1, 2))
    assert not drag.was_click()  # no menu when the right one comes last
    assert not drag.let_go(first)
    assert not drag.begun(QPointF(1, 60))
    assert drag.let_go(second)


def test_a_click_is_one_however_late_a_busy_program_hears_of_it() -> None:
    assert Drag(RIGHT, QPointF(0, 0), Tool.ZOOM, pressed_ms=1000).was_click(1249)
    assert not Drag(RIGHT, QPointF(0, 0), Tool.ZOOM, pressed_ms=1000).was_click(1250)


def test_another_button_changes_nothing() -> None:
    drag = Drag(LEFT, QPointF(0, 0), Tool.WINDOW)
    assert not drag.join(MIDDLE, QPointF(1, 1))
    assert drag.tool is Tool.WINDOW


def test_parts_of_a_step_add_up() -> None:
    drag = Drag(LEFT, QPointF(0, 0), Tool.SCROLL)
    assert [drag.whole(5, 12.0) for _ in range(6)] == [0, 0, 1, 0, 1, 0]
    assert drag.whole(-33, 12.0) == -2


def test_the_picture_turns_with_the_pointer_around_the_middle() -> None:
    drag, middle = Drag(LEFT, QPointF(100, 50), Tool.ROTATE), QPointF(50, 50)
    assert drag.turned(QPointF(50, 100), QPointF(100, 50), middle, 10.0) == pytest.approx(100.0)
    assert drag.turned(QPointF(49, 51), QPointF(50, 100), middle, 100.0) == pytest.approx(100.0)  # too near to tell
    assert drag.turned(QPointF(0, 51), QPointF(0, 49), middle, 100.0) < 100.0  # the short way across 180 degrees
