"""Which files of a series form one display set, and in which order its frames are scrolled through."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workstation.dicom.frame_keys import StackFacts
from workstation.domain.errors import InputError
from workstation.domain.study import Instance, Series, Study
from workstation.imaging.stack import Stack, StackKey, stacks
from workstation.imaging.stack_notices import notices
from workstation.services.completeness import incomplete
from workstation.services.display_sets import DisplayKind, DisplaySet, FrameRef, Part, Playback

_NOTHING_TOLD: Mapping[str, int] = {}
MOST_FRAMES = 250_000  # of one file; what claims more has no pixels for it
_TAKEN_ONE_BY_ONE = ("US", "IVUS")
# Tiles of a slide and frames of segments have no order of their own in the patient.
_IN_ORDER_OF_THE_FILE = (
    "1.2.840.10008.5.1.4.1.1.66.4",  # Segmentation
    "1.2.840.10008.5.1.4.1.1.66.7",  # Label Map Segmentation
    "1.2.840.10008.5.1.4.1.1.77.1.6",  # VL Whole Slide Microscopy Image
)


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """One readable file with what the rules below look at."""

    path: Path
    study: Study
    series: Series
    instance: Instance
    is_image: bool
    frames: int
    frame_rate: float | None
    facts: StackFacts | None  # None: no image
    playback: Playback = Playback()


def group(items: Iterable[OpenedFile], expected: Mapping[str, int] = _NOTHING_TOLD) -> Iterator[DisplaySet]:
    """`expected`: Series Instance UID -> instances that there are, where a node has told."""
    by_series: dict[tuple[str, str, str], list[OpenedFile]] = {}
    patients: dict[str, set[str]] = {}
    for item in items:
        study, series = item.study.study_instance_uid, item.series.series_instance_uid or str(item.path)
        by_series.setdefault((study, series, _patient(item.study)), []).append(item)
        if study and _patient(item.study):
            patients.setdefault(study, set()).add(_patient(item.study))
    in_order = sorted(by_series.values(), key=_series_order(by_series.values()))
    # Newest study first; a stable sort leaves the rest as it is.
    for members in sorted(in_order, key=lambda members: members[0].study.study_date, reverse=True):
        count = len(patients.get(members[0].study.study_instance_uid, ()))
        more = (f"{count} patients under one study UID",) if count > 1 else ()
        yield from _sets_of_series(_without_repeats(members), more, expected)


def _patient(study: Study) -> str:
    """Whom an image belongs to: by ID, by name where there is none. Two patients never share a display set."""
    return study.patient_id or study.patient_name.value.casefold()


def _series_order(
    groups: Iterable[Sequence[OpenedFile]],
) -> Callable[[Sequence[OpenedFile]], tuple[str, float, int, bool, str]]:
    """By study, then series number; without one at the end, what can be looked at first.

    Studies of nothing but ultrasound go by time: machines number their series as they like.
    """
    others = {
        members[0].study.study_instance_uid
        for members in groups
        if members[0].series.modality not in _TAKEN_ONE_BY_ONE and any(item.is_image for item in members)
    }

    def key(members: Sequence[OpenedFile]) -> tuple[str, float, int, bool, str]:
        first = members[0]
        study, number = first.study.study_instance_uid, first.series.series_number
        times = [item.facts.keys[0].acquired for item in members if item.facts is not None]
        known = [time for time in times if time is not None]
        return (
            study,
            0.0 if study in others else min(known, default=math.inf),
            number if number is not None else 1 << 31,
            not any(item.is_image for item in members),
            first.series.series_instance_uid,
        )

    return key


def _without_repeats(members: Sequence[OpenedFile]) -> list[OpenedFile]:
    """One item for each SOP Instance UID: the same file met twice is one image."""
    kept: dict[str, OpenedFile] = {}
    for item in members:
        kept.setdefault(item.instance.sop_instance_uid or str(item.path), item)
    return list(kept.values())


def _sets_of_series(
    members: Sequence[OpenedFile], more: tuple[str, ...], expected: Mapping[str, int]
) -> Iterator[DisplaySet]:
    ordered = sorted(members, key=lambda item: (_number(item.instance), str(item.path)))
    images = [item for item in ordered if item.facts is not None]
    # Stills and loops of one ultrasound or angiography are looked at one after the other, as they were taken.
    clips = any(item.frames > 1 and item.facts is not None and not item.facts.has_places for item in images)
    sets: list[DisplaySet] = []
    # Objects of another class (a screenshot in a CT series, say) are never mixed into the stack.
    by_class: dict[str, list[OpenedFile]] = {}
    for item in images:
        by_class.setdefault(item.instance.sop_class_uid, []).append(item)
    for same_class in by_class.values():
        for unit in _units(same_class, clips):
            sets += _stacks(unit)
    if clips:
        sets.sort(key=_by_time)
    else:
        sets.sort(key=lambda one: one.is_multi_frame)
    part = Part.of(len(members), expected.get(members[0].series.series_instance_uid))
    missing = incomplete(images, part)
    largest = max(sets, key=lambda one: len(one.frames), default=None)
    for one in sets:
        if one is largest:
            yield replace(one, notices=(*more, *missing, *one.notices), part=part)
        else:
            yield replace(one, notices=(*more, *one.notices))
    for item in ordered:
        if item.facts is None:
            yield _other_set(item, more)


def _by_time(one: DisplaySet) -> tuple[bool, float, int]:
    first = one.frames[0]
    number = first.instance_number if first.instance_number is not None else 1 << 31
    return first.acquired is None, first.acquired or 0, number


def _units(images: Sequence[OpenedFile], clips: bool) -> Iterator[list[OpenedFile]]:
    """What may share a stack: the single images, each multi-frame instance, the parts of a concatenation."""
    singles: list[OpenedFile] = []
    others: dict[str, list[OpenedFile]] = {}
    for item in images:
        facts = item.facts
        assert facts is not None
        if facts.concatenation_uid:
            others.setdefault(facts.concatenation_uid, []).append(item)
        elif item.frames == 1 and not (clips and not facts.has_places):
            singles.append(item)
        else:
            others[str(item.path)] = [item]
    if singles:
        yield singles
    yield from others.values()


def _stacks(unit: Sequence[OpenedFile]) -> Iterator[DisplaySet]:
    """One display set per orientation."""
    cells = [(item, index) for item in unit for index in range(item.frames)]
    keys = [item.facts.keys[index] for item, index in cells if item.facts is not None]
    kept = unit[0].instance.sop_class_uid in _IN_ORDER_OF_THE_FILE
    parts = (
        [Stack(tuple(range(len(cells))), tuple(range(len(cells))), (0,) * len(cells), ordered_by="the file")]
        if kept
        else stacks(keys)
    )
    for stack in parts:
        refs = [
            _ref(*cells[index], keys[index], place, phase)
            for index, place, phase in zip(stack.order, stack.places, stack.phases, strict=True)
        ]
        first = cells[stack.order[0]][0]
        yield DisplaySet(
            uid=_uid(first, refs, len(unit) == 1 and len(parts) > 1),
            study=first.study,
            series=first.series,
            frames=tuple(refs),
            frame_rate=first.frame_rate,
            playback=first.playback if len(unit) == 1 else Playback(),
            ordered_by=stack.ordered_by,
            notices=() if kept else notices(keys, stack),
            phases=stack.labels if len(stack.labels) > 1 else (),
            dimension=stack.dimension,
        )


def _uid(item: OpenedFile, refs: Sequence[FrameRef], divided: bool) -> str:
    """The stacks of one instance are told apart by their first frame."""
    uid = f"{item.series.series_instance_uid}/{min(ref.sop_instance_uid or str(ref.path) for ref in refs)}"
    return f"{uid}/{min(ref.frame_index for ref in refs)}" if divided else uid


def _ref(item: OpenedFile, index: int, key: StackKey, place: int, phase: int) -> FrameRef:
    return FrameRef(
        path=item.path,
        frame_index=index,
        sop_instance_uid=item.instance.sop_instance_uid,
        sop_class_uid=item.instance.sop_class_uid,
        instance_number=item.instance.instance_number,
        geometry=key.geometry,
        place=place,
        phase=phase,
        acquired=key.acquired,
    )


def _number(instance: Instance) -> int:
    return instance.instance_number if instance.instance_number is not None else 1 << 31


_DOCUMENT_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.88.",  # structured reports, key object selection
    "1.2.840.10008.5.1.4.1.1.104.",  # encapsulated PDF, CDA, STL, ...
)


def _other_set(item: OpenedFile, more: tuple[str, ...]) -> DisplaySet:
    is_document = item.instance.sop_class_uid.startswith(_DOCUMENT_CLASSES)
    return DisplaySet(
        uid=f"{item.series.series_instance_uid}/{item.instance.sop_instance_uid or item.path}",
        study=item.study,
        series=item.series,
        frames=(_plain_ref(item),),
        notices=more,
        kind=DisplayKind.DOCUMENT if is_document else DisplayKind.OTHER,
    )


def _plain_ref(item: OpenedFile) -> FrameRef:
    instance = item.instance
    return FrameRef(item.path, 0, instance.sop_instance_uid, instance.sop_class_uid, instance.instance_number)


def damaged_set(path: Path, error: InputError) -> DisplaySet:
    return DisplaySet(
        uid=f"damaged/{path}",
        study=Study(),
        series=Series(),
        frames=(FrameRef(path),),
        kind=DisplayKind.DAMAGED,
        error=error.report(),
    )
