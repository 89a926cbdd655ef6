"""Real World Value Mapping (PS3.3 C.7.6.16.2.11): what stored values measure, whatever is shown of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workstation.dicom import elements, lookup_tables
from workstation.dicom.functional_groups import FrameAttributes
from workstation.imaging.frame import RealWorldValue

if TYPE_CHECKING:
    from pydicom import Dataset

    from workstation.dicom.elements import Header

REAL_WORLD = "RealWorldValueMappingSequence"
_MOST = 16
_NO_UNIT = "1"  # of UCUM
_ENDS = (  # tag of the whole number, keyword of the floating point one
    (0x00409216, "DoubleFloatRealWorldValueFirstValueMapped"),
    (0x00409211, "DoubleFloatRealWorldValueLastValueMapped"),
)


def real_world_values(dataset: Header, frame_index: int = 0) -> tuple[RealWorldValue, ...]:
    """The mappings of one frame, from its functional groups or the data set; unusable ones are left out."""
    little = bool(dataset.original_encoding[1]) if dataset.original_encoding[1] is not None else True
    signed = elements.integer(dataset, "PixelRepresentation") == 1
    found = (_mapping(item, signed, little) for item in FrameAttributes(dataset, frame_index).items(REAL_WORLD)[:_MOST])
    return tuple(mapping for mapping in found if mapping is not None)


def _mapping(item: Dataset, signed: bool, little: bool) -> RealWorldValue | None:
    first, last = (_end(item, tag, keyword, signed, little) for tag, keyword in _ENDS)
    slope, intercept = elements.number(item, "RealWorldValueSlope"), elements.number(item, "RealWorldValueIntercept")
    table = elements.numbers(item, "RealWorldValueLUTData")
    if first is None or last is None or (not table and (slope is None or intercept is None)):
        return None
    units = elements.first_item(item, "MeasurementUnitsCodeSequence")
    unit = elements.first_text(units, "CodeValue") if units is not None else ""
    return RealWorldValue(
        first=first,
        last=last,
        slope=slope if slope is not None else 1.0,
        intercept=intercept or 0.0,
        table=np.array(table) if table else None,
        unit="" if unit == _NO_UNIT else unit,
    )


def _end(item: Dataset, tag: int, keyword: str, signed: bool, little: bool) -> float | None:
    exact = elements.number(item, keyword)
    if exact is not None:
        return exact
    words = lookup_tables.words(item, tag, little)
    if not words.size:
        return None
    value = int(words[0])
    return float(value - 0x10000 if signed and value >= 0x8000 else value)
