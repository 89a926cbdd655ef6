"""The Viewer page on real files, used with mouse and keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.ui.viewer.conftest import SmallWorkplace
from workstation.imaging.compose import compose
from workstation.imaging.frame import Window
from workstation.imaging.window import drag_window
from workstation.services.display_sets import DisplayKind
from workstation.settings import ViewerSettings
from workstation.ui.viewer import tools
from workstation.ui.viewer.canvas import Canvas
from workstation.ui.viewer.furniture import Density
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.viewer.series_model import DISPLAY_SET_ROLE
from workstation.ui.viewer.side_panel import PresetButton, WindowSection
from workstation.ui.viewer.surroundings import furnish

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager

CT = "volumes/ct_ibsi_phantom_60"
US_CINE = "modalities/examples_ybr_color.dcm"
MR_SAGITTAL = "volumes/mr_t1_sag_hfs_35"


def open_in(qtbot: QtBot, page: ViewerPage, *paths: Path) -> None:
    with qtbot.waitSignals([page.opened, page.frame_shown]):
        page.open_paths(paths)
    page.grid.canvas.setFocus()


def lay_out(qtbot: QtBot, page: ViewerPage, shape: tuple[int, int]) -> None:
    page.actions_["viewer.layout"].trigger()
    picker = page.layout_picker
    qtbot.mouseClick(picker, Qt.MouseButton.LeftButton, pos=picker.cell_centre(shape))
    assert not picker.isVisible()


def wheel(canvas: Canvas, notches: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    place = QPointF(canvas.rect().center())
    event = QWheelEvent(
        place,
        canvas.mapToGlobal(place),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def drag(qtbot: QtBot, canvas: Canvas, button: Qt.MouseButton, by: tuple[int, int], **more: object) -> None:
    start = canvas.rect().center()
    qtbot.mousePress(canvas, button, pos=start, **more)
    qtbot.mouseMove(canvas, start + QPoint(by[0] // 2, by[1] // 2))
    qtbot.mouseMove(canvas, start + QPoint(*by))
    qtbot.mouseRelease(canvas, button, pos=start + QPoint(*by), **more)


def drag_with(canvas: Canvas, modifiers: Qt.KeyboardModifier) -> None:
    """A drag to the right with keys held; QTest moves the mouse without them."""
    start = QPointF(canvas.rect().center())
    kinds = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease)
    for kind, place in zip(kinds, (start, start + QPointF(20, 0), start + QPointF(20, 0)), strict=True):
        left = Qt.MouseButton.LeftButton
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else left
        pressed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
        QApplication.sendEvent(canvas, QMouseEvent(kind, place, canvas.mapToGlobal(place), pressed, held, modifiers))


def test_the_canvas_shows_exactly_what_compose_gives(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    page.grid.set_density(Density.NONE)
    canvas, viewport = page.grid.canvas, page.viewport
    assert viewport.frame is not None
    expected = compose(viewport.frame, viewport.shown_view, viewport.size)
    picture = canvas.grab().toImage()
    height, width = expected.shape
    assert (picture.width(), picture.height()) == (width, height)
    # Below the patient's name nothing is painted over the picture in this density.
    for row in range(height // 4, height, 37):
        shown = [picture.pixelColor(column, row).red() for column in range(0, width, 13)]
        assert shown == expected[row, ::13].tolist()


def test_dragging_changes_the_window_as_the_model_says(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    viewport, canvas = page.viewport, page.grid.canvas
    before, frame = viewport.window, viewport.frame
    assert before is not None
    assert frame is not None
    drag(qtbot, canvas, Qt.MouseButton.LeftButton, (40, -20))
    expected = drag_window(drag_window(before, 20, -10, frame), 20, -10, frame)
    assert viewport.window == expected
    page.viewport.undo()
    assert viewport.window == before


def test_the_settings_turn_the_direction_of_the_drag(
    qtbot: QtBot, page: ViewerPage, workplace: SmallWorkplace, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / CT)
    before = page.viewport.window
    assert before is not None
    drag(qtbot, page.grid.canvas, Qt.MouseButton.LeftButton, (0, -20))
    assert page.viewport.window is not None
    assert page.viewport.window.center < before.center
    page.viewport.reset()
    workplace.value = replace(workplace.value, viewer=ViewerSettings(drag_up_brightens=False))
    drag(qtbot, page.grid.canvas, Qt.MouseButton.LeftButton, (0, -20))
    assert page.viewport.window.center > before.center


def test_ctrl_drags_coarse_and_alt_fine(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    widths = []
    for modifier in (
        Qt.KeyboardModifier.AltModifier,
        Qt.KeyboardModifier.NoModifier,
        Qt.KeyboardModifier.ControlModifier,
    ):
        page.viewport.reset()
        drag_with(page.grid.canvas, modifier)
        assert page.viewport.window is not None
        widths.append(page.viewport.window.width)
    assert widths[0] < widths[1] < widths[2]


def test_escape_gives_up_a_drag_and_twice_resets(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    canvas, before = page.grid.canvas, page.current_view()
    start = canvas.rect().center()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(canvas, start + QPoint(30, 30))
    assert page.current_view() != before
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert page.current_view() == before
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start)
    page.viewport.apply(lambda view: replace(view, inverted=True))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not page.current_view().inverted


def test_undo_and_redo_by_key(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    canvas = page.grid.canvas
    qtbot.keyClick(canvas, Qt.Key.Key_I)
    qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not page.current_view().inverted
    qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert page.current_view().inverted


def test_level_and_width_can_be_typed(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    section = page.panel.window_section
    qtbot.waitUntil(section.level_field.edit.isEnabled)
    for field, text in ((section.level_field.edit, "50"), (section.width_field.edit, "350")):
        field.setFocus()
        field.selectAll()
        qtbot.keyClicks(field, text)
        qtbot.keyClick(field, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: section._shown == (page.viewport.window.center, page.viewport.window.width))
    assert page.viewport.window is not None
    assert (page.viewport.window.center, page.viewport.window.width) == (50, 350)
    assert page.grid.canvas.hasFocus()


def test_a_series_dropped_on_a_viewport_is_loaded_there(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT, testdata / US_CINE)
    lay_out(qtbot, page, (1, 2))
    second = page.grid.findChildren(Canvas)[1]
    wanted = page.display_sets[0]
    data = page.series.mimeData([page.series.index(0)])
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    before = second.grab().toImage()
    over = QDragEnterEvent(
        QPoint(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    second.dragEnterEvent(over)
    assert second.grab().toImage() != before  # says where it would land
    second.dragLeaveEvent(QDragLeaveEvent())
    assert second.grab().toImage() == before
    second.dropEvent(event)
    assert second.viewport.display_set == wanted
    assert page.viewport is second.viewport


def test_a_click_in_the_strip_loads_the_series(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT, testdata / US_CINE)
    index = page.series.index(page.series.rowCount() - 1)
    place = page.strip.visualRect(index).center()
    qtbot.mouseClick(page.strip.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert page.viewport.display_set == page.display_sets[-1]
    assert page.grid.canvas.hasFocus()


def test_thumbnails_appear_for_every_image(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT, testdata / US_CINE)

    def pictured() -> list[bool]:
        indexes = [page.series.index(row) for row in range(page.series.rowCount())]
        return [
            index.data(Qt.ItemDataRole.DecorationRole) is not None
            for index in indexes
            if index.data(DISPLAY_SET_ROLE).kind is DisplayKind.IMAGE
        ]

    qtbot.waitUntil(lambda: all(pictured()))


def test_the_side_panel_follows_a_drag_after_the_picture(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    section, viewport = page.panel.window_section, page.viewport
    qtbot.waitUntil(lambda: section.histogram.ready and section.level_field.text != "")
    changed: list[str] = []
    section.level_field.edit.textChanged.connect(changed.append)
    for level in range(100, 120):
        viewport.apply(lambda view, level=level: tools.with_window(view, Window(float(level), 300.0)))
    assert not changed  # the picture waits for none of it
    qtbot.waitUntil(lambda: section.level_field.text == "119")
    assert changed == ["119"]


def test_the_side_panel_follows_scrolling_after_the_picture(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    slider = page.panel.cine_section.slider
    page.viewport.go_to(0)
    qtbot.waitUntil(lambda: slider.value() == 0)
    page.viewport.step(1)
    page.viewport.step(1)
    assert slider.value() == 0
    qtbot.waitUntil(lambda: slider.value() == 2)


def test_the_histogram_follows_and_changes_the_window(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    histogram = page.panel.window_section.histogram
    qtbot.waitUntil(lambda: histogram.ready)
    histogram.window_dragged.emit(100.0, 300.0)
    assert page.viewport.window is not None
    assert (page.viewport.window.center, page.viewport.window.width) == (100, 300)


def test_the_wheel_scrolls_by_one_and_with_shift_by_ten(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    start = page.viewport.index
    wheel(page.grid.canvas, -1)
    assert page.viewport.index == start + 1
    wheel(page.grid.canvas, 2)
    assert page.viewport.index == start - 1
    wheel(page.grid.canvas, -1, Qt.KeyboardModifier.ShiftModifier)
    assert page.viewport.index == start + 9


def test_ctrl_wheel_zooms(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    before = page.viewport.zoom
    wheel(page.grid.canvas, 1, Qt.KeyboardModifier.ControlModifier)
    assert page.viewport.zoom is not None
    assert before is not None
    assert page.viewport.zoom == pytest.approx(before * 1.15)


def test_middle_button_pans_and_right_button_zooms_or_opens_the_menu(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / CT)
    canvas = page.grid.canvas
    drag(qtbot, canvas, Qt.MouseButton.MiddleButton, (30, 10))
    assert page.current_view().pan == (30, 10)
    asked: list[QPoint] = []
    canvas.menu_asked.connect(asked.append)
    zoom = page.viewport.zoom
    drag(qtbot, canvas, Qt.MouseButton.RightButton, (0, -40))
    assert page.viewport.zoom is not None
    assert zoom is not None
    assert page.viewport.zoom > zoom
    assert asked == []
    page.grid.menu_asked.disconnect()
    qtbot.mouseClick(canvas, Qt.MouseButton.RightButton, pos=canvas.rect().center())
    assert len(asked) == 1


def test_keys_move_window_and_turn(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    canvas, viewport = page.grid.canvas, page.viewport
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    assert viewport.index == 0
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    qtbot.keyClick(canvas, Qt.Key.Key_PageDown)
    assert viewport.index == 11
    qtbot.keyClick(canvas, Qt.Key.Key_End)
    assert viewport.index == viewport.count - 1
    qtbot.keyClick(canvas, Qt.Key.Key_I)
    assert viewport.view.inverted
    qtbot.keyClick(canvas, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    assert viewport.view.quarter_turns == 1
    qtbot.keyClick(canvas, Qt.Key.Key_R)
    assert viewport.view.quarter_turns == 0
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    assert canvas.density is Density.MINIMAL


def test_presets_lie_on_the_number_keys_and_zero_is_the_full_range(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / CT)
    canvas, viewport = page.grid.canvas, page.viewport
    names = [preset.name for preset in page.presets]
    lung = names.index("Lung")
    qtbot.keyClick(canvas, str(lung + 1))
    assert viewport.window is not None
    assert (viewport.window.center, viewport.window.width) == (-600, 1500)
    qtbot.keyClick(canvas, "0")
    assert viewport.frame is not None
    assert viewport.window.width == pytest.approx(
        float(np.ptp(viewport.frame.stored)) * viewport.frame.attributes.rescale_slope
    )
    qtbot.keyClick(canvas, "`")
    assert viewport.view.window is None


def test_single_keys_are_typed_in_a_text_field_and_command_nothing(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / CT)
    field = page.panel.attributes.filter
    field.setFocus()
    index = page.viewport.index
    qtbot.keyClicks(field, "invr 12")
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.text() == "invr 12"
    assert not page.viewport.view.inverted
    assert page.viewport.index == index


def test_letters_follow_rotation_and_flips(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / MR_SAGITTAL)
    canvas, viewport = page.grid.canvas, page.viewport

    def letters() -> tuple[str, ...]:
        return tuple(letter[:1] for letter in furnish(viewport, Density.FULL, 1.0, None).letters)

    left, top, right, bottom = letters()
    assert {left, right} == {"A", "P"}
    assert (top, bottom) == ("H", "F")
    qtbot.keyClick(canvas, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    assert letters() == (bottom, left, top, right)
    qtbot.keyClick(canvas, Qt.Key.Key_H)
    assert letters() == (top, left, bottom, right)
    qtbot.keyClick(canvas, Qt.Key.Key_V)
    assert letters() == (top, right, bottom, left)


def test_cine_plays_at_the_rate_of_the_file(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / US_CINE)
    display_set = page.viewport.display_set
    assert display_set is not None
    assert display_set.frame_rate is not None
    assert page.cine.rate == pytest.approx(display_set.frame_rate)
    shown: list[int] = []
    page.viewport.frame_shown.connect(lambda ref: shown.append(ref.frame_index))
    qtbot.keyClick(page.grid.canvas, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: len(shown) >= 5)
    qtbot.keyClick(page.grid.canvas, Qt.Key.Key_C)
    assert not page.cine.playing


def test_identity_is_on_the_picture_in_every_density(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    for density in Density:
        lines = furnish(page.viewport, density, 1.0, None).corners.top_left
        assert len(lines) == 3
        study = page.display_sets[0].study
        assert lines[0] == study.patient_name.display
        assert lines[1] == study.patient_id


def test_models_obey_qt(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    testers = [QAbstractItemModelTester(model) for model in (page.series, page.panel.attributes.model)]
    open_in(qtbot, page, testdata / CT)
    qtbot.waitUntil(lambda: page.panel.attributes.model.rowCount() > 10)
    assert page.series.rowCount() >= 1
    assert testers


def test_attributes_are_filtered_by_tag_name_or_value(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    attributes = page.panel.attributes
    qtbot.waitUntil(lambda: attributes.model.rowCount() > 10)
    attributes.filter.setText("modality")
    names = [attributes.filtered.index(row, 1).data() for row in range(attributes.filtered.rowCount())]
    assert "Modality" in names


def test_what_has_no_image_says_so(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, next((testdata / "structured_reports").rglob("*.dcm")))
    furniture = furnish(page.viewport, Density.FULL, 1.0, None)
    assert "not an image" in furniture.title
    assert page.viewport.frame is None


def test_a_damaged_image_says_its_sentence_in_place_of_the_picture(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / "modalities/NM-NmIm-Siemens-s1-1.dcm")
    assert page.viewport.error is not None
    furniture = furnish(page.viewport, Density.FULL, 1.0, None)
    assert furniture.title
    assert furniture.corners.top_left


def test_what_is_no_dicom_is_refused_in_a_notice(qtbot: QtBot, page: ViewerPage, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear colleague", encoding="utf-8")
    with qtbot.waitSignal(page.failed):
        page.open_paths([path])
    assert len(page.notices.notices) == 1


def test_layouts_fill_with_the_following_series_and_maximise(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT, testdata / US_CINE, testdata / MR_SAGITTAL)
    lay_out(qtbot, page, (1, 2))
    assert page.grid.shape == (1, 2)
    viewports = list(page.grid.viewports)
    assert viewports[0].display_set != viewports[1].display_set
    page.actions_["viewer.next_viewport"].trigger()
    assert page.viewport is viewports[1]
    qtbot.mouseDClick(page.grid.canvas, Qt.MouseButton.LeftButton)
    assert sum(canvas.isVisible() for canvas in page.grid.findChildren(Canvas)) == 1
    qtbot.waitUntil(lambda: page.grid.canvas.width() == page.grid.width())  # none kept for those that are hidden
    lay_out(qtbot, page, (1, 1))
    assert page.grid.shape == (1, 1)
    assert page.viewport is viewports[1]


def test_arrow_keys_change_the_series(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT, testdata / US_CINE)
    first = page.viewport.display_set
    qtbot.keyClick(page.grid.canvas, Qt.Key.Key_Right)
    assert page.viewport.display_set != first
    qtbot.keyClick(page.grid.canvas, Qt.Key.Key_Left)
    assert page.viewport.display_set == first


def test_the_context_menu_offers_tools_and_presets(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    qtbot.mouseClick(page.grid.canvas, Qt.MouseButton.RightButton, pos=page.grid.canvas.rect().center())
    (menu,) = page.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
    chosen = {action.text(): action for action in menu.actions()}
    assert {"Window", "Lung\t3", "Invert"} <= set(chosen)
    assert chosen["Default\t1"].isChecked()
    assert not {"Shutter", "Overlay planes of the image"} & set(chosen)  # this image has none
    chosen["Lung\t3"].trigger()
    assert page.viewport.window is not None
    assert page.viewport.window.center == -600
    menu.close()


def test_a_slow_picture_is_drafted_while_scrolling_and_composed_well_at_rest(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / CT)
    canvas, viewport = page.grid.canvas, page.viewport
    assert canvas.pixels is not None
    canvas._picture._cost_s = 1.0
    wheel(canvas, -1)
    qtbot.waitUntil(lambda: viewport.loading is None)
    assert canvas.pixels is not None
    wheel(canvas, -1)
    qtbot.waitUntil(lambda: viewport.loading is None)
    assert canvas.pixels is not None
    qtbot.waitUntil(lambda: not canvas.is_draft)
    assert viewport.frame is not None
    expected = compose(viewport.frame, viewport.shown_view, viewport.size)
    assert np.array_equal(canvas.pixels, expected)


def test_colour_has_no_window_section(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / US_CINE)
    assert page.viewport.window is None
    assert not page.panel.window_section.isVisible()
    window = page.viewport.view
    drag(qtbot, page.grid.canvas, Qt.MouseButton.LeftButton, (30, 30))
    assert page.viewport.view == window


def test_closing_a_study_gives_the_memory_back(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / US_CINE)
    page.close_study()
    assert page.viewport.frame is None
    assert page._loader.cache.size_bytes == 0


def test_attributes_of_the_last_image_are_gone_before_another_is_shown(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / MR_SAGITTAL, testdata / US_CINE)
    attributes = page.panel.attributes.model
    qtbot.waitUntil(lambda: attributes.rowCount() > 10)
    other = next(one for one in page.display_sets if one is not page.viewport.display_set)
    page.show_display_set(other)
    assert attributes.rowCount() == 0


def test_cine_keys_change_rate_sequence_and_range(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / US_CINE)
    section, canvas, count = page.panel.cine_section, page.grid.canvas, page.viewport.count
    before = page.cine.rate
    qtbot.keyClick(canvas, Qt.Key.Key_Period)
    assert page.cine.rate > before
    qtbot.keyClick(canvas, Qt.Key.Key_Comma)
    qtbot.keyClick(canvas, Qt.Key.Key_Comma)
    assert page.cine.rate < before
    qtbot.keyClick(canvas, Qt.Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    assert page.actions_["viewer.cine_sweep"].isChecked()
    page.viewport.go_to(2)
    qtbot.keyClick(canvas, Qt.Key.Key_BracketLeft)
    page.viewport.go_to(4)
    qtbot.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert section.slider.marks == (2, 4)
    assert section.range.text().strip() == "3–5"
    order: list[int] = []
    page.viewport.index_changed.connect(order.append)
    for _ in range(5):
        page.cine.advance.emit(1)
    assert order == [3, 2, 3, 4, 3]
    qtbot.keyClick(canvas, Qt.Key.Key_Backslash)
    assert section.slider.marks is None
    assert count > 5


def test_attributes_and_histogram_come_with_the_viewport_that_is_activated(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / MR_SAGITTAL, testdata / CT)
    lay_out(qtbot, page, (1, 2))
    attributes = page.panel.attributes.model
    qtbot.waitUntil(lambda: all(one.shown_ref is not None for one in page.grid.viewports))
    qtbot.waitUntil(lambda: attributes.rowCount() > 10)
    page.actions_["viewer.next_viewport"].trigger()
    assert attributes.rowCount() == 0
    qtbot.waitUntil(lambda: attributes.rowCount() > 10)


def test_in_the_privacy_view_the_side_panel_stays_as_it_was(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    heights = page.panel.window_section.height(), page.panel.cine_section.y()
    page.actions_["viewer.privacy"].trigger()
    qtbot.waitUntil(lambda: not page.panel.attributes.isVisible())
    page.panel.layout().activate()
    assert (page.panel.window_section.height(), page.panel.cine_section.y()) == heights


def test_what_has_no_image_has_neither_window_nor_cine(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / "overlays_luts/pet.dcm")
    assert page.viewport.display_set.kind is not DisplayKind.IMAGE
    assert not page.panel.window_section.isVisible()
    assert not page.panel.cine_section.isVisible()
    assert page.series.index(0).data() == "pet.dcm"


def test_the_3d_cursor_goes_with_the_key(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    open_in(qtbot, page, testdata / CT)
    middle = page.grid.canvas.rect().center()
    moved = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(middle),
        QPointF(middle),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ShiftModifier,
    )
    QApplication.sendEvent(page.grid.canvas, moved)
    assert page.grid.canvas.guides.cross is not None
    qtbot.keyRelease(page.grid.canvas, Qt.Key.Key_Shift)
    assert page.grid.canvas.guides.cross is None


def test_a_long_name_of_a_preset_is_shortened_not_cut(qtbot: QtBot) -> None:
    section = WindowSection()
    qtbot.addWidget(section)
    section.resize(220, 400)
    section.set_presets(["LUNG & MEDIASTINUM [DICOM]", "Bone"])
    section.show()
    long, short = section.findChildren(PresetButton)
    qtbot.waitUntil(lambda: long.text().endswith("…"))
    assert long.accessibleName() == "1  LUNG & MEDIASTINUM [DICOM]"
    assert short.text() == "2  Bone"
    with qtbot.waitSignal(section.preset_chosen, check_params_cb=lambda number: number == 1):
        short.click()


def test_an_image_of_a_stack_that_was_cut_off_is_told_as_one(
    qtbot: QtBot, page: ViewerPage, testdata: Path, tmp_path: Path
) -> None:
    files = sorted((testdata / MR_SAGITTAL).iterdir())[:5]
    for number, file in enumerate(files):
        content = file.read_bytes()
        (tmp_path / file.name).write_bytes(content[:30_000] if number == 2 else content)
    with qtbot.waitSignal(page.opened):
        page.open_paths([tmp_path])
    assert page.viewport.count == 5
    cut = next(n for n, ref in enumerate(page.viewport.display_set.frames) if ref.path.name == files[2].name)
    page.viewport.go_to(cut)
    qtbot.waitUntil(lambda: page.viewport.error is not None)
    furniture = furnish(page.viewport, Density.FULL, 1.0, None)
    assert furniture.title == "The picture of this image is missing"
    assert "other images" in furniture.message
    page.viewport.step(1)
    qtbot.waitUntil(lambda: page.viewport.frame is not None)


def test_the_layout_can_be_picked_by_keys_that_mean_something_else_on_the_page(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / CT, testdata / US_CINE)
    shown = page.viewport.display_set
    page.actions_["viewer.layout"].trigger()
    picker = page.layout_picker
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Up):
        qtbot.keyClick(picker, key)
    assert picker.shape == (1, 2)
    qtbot.keyClick(picker, Qt.Key.Key_Return)
    assert page.grid.shape == (1, 2)
    assert page.viewport.display_set == shown
