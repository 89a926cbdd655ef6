"""Open a study, or files and folders: read what lies there, and group it into display sets (`stacking`)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workstation.dicom import elements
from workstation.dicom.frame_keys import stack_facts
from workstation.dicom.header import from_header
from workstation.dicom.summarise import SharedNouns, match_from
from workstation.domain.errors import DamagedFile, InputError, NotDicom
from workstation.domain.job import Progress
from workstation.domain.study import Instance, Series, Study
from workstation.jobs.cancel import Cancellation
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.display_sets import DisplaySet, Playback
from workstation.services.file_walk import FileWalk, unreadable
from workstation.services.first_look import FirstLook, Tell, from_the_middle
from workstation.services.ports import Archive
from workstation.services.stacking import MOST_FRAMES, OpenedFile, damaged_set, group

if TYPE_CHECKING:
    from workstation.dicom.elements import Header

_NOTHING_TOLD: Mapping[str, int] = {}
_EVEN_MS = 0.5  # closer together, the times of a vector are one
_SPECTROSCOPY = "1.2.840.10008.5.1.4.1.1.4.2"  # has rows and columns, of spectra
MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"
OnProgress = Callable[[Progress], None]


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
    uid = command.study_instance_uid
    return Outcome(open_study(archive, uid, context.cancellation, context.progress, context.partial))


def run_open_paths(command: OpenPaths, context: JobContext) -> Outcome:
    paths = [Path(path) for path in command.paths]
    return Outcome(open_paths(paths, context.cancellation, context.progress, context.partial))


def open_study(
    archive: Archive,
    study_instance_uid: str,
    cancellation: Cancellation,
    on_progress: OnProgress | None = None,
    on_first_look: Tell | None = None,
) -> tuple[DisplaySet, ...]:
    """The display sets of a stored study, by series number."""
    each_series = [
        [stored.path for stored in archive.instances_of(series.series_instance_uid)]
        for series in archive.series_of(study_instance_uid)
    ]
    if not any(each_series):
        return ()
    together = len(each_series[0])
    paths = [path for paths in each_series for path in paths]
    look, expected = FirstLook(on_first_look), archive.expected_of(study_instance_uid)
    return _display_sets(
        paths, frozenset(paths), cancellation, on_progress, look=look, together=together, expected=expected
    )


def open_paths(
    paths: Sequence[Path],
    cancellation: Cancellation,
    on_progress: OnProgress | None = None,
    on_first_look: Tell | None = None,
) -> tuple[DisplaySet, ...]:
    """The display sets of what lies at `paths`: files, folders, DICOMDIRs.

    A file named itself is shown or explained, never left out; what is no DICOM inside a folder is passed
    over. Raises InputError when nothing at all can be read.
    """
    look = FirstLook(on_first_look)
    named = [path for path in paths if not path.is_dir()]
    in_folders = FileWalk(path for path in paths if path.is_dir())
    found = [*named, *in_folders]
    together = next((place for place, path in enumerate(found) if path.parent != found[0].parent), len(found))
    return _display_sets(found, frozenset(named), cancellation, on_progress, look=look, together=together)


# --- reading ---------------------------------------------------------------------------------


def _display_sets(
    paths: Sequence[Path],
    named: frozenset[Path],
    cancellation: Cancellation,
    on_progress: OnProgress | None,
    *,
    look: FirstLook,
    together: int,
    expected: Mapping[str, int] = _NOTHING_TOLD,
) -> tuple[DisplaySet, ...]:
    items: list[OpenedFile] = []
    problems: list[tuple[Path, InputError]] = []
    places = {path: place for place, path in enumerate(dict.fromkeys(paths))}
    pending = deque(from_the_middle(list(places), min(together, len(places))))
    nouns = SharedNouns()
    done = 0
    while pending:
        cancellation.raise_if_cancelled()
        path = pending.popleft()
        try:
            item = _opened(path, nouns)
            if item is not None:
                items.append(item)
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
        look.offer(items, done, done + len(pending))
    if not items:
        raise problems[0][1] if problems else NotDicom(path=paths[0] if paths else None, reason="no DICOM file in it")
    items.sort(key=lambda item: places.get(item.path, len(places)))
    problems.sort(key=lambda problem: places.get(problem[0], len(places)))
    return (*group(items, expected), *(damaged_set(path, error) for path, error in problems))


def _opened(path: Path, nouns: SharedNouns) -> OpenedFile | None:
    """None for a DICOMDIR."""
    try:
        return from_header(path, partial(_item, path, nouns))
    except OSError as error:
        raise unreadable(path, error) from error


def _item(path: Path, nouns: SharedNouns, header: Header) -> OpenedFile | None:
    if "DirectoryRecordSequence" in header or elements.first_text(header, "SOPClassUID") == MEDIA_STORAGE_DIRECTORY:
        return None
    instance = match_from(header, Instance)
    is_image = bool(instance.rows and instance.columns) and instance.sop_class_uid != _SPECTROSCOPY
    frames = min(max(1, instance.number_of_frames or 1), MOST_FRAMES)
    return OpenedFile(
        path=path,
        study=nouns.match(header, Study),
        series=nouns.match(header, Series),
        instance=instance,
        is_image=is_image,
        frames=frames,
        frame_rate=frame_rate(header),
        facts=stack_facts(header, frames) if is_image else None,
        playback=playback(header, frames) if frames > 1 else Playback(),
    )


def frame_rate(header: Header) -> float | None:
    """Images per second: Recommended Display Frame Rate, Cine Rate, Frame Time, Frame Time Vector (PS3.3 C.7.6.5)."""
    for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
        rate = _positive(elements.number(header, keyword))
        if rate is not None:
            return rate
    frame_time_ms = _positive(elements.number(header, "FrameTime"))
    if frame_time_ms is not None:
        return 1000 / frame_time_ms
    vector = elements.values_of(header, "FrameTimeVector")
    times = [time for time in map(_positive, vector) if time is not None]  # the first is 0 by definition
    return 1000 * len(times) / sum(times) if times and len(vector) > 1 else None


def playback(header: Header, frames: int) -> Playback:
    """Frame Time Vector where it varies, Preferred Playback Sequencing, Start and Stop Trim (PS3.3 C.7.6.5)."""
    first, last = (_positive(elements.number(header, name)) for name in ("StartTrim", "StopTrim"))
    trim = (max(1, int(first or 1)) - 1, min(frames, int(last or frames)) - 1)
    return Playback(
        frame_times_ms=_shown_for(elements.values_of(header, "FrameTimeVector"), frames),
        sweeping=elements.number(header, "PreferredPlaybackSequencing") == 1,
        trim=trim if trim[0] < trim[1] and trim != (0, frames - 1) else None,
    )


def _shown_for(vector: Sequence[Any], frames: int) -> tuple[float, ...]:
    """The vector has the time before each frame; the last frame, after which nothing comes, gets the mean."""
    times = [time for time in map(_positive, vector[1:frames]) if time is not None]
    if frames < 3 or len(times) != frames - 1 or max(times) - min(times) < _EVEN_MS:
        return ()
    return (*times, sum(times) / len(times))


def _positive(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < 100_000 else None


def _referenced_files(path: Path) -> list[Path]:
    """The files that a DICOMDIR names and that exist; nothing outside its folder (PS3.10 section 8)."""
    from workstation.dicom.read import read_dataset  # noqa: PLC0415 - pydicom, not needed for plain files

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
