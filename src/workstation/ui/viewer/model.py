"""One viewport: which display set, which image is asked for, which one is shown, and how it is looked at.

What is shown and what is asked for are two things: every label belongs to the picture on the screen, so
`shown` changes only together with `frame`. Tools replace `view`; views live per display set, with history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from workstation.domain.errors import WorkstationError
from workstation.domain.job import ErrorReport
from workstation.imaging.compose import layout
from workstation.imaging.frame import Frame, LookupTable, VoiFunction, Window
from workstation.imaging.grayscale import modality_values, padding_mask
from workstation.imaging.present import presented
from workstation.imaging.presentation import PresentationState
from workstation.imaging.probe import read_pixel
from workstation.imaging.view import View
from workstation.imaging.window import AUTO, drag_window, initial_window, window_of
from workstation.services.display_sets import DisplayKind, DisplaySet, FrameRef
from workstation.ui.viewer import tools
from workstation.ui.viewer.history import Edit, History
from workstation.ui.viewer.loader import FrameLoader, Loaded
from workstation.ui.viewer.picture_notes import reading_text
from workstation.ui.viewer.prefetch import Around

if TYPE_CHECKING:
    from workstation.dicom.describe import ImageLabels

_PREFETCH_SHARE = 0.8  # of the cache, so that prefetching never pushes out what it just fetched


class Tool(StrEnum):
    """What the left mouse button does."""

    WINDOW = "window"
    SCROLL = "scroll"
    PAN = "pan"
    ZOOM = "zoom"
    ROTATE = "rotate"
    CURSOR = "cursor"  # the place in the patient, shown in all viewports
    LENGTH = "length"
    ANGLE = "angle"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    FREEHAND = "freehand"
    ARROW = "arrow"
    TEXT = "text"
    POINT = "point"
    REGION_WINDOW = "region_window"  # the window from the values in a rectangle
    MAGNIFIER = "magnifier"


class Viewport(QObject):
    """State without pixels of the screen; `size` is told by the canvas, in device pixels."""

    changed = Signal()  # anything that is painted
    frame_shown = Signal(object)  # FrameRef, when its picture (or its error) is there
    display_set_changed = Signal()
    view_changed = Signal()
    index_changed = Signal(int)  # the image asked for
    gesture_begun = Signal()
    gesture_ended = Signal()
    gesture_cancelled = Signal()

    def __init__(
        self,
        loader: FrameLoader,
        parent: QObject | None = None,
        *,
        drag_up_brightens: Callable[[], bool] = lambda: True,
        overlay_colour: Callable[[], tuple[int, int, int] | None] = lambda: None,
    ) -> None:
        super().__init__(parent)
        self._drag_up_brightens = drag_up_brightens
        self._overlay_colour = overlay_colour
        self._loader = loader
        self._loader.loaded.connect(self._on_loaded)
        self._display_set: DisplaySet | None = None
        self._index = 0
        self._direction = 1
        self._stride = 1  # of the last movement
        self._generation = 0
        self._shown: int | None = None
        self._decoded: Frame | None = None
        self._frame: Frame | None = None  # as the presentation state in use shows it
        self._error: WorkstationError | None = None
        self._views: dict[str, View] = {}
        self._places: dict[str, int] = {}
        self._view = View()
        self._history = History()
        self._before_gesture: View | None = None
        self._size = (1, 1)
        self._over: tuple[FrameRef | None, NDArray[np.uint32] | None] = None, None
        self._automatic: Window | None = None
        self._labels: tuple[FrameRef, ImageLabels] | None = None

    # --- what is shown -----------------------------------------------------------------------

    @property
    def display_set(self) -> DisplaySet | None:
        return self._display_set

    @property
    def count(self) -> int:
        return len(self._display_set.frames) if self._display_set else 0

    @property
    def index(self) -> int:
        """The image asked for."""
        return self._index

    @property
    def shown(self) -> int | None:
        """The image on the screen, None while there is none."""
        return self._shown

    @property
    def shown_ref(self) -> FrameRef | None:
        if self._display_set is None or self._shown is None:
            return None
        return self._display_set.frames[self._shown]

    @property
    def loading(self) -> int | None:
        """The image that was asked for and is not there yet."""
        return self._index if self._is_image and self._shown != self._index else None

    @property
    def frame(self) -> Frame | None:
        """What is looked at: the decoded frame, as the presentation state applied to it shows it."""
        return self._frame

    @property
    def decoded(self) -> Frame | None:
        return self._decoded

    @property
    def presentation(self) -> PresentationState | None:
        """The presentation state that is applied to the image shown."""
        state, ref = self._view.presentation, self.shown_ref
        if state is None or ref is None or not state.applies_to(ref.sop_instance_uid, ref.frame_index + 1):
            return None
        return state

    @property
    def labels(self) -> ImageLabels | None:
        """What the file of the image shown says, None until it is read."""
        return self._labels[1] if self._labels is not None and self._labels[0] == self.shown_ref else None

    def set_labels(self, ref: FrameRef, labels: ImageLabels) -> None:
        if ref == self.shown_ref:
            self._labels = (ref, labels)
            self.changed.emit()

    @property
    def error(self) -> WorkstationError | ErrorReport | None:
        """Why the image `shown` has no picture."""
        if self._display_set is not None and self._display_set.error is not None:
            return self._display_set.error
        return self._error

    @property
    def view(self) -> View:
        return self._view

    @property
    def size(self) -> tuple[int, int]:
        return self._size

    def set_size(self, size: tuple[int, int]) -> None:
        """(width, height) of the viewport in device pixels."""
        self._size = (max(1, size[0]), max(1, size[1]))

    @property
    def _is_image(self) -> bool:
        return self._display_set is not None and self._display_set.kind is DisplayKind.IMAGE

    # --- display sets and images -------------------------------------------------------------

    def show(self, display_set: DisplaySet | None, index: int | None = None) -> None:
        """Load a display set: at `index`, else where it was left, else in the middle of a stack."""
        self._remember_place()
        self._display_set = display_set
        self._shown, self._decoded, self._frame, self._error = None, None, None, None
        self._history, self._before_gesture = History(), None
        self._automatic = None
        self._view = View()
        self._generation += 1
        self._loader.forget(self)
        if display_set is not None:
            self._view = self._views.get(display_set.uid, View())
            self._index = self._first_index(display_set) if index is None else index
            self._direction = 1
            if self._is_image:
                self._request()
            else:
                self._shown = 0
        self.display_set_changed.emit()
        self.view_changed.emit()
        self.index_changed.emit(self._index)
        self.changed.emit()
        if display_set is not None and not self._is_image:
            self.frame_shown.emit(display_set.frames[0])

    def refine(self, display_set: DisplaySet | None) -> None:
        """Go on in `display_set`, which holds what is shown and more: picture, view, place stay. None: show nothing."""
        if self._display_set is None or display_set is None:
            self.show(display_set)
            return
        here, seen = self._display_set.frames[self._index], self.shown_ref
        self._display_set = display_set
        self._index = display_set.frames.index(here)
        self._shown = display_set.frames.index(seen) if seen in display_set.frames else None
        self.display_set_changed.emit()
        self.index_changed.emit(self._index)
        if self._is_image:
            self._request()
        self.changed.emit()

    def go_to(self, index: int) -> None:
        if not self._is_image or self._display_set is None:
            return
        index = min(max(index, 0), self.count - 1)
        if index == self._index:
            return
        self._direction = 1 if index > self._index else -1
        self._stride = index - self._index
        self._index = index
        self._request()
        self.index_changed.emit(index)
        self.changed.emit()

    def step(self, images: int) -> None:
        self.go_to(self._index + images)

    def beside(self) -> list[tuple[Frame, View] | None]:
        """The images likely to be looked at next, the likeliest first, as they would be seen; None for one not read."""
        if self._display_set is None or self._view.presentation is not None:
            return []
        ahead = (self._stride, 2 * self._stride, -self._stride) if abs(self._stride) == 1 else (self._stride, 1, -1)
        places = [self._index + step for step in ahead]
        frames = [self._loader.cache.frame(self._display_set.frames[at]) for at in places if 0 <= at < self.count]
        return [(frame, self._view_of(frame)) if frame is not None else None for frame in frames]

    def _view_of(self, frame: Frame) -> View:
        """What `shown_view` would be of another image of the display set."""
        view = self._coloured
        chosen = view.window is not None or view.voi_lut_index is not None
        if chosen or frame.is_color or frame.attributes.windows or frame.attributes.voi_luts:
            return view
        return replace(view, window=self._automatic)

    def step_phase(self, phases: int) -> None:
        """To another time, echo, b-value, ... of the same place; from the last one to the first."""
        if self._display_set is not None:
            self.go_to(self._display_set.in_phase(self._index, phases))

    def advance(self, images: int) -> None:
        """Step on, from the last image to the first: for cine. What beats or breathes, plays in its place."""
        if self._display_set is not None and self._display_set.plays_in_place:
            self.step_phase(images)
        elif self.count > 1:
            target = (self._index + images) % self.count
            self.go_to(target)
            self._direction = 1

    def close(self) -> None:
        self._generation += 1  # an answer may already be on its way
        self._loader.forget(self)
        self._loader.loaded.disconnect(self._on_loaded)
        self._display_set, self._decoded, self._frame, self._shown = None, None, None, None

    def _first_index(self, display_set: DisplaySet) -> int:
        if display_set.uid in self._places:
            return self._places[display_set.uid]
        return display_set.middle

    def _remember_place(self) -> None:
        if self._display_set is not None:
            self._views[self._display_set.uid] = self._view
            self._places[self._display_set.uid] = self._index

    def _request(self) -> None:
        assert self._display_set is not None
        self._generation += 1
        wishes = self._wishes(self._display_set.frames)
        # Wish first, look afterwards: what becomes ready in between is then answered or found, never missed.
        self._loader.want(self, self._generation, wishes, self._first_look_size)
        frame, error = self._loader.cache.frame(wishes[0]), self._loader.cache.error(wishes[0])
        if frame is not None or error is not None:
            self._present(frame, error)

    def _wishes(self, frames: Sequence[FrameRef]) -> Around:
        """The image asked for, and around it as many as the cache holds; only one while their size is unknown."""
        room = 1
        if self._frame is not None:
            whole_bytes = self._frame.stored.nbytes * self._frame.attributes.reduction**2
            room = int(self._loader.cache.limit_bytes * _PREFETCH_SHARE / max(1, whole_bytes))
        return Around(frames, self._index, self._direction, room)

    @property
    def _first_look_size(self) -> tuple[int, int] | None:
        """A reduced first look will do where the whole image is fitted into the viewport."""
        return self._size if self._view.zoom is None else None

    def _on_loaded(self, answer: Loaded) -> None:
        if answer.owner is self and answer.generation == self._generation:
            self._present(answer.frame, answer.error)

    def _present(self, frame: Frame | None, error: WorkstationError | None) -> None:
        assert self._display_set is not None
        size_was_unknown = self._frame is None
        self._decoded, self._error, self._shown = frame, error, self._index
        self._frame = self._presented()
        if size_was_unknown and frame is not None:
            self._loader.want(self, self._generation, self._wishes(self._display_set.frames), self._first_look_size)
        self.changed.emit()
        self.frame_shown.emit(self._display_set.frames[self._index])

    def fail(self, error: WorkstationError) -> None:
        """Show `error` in place of the picture, which turned out not to be one."""
        self._decoded, self._frame, self._error = None, None, error
        self.changed.emit()

    # --- the view ----------------------------------------------------------------------------

    def set_view(self, view: View) -> None:
        """Replace the view, as one step of the history unless inside a gesture."""
        if view == self._view:
            return
        if self._before_gesture is None:
            self._history.push(self._view)
        self._restore(view)

    def begin_gesture(self) -> None:
        """Everything up to `end_gesture` is one step of the history."""
        if self._before_gesture is None:
            self._before_gesture = self._view
            self.gesture_begun.emit()

    def end_gesture(self) -> None:
        before, self._before_gesture = self._before_gesture, None
        if before is None:
            return
        if before != self._view:
            self._history.push(before)
        self.gesture_ended.emit()

    def cancel_gesture(self) -> None:
        """Back to where the gesture began."""
        before, self._before_gesture = self._before_gesture, None
        if before is not None:
            self._restore(before)
            self.gesture_cancelled.emit()

    def record(self, edit: Edit) -> None:
        """Take what was just done beside the view into the history."""
        self._history.push(edit)

    def undo(self) -> None:
        view = self._history.undo(self._view)
        if view is not None:
            self._restore(view)

    def redo(self) -> None:
        view = self._history.redo(self._view)
        if view is not None:
            self._restore(view)

    def _restore(self, view: View) -> None:
        other = view.presentation is not self._view.presentation
        self._view = view
        if other:
            self._frame = self._presented()
        self.view_changed.emit()
        self.changed.emit()

    def _presented(self) -> Frame | None:
        state, ref = self.presentation, self.shown_ref
        if state is None or ref is None or self._decoded is None:
            return self._decoded
        frame = presented(self._decoded, state, ref.sop_instance_uid, ref.frame_index + 1)
        if state.blending is None or self._over[0] != ref:
            return frame
        return Frame(frame.stored, replace(frame.attributes, superimposed=self._over[1]))

    def lay_over(self, ref: FrameRef | None, packed: NDArray[np.uint32] | None) -> None:
        """What a blending state shows over image `ref`, `blending.Packed`; None where there is nothing."""
        self._over = ref, packed
        if ref == self.shown_ref:
            self._frame = self._presented()
            self.changed.emit()

    @property
    def shown_view(self) -> View:
        """The view to compose: a window that neither user nor file chose is found once for the whole display
        set, or the brightness would jump from image to image."""
        interest, how = self._suggested()
        view = self._coloured
        if view.window is None and view.voi_lut_index is None and how == AUTO:
            return replace(view, window=interest if isinstance(interest, Window) else None)
        return view

    @property
    def _coloured(self) -> View:
        """The view with the user's colour for overlays, which is a setting and no part of the history."""
        colour = self._overlay_colour()
        return self._view if colour == self._view.overlay_colour else replace(self._view, overlay_colour=colour)

    @property
    def interest(self) -> Window | LookupTable | None:
        """The window or VOI LUT in use; None for colour and without a picture."""
        if self._frame is None or self._frame.is_color:
            return None
        return window_of(self._frame, self.shown_view)

    @property
    def window(self) -> Window | None:
        interest = self.interest
        return interest if isinstance(interest, Window) else None

    @property
    def window_is_automatic(self) -> bool:
        """Whether neither the user nor the file chose the window."""
        return self.interest is not None and self._view.window is None and self._suggested()[1] == AUTO

    def _suggested(self) -> tuple[Window | LookupTable | None, str]:
        """What the image shown opens with; computed once per image, automatic ones once per display set."""
        if self._frame is None or self._frame.is_color:
            return None, ""
        if self._automatic is not None and not (self._frame.attributes.windows or self._frame.attributes.voi_luts):
            return self._automatic, AUTO
        interest, how = initial_window(self._frame)
        if how == AUTO and isinstance(interest, Window):
            self._automatic = interest
        return interest, how

    def drag_window(self, across: float, down: float) -> None:
        """Right is wider; up is brighter unless the settings say otherwise. Both in screen pixels."""
        interest = self.interest
        if interest is not None and self._frame is not None:
            sign = 1.0 if self._drag_up_brightens() else -1.0
            self.set_view(tools.with_window(self._view, drag_window(interest, across, sign * down, self._frame)))

    def full_range(self) -> None:
        """From the darkest to the brightest value of this image, padding left out."""
        if self._frame is not None and not self._frame.is_color:
            self.set_view(tools.with_window(self._view, full_range(self._frame)))

    def apply(self, change: Callable[[View], View]) -> None:
        self.set_view(change(self._view))

    def zoom_at(self, factor: float, point: tuple[float, float]) -> None:
        if self.zoom is not None:
            self.set_view(tools.zoom_at(self._view, factor, point, self._size, self.zoom))

    def zoom_centre(self, factor: float) -> None:
        self.zoom_at(factor, (self._size[0] / 2, self._size[1] / 2))

    def reset(self) -> None:
        self.set_view(View(interpolation=self._view.interpolation))

    @property
    def zoom(self) -> float | None:
        """Screen pixels per image column as shown now, None without a picture."""
        return layout(self._frame, self._view, self._size).zoom if self._frame is not None else None

    def probe(self, point: tuple[float, float]) -> Probe | None:
        """The value under `point` (device pixels), None beside the picture."""
        if self._frame is None:
            return None
        pixel = layout(self._frame, self._view, self._size).pixel_at(*point, self._frame)
        reading = read_pixel(self._frame, *pixel) if pixel is not None else None
        return Probe(*pixel, reading_text(reading)) if pixel is not None and reading is not None else None


@dataclass(frozen=True, slots=True)
class Probe:
    row: int  # from 0
    column: int
    text: str  # value with its unit


def full_range(frame: Frame) -> Window:
    values = modality_values(frame)
    padding = padding_mask(frame)
    if padding is not None and not padding.all():
        values = values[~padding]
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return Window((low + high) / 2, max(high - low, 1e-6), function=VoiFunction.LINEAR_EXACT)
