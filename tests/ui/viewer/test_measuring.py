"""Measuring and looking closer on the Viewer page: real files, real mouse and keys."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from tests.ui.viewer.test_page import CT, US_CINE, open_in, wheel
from workstation.imaging.annotation_words import words_of
from workstation.imaging.compose import layout
from workstation.imaging.frame import Window
from workstation.imaging.grayscale import to_modality
from workstation.imaging.measure import Region, Shape, statistics
from workstation.ui.viewer.annotations.model import Annotation, Kind
from workstation.ui.viewer.canvas import Canvas
from workstation.ui.viewer.model import Tool
from workstation.ui.viewer.page import ViewerPage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen has no window manager

LEFT = Qt.MouseButton.LeftButton
Place = tuple[float, float]  # (column, row) of the image


@pytest.fixture
def ct(qtbot: QtBot, page: ViewerPage, testdata: Path) -> ViewerPage:
    open_in(qtbot, page, testdata / CT)
    return page


def on_screen(canvas: Canvas, place: Place) -> QPoint:
    viewport = canvas.viewport
    assert viewport.frame is not None
    x, y = layout(viewport.frame, viewport.view, viewport.size).to_screen(*place)
    return QPoint(round(x / canvas.devicePixelRatioF()), round(y / canvas.devicePixelRatioF()))


def drag(qtbot: QtBot, canvas: Canvas, start: Place, end: Place) -> None:
    first, last = on_screen(canvas, start), on_screen(canvas, end)
    qtbot.mousePress(canvas, LEFT, pos=first)
    qtbot.mouseMove(canvas, (first + last) / 2)
    qtbot.mouseMove(canvas, last)
    qtbot.mouseRelease(canvas, LEFT, pos=last)


def click(qtbot: QtBot, canvas: Canvas, place: Place) -> None:
    qtbot.mouseMove(canvas, on_screen(canvas, place))
    qtbot.mouseClick(canvas, LEFT, pos=on_screen(canvas, place))


def shown(page: ViewerPage) -> tuple[Annotation, ...]:
    return page.measuring.annotations.of(page.measuring.place)


def choose(page: ViewerPage, tool: Tool) -> None:
    page.actions_[f"viewer.{tool.value}"].trigger()


def assert_near(found: Sequence[Place], expected: Sequence[Place]) -> None:
    """Within a pixel of the screen."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert math.dist(one, other) < 1.5


# --- drawing ---------------------------------------------------------------------------------


def test_a_length_is_drawn_by_its_key_and_a_drag_and_told_in_mm(qtbot: QtBot, ct: ViewerPage) -> None:
    canvas, frame = ct.grid.canvas, ct.viewport.frame
    qtbot.keyClick(canvas, Qt.Key.Key_D)
    window = ct.viewport.window
    drag(qtbot, canvas, (40, 50), (140, 50))
    (length,) = shown(ct)
    assert length.kind is Kind.LENGTH
    assert_near(length.points, [(40, 50), (140, 50)])
    assert frame is not None
    assert frame.attributes.pixel_spacing_mm is not None
    across = abs(length.points[1][0] - length.points[0][0]) * frame.attributes.pixel_spacing_mm[1]
    assert words_of(length, frame).lines == (f"{across:.1f} mm",)
    assert ct.viewport.window == window


def test_a_length_is_drawn_by_two_clicks_as_well(qtbot: QtBot, ct: ViewerPage) -> None:
    choose(ct, Tool.LENGTH)
    click(qtbot, ct.grid.canvas, (40, 50))
    assert shown(ct) == ()
    click(qtbot, ct.grid.canvas, (140, 90))
    assert_near(shown(ct)[0].points, [(40, 50), (140, 90)])


def test_an_angle_takes_three_points(qtbot: QtBot, ct: ViewerPage) -> None:
    choose(ct, Tool.ANGLE)
    drag(qtbot, ct.grid.canvas, (40, 60), (80, 60))
    assert shown(ct) == ()
    click(qtbot, ct.grid.canvas, (80, 100))
    (angle,) = shown(ct)
    assert ct.viewport.frame is not None
    degrees = float(words_of(angle, ct.viewport.frame).short.removesuffix("°"))
    assert degrees == pytest.approx(90, abs=3)


@pytest.mark.parametrize(("tool", "shape"), [(Tool.ELLIPSE, Shape.ELLIPSE), (Tool.RECTANGLE, Shape.RECTANGLE)])
def test_a_region_tells_the_statistics_of_the_values_in_it(
    qtbot: QtBot, ct: ViewerPage, tool: Tool, shape: Shape
) -> None:
    choose(ct, tool)
    drag(qtbot, ct.grid.canvas, (60, 60), (110, 100))
    (one,) = shown(ct)
    assert one.region == Region(shape, one.points)
    frame = ct.viewport.frame
    assert frame is not None
    found = statistics(frame, one.region)
    assert found is not None
    mean = f"Mean {found.mean:.1f} ± {found.deviation:.1f} HU".replace("-", "−")
    assert words_of(one, frame).lines[0] == mean
    assert words_of(one, frame).lines[2].startswith("Area ")


def test_a_freehand_region_follows_the_hand(qtbot: QtBot, ct: ViewerPage) -> None:
    choose(ct, Tool.FREEHAND)
    canvas = ct.grid.canvas
    corners: list[Place] = [(60, 60), (100, 60), (100, 100), (60, 100)]
    qtbot.mousePress(canvas, LEFT, pos=on_screen(canvas, corners[0]))
    for corner in corners[1:]:
        qtbot.mouseMove(canvas, on_screen(canvas, corner))
    qtbot.mouseRelease(canvas, LEFT, pos=on_screen(canvas, corners[-1]))
    assert_near(shown(ct)[0].points, corners)


def test_a_text_is_written_on_the_picture_and_its_letters_command_nothing(qtbot: QtBot, ct: ViewerPage) -> None:
    choose(ct, Tool.TEXT)
    canvas, view = ct.grid.canvas, ct.viewport.view
    click(qtbot, canvas, (80, 80))
    field = canvas.findChild(QLineEdit)
    assert field is not None
    qtbot.keyClicks(field, "ihr dm")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert [one.text for one in shown(ct)] == ["ihr dm"]
    assert ct.viewport.view == view
    qtbot.waitUntil(lambda: canvas.findChild(QLineEdit) is None)


def test_esc_while_writing_leaves_no_text(qtbot: QtBot, ct: ViewerPage) -> None:
    choose(ct, Tool.TEXT)
    click(qtbot, ct.grid.canvas, (80, 80))
    field = ct.grid.canvas.findChild(QLineEdit)
    assert field is not None
    qtbot.keyClicks(field, "no")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert shown(ct) == ()


def test_the_probe_tells_the_value_of_its_pixel(qtbot: QtBot, ct: ViewerPage) -> None:
    choose(ct, Tool.POINT)
    click(qtbot, ct.grid.canvas, (80.5, 70.5))
    (point,) = shown(ct)
    frame = ct.viewport.frame
    assert frame is not None
    column, row = (int(value) for value in point.points[0])
    value = to_modality(frame.stored, frame.attributes)[row, column]
    assert words_of(point, frame).lines[0] == f"{value:.0f} HU".replace("-", "−")


def test_points_stay_on_the_image(qtbot: QtBot, ct: ViewerPage) -> None:
    choose(ct, Tool.LENGTH)
    drag(qtbot, ct.grid.canvas, (100, 100), (100, 100_000))
    frame = ct.viewport.frame
    assert frame is not None
    assert shown(ct)[0].points[1][1] == frame.rows


def test_nothing_is_drawn_beside_the_image_and_the_window_stays(qtbot: QtBot, ct: ViewerPage) -> None:
    choose(ct, Tool.LENGTH)
    window = ct.viewport.window
    drag(qtbot, ct.grid.canvas, (-20, 50), (60, 50))
    assert shown(ct) == ()
    assert ct.viewport.window == window


def test_lengths_on_an_image_without_calibration_are_pixels() -> None:
    from tests.support.frames import frame_of

    frame = frame_of(np.zeros((40, 40), np.uint8))
    length = Annotation(1, Kind.LENGTH, ((0, 0), (30, 0)))
    assert words_of(length, frame).lines == ("30.0 px",)
    detector = frame_of(np.zeros((40, 40), np.uint8), pixel_spacing_mm=(0.1, 0.1), spacing_source="ImagerPixelSpacing")
    assert words_of(length, detector).lines == ("3.00 mm", "at the detector")


# --- those that are there --------------------------------------------------------------------


def make_length(qtbot: QtBot, page: ViewerPage) -> Annotation:
    choose(page, Tool.LENGTH)
    drag(qtbot, page.grid.canvas, (40, 50), (140, 50))
    choose(page, Tool.WINDOW)
    return shown(page)[0]


def test_a_handle_is_dragged_also_with_the_window_tool(qtbot: QtBot, ct: ViewerPage) -> None:
    before = make_length(qtbot, ct)
    window = ct.viewport.window
    drag(qtbot, ct.grid.canvas, (140, 50), (120, 90))
    (after,) = shown(ct)
    assert after.number == before.number
    assert_near(after.points, [(40, 50), (120, 90)])
    assert ct.viewport.window == window


def test_the_corner_of_a_rectangle_moves_two_of_its_sides(qtbot: QtBot, ct: ViewerPage) -> None:
    choose(ct, Tool.RECTANGLE)
    drag(qtbot, ct.grid.canvas, (60, 60), (110, 100))
    drag(qtbot, ct.grid.canvas, (110, 60), (130, 40))
    (one,) = shown(ct)
    assert one.region is not None
    left, top, right, bottom = one.region.box
    assert_near([(left, top), (right, bottom)], [(60, 40), (130, 100)])


def test_a_line_is_moved_as_a_whole_and_stays_on_the_image(qtbot: QtBot, ct: ViewerPage) -> None:
    make_length(qtbot, ct)
    drag(qtbot, ct.grid.canvas, (90, 50), (100, 70))
    assert_near(shown(ct)[0].points, [(50, 70), (150, 70)])
    drag(qtbot, ct.grid.canvas, (100, 70), (100, -500))
    assert_near(shown(ct)[0].points, [(50, 0), (150, 0)])


def test_delete_undo_and_redo_go_step_by_step_with_the_view_between(qtbot: QtBot, ct: ViewerPage) -> None:
    canvas = ct.grid.canvas
    length = make_length(qtbot, ct)
    qtbot.keyClick(canvas, Qt.Key.Key_I)
    click(qtbot, canvas, (90, 50))
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert shown(ct) == ()
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(canvas, Qt.Key.Key_Z, control)
    assert shown(ct) == (length,)
    qtbot.keyClick(canvas, Qt.Key.Key_Z, control)
    assert not ct.viewport.view.inverted
    qtbot.keyClick(canvas, Qt.Key.Key_Z, control)
    assert shown(ct) == ()
    for _ in range(3):
        qtbot.keyClick(canvas, Qt.Key.Key_Y, control)
    assert shown(ct) == ()
    assert ct.viewport.view.inverted


def test_undo_shows_the_image_it_changes(qtbot: QtBot, ct: ViewerPage) -> None:
    make_length(qtbot, ct)
    index = ct.viewport.index
    with qtbot.waitSignal(ct.frame_shown):
        ct.viewport.step(3)
    assert shown(ct) == ()
    qtbot.keyClick(ct.grid.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert ct.viewport.index == index


def test_esc_gives_up_one_thing_after_the_other(qtbot: QtBot, ct: ViewerPage) -> None:
    canvas = ct.grid.canvas
    choose(ct, Tool.LENGTH)
    click(qtbot, canvas, (40, 50))
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)  # the unfinished line
    click(qtbot, canvas, (60, 90))
    assert shown(ct) == ()
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)  # the tool
    assert ct.actions_["viewer.window"].isChecked()


def test_measurements_are_there_again_after_scrolling_layout_and_series(
    qtbot: QtBot, page: ViewerPage, testdata: Path
) -> None:
    open_in(qtbot, page, testdata / CT, testdata / US_CINE)
    length = make_length(qtbot, page)
    place = page.measuring.place
    with qtbot.waitSignal(page.frame_shown):
        page.viewport.step(1)
    assert shown(page) == ()
    with qtbot.waitSignal(page.frame_shown):
        page.viewport.step(-1)
    assert shown(page) == (length,)
    first, second = page.display_sets[:2]
    here = page.viewport.display_set
    with qtbot.waitSignal(page.frame_shown):
        page.show_display_set(second if here is first else first)
    page.grid.set_shape((2, 2))
    with qtbot.waitSignal(page.frame_shown):
        page.show_display_set(first if here is first else second)
    assert page.measuring.place == place
    assert shown(page) == (length,)


def test_a_key_image_is_marked_and_unmarked(qtbot: QtBot, ct: ViewerPage) -> None:
    canvas, place = ct.grid.canvas, ct.measuring.place
    qtbot.keyClick(canvas, Qt.Key.Key_K)
    assert ct.measuring.annotations.is_key_image(place)
    assert ct.actions_["viewer.key_image"].isChecked()
    with qtbot.waitSignal(ct.frame_shown):
        ct.viewport.step(1)
    assert not ct.actions_["viewer.key_image"].isChecked()
    with qtbot.waitSignal(ct.frame_shown):
        ct.viewport.step(-1)
    qtbot.keyClick(canvas, Qt.Key.Key_K)
    assert not ct.measuring.annotations.is_key_image(place)


# --- looking closer --------------------------------------------------------------------------


def test_the_lens_shows_the_values_under_the_pointer_enlarged(qtbot: QtBot, ct: ViewerPage) -> None:
    canvas = ct.grid.canvas
    at = on_screen(canvas, (80, 80))
    qtbot.mouseMove(canvas, at)
    plain = canvas.grab().toImage()
    qtbot.keyPress(canvas, Qt.Key.Key_M)
    lens = canvas.grab().toImage()
    assert lens != plain
    wheel(canvas, 1)
    assert canvas.grab().toImage() != lens
    qtbot.keyRelease(canvas, Qt.Key.Key_M)
    assert canvas.grab().toImage() == plain


def test_the_lens_tool_leaves_the_view_alone(qtbot: QtBot, ct: ViewerPage) -> None:
    choose(ct, Tool.MAGNIFIER)
    view = ct.viewport.view
    drag(qtbot, ct.grid.canvas, (60, 60), (110, 100))
    assert ct.viewport.view == view


def test_the_region_window_spans_the_values_in_the_rectangle_and_gives_the_tool_back(
    qtbot: QtBot, ct: ViewerPage
) -> None:
    choose(ct, Tool.REGION_WINDOW)
    drag(qtbot, ct.grid.canvas, (60, 60), (110, 100))
    frame, window = ct.viewport.frame, ct.viewport.window
    assert frame is not None
    assert window is not None
    values = to_modality(frame.stored, frame.attributes)[60:100, 60:110]
    assert window.center - window.width / 2 == pytest.approx(np.percentile(values, 0.5), abs=5)
    assert window.center + window.width / 2 == pytest.approx(np.percentile(values, 99.5), abs=5)
    assert ct.actions_["viewer.window"].isChecked()


def test_the_automatic_window_is_one_key_away(qtbot: QtBot, ct: ViewerPage) -> None:
    ct.viewport.apply(lambda view: view)
    qtbot.keyClick(ct.grid.canvas, Qt.Key.Key_F2)
    window = ct.viewport.view.window
    assert isinstance(window, Window)
    assert window.explanation == "auto"


# --- the list --------------------------------------------------------------------------------


def test_the_list_tells_every_measurement_and_a_click_goes_to_its_image(qtbot: QtBot, ct: ViewerPage) -> None:
    section = ct.panel.measurements
    assert section.isHidden()
    make_length(qtbot, ct)
    index, frame = ct.viewport.index, ct.viewport.frame
    assert frame is not None
    words = words_of(shown(ct)[0], frame).short
    qtbot.waitUntil(lambda: section.list.count() == 1)
    item = section.list.item(0)
    assert item.text() == f"Length {words}"
    assert str(item.data(Qt.ItemDataRole.AccessibleTextRole)).endswith(f"image {index + 1}")
    with qtbot.waitSignal(ct.frame_shown):
        ct.viewport.step(5)
    qtbot.mouseClick(section.list.viewport(), LEFT, pos=section.list.visualItemRect(item).center())
    assert ct.viewport.index == index
    assert ct.grid.canvas.hasFocus()
    qtbot.keyClick(ct.grid.canvas, Qt.Key.Key_Delete)
    qtbot.waitUntil(section.isHidden)


def test_what_lies_on_images_of_another_study_is_not_listed_and_there_again_with_its_study(
    qtbot: QtBot, ct: ViewerPage, testdata: Path
) -> None:
    length = make_length(qtbot, ct)
    section = ct.panel.measurements
    qtbot.waitUntil(lambda: section.list.count() == 1)
    open_in(qtbot, ct, testdata / US_CINE)
    qtbot.waitUntil(section.isHidden)
    open_in(qtbot, ct, testdata / CT)
    assert shown(ct) == (length,)
    qtbot.waitUntil(lambda: section.list.count() == 1)


def test_only_the_viewport_that_is_worked_in_has_something_selected(qtbot: QtBot, ct: ViewerPage) -> None:
    ct.grid.set_shape((1, 2))
    first, second = ct.grid.canvases
    with qtbot.waitSignal(second.viewport.frame_shown):
        second.viewport.show(first.viewport.display_set, first.viewport.index)
    qtbot.waitUntil(lambda: first.viewport.size == second.viewport.size)
    choose(ct, Tool.LENGTH)
    drag(qtbot, first, (40, 50), (140, 50))
    click(qtbot, second, (60, 120))  # begins another one there
    qtbot.keyClick(second, Qt.Key.Key_Escape)
    qtbot.keyClick(second, Qt.Key.Key_Delete)
    assert len(shown(ct)) == 1
    click(qtbot, second, (90, 50))  # the same annotation, seen in the other viewport
    qtbot.keyClick(second, Qt.Key.Key_Delete)
    assert shown(ct) == ()
