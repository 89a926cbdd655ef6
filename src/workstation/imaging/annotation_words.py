"""What an annotation says, in words: its value with the unit, and where the unit comes from.

Units are those the image is calibrated in; "px" where it is not. The values of a region are those of the full
image: while only a reduced one is there, or while the region is being drawn large, they are not told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from workstation.imaging.annotation import Annotation, Kind
from workstation.imaging.calibration import Length, distances, scale_at
from workstation.imaging.frame import Frame, PixelAttributes
from workstation.imaging.measure import Region, Statistics, angle_degrees, area_px, statistics
from workstation.imaging.numbers import number
from workstation.imaging.probe import modality_value

TITLES = {
    Kind.LENGTH: "Length",
    Kind.ANGLE: "Angle",
    Kind.ELLIPSE: "Ellipse",
    Kind.RECTANGLE: "Rectangle",
    Kind.FREEHAND: "Freehand",
    Kind.ARROW: "Arrow",
    Kind.TEXT: "Text",
    Kind.POINT: "Point",
}
_LARGE = 300_000  # pixels; the statistics of more take longer than a frame
_OBVIOUS = ("pixel spacing", "not calibrated", "ultrasound region")  # said by the unit alone, or by the corner
WAITING = "…"


@dataclass(frozen=True, slots=True)
class Words:
    """`short` is one line for a list; `lines` stand beside the annotation."""

    lines: tuple[str, ...]
    short: str = ""


def words_of(annotation: Annotation, frame: Frame, *, settled: bool = True) -> Words:
    """What `annotation` says on `frame`; `settled` is false while it is being dragged."""
    attributes = full_size(frame.attributes)
    points = annotation.points
    match annotation.kind:
        case Kind.LENGTH:
            return _length(distances(attributes, points[0], points[-1]))
        case Kind.ANGLE if len(points) == 3:
            angle = f"{angle_degrees(attributes, *points):.1f}°"
            return Words((angle,), angle)
        case Kind.TEXT | Kind.ARROW:
            return Words((annotation.text,) if annotation.text else (), annotation.text)
        case Kind.POINT:
            return _point(annotation, frame)
    region = annotation.region
    return _region(region, frame, attributes, settled) if region is not None else Words(())


def full_size(attributes: PixelAttributes) -> PixelAttributes:
    """Of the full image, in whose coordinates annotations are."""
    if attributes.reduction == 1 or attributes.pixel_spacing_mm is None:
        return attributes
    down, across = (spacing / attributes.reduction for spacing in attributes.pixel_spacing_mm)
    return replace(attributes, pixel_spacing_mm=(down, across))


def _length(parts: tuple[Length, ...]) -> Words:
    text = " · ".join(amount(part.value, part.unit) for part in parts)
    source = parts[0].source if parts else ""
    return Words((text,) if source in _OBVIOUS else (text, source), text)


def amount(value: float, unit: str) -> str:
    """One decimal for lengths, two below 10 mm, where a calcification is measured."""
    if unit in ("mm", "px"):
        return f"{value:.{2 if value < 10 and unit == 'mm' else 1}f} {unit}"
    return f"{number(float(f'{value:.4g}'))} {unit}"


def _point(annotation: Annotation, frame: Frame) -> Words:
    column, row = (int(value) for value in annotation.points[0])
    reduction = frame.attributes.reduction
    value = modality_value(frame, row // reduction, column // reduction) if reduction == 1 else None
    if value is None:
        return Words((WAITING,))
    if isinstance(value, tuple):
        text = " ".join(str(sample) for sample in value)
    else:
        factor, unit = values_in(frame.attributes)
        text = f"{number(value * factor)} {unit}".strip()
    return Words((text, f"({column + 1}, {row + 1})"), text)


def values_in(attributes: PixelAttributes) -> tuple[float, str]:
    """What modality values are multiplied by to be shown, and their unit: SUV where PET allows it."""
    if attributes.suv is not None and attributes.suv.factor is not None:
        return attributes.suv.factor, attributes.suv.kind
    return 1.0, attributes.unit


def _region(region: Region, frame: Frame, attributes: PixelAttributes, settled: bool) -> Words:
    area = _area(region, attributes)
    if frame.is_color:
        return Words((area,), area)
    if frame.attributes.reduction > 1 or (area_px(region) > _LARGE and not settled):
        return Words((f"Mean {WAITING}", area), area)
    found = statistics(frame, region)
    if found is None:
        return Words(("no pixel", area), area)
    factor, unit = values_in(attributes)
    mean = f"{_mean(found, factor)} {unit}".strip()
    extremes = f"Min {number(found.smallest * factor)} · Max {number(found.largest * factor)}"
    return Words((f"Mean {mean}", extremes, area), f"{mean} · {area.removeprefix('Area ')}")


def _mean(found: Statistics, factor: float) -> str:
    mean, deviation = found.mean * factor, found.deviation * factor
    digits = 1 if abs(mean) >= 10 or deviation >= 10 else 2
    return f"{mean:.{digits}f} ± {deviation:.{digits}f}".replace("-", "−")


def _area(region: Region, attributes: PixelAttributes) -> str:
    left, top, right, bottom = region.box
    scale = scale_at(attributes, (left, top), (right, bottom))
    value = area_px(region) * scale.across * scale.down
    source = "" if scale.source in _OBVIOUS else f" {scale.source}"
    if scale.unit != "mm":
        return f"Area {value:.0f} px²{source}"
    return f"Area {value / 100:.2f} cm²{source}" if value >= 100 else f"Area {value:.2f} mm²{source}"
