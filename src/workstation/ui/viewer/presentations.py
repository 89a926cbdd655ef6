"""Presentation states of what is opened: the menu that applies them to a picture.

None is ever applied unasked, and the furniture says which one is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from workstation.imaging.present import presented, presented_view
from workstation.imaging.presentation import PresentationState
from workstation.imaging.view import View
from workstation.services.display_sets import DisplaySet
from workstation.services.presentation_states import Presentations, presentation_files, read_presentations
from workstation.ui.background import Background
from workstation.ui.viewer.model import Viewport

_MM_PER_INCH = 25.4
_LIKELY_WIDTH_MM = (100.0, 3000.0)  # screens that say anything else do not know


class PresentationMenu(QObject):
    """`look` once a study is opened; the states are read off the GUI thread."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._widget = parent
        self._background = Background("presentations", self)
        self._found = Presentations()

    @property
    def found(self) -> Presentations:
        return self._found

    def look(self, display_sets: Sequence[DisplaySet]) -> None:
        """For the states of these and of nothing that was open before."""
        self._background.forget()
        self._found = Presentations()
        paths = presentation_files(display_sets)
        if paths:
            self._background.ask(lambda: read_presentations(paths), self._keep)

    def close(self) -> None:
        self._background.close()

    def _keep(self, found: Presentations) -> None:
        self._found = found

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


def screen_pixel_mm(widget: QWidget) -> float | None:
    """Width of a device pixel of the screen that `widget` is on."""
    screen, ratio = widget.screen(), widget.devicePixelRatioF()
    return pixel_mm(screen.physicalSize().width(), screen.physicalDotsPerInchX(), ratio)


def pixel_mm(width_mm: float, dots_per_inch: float, ratio: float) -> float | None:
    """Width of a device pixel; None where the screen does not know its size."""
    if not _LIKELY_WIDTH_MM[0] <= width_mm <= _LIKELY_WIDTH_MM[1] or dots_per_inch <= 0:
        return None
    return _MM_PER_INCH / dots_per_inch / ratio
