"""Sequence of Ultrasound Regions (0018,6011): parts of the image that are calibrated (PS3.3 C.8.5.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workstation.dicom import elements
from workstation.imaging.frame import CalibratedRegion, RegionFormat

if TYPE_CHECKING:
    from pydicom import Dataset

    from workstation.dicom.elements import Header

# Physical Units X/Y Direction (0018,6024), (0018,6026): C.8.5.5.1.15.
_UNITS = ("", "%", "dB", "cm", "s", "Hz", "dB/s", "cm/s", "cm²", "cm²/s", "cm³", "cm³/s", "°")
_REGION_LIMIT = 64


def ultrasound_regions(dataset: Header) -> tuple[CalibratedRegion, ...]:
    """Regions with bounds and at least one unit that means something."""
    sequence = elements.items(dataset, "SequenceOfUltrasoundRegions")
    regions = (_region(item) for item in list(sequence)[:_REGION_LIMIT])
    return tuple(region for region in regions if region is not None)


def _region(item: Dataset) -> CalibratedRegion | None:
    left, top, right, bottom = (
        elements.integer(item, f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")
    )
    if left is None or top is None or right is None or bottom is None or right < left or bottom < top:
        return None
    across, down = (elements.number(item, f"PhysicalDelta{axis}") for axis in "XY")
    units = tuple(
        _unit(item, f"PhysicalUnits{axis}Direction") if delta else "" for axis, delta in (("X", across), ("Y", down))
    )
    if not any(units):
        return None
    number = elements.integer(item, "RegionSpatialFormat") or 0
    return CalibratedRegion(
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        format=RegionFormat(number) if number in set(RegionFormat) else RegionFormat.NONE,
        units=(units[0], units[1]),
        deltas=(across or 0.0, down or 0.0),
        low_priority=bool((elements.integer(item, "RegionFlags") or 0) & 1),
    )


def _unit(item: Dataset, keyword: str) -> str:
    code = elements.integer(item, keyword) or 0
    return _UNITS[code] if 0 <= code < len(_UNITS) else ""
