"""Window presets of the image shown: the file's own first, then those in use for its modality."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.imaging.frame import Frame, Window
from workstation.imaging.view import View
from workstation.services.display_sets import DisplaySet
from workstation.ui.viewer import tools
from workstation.ui.viewer.usual_windows import usual_windows

MOST = 9  # they lie on the keys 1 to 9


@dataclass(frozen=True, slots=True)
class Preset:
    """A window, or a VOI LUT of the file, or neither: what the file shows by default."""

    name: str
    window: Window | None = None
    voi_lut_index: int | None = None

    def apply(self, view: View) -> View:
        if self.voi_lut_index is not None:
            return tools.with_voi_lut(view, self.voi_lut_index)
        return tools.with_window(view, self.window)

    def is_in(self, view: View) -> bool:
        if self.window is None or view.window is None:
            return self.window is view.window and self.voi_lut_index == view.voi_lut_index
        return (self.window.center, self.window.width) == (view.window.center, view.window.width)


def presets_of(display_set: DisplaySet | None, frame: Frame | None) -> tuple[Preset, ...]:
    """None for colour: it has no window (PS3.3 C.11.2.1.2 applies to monochrome only)."""
    if display_set is None or frame is None or frame.is_color:
        return ()
    attributes = frame.attributes
    found = [Preset("Default")]
    for number, window in enumerate(attributes.windows):
        # The first window is what Default shows, unless a VOI LUT comes before it.
        if number or attributes.voi_luts:
            found.append(Preset(_of_file(window.explanation or f"File {number + 1}"), window))
    for number, table in enumerate(attributes.voi_luts):
        found.append(Preset(_of_file(table.explanation or f"VOI LUT {number + 1}"), voi_lut_index=number))
    for window in usual_windows(display_set.series.modality, frame):
        found.append(Preset(window.explanation, window))
    return tuple(found[:MOST])


def _of_file(name: str) -> str:
    return f"{name} [DICOM]"
