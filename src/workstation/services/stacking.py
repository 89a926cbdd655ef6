"""Which files of a series form one display set, and in which order its frames are scrolled through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workstation.domain.errors import InputError
from workstation.domain.study import Instance, Series, Study
from workstation.imaging.frame import PixelAttributes, PlaneGeometry
from workstation.imaging.stack import StackKey, split_and_order
from workstation.services.display_sets import DisplayKind, DisplaySet, FrameRef


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
    attributes: PixelAttributes | None


def group(items: Iterable[OpenedFile]) -> Iterator[DisplaySet]:
    by_series: dict[tuple[str, str], list[OpenedFile]] = {}
    for item in items:
        key = (item.study.study_instance_uid, item.series.series_instance_uid or str(item.path))
        by_series.setdefault(key, []).append(item)
    in_order = sorted(by_series.values(), key=_series_order)
    # Newest study first; a stable sort leaves the rest as it is.
    for members in sorted(in_order, key=lambda members: members[0].study.study_date, reverse=True):
        yield from _sets_of_series(_without_repeats(members))


def _series_order(members: Sequence[OpenedFile]) -> tuple[str, int, bool, str]:
    """By study, then series number; without one at the end, what can be looked at first."""
    first = members[0]
    number = first.series.series_number
    return (
        first.study.study_instance_uid,
        number if number is not None else 1 << 31,
        not any(item.is_image for item in members),
        first.series.series_instance_uid,
    )


def _without_repeats(members: Sequence[OpenedFile]) -> list[OpenedFile]:
    """One item for each SOP Instance UID: the same file met twice is one image."""
    kept: dict[str, OpenedFile] = {}
    for item in members:
        kept.setdefault(item.instance.sop_instance_uid or str(item.path), item)
    return list(kept.values())


def _sets_of_series(members: Sequence[OpenedFile]) -> Iterator[DisplaySet]:
    ordered = sorted(members, key=lambda item: (_number(item.instance), str(item.path)))
    singles = [item for item in ordered if item.is_image and item.frames == 1]
    # Objects of another class (a screenshot in a CT series, say) are never mixed into the stack.
    by_class: dict[str, list[OpenedFile]] = {}
    for item in singles:
        by_class.setdefault(item.instance.sop_class_uid, []).append(item)
    for images in by_class.values():
        for part, by_position in _stacks(images):
            yield _image_set(part, [FrameRef(*_ref(item, 0), _geometry(item)) for item in part], by_position)
    for item in ordered:
        if item.is_image and item.frames > 1:
            yield _image_set([item], [FrameRef(*_ref(item, index)) for index in range(item.frames)], False)
    for item in ordered:
        if not item.is_image:
            yield _other_set(item)


def _stacks(images: Sequence[OpenedFile]) -> Iterator[tuple[list[OpenedFile], bool]]:
    """One stack per geometry, with whether it is ordered by place in the patient."""
    keys = [
        StackKey(item.attributes.geometry if item.attributes else None, item.instance.instance_number)
        for item in images
    ]
    for stack in split_and_order(keys):
        yield [images[index] for index in stack], keys[stack[0]].geometry is not None and len(stack) > 1


def _ref(item: OpenedFile, index: int) -> tuple[Path, int, str, str, int | None]:
    instance = item.instance
    return (item.path, index, instance.sop_instance_uid, instance.sop_class_uid, instance.instance_number)


def _geometry(item: OpenedFile) -> PlaneGeometry | None:
    return item.attributes.geometry if item.attributes else None


def _number(instance: Instance) -> int:
    return instance.instance_number if instance.instance_number is not None else 1 << 31


def _image_set(part: Sequence[OpenedFile], frames: Sequence[FrameRef], by_position: bool) -> DisplaySet:
    first = part[0]
    return DisplaySet(
        uid=f"{first.series.series_instance_uid}/{frames[0].sop_instance_uid or frames[0].path}",
        study=first.study,
        series=first.series,
        frames=tuple(frames),
        frame_rate=part[0].frame_rate,
        ordered_by="position" if by_position else "instance number",
    )


_DOCUMENT_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.88.",  # structured reports, key object selection
    "1.2.840.10008.5.1.4.1.1.104.",  # encapsulated PDF, CDA, STL, ...
)


def _other_set(item: OpenedFile) -> DisplaySet:
    is_document = item.instance.sop_class_uid.startswith(_DOCUMENT_CLASSES)
    return DisplaySet(
        uid=f"{item.series.series_instance_uid}/{item.instance.sop_instance_uid or item.path}",
        study=item.study,
        series=item.series,
        frames=(FrameRef(*_ref(item, 0)),),
        kind=DisplayKind.DOCUMENT if is_document else DisplayKind.OTHER,
    )


def damaged_set(path: Path, error: InputError) -> DisplaySet:
    return DisplaySet(
        uid=f"damaged/{path}",
        study=Study(),
        series=Series(),
        frames=(FrameRef(path),),
        kind=DisplayKind.DAMAGED,
        error=error.report(),
    )
