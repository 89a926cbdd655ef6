"""What an annotation measures, as numbers with units: for tables and for reports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.imaging.annotation import Annotation, Kind
from workstation.imaging.annotation_words import full_size, values_in
from workstation.imaging.calibration import distances, scale_at
from workstation.imaging.frame import Frame, PixelAttributes
from workstation.imaging.measure import Region, angle_degrees, area_px, statistics
from workstation.imaging.probe import modality_value


class QuantityName(StrEnum):
    LENGTH = "length"
    ANGLE = "angle"
    AREA = "area"
    MEAN = "mean"
    DEVIATION = "standard deviation"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Quantity:
    name: QuantityName
    value: float
    unit: str  # mm, mm², °, px, px², HU, ...; empty where the file does not say


def quantities(annotation: Annotation, frame: Frame) -> tuple[Quantity, ...]:
    """Of a whole frame; lengths in px where nothing calibrates it, never an invented mm."""
    attributes = full_size(frame.attributes)
    points = annotation.points
    match annotation.kind:
        case Kind.LENGTH:
            parts = distances(attributes, points[0], points[-1])
            return tuple(Quantity(QuantityName.LENGTH, part.value, part.unit) for part in parts)
        case Kind.ANGLE if len(points) == 3:
            return (Quantity(QuantityName.ANGLE, angle_degrees(attributes, *points), "°"),)
        case Kind.POINT:
            return _value(annotation, frame)
    region = annotation.region
    return _region(region, frame, attributes) if region is not None else ()


def _value(annotation: Annotation, frame: Frame) -> tuple[Quantity, ...]:
    column, row = (int(value) for value in annotation.points[0])
    value = modality_value(frame, row, column)
    if value is None or isinstance(value, tuple):
        return ()
    factor, unit = values_in(frame.attributes)
    return (Quantity(QuantityName.VALUE, value * factor, unit),)


def _region(region: Region, frame: Frame, attributes: PixelAttributes) -> tuple[Quantity, ...]:
    left, top, right, bottom = region.box
    scale = scale_at(attributes, (left, top), (right, bottom))
    area = Quantity(QuantityName.AREA, area_px(region) * scale.across * scale.down, f"{scale.unit}²")
    found = statistics(frame, region)
    if found is None:
        return (area,)
    factor, unit = values_in(frame.attributes)
    named = (
        (QuantityName.MEAN, found.mean),
        (QuantityName.DEVIATION, found.deviation),
        (QuantityName.MINIMUM, found.smallest),
        (QuantityName.MAXIMUM, found.largest),
    )
    return (area, *(Quantity(name, value * factor, unit) for name, value in named))
