"""Painting annotations: lines and handles with a dark edge, labels as on the corners of the picture.

Everything that does not change from picture to picture is kept per annotation: its path until the picture moves
on the screen, its label until the words change. So forty of them cost a fraction of a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from workstation.ui.assets import font
from workstation.ui.viewer.annotations.model import Annotation, Kind
from workstation.ui.viewer.annotations.outline import Outline, Points
from workstation.ui.viewer.paint import OUTLINE, Align, outlined

LINE = QColor("#ffe066")  # yellow, as most workstations; on black 15:1
REGION = QColor("#4fd1e8")  # regions apart from lines, as in the design
SELECTED = QColor("#ff9f43")
HANDLE_RADIUS = 4.0
_LABELS_KEPT = 200
_EDGE = 2.0  # how much of a label its dark outline takes on each side


def colour_of(kind: Kind) -> QColor:
    return REGION if kind in (Kind.ELLIPSE, Kind.RECTANGLE, Kind.FREEHAND) else LINE


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """One annotation, ready to be painted."""

    path: QPainterPath
    handles: tuple[QPointF, ...]
    label_at: QPointF  # the left middle of its text


def drawing_of(kind: Kind, outline: Outline) -> Drawing:
    path = QPainterPath()
    for line in outline.lines:
        path.addPolygon(polygon_of(line))
    if kind is Kind.POINT:
        _cross(path, QPointF(*outline.handles[0]))
    return Drawing(path, tuple(QPointF(*at) for at in outline.handles), QPointF(*outline.label))


def polygon_of(line: Points) -> QPolygonF:
    return QPolygonF([QPointF(across, down) for across, down in line.tolist()])


def _cross(path: QPainterPath, at: QPointF) -> None:
    """Open in the middle, so that the pixel itself is seen."""
    for step in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1)):
        path.moveTo(at + step * 3)
        path.lineTo(at + step * 9)


def paint_drawing(painter: QPainter, annotation: Annotation, drawing: Drawing, *, selected: bool) -> None:
    """Lines and handles: small rings, filled while selected; ellipses and rectangles show them only then."""
    colour = SELECTED if selected else colour_of(annotation.kind)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(OUTLINE, 3.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPath(drawing.path)
    painter.setPen(QPen(colour, 1.5))
    painter.drawPath(drawing.path)
    if not selected and annotation.kind not in (Kind.LENGTH, Kind.ANGLE):
        return
    if annotation.kind in (Kind.TEXT, Kind.POINT) or not drawing.handles:
        return
    painter.setBrush(colour if selected else Qt.BrushStyle.NoBrush)
    for at in drawing.handles:
        painter.setPen(QPen(OUTLINE, 3))
        painter.drawEllipse(at, HANDLE_RADIUS, HANDLE_RADIUS)
        painter.setPen(QPen(colour, 1.5))
        painter.drawEllipse(at, HANDLE_RADIUS, HANDLE_RADIUS)


class Labels:
    """Painted texts, kept by their words: drawing a pixmap is a tenth of drawing outlined text."""

    def __init__(self) -> None:
        self._kept: dict[tuple[tuple[str, ...], int, float], QPixmap] = {}

    def paint(self, painter: QPainter, area: QRectF, at: QPointF, lines: tuple[str, ...], colour: QColor) -> QRectF:
        """Beside `at`, moved so that it stays inside `area`; where it was painted."""
        if not lines:
            return QRectF()
        label = self._pixmap(lines, colour, painter.device().devicePixelRatio())
        size = label.deviceIndependentSize()
        across = max(area.left(), min(at.x(), area.right() - size.width()))
        down = max(area.top(), min(at.y() - size.height() / 2, area.bottom() - size.height()))
        place = QRectF(QPointF(round(across), round(down)), size)
        painter.drawPixmap(place.topLeft(), label)
        return place

    def _pixmap(self, lines: tuple[str, ...], colour: QColor, ratio: float) -> QPixmap:
        key = (lines, colour.rgb(), ratio)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _LABELS_KEPT:
                self._kept.clear()
            found = self._kept[key] = _label(lines, colour, ratio)
        return found


def _label(lines: tuple[str, ...], colour: QColor, ratio: float) -> QPixmap:
    metrics = QFontMetricsF(font())
    height = metrics.lineSpacing() * 1.1
    width = max(metrics.horizontalAdvance(line) for line in lines)
    size = QSizeF(width + 2 * _EDGE + 2, height * len(lines) + 2 * _EDGE)
    label = QPixmap((size * ratio).toSize())
    label.setDevicePixelRatio(ratio)
    label.fill(Qt.GlobalColor.transparent)
    with QPainter(label) as painter:
        painter.setFont(font())
        for row, line in enumerate(lines):
            place = QRectF(_EDGE, _EDGE + row * height, size.width() - 2 * _EDGE, height)
            outlined(painter, place, Align.AlignLeft | Align.AlignVCenter, line, colour)
    return label
