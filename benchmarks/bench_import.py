"""Importing 1000 files into the archive, and what a copy costs that is as safe against a power failure."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path

import support

from workstation.archive.local import LocalArchive
from workstation.jobs.journal import Journal
from workstation.jobs.runner import JobRunner
from workstation.services.ingest import ImportPaths, ImportResult, run_import

COUNT = 1000
ROUNDS = 3


def main() -> None:
    with support.scratch() as folder:
        images = support.make_images(folder / "source", COUNT, 128, 120)
        places = (folder / f"target{number}" for number in itertools.count())
        candidates = {
            "copy, each file flushed": lambda: support.seconds(lambda: _copy(images, next(places), flush=True)),
            "copy, unflushed": lambda: support.seconds(lambda: _copy(images, next(places), flush=False)),
            "import": lambda: _import(images, next(places), already_present=False),
            "import of what is there": lambda: _import(images, next(places), already_present=True),
        }
        support.compare(f"import {COUNT} x 30 KiB", candidates, ROUNDS, ("files/s", COUNT))


def _copy(images: support.Images, target: Path, flush: bool) -> None:
    target.mkdir()
    for path in images.paths:
        copied = Path(shutil.copyfile(path, target / path.name))
        if flush:
            with copied.open("rb+") as file:
                os.fsync(file.fileno())


def _import(images: support.Images, target: Path, already_present: bool) -> float:
    target.mkdir()
    archive = LocalArchive(target / "archive")
    handlers = {
        ImportPaths: lambda command, context: run_import(command, context, archive=archive, publish=lambda _: None)
    }
    runner = JobRunner(handlers, lambda _: None, Journal(target / "jobs.sqlite"))

    def run() -> ImportResult:
        result = runner.run(ImportPaths((str(images.folder),))).result
        assert isinstance(result, ImportResult)
        return result

    try:
        if already_present:
            run()
        results: list[ImportResult] = []
        taken = support.seconds(lambda: results.append(run()))
        assert (results[0].already_present if already_present else results[0].stored) == images.count
        return taken
    finally:
        runner.close()
        archive.close()


if __name__ == "__main__":
    support.start(main)
