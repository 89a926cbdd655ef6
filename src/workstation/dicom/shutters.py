"""Display and bitmap shutters of a data set or of an item of it (PS3.3 C.7.6.11, C.7.6.15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workstation.dicom import elements
from workstation.imaging.overlay import Overlay
from workstation.imaging.shutter import Circle, Shutter

if TYPE_CHECKING:
    from workstation.dicom.elements import Header


def display_shutter(dataset: Header, overlays: Sequence[Overlay] = ()) -> Shutter | None:
    """None where none of the declared shapes is complete. `overlays`: where a bitmap is looked for."""
    shapes = {shape.upper() for shape in elements.texts(dataset, "ShutterShape")}
    rectangle = _rectangle(dataset) if "RECTANGULAR" in shapes else None
    circle = _circle(dataset) if "CIRCULAR" in shapes else None
    polygon = _polygon(dataset) if "POLYGONAL" in shapes else ()
    bitmap = _bitmap(dataset, overlays) if "BITMAP" in shapes else None
    if rectangle is None and circle is None and not polygon and bitmap is None:
        return None
    return Shutter(rectangle, circle, polygon, bitmap, _level(dataset))


def _rectangle(dataset: Header) -> tuple[int, int, int, int] | None:
    left, top, right, bottom = (
        elements.integer(dataset, keyword)
        for keyword in (
            "ShutterLeftVerticalEdge",
            "ShutterUpperHorizontalEdge",
            "ShutterRightVerticalEdge",
            "ShutterLowerHorizontalEdge",
        )
    )
    if left is None or top is None or right is None or bottom is None or right <= left or bottom <= top:
        return None
    return left, top, right, bottom


def _circle(dataset: Header) -> Circle | None:
    center = elements.numbers(dataset, "CenterOfCircularShutter")
    radius = elements.integer(dataset, "RadiusOfCircularShutter")
    if len(center) != 2 or not radius or radius < 0:
        return None
    return Circle(round(center[0]), round(center[1]), radius)


def _polygon(dataset: Header) -> tuple[tuple[int, int], ...]:
    values = [round(value) for value in elements.numbers(dataset, "VerticesOfThePolygonalShutter")]
    vertices = tuple(zip(values[::2], values[1::2], strict=False))
    return vertices if len(vertices) >= 3 and len(values) % 2 == 0 else ()


def _bitmap(dataset: Header, overlays: Sequence[Overlay]) -> Overlay | None:
    group = elements.integer(dataset, "ShutterOverlayGroup")
    return next((overlay for overlay in overlays if overlay.group == group), None)


def _level(dataset: Header) -> int:
    """Shutter Presentation Value is a P-value of 16 bits, black where there is none (PS3.3 C.7.6.11)."""
    value = elements.integer(dataset, "ShutterPresentationValue") or 0
    return min(max(value, 0), 0xFFFF) >> 8
