"""Beside the pictures: window presets, histogram with level and width, cine, attributes of the image."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDoubleValidator, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workstation.imaging.frame import Window
from workstation.ui.assets import DARK
from workstation.ui.viewer.annotations.section import MeasurementsSection
from workstation.ui.viewer.attributes import AttributesList
from workstation.ui.viewer.cine_section import CineSection
from workstation.ui.viewer.histogram import HistogramView
from workstation.ui.viewer.keys import guard_keys
from workstation.ui.widgets.buttons import button, label
from workstation.ui.widgets.fields import TextField
from workstation.ui.widgets.layouts import clear, row

WIDTH = 280
NARROWEST, WIDEST = 240, 640
_COLUMNS = 2
_PRESET_EDGES = 20  # padding and border, as the style has them
_PRESET_STYLE = f"""
QPushButton {{ background: transparent; text-align: left; padding: 4px 9px; border: 1px solid {DARK.border_strong};
border-radius: 6px; }}
QPushButton:hover {{ background: {DARK.hover}; }}
QPushButton:checked {{ background: {DARK.selection}; border-color: {DARK.accent}; color: {DARK.link}; }}
QPushButton:focus {{ border: 2px solid {DARK.focus}; padding: 3px 8px; }}
"""


class PresetButton(QPushButton):
    """A preset by its number and as much of its name as there is room for; all of it in the tool tip."""

    def __init__(self, number: int, name: str) -> None:
        super().__init__()
        self._words = f"{number}  {name}"
        self.setStyleSheet(_PRESET_STYLE)
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # columns of one width
        self.setToolTip(name)
        self.setAccessibleName(self._words)
        self.setText(self._words.replace("&", "&&"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = event.size().width() - _PRESET_EDGES
        shown = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room)
        self.setText(shown.replace("&", "&&"))


class WindowSection(QWidget):
    """Presets, histogram, level and width."""

    preset_chosen = Signal(int)  # from 0, in the order given
    window_edited = Signal(float, float)  # centre, width
    entered = Signal()  # Return was pressed in a field

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[QPushButton] = []
        self._names: tuple[str, ...] = ()
        self._grid = QGridLayout()
        self._grid.setSpacing(5)
        for number in range(_COLUMNS):
            self._grid.setColumnStretch(number, 1)
        self.histogram = HistogramView()
        self.level_field, self.width_field = TextField(self.tr("Level")), TextField(self.tr("Width"))
        for field, name in ((self.level_field, self.tr("Window level")), (self.width_field, self.tr("Window width"))):
            field.edit.setValidator(QDoubleValidator(field))
            field.edit.setAccessibleName(name)
            field.edit.editingFinished.connect(self._edited)
            field.edit.returnPressed.connect(self.entered)
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
            preset = PresetButton(number + 1, name)
            preset.clicked.connect(partial(self._choose, number))
            self._grid.addWidget(preset, number // _COLUMNS, number % _COLUMNS)
            self._buttons.append(preset)

    def _choose(self, number: int, _checked: bool = False) -> None:
        self.preset_chosen.emit(number)

    def check_preset(self, chosen: int | None) -> None:
        for number, preset in enumerate(self._buttons):
            preset.setChecked(number == chosen)

    def show_window(self, window: Window | None) -> None:
        self._shown = (window.center, window.width) if window else None
        for field, value in zip((self.level_field, self.width_field), self._shown or (None, None), strict=True):
            field.setEnabled(window is not None)
            if not field.edit.hasFocus() and not field.edit.isModified():  # what is being typed is the user's
                field.edit.setText("" if value is None or window is None else _field_text(value, window.width))
        self.histogram.show_window(window)

    def _edited(self) -> None:
        try:
            asked = (_number(self.level_field.text), _number(self.width_field.text))
        except ValueError:
            return
        for field in (self.level_field, self.width_field):
            field.edit.setModified(False)
        if asked[1] > 0 and asked != self._shown:
            self.window_edited.emit(*asked)


class SidePanel(QFrame):
    private_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("detail")
        self.setMinimumWidth(NARROWEST)
        self.setMaximumWidth(WIDEST)
        self._wanted = WIDTH
        self.window_section = WindowSection()
        self.measurements = MeasurementsSection()
        self.cine_section = CineSection()
        self.attributes = AttributesList()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.window_section)
        layout.addSpacing(8)
        layout.addWidget(self.measurements)
        layout.addWidget(self.cine_section)
        layout.addSpacing(8)
        self.compare = button(self.tr("Compare"), look="link")
        self.compare.setMenu(self.attributes.compare_menu)
        self.compare.setToolTip(self.tr("Set the attributes of another image or series beside these"))
        self.compare.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout.addLayout(row(section(self.tr("DICOM ATTRIBUTES")), None, self.compare))
        self._hidden = label(self.tr("Hidden in the privacy view"), "muted")
        self._hidden.hide()
        layout.addWidget(self._hidden)
        layout.addWidget(self.attributes, 1)
        self._rest = QWidget()  # what the attributes leave when they are hidden, or everything above would spread
        self._rest.hide()
        layout.addWidget(self._rest, 1)

    def want_width(self, width: int) -> None:
        """As wide as the user wants it from now on."""
        self._wanted = min(max(width, NARROWEST), WIDEST)
        self.updateGeometry()

    @property
    def width_wanted(self) -> int:
        """What the user dragged it to."""
        return self._wanted

    def sizeHint(self) -> QSize:
        return QSize(self._wanted, super().sizeHint().height())

    def set_private(self, private: bool) -> None:
        """The attributes tell who the picture is of."""
        self.attributes.setVisible(not private)
        self._hidden.setVisible(private)
        self._rest.setVisible(private)
        self.compare.setVisible(not private)
        self.private_changed.emit(private)


def _number(text: str) -> float:
    """With a point or a comma, whichever was typed."""
    return float(text.replace(",", "."))


def _field_text(value: float, width: float) -> str:
    """With as many decimals as the width makes worth while."""
    return f"{value:.0f}" if width >= 50 else f"{value:.5g}"


def section(title: str) -> QWidget:
    return label(title, "caption")
