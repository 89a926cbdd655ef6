"""Outlined texts as they stand over a picture, kept as pixmaps: most of them are the same from image to image."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap, QStaticText

from workstation.ui.assets import font

TEXT = QColor("#e8edf3")
OUTLINE = QColor(0, 0, 0, 210)
AROUND = [QPointF(across, down) for across in (-1, 0, 1) for down in (-1, 0, 1) if across or down]

Align = Qt.AlignmentFlag
_EDGE = 2.0  # of transparent pixels around the letters, for the outline
_KEPT = 200  # some three hundred kilobytes
_Style = tuple[float, bool]


class Texts:
    """One line texts with a one pixel dark outline: 4.5:1 at least on any ground.

    `size` and `strong` as for `assets.font`; the application's font does not change while it runs.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()
        self._fonts: dict[_Style, tuple[QFont, QFontMetricsF]] = {}
        self.made = 0  # how often a text had to be drawn letter by letter

    def line_spacing(self, size: float = 1.0) -> float:
        return self._font((size, False))[1].lineSpacing()

    def paint(
        self,
        painter: QPainter,
        area: QRectF,
        align: Align,
        text: str,
        colour: QColor = TEXT,
        *,
        size: float = 1.0,
        strong: bool = False,
        width: float | None = None,
    ) -> None:
        """At the side or in the middle of `area` that `align` says, shortened to `width` where it is longer."""
        if not text:
            return
        ratio = painter.device().devicePixelRatioF()
        pixmap = self._pixmap(text, colour, (size, strong), None if width is None else int(width), ratio)
        extent = pixmap.deviceIndependentSize()
        left, top = area.left() - _EDGE, area.top() - _EDGE
        if align & Align.AlignRight:
            left = area.right() + _EDGE - extent.width()
        elif align & Align.AlignHCenter:
            left = area.center().x() - extent.width() / 2
        if align & Align.AlignBottom:
            top = area.bottom() + _EDGE - extent.height()
        elif align & Align.AlignVCenter:
            top = area.center().y() - extent.height() / 2
        # On whole pixels of the device, or it would be blurred.
        painter.drawPixmap(QPointF(round(left * ratio) / ratio, round(top * ratio) / ratio), pixmap)

    def _font(self, style: _Style) -> tuple[QFont, QFontMetricsF]:
        found = self._fonts.get(style)
        if found is None:
            made = font(style[0], strong=style[1])
            found = self._fonts[style] = made, QFontMetricsF(made)
        return found

    def _pixmap(self, text: str, colour: QColor, style: _Style, width: int | None, ratio: float) -> QPixmap:
        key = (text, colour.rgba(), style, width, ratio)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        if len(self._kept) >= _KEPT:
            self._kept.popitem(last=False)
        letters, metrics = self._font(style)
        shown = text if width is None else metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        self.made += 1
        made = self._kept[key] = _drawn(shown, colour, letters, metrics, ratio)
        return made


def _drawn(text: str, colour: QColor, letters: QFont, metrics: QFontMetricsF, ratio: float) -> QPixmap:
    static = QStaticText(text)
    static.setTextFormat(Qt.TextFormat.PlainText)
    static.prepare(font=letters)
    width, height = metrics.horizontalAdvance(text) + 2 * _EDGE, metrics.height() + 2 * _EDGE
    pixmap = QPixmap(int(width * ratio) + 1, int(height * ratio) + 1)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setFont(letters)
        at = QPointF(_EDGE, _EDGE)
        painter.setPen(OUTLINE)
        for offset in AROUND:
            painter.drawStaticText(at + offset, static)
        painter.setPen(colour)
        painter.drawStaticText(at, static)
    return pixmap
