"""Open a study, or files and folders: which frames form one display set, and in which order.

A display set is what one viewport scrolls through: one multi-frame instance, or the single-frame instances of a
series that lie in one geometry. What has no image becomes a display set of its own that says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workstation.dicom.attributes import pixel_attributes
from workstation.dicom.read import read_dataset, read_header
from workstation.dicom.summarise import match_from
from workstation.domain.errors import DamagedFile, InputError, NotDicom
from workstation.domain.job import ErrorReport, Progress
from workstation.domain.study import Instance, Series, Study
from workstation.imaging.frame import PixelAttributes
from workstation.imaging.stack import StackKey, split_and_order
from workstation.jobs.cancel import Cancellation
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.file_walk import FileWalk, unreadable
from workstation.services.ports import Archive

if TYPE_CHECKING:
    from pydicom import Dataset

MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
OnProgress = Callable[[Progress], None]


class DisplayKind(StrEnum):
    IMAGE = "image"
    DOCUMENT = "document"  # a report or an encapsulated document: to be read, not looked at
    OTHER = "other"  # plans, structures, waveforms, presentation states, raw data
    DAMAGED = "damaged"  # could not be read at all; `error` says why


@dataclass(frozen=True, slots=True)
class FrameRef:
    """Where one frame lies, and which instance it belongs to."""

    path: Path
    frame_index: int = 0  # within the file, from 0
    sop_instance_uid: str = ""
    sop_class_uid: str = ""
    instance_number: int | None = None


@dataclass(frozen=True, slots=True)
class DisplaySet:
    uid: str  # unique within what was opened: the series UID and which part of it
    study: Study
    series: Series
    frames: tuple[FrameRef, ...]
    kind: DisplayKind = DisplayKind.IMAGE
    frame_rate: float | None = None  # images per second as the file recommends, None when it does not
    error: ErrorReport | None = None
    ordered_by: str = ""  # "position" or "instance number"

    @property
    def is_multi_frame(self) -> bool:
        return len(self.frames) > 1 and self.frames[0].path == self.frames[-1].path


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """Open a study of the archive; the result is a tuple of DisplaySet."""

    study_instance_uid: str
    kind: ClassVar[str] = "open-study"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = False

    @property
    def lane(self) -> str:
        return "decode"

    @property
    def subject(self) -> str:
        return self.study_instance_uid


@dataclass(frozen=True, slots=True)
class OpenPaths:
    """Open files, folders and DICOMDIRs where they lie; the result is a tuple of DisplaySet."""

    paths: tuple[str, ...]
    kind: ClassVar[str] = "open-paths"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = False

    @property
    def lane(self) -> str:
        return "decode"

    @property
    def subject(self) -> str:
        return f"{len(self.paths)} path" + ("" if len(self.paths) == 1 else "s")


def run_open_study(command: OpenStudy, context: JobContext, *, archive: Archive) -> Outcome:
    return Outcome(open_study(archive, command.study_instance_uid, context.cancellation, context.progress))


def run_open_paths(command: OpenPaths, context: JobContext) -> Outcome:
    return Outcome(open_paths([Path(path) for path in command.paths], context.cancellation, context.progress))


def open_study(
    archive: Archive, study_instance_uid: str, cancellation: Cancellation, on_progress: OnProgress | None = None
) -> tuple[DisplaySet, ...]:
    """The display sets of a stored study, by series number."""
    paths = [
        stored.path
        for series in archive.series_of(study_instance_uid)
        for stored in archive.instances_of(series.series_instance_uid)
    ]
    if not paths:
        return ()
    return _display_sets(paths, cancellation, on_progress, named=frozenset(paths))


def open_paths(
    paths: Sequence[Path], cancellation: Cancellation, on_progress: OnProgress | None = None
) -> tuple[DisplaySet, ...]:
    """The display sets of what lies at `paths`: files, folders, DICOMDIRs.

    A file named itself is shown or explained, never left out; what is no DICOM inside a folder is passed
    over. Raises InputError when nothing at all can be read.
    """
    named = [path for path in paths if not path.is_dir()]
    in_folders = FileWalk(path for path in paths if path.is_dir())
    return _display_sets([*named, *in_folders], cancellation, on_progress, named=frozenset(named))


# --- reading ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Item:
    """One readable file with what the rules below look at."""

    path: Path
    study: Study
    series: Series
    instance: Instance
    is_image: bool
    frames: int
    frame_rate: float | None
    attributes: PixelAttributes | None


def _display_sets(
    paths: Sequence[Path], cancellation: Cancellation, on_progress: OnProgress | None, named: frozenset[Path]
) -> tuple[DisplaySet, ...]:
    items: list[_Item] = []
    problems: list[tuple[Path, InputError]] = []
    pending = deque(dict.fromkeys(paths))
    done = 0
    while pending:
        cancellation.raise_if_cancelled()
        path = pending.popleft()
        try:
            header = _header(path)
            if not _is_directory(header):
                items.append(_item(path, header))
            elif path in named:  # found in a folder, its files are found there too
                pending.extend(_referenced_files(path))
        except NotDicom as error:
            if path in named:
                problems.append((path, error))
        except InputError as error:
            problems.append((path, error))
        done += 1
        if on_progress is not None:
            on_progress(Progress(done, done + len(pending)))
    if not items:
        raise problems[0][1] if problems else NotDicom(path=paths[0] if paths else None, reason="no DICOM file in it")
    return (*_group(items), *(_damaged_set(path, error) for path, error in problems))


def _header(path: Path) -> Dataset:
    try:
        return read_header(path)
    except OSError as error:
        raise unreadable(path, error) from error


def _item(path: Path, header: Dataset) -> _Item:
    instance = match_from(header, Instance)
    is_image = bool(instance.rows and instance.columns)
    return _Item(
        path=path,
        study=match_from(header, Study),
        series=match_from(header, Series),
        instance=instance,
        is_image=is_image,
        frames=max(1, instance.number_of_frames or 1),
        frame_rate=frame_rate(header),
        attributes=pixel_attributes(header, 0) if is_image else None,
    )


def frame_rate(header: Dataset) -> float | None:
    """Images per second: Recommended Display Frame Rate, Cine Rate, Frame Time, Frame Time Vector (PS3.3 C.7.6.5)."""
    for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
        rate = _positive(header.get(keyword))
        if rate is not None:
            return rate
    frame_time_ms = _positive(header.get("FrameTime"))
    if frame_time_ms is not None:
        return 1000 / frame_time_ms
    vector = header.get("FrameTimeVector")
    if vector is not None and not isinstance(vector, str | float | int):
        times = [time for time in map(_positive, list(vector)) if time is not None]  # the first is 0 by definition
        if times:
            return 1000 * len(times) / sum(times)
    return None


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < 100_000 else None


def _is_directory(header: Dataset) -> bool:
    return "DirectoryRecordSequence" in header or str(header.get("SOPClassUID", "")) == MEDIA_STORAGE_DIRECTORY


def _referenced_files(path: Path) -> list[Path]:
    """The files that a DICOMDIR names and that exist; nothing outside its folder (PS3.10 section 8)."""
    folder = path.parent.resolve()
    files = []
    for record in read_dataset(path).get("DirectoryRecordSequence") or ():
        value = record.get("ReferencedFileID")
        if not value:
            continue
        parts = [str(part) for part in ([value] if isinstance(value, str) else value)]
        file = folder.joinpath(*parts).resolve() if all(parts) else folder
        if file.is_relative_to(folder) and file.is_file() and file != path.resolve():
            files.append(file)
    if not files:
        raise DamagedFile(path=path, reason="a directory that names no file that is there")
    return files


# --- grouping --------------------------------------------------------------------------------


def _group(items: Iterable[_Item]) -> Iterator[DisplaySet]:
    by_series: dict[tuple[str, str], list[_Item]] = {}
    for item in items:
        key = (item.study.study_instance_uid, item.series.series_instance_uid or str(item.path))
        by_series.setdefault(key, []).append(item)
    in_order = sorted(by_series.values(), key=_series_order)
    # Newest study first; a stable sort leaves the rest as it is.
    for members in sorted(in_order, key=lambda members: members[0].study.study_date, reverse=True):
        yield from _sets_of_series(_without_repeats(members))


def _series_order(members: Sequence[_Item]) -> tuple[str, int, bool, str]:
    """By study, then series number; without one at the end, what can be looked at first."""
    first = members[0]
    number = first.series.series_number
    return (
        first.study.study_instance_uid,
        number if number is not None else 1 << 31,
        not any(item.is_image for item in members),
        first.series.series_instance_uid,
    )


def _without_repeats(members: Sequence[_Item]) -> list[_Item]:
    """One item for each SOP Instance UID: the same file met twice is one image."""
    kept: dict[str, _Item] = {}
    for item in members:
        kept.setdefault(item.instance.sop_instance_uid or str(item.path), item)
    return list(kept.values())


def _sets_of_series(members: Sequence[_Item]) -> Iterator[DisplaySet]:
    ordered = sorted(members, key=lambda item: (_number(item.instance), str(item.path)))
    singles = [item for item in ordered if item.is_image and item.frames == 1]
    # Objects of another class (a screenshot in a CT series, say) are never mixed into the stack.
    by_class: dict[str, list[_Item]] = {}
    for item in singles:
        by_class.setdefault(item.instance.sop_class_uid, []).append(item)
    for images in by_class.values():
        for part, by_position in _stacks(images):
            yield _image_set(part, [FrameRef(*_ref(item, 0)) for item in part], by_position)
    for item in ordered:
        if item.is_image and item.frames > 1:
            yield _image_set([item], [FrameRef(*_ref(item, index)) for index in range(item.frames)], False)
    for item in ordered:
        if not item.is_image:
            yield _other_set(item)


def _stacks(images: Sequence[_Item]) -> Iterator[tuple[list[_Item], bool]]:
    """One stack per geometry, with whether it is ordered by place in the patient."""
    keys = [
        StackKey(item.attributes.geometry if item.attributes else None, item.instance.instance_number)
        for item in images
    ]
    for stack in split_and_order(keys):
        yield [images[index] for index in stack], keys[stack[0]].geometry is not None and len(stack) > 1


def _ref(item: _Item, index: int) -> tuple[Path, int, str, str, int | None]:
    instance = item.instance
    return (item.path, index, instance.sop_instance_uid, instance.sop_class_uid, instance.instance_number)


def _number(instance: Instance) -> int:
    return instance.instance_number if instance.instance_number is not None else 1 << 31


def _image_set(part: Sequence[_Item], frames: Sequence[FrameRef], by_position: bool) -> DisplaySet:
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


def _other_set(item: _Item) -> DisplaySet:
    is_document = item.instance.sop_class_uid.startswith(_DOCUMENT_CLASSES)
    return DisplaySet(
        uid=f"{item.series.series_instance_uid}/{item.instance.sop_instance_uid or item.path}",
        study=item.study,
        series=item.series,
        frames=(FrameRef(*_ref(item, 0)),),
        kind=DisplayKind.DOCUMENT if is_document else DisplayKind.OTHER,
    )


def _damaged_set(path: Path, error: InputError) -> DisplaySet:
    return DisplaySet(
        uid=f"damaged/{path}",
        study=Study(),
        series=Series(),
        frames=(FrameRef(path),),
        kind=DisplayKind.DAMAGED,
        error=error.report(),
    )
