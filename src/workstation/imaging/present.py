"""A presentation state applied to a frame and a view (PS3.4 N.2): nothing is drawn here."""

from __future__ import annotations

from dataclasses import replace

from workstation.imaging.compose import LARGEST_ZOOM, SMALLEST_ZOOM, row_ratio
from workstation.imaging.frame import Frame, LookupTable, PixelAttributes, VoiFunction, Window
from workstation.imaging.overlay import Overlay
from workstation.imaging.presentation import Blending, DisplayedArea, PresentationState, SizeMode
from workstation.imaging.view import View


def presented(frame: Frame, state: PresentationState, sop_instance_uid: str, number: int) -> Frame:
    """Frame `number` (from 1) of that image with the attributes that `state` wants; itself where it is not meant.

    What the state leaves out is left out, whatever the image says: its own windows, overlays and shutters, its
    rescaling and its MONOCHROME1 (PS3.4 N.2). Values that are read from it are in the units of the state.
    """
    if not state.applies_to(sop_instance_uid, number):
        return frame
    attributes = frame.attributes
    area = state.area_for(sop_instance_uid, number)
    changed = replace(
        attributes,
        overlays=_overlays(attributes, state),
        shutter=state.shutter,
        display_aspect_ratio=None if area is None else area.spacing_mm or area.aspect_ratio,
    )
    return Frame(frame.stored, changed if frame.is_color else _grayscale(changed, state, sop_instance_uid, number))


def superimposed(frame: Frame, blending: Blending, sop_instance_uid: str, number: int) -> Frame:
    """A frame of the series that is laid over another, with its own LUTs as the blending state wants them."""
    state = PresentationState("", "", images=blending.images, modality=(blending.modality,), voi=blending.voi)
    return presented(frame, state, sop_instance_uid, number)


def _overlays(attributes: PixelAttributes, state: PresentationState) -> tuple[Overlay, ...]:
    """Those that the state activates, the lowest layer first; its own take the place of the image's (C.11.7)."""
    own = {overlay.group for overlay in state.overlays}
    shown = [one for one in (*attributes.overlays, *state.overlays) if one.group in state.activations]
    bitmap = state.shutter.bitmap if state.shutter is not None else None
    kept = [one for one in shown if (one in state.overlays or one.group not in own) and one is not bitmap]
    order = {layer.name: number for number, layer in reversed(list(enumerate(state.layers)))}
    found = []
    for one in kept:
        name = state.activations[one.group]
        layer = state.layer(name)
        found.append(replace(one, layer=name, colour=layer.colour if layer is not None else None))
    return tuple(sorted(found, key=lambda one: order.get(one.layer, len(order))))


def _grayscale(attributes: PixelAttributes, state: PresentationState, uid: str, number: int) -> PixelAttributes:
    modality = state.modality_for(uid, number)
    slope, intercept = modality.rescale
    unchanged = (
        modality.lut is None
        and attributes.modality_lut is None
        and modality.rescale == (attributes.rescale_slope, attributes.rescale_intercept)
    )
    changed = replace(
        attributes,
        photometric_interpretation="MONOCHROME2",
        inverse_presentation=state.inverse,
        presentation_lut=state.presentation_lut,
        colours=state.colours,
        rescale_slope=slope,
        rescale_intercept=intercept,
        modality_lut=_signed(modality.lut, attributes.signed),
        unit=attributes.unit if unchanged else modality.unit,
        suv=attributes.suv if unchanged else None,
    )
    voi = state.voi_for(uid, number)
    if voi is None or not (voi.windows or voi.luts):
        return replace(changed, windows=(_identity(changed),), voi_luts=())
    return replace(changed, windows=voi.windows, voi_luts=voi.luts)


def _signed(table: LookupTable | None, signed: bool) -> LookupTable | None:
    """The first input is signed where the pixels are, which a presentation state does not know (PS3.3 C.11.1.1)."""
    if table is None or not signed or table.first < 0x8000:
        return table
    return replace(table, first=table.first - 0x10000)


def _identity(attributes: PixelAttributes) -> Window:
    """No VOI transformation: the whole range that the modality transformation can give."""
    if attributes.modality_lut is not None:
        low, high = 0.0, float((1 << attributes.modality_lut.bits) - 1)
    else:
        levels = 1 << attributes.bits_stored
        first = -(levels >> 1) if attributes.signed else 0
        slope, intercept = attributes.rescale_slope, attributes.rescale_intercept
        low, high = sorted((first * slope + intercept, (first + levels - 1) * slope + intercept))
    return Window((low + high) / 2, high - low, "", VoiFunction.LINEAR_EXACT)


# --- the view --------------------------------------------------------------------------------------


def turned(view: View, state: PresentationState) -> View:
    """`view` with the rotation and flip of `state`: a view is flipped first, a state turned first (PS3.3 C.10.6)."""
    return replace(
        view, quarter_turns=(-state.rotation if state.flipped else state.rotation) % 4, flipped=state.flipped
    )


def presented_view(
    frame: Frame,
    view: View,
    state: PresentationState,
    area: DisplayedArea | None,
    size: tuple[int, int],
    *,
    screen_pixel_mm: float | None = None,
) -> View:
    """The view in which a screen of `size` (width, height) shows what `state` asks for of a `presented` frame.

    The area is put in the middle. TRUE SIZE needs the size of a screen pixel; where it is unknown the area is
    fitted. Of `view` only the interpolation is kept.
    """
    fresh = turned(View(interpolation=view.interpolation, presentation=state), state)
    if area is None or _is_whole(area, frame):
        area_columns, area_rows = frame.columns, frame.rows
        middle = (0.0, 0.0)
    else:
        area_columns, area_rows = area.columns, area.rows
        middle = ((area.left + area.right - 1 - frame.columns) / 2, (area.top + area.bottom - 1 - frame.rows) / 2)
    zoom = _fixed_zoom(area, screen_pixel_mm)
    if zoom is None and middle == (0.0, 0.0) and (area_columns, area_rows) == (frame.columns, frame.rows):
        return fresh  # fitted, and again when the viewport changes
    ratio = row_ratio(frame.attributes)
    if zoom is None:
        width, height = _oriented(area_columns, area_rows * ratio, fresh)
        zoom = min(size[0] / width, size[1] / height)
    zoom = min(max(zoom, SMALLEST_ZOOM), LARGEST_ZOOM)
    return replace(fresh, zoom=zoom, pan=_pan(middle[0] * zoom, middle[1] * zoom * ratio, fresh))


def native_size(frame: Frame, area: DisplayedArea | None, state: PresentationState) -> tuple[int, int]:
    """Width and height of the area at one screen pixel per image pixel, or magnified as it asks for."""
    columns, rows = (area.columns, area.rows) if area is not None else (frame.columns, frame.rows)
    zoom = _fixed_zoom(area, None) or 1.0
    width, height = _oriented(columns * zoom, rows * zoom * row_ratio(frame.attributes), turned(View(), state))
    return max(1, round(width)), max(1, round(height))


def _fixed_zoom(area: DisplayedArea | None, screen_pixel_mm: float | None) -> float | None:
    """Screen pixels per image column, None where the area is to be fitted."""
    if area is None or area.mode is SizeMode.SCALE_TO_FIT:
        return None
    if area.mode is SizeMode.MAGNIFY:
        return area.magnification
    return area.spacing_mm[1] / screen_pixel_mm if area.spacing_mm and screen_pixel_mm else None


def _is_whole(area: DisplayedArea, frame: Frame) -> bool:
    return (area.left, area.top, area.right, area.bottom) == (1, 1, frame.columns, frame.rows)


def _oriented(width: float, height: float, view: View) -> tuple[float, float]:
    return (height, width) if view.quarter_turns % 2 else (width, height)


def _pan(across: float, down: float, view: View) -> tuple[float, float]:
    """The movement that brings a point to the middle; it lies that far from the image's, in screen pixels unturned."""
    x, y = -across, -down
    if view.flipped:
        x = -x
    for _ in range(view.quarter_turns % 4):
        x, y = -y, x  # clockwise, as `compose.layout` turns
    return x, y
