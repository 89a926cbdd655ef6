"""Where the image that is worked in cuts the other pictures, and the cursor that all viewports share.

A line is told by its dashes and the number of its image, not by its colour alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workstation.imaging.compose import layout
from workstation.imaging.geometry import PointMm
from workstation.imaging.planes import (
    ImagePlane,
    ImagePoint,
    Segment,
    SlicePlaces,
    intersection,
    plane_of,
    share_frame_of_reference,
)
from workstation.ui.assets import font
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.paint import outlined
from workstation.ui.viewer.texts import OUTLINE

COLOUR = QColor("#5fd0e6")
CROSS = QColor("#ffd84d")
_ARM, _HOLE = 14.0, 5.0  # of the cross, logical pixels


@dataclass(frozen=True, slots=True)
class GuideLine:
    segment: Segment  # in the image it is drawn on
    label: str
    faint: bool = False  # the first or last image of the stack


@dataclass(frozen=True, slots=True)
class Guides:
    lines: tuple[GuideLine, ...] = ()
    cross: ImagePoint | None = None


def lines_on(other: Viewport, active: Viewport, places: SlicePlaces, ends: bool) -> tuple[GuideLine, ...]:
    """The lines of the image shown in `active` on the one shown in `other`; `places` are those of the active stack."""
    on = _plane(other)
    plane = _plane(active)
    if on is None or plane is None or active.shown is None:
        return ()
    if not share_frame_of_reference(plane.geometry, on.geometry):
        return ()
    wanted = [(active.shown, plane.geometry, False)]
    if ends and active.count > 1:
        for index in (0, active.count - 1):
            geometry = places.geometry(index)
            if geometry is not None and index != active.shown:
                wanted.insert(0, (index, geometry, True))
    lines = []
    for index, geometry, faint in wanted:
        segment = intersection(plane.moved_to(geometry), on)
        if segment is not None:
            lines.append(GuideLine(segment, str(index + 1), faint))
    return tuple(lines)


def cross_on(other: Viewport, point: PointMm, same_frame: Callable[[ImagePlane], bool]) -> ImagePoint | None:
    """Where `point` lies in the picture shown, None beside it."""
    plane = _plane(other)
    if plane is None or not same_frame(plane):
        return None
    column, row, _ = plane.project(point)
    inside = 0 <= column <= plane.columns and 0 <= row <= plane.rows
    return (column, row) if inside else None


def _plane(viewport: Viewport) -> ImagePlane | None:
    return plane_of(viewport.frame) if viewport.frame is not None else None


def paint_guides(painter: QPainter, viewport: Viewport, guides: Guides, ratio: float) -> None:
    """`ratio` is device pixels per logical pixel; nothing without a picture."""
    if viewport.frame is None or guides == Guides():
        return
    placed = layout(viewport.frame, viewport.view, viewport.size)

    def on_screen(point: ImagePoint) -> QPointF:
        across, down = placed.to_screen(*point)
        return QPointF(across / ratio, down / ratio)

    painter.save()
    painter.setFont(font(0.86, strong=True))
    for line in guides.lines:
        _line(painter, QLineF(on_screen(line.segment[0]), on_screen(line.segment[1])), line, viewport, ratio)
    if guides.cross is not None:
        _cross(painter, on_screen(guides.cross))
    painter.restore()


def _line(painter: QPainter, line: QLineF, guide: GuideLine, viewport: Viewport, ratio: float) -> None:
    dash, gap = (3.0, 7.0) if guide.faint else (10.0, 7.0)  # logical pixels
    for colour, width in ((OUTLINE, 3.0), (COLOUR, 1.0 if guide.faint else 1.5)):
        pen = QPen(colour, width, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.FlatCap)
        pen.setDashPattern([dash / width, gap / width])
        painter.setPen(pen)
        painter.drawLine(line)
    _label(painter, line, guide.label, QRectF(0, 0, viewport.size[0] / ratio, viewport.size[1] / ratio))


def _label(painter: QPainter, line: QLineF, text: str, screen: QRectF) -> None:
    """Beside the line near its right or lower end, where neither the corners nor the letters stand."""
    begin, end = sorted((line.p1(), line.p2()), key=_right)
    upright = abs(end.y() - begin.y()) > abs(end.x() - begin.x())
    room = screen.adjusted(30, screen.height() * 0.25, -30, -screen.height() * 0.25)
    for tenths in range(1, 10):
        place = end + (begin - end) * (tenths / 10)
        if room.contains(place):
            beside = (
                QRectF(place.x() + 6, place.y() - 9, 60, 18) if upright else QRectF(place.x(), place.y() - 20, 60, 18)
            )
            outlined(painter, beside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text, COLOUR)
            return


def _right(point: QPointF) -> tuple[float, float]:
    return round(point.x()), point.y()


def _cross(painter: QPainter, at: QPointF) -> None:
    arms = [
        QLineF(at.x() - _ARM, at.y(), at.x() - _HOLE, at.y()),
        QLineF(at.x() + _HOLE, at.y(), at.x() + _ARM, at.y()),
        QLineF(at.x(), at.y() - _ARM, at.x(), at.y() - _HOLE),
        QLineF(at.x(), at.y() + _HOLE, at.x(), at.y() + _ARM),
    ]
    for pen in (QPen(OUTLINE, 4), QPen(CROSS, 2)):
        painter.setPen(pen)
        painter.drawLines(arms)
