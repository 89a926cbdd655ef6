"""Painting the graphics and texts of the presentation state applied, kept as a picture until something moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPainterPathStroker,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QWidget

from workstation.imaging.compose import layout
from workstation.imaging.graphic_paths import Brush, Drawing, Label, Path, Pen, Points
from workstation.imaging.graphic_texts import connector, text_place, text_size
from workstation.imaging.graphics import Rgb, Shadow
from workstation.imaging.present_graphics import drawings
from workstation.ui.assets import font
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.presentations import screen_pixel_mm

_DARK = 60  # luminance below which an edge has to be light
_GENERIC = {
    "serif": QFont.StyleHint.Serif,
    "monospace": QFont.StyleHint.Monospace,
    "cursive": QFont.StyleHint.Cursive,
    "fantasy": QFont.StyleHint.Fantasy,
}
_PATTERN_SIDE = 32


class GraphicMarks:
    """Of one viewport."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._pixmap: QPixmap | None = None
        self._corner = QPointF()  # where it lies, in logical pixels
        self.made = 0  # how often the picture had to be painted anew

    def paint(self, painter: QPainter, viewport: Viewport, canvas: QWidget) -> None:
        """Over the picture of `viewport` on `canvas`."""
        frame, view, state, ref = viewport.frame, viewport.view, viewport.presentation, viewport.shown_ref
        if frame is None or state is None or ref is None or not view.graphics_shown or frame.attributes.reduction > 1:
            self._key, self._pixmap = (), None
            return
        size, ratio, pixel_mm = viewport.size, canvas.devicePixelRatioF(), screen_pixel_mm(canvas)
        plan = layout(frame, view, size)
        key = (state, ref, plan, view.hidden_layers, size, ratio, pixel_mm)
        if key != self._key:
            self._key = key
            found = drawings(
                frame,
                state,
                ref.sop_instance_uid,
                ref.frame_index + 1,
                plan,
                size=size,
                ratio=ratio,
                hidden=view.hidden_layers,
                screen_pixel_mm=pixel_mm,
            )
            self._pixmap = self._painted(found, size, ratio) if found else None
        if self._pixmap is not None:
            painter.drawPixmap(self._corner, self._pixmap)

    def _painted(self, found: Sequence[Drawing], size: tuple[int, int], ratio: float) -> QPixmap:
        self.made += 1
        pixmap = QPixmap(*size)
        pixmap.fill(Qt.GlobalColor.transparent)
        with QPainter(pixmap) as painter:
            marked = paint_drawings(painter, found, size, ratio)
        # Laying the whole over the picture each time would take as long as composing it.
        part = marked.toAlignedRect() & pixmap.rect()
        self._corner = QPointF(part.topLeft()) / ratio
        pixmap = pixmap.copy(part)
        pixmap.setDevicePixelRatio(ratio)
        return pixmap


def paint_drawings(painter: QPainter, found: Sequence[Drawing], size: tuple[int, int], ratio: float) -> QRectF:
    """In device pixels, on a painter that is not scaled; where something was painted."""
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    marked = QRectF()
    for drawing in found:
        for path in drawing.paths:
            marked |= _paint_path(painter, path, ratio)
        for label in drawing.labels:
            marked |= _paint_label(painter, label, size, ratio)
    return marked


# --- lines -----------------------------------------------------------------------------------------


def _paint_path(painter: QPainter, path: Path, ratio: float) -> QRectF:
    outline = QPainterPath()
    for line in path.lines:
        outline.addPolygon(_polygon(line))
    if path.pen.shadow is not None:
        _paint_shadow(painter, outline, path.pen.shadow, path.pen.width)
    if path.brush is not None:
        for brush in _brushes(path.brush):
            painter.fillPath(outline, brush)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if path.pen.edged:
        painter.strokePath(outline, QPen(_edge_of(path.pen.colour), path.pen.width + 2 * ratio))
    if path.pen.off_colour is not None and path.pen.off_opacity > 0 and path.pen.dashes:
        off = QPen(_colour(path.pen.off_colour, path.pen.off_opacity), path.pen.width)
        off.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.strokePath(outline, off)
    painter.strokePath(outline, _pen(path.pen))
    return _around(outline, path.pen.width + 2 * ratio, path.pen.shadow)


def _around(outline: QPainterPath, width: float, shadow: Shadow | None) -> QRectF:
    reach = width + (0.0 if shadow is None else _length(shadow))
    return outline.boundingRect().adjusted(-reach, -reach, reach, reach)


def _pen(pen: Pen) -> QPen:
    made = QPen(_colour(pen.colour, pen.opacity), pen.width)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if pen.dashes:
        made.setCapStyle(Qt.PenCapStyle.FlatCap)
        made.setDashPattern([length / pen.width for length in pen.dashes])
        made.setDashOffset(pen.dash_offset / pen.width)
    return made


def _paint_shadow(painter: QPainter, outline: QPainterPath, shadow: Shadow, width: float) -> None:
    """Beside what throws it, or around it as wide as its offset is long."""
    colour = _colour(shadow.colour, shadow.opacity)
    if shadow.outlined:
        painter.strokePath(outline, QPen(colour, width + 2 * _length(shadow)))
    else:
        painter.strokePath(outline.translated(*shadow.offset), QPen(colour, width))


def _length(shadow: Shadow) -> float:
    return float((shadow.offset[0] ** 2 + shadow.offset[1] ** 2) ** 0.5)


def _brushes(brush: Brush) -> list[QBrush]:
    if not brush.pattern:
        return [QBrush(_colour(brush.colour, brush.opacity))]
    made = [QBrush(_stipple(brush.pattern, _colour(brush.colour, brush.opacity), inverted=False))]
    if brush.off_colour is not None and brush.off_opacity > 0:
        made.insert(0, QBrush(_stipple(brush.pattern, _colour(brush.off_colour, brush.off_opacity), inverted=True)))
    return made


def _stipple(pattern: bytes, colour: QColor, *, inverted: bool) -> QImage:
    image = QImage(_PATTERN_SIDE, _PATTERN_SIDE, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    for place in range(_PATTERN_SIDE * _PATTERN_SIDE):
        if bool(pattern[place // 8] >> (7 - place % 8) & 1) is not inverted:
            image.setPixelColor(place % _PATTERN_SIDE, place // _PATTERN_SIDE, colour)
    return image


def _polygon(line: Points) -> QPolygonF:
    return QPolygonF([QPointF(across, down) for across, down in line.tolist()])


# --- texts -----------------------------------------------------------------------------------------


def _paint_label(painter: QPainter, label: Label, size: tuple[int, int], ratio: float) -> QRectF:
    def measure(times: float) -> tuple[float, float]:
        metrics = QFontMetricsF(_font(label, times, ratio))
        return max(map(metrics.horizontalAdvance, label.lines)), metrics.height() * len(label.lines)

    times = text_size(label, measure)
    place = text_place(label, measure(times), size, ratio)
    line, marked = connector(label, place), QRectF()
    if line is not None:
        marked = _paint_path(painter, Path((np.array(line),), Pen(label.colour, ratio, edged=label.edged)), ratio)
    letters = _letters(label, place, _font(label, times, ratio))
    if label.shadow is not None and label.shadow.outlined:
        _outline(painter, letters, _colour(label.shadow.colour, label.shadow.opacity), _length(label.shadow))
    elif label.shadow is not None:
        colour = _colour(label.shadow.colour, label.shadow.opacity)
        painter.fillPath(letters.translated(*label.shadow.offset), colour)
    elif label.edged:
        _outline(painter, letters, _edge_of(label.colour), 1.25 * ratio)
    painter.fillPath(letters, _colour(label.colour, 1.0))
    return marked | _around(letters, 2 * ratio, label.shadow)


def _letters(label: Label, place: tuple[float, float, float, float], letters: QFont) -> QPainterPath:
    metrics, path = QFontMetricsF(letters), QPainterPath()
    left, top, right, _ = place
    for row, line in enumerate(label.lines):
        spare = right - left - metrics.horizontalAdvance(line)
        across = left + {"CENTER": spare / 2, "RIGHT": spare}.get(label.horizontal, 0.0)
        baseline = top + row * metrics.height() + metrics.ascent()
        path.addText(QPointF(round(across), round(baseline)), letters, line)
        if label.underlined:
            width = metrics.horizontalAdvance(line)
            path.addRect(QRectF(across, baseline + metrics.underlinePos(), width, max(1.0, metrics.lineWidth())))
    path.setFillRule(Qt.FillRule.WindingFill)
    return path


def _outline(painter: QPainter, letters: QPainterPath, colour: QColor, reach: float) -> None:
    stroker = QPainterPathStroker()
    stroker.setWidth(2 * reach)
    stroker.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.fillPath(stroker.createStroke(letters), colour)


def _font(label: Label, times: float, ratio: float) -> QFont:
    """In device pixels: the painter is not scaled."""
    made = QFont(font(1.0, strong=label.bold))
    wanted = label.family.strip().strip("'\"").lower()
    if wanted in _GENERIC:
        made.setFamilies([])
        made.setStyleHint(_GENERIC[wanted])
        made.setFamily(made.defaultFamily())
    made.setItalic(label.italic)
    made.setBold(label.bold or made.bold())
    made.setPointSizeF(made.pointSizeF() * times * ratio)
    return made


def _colour(rgb: Rgb, opacity: float) -> QColor:
    made = QColor(*rgb)
    made.setAlphaF(opacity)
    return made


def _edge_of(rgb: Rgb) -> QColor:
    """Dark around light colours, light around dark ones."""
    red, green, blue = rgb
    light = 0.299 * red + 0.587 * green + 0.114 * blue >= _DARK
    return QColor(0, 0, 0, 210) if light else QColor(255, 255, 255, 170)
