"""The key images among what was opened: which they are, and a display set of those of each document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.domain.errors import InputError
from workstation.services.display_sets import DisplayKind, DisplaySet, FrameRef
from workstation.services.presentation_states import missing_images

if TYPE_CHECKING:
    from workstation.dicom.key_selection import KeySelection

_SOP_CLASS = "1.2.840.10008.5.1.4.1.1.88.59"
_MOST = 500


@dataclass(frozen=True, slots=True)
class KeySelections:
    files: Mapping[Path, KeySelection] = field(default_factory=dict)
    refusals: Mapping[Path, str] = field(default_factory=dict)  # why a file cannot be read

    def marked(self, display_sets: Sequence[DisplaySet]) -> tuple[FrameRef, ...]:
        """The frames that a document picked out, and none that one took back."""
        frames = _frames_of(display_sets)
        picked = [one for one in self.files.values() if not one.is_rejection]
        return tuple(dict.fromkeys(ref for one in picked for ref in _found(one, frames)[0]))

    def described(self, display_sets: Sequence[DisplaySet]) -> tuple[DisplaySet, ...]:
        """The documents of `display_sets` as stacks of the images that they picked out, as far as these are here."""
        frames = _frames_of(display_sets)
        return tuple(self._described(one, frames) for one in display_sets if is_key_selection(one))

    def _described(self, one: DisplaySet, frames: Mapping[str, Sequence[FrameRef]]) -> DisplaySet:
        path = one.frames[0].path
        selection = self.files.get(path)
        if selection is None:
            return replace(one, notices=(*one.notices, self.refusals.get(path, "not read")))
        refs, missing = _found(selection, frames)
        words = (one.series.description or "Key images", selection.title, selection.description)
        described = replace(
            one,
            series=replace(one.series, description=" · ".join(dict.fromkeys(part for part in words if part))),
            notices=(*one.notices, *_notices(selection, missing)),
        )
        if not refs:
            return described
        ordered = tuple(replace(ref, place=place, phase=0) for place, ref in enumerate(refs))
        return replace(described, frames=ordered, kind=DisplayKind.IMAGE, ordered_by="the document")


def is_key_selection(display_set: DisplaySet) -> bool:
    return display_set.kind is DisplayKind.DOCUMENT and display_set.frames[0].sop_class_uid == _SOP_CLASS


def _frames_of(display_sets: Sequence[DisplaySet]) -> dict[str, list[FrameRef]]:
    """The frames of each image, in their own order."""
    found: dict[str, list[FrameRef]] = {}
    for one in display_sets:
        if one.kind is DisplayKind.IMAGE:
            for ref in one.frames:
                found.setdefault(ref.sop_instance_uid, []).append(ref)
    return {uid: sorted(refs, key=lambda ref: ref.frame_index) for uid, refs in found.items()}


def _found(selection: KeySelection, frames: Mapping[str, Sequence[FrameRef]]) -> tuple[list[FrameRef], int]:
    """The frames that are here, in the order of the document, and how many of its images are not."""
    found, missing = [], 0
    for image in selection.images:
        refs = frames.get(image.sop_instance_uid, ())
        wanted = [ref for ref in refs if not image.frames or ref.frame_index + 1 in image.frames]
        missing += not wanted
        found += wanted
    return list(dict.fromkeys(found)), missing


def _notices(selection: KeySelection, missing: int) -> tuple[str, ...]:
    told = missing_images(missing, len(selection.images))
    return (*told, f"not to be used: {selection.title}") if selection.is_rejection else told


def selection_files(display_sets: Sequence[DisplaySet]) -> tuple[Path, ...]:
    """Where documents of key images lie, at most 500 of them."""
    return tuple(dict.fromkeys(one.frames[0].path for one in display_sets if is_key_selection(one)))[:_MOST]


def read_key_selections(paths: Sequence[Path]) -> KeySelections:
    """Those that can be read. Blocking."""
    from workstation.dicom.key_selection import read_key_selection  # noqa: PLC0415 - pydicom, rarely needed

    files: dict[Path, KeySelection] = {}
    refusals: dict[Path, str] = {}
    for path in paths:
        try:
            files[path] = read_key_selection(path)
        except (InputError, OSError):
            refusals[path] = "it is damaged and cannot be read"
        except Exception as error:  # noqa: BLE001 - a hostile document must not keep the others away
            refusals[path] = f"it is damaged and cannot be read ({type(error).__name__})"
    return KeySelections(files, refusals)
