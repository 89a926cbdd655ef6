"""From the state of a viewport to what stands around its picture."""

from __future__ import annotations

from dataclasses import replace

from workstation.domain.errors import NoPixelData
from workstation.imaging.frame import Frame
from workstation.imaging.geometry import distance_along_normal, edge_letters
from workstation.imaging.numbers import number
from workstation.services.display_sets import DisplayKind, DisplaySet, SortBy, Sorting
from workstation.services.presentation_states import is_presentation
from workstation.ui.messages import notice_of
from workstation.ui.viewer.furniture import (
    Corners,
    Density,
    Furniture,
    patient_lines,
    ruler,
    study_lines,
)
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.picture_notes import calibration_line, flags, made_line, presentation_flag, ruler_mm

SMALL = (330, 260)  # logical pixels across and down; below that four full corners meet
_BEING_READ = "It is being read."
_KINDS = {
    DisplayKind.DOCUMENT: (
        "This is a document, not an image",
        _BEING_READ,
    ),
    DisplayKind.OTHER: (
        "This object has no image",
        _BEING_READ,
    ),
}


def furnish(
    viewport: Viewport,
    density: Density,
    ratio: float,
    point: tuple[float, float] | None,
    *,
    private: bool = False,
) -> Furniture:
    """`ratio` is device pixels per logical pixel; `point` the pointer in device pixels.

    `private` keeps back who the picture is of. A small viewport is written on sparingly, whatever the density.
    """
    display_set = viewport.display_set
    if display_set is None:
        return Furniture(message="Drop a series here")
    title, message = _message(viewport, display_set)
    if private and message == _BEING_READ:
        message = "What it says is kept back in the privacy view."
    small = density is Density.FULL and _is_small(viewport, ratio)
    if small:
        density = Density.MINIMAL
    corners = _corners(viewport, display_set, density, point)
    if small:
        corners = replace(corners, top_right=(display_set.series.description or display_set.series.modality,))
    if private:
        # Free text, descriptions and institution, may name the patient as well.
        kept = (display_set.series.modality,) if corners.top_right and display_set.series.modality else ()
        corners = replace(corners, top_left=("Privacy view",), top_right=kept)
    furniture = Furniture(
        corners=corners,
        loading=_loading(viewport, display_set),
        title=title,
        message=message,
    )
    frame = viewport.frame
    if frame is None or density is Density.NONE:
        return furniture
    furniture = _with_geometry(furniture, viewport, frame, density, ratio)
    if small:
        left, top, _, _ = furniture.letters  # the other two follow from these and would meet the corners
        furniture = replace(furniture, letters=(left, top, "", ""))
    return furniture


def _is_small(viewport: Viewport, ratio: float) -> bool:
    width, height = viewport.size
    return width / ratio < SMALL[0] or height / ratio < SMALL[1]


def _with_geometry(furniture: Furniture, viewport: Viewport, frame: Frame, density: Density, ratio: float) -> Furniture:
    zoom = viewport.zoom or 1.0
    paged = viewport.display_set is not None and viewport.display_set.paged
    size = (round(viewport.size[0] / ratio), round(viewport.size[1] / ratio))
    return Furniture(
        corners=furniture.corners,
        letters=edge_letters(frame.attributes, viewport.view),
        ruler=ruler(zoom / ratio, ruler_mm(frame), size) if density is Density.FULL and not paged else None,
        laterality=_laterality(viewport),
        flags=(*_notices(viewport), *_flags(viewport, frame)),
        loading=furniture.loading,
        title=furniture.title,
        message=furniture.message,
    )


def _corners(
    viewport: Viewport, display_set: DisplaySet, density: Density, point: tuple[float, float] | None
) -> Corners:
    top_left = patient_lines(display_set.study) if display_set.kind is not DisplayKind.DAMAGED else ()
    if density is Density.NONE:
        return Corners(top_left=top_left)
    full = density is Density.FULL
    return Corners(
        top_left=top_left,
        top_right=study_lines(display_set.study, display_set.series, full) if full else (),
        bottom_left=_image_lines(viewport, display_set, full, point),
        bottom_right=_window_lines(viewport, full),
    )


def _image_lines(
    viewport: Viewport, display_set: DisplaySet, full: bool, point: tuple[float, float] | None
) -> tuple[str, ...]:
    if viewport.shown is None or display_set.kind is not DisplayKind.IMAGE:
        return ()
    position = f"{'Page' if display_set.paged else 'Im'} {viewport.shown + 1} / {viewport.count}"
    if display_set.frame_rate is not None and viewport.count > 1:
        position += f" · {number(display_set.frame_rate)} fps"
    lines = [position, *_order_lines(viewport.shown, display_set)]
    frame = viewport.frame
    if full and frame is not None:
        attributes = frame.attributes
        told = (_place(frame, display_set), calibration_line(attributes), made_line(attributes))
        lines += [line for line in told if line]
        probe = viewport.probe(point) if point is not None else None
        if probe is not None:
            lines.insert(0, f"({probe.column + 1}, {probe.row + 1})  {probe.text}")
    return tuple(lines)


def _order_lines(shown: int, display_set: DisplaySet) -> list[str]:
    """Which time, echo or b-value this is, and how the user has the images sorted."""
    lines = []
    if display_set.phases:
        phase = display_set.frames[shown].phase
        count, label = len(display_set.phases), display_set.phases[phase]
        told = f" · {label}" if label != str(phase + 1) else ""
        lines.append(f"{display_set.dimension.capitalize()} {phase + 1} / {count}{told}")
    sorting = display_set.sorting
    if sorting != Sorting():
        by = "" if sorting.by is SortBy.POSITION else f"by {sorting.by.value.replace('-', ' ')}"
        lines.append(", ".join(part for part in (by, "reversed" if sorting.reversed else "") if part))
    return lines


def _place(frame: Frame, display_set: DisplaySet) -> str:
    """Position along the normal of the plane, and thickness."""
    parts = []
    geometry = frame.attributes.geometry
    if geometry is not None:
        parts.append(f"Loc {number(round(distance_along_normal(geometry), 1))} mm")
    thickness = display_set.series.slice_thickness
    if thickness and geometry is not None:
        parts.append(f"Thk {number(thickness)} mm")
    return " · ".join(parts)


def _window_lines(viewport: Viewport, full: bool) -> tuple[str, ...]:
    lines = []
    technique = _technique(viewport) if full else ""
    if technique:
        lines.append(technique)
    zoom, window, frame = viewport.zoom, viewport.window, viewport.frame
    if full and zoom is not None:
        turned = f"Turned {number(round(viewport.view.angle, 1))}° · " if viewport.view.tilt else ""
        lines.append(f"{turned}Zoom {zoom * 100:.0f} %")
    if window is not None:
        lines.append(f"WL {number(window.center)} · WW {number(window.width)}")
    elif frame is not None and not frame.is_color:
        lines.append("VOI LUT")
    return tuple(lines)


_SIDE_MATTERS = ("MG", "DX", "CR", "PX", "IO")


def _laterality(viewport: Viewport) -> str:
    """Side and view, large, where mistaking them does harm (PS3.3 C.7.3.1.1.1, C.8.11.7)."""
    display_set, labels = viewport.display_set, viewport.labels
    if display_set is None or labels is None or display_set.series.modality not in _SIDE_MATTERS:
        return ""
    return labels.laterality


def _technique(viewport: Viewport) -> str:
    """kV and mAs, TR and TE, by modality; without the thickness, which stands beside the place."""
    parts = viewport.labels.technique.split(" · ") if viewport.labels is not None else []
    return " · ".join(part for part in parts if not part.endswith(" mm"))


def _flags(viewport: Viewport, frame: Frame) -> tuple[str, ...]:
    state = viewport.presentation
    alone = state is not None and state.blending is not None and frame.attributes.superimposed is None
    told = (*presentation_flag(viewport.presentation, viewport.view), *flags(frame.attributes, viewport.view))
    told = (*told, "second series of the PR not shown") if alone else told
    return (*told, "window auto") if viewport.window_is_automatic else told


def _notices(viewport: Viewport) -> tuple[str, ...]:
    """What is wrong with the stack: slices missing, uneven spacing, duplicates, two patients."""
    return viewport.display_set.notices if viewport.display_set is not None else ()


def _loading(viewport: Viewport, display_set: DisplaySet) -> str:
    return f"loading {viewport.loading + 1}" if viewport.loading is not None else ""


def _message(viewport: Viewport, display_set: DisplaySet) -> tuple[str, str]:
    error = viewport.error
    if error is not None:
        if error.code == NoPixelData.code and display_set.kind is DisplayKind.IMAGE:
            others = " The other images of the series can be shown." if viewport.count > 1 else ""
            return "The picture of this image is missing", f"Its file ends before it, or holds none.{others}"
        words = notice_of(error)
        return words.title, " ".join(part for part in (words.text, words.remedy) if part)
    if is_presentation(display_set):
        return _presentation_message(display_set)
    return _KINDS.get(display_set.kind, ("", ""))


def _presentation_message(display_set: DisplaySet) -> tuple[str, str]:
    """Why it has no picture of its own, and what became of it."""
    if display_set.notices:
        return "This is a presentation state", f"{'. '.join(display_set.notices)}."
    return "This is a presentation state", "Choose it at the left to see its images as it shows them."
