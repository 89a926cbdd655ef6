"""The angle a picture is turned to, typed in: seen at once, one step of the history, taken back by Cancel."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QInputDialog, QWidget

from workstation.ui.viewer import tools
from workstation.ui.viewer.model import Viewport


def ask_angle(viewport: Viewport, parent: QWidget | None) -> QInputDialog:
    """Ask for the degrees clockwise."""
    dialog = QInputDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(QCoreApplication.translate("angle", "Turn to an angle"))
    dialog.setLabelText(QCoreApplication.translate("angle", "Degrees clockwise from how it was acquired:"))
    dialog.setInputMode(QInputDialog.InputMode.DoubleInput)
    dialog.setDoubleRange(-180.0, 180.0)
    dialog.setDoubleDecimals(1)
    dialog.setDoubleStep(1.0)
    dialog.setDoubleValue(viewport.view.angle)
    viewport.begin_gesture()
    dialog.doubleValueChanged.connect(lambda angle: viewport.apply(lambda view: tools.turn_to(view, angle)))
    dialog.accepted.connect(viewport.end_gesture)
    dialog.rejected.connect(viewport.cancel_gesture)
    dialog.open()
    return dialog
