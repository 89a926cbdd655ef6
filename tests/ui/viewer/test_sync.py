"""What goes along with the viewport that is worked in: place, scale, window, lines, cursor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from tests.ui.viewer.sources import GatedSource, display_set
from workstation.imaging.compose import layout
from workstation.imaging.frame import Frame, PixelAttributes, PlaneGeometry, Window
from workstation.imaging.planes import plane_of
from workstation.services.display_sets import DisplaySet, FrameRef
from workstation.ui.viewer import tools
from workstation.ui.viewer.canvas import Canvas
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.loader import FrameCache, FrameLoader
from workstation.ui.viewer.matching import Links
from workstation.ui.viewer.model import Tool, Viewport
from workstation.ui.viewer.sync import Linker


def axial(height: float, frame: str = "1.2") -> PlaneGeometry:
    return PlaneGeometry((-50.0, -50.0, height), (1, 0, 0), (0, 1, 0), frame)


def sagittal(left: float) -> PlaneGeometry:
    return PlaneGeometry((left, -50.0, 50.0), (0, 1, 0), (0, 0, -1), "1.2")


def stack(uid: str, geometries: list[PlaneGeometry | None], modality: str = "CT", spacing: float = 1.0) -> DisplaySet:
    made = display_set(len(geometries), uid, modality=modality)
    frames = tuple(replace(ref, geometry=place) for ref, place in zip(made.frames, geometries, strict=True))
    PLACES.update({ref: (place, spacing) for ref, place in zip(frames, geometries, strict=True)})
    return replace(made, frames=frames, ordered_by="position")


PLACES: dict[FrameRef, tuple[PlaneGeometry | None, float]] = {}
SIZE = 100


class PlacedSource(GatedSource):
    """100 mm square images at the places of their stacks."""

    def frame(self, path, index=0, cancellation=None, *more, **options):  # type: ignore[no-untyped-def]
        ref = next(one for one in PLACES if one.path == path and one.frame_index == index)
        geometry, spacing = PLACES[ref]
        side = round(SIZE / spacing)
        attributes = PixelAttributes(
            "MONOCHROME2", 8, False, geometry=geometry, pixel_spacing_mm=(spacing, spacing) if geometry else None
        )
        return Frame(np.full((side, side), index, np.uint8), attributes)


FINE = stack("fine", [axial(height) for height in range(0, 40, 2)])
COARSE = stack("coarse", [axial(height) for height in range(38, -2, -5)], modality="MR", spacing=0.5)
ACROSS = stack("across", [sagittal(left) for left in range(-20, 20, 4)])
ELSEWHERE = stack("elsewhere", [axial(height, "9.9") for height in range(1000, 1080, 4)])
NOWHERE = stack("nowhere", [None] * 20)


@pytest.fixture
def grid(qtbot: QtBot) -> Iterator[ViewportGrid]:
    loader = FrameLoader(PlacedSource(open_gate=True), FrameCache(1 << 24))
    grid = ViewportGrid(loader)
    qtbot.addWidget(grid)
    grid.set_shape((1, 2))
    grid.resize(804, 400)
    grid.show()
    qtbot.waitExposed(grid)
    yield grid
    grid.close_viewports()
    loader.close()


@pytest.fixture
def linker(grid: ViewportGrid) -> Linker:
    return Linker(grid)


def show(qtbot: QtBot, grid: ViewportGrid, *sets: DisplaySet) -> tuple[Viewport, ...]:
    viewports = tuple(grid.viewports)
    for viewport, one in zip(viewports, sets, strict=True):
        viewport.show(one, 0 if viewport is grid.viewport else None)
    settle(qtbot, grid)
    return viewports


def settle(qtbot: QtBot, grid: ViewportGrid) -> None:
    qtbot.waitUntil(lambda: all(one.loading is None for one in grid.viewports if one.display_set), timeout=30_000)


def height(viewport: Viewport) -> float:
    assert viewport.display_set is not None
    geometry = viewport.display_set.frames[viewport.index].geometry
    assert geometry is not None
    return geometry.position[2]


def canvas_of(grid: ViewportGrid, viewport: Viewport) -> Canvas:
    return next(one for one in grid.findChildren(Canvas) if one.viewport is viewport)


def test_stacks_of_one_frame_scroll_to_the_same_place(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    fine, coarse = show(qtbot, grid, FINE, COARSE)
    for wanted in (0, 6, 13, 19):
        fine.go_to(wanted)
        assert abs(height(coarse) - height(fine)) <= 3
    assert height(coarse) == 38
    grid.activate_next(1)
    coarse.go_to(4)
    assert abs(height(coarse) - height(fine)) <= 1.0


def test_a_series_opens_at_the_place_of_the_others(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    fine, other = show(qtbot, grid, FINE, ACROSS)
    fine.go_to(2)
    other.show(COARSE)
    assert height(other) == 3


def test_what_lies_across_or_elsewhere_stays(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    for other_set in (ACROSS, ELSEWHERE, NOWHERE):
        fine, other = show(qtbot, grid, FINE, other_set)
        before = other.index
        fine.go_to(15)
        assert other.index == before


def test_the_switch_for_all_stops_everything(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    fine, coarse = show(qtbot, grid, FINE, COARSE)
    linker.set_links(Links(on=False, zoom=True))
    before = coarse.index, coarse.view
    fine.go_to(15)
    fine.zoom_centre(2)
    assert (coarse.index, coarse.view) == before
    linker.switch("on", True)
    assert abs(height(coarse) - height(fine)) <= 3


def test_without_a_common_frame_the_distance_is_kept(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    fine, elsewhere = show(qtbot, grid, FINE, ELSEWHERE)
    elsewhere.go_to(3)
    linker.switch("apart", True)
    fine.go_to(8)
    assert height(elsewhere) == 1012 + 16  # both moved 16 mm


def test_without_any_place_the_number_of_images_is_kept(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    fine, nowhere = show(qtbot, grid, FINE, NOWHERE)
    nowhere.go_to(3)
    linker.switch("apart", True)
    fine.go_to(8)
    assert nowhere.index == 11
    fine.go_to(19)
    assert nowhere.index == 19
    fine.go_to(8)
    assert nowhere.index == 11  # the end of the stack does not shift them


def test_millimetres_are_as_large_in_both_when_zoom_is_linked(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    fine, coarse = show(qtbot, grid, FINE, COARSE)
    linker.set_links(Links(zoom=True, pan=True))
    fine.zoom_at(3.0, (10.0, 60.0))
    fine.apply(lambda view: tools.pan_by(view, (30.0, -20.0)))
    assert fine.zoom is not None
    assert coarse.zoom == pytest.approx(fine.zoom / 2)
    middles = []
    for viewport in (fine, coarse):
        assert viewport.frame is not None
        plane = plane_of(viewport.frame)
        assert plane is not None
        at = layout(viewport.frame, viewport.view, viewport.size).to_image(viewport.size[0] / 2, viewport.size[1] / 2)
        middles.append(plane.point(*at)[:2])
    assert middles[0] == pytest.approx(middles[1])
    fine.apply(tools.fit)
    assert (coarse.view.zoom, coarse.view.pan) == (None, (0.0, 0.0))


def test_pictures_without_calibration_are_enlarged_as_much(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    nowhere, fine = show(qtbot, grid, NOWHERE, FINE)
    linker.switch("zoom", True)
    assert nowhere.zoom is not None
    before = nowhere.zoom, fine.zoom
    nowhere.zoom_centre(2.0)
    assert (nowhere.zoom / before[0], fine.zoom / before[1]) == pytest.approx((2.0, 2.0))


def test_a_window_goes_along_within_one_modality(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    linker.switch("window", True)
    for other_set, goes in ((ACROSS, True), (COARSE, False)):
        fine, other = show(qtbot, grid, FINE, other_set)
        fine.apply(lambda view: tools.with_window(view, Window(40, 400)))
        assert (other.view.window == Window(40, 400)) is goes
        fine.reset()
        assert other.view.window is None


def test_turning_goes_along_only_when_asked_for(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    fine, coarse = show(qtbot, grid, FINE, COARSE)
    fine.apply(tools.invert)
    assert not coarse.view.inverted
    linker.switch("turns", True)
    fine.apply(lambda view: tools.rotate(view, 1))
    fine.apply(tools.flip_horizontally)
    assert (coarse.view.quarter_turns, coarse.view.flipped) == (fine.view.quarter_turns, True)
    assert not coarse.view.inverted  # from before they were linked


def test_a_drag_is_one_step_of_the_history_in_all(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    fine, coarse = show(qtbot, grid, FINE, COARSE)
    linker.switch("zoom", True)
    before = coarse.view
    fine.begin_gesture()
    for _ in range(5):
        fine.zoom_centre(1.1)
    fine.end_gesture()
    assert coarse.view != before
    fine.undo()
    assert (fine.view.zoom, coarse.view.zoom) == (None, None)
    fine.redo()
    fine.begin_gesture()
    after = coarse.view
    fine.zoom_centre(2)
    fine.cancel_gesture()
    assert coarse.view == after


def test_the_plane_is_drawn_where_it_cuts_and_not_where_it_does_not(
    qtbot: QtBot, grid: ViewportGrid, linker: Linker
) -> None:
    fine, across = show(qtbot, grid, FINE, ACROSS)
    canvas = canvas_of(grid, across)
    fine.go_to(10)
    settle(qtbot, grid)
    (line,) = canvas.guides.lines
    assert line.label == "11"
    assert {round(point[1], 6) for point in line.segment} == {30.5}  # 20 mm high, the first row at 50 mm
    assert canvas_of(grid, fine).guides.lines == ()
    linker.switch("ends", True)
    assert [(one.label, one.faint) for one in canvas.guides.lines] == [("20", True), ("1", True), ("11", False)]
    linker.switch("lines", False)
    assert canvas.guides.lines == ()
    linker.switch("lines", True)
    across.show(ELSEWHERE)
    settle(qtbot, grid)
    assert canvas.guides.lines == ()


def test_the_cursor_takes_the_others_to_its_place(qtbot: QtBot, grid: ViewportGrid, linker: Linker) -> None:
    fine, across = show(qtbot, grid, FINE, ACROSS)
    grid.set_tool(Tool.CURSOR)
    canvas = canvas_of(grid, fine)
    assert fine.frame is not None
    at = layout(fine.frame, fine.view, fine.size).to_screen(60.5, 30.5)  # 10 mm left, 20 mm in front of the origin
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(at[0]), round(at[1])))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(at[0]), round(at[1])))
    settle(qtbot, grid)
    assert across.display_set is not None
    shown = across.display_set.frames[across.index].geometry
    assert shown is not None
    assert abs(shown.position[0] - 10) <= 2
    cross = canvas_of(grid, across).guides.cross
    assert cross == pytest.approx((30.5, 50.5), abs=0.6)
    grid.set_tool(Tool.WINDOW)
    assert canvas_of(grid, across).guides.cross is None


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (4, 4)])
def test_every_layout_has_its_viewports_and_closes_them(
    qtbot: QtBot, grid: ViewportGrid, linker: Linker, shape: tuple[int, int]
) -> None:
    grid.set_shape(shape)
    viewports = list(grid.viewports)
    assert len(viewports) == shape[0] * shape[1]
    for viewport in viewports:
        viewport.show(FINE)
    settle(qtbot, grid)
    viewports[0].go_to(3)
    assert {viewport.index for viewport in viewports} == {3}
    grid.set_shape((1, 1))
    settle(qtbot, grid)
    grid.viewport.go_to(5)
    assert len(list(grid.viewports)) == 1
