"""The submenus of colours and interpolation."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.ui.viewer.test_page import CT, US_CINE, open_in
from workstation.imaging.colour_maps import NAMES
from workstation.imaging.view import Interpolation
from workstation.ui.viewer.choices import add_choices, palette_title
from workstation.ui.viewer.page import ViewerPage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager


def choices(qtbot: QtBot, page: ViewerPage) -> dict[str, list[QAction]]:
    menu = QMenu(page)
    qtbot.addWidget(menu)
    add_choices(menu, page.viewport)
    return {action.text(): action.menu().actions() for action in menu.actions()}  # type: ignore[union-attr]


def test_a_colour_map_is_chosen_marked_and_undone(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    colours = choices(qtbot, page)["Colours"]
    assert [one.text() for one in colours if one.isChecked()] == ["Gray"]
    next(one for one in colours if one.text() == "Hot iron").trigger()
    assert page.viewport.view.colour_map == "HOT_IRON"
    pixels = page.grid.canvas.pixels
    assert pixels is not None
    assert pixels.ndim == 3
    assert [one.text() for one in choices(qtbot, page)["Colours"] if one.isChecked()] == ["Hot iron"]
    page.viewport.undo()
    assert page.viewport.view.colour_map == ""


def test_interpolation_is_chosen_also_for_colour_which_has_no_colour_map(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / US_CINE)
    found = choices(qtbot, page)
    assert list(found) == ["Interpolation"]
    next(one for one in found["Interpolation"] if one.text() == "Nearest pixel").trigger()
    assert page.viewport.view.interpolation is Interpolation.NEAREST


def test_every_palette_of_the_standard_has_a_name_to_read() -> None:
    titles = [palette_title(name) for name in NAMES]
    assert {"Hot iron", "PET", "Hot metal blue", "PET 20 step"} <= set(titles)
    assert len(set(titles)) == len(NAMES)
