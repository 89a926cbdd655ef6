"""The viewports side by side, up to four by four canvases, one of which hears keys and buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from workstation.settings import MouseProfile, OverlayColour
from workstation.ui.viewer.ahead import Ahead
from workstation.ui.viewer.canvas import Canvas
from workstation.ui.viewer.furniture import Density
from workstation.ui.viewer.loader import FrameLoader
from workstation.ui.viewer.model import Tool, Viewport
from workstation.ui.viewer.reference_lines import Guides

Shape = tuple[int, int]  # rows, columns
MOST = 4  # rows, and columns
_GAP = 2
OVERLAYS = {
    OverlayColour.WHITE: None,
    OverlayColour.YELLOW: (255, 225, 77),
    OverlayColour.GREEN: (94, 224, 112),
    OverlayColour.CYAN: (86, 208, 240),
    OverlayColour.MAGENTA: (240, 120, 230),
    OverlayColour.ORANGE: (255, 165, 61),
}


class ViewportGrid(QWidget):
    """`active_changed` when another viewport becomes the one that is worked in."""

    active_changed = Signal()
    menu_asked = Signal(QPoint)
    frame_shown = Signal(object)  # the viewport
    display_set_changed = Signal(object)  # the viewport
    pointed_at = Signal(object, object)  # the viewport and the place of the shared cursor in it, None when it is gone
    dropped = Signal(str)  # the uid of a display set, for the active viewport
    canvas_added = Signal(object)
    private_changed = Signal()

    def __init__(
        self,
        loader: FrameLoader,
        *,
        drag_up_brightens: Callable[[], bool] = lambda: True,
        mouse: Callable[[], MouseProfile] = lambda: MouseProfile.STANDARD,
        overlay_colour: Callable[[], OverlayColour] = lambda: OverlayColour.WHITE,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._drag_up_brightens = drag_up_brightens
        self._mouse = mouse
        self._overlay_colour = overlay_colour
        self._loader = loader
        self._ahead = Ahead()
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(_GAP)
        self._canvases: list[Canvas] = []
        self._active = 0
        self._maximised = False
        self._shape: Shape = (1, 1)
        self._tool = Tool.WINDOW
        self._density = Density.FULL
        self._private = False
        self._arrange()

    @property
    def shape(self) -> Shape:
        return self._shape

    @property
    def canvas(self) -> Canvas:
        return self._canvases[self._active]

    @property
    def canvases(self) -> tuple[Canvas, ...]:
        return tuple(self._canvases)

    @property
    def tool(self) -> Tool:
        return self._tool

    @property
    def viewport(self) -> Viewport:
        return self.canvas.viewport

    @property
    def viewports(self) -> Iterator[Viewport]:
        return (canvas.viewport for canvas in self._canvases)

    def set_shape(self, shape: Shape) -> None:
        """Viewports that fall away are closed; those that stay keep what they show."""
        self._shape = (min(max(shape[0], 1), MOST), min(max(shape[1], 1), MOST))
        self._maximised = False
        self._arrange()

    def set_tool(self, tool: Tool) -> None:
        self._tool = tool
        for canvas in self._canvases:
            canvas.set_tool(tool)

    def set_density(self, density: Density) -> None:
        self._density = density
        for canvas in self._canvases:
            canvas.set_density(density)

    def set_private(self, private: bool) -> None:
        """Keep back who the pictures are of, in all viewports."""
        self._private = private
        for canvas in self._canvases:
            canvas.set_private(private)
        self.private_changed.emit()

    @property
    def private(self) -> bool:
        return self._private

    @property
    def density(self) -> Density:
        return self._density

    def set_guides(self, viewport: Viewport, guides: Guides) -> None:
        """Draw lines and cursor over what `viewport` shows."""
        next(canvas for canvas in self._canvases if canvas.viewport is viewport).set_guides(guides)

    def toggle_maximised(self) -> None:
        """Show only the active viewport, or all again."""
        if len(self._canvases) > 1:
            self._maximised = not self._maximised
            self._share_room()

    def activate_next(self, step: int) -> None:
        self._activate(self._canvases[(self._active + step) % len(self._canvases)])
        self.canvas.setFocus()

    def close_viewports(self) -> None:
        for canvas in self._canvases:
            canvas.viewport.close()
        self._ahead.close()

    def _arrange(self) -> None:
        rows, columns = self._shape
        while len(self._canvases) > rows * columns:
            self._remove(self._canvases[-1] if self._active != len(self._canvases) - 1 else self._canvases[-2])
        while len(self._canvases) < rows * columns:
            self._add()
        for number, canvas in enumerate(self._canvases):
            self._layout.removeWidget(canvas)
            self._layout.addWidget(canvas, number // columns, number % columns)
        self._share_room()
        self._mark()
        self.active_changed.emit()

    def _share_room(self) -> None:
        """As much for each as for the others, or all of it for the one maximised: empty rows would keep theirs."""
        rows, columns = self._shape
        at = divmod(self._active, columns)
        for canvas in self._canvases:
            canvas.setVisible(not self._maximised or canvas is self.canvas)
        for number in range(MOST):
            row, column = (number == at[0], number == at[1]) if self._maximised else (number < rows, number < columns)
            self._layout.setRowStretch(number, int(row))
            self._layout.setColumnStretch(number, int(column))
        self._layout.setSpacing(0 if self._maximised else _GAP)

    def _add(self) -> None:
        viewport = Viewport(
            self._loader,
            self,
            drag_up_brightens=self._drag_up_brightens,
            overlay_colour=lambda: OVERLAYS[self._overlay_colour()],
        )
        canvas = Canvas(viewport, self, mouse=self._mouse, ahead=self._ahead)
        canvas.set_tool(self._tool)
        canvas.set_density(self._density)
        canvas.set_private(self._private)
        canvas.activated.connect(lambda: self._activate(canvas))
        canvas.maximise_asked.connect(self.toggle_maximised)
        canvas.menu_asked.connect(self.menu_asked)
        canvas.dropped.connect(self.dropped)
        canvas.pointed_at.connect(lambda at: self.pointed_at.emit(viewport, at))
        viewport.frame_shown.connect(lambda _ref: self.frame_shown.emit(viewport))
        viewport.display_set_changed.connect(lambda: self.display_set_changed.emit(viewport))
        self._canvases.append(canvas)
        self.canvas_added.emit(canvas)

    def _remove(self, canvas: Canvas) -> None:
        active = self.canvas
        self._canvases.remove(canvas)
        self._active = self._canvases.index(active)
        self._layout.removeWidget(canvas)
        canvas.viewport.close()
        canvas.viewport.deleteLater()
        canvas.hide()
        canvas.deleteLater()

    def _activate(self, canvas: Canvas) -> None:
        if canvas is not self.canvas:
            self._active = self._canvases.index(canvas)
            if self._maximised:
                self._share_room()
            self._mark()
            self.active_changed.emit()

    def _mark(self) -> None:
        for canvas in self._canvases:
            canvas.set_active(len(self._canvases) > 1 and canvas is self.canvas)
