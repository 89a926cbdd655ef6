"""What a pixel says: its value in modality units with its SUV, or its colour."""

from __future__ import annotations

import math
from dataclasses import dataclass

from workstation.imaging.colour import palette_to_rgb
from workstation.imaging.frame import Frame, PixelAttributes
from workstation.imaging.grayscale import to_modality

_OPTICAL_DENSITY = "OD"
_DENSITIES_PER_UNIT = 1000.0  # Rescale Type OD counts thousandths of an optical density (PS3.3 C.11.1.1.2)


@dataclass(frozen=True, slots=True)
class Reading:
    """One gray pixel."""

    value: float
    unit: str  # HU, OD, BQML, ...; empty when unspecified
    stored: float
    suv: float | None = None
    suv_kind: str = ""  # SUVbw, SUVlbm, ...
    suv_refusal: str = ""  # why a PET pixel has no SUV
    real: float | None = None  # the real world value, where it is another than `value`
    real_unit: str = ""  # mm2/s, ...; empty where there is none
    is_padding: bool = False  # outside what was imaged (PS3.3 C.7.5.1.1.2)

    @property
    def is_rescaled(self) -> bool:
        """Whether the stored value is another number, so that it is worth telling."""
        return self.value != self.stored


def read_pixel(frame: Frame, row: int, column: int) -> Reading | tuple[int, ...] | None:
    """The pixel's reading; a colour gives red, green and blue, a place outside None."""
    value = modality_value(frame, row, column)
    attributes = frame.attributes
    if isinstance(value, tuple) and attributes.palette is not None:
        return tuple(int(level) for level in palette_to_rgb(frame.stored[row, column], attributes.palette))
    if value is None or isinstance(value, tuple):
        return value
    stored = float(frame.stored[row, column])
    scale = attributes.suv
    shown = shown_value(attributes, value)
    real, real_unit = real_world(attributes, stored) or (None, "")
    if real is not None and real_unit in ("", attributes.unit) and math.isclose(real, shown, abs_tol=1e-9):
        real, real_unit = None, ""
    return Reading(
        value=shown,
        unit=attributes.unit,
        stored=stored,
        suv=value * scale.factor if scale is not None and scale.factor is not None else None,
        suv_kind=scale.kind if scale is not None and scale.factor is not None else "",
        suv_refusal=scale.refusal if scale is not None else "",
        real=real,
        real_unit=real_unit,
        is_padding=attributes.padding is not None and attributes.padding[0] <= stored <= attributes.padding[1],
    )


def real_world(attributes: PixelAttributes, stored: float) -> tuple[float, str] | None:
    """Real world value and unit of a stored value by the first mapping that has it (PS3.3 C.7.6.16.2.11.1.2)."""
    for mapping in attributes.real_world:
        if mapping.first <= stored <= mapping.last:
            if mapping.table is None:
                return stored * mapping.slope + mapping.intercept, mapping.unit
            place = int(stored - mapping.first)
            if place < mapping.table.size:
                return float(mapping.table[place]), mapping.unit
    return None


def shown_value(attributes: PixelAttributes, value: float) -> float:
    """A modality value in the unit that people know it by."""
    return value / _DENSITIES_PER_UNIT if attributes.unit == _OPTICAL_DENSITY else value


def modality_value(frame: Frame, row: int, column: int) -> float | tuple[int, ...] | None:
    """The value under a pixel; a colour frame gives its samples, a place outside None."""
    if not (0 <= row < frame.rows and 0 <= column < frame.columns):
        return None
    if frame.is_color:
        stored = frame.stored[row, column]
        return tuple(int(sample) for sample in stored.reshape(-1))
    return float(to_modality(frame.stored[row : row + 1, column : column + 1], frame.attributes)[0, 0])
