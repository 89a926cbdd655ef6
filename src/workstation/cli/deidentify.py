"""workstation deidentify"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from workstation.cli.output import counted
from workstation.cli.running import report as report_end
from workstation.cli.running import run_command
from workstation.cli.session import Session, json_option, pass_session
from workstation.deidentify.options import OPTIONS
from workstation.services.export_command import DeidentifyFiles, ExportResult

_EPILOG = "Options: " + "  ".join(
    f"{option.name}: {option.sentence}" for option in OPTIONS.values() if option.implemented
)


@click.command("deidentify", epilog=_EPILOG)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    metavar="DIR",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the copies go; the originals are only read.",
)
@click.option("--profile", type=click.Choice(["basic"]), default="basic", show_default=True, help="PS3.15 annex E.")
@click.option(
    "--option",
    "options",
    metavar="NAME",
    multiple=True,
    type=click.Choice([option.name for option in OPTIONS.values() if option.implemented]),
    help="An option of the profile, see below; may be given several times.",
)
@click.option(
    "--key-file",
    metavar="F",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Make the same pseudonyms as other exports with this key; begun when the file does not exist.",
)
@click.option(
    "--report", metavar="F", type=click.Path(dir_okay=False, path_type=Path), help="Write what was done, JSON and HTML."
)
@click.option(
    "--pixels",
    type=click.Choice(["hold", "accept"]),
    default="hold",
    show_default=True,
    help="Images that may have text burned in: hold them back, or accept them since you have looked at them.",
)
@json_option
@pass_session
def command(
    session: Session,
    *,
    paths: tuple[Path, ...],
    out: Path,
    profile: str,
    options: tuple[str, ...],
    key_file: Path | None,
    report: Path | None,
    pixels: str,
    as_json: bool,
) -> int:
    """Write de-identified copies of files and folders: all that were found safe together, or nothing."""
    job = DeidentifyFiles(
        destination=str(out.absolute()),
        paths=tuple(str(path.absolute()) for path in paths),
        profile=profile,
        options=options,
        key_file=str(key_file.absolute()) if key_file else "",
        report=str(report.absolute()) if report else "",
        pixels=pixels,
    )
    with session.workplace() as workplace:
        finished = run_command(workplace, job, "deidentify")
        result = finished.result if isinstance(finished.result, ExportResult) else None
        if result is not None and not as_json:
            for held in result.held:
                click.echo(f"{held.path}: held back ({held.reason}). {held.explanation}", err=True)
        return report_end(finished, asdict(result) if result else None, _sentence(result), as_json=as_json)


def _sentence(result: ExportResult | None) -> str:
    if result is None:
        return ""
    counts = f"{len(result.held)} held back, {len(result.skipped)} not DICOM, {result.duplicates} there twice."
    if not result.folder:
        return f"Nothing was written; {counts}"
    wrote = f"{counted(result.written, 'file')} of {counted(result.patients, 'patient')}"
    lines = [f"Wrote {wrote} to {result.folder}; {counts}"]
    if result.report:
        lines.append(f"Report: {result.report} and {result.report_html}")
    return "\n".join(lines)
