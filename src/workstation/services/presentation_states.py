"""The presentation states among what was opened, and which of them are about an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workstation.domain.errors import InputError
from workstation.imaging.presentation import PresentationState
from workstation.services.display_sets import DisplaySet, FrameRef

_SOP_CLASSES = "1.2.840.10008.5.1.4.1.1.11."  # all of PS3.3 A.33, those that cannot be shown too
_MOST = 500


@dataclass(frozen=True, slots=True)
class Presentations:
    states: tuple[PresentationState, ...] = ()
    refused: int = 0  # files with one that cannot be read or would be shown wrongly

    def about(self, ref: FrameRef) -> tuple[PresentationState, ...]:
        return tuple(one for one in self.states if one.applies_to(ref.sop_instance_uid, ref.frame_index + 1))


def presentation_files(display_sets: Sequence[DisplaySet]) -> tuple[Path, ...]:
    """Where presentation states lie, at most 500 of them."""
    found = (ref for one in display_sets for ref in one.frames if ref.sop_class_uid.startswith(_SOP_CLASSES))
    return tuple(dict.fromkeys(ref.path for ref in found))[:_MOST]


def read_presentations(paths: Sequence[Path]) -> Presentations:
    """Those that can be read, by label. Blocking."""
    from workstation.dicom.presentation_state import read_presentation_state  # noqa: PLC0415 - pydicom, rarely needed

    states, refused = [], 0
    for path in paths:
        try:
            states.append(read_presentation_state(path))
        except (InputError, OSError):
            refused += 1
    return Presentations(tuple(sorted(states, key=lambda state: state.title.casefold())), refused)
