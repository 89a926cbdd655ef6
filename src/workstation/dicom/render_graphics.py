"""Painting the graphics of a presentation state into a picture without a window, with Pillow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.graphic_paths import Brush, Drawing, Label, Path, Pen, Points
from workstation.imaging.graphic_texts import connector, text_place, text_size
from workstation.imaging.graphics import Rgb, Shadow

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

Picture = NDArray[np.uint8]
_FINER = 4  # times, before lines are made smooth
_MOST_FINE = 1 << 26  # pixels of one graphic that are worth it
_DARK = 60  # luminance below which an edge has to be light
_TEXT_PX = 13.0
_PATTERN_SIDE = 32
_MOST_DASHES = 20_000  # of one line; more cannot be told apart
# The first one that the computer has; Pillow's own has no more than Latin letters.
_FONTS = {
    (False, False): ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf"),
    (True, False): ("DejaVuSans-Bold.ttf", "NotoSans-Bold.ttf", "LiberationSans-Bold.ttf", "Arial Bold.ttf"),
    (False, True): ("DejaVuSans-Oblique.ttf", "NotoSans-Italic.ttf", "LiberationSans-Italic.ttf", "Arial Italic.ttf"),
    (True, True): (
        "DejaVuSans-BoldOblique.ttf",
        "NotoSans-BoldItalic.ttf",
        "LiberationSans-BoldItalic.ttf",
        "Arial Bold Italic.ttf",
    ),
}


def with_graphics(picture: Picture, found: Sequence[Drawing], ratio: float = 1.0) -> Picture:
    """A picture (height, width) or (height, width, 3) with what is drawn over it; itself where that is nothing.

    It is one of colours afterwards. By `ratio` texts are larger than on a screen.
    """
    if not any(drawing.paths or drawing.labels for drawing in found):
        return picture
    from PIL import Image  # noqa: PLC0415 - only the command line needs it

    painter = _Painter(Image.fromarray(np.ascontiguousarray(picture)).convert("RGB"), ratio)
    for drawing in found:
        for path in drawing.paths:
            painter.path(path)
        for label in drawing.labels:
            painter.label(label)
    return np.asarray(painter.image)


class _Painter:
    def __init__(self, image: Image, ratio: float) -> None:
        self.image, self._ratio = image, ratio
        self._fonts: dict[tuple[bool, bool, int], FreeTypeFont | ImageFont] = {}

    # --- lines -------------------------------------------------------------------------------

    def path(self, path: Path) -> None:
        pen = path.pen
        if pen.shadow is not None:
            self._shadow(path.lines, pen.width, pen.shadow)
        if path.brush is not None:
            self._fill(path.lines, path.brush)
        if pen.edged:
            self._stroke(path.lines, pen.width + 2 * self._ratio, _edge_of(pen.colour), 0.8)
        if pen.dashes and pen.off_colour is not None and pen.off_opacity > 0:
            self._stroke(path.lines, pen.width, pen.off_colour, pen.off_opacity)
        self._stroke(_dashed(path.lines, pen), pen.width, pen.colour, pen.opacity)

    def _shadow(self, lines: Sequence[Points], width: float, shadow: Shadow) -> None:
        if shadow.outlined:
            self._stroke(lines, width + 2 * math.hypot(*shadow.offset), shadow.colour, shadow.opacity)
        else:
            self._stroke([line + np.array(shadow.offset) for line in lines], width, shadow.colour, shadow.opacity)

    def _stroke(self, lines: Sequence[Points], width: float, colour: Rgb, opacity: float) -> None:
        self._mask(lines, width, colour, opacity, filled=False)

    def _fill(self, lines: Sequence[Points], brush: Brush) -> None:
        if brush.pattern and brush.off_colour is not None and brush.off_opacity > 0:
            off = bytes(~byte & 0xFF for byte in brush.pattern)
            self._mask(lines, 0.0, brush.off_colour, brush.off_opacity, filled=True, pattern=off)
        self._mask(lines, 0.0, brush.colour, brush.opacity, filled=True, pattern=brush.pattern)

    def _mask(
        self, lines: Sequence[Points], width: float, colour: Rgb, opacity: float, *, filled: bool, pattern: bytes = b""
    ) -> None:
        """Paint `colour` where the lines go, drawn larger and made smaller so that they are smooth."""
        from PIL import Image, ImageDraw  # noqa: PLC0415 - only the command line needs it

        box = self._box(lines, width)
        if box is None:
            return
        left, top, right, bottom = box
        finer = _FINER if (right - left) * (bottom - top) * _FINER**2 <= _MOST_FINE else 1
        mask = Image.new("L", ((right - left) * finer, (bottom - top) * finer), 0)
        draw = ImageDraw.Draw(mask)
        for line in lines:
            points = [((across - left) * finer, (down - top) * finer) for across, down in _near(line, box, width)]
            if filled and len(points) >= 3:
                draw.polygon(points, fill=255)
            elif not filled and len(points) >= 2:
                _round_line(draw, points, max(1, round(width * finer)))
        small = mask.resize((right - left, bottom - top), Image.Resampling.BOX) if finer > 1 else mask
        covered = np.asarray(small, np.float32) * opacity
        if pattern:
            covered = covered * _stippled(pattern, box)
        self.image.paste(colour, (left, top, right, bottom), Image.fromarray(np.rint(covered).astype(np.uint8)))

    def _box(self, lines: Sequence[Points], width: float) -> tuple[int, int, int, int] | None:
        """The part of the picture that the lines touch."""
        shown = [line for line in lines if len(line)]
        if not shown:
            return None
        every = np.concatenate(shown)
        reach = width / 2 + 2
        low = np.maximum(np.floor(every.min(axis=0) - reach), 0).astype(int)
        high = np.minimum(np.ceil(every.max(axis=0) + reach), self.image.size).astype(int)
        return None if (high <= low).any() else (int(low[0]), int(low[1]), int(high[0]), int(high[1]))

    # --- texts -------------------------------------------------------------------------------

    def label(self, label: Label) -> None:
        from PIL import ImageDraw  # noqa: PLC0415 - only the command line needs it

        draw = ImageDraw.Draw(self.image)

        def measure(times: float) -> tuple[float, float]:
            letters = self._font(label, times)
            return max(draw.textlength(line, letters) for line in label.lines), _height(letters) * len(label.lines)

        times = text_size(label, measure)
        place = text_place(label, measure(times), self.image.size, self._ratio)
        line = connector(label, place)
        if line is not None:
            self.path(Path((np.array(line),), Pen(label.colour, self._ratio, edged=label.edged)))
        self._letters(label, self._font(label, times), place)

    def _letters(self, label: Label, letters: FreeTypeFont | ImageFont, place: tuple[float, ...]) -> None:
        from PIL import Image, ImageDraw  # noqa: PLC0415 - only the command line needs it

        shadow = label.shadow
        if shadow is not None and not shadow.outlined:
            self._lines(label, letters, place, shadow.colour, shadow.opacity, shadow.offset)
        reach = self._ratio if label.edged else 0.0
        colour, opacity = _edge_of(label.colour), 0.8
        if shadow is not None and shadow.outlined:
            reach, colour, opacity = math.hypot(*shadow.offset), shadow.colour, shadow.opacity
        if reach:
            mask = Image.new("L", self.image.size, 0)
            self._write(ImageDraw.Draw(mask), label, letters, place, stroke=max(1, round(reach)))
            self._blend(mask, colour, opacity)
        self._lines(label, letters, place, label.colour, 1.0, (0.0, 0.0))

    def _lines(  # noqa: PLR0917
        self,
        label: Label,
        letters: FreeTypeFont | ImageFont,
        place: tuple[float, ...],
        colour: Rgb,
        opacity: float,
        offset: tuple[float, float],
    ) -> None:
        from PIL import Image, ImageDraw  # noqa: PLC0415 - only the command line needs it

        mask = Image.new("L", self.image.size, 0)
        moved = (place[0] + offset[0], place[1] + offset[1], place[2] + offset[0], place[3] + offset[1])
        self._write(ImageDraw.Draw(mask), label, letters, moved)
        self._blend(mask, colour, opacity)

    def _write(self, draw: object, label: Label, letters: object, place: tuple[float, ...], stroke: int = 0) -> None:
        height = _height(letters)
        for row, line in enumerate(label.lines):
            width = draw.textlength(line, letters)  # type: ignore[attr-defined]
            spare = place[2] - place[0] - width
            across = round(place[0] + {"CENTER": spare / 2, "RIGHT": spare}.get(label.horizontal, 0.0))
            down = round(place[1] + row * height)
            draw.text((across, down), line, fill=255, font=letters, stroke_width=stroke)  # type: ignore[attr-defined]
            if label.underlined:
                under = down + round(height * 0.9)
                draw.line((across, under, across + width, under), fill=255, width=1 + 2 * stroke)  # type: ignore[attr-defined]

    def _blend(self, mask: Image, colour: Rgb, opacity: float) -> None:
        faint = mask if opacity >= 1 else mask.point([round(level * opacity) for level in range(256)])
        self.image.paste(colour, (0, 0, *self.image.size), faint)

    def _font(self, label: Label, times: float) -> FreeTypeFont | ImageFont:
        from PIL import ImageFont  # noqa: PLC0415 - only the command line needs it

        key = (label.bold, label.italic, round(_TEXT_PX * times * self._ratio))
        if key not in self._fonts:
            self._fonts[key] = _first_font(_FONTS[label.bold, label.italic], key[2]) or ImageFont.load_default(key[2])
        return self._fonts[key]


def _first_font(names: Sequence[str], size: int) -> FreeTypeFont | None:
    from PIL import ImageFont  # noqa: PLC0415 - only the command line needs it

    for name in names:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return None


def _height(letters: object) -> float:
    """Of a line."""
    if not hasattr(letters, "getmetrics"):
        return _TEXT_PX
    ascent, descent = letters.getmetrics()
    return float(ascent + descent)


def _edge_of(rgb: Rgb) -> Rgb:
    """Dark around light colours, light around dark ones."""
    red, green, blue = rgb
    return (0, 0, 0) if 0.299 * red + 0.587 * green + 0.114 * blue >= _DARK else (255, 255, 255)


def _round_line(draw: object, points: Sequence[tuple[float, float]], width: int) -> None:
    """With joints that are round, as the window has them."""
    draw.line(points, fill=255, width=width, joint="curve")  # type: ignore[attr-defined]


def _near(line: Points, box: tuple[int, int, int, int], width: float) -> list[tuple[float, float]]:
    """Without the far ends of lines that leave the picture: what is drawn larger would overflow."""
    low, high = np.array(box[:2]) - 8 * width - 4096, np.array(box[2:]) + 8 * width + 4096
    if (line >= low).all() and (line <= high).all():
        return [(across, down) for across, down in line.tolist()]
    kept: list[tuple[float, float]] = []
    for first, last in pairwise(line):
        piece = _clipped(first, last, low, high)
        kept += [point for point in piece if not kept or point != kept[-1]]
    return kept


def _clipped(first: Points, last: Points, low: Points, high: Points) -> list[tuple[float, float]]:
    """The part of a straight piece that lies in a box (Liang and Barsky)."""
    begin, end, along = 0.0, 1.0, last - first
    for axis in (0, 1):
        for step, room in ((-along[axis], first[axis] - low[axis]), (along[axis], high[axis] - first[axis])):
            if step == 0:
                if room < 0:
                    return []
            elif step < 0:
                begin = max(begin, room / step)
            else:
                end = min(end, room / step)
    if begin > end:
        return []
    ends = (first + begin * along).tolist(), (first + end * along).tolist()
    return [(across, down) for across, down in ends]


def _dashed(lines: Sequence[Points], pen: Pen) -> list[Points]:
    """The pieces that are drawn of a dashed line."""
    if not pen.dashes:
        return list(lines)
    return [piece for line in lines for piece in _pieces(line, pen)]


def _pieces(line: Points, pen: Pen) -> list[Points]:
    at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    edges = np.cumsum([0.0, *pen.dashes])
    period, found = float(edges[-1]), []
    first = math.floor(pen.dash_offset / period)
    for number in range(first, first + math.ceil((float(at[-1]) + pen.dash_offset) / period) + 1):
        for begin, end in zip(edges[:-1:2], edges[1::2], strict=False):
            low = max(0.0, number * period + float(begin) - pen.dash_offset)
            high = min(float(at[-1]), number * period + float(end) - pen.dash_offset)
            if high > low:
                inner = at[(at > low) & (at < high)]
                where = np.concatenate([[low], inner, [high]])
                found.append(np.stack([np.interp(where, at, line[:, axis]) for axis in (0, 1)], axis=1))
        if len(found) > _MOST_DASHES:
            return [line]
    return found


def _stippled(pattern: bytes, box: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """The pattern, from the corner of the picture on."""
    bits = np.unpackbits(np.frombuffer(pattern, np.uint8)).reshape(_PATTERN_SIDE, _PATTERN_SIDE)
    left, top, right, bottom = box
    rows, columns = np.arange(top, bottom) % _PATTERN_SIDE, np.arange(left, right) % _PATTERN_SIDE
    return bits[np.ix_(rows, columns)].astype(np.float32)
