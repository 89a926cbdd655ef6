"""Painting annotations: lines and handles with a dark edge, labels as on the corners of the picture.

What does not change from picture to picture is painted once and kept: stroking forty annotations takes longer
than a frame may, laying a finished picture of them over the image next to nothing (bench_viewer measures it).
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QPolygonF, QStaticText

from workstation.ui.assets import font
from workstation.ui.viewer.annotations.model import Annotation, Kind
from workstation.ui.viewer.annotations.outline import Outline, Points
from workstation.ui.viewer.paint import FLAGS, outlined
from workstation.ui.viewer.texts import AROUND, OUTLINE, Align

LINE = QColor("#ffe066")  # yellow, as most workstations; on black 15:1
REGION = QColor("#4fd1e8")  # regions apart from lines, as in the design
SELECTED = QColor("#ff9f43")
HANDLE_RADIUS = 4.0
EDGE = QColor(0, 0, 0)  # opaque: a translucent wide pen takes four times as long
_MARGIN = 200  # logical pixels around the viewport that are painted as well, to be there when it is panned
_LABELS_KEPT = 200
_REACH = HANDLE_RADIUS + 4  # of pens and handles around the points
_EDGE = 2.0  # how much of a label its dark outline takes on each side


def colour_of(kind: Kind) -> QColor:
    return REGION if kind in (Kind.ELLIPSE, Kind.RECTANGLE, Kind.FREEHAND) else LINE


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """One annotation, ready to be painted."""

    path: QPainterPath
    handles: tuple[QPointF, ...]
    label_at: QPointF  # the left middle of its text
    bounds: QRectF


def drawing_of(kind: Kind, outline: Outline) -> Drawing:
    path = QPainterPath()
    for line in outline.lines:
        path.addPolygon(polygon_of(line))
    if kind is Kind.POINT:
        _cross(path, QPointF(*outline.handles[0]))
    handles = tuple(QPointF(*at) for at in outline.handles)
    bounds = path.boundingRect().united(QPolygonF(list(handles)).boundingRect())
    return Drawing(path, handles, QPointF(*outline.label), bounds.adjusted(-_REACH, -_REACH, _REACH, _REACH))


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
    painter.setPen(QPen(EDGE, 3))
    painter.drawPath(drawing.path)
    painter.setPen(QPen(colour, 1.5))
    painter.drawPath(drawing.path)
    if not selected and annotation.kind not in (Kind.LENGTH, Kind.ANGLE):
        return
    if annotation.kind in (Kind.TEXT, Kind.POINT) or not drawing.handles:
        return
    painter.setBrush(colour if selected else Qt.BrushStyle.NoBrush)
    for at in drawing.handles:
        painter.setPen(QPen(EDGE, 3))
        painter.drawEllipse(at, HANDLE_RADIUS, HANDLE_RADIUS)
        painter.setPen(QPen(colour, 1.5))
        painter.drawEllipse(at, HANDLE_RADIUS, HANDLE_RADIUS)


class Lines:
    """The picture of the annotations that stay as they are; it moves along when the image is panned."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._whole = QRectF()
        self._painted = QRectF()  # the part of the whole that is in the pixmap
        self._pixmap: QPixmap | None = None

    def paint(self, painter: QPainter, visible: QRectF, drawings: tuple[tuple[Annotation, Drawing], ...]) -> None:
        """`visible` is the viewport in the coordinates of the drawings, to which the painter is translated."""
        if not drawings:
            self._pixmap, self._key = None, ()
            return
        ratio = painter.device().devicePixelRatio()
        key = (ratio, *(drawing for _, drawing in drawings))
        if key != self._key or not self._painted.contains(self._whole & visible):
            self._key = key
            self._make(visible, drawings, ratio)
        if self._pixmap is not None:
            painter.drawPixmap(self._painted.topLeft(), self._pixmap)

    def _make(self, visible: QRectF, drawings: tuple[tuple[Annotation, Drawing], ...], ratio: float) -> None:
        self._whole = QRectF()
        for _, drawing in drawings:
            self._whole |= drawing.bounds
        around = visible.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
        self._painted = QRectF((self._whole & around).toAlignedRect())
        self._pixmap = None
        if self._painted.isEmpty():
            return
        pixmap = self._pixmap = _transparent(self._painted.size(), ratio)
        with QPainter(pixmap) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(-self._painted.topLeft())
            for annotation, drawing in drawings:
                if drawing.bounds.intersects(self._painted):
                    paint_drawing(painter, annotation, drawing, selected=False)


def _transparent(size: QSizeF, ratio: float) -> QPixmap:
    pixmap = QPixmap((size * ratio).toSize())
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


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
    label = _transparent(size, ratio)
    with QPainter(label) as painter:
        painter.setFont(font())
        for row, line in enumerate(lines):
            _outlined_line(painter, QPointF(_EDGE, _EDGE + row * height), line, colour)
    return label


def _outlined_line(painter: QPainter, at: QPointF, line: str, colour: QColor) -> None:
    """As `paint.outlined`, but laid out once for all nine times it is drawn."""
    text = QStaticText(line)
    text.setTextFormat(Qt.TextFormat.PlainText)
    text.prepare(font=painter.font())
    painter.setPen(OUTLINE)
    for offset in AROUND:
        painter.drawStaticText(at + offset, text)
    painter.setPen(colour)
    painter.drawStaticText(at, text)


def paint_key_image(painter: QPainter, area: QRectF) -> None:
    """Under the orientation letter at the top, in the colour of the flags."""
    painter.setFont(font(strong=True))
    height = QFontMetricsF(painter.font()).lineSpacing()
    place = QRectF(area.left(), area.top() + 2.2 * height, area.width(), height)
    outlined(painter, place, Align.AlignHCenter | Align.AlignVCenter, "★ KEY IMAGE", FLAGS)
