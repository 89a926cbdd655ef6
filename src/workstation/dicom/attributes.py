"""How to turn one frame's stored values into a picture: `PixelAttributes` from a data set (PS3.3 C.7.6, C.8, C.11)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from workstation.dicom import elements, lookup_tables
from workstation.dicom.functional_groups import FrameAttributes
from workstation.dicom.overlays import separate_overlays
from workstation.dicom.pet import suv_of
from workstation.dicom.real_world import real_world_values
from workstation.dicom.shutters import display_shutter
from workstation.dicom.tiles import matrix_origin
from workstation.dicom.ultrasound_regions import ultrasound_regions
from workstation.imaging.frame import LookupTable, PixelAttributes, PlaneGeometry, VoiFunction, Window

if TYPE_CHECKING:
    from workstation.dicom.elements import Header

_LOSSY_ONLY = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 81))
# Where spacing may stand outside the functional groups, the best first (PS3.3 10.7.1.3).
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_FRAME_TYPES = ("MRImageFrameTypeSequence", "CTImageFrameTypeSequence", "PETFrameTypeSequence")
_NO_LENGTH = 1e-3  # of a direction that says nothing
_SKEWED = 0.1  # cosine between axes that are not at right angles
_UNSPECIFIED_UNITS = ("US", "UNSPECIFIED", "NONE")


def pixel_attributes(dataset: Header, frame_index: int = 0) -> PixelAttributes:
    """The attributes of one frame, functional groups resolved; nonsense values count as absent."""
    with elements.quietly(dataset):
        frame = FrameAttributes(dataset, frame_index)
        little = bool(dataset.original_encoding[1]) if dataset.original_encoding[1] is not None else True
        signed = elements.integer(dataset, "PixelRepresentation") == 1
        slope, intercept, unit = _rescale(frame)
        modality_lut = _modality_lut(dataset, signed, little)
        spacing, source, magnification = _spacing(frame)
        overlays = separate_overlays(dataset, frame_index)
        return PixelAttributes(
            photometric_interpretation=elements.first_text(dataset, "PhotometricInterpretation").upper()
            or "MONOCHROME2",
            bits_stored=elements.integer(dataset, "BitsStored") or elements.integer(dataset, "BitsAllocated") or 16,
            signed=signed,
            rescale_slope=slope,
            rescale_intercept=intercept,
            unit=(modality_lut.explanation if modality_lut else "") or unit,
            modality_lut=modality_lut,
            windows=_windows(frame),
            voi_luts=_voi_luts(frame, signed or intercept < 0, little),
            inverse_presentation=elements.first_text(dataset, "PresentationLUTShape") == "INVERSE",
            palette=_palette(dataset, little),
            padding=_padding(dataset, signed, little),
            pixel_spacing_mm=spacing,
            spacing_source=source,
            pixel_aspect_ratio=_aspect_ratio(dataset),
            geometry=frame_geometry(frame, frame_index),
            patient_orientation=_patient_orientation(dataset),
            lossy=_lossy(dataset),
            burned_in=elements.first_text(dataset, "BurnedInAnnotation") == "YES",
            magnification=magnification,
            calibration_type=elements.first_text(dataset, "PixelSpacingCalibrationType").upper(),
            overlays=overlays,
            shutter=display_shutter(dataset, overlays),
            regions=ultrasound_regions(dataset),
            supplemental_palette=_supplemental_palette(frame, little),
            suv=suv_of(dataset),
            real_world=real_world_values(dataset, frame_index),
            lossy_text=_lossy_text(dataset),
            derived=elements.first_text(dataset, "ImageType").upper() == "DERIVED",
            for_processing=elements.first_text(dataset, "PresentationIntentType").upper() == "FOR PROCESSING",
            matrix_origin=matrix_origin(frame, frame_index),
        )


def plane_geometry(header: Header, frame_index: int = 0) -> PlaneGeometry | None:
    """Where one frame lies in the patient, as in `pixel_attributes`."""
    return frame_geometry(FrameAttributes(header, frame_index), frame_index)


# --- modality transformation (PS3.3 C.11.1) ------------------------------------------------------


def _rescale(frame: FrameAttributes) -> tuple[float, float, str]:
    holder = frame.holder("PixelValueTransformationSequence", "RescaleSlope")
    slope = elements.number(holder, "RescaleSlope")
    intercept = elements.number(holder, "RescaleIntercept")
    unit = elements.first_text(holder, "RescaleType")
    dataset = frame.dataset
    modality = elements.first_text(dataset, "Modality")
    if modality == "RTDOSE" and slope is None:  # PS3.3 C.8.8.3
        return elements.number(dataset, "DoseGridScaling") or 1.0, 0.0, elements.first_text(dataset, "DoseUnits")
    unit = unit or elements.first_text(dataset, "Units")  # PET, PS3.3 C.8.9.1.1.3
    if not unit and modality == "CT" and intercept is not None:  # PS3.3 C.8.2.1.1.2: Hounsfield unless said
        unit = "HU"
    if unit.upper() in _UNSPECIFIED_UNITS:  # said to be unspecified: then not even a CT's are Hounsfield
        unit = ""
    return slope if slope else 1.0, intercept or 0.0, unit


def _modality_lut(dataset: Header, signed: bool, little: bool) -> LookupTable | None:
    item = elements.first_item(dataset, "ModalityLUTSequence")
    return None if item is None else lookup_tables.lookup_table(item, signed, little)


# --- values of interest (PS3.3 C.11.2, C.7.6.16.2.10) --------------------------------------------


def _windows(frame: FrameAttributes) -> tuple[Window, ...]:
    return windows_of(frame.holder("FrameVOILUTSequence", "WindowCenter")) or _window_of_labels(frame.dataset)


def _window_of_labels(dataset: Header) -> tuple[Window, ...]:
    """Over all segment numbers of a label map (PS3.3 C.8.20.2), which over all eight bits would be black."""
    if elements.first_text(dataset, "Modality").upper() != "SEG":
        return ()
    if elements.first_text(dataset, "SegmentationType").upper() != "LABELMAP":
        return ()
    numbers = (elements.integer(item, "SegmentNumber") or 0 for item in elements.items(dataset, "SegmentSequence"))
    largest = max(numbers, default=0)
    return (Window(largest / 2, largest, "Segments", VoiFunction.LINEAR_EXACT),) if largest > 0 else ()


def windows_of(holder: Header) -> tuple[Window, ...]:
    """The windows of a data set or of an item that holds the VOI LUT macro."""
    centers = elements.numbers(holder, "WindowCenter")
    widths = elements.numbers(holder, "WindowWidth")
    explanations = elements.texts(holder, "WindowCenterWidthExplanation")
    name = elements.first_text(holder, "VOILUTFunction").upper()
    function = VoiFunction(name) if name in set(VoiFunction) else VoiFunction.LINEAR
    found = []
    for index, (center, width) in enumerate(zip(centers, widths, strict=False)):
        if width <= 0:
            continue
        # LINEAR needs a width of 1 at least (C.11.2.1.2.1); values below one unit, as in PET, mean the exact form.
        exact = function is VoiFunction.LINEAR and width < 1
        explanation = explanations[index] if index < len(explanations) else ""
        found.append(Window(center, width, explanation, VoiFunction.LINEAR_EXACT if exact else function))
    return tuple(found)


def _voi_luts(frame: FrameAttributes, signed: bool, little: bool) -> tuple[LookupTable, ...]:
    holder = frame.holder("FrameVOILUTSequence", "VOILUTSequence")
    tables = (lookup_tables.lookup_table(item, signed, little) for item in elements.items(holder, "VOILUTSequence"))
    return tuple(table for table in tables if table is not None)


# --- colour, padding -----------------------------------------------------------------------------


def _palette(dataset: Header, little: bool) -> tuple[LookupTable, LookupTable, LookupTable] | None:
    if elements.first_text(dataset, "PhotometricInterpretation").upper() != "PALETTE COLOR":
        return None
    return lookup_tables.palette(dataset, little)


def _supplemental_palette(frame: FrameAttributes, little: bool) -> tuple[LookupTable, LookupTable, LookupTable] | None:
    """Colours for the stored values from the palette's first input on (PS3.3 C.7.6.19, C.8.13.3.1.1)."""
    dataset = frame.dataset
    if not elements.first_text(dataset, "PhotometricInterpretation").upper().startswith("MONOCHROME"):
        return None
    if lookup_tables.PALETTE_DESCRIPTORS[0] not in dataset:
        return None
    if _pixel_presentation(frame) != "COLOR":
        return None
    return lookup_tables.palette(dataset, little)


def _pixel_presentation(frame: FrameAttributes) -> str:
    """Of the frame where its type macro says it: MIXED at the top level leaves it to the frames (C.8.16.2.1.1.1)."""
    for sequence in _FRAME_TYPES:
        item = frame.group(sequence)
        if item is not None and "PixelPresentation" in item:
            return elements.first_text(item, "PixelPresentation").upper()
    return elements.first_text(frame.dataset, "PixelPresentation").upper()


def _padding(dataset: Header, signed: bool, little: bool) -> tuple[float, float] | None:
    """Pixel Padding Value, and Range Limit (PS3.3 C.7.5.1.1.2), in stored values."""
    single = elements.number(dataset, "FloatPixelPaddingValue")
    if single is not None:
        limit = elements.number(dataset, "FloatPixelPaddingRangeLimit")
        return min(single, single if limit is None else limit), max(single, single if limit is None else limit)
    found = [lookup_tables.words(dataset, tag, little) for tag in (0x00280120, 0x00280121)]
    numbers = [int(words.view(np.int16)[0] if signed else words[0]) for words in found if words.size]
    if not found[0].size:
        return None
    return float(min(numbers)), float(max(numbers))


# --- geometry (PS3.3 C.7.6.2, 10.7.1.3) ------------------------------------------------------------


def _spacing(frame: FrameAttributes) -> tuple[tuple[float, float] | None, str, float]:
    """Spacing in mm, the attribute it comes from, and the magnification that spacing at a detector is divided by."""
    measures = frame.group("PixelMeasuresSequence")
    if measures is not None:
        spacing = _pair(elements.numbers(measures, "PixelSpacing"))
        if spacing:
            return spacing, "PixelSpacing", 1.0
    for keyword in _SPACINGS:
        spacing = _pair(elements.numbers(frame.dataset, keyword))
        if spacing and keyword == "ImagerPixelSpacing":
            magnification = _magnification(frame.dataset)
            return (spacing[0] / magnification, spacing[1] / magnification), keyword, magnification
        if spacing:
            return spacing, keyword, 1.0
    return None, "", 1.0


def _magnification(dataset: Header) -> float:
    """Estimated Radiographic Magnification Factor (0018,1114): the detector's plane to the patient's."""
    factor = elements.number(dataset, "EstimatedRadiographicMagnificationFactor")
    return factor if factor is not None and 0.5 < factor < 20 else 1.0


def _pair(numbers: list[float]) -> tuple[float, float] | None:
    return (numbers[0], numbers[1]) if len(numbers) >= 2 and min(numbers[:2]) > 0 else None


def _aspect_ratio(dataset: Header) -> tuple[float, float]:
    return _pair(elements.numbers(dataset, "PixelAspectRatio")) or (1.0, 1.0)


def frame_geometry(frame: FrameAttributes, frame_index: int) -> PlaneGeometry | None:
    """As `plane_geometry`, for who has looked up the frame already."""
    dataset = frame.dataset
    holder = frame.holder("PlaneOrientationSequence", "ImageOrientationPatient")
    orientation = elements.numbers(holder, "ImageOrientationPatient")
    position = elements.numbers(frame.holder("PlanePositionSequence", "ImagePositionPatient"), "ImagePositionPatient")
    detector = elements.first_item(dataset, "DetectorInformationSequence")  # NM, PS3.3 C.8.4.11
    if detector is not None and len(orientation) != 6:
        orientation = elements.numbers(detector, "ImageOrientationPatient")
        position = elements.numbers(detector, "ImagePositionPatient")
    if len(orientation) != 6 or len(position) != 3:
        return None
    row, column = _unit(orientation[:3]), _unit(orientation[3:])
    if row is None or column is None or abs(row[0] * column[0] + row[1] * column[1] + row[2] * column[2]) > _SKEWED:
        return None  # no plane: zeros, or axes that are not at right angles
    place = (position[0], position[1], position[2])
    offset = _frame_offset(dataset, frame_index, detector is not None)
    if offset:
        x, y, z = np.array(position) + offset * np.cross(row, column)
        place = (float(x), float(y), float(z))
    return PlaneGeometry(place, row, column, elements.first_text(dataset, "FrameOfReferenceUID"))


def _unit(vector: list[float]) -> tuple[float, float, float] | None:
    """In plain Python: opening a series asks for thousands, and arrays of three cost ten times as much."""
    x, y, z = vector
    length = math.sqrt(x * x + y * y + z * z)
    return (x / length, y / length, z / length) if _NO_LENGTH <= length < math.inf else None


def _frame_offset(dataset: Header, frame_index: int, nuclear: bool) -> float:
    """Distance of a frame along the normal where only the first one's position is given."""
    offsets = elements.numbers(dataset, "GridFrameOffsetVector")  # RT Dose, PS3.3 C.8.8.3.2
    if frame_index < len(offsets):
        return offsets[frame_index] - offsets[0] if offsets[0] else offsets[frame_index]
    if nuclear and elements.first_text(dataset, "SpacingBetweenSlices"):  # NM reconstructed slices, C.8.4.15
        slices = elements.numbers(dataset, "SliceVector")  # gated studies take the slices once per time slot
        step = slices[frame_index] - 1 if frame_index < len(slices) else frame_index
        return step * (elements.number(dataset, "SpacingBetweenSlices") or 0.0)
    return 0.0


def _patient_orientation(dataset: Header) -> tuple[str, str] | None:
    values = elements.texts(dataset, "PatientOrientation")
    return (values[0], values[1]) if len(values) == 2 and all(values) else None


def _lossy(dataset: Header) -> bool:
    if elements.first_text(dataset, "LossyImageCompression") == "01":
        return True
    meta = getattr(dataset, "file_meta", None)
    return meta is not None and elements.first_text(meta, "TransferSyntaxUID") in _LOSSY_ONLY


_LOSSY_METHODS = {
    "ISO_10918_1": "JPEG",
    "ISO_14495_1": "JPEG-LS",
    "ISO_15444_1": "JPEG 2000",
    "ISO_15444_15": "HTJ2K",
    "ISO_18181_1": "JPEG XL",
    "ISO_13818_2": "MPEG-2",
    "ISO_14496_10": "H.264",
    "ISO_23008_2": "HEVC",
}


def _lossy_text(dataset: Header) -> str:
    """`JPEG 12:1` from method (0028,2114) and ratio (0028,2112); the last step where there were several."""
    methods, ratios = (
        elements.texts(dataset, "LossyImageCompressionMethod"),
        elements.numbers(dataset, "LossyImageCompressionRatio"),
    )
    method = methods[-1].upper() if methods else ""
    ratio = f"{ratios[-1]:.3g}:1" if ratios and ratios[-1] >= 1 else ""
    return " ".join(part for part in (_LOSSY_METHODS.get(method, ""), ratio) if part)
