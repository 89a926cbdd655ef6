"""The menu of a picture: the tools, the windows of this image, what turns it, what stands over it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from workstation.ui.actions import Actions
from workstation.ui.assets import icon
from workstation.ui.viewer.angle import ask_angle
from workstation.ui.viewer.choices import add_choices
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.presets import Preset

TOOLS = ("window", "scroll", "pan", "zoom", "rotate", "cursor", "magnifier")
MEASURES = ("length", "angle", "ellipse", "rectangle", "freehand", "point", "arrow", "text", "delete")
WINDOWS = ("full_range", "auto_window", "region_window")
SIZES = ("fit", "actual_size")
TURNS = ("flip_horizontal", "flip_vertical", "rotate_right", "rotate_left")
LOOK = ("invert", "reset", "overlay", "planes", "shutter", "graphics", "privacy")


def context_menu(
    actions: Actions, presets: tuple[Preset, ...], viewport: Viewport, parent: QWidget | None = None
) -> QMenu:
    """Deletes itself when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    _add(menu, actions, TOOLS)
    _add(menu.addMenu(icon("length"), menu.tr("Measure")), actions, MEASURES)
    _add(menu, actions, ("key_image",))
    menu.addSeparator()
    for preset in presets:
        menu.addAction(preset.name, partial(viewport.apply, preset.apply))
    _add(menu, actions, WINDOWS)
    menu.addSeparator()
    _add(menu, actions, SIZES)
    turns = menu.addMenu(icon("rotate-right"), menu.tr("Flip and rotate"))
    _add(turns, actions, TURNS)
    turns.addAction(menu.tr("Turn to an angle…"), partial(ask_angle, viewport, parent))
    menu.addSeparator()
    _add(menu, actions, LOOK)
    add_choices(menu, viewport)
    return menu


def _add(menu: QMenu, actions: Actions, names: tuple[str, ...]) -> None:
    for name in names:
        menu.addAction(actions[f"viewer.{name}"])
