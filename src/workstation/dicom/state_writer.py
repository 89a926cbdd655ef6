"""Writing grayscale and color softcopy presentation states (PS3.3 A.33.1, A.33.2) of marked frames."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import ImageCms
from pydicom import Dataset

from workstation.dicom import elements
from workstation.dicom.marked_frames import MarkedFrame
from workstation.dicom.new_object import NewSeries, begun, decimal, image_reference, is_multi_frame, items
from workstation.dicom.presentation_state import COLOR, GRAYSCALE
from workstation.dicom.state_graphics import graphic_annotations, graphic_layers
from workstation.imaging.frame import LookupTable, PixelAttributes, VoiFunction, Window
from workstation.imaging.grayscale import is_inverted
from workstation.imaging.state_of_view import corners_of, rotation_of
from workstation.imaging.window import window_of

_OVERLAYS = "OVERLAYS"
_ACTIVATION_LAYER = 0x1001
_SHUTTER = (
    "ShutterLeftVerticalEdge",
    "ShutterRightVerticalEdge",
    "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge",
    "CenterOfCircularShutter",
    "RadiusOfCircularShutter",
    "VerticesOfThePolygonalShutter",
    "ShutterPresentationValue",
)
_SHAPES = {"RECTANGULAR", "CIRCULAR", "POLYGONAL"}
Key = tuple[object, ...]


def presentation_states(frames: tuple[MarkedFrame, ...], series: NewSeries) -> list[Dataset]:
    """As few as can say it: what differs in turns, inversion, rescaling or shutter needs a state of its own."""
    groups: dict[Key, list[MarkedFrame]] = {}
    for one in frames:
        if one.annotations:
            groups.setdefault(_key(one), []).append(one)
    return [_state(tuple(group), series, number) for number, group in enumerate(groups.values(), start=1)]


def _key(one: MarkedFrame) -> Key:
    attributes, view = one.frame.attributes, one.view
    look = (one.frame.is_color, rotation_of(view), view.flipped)
    if one.frame.is_color:
        return (*look, _shutter_of(one))
    tables = tuple(
        None if table is None else (table.first, table.values.tobytes())
        for table in (attributes.modality_lut, attributes.presentation_lut)
    )
    inverse = is_inverted(attributes, view.inverted)
    rescaled = (attributes.rescale_slope, attributes.rescale_intercept, attributes.unit)
    return (*look, inverse, *rescaled, tables, _shutter_of(one), _overlays_of(one))


def _state(frames: tuple[MarkedFrame, ...], series: NewSeries, number: int) -> Dataset:
    first = frames[0]
    made = begun(first.header, COLOR if first.frame.is_color else GRAYSCALE, series, number)
    count = sum(len(one.annotations) for one in frames)
    made.Laterality = ""  # of the series: its images may be of either side
    made.ContentLabel = "MEASUREMENTS"
    made.ContentDescription = "1 measurement or mark" if count == 1 else f"{count} measurements and marks"
    made.ContentCreatorName = ""
    made.PresentationCreationDate = f"{series.made_at:%Y%m%d}"
    made.PresentationCreationTime = f"{series.made_at:%H%M%S}"
    made.ReferencedSeriesSequence = items(*_relationship(frames))
    made.DisplayedAreaSelectionSequence = items(*(_area(one) for one in frames))
    if rotation_of(first.view) or first.view.flipped:
        made.ImageRotation = 90 * rotation_of(first.view)
        made.ImageHorizontalFlip = "Y" if first.view.flipped else "N"
    annotations = [item for one in frames for item in graphic_annotations(one)]
    layers = list(dict.fromkeys(item.GraphicLayer for item in annotations))
    if annotations:
        made.GraphicAnnotationSequence = items(*annotations)
    _add_shutter(made, first)
    if first.frame.is_color:
        made.ICCProfile = _srgb()
    else:
        overlays = _overlays_of(first)
        for group in overlays:
            made.add_new(group << 16 | _ACTIVATION_LAYER, "CS", _OVERLAYS)
        layers = [*([_OVERLAYS] if overlays else []), *layers]
        _add_grayscale(made, frames)
    if layers:
        made.GraphicLayerSequence = items(*graphic_layers(layers))
    return made


# --- which images ----------------------------------------------------------------------------------


def _relationship(frames: tuple[MarkedFrame, ...]) -> list[Dataset]:
    """Items of Referenced Series Sequence (PS3.3 C.11.11), each image once."""
    series: dict[str, dict[str, list[MarkedFrame]]] = {}
    for one in frames:
        series.setdefault(one.series_instance_uid, {}).setdefault(one.sop_instance_uid, []).append(one)
    found = []
    for uid, images in series.items():
        item = Dataset()
        item.SeriesInstanceUID = uid
        item.ReferencedImageSequence = items(*(_all_of(image) for image in images.values()))
        found.append(item)
    return found


def _all_of(frames: list[MarkedFrame]) -> Dataset:
    header = frames[0].header
    numbers = tuple(sorted({one.frame_index + 1 for one in frames})) if is_multi_frame(header) else ()
    return image_reference(header, numbers)


# --- displayed area (PS3.3 C.10.4) -----------------------------------------------------------------


def _area(one: MarkedFrame) -> Dataset:
    item = Dataset()
    item.ReferencedImageSequence = items(one.reference())
    first, last = corners_of(one.frame, one.view, one.size)
    item.DisplayedAreaTopLeftHandCorner, item.DisplayedAreaBottomRightHandCorner = list(first), list(last)
    item.PresentationSizeMode = "SCALE TO FIT"
    attributes = one.frame.attributes
    spacing = attributes.display_aspect_ratio or attributes.pixel_spacing_mm
    if spacing is not None:
        item.PresentationPixelSpacing = [decimal(value) for value in spacing]
    else:
        item.PresentationPixelAspectRatio = _whole_ratio(attributes.pixel_aspect_ratio)
    return item


def _whole_ratio(ratio: tuple[float, float]) -> list[int]:
    if all(value == round(value) for value in ratio):
        return [round(value) for value in ratio]
    return [round(ratio[0] / ratio[1] * 10_000), 10_000]


# --- shutter and overlays of the image, which a state would leave out --------------------------------


def _shutter_of(one: MarkedFrame) -> tuple[str, ...]:
    """Shapes and values as the image says them; bitmap shutters are overlays, which stay."""
    if not one.view.shutter_shown or one.frame.attributes.shutter is None:
        return ()
    shapes = [shape for shape in elements.texts(one.header, "ShutterShape") if shape in _SHAPES]
    if not shapes:
        return ()
    return (*shapes, *(f"{name}={elements.texts(one.header, name)}" for name in _SHUTTER if name in one.header))


def _add_shutter(made: Dataset, one: MarkedFrame) -> None:
    if not _shutter_of(one):
        return
    made.ShutterShape = [shape for shape in elements.texts(one.header, "ShutterShape") if shape in _SHAPES]
    for name in _SHUTTER:
        if name in one.header:
            made.add(one.header[name])
    if "ShutterPresentationValue" not in made:
        made.ShutterPresentationValue = 0


def _overlays_of(one: MarkedFrame) -> tuple[int, ...]:
    if not one.view.overlays_shown:
        return ()
    return tuple(sorted({overlay.group for overlay in one.frame.attributes.overlays}))


# --- grayscale -------------------------------------------------------------------------------------


def _add_grayscale(made: Dataset, frames: tuple[MarkedFrame, ...]) -> None:
    attributes = frames[0].frame.attributes
    _add_modality(made, attributes)
    made.SoftcopyVOILUTSequence = items(*(_voi(one) for one in frames))
    if attributes.presentation_lut is not None:
        made.PresentationLUTSequence = items(_table(attributes.presentation_lut))
    else:
        made.PresentationLUTShape = "INVERSE" if is_inverted(attributes, frames[0].view.inverted) else "IDENTITY"


def _add_modality(made: Dataset, attributes: PixelAttributes) -> None:
    """The image's own is not used where a state is (PS3.4 N.2.1)."""
    if attributes.modality_lut is not None:
        item = _table(attributes.modality_lut)
        item.ModalityLUTType = attributes.unit or "US"
        made.ModalityLUTSequence = items(item)
    elif (attributes.rescale_slope, attributes.rescale_intercept) != (1.0, 0.0) or attributes.unit:
        made.RescaleIntercept = decimal(attributes.rescale_intercept)
        made.RescaleSlope = decimal(attributes.rescale_slope)
        made.RescaleType = attributes.unit or "US"


def _voi(one: MarkedFrame) -> Dataset:
    item = Dataset()
    item.ReferencedImageSequence = items(one.reference())
    interest = window_of(one.frame, one.view)
    if isinstance(interest, LookupTable):
        item.VOILUTSequence = items(_table(interest))
    else:
        _add_window(item, interest)
    return item


def _add_window(item: Dataset, window: Window) -> None:
    item.WindowCenter, item.WindowWidth = decimal(window.center), decimal(window.width)
    if window.function is not VoiFunction.LINEAR:
        item.VOILUTFunction = window.function.value
    elif window.width < 1:  # LINEAR must not be that narrow (PS3.3 C.11.2.1.2.1)
        item.VOILUTFunction = VoiFunction.LINEAR_EXACT.value


def _table(table: LookupTable) -> Dataset:
    item = Dataset()
    values, bits = np.ascontiguousarray(table.values, "<u2"), table.bits
    if bits not in (8, 16):  # a state has no other ones
        values, bits = np.rint(values * (65535.0 / ((1 << bits) - 1))).clip(0, 65535).astype("<u2"), 16
    length = 0 if len(values) == 1 << 16 else len(values)
    item.add_new(0x00283002, "SS" if table.first < 0 else "US", [length, table.first, bits])
    if table.explanation:
        item.LUTExplanation = table.explanation[:64]
    item.add_new(0x00283006, "OW", values.tobytes())
    return item


# --- colour ----------------------------------------------------------------------------------------


@cache
def _srgb() -> bytes:
    """The ICC profile of sRGB, which a color state must carry (PS3.3 C.11.15), as an input device's."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile + b"\0" * (len(profile) % 2)
