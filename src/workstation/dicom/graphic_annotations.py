"""Reading graphics, texts and their layers out of a presentation state (PS3.3 C.10.5, C.10.7)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from workstation.dicom import elements
from workstation.imaging.graphics import (
    SOLID,
    Compound,
    CompoundKind,
    FillStyle,
    Graphic,
    GraphicLayer,
    LineStyle,
    Point,
    Rgb,
    Shadow,
    Shape,
    Text,
    TextStyle,
    Tick,
    Units,
    from_cielab,
)
from workstation.imaging.presentation import GraphicAnnotation, ImageReference

if TYPE_CHECKING:
    from pydicom import Dataset

_FILL_PATTERN = 0x00700256
_PATTERN_BYTES = 128  # 32 x 32 bits
_MOST_POINTS = 100_000  # of one graphic
_FARTHEST = 1e7  # pixels; what lies beyond is nonsense, and painters overflow
_NEEDS = {Shape.POINT: 1, Shape.POLYLINE: 2, Shape.INTERPOLATED: 2, Shape.CIRCLE: 2, Shape.ELLIPSE: 4}
_Term = TypeVar("_Term", bound=StrEnum)


def layers_of(dataset: Dataset) -> tuple[GraphicLayer, ...]:
    """Of the Graphic Layer Module (C.10.7), the lowest first."""
    found = (_layer(item) for item in elements.items(dataset, "GraphicLayerSequence"))
    return tuple(sorted((layer for layer in found if layer.name), key=lambda layer: layer.order))


def _layer(item: Dataset) -> GraphicLayer:
    return GraphicLayer(
        elements.first_text(item, "GraphicLayer"),
        elements.integer(item, "GraphicLayerOrder") or 0,
        _cielab(item, "GraphicLayerRecommendedDisplayCIELabValue") or _gray(item) or _retired_rgb(item),
        elements.first_text(item, "GraphicLayerDescription"),
    )


def annotation(item: Dataset, images: tuple[ImageReference, ...]) -> GraphicAnnotation:
    """An item of the Graphic Annotation Sequence; what breaks its own rules is counted and left out."""
    plain, graphics, texts = _objects(item)
    compounds, unknown = [], 0
    for one in elements.items(item, "CompoundGraphicSequence"):
        if elements.integer(one, "CompoundGraphicInstanceID") in plain:
            continue  # its plain graphics stand in its place (C.10.5.1.3.1)
        compound = _compound(one)
        if compound is None:
            unknown += 1
        else:
            compounds.append(compound)
    return GraphicAnnotation(
        layer=elements.first_text(item, "GraphicLayer"),
        graphics=tuple(one for one in graphics if one is not None),
        texts=tuple(one for one in texts if one is not None),
        compounds=tuple(compounds),
        images=images,
        undrawn=unknown + graphics.count(None) + texts.count(None),
    )


def _objects(item: Dataset) -> tuple[set[int], list[Graphic | None], list[Text | None]]:
    """The numbers of the compound graphics that are there as plain ones, and these."""
    plain: set[int] = set()
    graphics: list[Graphic | None] = []
    texts: list[Text | None] = []
    for one in elements.items(item, "GraphicObjectSequence"):
        graphics.append(_graphic(one))
        if graphics[-1] is not None:
            plain.add(elements.integer(one, "CompoundGraphicInstanceID") or 0)
    for one in elements.items(item, "TextObjectSequence"):
        texts.append(_text(one))
        if texts[-1] is not None:
            plain.add(elements.integer(one, "CompoundGraphicInstanceID") or 0)
    return plain - {0}, graphics, texts


# --- graphics --------------------------------------------------------------------------------------


def _graphic(item: Dataset) -> Graphic | None:
    shape, units = _term(Shape, item, "GraphicType"), _units(item, "GraphicAnnotationUnits")
    points = _points(item)
    if shape is None or units is None or len(points) < _NEEDS[shape]:
        return None
    return Graphic(shape, points, units, _yes(item, "GraphicFilled"), _line_style(item), _fill_style(item))


def _points(item: Dataset) -> tuple[Point, ...]:
    """The pairs of Graphic Data, whatever Number of Graphic Points says."""
    values = elements.numbers(item, "GraphicData")[: 2 * _MOST_POINTS]
    if not values or max(map(abs, values)) > _FARTHEST:
        return ()
    return tuple(zip(values[::2], values[1::2], strict=False))


def _compound(item: Dataset) -> Compound | None:
    kind, units = _term(CompoundKind, item, "CompoundGraphicType"), _units(item, "CompoundGraphicUnits")
    points = _points(item)
    if kind is None or units is None or len(points) < (1 if kind is CompoundKind.CROSSHAIR else 2):
        return None
    return Compound(
        kind=kind,
        points=points,
        units=units,
        filled=_yes(item, "GraphicFilled"),
        rotation=elements.number(item, "RotationAngle") or 0.0,
        rotation_point=_point(item, "RotationPoint"),
        gap=max(0.0, elements.number(item, "GapLength") or 0.0),
        diameter=max(0.0, elements.number(item, "DiameterOfVisibility") or 0.0),
        ticks=_ticks(item),
        tick_alignment=elements.first_text(item, "TickAlignment").upper() or "CENTER",
        labels_below=elements.first_text(item, "TickLabelAlignment").upper() != "TOP",
        labels_shown=elements.first_text(item, "ShowTickLabel").upper() != "N",
        line=_line_style(item),
        fill=_fill_style(item),
        text=_text_style(item),
    )


def _ticks(item: Dataset) -> tuple[Tick, ...]:
    found = []
    for tick in elements.items(item, "MajorTicksSequence"):
        position = elements.number(tick, "TickPosition")
        if position is not None and 0 <= position <= 1:
            found.append(Tick(position, elements.first_text(tick, "TickLabel")))
    return tuple(found)


# --- texts -----------------------------------------------------------------------------------------


def _text(item: Dataset) -> Text | None:
    text = _several_lines(item)
    first, last = _point(item, "BoundingBoxTopLeftHandCorner"), _point(item, "BoundingBoxBottomRightHandCorner")
    box_units = _units(item, "BoundingBoxAnnotationUnits")
    anchor, anchor_units = _point(item, "AnchorPoint"), _units(item, "AnchorPointAnnotationUnits")
    box = (first, last) if first is not None and last is not None and box_units is not None else None
    anchor = anchor if anchor_units is not None else None
    if not text or (box is None and anchor is None):
        return None
    return Text(
        text,
        box,
        box_units or Units.PIXEL,
        elements.first_text(item, "BoundingBoxTextHorizontalJustification").upper() or "LEFT",
        anchor,
        anchor_units or Units.PIXEL,
        _yes(item, "AnchorPointVisibility"),
        _text_style(item),
    )


def _several_lines(item: Dataset) -> str:
    """The text with its own line ends; a backslash in it is one (ST has a single value)."""
    value = elements.value_of(item, "UnformattedTextValue")
    if not isinstance(value, str):
        return ""
    lines = [elements.clean(line.expandtabs(4)) for line in value.replace("\f", "\n").splitlines()]
    return "\n".join(lines).strip("\n")


# --- styles ----------------------------------------------------------------------------------------


def _line_style(item: Dataset) -> LineStyle | None:
    style = elements.first_item(item, "LineStyleSequence")
    if style is None:
        return None
    thickness = elements.number(style, "LineThickness")
    dashed = elements.first_text(style, "LineDashingStyle").upper() == "DASHED"
    pattern = elements.integer(style, "LinePattern")
    return LineStyle(
        colour=_cielab(style, "PatternOnColorCIELabValue"),
        opacity=_fraction(style, "PatternOnOpacity", 1.0),
        thickness=thickness if thickness is not None and thickness > 0 else None,
        pattern=(pattern or 0xFF00FF00) & SOLID if dashed else SOLID,
        off_colour=_cielab(style, "PatternOffColorCIELabValue"),
        off_opacity=_fraction(style, "PatternOffOpacity", 0.0),
        shadow=_shadow(style),
    )


def _fill_style(item: Dataset) -> FillStyle | None:
    style = elements.first_item(item, "FillStyleSequence")
    if style is None:
        return None
    stippled = elements.first_text(style, "FillMode").upper() in ("STIPPELED", "STIPPLED")
    pattern = elements.raw_bytes(style, _FILL_PATTERN)[:_PATTERN_BYTES] if stippled else b""
    return FillStyle(
        colour=_cielab(style, "PatternOnColorCIELabValue"),
        opacity=_fraction(style, "PatternOnOpacity", 1.0),
        pattern=pattern if len(pattern) == _PATTERN_BYTES else b"",
        off_colour=_cielab(style, "PatternOffColorCIELabValue"),
        off_opacity=_fraction(style, "PatternOffOpacity", 0.0),
    )


def _text_style(item: Dataset) -> TextStyle | None:
    style = elements.first_item(item, "TextStyleSequence")
    if style is None:
        return None
    return TextStyle(
        colour=_cielab(style, "TextColorCIELabValue"),
        horizontal=elements.first_text(style, "HorizontalAlignment").upper(),
        vertical=elements.first_text(style, "VerticalAlignment").upper() or "TOP",
        family=elements.first_text(style, "CSSFontName"),
        bold=_yes(style, "Bold"),
        italic=_yes(style, "Italic"),
        underlined=_yes(style, "Underlined"),
        shadow=_shadow(style),
    )


def _shadow(style: Dataset) -> Shadow | None:
    kind = elements.first_text(style, "ShadowStyle").upper()
    offset = (elements.number(style, "ShadowOffsetX") or 0.0, elements.number(style, "ShadowOffsetY") or 0.0)
    if kind not in ("NORMAL", "OUTLINED") or offset == (0.0, 0.0) or max(map(abs, offset)) > _FARTHEST:
        return None
    colour = _cielab(style, "ShadowColorCIELabValue") or (0, 0, 0)
    return Shadow(offset, colour, _fraction(style, "ShadowOpacity", 1.0), kind == "OUTLINED")


# --- values ----------------------------------------------------------------------------------------


def _cielab(item: Dataset, keyword: str) -> Rgb | None:
    values = elements.numbers(item, keyword)
    return from_cielab(values) if len(values) == 3 and all(0 <= value <= 0xFFFF for value in values) else None


def _gray(item: Dataset) -> Rgb | None:
    """A P-value of 16 bits."""
    value = elements.integer(item, "GraphicLayerRecommendedDisplayGrayscaleValue")
    if value is None:
        return None
    level = min(max(value, 0), 0xFFFF) >> 8
    return level, level, level


def _retired_rgb(item: Dataset) -> Rgb | None:
    given = elements.numbers(item, "GraphicLayerRecommendedDisplayRGBValue")
    values = [min(max(round(value), 0), 0xFFFF) >> 8 for value in given]
    return (values[0], values[1], values[2]) if len(values) == 3 else None


def _point(item: Dataset, keyword: str) -> Point | None:
    values = elements.numbers(item, keyword)
    return (values[0], values[1]) if len(values) == 2 and max(map(abs, values)) <= _FARTHEST else None


def _units(item: Dataset, keyword: str) -> Units | None:
    """PIXEL where the file forgot to say; None for a term that is not known."""
    return _term(Units, item, keyword) if elements.first_text(item, keyword) else Units.PIXEL


def _term(kind: type[_Term], item: Dataset, keyword: str) -> _Term | None:
    text = elements.first_text(item, keyword).upper()
    return kind(text) if text in set(kind) else None


def _yes(item: Dataset, keyword: str) -> bool:
    return elements.first_text(item, keyword).upper() == "Y"


def _fraction(item: Dataset, keyword: str, otherwise: float) -> float:
    value = elements.number(item, keyword)
    return otherwise if value is None else min(max(value, 0.0), 1.0)
