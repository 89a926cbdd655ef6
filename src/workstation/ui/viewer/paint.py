"""Painting a picture and what stands around it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from workstation.ui.assets import DARK, font
from workstation.ui.viewer.furniture import Corners, Furniture, Ruler
from workstation.ui.viewer.texts import AROUND, OUTLINE, TEXT, Align, Texts

MARGIN = 10.0
LETTERS = QColor("#f2a93b")  # as in the design; amber on black is 9:1
FLAGS = QColor(DARK.amber)
FRAME = QColor(DARK.accent)
_LINE = 1.12  # height of a line in its spacing
_STRIP = 64  # rows


def paint_picture(painter: QPainter, picture: QImage) -> None:
    """Pixel upon pixel, from the top left.

    In strips: what is higher, Qt converts in threads of its own and waits for them. On a busy machine they are not
    run at once, and the whole is no more than 0.3 ms of work.
    """
    ratio = picture.devicePixelRatioF()
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)
    for top in range(0, picture.height(), _STRIP):
        rows = QRectF(0, top, picture.width(), min(_STRIP, picture.height() - top))
        painter.drawImage(rows, picture, rows)
    painter.restore()


def paint_furniture(painter: QPainter, area: QRectF, furniture: Furniture, texts: Texts) -> None:
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    inside = area.adjusted(MARGIN, MARGIN * 0.8, -MARGIN, -MARGIN * 0.8)
    size = _text_size(area)
    _corners(painter, inside, furniture.corners, texts, size)
    _flags(painter, inside, furniture, texts, size)
    if furniture.ruler is not None:
        _ruler(painter, inside, furniture.ruler, texts, size)
    _letters(painter, inside, furniture.letters, texts)
    if furniture.laterality:
        block = inside.adjusted(24, 0, -24, 0)
        side = Align.AlignLeft | Align.AlignVCenter
        texts.paint(painter, block, side, furniture.laterality, LETTERS, size=1.8, strong=True)
    if furniture.title or furniture.message:
        _message(painter, area, furniture.title, furniture.message)
    if furniture.loading:
        below = inside.adjusted(0, inside.height() * 0.08, 0, 0)
        texts.paint(painter, below, Align.AlignHCenter, furniture.loading, FLAGS, strong=True)


def paint_frame(painter: QPainter, area: QRectF, *, filled: bool = False) -> None:
    """The border of the viewport that hears the keys; `filled` where what is dragged would be dropped."""
    painter.setPen(QPen(FRAME, 2))
    veil = QColor(FRAME)
    veil.setAlpha(60)
    painter.setBrush(veil if filled else Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(1, 1, -1, -1))


def outlined(painter: QPainter, area: QRectF, align: Align, text: str, colour: QColor = TEXT) -> None:
    """Text with a one pixel dark outline: 4.5:1 at least on any ground."""
    flags = align | Qt.TextFlag.TextDontClip
    painter.setPen(OUTLINE)
    for offset in AROUND:
        painter.drawText(area.translated(offset), flags, text)
    painter.setPen(colour)
    painter.drawText(area, flags, text)


def _text_size(area: QRectF) -> float:
    """A little smaller in a small viewport, so that the corners do not meet."""
    return 0.88 if min(area.width(), area.height()) < 420 else 1.0


def _corners(painter: QPainter, area: QRectF, corners: Corners, texts: Texts, size: float) -> None:
    for lines, corner in (
        (corners.top_left, Align.AlignLeft | Align.AlignTop),
        (corners.top_right, Align.AlignRight | Align.AlignTop),
        (corners.bottom_left, Align.AlignLeft | Align.AlignBottom),
        (corners.bottom_right, Align.AlignRight | Align.AlignBottom),
    ):
        _block(painter, area, lines, corner, texts, size)


def _block(  # noqa: PLR0917
    painter: QPainter, area: QRectF, lines: Sequence[str], corner: Align, texts: Texts, size: float
) -> None:
    height = texts.line_spacing(size) * _LINE
    top = area.bottom() - height * len(lines) if corner & Align.AlignBottom else area.top()
    side = Align.AlignRight if corner & Align.AlignRight else Align.AlignLeft
    for row, line in enumerate(lines):
        place = QRectF(area.left(), top + row * height, area.width(), height)
        texts.paint(painter, place, side | Align.AlignVCenter, line, size=size, width=area.width() * 0.48)


def _flags(painter: QPainter, area: QRectF, furniture: Furniture, texts: Texts, size: float) -> None:
    """Above the bottom right corner, in amber: what must be known before the picture is believed."""
    height = texts.line_spacing(size) * _LINE
    bottom = area.bottom() - height * len(furniture.corners.bottom_right)
    for row, flag in enumerate(reversed(furniture.flags)):
        line = QRectF(area.left(), bottom - (row + 1) * height, area.width(), height)
        side = Align.AlignRight | Align.AlignVCenter
        texts.paint(painter, line, side, flag, FLAGS, size=size, width=area.width() * 0.48)


def _letters(painter: QPainter, area: QRectF, letters: tuple[str, str, str, str], texts: Texts) -> None:
    sides = (
        Align.AlignLeft | Align.AlignVCenter,
        Align.AlignHCenter | Align.AlignTop,
        Align.AlignRight | Align.AlignVCenter,
        Align.AlignHCenter | Align.AlignBottom,
    )
    for letter, side in zip(letters, sides, strict=True):
        texts.paint(painter, area, side, letter, LETTERS, size=1.15, strong=True)


def _ruler(painter: QPainter, area: QRectF, ruler: Ruler, texts: Texts, size: float) -> None:
    height = texts.line_spacing(size)
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
    texts.paint(painter, text, Align.AlignHCenter | Align.AlignBottom, ruler.text, size=size)


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
