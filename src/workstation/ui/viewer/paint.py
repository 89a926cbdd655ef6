"""Painting the furniture of a viewport: text with a dark outline, readable on white and on black."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from workstation.ui.assets import DARK, font
from workstation.ui.viewer.furniture import Corners, Furniture, Ruler

MARGIN = 10.0
TEXT = QColor("#e8edf3")
OUTLINE = QColor(0, 0, 0, 210)
LETTERS = QColor("#f2a93b")  # as in the design; amber on black is 9:1
FLAGS = QColor(DARK.amber)
FRAME = QColor(DARK.accent)
AROUND = [QPointF(across, down) for across in (-1, 0, 1) for down in (-1, 0, 1) if across or down]

Align = Qt.AlignmentFlag


def paint_furniture(painter: QPainter, area: QRectF, furniture: Furniture) -> None:
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    inside = area.adjusted(MARGIN, MARGIN * 0.8, -MARGIN, -MARGIN * 0.8)
    painter.setFont(_text_font(area))
    _corners(painter, inside, furniture.corners)
    _flags(painter, inside, furniture)
    if furniture.ruler is not None:
        _ruler(painter, inside, furniture.ruler)
    _letters(painter, inside, furniture.letters)
    if furniture.laterality:
        painter.setFont(font(1.8, strong=True))
        block = inside.adjusted(24, 0, -24, 0)
        outlined(painter, block, Align.AlignLeft | Align.AlignVCenter, furniture.laterality, LETTERS)
    if furniture.title or furniture.message:
        _message(painter, area, furniture.title, furniture.message)
    if furniture.loading:
        painter.setFont(font(strong=True))
        outlined(
            painter, inside.adjusted(0, inside.height() * 0.08, 0, 0), Align.AlignHCenter, furniture.loading, FLAGS
        )


def paint_frame(painter: QPainter, area: QRectF) -> None:
    """The border of the viewport that hears the keys."""
    painter.setPen(QPen(FRAME, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(1, 1, -1, -1))


def outlined(painter: QPainter, area: QRectF, align: Align, text: str, colour: QColor = TEXT) -> None:
    """Text with a one pixel dark outline: 4.5:1 at least on any ground."""
    flags = align | Qt.TextFlag.TextDontClip
    painter.setPen(OUTLINE)
    for offset in AROUND:
        painter.drawText(area.translated(offset), flags, text)
    painter.setPen(colour)
    painter.drawText(area, flags, text)


def _text_font(area: QRectF) -> QFont:
    """A little smaller in a small viewport, so that the corners do not meet."""
    return font(0.88 if min(area.width(), area.height()) < 420 else 1.0)


def _corners(painter: QPainter, area: QRectF, corners: Corners) -> None:
    _block(painter, area, corners.top_left, Align.AlignLeft | Align.AlignTop)
    _block(painter, area, corners.top_right, Align.AlignRight | Align.AlignTop)
    _block(painter, area, corners.bottom_left, Align.AlignLeft | Align.AlignBottom)
    _block(painter, area, corners.bottom_right, Align.AlignRight | Align.AlignBottom)


def _block(painter: QPainter, area: QRectF, lines: Sequence[str], corner: Align) -> None:
    width = area.width() * 0.48
    right, bottom = bool(corner & Align.AlignRight), bool(corner & Align.AlignBottom)
    metrics = QFontMetricsF(painter.font())
    height = metrics.lineSpacing() * 1.12
    top = area.bottom() - height * len(lines) if bottom else area.top()
    left = area.right() - width if right else area.left()
    side = Align.AlignRight if right else Align.AlignLeft
    for row, line in enumerate(lines):
        shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, width)
        outlined(painter, QRectF(left, top + row * height, width, height), side | Align.AlignVCenter, shown)


def _flags(painter: QPainter, area: QRectF, furniture: Furniture) -> None:
    """Above the bottom right corner, in amber: what must be known before the picture is believed."""
    if not furniture.flags:
        return
    metrics = QFontMetricsF(painter.font())
    height = metrics.lineSpacing() * 1.12
    bottom = area.bottom() - height * len(furniture.corners.bottom_right)
    for row, flag in enumerate(reversed(furniture.flags)):
        line = QRectF(area.left(), bottom - (row + 1) * height, area.width(), height)
        shown = metrics.elidedText(flag, Qt.TextElideMode.ElideRight, area.width() * 0.48)
        outlined(painter, line, Align.AlignRight | Align.AlignVCenter, shown, FLAGS)


def _letters(painter: QPainter, area: QRectF, letters: tuple[str, str, str, str]) -> None:
    painter.setFont(font(1.15, strong=True))
    left, top, right, bottom = letters
    outlined(painter, area, Align.AlignLeft | Align.AlignVCenter, left, LETTERS)
    outlined(painter, area, Align.AlignHCenter | Align.AlignTop, top, LETTERS)
    outlined(painter, area, Align.AlignRight | Align.AlignVCenter, right, LETTERS)
    outlined(painter, area, Align.AlignHCenter | Align.AlignBottom, bottom, LETTERS)


def _ruler(painter: QPainter, area: QRectF, ruler: Ruler) -> None:
    height = QFontMetricsF(painter.font()).lineSpacing()
    middle = area.center().x()
    # Above the orientation letter at the bottom.
    down = area.bottom() - height * 1.55
    left, right = middle - ruler.length_px / 2, middle + ruler.length_px / 2
    lines = [
        QLineF(left, down, right, down),
        QLineF(left, down - 4, left, down + 4),
        QLineF(right, down - 4, right, down + 4),
    ]
    painter.setPen(QPen(OUTLINE, 3))
    painter.drawLines(lines)
    painter.setPen(QPen(TEXT, 1))
    painter.drawLines(lines)
    text = QRectF(middle - 60, down - 5 - height, 120, height)
    outlined(painter, text, Align.AlignHCenter | Align.AlignBottom, ruler.text)


def _message(painter: QPainter, area: QRectF, title: str, message: str) -> None:
    width = min(460.0, area.width() * 0.8)
    block = QRectF(area.center().x() - width / 2, area.top(), width, area.height())
    wrapped = Align.AlignHCenter | Qt.TextFlag.TextWordWrap
    painter.setFont(font(1.1, strong=True))
    height = painter.boundingRect(QRectF(0, 0, width, 1000), wrapped, title).height()
    painter.setPen(TEXT)
    painter.drawText(QRectF(block.left(), block.center().y() - height - 6, width, height), wrapped, title)
    painter.setFont(font())
    painter.setPen(QColor(DARK.soft))
    painter.drawText(QRectF(block.left(), block.center().y() + 4, width, block.height() / 2 - 8), wrapped, message)
