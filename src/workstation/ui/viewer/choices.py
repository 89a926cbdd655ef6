"""Submenus for what is one of several: the colours of a grayscale picture, and what lies between its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from workstation.imaging.colour_maps import NAMES
from workstation.imaging.view import Interpolation, View
from workstation.ui.viewer.model import Viewport

_SMALL_WORDS = {"PET": "PET"}  # names that are not words
_INTERPOLATIONS = {
    Interpolation.NEAREST: "Nearest pixel",
    Interpolation.LINEAR: "Linear",
    Interpolation.CUBIC: "Cubic",
}


def add_choices(menu: QMenu, viewport: Viewport) -> None:
    view = viewport.view
    if viewport.frame is not None and not viewport.frame.is_color:
        colours = [(_title("Gray"), replace(view, colour_map=""))]
        colours += [(palette_title(name), replace(view, colour_map=name)) for name in NAMES]
        _add(menu, _title("Colours"), viewport, colours, [one.colour_map == view.colour_map for _, one in colours])
    between = [(_title(words), replace(view, interpolation=which)) for which, words in _INTERPOLATIONS.items()]
    marks = [one.interpolation is view.interpolation for _, one in between]
    _add(menu, _title("Interpolation"), viewport, between, marks)


def palette_title(name: str) -> str:
    """`Hot iron` from the Content Label HOT_IRON (PS3.6 Annex B)."""
    words = [_SMALL_WORDS.get(word, word.lower()) for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _title(words: str) -> str:
    return QCoreApplication.translate("choices", words)


def _add(menu: QMenu, title: str, viewport: Viewport, views: Sequence[tuple[str, View]], marks: Sequence[bool]) -> None:
    submenu = menu.addMenu(title)
    group = QActionGroup(submenu)
    for (words, view), marked in zip(views, marks, strict=True):
        action = submenu.addAction(words)
        action.setCheckable(True)
        action.setChecked(marked)
        group.addAction(action)
        action.triggered.connect(lambda _checked=False, view=view: viewport.set_view(view))
