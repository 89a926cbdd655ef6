"""What the wizard asks of disk and engine, as plain functions for a background thread. Nothing is written."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workstation.deidentify.harvest import identity_of
from workstation.deidentify.held import Held
from workstation.deidentify.identities import Identities, ProjectKey
from workstation.deidentify.profile import load_profile
from workstation.dicom.quiet import quiet
from workstation.dicom.read import read_header
from workstation.domain.errors import InputError, LocalError
from workstation.services.deidentify import Cohort, Preview, Selection, collect
from workstation.services.explain import explain
from workstation.services.ports import Archive
from workstation.services.staging import target_of
from workstation.ui.export_wizard.model import ChosenImage, ChosenStudy, DestinationCheck

OnFile = Callable[[int], None]


def gather(archive: Archive, study_instance_uids: Iterable[str]) -> tuple[ChosenStudy, ...]:
    """The studies with all their images, in the order in which the export goes through them."""
    chosen = []
    for uid in dict.fromkeys(study_instance_uids):
        study = archive.study(uid)
        if study is None:
            continue
        images = tuple(
            ChosenImage(stored.path, stored.size_bytes, series, stored.instance)
            for series in archive.series_of(uid)
            for stored in archive.instances_of(series.series_instance_uid)
        )
        if images:
            chosen.append(ChosenStudy(study, images))
    return tuple(chosen)


def find_held(paths: Sequence[Path], on_file: OnFile) -> dict[Path, Held | None]:
    """Why each file would be held back if nobody had looked at it. `on_file` may raise Cancelled."""
    hold = Preview((), Selection(load_profile(), Identities(ProjectKey.random())), Cohort())
    found: dict[Path, Held | None] = {}
    for number, path in enumerate(paths):
        on_file(number)
        try:
            found[path] = hold.item(path).held
        except (InputError, OSError):
            continue  # the run says why
    return found


def collect_identifiers(paths: Sequence[Path], options: Sequence[str], key: ProjectKey, on_file: OnFile) -> Cohort:
    """Pass one of the engine. `on_file` may raise Cancelled."""
    return collect(paths, Selection.of("basic", options, key), on_file)


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """A patient as the archive shows him and as the export would."""

    name: str
    patient_id: str
    pseudonym: str
    new_name: str


def new_identities(studies: Iterable[ChosenStudy], key: ProjectKey) -> tuple[NewIdentity, ...]:
    """Every patient once. A study without a readable file has none."""
    identities = Identities(key)
    found: dict[NewIdentity, None] = {}
    for chosen in studies:
        for image in chosen.images:
            try:
                with quiet():
                    patient = identities.patient(*identity_of(read_header(image.path)))
            except (InputError, OSError):
                continue
            study = chosen.study
            found[NewIdentity(study.patient_name.display, study.patient_id, patient.pseudonym, patient.name)] = None
            break
    return tuple(found)


def check_destination(
    destination: str, report: str, needed_bytes: int, forbidden: Path | None = None
) -> DestinationCheck:
    """Where the export and its report would appear, and what speaks against it. `forbidden` is the archive's folder."""
    folder = Path(destination).expanduser()
    check = DestinationCheck(destination, report)
    try:
        if not folder.is_absolute():
            problem = "Give the whole path of the folder, from the root of the disk on."
        elif forbidden is not None and folder.resolve().is_relative_to(forbidden.resolve()):
            problem = "This folder belongs to the local archive. Choose one outside of it."
        else:
            target = target_of(folder)
            report_path = _report_path(target, report)
            usage = shutil.disk_usage(_existing_parent(target))
            check = replace(check, target=target, report_path=report_path, free_bytes=usage.free)
            problem = _obstacle(target, report_path)
            if not problem and not usage.total:  # such as /proc, where even root stores nothing
                problem = explain(LocalError(path=target.parent, reason="no files can be stored there")).text
            if not problem and usage.free < needed_bytes:
                problem = "There is not enough free space on that disk."
    except LocalError as error:
        problem = explain(error).text
    except OSError as error:
        problem = explain(LocalError(path=folder, reason=_reason(error))).text
    return replace(check, problem=problem)


def _obstacle(target: Path, report_path: Path) -> str:
    for parent in (_existing_parent(target), _existing_parent(report_path)):
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            return explain(LocalError(path=parent, reason="you may not write there")).text
    if report_path.is_dir():
        return "The report needs the name of a file, not of a folder."
    return ""


def load_key(key_file: str) -> ProjectKey:
    """Raises KeyUnusable."""
    return ProjectKey.load(Path(key_file).expanduser())


def create_key(key_file: str) -> ProjectKey:
    """A new key file; an existing one is used as it is. Raises KeyUnusable."""
    return ProjectKey.load(Path(key_file).expanduser(), create=True)


@dataclass(frozen=True, slots=True)
class ResidualCheck:
    """What the engine's own report says of the search through the outputs."""

    searched: int
    found: int


def read_residual_check(report: str) -> ResidualCheck | None:
    """None when the report does not say."""
    try:
        said = json.loads(Path(report).read_text(encoding="utf-8"))["residual_check"]
        return ResidualCheck(int(said["files_searched"]), int(said["identifiers_found"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _report_path(target: Path, report: str) -> Path:
    if not report:
        return target.with_name(f"{target.name}-report.json")
    path = Path(report).expanduser()
    return path if path.is_absolute() else target.parent / path


def _existing_parent(path: Path) -> Path:
    """The folder that is there and in which `path` would be made."""
    parent = path.parent
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    return parent


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else type(error).__name__
