"""The list of steps at the left: a number or a tick, the name, and which one is open."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QToolButton

from workstation.ui.assets import DARK, font, pixmap
from workstation.ui.export_wizard.model import STEPS, RunState, Step, Wizard, complete, reachable
from workstation.ui.export_wizard.preview_model import translate
from workstation.ui.widgets.layouts import column

WIDTH = 190
_CIRCLE = 22


class StepButton(QToolButton):
    """One step: open, done, still to come, or out of reach."""

    def __init__(self, step: Step, title: str) -> None:
        super().__init__()
        self._number = int(step)
        self._title = title
        self._done = False
        self.setObjectName("step")
        self.setText(title)
        self.setCheckable(True)
        self.setFixedHeight(42)
        self.setMinimumWidth(WIDTH - 20)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_state(self, *, current: bool, done: bool, enabled: bool) -> None:
        self._done = done
        self.setChecked(current)
        self.setEnabled(enabled)
        words = self.tr("open") if current else self.tr("done") if done else ""
        self.setAccessibleName(", ".join(part for part in (f"{self._number} {self._title}", words) if part))
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH - 20, 42)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        current = self.isChecked()
        if current or (self.underMouse() and self.isEnabled()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(DARK.selection if current else DARK.raised))
            painter.drawRoundedRect(body, 8, 8)
        if self.hasFocus():
            painter.setPen(QPen(QColor(DARK.focus), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(body, 8, 8)
        shade = DARK.link if current else DARK.soft if self.isEnabled() else DARK.disabled
        circle = QRectF(12, (self.height() - _CIRCLE) / 2, _CIRCLE, _CIRCLE)
        painter.setPen(QPen(QColor(shade), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(circle)
        if self._done and not current:
            picture = pixmap("check", 12, shade, self.devicePixelRatioF())
            painter.drawPixmap(circle.center().toPoint().x() - 6, circle.center().toPoint().y() - 6, picture)
        else:
            painter.setFont(font(0.86))
            painter.setPen(QColor(shade))
            painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, str(self._number))
        painter.setFont(font())
        painter.setPen(QColor(shade))
        words = QRectF(circle.right() + 10, 0, self.width() - circle.right() - 14, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self._title)


class StepList(QFrame):
    def __init__(self, wizard: Wizard) -> None:
        super().__init__()
        self._wizard = wizard
        self.setObjectName("steps")
        self.setStyleSheet(f"QFrame#steps {{ border: none; border-right: 1px solid {DARK.border}; }}")
        self.setFixedWidth(WIDTH)
        self.setAccessibleName(self.tr("Steps"))
        self.buttons = {one.step: StepButton(one.step, translate(one.title)) for one in STEPS}
        for step, button in self.buttons.items():
            button.clicked.connect(lambda _checked=False, step=step: self._go_to(step))
        self.setLayout(column(*self.buttons.values(), None, spacing=0, margins=(10, 14, 10, 10)))
        wizard.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        state = self._wizard.state
        locked = state.run is RunState.RUNNING
        for step, button in self.buttons.items():
            current = step is state.step
            passed = complete(state, step) and (step < state.step or step < state.furthest)
            done = passed if step is not Step.RUN else state.run is RunState.DONE
            button.show_state(current=current, done=done, enabled=current or (not locked and reachable(state, step)))

    def _go_to(self, step: Step) -> None:
        self._wizard.go_to(step)
        self.refresh()  # a click checks the button whether or not the step was entered
