"""The cine part of the side panel."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QDoubleValidator, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QSlider, QStyle, QStyleOptionSlider, QToolButton, QVBoxLayout, QWidget

from workstation.ui.assets import DARK, icon
from workstation.ui.viewer.cine import FASTEST, SLOWEST, Pace
from workstation.ui.viewer.course import Course
from workstation.ui.viewer.keys import guard_keys
from workstation.ui.widgets.buttons import icon_button, label
from workstation.ui.widgets.layouts import row

_MARK = 2.0  # logical pixels wide


class RangeSlider(QSlider):
    """A slider that shows two marks and what lies between them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._marks: tuple[int, int] | None = None

    @property
    def marks(self) -> tuple[int, int] | None:
        return self._marks

    def show_marks(self, marks: tuple[int, int] | None) -> None:
        self._marks = marks
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._marks is None:
            return
        first, last = (self._x(value) for value in self._marks)
        middle, painter = self.height() / 2, QPainter(self)
        colour = QColor(DARK.amber)
        painter.fillRect(QRectF(first, self.height() - 3, last - first, _MARK), colour)
        for x in (first, last):
            painter.fillRect(QRectF(x - _MARK / 2, middle - 8, _MARK, middle + 8 - 1), colour)
        painter.end()

    def _x(self, value: int) -> float:
        """The middle of the handle when it stands at `value`."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        control = QStyle.ComplexControl.CC_Slider
        handle = self.style().subControlRect(control, option, QStyle.SubControl.SC_SliderHandle, self)
        room = self.width() - handle.width()
        return QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), value, room) + handle.width() / 2


class CineSection(QWidget):
    """Previous, play, next, where we are, how fast; the range that is played, and whether back and forth."""

    stepped = Signal(int)
    toggled = Signal()
    moved = Signal(int)
    rate_edited = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.play = icon_button("play", self.tr("Play"), self.toggled.emit)
        self.back = icon_button("previous", self.tr("Previous image"), lambda: self.stepped.emit(-1))
        self.forth = icon_button("next", self.tr("Next image"), lambda: self.stepped.emit(1))
        for one in (self.back, self.play, self.forth):
            one.setObjectName("tool")
            one.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider = RangeSlider()
        self.slider.setAccessibleName(self.tr("Image number"))
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.valueChanged.connect(self.moved)
        self.position = label("", "muted")
        self._rate = 0.0
        self.rate = QLineEdit()
        self.rate.setValidator(QDoubleValidator(SLOWEST, FASTEST, 1, self.rate))
        self.rate.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.rate.setAccessibleName(self.tr("Images per second"))
        self.rate.setFixedWidth(54)
        self.rate.editingFinished.connect(self._rate_typed)
        guard_keys(self.slider, self.rate)
        self.range = label("", "muted")
        self.pace = label("", "muted")
        self.pace.setAccessibleName(self.tr("Images per second shown"))
        self._tools = [QToolButton() for _ in range(4)]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(label(self.tr("CINE"), "caption"))
        layout.addLayout(
            row(
                self.back,
                self.play,
                self.forth,
                self.position,
                None,
                self.rate,
                label(self.tr("fps"), "muted"),
                spacing=4,
            )
        )
        layout.addWidget(self.slider)
        layout.addLayout(row(*self._tools, self.range, None, self.pace, spacing=4))

    def use(self, *actions: QAction) -> None:
        """The buttons below the slider: back and forth, from here, to here, all."""
        for tool, action in zip(self._tools, actions, strict=True):
            tool.setObjectName("tool")
            tool.setDefaultAction(action)
            tool.setIconSize(QSize(16, 16))
            tool.setAccessibleName(action.iconText())
            tool.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._tools[-1].hide()

    def show_course(self, course: Course, count: int, *, on_slider: bool = True) -> None:
        """The range that is played, of `count`; none when that is all."""
        whole = course.is_whole(count)
        self.slider.show_marks(None if whole or not on_slider else (course.first, course.last))
        self.range.setText("" if whole else f" {course.first + 1}–{course.last + 1}")
        self._tools[-1].setVisible(not whole)

    def show_pace(self, pace: Pace) -> None:
        """What is really shown; and of how many, when that is less than was due."""
        if pace.is_kept:
            self.pace.setText(self.tr("{shown} fps").format(shown=_rate_text(pace.shown)))
        else:
            words = self.tr("{shown} of {due} fps")
            self.pace.setText(words.format(shown=_rate_text(pace.shown), due=_rate_text(pace.due)))

    def show_position(self, index: int, count: int) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, count - 1))
            self.slider.setValue(index)
        self.position.setText(f"  {index + 1} / {count}" if count else "")
        for one in (self.back, self.play, self.forth, self.slider, self.rate):
            one.setEnabled(count > 1)

    def show_rate(self, rate: float) -> None:
        self._rate = rate
        self.rate.setText(f"{rate:.4g}")

    def _rate_typed(self) -> None:
        try:
            rate = float(self.rate.text().replace(",", "."))
        except ValueError:
            return
        if abs(rate - self._rate) > 0.05:
            self.rate_edited.emit(rate)

    def show_playing(self, playing: bool) -> None:
        self.play.setIcon(icon("pause" if playing else "play"))
        name = self.tr("Pause") if playing else self.tr("Play")
        self.play.setToolTip(name)
        self.play.setAccessibleName(name)
        self.pace.setText("")


def _rate_text(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 9.95 else f"{rate:.1f}"
