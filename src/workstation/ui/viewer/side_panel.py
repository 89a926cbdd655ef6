"""Beside the pictures: window presets, histogram with level and width, cine, attributes of the image."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QDoubleSpinBox, QFrame, QGridLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from workstation.imaging.frame import Window
from workstation.ui.assets import icon
from workstation.ui.viewer.attributes import AttributesList
from workstation.ui.viewer.cine import FASTEST, SLOWEST
from workstation.ui.viewer.histogram import HistogramView
from workstation.ui.viewer.keys import guard_keys
from workstation.ui.widgets.buttons import button, icon_button, label
from workstation.ui.widgets.fields import TextField
from workstation.ui.widgets.layouts import clear, row

WIDTH = 262
_COLUMNS = 2


class WindowSection(QWidget):
    """Presets, histogram, level and width."""

    preset_chosen = Signal(int)  # from 0, in the order given
    window_edited = Signal(float, float)  # centre, width

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[QPushButton] = []
        self._names: tuple[str, ...] = ()
        self._grid = QGridLayout()
        self._grid.setSpacing(6)
        self.histogram = HistogramView()
        self.level_field, self.width_field = TextField(self.tr("Level")), TextField(self.tr("Width"))
        for field, name in ((self.level_field, self.tr("Window level")), (self.width_field, self.tr("Window width"))):
            field.edit.setValidator(QDoubleValidator(field))
            field.edit.setAccessibleName(name)
            field.edit.editingFinished.connect(self._edited)
            guard_keys(field.edit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(section(self.tr("WINDOW")))
        layout.addLayout(self._grid)
        layout.addWidget(self.histogram)
        layout.addLayout(row(self.level_field, self.width_field))
        self._shown: tuple[float, float] | None = None

    def set_presets(self, names: Sequence[str]) -> None:
        """At most nine, on the keys 1 to 9."""
        if tuple(names) == self._names:
            return
        self._names = tuple(names)
        clear(self._grid)
        self._buttons = []
        for number, name in enumerate(names[:9]):
            preset = button(f"{number + 1}  {name}", clicked=partial(self.preset_chosen.emit, number))
            preset.setObjectName("preset")
            preset.setCheckable(True)
            preset.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            preset.setMinimumWidth(10)
            preset.setToolTip(name)
            self._grid.addWidget(preset, number // _COLUMNS, number % _COLUMNS)
            self._buttons.append(preset)

    def check_preset(self, chosen: int | None) -> None:
        for number, preset in enumerate(self._buttons):
            preset.setChecked(number == chosen)

    def show_window(self, window: Window | None) -> None:
        self._shown = (window.center, window.width) if window else None
        for field, value in ((self.level_field, window and window.center), (self.width_field, window and window.width)):
            field.setEnabled(window is not None)
            if not field.edit.hasFocus():
                field.edit.setText("" if value is None else f"{value:.6g}")
        self.histogram.show_window(window)

    def _edited(self) -> None:
        try:
            asked = (float(self.level_field.text), float(self.width_field.text))
        except ValueError:
            return
        if asked[1] > 0 and asked != self._shown:
            self.window_edited.emit(*asked)


class CineSection(QWidget):
    """Previous, play, next, where we are, and how fast."""

    stepped = Signal(int)
    toggled = Signal()
    moved = Signal(int)
    rate_edited = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.play = icon_button("play", self.tr("Play"), self.toggled.emit)
        back = icon_button("previous", self.tr("Previous image"), lambda: self.stepped.emit(-1))
        forth = icon_button("next", self.tr("Next image"), lambda: self.stepped.emit(1))
        for one in (back, self.play, forth):
            one.setObjectName("tool")
            one.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(self.tr("Image number"))
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.valueChanged.connect(self.moved)
        self.rate = QDoubleSpinBox()
        self.rate.setRange(SLOWEST, FASTEST)
        self.rate.setDecimals(1)
        self.rate.setSuffix(self.tr(" fps"))
        self.rate.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        self.rate.setKeyboardTracking(False)
        self.rate.setAccessibleName(self.tr("Images per second"))
        self.rate.setFixedWidth(74)
        self.rate.valueChanged.connect(self.rate_edited)
        guard_keys(self.slider, self.rate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(section(self.tr("CINE")))
        layout.addLayout(row(back, self.play, forth, self.slider, self.rate, spacing=4))

    def show_position(self, index: int, count: int) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, count - 1))
            self.slider.setValue(index)

    def show_rate(self, rate: float) -> None:
        with QSignalBlocker(self.rate):
            self.rate.setValue(rate)

    def show_playing(self, playing: bool) -> None:
        self.play.setIcon(icon("pause" if playing else "play"))
        name = self.tr("Pause") if playing else self.tr("Play")
        self.play.setToolTip(name)
        self.play.setAccessibleName(name)


class SidePanel(QFrame):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("detail")
        self.setFixedWidth(WIDTH)
        self.window_section = WindowSection()
        self.cine_section = CineSection()
        self.attributes = AttributesList()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.window_section)
        layout.addSpacing(8)
        layout.addWidget(self.cine_section)
        layout.addSpacing(8)
        layout.addWidget(section(self.tr("DICOM ATTRIBUTES")))
        layout.addWidget(self.attributes, 1)


def section(title: str) -> QWidget:
    return label(title, "caption")
