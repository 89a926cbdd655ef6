"""One decoded frame with everything that is needed to show it (PS3.3 C.7.6.3, C.11.1, C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.overlay import Overlay
from workstation.imaging.shutter import Shutter
from workstation.imaging.suv import SuvScale

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


class RegionFormat(IntEnum):
    """Region Spatial Format (0018,6012), PS3.3 C.8.5.5.1.1."""

    NONE = 0
    TWO_D = 1
    M_MODE = 2
    SPECTRAL = 3
    WAVEFORM = 4
    GRAPHICS = 5


@dataclass(frozen=True, slots=True)
class CalibratedRegion:
    """An ultrasound region (PS3.3 C.8.5.5): a part of the image whose axes have their own units."""

    left: int  # columns and rows of the image from 0, the last ones included
    top: int
    right: int
    bottom: int
    format: RegionFormat
    units: tuple[str, str]  # across, down: `cm`, `s`, `cm/s`, ...; empty when there is none (C.8.5.5.1.15)
    deltas: tuple[float, float]  # physical units per pixel across, down; as signed as they were written
    low_priority: bool = False  # gives way to a region that overlaps it (C.8.5.5.1.3)


@dataclass(frozen=True, slots=True, eq=False)
class ColourCube:
    """A colour transformation to sRGB, sampled: `nodes` has shape (n, n, n, 3), indexed by red, green and blue."""

    nodes: NDArray[np.uint8]
    name: str = ""  # what the ICC profile calls itself


@dataclass(frozen=True, slots=True, eq=False)
class RealWorldValue:
    """What the stored values from `first` to `last` measure (PS3.3 C.7.6.16.2.11)."""

    first: float
    last: float
    slope: float = 1.0
    intercept: float = 0.0
    table: NDArray[np.float64] | None = None  # instead of slope and intercept: of `first`, `first` + 1, ...
    unit: str = ""  # UCUM; empty where it is a mere number


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
    reduction: int = 1  # each pixel stands for n x n of the full image; the spacing is already multiplied
    decoder: str = ""  # the library that decoded it, and those that failed before
    precision_note: str = ""  # in which way the values are less exact than the file's: `shown with 8 of 10 bits`
    magnification: float = 1.0  # Estimated Radiographic Magnification Factor, by which the spacing is divided
    calibration_type: str = ""  # (0028,0A02): GEOMETRY or FIDUCIAL where the spacing was corrected
    overlays: tuple[Overlay, ...] = ()
    shutter: Shutter | None = None
    regions: tuple[CalibratedRegion, ...] = ()  # ultrasound
    supplemental_palette: tuple[LookupTable, LookupTable, LookupTable] | None = None  # colours from its first input on
    profile: ColourCube | None = None  # ICC profile of true colour, None when it is sRGB
    suv: SuvScale | None = None  # PET
    real_world: tuple[RealWorldValue, ...] = ()
    presentation_lut: LookupTable | None = None  # of a presentation state (PS3.3 C.11.6), after the VOI transformation
    display_aspect_ratio: tuple[float, float] | None = None  # of a presentation state, before spacing and aspect ratio
    lossy_text: str = ""  # method and ratio of the lossy compression, as the file tells them
    derived: bool = False  # Image Type DERIVED (PS3.3 C.7.6.1.1.2)
    for_processing: bool = False  # Presentation Intent Type: raw data, not meant for looking at
    superimposed: NDArray[np.uint32] | None = None  # of another series, at each pixel: `blending.Packed`
    colours: NDArray[np.uint8] | None = None  # (256, 3) for the finished levels: of a pseudo-color presentation state
    matrix_origin: tuple[float, float] = (0.0, 0.0)  # column, row of the Total Pixel Matrix where this tile begins


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
