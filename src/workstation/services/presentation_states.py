"""The presentation states among what was opened, which of them are about an image, and which images they miss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from workstation.domain.errors import InputError, UnsupportedObject
from workstation.imaging.presentation import ImageReference, PresentationState
from workstation.services.display_sets import DisplaySet, FrameRef

_SOP_CLASSES = "1.2.840.10008.5.1.4.1.1.11."  # all of PS3.3 A.33, those that cannot be shown too
_MOST = 500


@dataclass(frozen=True, slots=True)
class Presentations:
    states: tuple[PresentationState, ...] = ()
    files: Mapping[Path, PresentationState] = field(default_factory=dict)
    refusals: Mapping[Path, str] = field(default_factory=dict)  # why a file's state cannot be shown

    @property
    def refused(self) -> int:
        """Files with one that cannot be read or would be shown wrongly."""
        return len(self.refusals)

    def about(self, ref: FrameRef) -> tuple[PresentationState, ...]:
        return tuple(one for one in self.states if one.applies_to(ref.sop_instance_uid, ref.frame_index + 1))

    def described(self, display_sets: Sequence[DisplaySet]) -> tuple[DisplaySet, ...]:
        """Those of `display_sets` that are presentation states, with what was learned of them from their files."""
        here = {ref.sop_instance_uid for one in display_sets for ref in one.frames}
        return tuple(self._described(one, here) for one in display_sets if is_presentation(one))

    def _described(self, one: DisplaySet, here: set[str]) -> DisplaySet:
        path = one.frames[0].path
        state = self.files.get(path)
        if state is None:
            return replace(one, notices=(*one.notices, self.refusals.get(path, "not read")))
        return replace(
            one, series=replace(one.series, description=state.title), notices=(*one.notices, *_missing(state, here))
        )


def is_presentation(display_set: DisplaySet) -> bool:
    """Whether it is a presentation state of any kind instead of images."""
    return display_set.frames[0].sop_class_uid.startswith(_SOP_CLASSES)


def _missing(state: PresentationState, here: set[str]) -> tuple[str, ...]:
    meant = dict.fromkeys(image.sop_instance_uid for image in state.images)
    return missing_images(sum(uid not in here for uid in meant), len(meant))


def missing_images(missing: int, named: int) -> tuple[str, ...]:
    """One sentence where an object names images that are not here, or none at all."""
    if not named:
        return ("it names no images",)
    if not missing:
        return ()
    if missing == named:
        return ("its image is not here" if missing == 1 else f"none of its {missing} images is here",)
    return (f"{missing} of its {named} images {'is' if missing == 1 else 'are'} not here",)


def first_image(state: PresentationState, display_sets: Sequence[DisplaySet]) -> tuple[DisplaySet, int] | None:
    """Where the first image lies that the state is about: a display set and the index in it."""
    places: dict[tuple[str, int], tuple[DisplaySet, int]] = {}
    for one in display_sets:
        for index, ref in enumerate(one.frames):
            places.setdefault((ref.sop_instance_uid, ref.frame_index + 1), (one, index))
    for image in state.images:
        for frame in sorted(image.frames or _frames_of(image, places)):
            if (image.sop_instance_uid, frame) in places:
                return places[image.sop_instance_uid, frame]
    return None


def _frames_of(image: ImageReference, places: Mapping[tuple[str, int], object]) -> list[int]:
    return [frame for uid, frame in places if uid == image.sop_instance_uid]


def presentation_files(display_sets: Sequence[DisplaySet]) -> tuple[Path, ...]:
    """Where presentation states lie, at most 500 of them."""
    return tuple(dict.fromkeys(one.frames[0].path for one in display_sets if is_presentation(one)))[:_MOST]


def read_presentations(paths: Sequence[Path]) -> Presentations:
    """Those that can be read, by label. Blocking."""
    from workstation.dicom.presentation_state import read_presentation_state  # noqa: PLC0415 - pydicom, rarely needed

    files: dict[Path, PresentationState] = {}
    refusals: dict[Path, str] = {}
    for path in paths:
        try:
            files[path] = read_presentation_state(path)
        except UnsupportedObject as error:
            refusals[path] = f"it cannot be applied: {error.details.get('reason', 'of an unknown kind')}"
        except (InputError, OSError):
            refusals[path] = "it is damaged and cannot be read"
        except Exception as error:  # noqa: BLE001 - a hostile state must not keep the others away
            refusals[path] = f"it is damaged and cannot be read ({type(error).__name__})"
    states = sorted(files.values(), key=lambda state: state.title.casefold())
    return Presentations(tuple(states), files, refusals)
