"""Graphics and texts as presentation states have them: real ones, one made for each rule, and broken ones."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from tests.support.presentation_states import (
    BLACK_LAB,
    GREEN,
    RED,
    anchored_text,
    annotated,
    annotation,
    attributes,
    boxed_text,
    compound,
    fill_style,
    graphic,
    graphic_layer,
    line_style,
    state,
    text_style,
)
from tests.support.testdata import require_testdata
from workstation.dicom.attributes import pixel_attributes
from workstation.dicom.presentation_state import read_presentation_state
from workstation.imaging.graphics import CompoundKind, Shape, Tick, Units, from_cielab
from workstation.imaging.presentation import GraphicAnnotation, PresentationState

LINE = graphic("POLYLINE", [1.5, 2.5, 10, 20])


def read(folder: Path, *objects: Dataset, layers: tuple[Dataset, ...] = ()) -> PresentationState:
    return read_presentation_state(state(folder / "s.dcm", annotated(annotation(*objects), layers=layers)))


def only(folder: Path, *objects: Dataset) -> GraphicAnnotation:
    (found,) = read(folder, *objects).annotations
    return found


@pytest.mark.parametrize(("number", "points"), [(1, 63), (3, None), (5, 35)])
def test_real_states_have_an_outline_and_words_about_it(number: int, points: int | None) -> None:
    asked = read_presentation_state(require_testdata() / "presentation_states" / f"real{number:02}.pr.dcm")
    (layer,) = asked.layers
    (found,) = asked.annotations
    assert (layer.name, found.layer, asked.undrawn) == ("USER ANNOTATIONS", "USER ANNOTATIONS", 0)
    (outline,), (words,) = found.graphics, found.texts
    assert outline.shape is Shape.POLYLINE
    assert points is None or len(outline.points) == points
    assert words.text.startswith("A=")
    assert words.text.splitlines()[1] == "Calculation by ImageJ"
    assert words.anchor is not None
    assert words.anchor_visible
    assert words.box is not None
    assert words.box[0][0] < words.box[1][0]


def test_points_units_and_filling_are_read(tmp_path: Path) -> None:
    found = only(
        tmp_path, LINE, graphic("CIRCLE", [0.5, 0.5, 0.6, 0.5], "DISPLAY", "Y"), graphic("POINT", [3, 4], "MATRIX")
    )
    line, circle, point = found.graphics
    assert (line.points, line.units, line.filled) == (((1.5, 2.5), (10, 20)), Units.PIXEL, False)
    assert (circle.shape, circle.units, circle.filled) == (Shape.CIRCLE, Units.DISPLAY, True)
    assert point.units is Units.MATRIX


def test_texts_keep_their_lines_box_and_anchor(tmp_path: Path) -> None:
    boxed, anchored = only(
        tmp_path,
        boxed_text("first\r\nsecond\\half", (1, 2, 30, 12), BoundingBoxTextHorizontalJustification="RIGHT"),
        anchored_text("there", (0.25, 0.75), "N", "DISPLAY"),
    ).texts
    assert (boxed.text, boxed.box, boxed.justification) == ("first\nsecond\\half", ((1, 2), (30, 12)), "RIGHT")
    assert (anchored.anchor, anchored.anchor_units, anchored.anchor_visible) == ((0.25, 0.75), Units.DISPLAY, False)


def test_styles_are_read(tmp_path: Path) -> None:
    shadow = {
        "ShadowStyle": "OUTLINED",
        "ShadowOffsetX": 1.0,
        "ShadowOffsetY": 2.0,
        "ShadowColorCIELabValue": BLACK_LAB,
        "ShadowOpacity": 0.5,
    }
    styled = graphic(
        "POLYLINE",
        [0, 0, 5, 5, 9, 0],
        filled="Y",
        LineStyleSequence=line_style(RED, 2.5, 0xF0F0F0F0, **shadow),
        FillStyleSequence=fill_style(GREEN, 0.25, bytes(range(128))),
    )
    words = boxed_text("A", (0, 0, 9, 9), TextStyleSequence=text_style(GREEN, "CENTER", "BOTTOM", Italic="Y"))
    found = only(tmp_path, styled, words)
    line, fill, text = found.graphics[0].line, found.graphics[0].fill, found.texts[0].style
    assert line is not None
    assert fill is not None
    assert text is not None
    assert (line.colour, line.thickness, line.pattern) == (from_cielab(RED), 2.5, 0xF0F0F0F0)
    assert line.shadow is not None
    assert (line.shadow.outlined, line.shadow.offset, line.shadow.opacity) == (True, (1.0, 2.0), 0.5)
    assert (fill.colour, fill.opacity, fill.pattern) == (from_cielab(GREEN), 0.25, bytes(range(128)))
    assert (text.horizontal, text.vertical, text.italic, text.bold) == ("CENTER", "BOTTOM", True, False)


def test_layers_have_an_order_a_colour_and_a_description(tmp_path: Path) -> None:
    layers = (
        graphic_layer("GRAY", 3, GraphicLayerRecommendedDisplayGrayscaleValue=0x8000),
        graphic_layer("RED", 2, GraphicLayerRecommendedDisplayCIELabValue=RED, GraphicLayerDescription="in red"),
        graphic_layer("PLAIN", 1),
    )
    found = read(tmp_path, LINE, layers=layers).layers
    assert [(layer.name, layer.colour, layer.title) for layer in found] == [
        ("PLAIN", None, "PLAIN"),
        ("RED", from_cielab(RED), "in red"),
        ("GRAY", (128, 128, 128), "GRAY"),
    ]


def test_a_compound_graphic_gives_way_to_its_plain_ones(tmp_path: Path) -> None:
    plain = graphic("POLYLINE", [0, 0, 9, 9])
    plain.CompoundGraphicInstanceID = 7
    ticks = Sequence([attributes(TickPosition=0.5, TickLabel="half"), attributes(TickPosition=7.0, TickLabel="never")])
    ruler = compound("RULER", [0, 0, 9, 0], 8, MajorTicksSequence=ticks, TickLabelAlignment="TOP", ShowTickLabel="N")
    found = only(tmp_path, plain, compound("ARROW", [0, 0, 9, 9], 7), ruler)
    (kept,) = found.compounds
    assert len(found.graphics) == 1
    assert (kept.kind, kept.ticks, kept.labels_below, kept.labels_shown) == (
        CompoundKind.RULER,
        (Tick(0.5, "half"),),
        False,
        False,
    )


def test_what_breaks_its_own_rules_is_counted_and_keeps_nothing_else_away(tmp_path: Path) -> None:
    found = only(
        tmp_path,
        LINE,
        graphic("ELLIPSE", [1, 1, 2, 2]),  # needs four points
        graphic("POLYLINE", [1e30, 1, 2, 2]),
        graphic("SPIRAL", [1, 1, 2, 2]),
        graphic("POLYLINE", [1, 1, 2, 2], "FURLONG"),
        attributes(UnformattedTextValue="nowhere"),
        boxed_text("", (1, 1, 2, 2)),
        compound("SUNDIAL", [1, 1, 2, 2]),
        compound("ARROW", [1, 1]),
    )
    assert (found.count, found.undrawn) == (1, 8)


def test_a_hostile_state_is_read_without_its_nonsense(tmp_path: Path) -> None:
    path = state(tmp_path / "s.dcm", annotated(annotation(LINE)))
    dataset = pydicom.dcmread(path)
    dataset.GraphicAnnotationSequence[0].GraphicObjectSequence[0].GraphicData = [float("nan"), 1.0, 2.0, 3.0]
    dataset.GraphicLayerSequence[0].add_new(0x00700401, "US", [1, 2])
    dataset.save_as(path)
    asked = read_presentation_state(path)
    assert (asked.undrawn, asked.layers[0].colour) == (1, None)


@pytest.mark.parametrize(("frame", "origin"), [(0, (0.0, 0.0)), (4, (256.0, 128.0)), (7, (256.0, 0.0))])
def test_a_tile_of_a_full_slide_knows_where_it_begins(frame: int, origin: tuple[float, float]) -> None:
    slide = attributes(
        DimensionOrganizationType="TILED_FULL",
        Rows=128,
        Columns=256,
        TotalPixelMatrixRows=130,
        TotalPixelMatrixColumns=700,
    )
    assert pixel_attributes(slide, frame).matrix_origin == origin


def test_a_sparse_tile_says_where_it_begins() -> None:
    place = attributes(ColumnPositionInTotalImagePixelMatrix=257, RowPositionInTotalImagePixelMatrix=129)
    group = attributes(PlanePositionSlideSequence=Sequence([place]))
    slide = attributes(PerFrameFunctionalGroupsSequence=Sequence([group]))
    assert pixel_attributes(slide, 0).matrix_origin == (256.0, 128.0)
