"""De-identify and export: stage, verify every file, then release all at once or nothing (fails closed).

Where it goes: see `staging.target_of`. Files are named by pseudonyms: patient/study/series/instance.dcm.
"""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

from pydicom import Dataset

from workstation import __version__
from workstation.deidentify.container import write
from workstation.deidentify.held import SENTENCES, Held, Why
from workstation.deidentify.identities import ProjectKey
from workstation.deidentify.report import Report, ReportBuilder, Unreleased
from workstation.deidentify.verify import Residue, identifying_uids, verify
from workstation.deidentify.walk import Deidentified
from workstation.dicom.quiet import quiet
from workstation.dicom.read import read_dataset
from workstation.domain.errors import (
    DiskFull,
    IdentifierFound,
    InputError,
    InstanceHeld,
    LocalError,
    NotDicom,
    WorkstationError,
)
from workstation.domain.job import Progress
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.deidentify import Cohort, Selection, Treated, collect, find_files, treat
from workstation.services.export_command import DeidentifyAndExport, ExportResult, NotReleased
from workstation.services.ports import Archive
from workstation.services.staging import Staging, target_of

_DISK_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_PIXELS_SAID = {
    "hold": "Images that may have text burned in were held back.",
    "accept": "Images that may have text burned in were let through on a person's word; they were not cleaned.",
}


def run_export(command: DeidentifyAndExport, context: JobContext, *, archive: Archive) -> Outcome:
    """Carry `command` out. PARTLY when objects were held.

    Raises ProfileUnavailable, KeyUnusable, InputError, NotDicom, LocalError, IdentifierFound; in each
    case, and when cancelled, nothing is exported.
    """
    key = _key(command)
    selection = Selection.of(command.profile, command.options, key, command.pixels)
    destination = Path(command.destination)
    try:
        files = list(find_files(command.paths, command.study_instance_uids, archive, destination))
        with Staging(target_of(destination)) as staging:
            return _Export(command, context, selection, files, staging).run()
    except OSError as error:
        raise _local(destination, error) from error


class _Export:
    def __init__(
        self,
        command: DeidentifyAndExport,
        context: JobContext,
        selection: Selection,
        files: list[Path],
        staging: Staging,
    ) -> None:
        self._command = command
        self._context = context
        self._selection = selection
        self._files = files
        self._staging = staging
        self._report = ReportBuilder(
            selection.profile, f"Workstation {__version__}", bool(command.key_file), _PIXELS_SAID[command.pixels]
        )
        self._held: list[NotReleased] = []
        self._skipped: list[str] = []
        self._bytes = 0

    def run(self) -> Outcome:
        cohort = collect(self._files, self._selection, self._on_collected)
        for number, path in enumerate(self._files):
            self._progress(number, "exporting")
            self._export(number, path, cohort)
        self._progress(len(self._files), "releasing")
        if not self._report.written and not self._held:
            raise NotDicom(files=len(self._files), reason="none of the files is DICOM")
        report = self._report.finish()
        # Written before the release and named after it: whatever fails, an export and its report come together.
        with _ReportFiles(self._command.report) as files:
            files.write(report)
            folder = str(self._staging.release()) if self._report.written else ""
            files.publish()
        return self._outcome(folder, files, report.digest)

    def _export(self, number: int, path: Path, cohort: Cohort) -> None:
        try:
            treated = treat(path, self._selection, cohort)
        except NotDicom:
            self._skipped.append(str(path))
            return
        except (InputError, OSError):
            treated = Treated(None, held=Held(Why.UNREADABLE))
        if treated.result is None or treated.original is None:
            assert treated.held is not None
            self._hold(number, path, treated)
            return
        staged = self._write(treated.result)
        self._verify(path, staged, treated.original, cohort)
        self._take(staged, treated)

    def _hold(self, number: int, path: Path, treated: Treated) -> None:
        assert treated.held is not None
        why = treated.held.why
        self._held.append(NotReleased(str(path), why.value, SENTENCES[why]))
        self._report.unreleased.append(Unreleased(number + 1, why.value, SENTENCES[why]))

    def _write(self, result: Deidentified) -> Path:
        staged = self._staging.files / "incoming.dcm"
        with quiet():
            write(result.dataset, staged)
        return staged

    def _verify(self, path: Path, staged: Path, original: Dataset, cohort: Cohort) -> None:
        """Read back from disk and search; one find and nothing of the whole export is released."""
        self._report.searched += 1
        retained = self._selection.profile.has("retain-uids")
        with quiet():
            old_uids = None if retained else identifying_uids(original, self._selection.identities)
            written = read_dataset(staged)
            residues = verify(written, staged.read_bytes(), cohort.of(original), old_uids)  # type: ignore[arg-type]
        if residues:
            raise _found(path, residues)

    def _take(self, staged: Path, treated: Treated) -> None:
        """Give the checked file its pseudonymous name; a second copy of the same instance is counted only."""
        assert treated.result is not None
        dataset = treated.result.dataset
        content = staged.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        target = self._name(dataset)
        stem, copy = target.stem, 1
        while target.exists():
            if hashlib.sha256(target.read_bytes()).hexdigest() == digest:
                staged.unlink()
                self._report.duplicates += 1
                return
            copy += 1
            target = target.with_name(f"{stem}-{copy}.dcm")
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(target)
        self._bytes += len(content)
        self._report.accepted += treated.accepted
        self._report.add_changes(treated.result.changes)
        name = target.relative_to(self._staging.files).as_posix()
        self._report.add_written(name.partition("/")[0], name, digest)

    def _name(self, dataset: Dataset) -> Path:
        code = self._selection.identities.code
        patient = str(dataset.get("PatientID", "") or "")
        patient = patient or code("patient-of-study", str(dataset.get("StudyInstanceUID", "") or ""))
        levels = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        study, series, instance = (code(level, str(dataset.get(level, "") or "")) for level in levels)
        return self._staging.files / patient / study / series / f"{instance}.dcm"

    def _on_collected(self, number: int) -> None:
        self._progress(0, f"collecting identifiers {number + 1}/{len(self._files)}")

    def _progress(self, done: int, step: str) -> None:
        self._context.progress(Progress(done, len(self._files), self._bytes, len(self._held), step))

    def _outcome(self, folder: str, report: _ReportFiles, digest: str) -> Outcome:
        result = ExportResult(
            folder,
            self._report.written,
            len(self._report.patients),
            self._report.duplicates,
            tuple(self._held),
            tuple(self._skipped),
            self._bytes,
            report.json,
            report.html,
            digest,
        )
        if not self._held:
            return Outcome(result)
        reason = f"{len(self._held)} of {len(self._files)} objects were held back. {self._held[0].explanation}"
        return Outcome(result, partly=True, error=InstanceHeld(held=len(self._held), reason=reason))


def _key(command: DeidentifyAndExport) -> ProjectKey:
    if not command.key_file:
        return ProjectKey.random()
    return ProjectKey.load(Path(command.key_file), create=command.create_key_file)


class _ReportFiles:
    """JSON and HTML side by side, written in full under other names until `publish`; none without a path."""

    def __init__(self, path: str) -> None:
        self.json = str(Path(path).with_suffix(".json")) if path.endswith(".html") else path
        self.html = str(Path(path).with_suffix(".html")) if path else ""
        self._partial: dict[Path, Path] = {}

    def __enter__(self) -> _ReportFiles:
        return self

    def __exit__(self, *_: object) -> None:
        for partial in self._partial.values():
            partial.unlink(missing_ok=True)

    def write(self, report: Report) -> None:
        if not self.json:
            return
        Path(self.json).parent.mkdir(parents=True, exist_ok=True)
        for name, text in ((self.json, report.to_json()), (self.html, report.to_html())):
            target = Path(name)
            partial = self._partial[target] = target.with_name(f".{target.name}.partial")
            partial.write_text(text, encoding="utf-8")

    def publish(self) -> None:
        for target, partial in self._partial.items():
            partial.replace(target)


def _found(path: Path, residues: tuple[Residue, ...]) -> IdentifierFound:
    first = residues[0]
    return IdentifierFound(
        path=path, element=first.element, reason=f"{first.kind} was still there", places=len(residues)
    )


def _local(destination: Path, error: OSError) -> WorkstationError:
    if error.errno in _DISK_FULL:
        return DiskFull(path=destination)
    return LocalError(path=destination, reason=os.strerror(error.errno) if error.errno else type(error).__name__)
