"""workstation diagnose"""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.output import DONE, FAILED, PARTLY, error_record, print_error, print_json
from workstation.cli.session import Session, json_option, pass_session
from workstation.domain.events import Event, JobFinished, PartialResult
from workstation.services.diagnose import DiagnoseNode
from workstation.services.diagnosis import Diagnosis, Finding, Light
from workstation.services.diagnosis_sheet import sheet

_COLOURS = {Light.GREEN: "green", Light.AMBER: "yellow", Light.RED: "red"}
_INDENT = " " * 22


@click.command("diagnose")
@click.argument("node", metavar="NODE")
@click.option("--store", is_flag=True, help="Also send it an instance: the one that it has just given.")
@click.option(
    "--sheet",
    "sheet_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the sheet for its administrator to FILE instead of the terminal.",
)
@json_option
@pass_session
def command(session: Session, *, node: str, store: bool, sheet_file: Path | None, as_json: bool) -> int:
    """Find out why NODE cannot be reached or does not deliver: each step on the way, and a sheet to hand on."""
    session.node(node)
    if sheet_file is not None:
        _write(sheet_file, "")  # before a minute of asking is lost
    with session.workplace() as workplace:
        finished = workplace.runner.run(DiagnoseNode(node, store), _Steps(as_json=as_json))
    diagnosis = finished.result
    if not isinstance(diagnosis, Diagnosis):
        if as_json:
            print_json(_ending(node, None, finished))
        if finished.error is not None:
            print_error(finished.error)
        return FAILED
    words = sheet(diagnosis)
    if sheet_file is not None:
        _write(sheet_file, words)
    if as_json:
        print_json(_ending(node, diagnosis, finished))
    elif sheet_file is None:
        click.echo(f"\nFor its administrator:\n\n{words}", nl=False)
    return _status(diagnosis)


class _Steps:
    """Prints each step once, when it has ended."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._printed = 0

    def __call__(self, event: Event) -> None:
        if not isinstance(event, PartialResult) or not isinstance(event.result, Diagnosis):
            return
        ended = [one for one in event.result.findings if one.light is not Light.RUNNING]
        for finding in ended[self._printed :]:
            if self._as_json:
                print_json(_record(event.result.node.name, finding))
            else:
                _print(finding)
        self._printed = max(self._printed, len(ended))


def _print(finding: Finding) -> None:
    light = click.style(f"{finding.light.value:<8}", fg=_COLOURS.get(finding.light))
    took = f" ({finding.elapsed_s * 1000:.0f} ms)" if finding.elapsed_s is not None else ""
    click.echo(f"{light} {finding.step.heading:<12} {finding.what}{took}")
    for label, sentence in (("Why", finding.why), ("What to do", finding.remedy)):
        if sentence:
            click.echo(f"{_INDENT}{label}: {sentence}")


def _record(node: str, finding: Finding) -> dict[str, object]:
    return {
        "node": node,
        "step": finding.step.value,
        "light": finding.light.value,
        "what": finding.what,
        "why": finding.why,
        "remedy": finding.remedy,
        "elapsed_s": finding.elapsed_s,
        "facts": dict(finding.facts),
        "error": error_record(finding.error),
    }


def _ending(node: str, diagnosis: Diagnosis | None, finished: JobFinished) -> dict[str, object]:
    result = {"light": diagnosis.light.value, "sheet": sheet(diagnosis)} if diagnosis is not None else {}
    return {
        "node": node,
        **result,
        "state": finished.job.state.value,
        "warnings": list(finished.job.warnings),
        "error": error_record(finished.error),
    }


def _status(diagnosis: Diagnosis) -> int:
    """Done without a red step, failed without a green one, else partly."""
    lights = {finding.light for finding in diagnosis.findings}
    if Light.RED not in lights:
        return DONE
    return PARTLY if Light.GREEN in lights else FAILED


def _write(file: Path, words: str) -> None:
    try:
        file.write_text(words, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be written: {error.strerror}", param_hint="--sheet") from error
