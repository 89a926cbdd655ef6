"""workstation import"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workstation.cli.output import counted
from workstation.cli.running import report, run_command
from workstation.cli.session import Session, json_option, pass_session
from workstation.services.ingest import ImportPaths, ImportResult


@click.command("import")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@json_option
@pass_session
def command(session: Session, *, paths: tuple[Path, ...], as_json: bool) -> int:
    """Copy the DICOM files of files and folders into the archive."""
    with session.workplace() as workplace:
        finished = run_command(workplace, ImportPaths(tuple(str(path.absolute()) for path in paths)), "import")
        result = finished.result if isinstance(finished.result, ImportResult) else None
        if result is not None and not as_json:
            for path, failure in result.failed:
                click.echo(f"{path}: {failure.details.get('reason') or failure.code}", err=True)
        return report(finished, _record(result) if result else None, _sentence(result), as_json=as_json)


def _record(result: ImportResult) -> dict[str, Any]:
    return {
        "stored": result.stored,
        "already_present": result.already_present,
        "conflicts": result.conflicts,
        "bytes": result.bytes,
        "study_instance_uids": list(result.study_instance_uids),
        "skipped": list(result.skipped),
        "failures": [{"path": path, "code": error.code, "details": error.details} for path, error in result.failed],
        "damaged": [{"path": path, "reason": reason} for path, reason in result.warnings],
    }


def _sentence(result: ImportResult | None) -> str:
    if result is None:
        return ""
    return (
        f"Imported {counted(result.stored, 'instance')}; {result.already_present} already here, "
        f"{len(result.skipped)} not DICOM, {len(result.failed) + result.conflicts} failed; "
        f"in all {counted(len(result.study_instance_uids), 'study', 'studies')}."
    )
