"""Measuring and looking closer on one page: the layers of every canvas, the actions and keys that go to them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QApplication

from workstation.imaging.window import auto_window
from workstation.ui.actions import Actions
from workstation.ui.viewer import tools
from workstation.ui.viewer.annotations.interaction import AnnotationLayer
from workstation.ui.viewer.annotations.model import Annotations, KeyImageEdit, Kind, Place, place_of
from workstation.ui.viewer.canvas import Canvas
from workstation.ui.viewer.grid import ViewportGrid
from workstation.ui.viewer.magnifier import Magnifier
from workstation.ui.viewer.model import Tool
from workstation.ui.viewer.region_window import RegionWindow

MAGNIFIER_KEY = Qt.Key.Key_M
OURS = frozenset({*(Tool(kind.value) for kind in Kind), Tool.REGION_WINDOW, Tool.MAGNIFIER})


class Measuring(QObject):
    """`leave` chooses the tool that the left button has by habit."""

    def __init__(self, grid: ViewportGrid, actions: Actions, leave: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self.annotations = Annotations(self)
        self._grid = grid
        self._actions = actions
        self._leave = leave
        self._layers: list[tuple[Canvas, AnnotationLayer, Magnifier]] = []
        for canvas in grid.canvases:
            self._equip(canvas)
        grid.canvas_added.connect(self._equip)
        grid.frame_shown.connect(self._follow)
        grid.active_changed.connect(self._follow)
        grid.active_changed.connect(self._select_in_one)
        self.annotations.changed.connect(self._follow)
        for name, act in (
            ("delete", self.delete),
            ("key_image", self.toggle_key_image),
            ("auto_window", self.auto_window),
        ):
            self._action(name).triggered.connect(act)
        self._action("magnifier").setToolTip(self.tr("Magnifier  (hold M)"))
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._let_go)

    @property
    def place(self) -> Place | None:
        """The image in the viewport that is worked in."""
        ref = self._grid.viewport.shown_ref
        return place_of(ref) if ref is not None else None

    def layer_of(self, canvas: Canvas) -> AnnotationLayer | None:
        return next((layer for one, layer, _ in self._equipped() if one is canvas), None)

    # --- commands ----------------------------------------------------------------------------

    def delete(self) -> None:
        layer = self.layer_of(self._grid.canvas)
        if layer is not None:
            layer.delete_selected()

    def toggle_key_image(self) -> None:
        place = self.place
        layer = self.layer_of(self._grid.canvas)
        if place is not None and layer is not None:
            self.annotations.toggle_key_image(place)
            self._grid.viewport.record(KeyImageEdit(self.annotations, place, layer.reveal))
        self._follow()

    def auto_window(self) -> None:
        frame = self._grid.viewport.frame
        if frame is not None and not frame.is_color:
            window = auto_window(frame)
            self._grid.viewport.apply(lambda view: tools.with_window(view, window))

    def leave_tool(self) -> bool:
        """Whether one of ours was chosen, which it no longer is."""
        if self._grid.tool not in OURS:
            return False
        self._leave()
        return True

    # --- keys --------------------------------------------------------------------------------

    def key_pressed(self, event: QKeyEvent) -> bool:
        """The lens is there while its key is held, which a shortcut cannot say."""
        return self._magnifier_key(event, held=True)

    def key_released(self, event: QKeyEvent) -> bool:
        return self._magnifier_key(event, held=False)

    def _magnifier_key(self, event: QKeyEvent, *, held: bool) -> bool:
        if event.key() != MAGNIFIER_KEY or event.modifiers() != Qt.KeyboardModifier.NoModifier:
            return False
        if not event.isAutoRepeat():
            self._hold(held)
        return True

    def _hold(self, held: bool) -> None:
        for _, _, magnifier in self._equipped():
            magnifier.hold(held)

    def _let_go(self) -> None:
        """The key may be let go where nobody hears it."""
        self._hold(False)

    # --- canvases ----------------------------------------------------------------------------

    def _action(self, name: str) -> QAction:
        return self._actions[f"viewer.{name}"]

    def _equip(self, canvas: Canvas) -> None:
        magnifier = Magnifier(canvas.viewport, canvas)
        annotations = AnnotationLayer(self.annotations, canvas.viewport, canvas)
        canvas.set_layers((magnifier, RegionWindow(canvas.viewport, canvas, self._leave), annotations))
        self._layers.append((canvas, annotations, magnifier))

    def _equipped(self) -> list[tuple[Canvas, AnnotationLayer, Magnifier]]:
        """Of the canvases that are still there."""
        canvases = self._grid.canvases
        self._layers = [one for one in self._layers if one[0] in canvases]
        return self._layers

    def _select_in_one(self) -> None:
        """What Delete deletes is in the viewport that is worked in, and nothing elsewhere looks as if it were."""
        for canvas, layer, _ in self._equipped():
            if canvas is not self._grid.canvas:
                layer.select(None)

    def _follow(self) -> None:
        self._action("key_image").setChecked(self.annotations.is_key_image(self.place))
