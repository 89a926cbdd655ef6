"""Many viewports in one window: chosen by drag or keys, small ones written on sparingly, names hidden on request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu, QToolButton
from pytestqt.qtbot import QtBot

from tests.ui.viewer.conftest import SmallWorkplace
from tests.ui.viewer.test_page import CT, MR_SAGITTAL, US_CINE, lay_out, open_in
from workstation.settings import MouseProfile, ViewerSettings
from workstation.ui.actions import Actions
from workstation.ui.viewer.canvas import Canvas
from workstation.ui.viewer.furniture import Density
from workstation.ui.viewer.layout_picker import LayoutPicker
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.viewer.surroundings import furnish
from workstation.ui.viewer.toolbar import Toolbar

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager


def test_a_layout_is_chosen_by_dragging_over_the_table(qtbot: QtBot) -> None:
    picker = LayoutPicker()
    qtbot.addWidget(picker)
    picker.open_at(QPoint(10, 10), (1, 1))
    qtbot.mousePress(picker, Qt.MouseButton.LeftButton, pos=picker.cell_centre((1, 1)))
    qtbot.mouseMove(picker, picker.cell_centre((2, 4)))
    assert picker.shape == (2, 4)
    with qtbot.waitSignal(picker.chosen) as chosen:
        qtbot.mouseRelease(picker, Qt.MouseButton.LeftButton, pos=picker.cell_centre((3, 2)))
    assert chosen.args == [(3, 2)]
    assert not picker.isVisible()


def test_a_layout_is_chosen_with_the_arrow_keys(qtbot: QtBot) -> None:
    picker = LayoutPicker()
    qtbot.addWidget(picker)
    picker.open_at(QPoint(10, 10), (2, 2))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Up):
        qtbot.keyClick(picker, key)
    with qtbot.waitSignal(picker.chosen) as chosen:
        qtbot.keyClick(picker, Qt.Key.Key_Return)
    assert chosen.args == [(1, 4)]


def test_a_drag_that_ends_beside_the_table_chooses_nothing(qtbot: QtBot) -> None:
    picker = LayoutPicker()
    qtbot.addWidget(picker)
    picker.open_at(QPoint(10, 10), (2, 2))
    with qtbot.assertNotEmitted(picker.chosen):
        qtbot.mouseRelease(picker, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert picker.isVisible()


def test_a_small_viewport_keeps_who_where_and_how_only(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / MR_SAGITTAL)
    qtbot.waitUntil(lambda: page.viewport.labels is not None)
    large = furnish(page.viewport, Density.FULL, 1.0, None)
    lay_out(qtbot, page, (4, 4))
    qtbot.waitUntil(lambda: page.viewport.size[0] < 300)
    small = furnish(page.viewport, Density.FULL, 1.0, None)
    assert small.corners.top_left == large.corners.top_left
    assert len(small.corners.top_right) == 1
    assert small.ruler is None
    assert small.letters == (*large.letters[:2], "", "")
    for corner in (small.corners.bottom_left, small.corners.bottom_right):
        assert len(corner) == 1
    lay_out(qtbot, page, (1, 1))
    qtbot.waitUntil(lambda: page.viewport.size[0] > 400)
    assert furnish(page.viewport, Density.FULL, 1.0, None) == large


def test_the_privacy_view_tells_nobody_who_it_is(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / MR_SAGITTAL)
    assert page.viewport.display_set is not None
    study = page.viewport.display_set.study
    assert study.patient_id in page.title
    titles: list[str] = []
    page.title_changed.connect(titles.append)
    qtbot.keyClick(page.grid.canvas, "H", Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert titles == ["MR"]
    assert not page.panel.attributes.isVisible()
    for density in Density:
        corners = furnish(page.viewport, density, 1.0, None, private=page.grid.private).corners
        words = " ".join((*corners.top_left, *corners.top_right, *corners.bottom_left, *corners.bottom_right))
        assert study.patient_id not in words
        assert study.patient_name.display not in words
        assert not study.description or study.description not in words  # free text: names stand there too
    page.actions_["viewer.privacy"].trigger()
    assert study.patient_id in titles[-1]
    assert page.panel.attributes.isVisible()


def test_link_switches_show_what_is_linked(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    action = {name: page.actions_[f"viewer.{name}"] for name in ("link", "link_scroll", "link_zoom", "link_lines")}
    assert {name for name, one in action.items() if one.isChecked()} == {"link", "link_scroll", "link_lines"}
    action["link_zoom"].trigger()
    assert page.linker.links.zoom
    qtbot.keyClick(page.grid.canvas, Qt.Key.Key_Y)
    assert not page.linker.links.on
    assert not action["link"].isChecked()


def test_what_does_not_fit_into_a_narrow_toolbar_stands_behind_its_last_button(qtbot: QtBot) -> None:
    actions = Actions()
    bar = Toolbar(actions)
    qtbot.addWidget(bar)
    bar.resize(2400, 54)
    bar.show()
    assert bar.button("overlay").isVisible()
    bar.resize(400, 54)
    assert bar.button("window").isVisible()
    assert not bar.button("overlay").isVisible()
    (menu,) = [one for one in bar.findChildren(QMenu) if any(a.text() == "Overlay" for a in one.actions())]
    shown = [name for name in ("window", "fit", "cine", "overlay") if bar.button(name).isVisible()]
    assert all(bar.button(name).defaultAction() not in menu.actions() for name in shown)


@pytest.mark.parametrize("width", [1000, 1150, 1204, 1300])
def test_no_button_of_the_toolbar_is_narrower_than_its_words(themed: QApplication, qtbot: QtBot, width: int) -> None:
    actions = Actions()
    bar = Toolbar(actions)
    qtbot.addWidget(bar)
    bar.resize(width, 54)
    bar.show()
    QApplication.processEvents()
    buttons = [one for one in bar.findChildren(QToolButton) if one.isVisible()]
    assert len(buttons) > 10
    assert [one.text() for one in buttons if one.width() < one.sizeHint().width()] == []


def test_tab_goes_round_the_viewports(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT, testdata / US_CINE, testdata / MR_SAGITTAL)
    lay_out(qtbot, page, (2, 2))
    canvases = page.grid.findChildren(Canvas)
    visited = []
    for _ in range(4):
        visited.append(canvases.index(page.grid.canvas))
        qtbot.keyClick(page.grid.canvas, Qt.Key.Key_Tab)
    assert visited == [0, 1, 2, 3]
    qtbot.keyClick(page.grid.canvas, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert canvases.index(page.grid.canvas) == 3


@pytest.mark.parametrize(
    ("profile", "checked"),
    [(MouseProfile.STANDARD, "window"), (MouseProfile.BIR, "scroll"), (MouseProfile.CLEARCANVAS, "scroll")],
)
def test_the_profile_says_what_the_left_button_begins_with(
    qtbot: QtBot, page: ViewerPage, workplace: SmallWorkplace, profile: MouseProfile, checked: str
) -> None:
    workplace.value = replace(workplace.value, viewer=ViewerSettings(mouse=profile))
    page.hide()
    page.show()  # back from the settings
    assert page.actions_[f"viewer.{checked}"].isChecked()
    other = ViewerPage(workplace)  # type: ignore[arg-type] - the part of it that the page uses
    qtbot.addWidget(other, before_close_func=lambda widget: widget.close_page())
    assert other.actions_[f"viewer.{checked}"].isChecked()
