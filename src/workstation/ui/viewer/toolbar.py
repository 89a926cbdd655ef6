"""The buttons above the pictures. What has no button yet has a key or stands in the context menu."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QToolButton, QWidget

from workstation.ui.actions import Actions
from workstation.ui.assets import DARK
from workstation.ui.widgets.buttons import frame
from workstation.ui.widgets.layouts import row

GROUPS = (
    ("window", "scroll", "pan", "zoom"),
    ("fit", "flip_horizontal", "rotate_right", "invert", "reset"),
    ("cine", "layout", "overlay"),
)


def toolbar(actions: Actions) -> QFrame:
    bar = frame("bar")
    line = row(spacing=2, margins=(8, 4, 8, 4))
    for number, names in enumerate(GROUPS):
        if number:
            line.addWidget(_divider())
        for name in names:
            line.addWidget(_button(actions[f"viewer.{name}"]))
    line.addStretch(1)
    bar.setLayout(line)
    return bar


def _divider() -> QWidget:
    result = QWidget()
    result.setFixedSize(1, 30)
    result.setStyleSheet(f"background: {DARK.border_strong};")
    return result


def _button(action: QAction) -> QToolButton:
    result = QToolButton()
    result.setObjectName("tool")
    result.setDefaultAction(action)
    result.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    result.setMinimumSize(52, 46)
    # Tab reaches it; a click must not take the keys away from the picture.
    result.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return result
