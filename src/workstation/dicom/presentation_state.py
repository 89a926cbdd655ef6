"""Reading the softcopy presentation states of one image: gray, color, pseudo-color, XA/XRF (PS3.3 A.33)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workstation.dicom import elements, lookup_tables
from workstation.dicom.attributes import windows_of
from workstation.dicom.graphic_annotations import annotation, layers_of
from workstation.dicom.overlays import overlay_groups, separate_overlays
from workstation.dicom.read import open_file
from workstation.dicom.shutters import display_shutter
from workstation.domain.errors import UnsupportedObject
from workstation.imaging.colour import to_8_bit
from workstation.imaging.colour_maps import colour_map
from workstation.imaging.frame import LookupTable
from workstation.imaging.presentation import (
    Blending,
    DisplayedArea,
    GraphicAnnotation,
    ImageReference,
    PresentationState,
    SizeMode,
    SoftcopyModality,
    SoftcopyVoi,
)

if TYPE_CHECKING:
    from pydicom import Dataset

GRAYSCALE = "1.2.840.10008.5.1.4.1.1.11.1"
COLOR = "1.2.840.10008.5.1.4.1.1.11.2"
PSEUDO_COLOR = "1.2.840.10008.5.1.4.1.1.11.3"
XA_XRF = "1.2.840.10008.5.1.4.1.1.11.5"
VARIABLE_MODALITY = "1.2.840.10008.5.1.4.1.1.11.12"
BLENDING = "1.2.840.10008.5.1.4.1.1.11.4"
SOP_CLASSES = (GRAYSCALE, COLOR, PSEUDO_COLOR, BLENDING, XA_XRF, VARIABLE_MODALITY)
_OTHERS = {  # what is said of those that cannot be applied
    "1.2.840.10008.5.1.4.1.1.11.6": "a presentation state of planes through a volume",
    "1.2.840.10008.5.1.4.1.1.11.7": "a presentation state of planes through several volumes",
    "1.2.840.10008.5.1.4.1.1.11.8": "an advanced blending presentation state, of several series in one picture",
    "1.2.840.10008.5.1.4.1.1.11.9": "a presentation state of a rendered volume",
    "1.2.840.10008.5.1.4.1.1.11.10": "a presentation state of a rendered, segmented volume",
    "1.2.840.10008.5.1.4.1.1.11.11": "a presentation state of several rendered volumes",
}
_WELL_KNOWN = {
    f"1.2.840.10008.1.5.{number}": name
    for number, name in enumerate(
        ("HOT_IRON", "PET", "HOT_METAL_BLUE", "PET_20_STEP", "SPRING", "SUMMER", "FALL", "WINTER"), start=1
    )
}
Colours = NDArray[np.uint8]
_ICC_PROFILE = 0x00282000
_ACTIVATION_LAYER = 0x1001
_FARTHEST = 1 << 20  # pixels beyond which a corner of a displayed area is nonsense


def read_presentation_state(path: str | Path) -> PresentationState:
    """Raises NotDicom, DamagedFile, UnsupportedObject for other objects and for what would be shown wrongly."""
    with open_file(path) as opened:
        return presentation_state(opened.dataset, path)


def presentation_state(dataset: Dataset, path: str | Path = "") -> PresentationState:
    """As `read_presentation_state`; `path` is for the error alone."""
    with elements.quietly(dataset):
        sop_class_uid = elements.first_text(dataset, "SOPClassUID")
        if sop_class_uid not in SOP_CLASSES:
            raise UnsupportedObject(path=path, reason=_OTHERS.get(sop_class_uid, "no softcopy presentation state"))
        if elements.items(dataset, "MaskSubtractionSequence"):
            raise UnsupportedObject(path=path, reason="a presentation state that subtracts a mask")
        little = dataset.original_encoding[1] is not False
        overlays = separate_overlays(dataset, 0)
        activations = {
            group: layer
            for group in overlay_groups(dataset)
            if (layer := elements.first_text(dataset, group << 16 | _ACTIVATION_LAYER))
        }
        blend = _blending(dataset, little, path) if sop_class_uid == BLENDING else None
        below = blend[0] if blend is not None else dataset
        modality = _modality(below, little)
        signed = any(one.rescale[1] < 0 for one in modality)
        return PresentationState(
            sop_instance_uid=elements.first_text(dataset, "SOPInstanceUID"),
            label=elements.first_text(dataset, "ContentLabel"),
            description=elements.first_text(dataset, "ContentDescription"),
            images=_images(below),
            modality=modality,
            voi=tuple(_voi(item, signed, little) for item in _parts(below, "SoftcopyVOILUTSequence")),
            inverse=elements.first_text(dataset, "PresentationLUTShape").upper() == "INVERSE",
            presentation_lut=_presentation_lut(dataset, little),
            colours=_colours(dataset, little, path) if sop_class_uid == PSEUDO_COLOR else None,
            blending=blend[1] if blend is not None else None,
            unapplied=_unapplied(dataset),
            shutter=display_shutter(dataset, overlays),
            areas=_areas(dataset),
            rotation=(elements.integer(dataset, "ImageRotation") or 0) % 360 // 90,
            flipped=elements.first_text(dataset, "ImageHorizontalFlip").upper() == "Y",
            overlays=tuple(overlay for overlay in overlays if overlay.group in activations),
            activations=activations,
            annotations=_annotations(dataset),
            layers=layers_of(dataset),
        )


def _modality(dataset: Dataset, little: bool) -> tuple[SoftcopyModality, ...]:
    """One for all images, or one each where it varies."""
    varying = elements.items(dataset, "VariableModalityLUTSequence")
    return tuple(_one_modality(item, _references(item), little) for item in varying) or (
        _one_modality(dataset, (), little),
    )


def _one_modality(item: Dataset, images: tuple[ImageReference, ...], little: bool) -> SoftcopyModality:
    slope, intercept = elements.number(item, "RescaleSlope"), elements.number(item, "RescaleIntercept")
    table = elements.first_item(item, "ModalityLUTSequence")
    lut = None if table is None else _table(table, False, little)
    unit = (lut.explanation if lut else "") or _unit(item)
    return SoftcopyModality((slope or 1.0, intercept or 0.0), lut, unit, images)


def _unit(dataset: Dataset) -> str:
    unit = elements.first_text(dataset, "RescaleType")
    return "" if unit.upper() in ("US", "UNSPECIFIED") else unit


# --- which images ----------------------------------------------------------------------------------


def _images(dataset: Dataset) -> tuple[ImageReference, ...]:
    """Of the Presentation State Relationship Module (PS3.3 C.11.11)."""
    return tuple(
        image for series in elements.items(dataset, "ReferencedSeriesSequence") for image in _references(series)
    )


def _references(item: Dataset) -> tuple[ImageReference, ...]:
    found = []
    for image in elements.items(item, "ReferencedImageSequence"):
        frames = tuple(round(number) for number in elements.numbers(image, "ReferencedFrameNumber"))
        found.append(ImageReference(elements.first_text(image, "ReferencedSOPInstanceUID"), frames))
    return tuple(image for image in found if image.sop_instance_uid)


def _parts(dataset: Dataset, sequence: str) -> list[Dataset]:
    return list(elements.items(dataset, sequence))


# --- grayscale -------------------------------------------------------------------------------------


def _voi(item: Dataset, signed: bool, little: bool) -> SoftcopyVoi:
    tables = (_table(one, signed, little) for one in elements.items(item, "VOILUTSequence"))
    return SoftcopyVoi(windows_of(item), tuple(table for table in tables if table is not None), _references(item))


def _table(item: Dataset, signed: bool, little: bool) -> LookupTable | None:
    """The first input of the LUT is signed where its VR says so, or where values below zero are to be expected."""
    descriptor = item.get_item(lookup_tables.LUT_DESCRIPTOR, keep_deferred=True)
    return lookup_tables.lookup_table(item, signed or getattr(descriptor, "VR", "") == "SS", little)


def _presentation_lut(dataset: Dataset, little: bool) -> LookupTable | None:
    item = elements.first_item(dataset, "PresentationLUTSequence")
    return None if item is None else _table(item, False, little)


def _colours(dataset: Dataset, little: bool, path: str | Path) -> Colours:
    """The palette for 256 levels (PS3.4 N.2.4): its own tables, else the well-known one that it names (PS3.6 B)."""
    palette = lookup_tables.palette(dataset, little)
    if palette is not None:
        channels = (to_8_bit(table.values, table.bits) for table in palette)
        return np.stack([one[np.rint(np.linspace(0, one.size - 1, 256)).astype(int)] for one in channels], axis=1)
    known = colour_map(_WELL_KNOWN.get(elements.first_text(dataset, "PaletteColorLookupTableUID"), ""))
    if known is None:
        raise UnsupportedObject(path=path, reason="a presentation state without a palette")
    return known


def _blending(dataset: Dataset, little: bool, path: str | Path) -> tuple[Dataset, Blending]:
    """The item of the images below, and what lies over them (C.11.14)."""
    positions = {
        elements.first_text(item, "BlendingPosition").upper(): item for item in _parts(dataset, "BlendingSequence")
    }
    below, above = positions.get("UNDERLYING"), positions.get("SUPERIMPOSED")
    opacity = elements.number(dataset, "RelativeOpacity")
    if below is None or above is None or opacity is None:
        raise UnsupportedObject(path=path, reason="a blending presentation state without two series and an opacity")
    modality = _one_modality(above, (), little)
    return below, Blending(
        images=_images(above),
        colours=_colours(dataset, little, path),
        opacity=min(max(opacity, 0.0), 1.0),
        modality=modality,
        voi=tuple(_voi(item, modality.rescale[1] < 0, little) for item in _parts(above, "SoftcopyVOILUTSequence")),
    )


def _has_other_colours(dataset: Dataset) -> bool:
    """Whether its ICC profile is another than sRGB's, as far as the profile's own name tells.

    It is not opened here: only a decoding worker opens what strangers wrote for native code.
    """
    profile = elements.raw_bytes(dataset, _ICC_PROFILE)
    if not profile or elements.first_text(dataset, "ColorSpace").upper() == "SRGB":
        return False
    return not any("sRGB".encode(encoding) in profile for encoding in ("ascii", "utf-16-be"))


def _unapplied(dataset: Dataset) -> tuple[str, ...]:
    """What is left out of a state that is shown all the same."""
    found = (
        ("edge enhancement", bool(elements.number(dataset, "DisplayFilterPercentage"))),
        ("colour profile", _has_other_colours(dataset)),
        ("pixel shift", bool(elements.items(dataset, "FramePixelShiftSequence"))),
    )
    return tuple(words for words, wanted in found if wanted)


# --- displayed area (PS3.3 C.10.4) -----------------------------------------------------------------


def _areas(dataset: Dataset) -> tuple[DisplayedArea, ...]:
    areas = (_area(item) for item in elements.items(dataset, "DisplayedAreaSelectionSequence"))
    return tuple(area for area in areas if area is not None)


def _area(item: Dataset) -> DisplayedArea | None:
    """None where its corners are missing or nonsense."""
    first = elements.numbers(item, "DisplayedAreaTopLeftHandCorner")
    last = elements.numbers(item, "DisplayedAreaBottomRightHandCorner")
    if len(first) != 2 or len(last) != 2 or max(map(abs, (*first, *last))) > _FARTHEST:
        return None
    # "Top left" is meant after the image is turned: before it, either may be the smaller one.
    left, right = sorted((round(first[0]), round(last[0])))
    top, bottom = sorted((round(first[1]), round(last[1])))
    mode = elements.first_text(item, "PresentationSizeMode").upper()
    magnification = elements.number(item, "PresentationPixelMagnificationRatio")
    return DisplayedArea(
        left,
        top,
        right,
        bottom,
        mode=SizeMode(mode) if mode in set(SizeMode) else SizeMode.SCALE_TO_FIT,
        spacing_mm=_pair(elements.numbers(item, "PresentationPixelSpacing")),
        aspect_ratio=_pair(elements.numbers(item, "PresentationPixelAspectRatio")),
        magnification=magnification if magnification and magnification > 0 else None,
        images=_references(item),
    )


def _pair(numbers: list[float]) -> tuple[float, float] | None:
    return (numbers[0], numbers[1]) if len(numbers) == 2 and min(numbers) > 0 else None


def _annotations(dataset: Dataset) -> tuple[GraphicAnnotation, ...]:
    return tuple(annotation(item, _references(item)) for item in elements.items(dataset, "GraphicAnnotationSequence"))
