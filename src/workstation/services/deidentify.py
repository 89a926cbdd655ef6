"""De-identify files: collect the identifiers of every patient first, then treat one file at a time.

The originals are only read. `preview` shows what would happen; `services.export` makes it happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pydicom  # noqa: F401 - before its parts, or two threads see it half loaded
from pydicom.dataset import FileDataset

from workstation.deidentify.apply import apply
from workstation.deidentify.container import syntax_of
from workstation.deidentify.harvest import harvest, patient_key
from workstation.deidentify.held import Held, Why, why_held
from workstation.deidentify.identifiers import Identifiers
from workstation.deidentify.identities import Identities, ProjectKey
from workstation.deidentify.plan import Plan, plan
from workstation.deidentify.profile import Profile, load_profile
from workstation.deidentify.walk import Deidentified
from workstation.dicom.quiet import quiet
from workstation.dicom.read import open_file, read_header
from workstation.domain.errors import DamagedFile, InputError, NotDicom, ProfileUnavailable
from workstation.services.file_walk import FileWalk, unreadable
from workstation.services.ports import Archive

STAGING_PREFIX = ".workstation-export-"
PIXELS = ("hold", "accept")


@dataclass(frozen=True, slots=True)
class Selection:
    """What to de-identify: files and folders, or studies of the archive, and how."""

    profile: Profile
    identities: Identities
    pixels: str = "hold"

    @classmethod
    def of(cls, profile: str, options: Sequence[str], key: ProjectKey, pixels: str = "hold") -> Selection:
        """Raises ProfileUnavailable for a profile, an option or a pixel choice that we cannot carry out."""
        if pixels not in PIXELS:
            raise ProfileUnavailable(option=f"pixels {pixels}", reason="unknown", expected=", ".join(PIXELS))
        return cls(load_profile(profile, options), Identities(key), pixels)


@dataclass(slots=True)
class Cohort:
    """The known identifiers of every patient among the files: what pass two must not leave anywhere."""

    identifiers: dict[str, Identifiers] = field(default_factory=dict)

    def of(self, dataset: FileDataset) -> Identifiers:
        return self.identifiers.setdefault(patient_key(dataset), Identifiers())


@dataclass(frozen=True, slots=True)
class Treated:
    """One file: its new data set, or why it is held. `accepted` when only a person's word let it pass."""

    original: FileDataset | None
    result: Deidentified | None = None
    held: Held | None = None
    accepted: bool = False


def find_files(
    paths: Sequence[str], study_instance_uids: Sequence[str], archive: Archive, destination: Path | None = None
) -> Iterator[Path]:
    """The files named: those under `paths` (not what an earlier run left in `destination`) and those of the studies.

    Raises InputError for a path or a study that is not there.
    """
    for start in map(Path, paths):
        walk = FileWalk([start])
        for path in walk:
            if not _is_own_output(path, start, destination):
                yield path
        for problem in walk.problems:
            if problem.details.get("path") == str(start):
                raise problem
            yield Path(problem.details["path"])  # pass two says that it cannot be read
    for study in study_instance_uids:
        series = archive.series_of(study)
        if not series:
            raise InputError(reason="the study is not in the archive")
        for one in series:
            yield from (stored.path for stored in archive.instances_of(one.series_instance_uid))


def collect(files: Iterable[Path], selection: Selection, on_file: Callable[[int], None] = lambda _: None) -> Cohort:
    """Pass one: the identifiers of every patient, from the headers of all files."""
    cohort = Cohort()
    for number, path in enumerate(files):
        on_file(number)
        try:
            header = read_header(path)
        except (InputError, OSError):
            continue  # pass two says why
        with quiet():
            harvest(header, selection.profile, cohort.of(header), selection.identities.is_our_code)
    return cohort


def treat(path: Path, selection: Selection, cohort: Cohort, record_kept: bool = False) -> Treated:
    """Pass two: the file de-identified, or held with its reason. Raises NotDicom, and OSError of the file system."""
    try:
        with open_file(path, whole=True) as opened:
            original, incomplete = opened.dataset, opened.incomplete
    except DamagedFile:
        return Treated(None, held=Held(Why.UNREADABLE))
    with quiet():
        held = Held(Why.DAMAGED) if incomplete else why_held(original, syntax_of(original))
        accepted = held is not None and held.acknowledgeable and selection.pixels == "accept"
        if held is not None and not accepted:
            return Treated(original, held=held)
        identifiers = cohort.of(original)
        try:
            result = apply(original, selection.profile, selection.identities, identifiers, record_kept)
        except Exception:  # noqa: BLE001 - whatever the data provoke: what cannot be treated is not released
            return Treated(original, held=Held(Why.UNREADABLE))
    return Treated(original, result, held if accepted else None, accepted)


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """One instance of the preview: `held` says why it would stay behind. `path` and texts are for the screen only."""

    path: Path
    held: Held | None


class Preview:
    """What an export would do, instance by instance. Plans are made when asked for; nothing is written."""

    def __init__(self, files: Sequence[Path], selection: Selection, cohort: Cohort) -> None:
        self.files = tuple(files)
        self._selection = selection
        self._cohort = cohort

    def item(self, path: Path) -> PreviewItem:
        """Whether the instance would be held. Raises NotDicom."""
        try:
            with quiet(), open_file(path, whole=True) as opened:
                held = Held(Why.DAMAGED) if opened.incomplete else why_held(opened.dataset, syntax_of(opened.dataset))
        except DamagedFile:
            held = Held(Why.UNREADABLE)
        passes = held is not None and held.acknowledgeable and self._selection.pixels == "accept"
        return PreviewItem(path, None if passes else held)

    def items(self) -> Iterator[PreviewItem]:
        """Every DICOM file among the files, one after the other."""
        for path in self.files:
            try:
                yield self.item(path)
            except (NotDicom, OSError):
                continue

    def plan(self, path: Path) -> Plan:
        """Every element of one instance with its fate, held or not. Raises InputError."""
        try:
            with open_file(path, whole=True) as opened, quiet():
                selection = self._selection
                identifiers = self._cohort.of(opened.dataset)
                return plan(opened.dataset, selection.profile, selection.identities, identifiers)
        except OSError as error:
            raise unreadable(path, error) from error


def preview(files: Iterable[Path], selection: Selection, on_file: Callable[[int], None] = lambda _: None) -> Preview:
    """Pass one over `files` (see `find_files`), then plans on demand; blocking, so not for the GUI thread.

    `on_file` may raise Cancelled.
    """
    listed = list(files)
    return Preview(listed, selection, collect(listed, selection, on_file))


def _is_own_output(path: Path, start: Path, destination: Path | None) -> bool:
    if any(part.startswith(STAGING_PREFIX) for part in path.parts):
        return True
    if destination is None:
        return False
    inside = path.resolve().is_relative_to(destination.resolve())
    return inside and not start.resolve().is_relative_to(destination.resolve())
