"""Graphics and texts of presentation states on the screen: units, shapes, compound ones, styles, places of texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workstation.imaging.compose import Layout, layout
from workstation.imaging.compound_graphics import compound_paths
from workstation.imaging.frame import Frame, PixelAttributes
from workstation.imaging.graphic_paths import DEFAULT, Label, Placing, graphic_path, label_of
from workstation.imaging.graphic_texts import LARGEST, connector, text_place, text_size
from workstation.imaging.graphics import (
    Compound,
    CompoundKind,
    FillStyle,
    Graphic,
    GraphicLayer,
    LineStyle,
    Shadow,
    Shape,
    Text,
    TextStyle,
    Tick,
    Units,
    from_cielab,
)
from workstation.imaging.present import presented
from workstation.imaging.present_graphics import area_on_screen, drawings
from workstation.imaging.presentation import DisplayedArea, GraphicAnnotation, ImageReference, PresentationState
from workstation.imaging.view import View

SCREEN = (400, 300)
FRAME = Frame(np.zeros((100, 200), np.uint16), PixelAttributes("MONOCHROME2", 12, signed=False))
TWICE = Placing(layout(FRAME, View(), SCREEN), (0.0, 50.0, 400.0, 200.0), SCREEN)  # the image fits across: zoom 2
RED = (255, 0, 0)


def lines(graphic: Graphic, placing: Placing = TWICE) -> tuple[np.ndarray, ...]:
    return graphic_path(graphic, placing, RED, 1.0).lines


def drawn(compound: Compound, placing: Placing = TWICE) -> list[np.ndarray]:
    return [line for path in compound_paths(compound, placing, RED, 1.0)[0] for line in path.lines]


# --- units -----------------------------------------------------------------------------------------


def test_pixels_are_of_the_image_and_begin_at_the_corner_of_the_first() -> None:
    (line,) = lines(Graphic(Shape.POLYLINE, ((0, 0), (200, 100))))
    assert line.tolist() == [[0, 50], [400, 250]]


def test_display_units_are_fractions_of_the_displayed_area() -> None:
    placing = replace(TWICE, area=(100.0, 20.0, 50.0, 40.0))
    (line,) = lines(Graphic(Shape.POLYLINE, ((0, 0), (1, 0.5)), Units.DISPLAY), placing)
    assert line.tolist() == [[100, 20], [150, 40]]


def test_matrix_units_count_from_the_corner_of_the_whole_slide() -> None:
    placing = replace(TWICE, matrix_origin=(1000.0, 500.0))
    (line,) = lines(Graphic(Shape.POLYLINE, ((1000, 500), (1200, 600)), Units.MATRIX), placing)
    assert line.tolist() == [[0, 50], [400, 250]]


def test_graphics_turn_with_the_image() -> None:
    turned = replace(TWICE, layout=layout(FRAME, View(zoom=2.0, quarter_turns=1, flipped=True), (200, 400)))
    (line,) = lines(Graphic(Shape.POLYLINE, ((0, 0), (200, 0))), turned)
    # Flipped, then a quarter turn clockwise: the first row runs up the right side.
    assert line.tolist() == [[200, 400], [200, 0]]


# --- shapes (PS3.3 C.10.5.1.2) ---------------------------------------------------------------------


def test_a_circle_is_one_on_the_screen_even_where_pixels_are_not_square() -> None:
    tall = Layout(2.0, 4.0, (2.0, 0.0, 0.0), (0.0, 4.0, 0.0))
    (line,) = lines(Graphic(Shape.CIRCLE, ((50, 50), (60, 50))), replace(TWICE, layout=tall))
    assert np.hypot(*(line - [100, 200]).T) == pytest.approx(20)


def test_an_ellipse_goes_through_the_ends_of_both_axes() -> None:
    ends = ((10, 10), (50, 30), (35, 10), (25, 30))
    (line,) = lines(Graphic(Shape.ELLIPSE, ends))
    for end in TWICE.place(ends, Units.PIXEL):
        assert np.hypot(*(line - end).T).min() < 1e-6


def test_an_interpolated_curve_goes_through_its_points_and_is_smooth() -> None:
    points = ((10, 10), (40, 60), (80, 20), (120, 70))
    (line,) = lines(Graphic(Shape.INTERPOLATED, points))
    for point in TWICE.place(points, Units.PIXEL):
        assert np.hypot(*(line - point).T).min() < 1e-6
    steps = np.diff(line, axis=0)
    turns = np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))))
    assert turns.max() < np.radians(35)


def test_an_interpolated_curve_with_a_point_given_twice_is_still_one() -> None:
    (line,) = lines(Graphic(Shape.INTERPOLATED, ((10, 10), (40, 60), (40, 60), (80, 20))))
    assert np.isfinite(line).all()


def test_a_point_has_the_size_of_a_dot_whatever_the_zoom() -> None:
    near = replace(TWICE, layout=layout(FRAME, View(zoom=40.0), SCREEN))
    for placing in (TWICE, near):
        path = graphic_path(Graphic(Shape.POINT, ((100, 50),)), placing, RED, 1.0)
        assert np.ptp(path.lines[0], axis=0) == pytest.approx([3, 3], abs=0.2)
        assert path.brush is not None


# --- styles (PS3.3 C.10.5.1.3.13) ------------------------------------------------------------------


def test_what_has_no_style_is_thin_edged_and_of_the_colour_of_its_layer() -> None:
    path = graphic_path(Graphic(Shape.POLYLINE, ((0, 0), (9, 9))), TWICE, RED, 2.0)
    assert (path.pen.colour, path.pen.width, path.pen.edged, path.brush) == (RED, 3.0, True, None)


def test_a_thickness_is_in_the_units_of_the_graphic() -> None:
    style = LineStyle((1, 2, 3), 0.5, thickness=4.0)
    pen = graphic_path(Graphic(Shape.POLYLINE, ((0, 0), (9, 9)), line=style), TWICE, RED, 1.0).pen
    assert (pen.colour, pen.opacity, pen.width, pen.edged) == ((1, 2, 3), 0.5, 8.0, False)
    display = Graphic(Shape.POLYLINE, ((0, 0), (1, 1)), Units.DISPLAY, line=LineStyle(thickness=0.05))
    assert graphic_path(display, TWICE, RED, 1.0).pen.width == pytest.approx(10)


@pytest.mark.parametrize(
    ("pattern", "dashes", "offset"),
    [
        (0xFFFFFFFF, (), 0.0),
        (0xFF00FF00, (8.0, 8.0, 8.0, 8.0), 0.0),
        (0x0000FFFF, (16.0, 16.0), 16.0),
        (0xF000000F, (8.0, 24.0), 4.0),
    ],
)
def test_a_pattern_is_a_pixel_of_the_screen_for_each_bit(
    pattern: int, dashes: tuple[float, ...], offset: float
) -> None:
    style = LineStyle(thickness=1.0, pattern=pattern)
    pen = graphic_path(Graphic(Shape.POLYLINE, ((0, 0), (9, 9)), line=style), TWICE, RED, 1.0).pen
    assert (pen.dashes, pen.dash_offset) == (dashes, offset)


def test_a_filled_graphic_is_filled_in_its_own_style_or_in_the_colour_of_its_line() -> None:
    shape = Graphic(Shape.POLYLINE, ((0, 0), (9, 0), (9, 9)), filled=True)
    plain = graphic_path(shape, TWICE, RED, 1.0).brush
    styled = graphic_path(replace(shape, fill=FillStyle((0, 9, 0), 0.25)), TWICE, RED, 1.0).brush
    assert plain is not None
    assert styled is not None
    assert (plain.colour, styled.colour, styled.opacity) == (RED, (0, 9, 0), 0.25)


def test_colours_are_cielab_pcs_values() -> None:
    assert from_cielab((0, 0x8080, 0x8080)) == (0, 0, 0)
    assert from_cielab((0xFFFF, 0x8080, 0x8080)) == (255, 255, 255)
    assert np.abs(np.subtract(from_cielab((35582, 53653, 50838)), (255, 0, 0))).max() <= 2


# --- compound graphics (PS3.3 C.10.5.1.3) ----------------------------------------------------------


def test_an_arrow_points_at_its_first_point() -> None:
    line, head = drawn(Compound(CompoundKind.ARROW, ((10, 10), (50, 10))))
    assert line.tolist() == [[100, 70], [20, 70]]
    assert head[0].tolist() == [20, 70]
    assert (head[1:3, 0] > 20).all()


def test_a_rectangle_and_an_ellipse_lie_between_two_corners_and_turn_counterclockwise() -> None:
    (rectangle,) = drawn(Compound(CompoundKind.RECTANGLE, ((10, 10), (50, 30))))
    assert rectangle.tolist() == [[20, 70], [100, 70], [100, 110], [20, 110], [20, 70]]
    (turned,) = drawn(Compound(CompoundKind.RECTANGLE, ((10, 10), (50, 30)), rotation=90.0, rotation_point=(10, 10)))
    assert turned[1] == pytest.approx([20, -10])  # what lay to the right lies above
    (ellipse,) = drawn(Compound(CompoundKind.ELLIPSE, ((10, 10), (50, 30))))
    assert (ellipse.min(axis=0), ellipse.max(axis=0)) == (pytest.approx([20, 70]), pytest.approx([100, 110]))


def test_a_cut_line_leaves_a_gap_and_an_infinite_line_leaves_the_screen() -> None:
    first, last = drawn(Compound(CompoundKind.CUTLINE, ((0, 50), (200, 50)), gap=0.1))
    assert (first[1].tolist(), last[0].tolist()) == ([180, 150], [220, 150])
    first, last = drawn(Compound(CompoundKind.INFINITELINE, ((90, 50), (110, 50)), gap=0.1))
    assert first[0, 0] < 0
    assert last[1, 0] > SCREEN[0]


def test_a_crosshair_is_seen_within_its_diameter_and_not_in_its_gap() -> None:
    pieces = drawn(Compound(CompoundKind.CROSSHAIR, ((100, 50),), gap=0.1, diameter=0.5))
    assert sorted(map(np.ndarray.tolist, pieces)) == [
        [[180, 150], [100, 150]],
        [[200, 140], [200, 100]],
        [[200, 160], [200, 200]],
        [[220, 150], [300, 150]],
    ]


def test_a_ruler_has_ticks_and_labels_where_the_file_says() -> None:
    ruler = Compound(
        CompoundKind.RULER,
        ((10, 50), (110, 50)),
        ticks=(Tick(0.0, "0"), Tick(0.5), Tick(1.0, "10 mm")),
        tick_alignment="BOTTOM",
    )
    paths, labels = compound_paths(ruler, TWICE, RED, 1.0)
    assert [line[0].tolist() for line in paths[0].lines] == [[20, 150], [20, 150], [120, 150], [220, 150]]
    assert all(line[1, 1] > 150 for line in paths[0].lines[1:])
    assert [label.lines for label in labels] == [("0",), ("10 mm",)]
    assert not compound_paths(replace(ruler, labels_shown=False), TWICE, RED, 1.0)[1]


@pytest.mark.parametrize("kind", list(CompoundKind))
def test_no_compound_graphic_fails_on_two_points_that_are_one(kind: CompoundKind) -> None:
    for line in drawn(Compound(kind, ((10, 10), (10, 10)), gap=0.1, diameter=0.2, rotation=30.0)):
        assert np.isfinite(line).all()


# --- texts (PS3.3 C.10.5.1.1) ----------------------------------------------------------------------


def test_a_text_stands_in_its_box_upright_however_the_image_is_turned() -> None:
    turned = replace(TWICE, layout=layout(FRAME, View(zoom=2.0, quarter_turns=2), SCREEN))
    label = label_of(Text("A\nB", ((10, 10), (60, 40))), turned, RED, 1.0)
    assert (label.lines, label.box) == (("A", "B"), (280.0, 170.0, 380.0, 230.0))
    for horizontal, left in (("LEFT", 280), ("CENTER", 320), ("RIGHT", 360)):
        assert text_place(replace(label, horizontal=horizontal), (20, 30), SCREEN, 1.0)[0] == left
    for vertical, top in (("TOP", 170), ("CENTER", 185), ("BOTTOM", 200)):
        assert text_place(replace(label, vertical=vertical), (20, 30), SCREEN, 1.0)[1] == top


def test_a_style_chooses_where_in_its_box_a_text_stands() -> None:
    styled = Text("A", ((0, 0), (9, 9)), justification="LEFT", style=TextStyle(RED, "RIGHT", "BOTTOM", bold=True))
    label = label_of(styled, TWICE, DEFAULT, 1.0)
    assert (label.horizontal, label.vertical, label.bold, label.colour) == ("RIGHT", "BOTTOM", True, RED)


@pytest.mark.parametrize(
    ("extent", "times"), [((50.0, 20.0), 2.0), ((200.0, 20.0), 1.0), ((10.0, 10.0), LARGEST), ((0.0, 0.0), 1.0)]
)
def test_a_text_fills_its_box_within_reason_and_stays_legible_in_a_small_one(
    extent: tuple[float, float], times: float
) -> None:
    label = label_of(Text("A", ((0, 0), (50, 20))), TWICE, RED, 1.0)
    assert text_size(label, lambda size: (extent[0] * size, extent[1] * size)) == times


def test_a_text_is_joined_to_what_it_is_about_where_that_is_to_be_seen() -> None:
    beside = label_of(Text("A", anchor=(50, 50), anchor_visible=True), TWICE, RED, 1.0)
    line = connector(beside, text_place(beside, (20, 10), SCREEN, 1.0))
    assert line is not None
    assert line[1] == (100.0, 150.0)
    hidden = label_of(Text("A", anchor=(50, 50)), TWICE, RED, 1.0)
    assert connector(hidden, text_place(hidden, (20, 10), SCREEN, 1.0)) is None
    covered = Label(("A",), RED, anchor=(5.0, 5.0), connected=True)
    assert connector(covered, (0.0, 0.0, 10.0, 10.0)) is None


def test_a_text_stays_on_the_screen_as_long_as_what_it_belongs_to() -> None:
    at_the_edge = label_of(Text("A", anchor=(199, 50)), TWICE, RED, 1.0)
    assert text_place(at_the_edge, (80, 10), SCREEN, 1.0)[2] <= SCREEN[0]
    beyond = label_of(Text("A", anchor=(500, 50)), TWICE, RED, 1.0)
    assert text_place(beyond, (80, 10), SCREEN, 1.0)[0] > SCREEN[0]


def test_a_shadow_is_as_far_away_as_the_image_is_enlarged() -> None:
    style = TextStyle(shadow=Shadow((1.5, -1.0), (0, 0, 0)))
    label = label_of(Text("A", ((0, 0), (9, 9)), style=style), TWICE, RED, 1.0)
    assert label.shadow is not None
    assert label.shadow.offset == (3.0, -2.0)


# --- layers and images -----------------------------------------------------------------------------

MARK = (Graphic(Shape.POLYLINE, ((0, 0), (9, 9))),)


def state(*annotations: GraphicAnnotation, **more: object) -> PresentationState:
    images = (ImageReference("1.2"), ImageReference("1.3", (2,)))
    return PresentationState("1.9", "S", images=images, annotations=annotations, **more)  # type: ignore[arg-type]


def names(asked: PresentationState, uid: str = "1.2", number: int = 1, hidden: tuple[str, ...] = ()) -> list[str]:
    frame = presented(FRAME, asked, uid, number)
    found = drawings(frame, asked, uid, number, TWICE.layout, size=SCREEN, hidden=hidden)
    return [drawing.layer for drawing in found]


def test_layers_are_drawn_lowest_first_and_unknown_ones_last() -> None:
    layers = (GraphicLayer("LOW", 1), GraphicLayer("HIGH", 7, (9, 9, 9)))
    asked = state(*(GraphicAnnotation(name, MARK) for name in ("NOWHERE", "HIGH", "LOW")), layers=layers)
    assert names(asked) == ["LOW", "HIGH", "NOWHERE"]
    assert names(asked, hidden=("HIGH",)) == ["LOW", "NOWHERE"]


def test_graphics_are_drawn_over_the_images_and_frames_they_are_meant_for() -> None:
    asked = state(
        GraphicAnnotation("ALL", MARK),
        GraphicAnnotation("FIRST", MARK, images=(ImageReference("1.2"),)),
        GraphicAnnotation("FRAME", MARK, images=(ImageReference("1.3", (2,)),)),
    )
    assert names(asked) == ["ALL", "FIRST"]
    assert names(asked, "1.3", 2) == ["ALL", "FRAME"]
    assert names(asked, "1.3", 1) == []
    assert names(asked, "1.4") == []


def test_the_displayed_area_stays_where_the_state_put_it() -> None:
    area = DisplayedArea(101, 1, 200, 100)
    for turned, expected in ((0, (50.0, 0.0, 300.0, 300.0)), (1, (50.0, 0.0, 300.0, 300.0))):
        asked = state(areas=(area,), rotation=turned)
        assert area_on_screen(presented(FRAME, asked, "1.2", 1), asked, area, SCREEN) == pytest.approx(expected)
    whole = state()
    assert area_on_screen(FRAME, whole, None, SCREEN) == pytest.approx((0.0, 50.0, 400.0, 200.0))
