"""Lengths between two points of an image, with where they come from (PS3.3 10.7.1.3, C.8.5.5).

Millimetres are never invented: where nothing calibrates the image a length is a number of pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from workstation.imaging.frame import CalibratedRegion, PixelAttributes, RegionFormat

Point = tuple[float, float]  # (column, row); the first pixel spans 0 to 1
_TO_MM = {"cm": 10.0, "mm": 1.0}
_CALIBRATED = {"GEOMETRY": "calibrated by geometry", "FIDUCIAL": "calibrated by an object of known size"}


@dataclass(frozen=True, slots=True)
class Length:
    value: float
    unit: str  # mm, s, cm/s, Hz, ...; px where nothing is known
    source: str  # words for the user


@dataclass(frozen=True, slots=True)
class Scale:
    """Size of one pixel across and down, in `unit`, and where it comes from."""

    across: float
    down: float
    unit: str
    source: str


def scale_at(attributes: PixelAttributes, *points: Point) -> Scale:
    """The scale that holds at all `points`, in mm or else px: for lengths, areas and rulers."""
    spacing = attributes.pixel_spacing_mm
    if attributes.regions:
        region = region_at(attributes, *points)
        if region is not None and region.units[0] == region.units[1] and region.units[0] in _TO_MM:
            factor = _TO_MM[region.units[0]]
            across, down = (abs(delta) * factor for delta in region.deltas)
            return Scale(across, down, "mm", "ultrasound region")
        if spacing is None or region is not None:
            return Scale(1.0, 1.0, "px", "not calibrated here" if region is None else _not_a_plane(region))
    if spacing is None:
        return Scale(1.0, 1.0, "px", "not calibrated")
    return Scale(spacing[1], spacing[0], "mm", spacing_source(attributes))


def distances(attributes: PixelAttributes, first: Point, second: Point) -> tuple[Length, ...]:
    """The distance of two points; in an M-mode or spectral region the differences across and down instead."""
    across, down = second[0] - first[0], second[1] - first[1]
    region = region_at(attributes, first, second)
    if region is not None and any(region.units) and region.units[0] != region.units[1]:
        parts = zip((across, down), region.deltas, region.units, strict=True)
        return tuple(_axis_length(pixels * delta, unit, _not_a_plane(region)) for pixels, delta, unit in parts if unit)
    scale = scale_at(attributes, first, second)
    return (Length(math.hypot(across * scale.across, down * scale.down), scale.unit, scale.source),)


def region_at(attributes: PixelAttributes, *points: Point) -> CalibratedRegion | None:
    """The region all points lie in; of several the one that does not give way, then the smallest."""
    found = [region for region in attributes.regions if all(_contains(region, point) for point in points)]
    return min(found, key=lambda region: (region.low_priority, _area(region)), default=None)


def spacing_source(attributes: PixelAttributes) -> str:
    """Where `pixel_spacing_mm` comes from, for the user; empty when there is none."""
    if attributes.pixel_spacing_mm is None:
        return ""
    if attributes.spacing_source == "ImagerPixelSpacing":
        if attributes.magnification != 1.0:
            return f"detector, divided by magnification {attributes.magnification:.4g}"
        return "at the detector"
    if attributes.spacing_source == "NominalScannedPixelSpacing":
        return "of the scanned film"
    return _CALIBRATED.get(attributes.calibration_type, "pixel spacing")


def _axis_length(difference: float, unit: str, source: str) -> Length:
    factor = _TO_MM.get(unit)
    value = abs(difference)
    return Length(value, unit, source) if factor is None else Length(value * factor, "mm", source)


def _not_a_plane(region: CalibratedRegion) -> str:
    return {
        RegionFormat.M_MODE: "M-mode region",
        RegionFormat.SPECTRAL: "spectral region",
        RegionFormat.WAVEFORM: "waveform region",
        RegionFormat.GRAPHICS: "graphics region",
    }.get(region.format, "ultrasound region without a length")


def _contains(region: CalibratedRegion, point: Point) -> bool:
    column, row = point
    return region.left <= column <= region.right + 1 and region.top <= row <= region.bottom + 1


def _area(region: CalibratedRegion) -> int:
    return (region.right - region.left + 1) * (region.bottom - region.top + 1)
