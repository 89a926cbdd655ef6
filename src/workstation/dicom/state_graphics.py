"""Annotations as the graphics and texts of a presentation state (PS3.3 C.10.5), in the coordinates both share."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pydicom import Dataset

from workstation.dicom.marked_frames import MarkedFrame
from workstation.dicom.new_object import items
from workstation.imaging.annotation import Annotation, Kind
from workstation.imaging.annotation_words import WAITING, words_of
from workstation.imaging.measure import Point

MEASUREMENTS, NOTES = "MEASUREMENTS", "NOTES"  # the graphic layers
_BARB_SHARE = 0.025  # of the larger side of the image
_LONGEST_TEXT = 1024  # of VR ST


def graphic_annotations(one: MarkedFrame) -> list[Dataset]:
    """Items of Graphic Annotation Sequence (0070,0001), one a layer."""
    found = []
    for layer in (MEASUREMENTS, NOTES):
        annotations = [each.annotation for each in one.annotations if layer_of(each.annotation) == layer]
        if not annotations:
            continue
        item = Dataset()
        item.ReferencedImageSequence = items(one.reference())
        item.GraphicLayer = layer
        graphics = [graphic for each in annotations for graphic in _graphics(each, one)]
        texts = [text for each in annotations for text in _texts(each, one)]
        if texts:
            item.TextObjectSequence = items(*texts)
        if graphics:
            item.GraphicObjectSequence = items(*graphics)
        if texts or graphics:
            found.append(item)
    return found


def graphic_layers(names: Iterable[str]) -> list[Dataset]:
    """Items of Graphic Layer Sequence (0070,0060), PS3.3 C.10.7."""
    layers = []
    for order, name in enumerate(names, start=1):
        item = Dataset()
        item.GraphicLayer, item.GraphicLayerOrder = name, order
        item.GraphicLayerRecommendedDisplayGrayscaleValue = 0xFFFF
        item.GraphicLayerRecommendedDisplayCIELabValue = [59110, 31600, 46500]  # light yellow
        item.GraphicLayerDescription = {MEASUREMENTS: "Measurements", NOTES: "Arrows and texts"}.get(name, name)
        layers.append(item)
    return layers


def layer_of(annotation: Annotation) -> str:
    return NOTES if annotation.kind in (Kind.ARROW, Kind.TEXT) else MEASUREMENTS


def plain(text: str) -> str:
    """With the minus sign that every character set has."""
    return text.replace("−", "-")


def ellipse_points(first: Point, last: Point) -> list[Point]:
    """Both ends of the major axis, then of the minor one (PS3.3 C.10.5.1.2)."""
    (left, right), (top, bottom) = sorted((first[0], last[0])), sorted((first[1], last[1]))
    column, row = (left + right) / 2, (top + bottom) / 2
    across, down = [(left, row), (right, row)], [(column, top), (column, bottom)]
    return across + down if right - left >= bottom - top else down + across


def outline_points(annotation: Annotation) -> list[Point]:
    """The line of everything but an ellipse; of regions closed."""
    points = list(annotation.points)
    if annotation.kind is Kind.RECTANGLE:
        (left, top), (right, bottom) = points[0], points[-1]
        points = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return [*points, points[0]] if annotation.region is not None else points


def _graphics(annotation: Annotation, one: MarkedFrame) -> list[Dataset]:
    match annotation.kind:
        case Kind.ELLIPSE:
            return [_graphic("ELLIPSE", ellipse_points(annotation.points[0], annotation.points[-1]))]
        case Kind.POINT:
            return [_graphic("POINT", list(annotation.points[:1]))]
        case Kind.ARROW:
            return [
                _graphic("POLYLINE", list(annotation.points)),
                _graphic("POLYLINE", _head(annotation, max(one.frame.rows, one.frame.columns) * _BARB_SHARE)),
            ]
        case Kind.TEXT:
            return []
    return [_graphic("POLYLINE", outline_points(annotation))]


def _graphic(kind: str, points: list[Point]) -> Dataset:
    item = Dataset()
    item.GraphicAnnotationUnits, item.GraphicDimensions = "PIXEL", 2
    item.NumberOfGraphicPoints = len(points)
    item.GraphicData = [float(value) for point in points for value in point]
    item.GraphicType = kind
    if kind != "POINT":
        item.GraphicFilled = "N"
    return item


def _head(annotation: Annotation, length: float) -> list[Point]:
    """The two barbs of an arrow that points at its first point."""
    (column, row), tail = annotation.points[0], annotation.points[-1]
    direction = math.atan2(tail[1] - row, tail[0] - column)
    barbs = [
        (column + length * math.cos(direction + turn), row + length * math.sin(direction + turn))
        for turn in (-0.4, 0.4)
    ]
    return [barbs[0], (column, row), barbs[1]]


def _texts(annotation: Annotation, one: MarkedFrame) -> list[Dataset]:
    text = plain("\r\n".join(words_of(annotation, one.frame).lines))[:_LONGEST_TEXT]
    if text in ("", WAITING):
        return []
    item = Dataset()
    item.AnchorPointAnnotationUnits = "PIXEL"
    item.UnformattedTextValue = text
    item.AnchorPoint = [float(value) for value in _anchor(annotation)]
    item.AnchorPointVisibility = "N"
    return [item]


def _anchor(annotation: Annotation) -> Point:
    """Beside what it is about: the end of a line, the rightmost place of a region."""
    points = annotation.points
    match annotation.kind:
        case Kind.ELLIPSE | Kind.RECTANGLE:
            _left, top, right, bottom = annotation.region.box if annotation.region else (0.0, 0.0, 0.0, 0.0)
            return right, (top + bottom) / 2 if annotation.kind is Kind.ELLIPSE else top
        case Kind.FREEHAND:
            return max(points)
        case Kind.LENGTH | Kind.ANGLE:
            return points[1] if len(points) > 1 else points[0]
        case Kind.ARROW:
            return points[-1]
    return points[0]
