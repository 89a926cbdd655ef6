"""The viewport on the screen: paints what `compose` made, and turns the mouse into changes of the viewport.

It computes nothing of the picture itself. The picture is composed for exactly the pixels of the device and
kept until frame, view or size change; the array lives as long as the image that looks into it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QEnterEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from workstation.domain.errors import DecodeFailed
from workstation.imaging.compose import Composer
from workstation.imaging.frame import Frame
from workstation.imaging.view import Interpolation, View
from workstation.settings import MouseProfile
from workstation.ui.viewer.furniture import Density
from workstation.ui.viewer.gestures import Drag, carry_out, tool_of
from workstation.ui.viewer.model import Tool, Viewport
from workstation.ui.viewer.paint import paint_frame, paint_furniture, paint_picture
from workstation.ui.viewer.pointer import PointerLayer, PointerLayers
from workstation.ui.viewer.reference_lines import Guides, paint_guides
from workstation.ui.viewer.series_model import MIME_TYPE
from workstation.ui.viewer.surroundings import furnish
from workstation.ui.viewer.texts import Texts

if TYPE_CHECKING:
    from workstation.ui.viewer.graphic_marks import GraphicMarks

WHEEL_NOTCH = 120
ZOOM_PER_NOTCH = 1.15
HURRY_S = 0.12  # two changes closer than that are one movement
SLOW_S = 0.012  # a picture that takes longer holds up the next one; only without the compiled loops, or on 5 Mpx


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
    ) -> None:
        super().__init__(parent)
        self.viewport = viewport
        self._mouse = mouse
        self._tool = Tool.WINDOW
        self._density = Density.FULL
        self._private = False
        self._active = False
        self._drop_target = False
        self._composer = Composer()
        self._array: NDArray[np.uint8] | None = None
        self._image: QImage | None = None
        self._image_of: tuple[Frame, View, tuple[int, int]] | None = None
        self._place: tuple[object, ...] | None = None
        self._changed_at = 0.0
        self._cost_s = 0.0
        self._draft = False
        self._refine = QTimer(self)
        self._refine.setSingleShot(True)
        self._refine.setInterval(round(1000 * HURRY_S))
        self._refine.timeout.connect(self._compose_well)
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
        return self._draft

    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        """The composed picture as it is painted, for tests and screenshots."""
        self._picture()
        return self._array

    # --- painting ----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            picture = self._picture()
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

    def _picture(self) -> QImage | None:
        frame, size = self.viewport.frame, self._device_size()
        if frame is None:
            self._image = self._array = self._image_of = None
            return None
        view = self._in_time(frame, self.viewport.shown_view, size)
        wanted = (frame, view, size)
        if self._image is None or self._image_of != wanted:
            self.viewport.set_size(size)
            self._image_of = wanted
            self._compose(frame, view, size)
        return self._image

    def _let_go(self) -> None:
        """What was remembered of the last image: a canvas that is hidden now is not painted, and would hold it on."""
        self._composer = Composer()
        self._marks = None
        self._image = self._array = self._image_of = self._place = None

    def _compose(self, frame: Frame, view: View, size: tuple[int, int]) -> None:
        started = time.thread_time()  # another program's work is no reason for drafts
        try:
            self._array = np.ascontiguousarray(self._composer.compose(frame, view, size))
        except Exception as error:  # noqa: BLE001 - inside a paint event an exception would end the window
            self._image = self._array = None
            self.viewport.fail(DecodeFailed(reason=f"it cannot be composed ({type(error).__name__})"))
            return
        if not self._draft:
            self._cost_s = time.thread_time() - started
        self._image = image_over(self._array)
        self._image.setDevicePixelRatio(self.devicePixelRatioF())

    def _in_time(self, frame: Frame, view: View, size: tuple[int, int]) -> View:
        """While images follow each other faster than they can be composed well, a draft; at rest always the best."""
        place = (frame, view.zoom, view.pan, view.angle, view.flipped, size)
        if place != self._place:
            now = time.perf_counter()
            self._draft = self._cost_s > SLOW_S and now - self._changed_at < HURRY_S
            self._place, self._changed_at = place, now
            if self._draft:
                self._refine.start()
        return replace(view, interpolation=Interpolation.NEAREST) if self._draft else view

    def _compose_well(self) -> None:
        self._draft = False
        self.update()

    # --- mouse -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.activated.emit()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        event.accept()
        if self._layers.holds or (self._drag is None and self._begins_in_layer(event, doubled=False)):
            return
        if self._drag is None:
            tool = tool_of(self._mouse(), self._tool, event.button(), event.modifiers())
            self._drag = Drag(event.button(), event.position(), tool)
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
        if event.button() == Qt.MouseButton.RightButton and drag.was_click:
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

    def point(self) -> tuple[float, float] | None:
        """Where the pointer is, in device pixels; None outside or while dragging."""
        if self._pointer is None or self._drag is not None or self._layers.holds:
            return None
        return self._device(self._pointer)

    def _device(self, position: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return (position.x() * ratio, position.y() * ratio)


def image_over(array: NDArray[np.uint8]) -> QImage:
    """An image that looks into `array` without copying; the caller keeps the array alive."""
    height, width = array.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if array.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(array.data, width, height, array.strides[0], kind)
