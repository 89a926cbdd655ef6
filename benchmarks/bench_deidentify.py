"""De-identifying the sample studies into a folder, and what only reading and writing the same files costs."""

from __future__ import annotations

import itertools
from pathlib import Path

import support
from pydicom import dcmread

from workstation.archive.local import LocalArchive
from workstation.jobs.journal import Journal
from workstation.jobs.runner import JobRunner
from workstation.services.export import DeidentifyFiles, ExportResult, run_export

ROUNDS = 3
SAMPLES = support.ROOT / "resources" / "samples"


def main() -> None:
    files = sorted(SAMPLES.rglob("*.dcm"))
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    with support.scratch() as folder:
        archive = LocalArchive(folder / "archive")
        handlers = {DeidentifyFiles: lambda command, context: run_export(command, context, archive=archive)}
        runner = JobRunner(handlers, lambda _: None, Journal(folder / "jobs.sqlite"))
        places = (folder / f"out{number}" for number in itertools.count())
        candidates = {
            "pydicom reads and writes": lambda: support.seconds(lambda: _rewrite(files, next(places))),
            "de-identify, verify, export": lambda: support.seconds(lambda: _deidentify(runner, next(places))),
        }
        try:
            title = f"de-identify {len(files)} files, {megabytes:.1f} MB"
            support.compare(title, candidates, ROUNDS, ("files/s", len(files)))
        finally:
            runner.close()
            archive.close()


def _rewrite(files: list[Path], target: Path) -> None:
    target.mkdir()
    for number, path in enumerate(files):
        dcmread(path).save_as(target / f"{number}.dcm")


def _deidentify(runner: JobRunner, target: Path) -> None:
    finished = runner.run(DeidentifyFiles(str(target), (str(SAMPLES),), pixels="accept"))
    assert isinstance(finished.result, ExportResult), finished.error
    assert finished.result.written > 0


if __name__ == "__main__":
    support.start(main)
