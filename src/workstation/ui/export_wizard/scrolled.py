"""The body of a step that is made of text and controls: one readable column that scrolls when it must."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLayout, QScrollArea, QWidget

from workstation.ui.widgets.layouts import column, row

READABLE_WIDTH = 860


def scrolled(*items: QWidget | QLayout | None, spacing: int = 10) -> QScrollArea:
    """A scroll area around `items`, no wider than can be read."""
    inside = QWidget()
    inside.setMaximumWidth(READABLE_WIDTH)
    inside.setLayout(column(*items, None, spacing=spacing, margins=(0, 0, 0, 0)))
    body = QWidget()
    body.setObjectName("scrolled")
    layout = row(inside, None, margins=(24, 20, 24, 20))
    layout.setStretch(0, 100)
    body.setLayout(layout)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(body)
    return area
