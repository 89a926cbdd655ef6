"""The menu of a picture: the tools, the windows of this image, what turns it, what stands over it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from workstation.ui.actions import Actions
from workstation.ui.assets import icon
from workstation.ui.viewer.angle import ask_angle
from workstation.ui.viewer.choices import add_choices
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.presets import Preset

TOOLS = ("window", "scroll", "pan", "zoom", "rotate", "cursor", "magnifier")
MEASURES = ("length", "angle", "ellipse", "rectangle", "freehand", "point", "arrow", "text", "delete")
MARKS = ("save_marks", "copy_marks", "export_marks")
WINDOWS = ("full_range", "auto_window", "region_window")
SIZES = ("fit", "actual_size")
TURNS = ("flip_horizontal", "flip_vertical", "rotate_right", "rotate_left")
LOOK = ("invert", "reset", "overlay", "privacy")


def context_menu(
    actions: Actions, presets: tuple[Preset, ...], viewport: Viewport, parent: QWidget | None = None
) -> QMenu:
    """Deletes itself when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    _add(menu, actions, TOOLS)
    measure = menu.addMenu(icon("length"), menu.tr("Measure"))
    _add(measure, actions, MEASURES)
    measure.addSeparator()
    _add(measure, actions, MARKS)
    _add(menu, actions, ("key_image",))
    menu.addSeparator()
    for number, preset in enumerate(presets, start=1):
        chosen = menu.addAction(f"{preset.name}\t{_key(actions, number)}", partial(viewport.apply, preset.apply))
        chosen.setCheckable(preset.is_in(viewport.view))
        chosen.setChecked(chosen.isCheckable())
    _add(menu, actions, WINDOWS)
    menu.addSeparator()
    _add(menu, actions, SIZES)
    turns = menu.addMenu(icon("rotate-right"), menu.tr("Flip and rotate"))
    _add(turns, actions, TURNS)
    turns.addAction(menu.tr("Turn to an angle…"), partial(ask_angle, viewport, parent))
    menu.addSeparator()
    _add(menu, actions, (*LOOK, *_laid_over(viewport)))
    add_choices(menu, viewport)
    return menu


def _key(actions: Actions, preset: int) -> str:
    """That of a preset, of which there are keys for nine."""
    shortcuts = actions[f"viewer.preset_{preset}"].shortcuts() if preset <= 9 else []
    return shortcuts[0].toString(QKeySequence.SequenceFormat.NativeText) if shortcuts else ""


def _laid_over(viewport: Viewport) -> tuple[str, ...]:
    """Switches for what this image has over it."""
    if viewport.frame is None:
        return ()
    attributes = viewport.frame.attributes
    there = {
        "planes": bool(attributes.overlays),
        "shutter": attributes.shutter is not None,
        "graphics": viewport.presentation is not None,
    }
    return tuple(name for name, has in there.items() if has)


def _add(menu: QMenu, actions: Actions, names: tuple[str, ...]) -> None:
    for name in names:
        menu.addAction(actions[f"viewer.{name}"])
