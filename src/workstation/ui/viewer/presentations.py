"""Presentation states of what is opened: the menu that applies them to a picture, and what the strip says of them.

None is ever applied unasked, and the furniture says which one is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from workstation.imaging.present import presented, presented_view
from workstation.imaging.presentation import PresentationState
from workstation.imaging.view import View
from workstation.services.display_sets import DisplaySet
from workstation.services.presentation_states import (
    Presentations,
    first_image,
    presentation_files,
    read_presentations,
)
from workstation.ui.background import Background
from workstation.ui.viewer import tools
from workstation.ui.viewer.model import Viewport

_MM_PER_INCH = 25.4
_LIKELY_WIDTH_MM = (100.0, 3000.0)  # screens that say anything else do not know
Show = Callable[[DisplaySet, int], None]


class PresentationMenu(QObject):
    """`look` once a study is opened; the states are read off the GUI thread."""

    described = Signal(object)  # DisplaySet of a state that has been read: its label, what is missing of its images

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._widget = parent
        self._background = Background("presentations", self)
        self._found = Presentations()
        self._sets: tuple[DisplaySet, ...] = ()
        self._pending: _Pending | None = None

    @property
    def found(self) -> Presentations:
        return self._found

    def look(self, display_sets: Sequence[DisplaySet]) -> None:
        """For the states of these and of nothing that was open before."""
        self._background.forget()
        self._forget_pending()
        self._found, self._sets = Presentations(), tuple(display_sets)
        paths = presentation_files(display_sets)
        if paths:
            self._background.ask(lambda: read_presentations(paths), self._keep)

    def close(self) -> None:
        self._background.close()

    def _keep(self, found: Presentations) -> None:
        self._found = found
        for one in found.described(self._sets):
            self.described.emit(one)

    # --- the menu ----------------------------------------------------------------------------

    def add_to(self, menu: QMenu, viewport: Viewport) -> None:
        """A submenu where there is a state about the image shown."""
        ref, applied = viewport.shown_ref, viewport.view.presentation
        states = self._found.about(ref) if ref is not None else ()
        if viewport.frame is None or not (states or applied or self._found.refused):
            return
        submenu = menu.addMenu(self.tr("Presentation state"))
        group = QActionGroup(submenu)
        for state in (None, *states):
            action = submenu.addAction(self.tr("None") if state is None else state.title.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(state is applied)
            # The first look at a large image has other columns than the image, and zoom counts columns.
            action.setEnabled(viewport.frame.attributes.reduction == 1)
            group.addAction(action)
            action.triggered.connect(partial(self.apply, viewport, state))
        if self._found.refused:
            submenu.addAction(self.tr("%n cannot be shown", "", self._found.refused)).setEnabled(False)
        if applied is not None:
            self._add_layers(submenu, viewport, applied)

    def _add_layers(self, menu: QMenu, viewport: Viewport, state: PresentationState) -> None:
        """What is drawn, as a whole and by layer."""
        layers = state.drawn_layers
        if not layers:
            return
        menu.addSeparator()
        graphics = menu.addAction(self.tr("Graphics"), lambda: viewport.apply(tools.toggle_graphics))
        graphics.setCheckable(True)
        graphics.setChecked(viewport.view.graphics_shown)
        for layer in layers if len(layers) > 1 else ():
            action = menu.addAction(self.tr("Layer {name}").format(name=layer.title.replace("&", "&&")))
            action.setCheckable(True)
            action.setChecked(layer.name not in viewport.view.hidden_layers)
            action.setEnabled(viewport.view.graphics_shown)
            action.triggered.connect(partial(self._toggle_layer, viewport, layer.name))

    @staticmethod
    def _toggle_layer(viewport: Viewport, name: str) -> None:
        viewport.apply(lambda view: replace(view, hidden_layers=view.hidden_layers ^ {name}))

    # --- applying ----------------------------------------------------------------------------

    def apply(self, viewport: Viewport, state: PresentationState | None) -> None:
        """As one step of the viewport's history; None goes back to what the file says."""
        ref, frame = viewport.shown_ref, viewport.decoded
        if ref is None or frame is None or state is viewport.view.presentation:
            return
        if state is None:
            viewport.set_view(View(interpolation=viewport.view.interpolation))
            return
        uid, number = ref.sop_instance_uid, ref.frame_index + 1
        viewport.set_view(
            presented_view(
                presented(frame, state, uid, number),
                viewport.view,
                state,
                state.area_for(uid, number),
                viewport.size,
                screen_pixel_mm=screen_pixel_mm(self._widget),
            )
        )

    def open(self, chosen: DisplaySet, viewport: Viewport, show: Show) -> bool:
        """Show the first image that a chosen state is about, by that state; whether there is one.

        `show` puts a display set into `viewport`, at an index.
        """
        state = self._found.files.get(chosen.frames[0].path)
        place = first_image(state, self._sets) if state is not None else None
        if state is None or place is None:
            return False
        self._forget_pending()
        show(*place)
        self._pending = _Pending(self, viewport, state)
        return True

    def _forget_pending(self) -> None:
        if self._pending is not None:
            self._pending.leave()
            self._pending = None


class _Pending:
    """A state that waits for its image to be decoded whole."""

    def __init__(self, menu: PresentationMenu, viewport: Viewport, state: PresentationState) -> None:
        self._menu, self._viewport, self._state = menu, viewport, state
        self._shown = viewport.display_set
        self._waits = True
        viewport.frame_shown.connect(self.look)
        self.look()

    def look(self) -> None:
        frame, ref = self._viewport.decoded, self._viewport.shown_ref
        if self._viewport.display_set is not self._shown:
            self.leave()  # the user went elsewhere
        elif frame is not None and ref is not None and frame.attributes.reduction == 1:
            self.leave()
            if self._state.applies_to(ref.sop_instance_uid, ref.frame_index + 1):
                self._menu.apply(self._viewport, self._state)

    def leave(self) -> None:
        if self._waits:
            self._waits = False
            self._viewport.frame_shown.disconnect(self.look)


def screen_pixel_mm(widget: QWidget) -> float | None:
    """Width of a device pixel of the screen that `widget` is on."""
    screen, ratio = widget.screen(), widget.devicePixelRatioF()
    return pixel_mm(screen.physicalSize().width(), screen.physicalDotsPerInchX(), ratio)


def pixel_mm(width_mm: float, dots_per_inch: float, ratio: float) -> float | None:
    """Width of a device pixel; None where the screen does not know its size."""
    if not _LIKELY_WIDTH_MM[0] <= width_mm <= _LIKELY_WIDTH_MM[1] or dots_per_inch <= 0:
        return None
    return _MM_PER_INCH / dots_per_inch / ratio
