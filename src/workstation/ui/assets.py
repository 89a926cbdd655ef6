"""Colours, fonts, icons and the style sheet: how everything looks, in one place.

Colours are named for their use and were taken from the design pictures. Icons are SVG strokes in
`resources/icons`, recoloured when they are drawn, so that they are sharp at every scale.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from workstation.settings import resources

BASE_POINT_SIZE = 9.75  # 13 px at 96 dpi, the size in the design
SANS = ("Inter", "Noto Sans", "DejaVu Sans", "WenQuanYi Micro Hei", "Noto Sans CJK SC")
MONO = ("DejaVu Sans Mono", "Noto Sans Mono", "Menlo", "Consolas", "WenQuanYi Micro Hei Mono")


@dataclass(frozen=True, slots=True)
class Colours:
    """The dark theme. Text on its ground keeps at least 4.5:1 (a test computes it)."""

    rail: str = "#11151b"
    panel: str = "#171d25"
    base: str = "#151a21"
    well: str = "#0f1319"
    card: str = "#12171d"
    raised: str = "#1e2630"
    hover: str = "#26303c"
    selection: str = "#1b2a3f"
    line: str = "#1d242d"
    border: str = "#232b36"
    border_strong: str = "#2f3a48"
    text: str = "#e6eaf0"
    soft: str = "#a9b4c2"
    muted: str = "#8b97a7"
    disabled: str = "#5a6675"
    link: str = "#6cb2ff"
    accent: str = "#2f7de1"
    accent_hover: str = "#3d8bef"
    focus: str = "#6cb2ff"
    blue: str = "#6cb2ff"
    blue_back: str = "#13304f"
    green: str = "#4cc38a"
    green_back: str = "#12352a"
    green_edge: str = "#1f6b4f"
    red: str = "#f08080"
    red_back: str = "#3b1d1f"
    red_edge: str = "#7a3437"
    amber: str = "#f0c267"
    amber_back: str = "#2d2413"
    amber_edge: str = "#8a6a1f"
    grey: str = "#a9b4c2"
    grey_back: str = "#222b36"

    def tone(self, name: str) -> tuple[str, str]:
        """Text and ground of a pill of that tone: blue, green, red, amber, grey."""
        return getattr(self, name), getattr(self, f"{name}_back")


DARK = Colours()


@lru_cache(maxsize=128)
def _svg(name: str) -> str:
    return (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def pixmap(name: str, size: int, colour: str = DARK.text, ratio: float = 1.0) -> QPixmap:
    """The icon `name` in `colour`, `size` logical pixels square."""
    return _drawn(_renderer(name, colour), size, ratio)


def _renderer(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_svg(name).replace('stroke="#000"', f'stroke="{colour}"').encode()))


def _drawn(renderer: QSvgRenderer, size: int, ratio: float) -> QPixmap:
    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer.render(painter, QRectF(0, 0, picture.width(), picture.height()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


class _Drawing(QIconEngine):
    """Draws an icon when and as large as it is shown: a window has two hundred, and most of them are never seen."""

    def __init__(self, name: str, colour: str, checked: str, disabled: str) -> None:
        super().__init__()
        self._arguments = (name, colour, checked, disabled)

    def clone(self) -> QIconEngine:
        return _Drawing(*self._arguments)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        name, colour, checked, disabled = self._arguments
        shade = checked if state is QIcon.State.On else disabled if mode is QIcon.Mode.Disabled else colour
        return _square(name, shade, max(1, min(size.width(), size.height())))

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatioF()
        side = min(rect.width(), rect.height())
        picture = self.pixmap(QSize(round(side * ratio), round(side * ratio)), mode, state)
        place = QRect(0, 0, side, side)
        place.moveCenter(rect.center())
        painter.drawPixmap(place, picture)


@lru_cache(maxsize=512)
def _square(name: str, colour: str, side: int) -> QPixmap:
    return _drawn(_renderer(name, colour), side, 1.0)


def icon(name: str, colour: str = DARK.text, checked: str = DARK.link, disabled: str = DARK.disabled) -> QIcon:
    """The icon `name` with its checked and disabled colours, for buttons and actions."""
    return QIcon(_Drawing(name, colour, checked, disabled))


def spaced_icon(name: str, colour: str = DARK.text, size: int = 16, gap: int = 4) -> QIcon:
    """The icon with room at its right, since Qt sets text too close to it; `size + gap` wide."""
    result = QIcon()
    modes = ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, DARK.disabled))
    for ratio in (1.0, 2.0):
        for mode, shade in modes:
            wide = QPixmap(QSize(round((size + gap) * ratio), round(size * ratio)))
            wide.fill(Qt.GlobalColor.transparent)
            painter = QPainter(wide)
            painter.drawPixmap(0, 0, pixmap(name, round(size * ratio), shade))
            painter.end()
            wide.setDevicePixelRatio(ratio)
            result.addPixmap(wide, mode)
    return result


def dot(colour: str, size: int = 8, ratio: float = 2.0) -> QPixmap:
    """A filled circle: the state of a node beside its name."""
    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(QRectF(0, 0, picture.width(), picture.height()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def load_fonts() -> None:
    """Make the bundled fonts known to this application."""
    for path in sorted((resources() / "fonts").glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(path))


def font(size: float = 1.0, *, strong: bool = False, mono: bool = False) -> QFont:
    """The application's font, `size` times as large."""
    result = QFont(QApplication.font())
    if mono:
        result.setFamilies(list(MONO))
        result.setPointSizeF(result.pointSizeF() * 0.94)
    result.setPointSizeF(result.pointSizeF() * size)
    if strong:
        result.setWeight(QFont.Weight.DemiBold)
    return result


def dark_palette(colours: Colours = DARK) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for name, colour in {
        role.Window: colours.panel,
        role.WindowText: colours.text,
        role.Base: colours.well,
        role.AlternateBase: colours.card,
        role.Text: colours.text,
        role.Button: colours.raised,
        role.ButtonText: colours.text,
        role.BrightText: "#ffffff",
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text,
        role.PlaceholderText: colours.muted,
        role.Highlight: colours.accent,
        role.HighlightedText: "#ffffff",
        role.Link: colours.link,
        role.LinkVisited: colours.link,
        role.Light: colours.border_strong,
        role.Midlight: colours.border,
        role.Mid: colours.border,
        role.Dark: colours.rail,
        role.Shadow: "#000000",
        role.Accent: colours.accent,
    }.items():
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(colours.disabled))
    return palette


def style_sheet(colours: Colours = DARK) -> str:
    """`resources/theme/theme.qss` with its @names filled in."""
    base = QApplication.font().pointSizeF()
    icons = resources() / "theme"
    values = asdict(colours) | {
        "tiny": f"{base * 0.8:.2f}pt",
        "small": f"{base * 0.86:.2f}pt",
        "title": f"{base * 1.17:.2f}pt",
        "mono": ", ".join(f'"{family}"' for family in MONO),
    }
    values |= {name: _url(icons / f"{name}.svg") for name in ("chevron_up", "chevron_down", "check")}
    text = (resources() / "theme" / "theme.qss").read_text(encoding="utf-8")
    return re.sub(r"@(\w+)", lambda match: values[match.group(1)] if match.group(1) in values else match.group(0), text)


def _url(path: Path) -> str:
    return f'"{path.as_posix()}"'


def apply_theme(application: QApplication, colours: Colours = DARK) -> None:
    """Fusion, our palette, our fonts; a larger system font is honoured."""
    load_fonts()
    base = QFont(application.font())
    base.setFamilies(list(SANS))
    base.setHintingPreference(QFont.HintingPreference.PreferNoHinting)  # the strokes of the design
    base.setPointSizeF(max(BASE_POINT_SIZE, application.font().pointSizeF()))
    application.setFont(base)
    application.setStyle("Fusion")
    application.styleHints().setColorScheme(Qt.ColorScheme.Dark)
    application.setPalette(dark_palette(colours))
    application.setStyleSheet(style_sheet(colours))
