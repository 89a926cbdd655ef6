"""The viewport on the screen: paints what `compose` made, and turns the mouse into changes of the viewport.

It computes nothing of the picture itself, which is `Picture`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QEnterEvent,
    QHideEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from workstation.settings import MouseProfile
from workstation.ui.viewer.ahead import Ahead
from workstation.ui.viewer.furniture import Density
from workstation.ui.viewer.gestures import Drag, carry_out, tool_of
from workstation.ui.viewer.model import Tool, Viewport
from workstation.ui.viewer.paint import paint_frame, paint_furniture, paint_picture
from workstation.ui.viewer.picture import Picture
from workstation.ui.viewer.pointer import PointerLayer, PointerLayers
from workstation.ui.viewer.reference_lines import Guides, paint_guides
from workstation.ui.viewer.series_model import MIME_TYPE
from workstation.ui.viewer.surroundings import furnish
from workstation.ui.viewer.texts import Texts

if TYPE_CHECKING:
    from workstation.ui.viewer.graphic_marks import GraphicMarks

WHEEL_NOTCH = 120
ZOOM_PER_NOTCH = 1.15


class Canvas(QWidget):
    """One viewport."""

    activated = Signal()
    maximise_asked = Signal()
    menu_asked = Signal(QPoint)
    dropped = Signal(str)  # the uid of a display set
    pointed_at = Signal(object)  # device pixels of the cursor all viewports share, None when it is gone
    painted = Signal()

    def __init__(
        self,
        viewport: Viewport,
        parent: QWidget | None = None,
        *,
        mouse: Callable[[], MouseProfile] = lambda: MouseProfile.STANDARD,
        ahead: Ahead | None = None,
    ) -> None:
        super().__init__(parent)
        self.viewport = viewport
        self._mouse = mouse
        self._tool = Tool.WINDOW
        self._density = Density.FULL
        self._private = False
        self._active = False
        self._drop_target = False
        self._picture = Picture(viewport, ahead, self)
        self._picture.better.connect(self.update)
        self._drag: Drag | None = None
        self._texts = Texts()
        self._layers = PointerLayers()
        self._guides = Guides()
        self._marks: GraphicMarks | None = None
        self._points = False
        self._pointer: QPointF | None = None
        self._wheel = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(80, 60)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAcceptDrops(True)
        self.setAccessibleName(self.tr("Image"))
        viewport.changed.connect(self.update)
        viewport.display_set_changed.connect(self._let_go)

    # --- what the page sets ------------------------------------------------------------------

    def set_tool(self, tool: Tool) -> None:
        self._tool = tool
        self._layers.choose(tool)
        self._point_at(None)

    def set_layers(self, layers: Sequence[PointerLayer]) -> None:
        """The tools that work on the picture itself; the first is painted on top and asked first."""
        self._layers = PointerLayers(layers)
        self._layers.choose(self._tool)
        self.update()

    def set_guides(self, guides: Guides) -> None:
        """Lines of the image worked in, and the cursor all viewports share."""
        if guides != self._guides:
            self._guides = guides
            self.update()

    @property
    def guides(self) -> Guides:
        return self._guides

    def set_density(self, density: Density) -> None:
        self._density = density
        self.update()

    def set_active(self, active: bool) -> None:
        self._active = active
        self.update()

    def set_private(self, private: bool) -> None:
        """Whether it is kept back who the picture is of."""
        self._private = private
        self.update()

    @property
    def density(self) -> Density:
        return self._density

    @property
    def is_draft(self) -> bool:
        """Whether the picture is one for the moment, to be composed well in a moment."""
        return self._picture.is_draft

    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        """The composed picture as it is painted, for tests and screenshots."""
        self._picture.image(self._device_size(), self.devicePixelRatioF())
        return self._picture.pixels

    # --- painting ----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            picture = self._picture.image(self._device_size(), self.devicePixelRatioF())
            if picture is None:
                painter.fillRect(self.rect(), QColor(0, 0, 0))
            else:
                paint_picture(painter, picture)
                if self.viewport.presentation is not None:
                    self._paint_graphics(painter)
                paint_guides(painter, self.viewport, self._guides, self.devicePixelRatioF())
                self._layers.paint(painter)
            area = QRectF(self.rect())
            ratio, private = self.devicePixelRatioF(), self._private
            furniture = furnish(self.viewport, self._density, ratio, self.point(), private=private)
            paint_furniture(painter, area, furniture, self._texts)
            if self._active or self._drop_target:
                paint_frame(painter, area, filled=self._drop_target)
        self.painted.emit()

    def _paint_graphics(self, painter: QPainter) -> None:
        from workstation.ui.viewer.graphic_marks import GraphicMarks  # noqa: PLC0415 - for presentation states alone

        self._marks = self._marks or GraphicMarks()
        self._marks.paint(painter, self.viewport, self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.viewport.set_size(self._device_size())

    def _device_size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return (max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._picture.forget()

    def _let_go(self) -> None:
        """What was remembered of the last image: a canvas that is hidden now is not painted, and would hold it on."""
        self._picture.forget()
        self._marks = None

    # --- mouse -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.activated.emit()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        event.accept()
        if self._layers.holds or (self._drag is None and self._begins_in_layer(event, doubled=False)):
            return
        if self._drag is None:
            tool = tool_of(self._mouse(), self._tool, event.button(), event.modifiers())
            self._drag = Drag(event.button(), event.position(), tool, event.timestamp())
            self.viewport.begin_gesture()
            if tool is Tool.CURSOR:
                self._point_at(event.position())
        elif self._drag.join(event.button(), event.position()):
            self.viewport.end_gesture()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        drag = self._drag
        if self._layers.move(event.position().toTuple()):
            pass
        elif drag is None:
            self._hover(event.position())
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._point_at(event.position() if shift else None)
        elif drag.begun(event.position()):
            if drag.tool is Tool.CURSOR:
                self._point_at(event.position())
            carry_out(self.viewport, drag, event.position(), self.devicePixelRatioF(), event.modifiers())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag = self._drag
        if event.button() == Qt.MouseButton.LeftButton and self._layers.release(event.position().toTuple()):
            self._hover(event.position())
            self.update()
        if drag is None:
            return
        empty = drag.let_go(event.button())
        self.viewport.end_gesture()
        if not empty:
            return
        self._drag = None
        if event.button() == Qt.MouseButton.RightButton and drag.was_click(event.timestamp()):
            self.menu_asked.emit(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._drag is None and self._begins_in_layer(event, doubled=True):
            return
        if event.button() == Qt.MouseButton.LeftButton:
            self.maximise_asked.emit()

    def _begins_in_layer(self, event: QMouseEvent, doubled: bool) -> bool:
        """Whether a tool on the picture takes the left button."""
        left = event.button() == Qt.MouseButton.LeftButton
        taken = left and self._layers.press(event.position().toTuple(), doubled)
        self.update()
        return taken

    def _hover(self, position: QPointF | None) -> None:
        shape = self._layers.hover(position.toTuple() if position is not None else None)
        if shape is None:
            self.unsetCursor()
        elif self.cursor().shape() != shape:
            self.setCursor(shape)

    def _point_at(self, position: QPointF | None) -> None:
        """Tell where the cursor that all viewports share stands; once that it is gone."""
        if position is not None:
            self._points = True
            self.pointed_at.emit(self._device(position))
        elif self._points and self._tool is not Tool.CURSOR:
            self._points = False
            self.pointed_at.emit(None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # By mouse it is the click without movement, decided on release; by key at the centre.
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_asked.emit(self.mapToGlobal(self.rect().center()))
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._wheel += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._wheel / WHEEL_NOTCH)
        self._wheel -= notches * WHEEL_NOTCH
        event.accept()
        if not notches or self._layers.wheel(notches):
            return
        self.activated.emit()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.viewport.zoom_at(ZOOM_PER_NOTCH**notches, self._device(event.position()))
        else:
            images = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self.viewport.step(-notches * images)

    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self._hover(None)
        self._point_at(None)
        self.update()
        super().leaveEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._pointer = event.position()
        super().enterEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(MIME_TYPE):
            event.acceptProposedAction()
            self._show_drop_target(True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self._show_drop_target(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._show_drop_target(False)
        self.activated.emit()
        self.dropped.emit(event.mimeData().data(MIME_TYPE).toStdString())
        event.acceptProposedAction()

    def _show_drop_target(self, shown: bool) -> None:
        self._drop_target = shown
        self.update()

    def cancel_drag(self) -> bool:
        """Give up a drag and what it changed; whether there was one."""
        if self._layers.cancel():
            self.update()
            return True
        if self._drag is None:
            return False
        self._drag = None
        self.viewport.cancel_gesture()
        return True

    def end_pointing(self) -> None:
        """The key that shows the shared cursor was let go."""
        self._point_at(None)

    def point(self) -> tuple[float, float] | None:
        """Where the pointer is, in device pixels; None outside or while dragging."""
        if self._pointer is None or self._drag is not None or self._layers.holds:
            return None
        return self._device(self._pointer)

    def _device(self, position: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return (position.x() * ratio, position.y() * ratio)
