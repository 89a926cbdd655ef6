"""One decoded frame with everything that is needed to show it (PS3.3 C.7.6.3, C.11.1, C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Stored = NDArray[np.generic]  # (rows, columns) or (rows, columns, samples): stored values, any numeric dtype


class VoiFunction(StrEnum):
    """VOI LUT Function (0028,1056), PS3.3 C.11.2.1.3."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True)
class Window:
    """One window: centre and width in modality units (PS3.3 C.11.2.1.2)."""

    center: float
    width: float
    explanation: str = ""
    function: VoiFunction = VoiFunction.LINEAR


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """A Modality, VOI or palette LUT: `values[i]` belongs to the input `first + i` (PS3.3 C.11.1.1)."""

    first: int
    values: NDArray[np.uint16]
    bits: int  # 8 to 16
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class PlaneGeometry:
    """Where the frame lies in the patient (PS3.3 C.7.6.2), LPS coordinates in mm."""

    position: tuple[float, float, float]  # centre of the first pixel
    row_direction: tuple[float, float, float]  # direction of increasing column index
    column_direction: tuple[float, float, float]  # direction of increasing row index
    frame_of_reference_uid: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PixelAttributes:
    """How to turn stored values into a picture; one per frame, functional groups already resolved."""

    photometric_interpretation: str  # of `Frame.stored`: MONOCHROME1, MONOCHROME2, PALETTE COLOR or RGB
    bits_stored: int
    signed: bool
    rescale_slope: float = 1.0
    rescale_intercept: float = 0.0
    unit: str = ""  # Rescale Type or Units: HU, BQML, ...; empty when unspecified
    modality_lut: LookupTable | None = None
    windows: tuple[Window, ...] = ()
    voi_luts: tuple[LookupTable, ...] = ()
    inverse_presentation: bool = False  # Presentation LUT Shape INVERSE
    palette: tuple[LookupTable, LookupTable, LookupTable] | None = None  # red, green, blue
    padding: tuple[float, float] | None = None  # Pixel Padding Value .. Range Limit, stored values
    pixel_spacing_mm: tuple[float, float] | None = None  # between rows, between columns
    spacing_source: str = ""  # the attribute it came from: PixelSpacing, ImagerPixelSpacing, ...
    pixel_aspect_ratio: tuple[float, float] = (1.0, 1.0)  # vertical : horizontal
    geometry: PlaneGeometry | None = None
    patient_orientation: tuple[str, str] | None = None  # (0020,0020), used where there is no geometry
    lossy: bool = False
    burned_in: bool = False
    incomplete: str = ""  # why part of the pixel data is missing, empty when whole


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    stored: Stored
    attributes: PixelAttributes

    @property
    def rows(self) -> int:
        return int(self.stored.shape[0])

    @property
    def columns(self) -> int:
        return int(self.stored.shape[1])

    @property
    def is_color(self) -> bool:
        return self.attributes.photometric_interpretation in ("RGB", "PALETTE COLOR")
