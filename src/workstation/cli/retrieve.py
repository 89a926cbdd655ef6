"""workstation retrieve"""

from __future__ import annotations

from dataclasses import asdict

import click

from workstation.cli.output import counted, megabytes
from workstation.cli.running import report, run_command, worst
from workstation.cli.session import Session, json_option, pass_session, uid_option
from workstation.domain.node import RetrieveMethod
from workstation.services.move import MoveResult, MoveStudy
from workstation.services.priors import FindPriors
from workstation.services.retrieve import RetrieveResult, RetrieveStudy
from workstation.services.workplace import Workplace


@click.command("retrieve")
@click.argument("node", metavar="NODE")
@uid_option("--study", required=True, help="Study Instance UID, as “workstation find” prints it.")
@uid_option("--series", multiple=True, help="Only this Series Instance UID; may be given several times.")
@click.option(
    "--method",
    type=click.Choice([method.value for method in RetrieveMethod]),
    default=RetrieveMethod.AUTO.value,
    show_default=True,
    help="C-GET, C-MOVE to our own listener, or DICOMweb; auto tries what the node offers, in that order.",
)
@click.option("--to", metavar="AE", default="", help="Have NODE send it to this AE title (C-MOVE); nothing comes here.")
@json_option
@pass_session
def command(
    session: Session, *, node: str, study: str, series: tuple[str, ...], method: str, to: str, as_json: bool
) -> int:
    """Bring a study from NODE into the archive. What is there already is not transferred again."""
    session.node(node)
    statuses = []
    with session.workplace() as workplace:
        for uid in series or ("",):
            if to:
                statuses.append(_move(workplace, MoveStudy(node, study, to, uid), as_json=as_json))
                continue
            finished = run_command(workplace, RetrieveStudy(node, study, uid, method), node)
            result = finished.result if isinstance(finished.result, RetrieveResult) else None
            record = {"node": node, "study_instance_uid": study, "series_instance_uid": uid or None}
            counts = asdict(result) if result else {}
            statuses.append(report(finished, {**record, **counts}, _sentence(result), as_json=as_json))
        if not to and session.node(node).priors:
            statuses += _priors(workplace, FindPriors(node, study), as_json=as_json)
    return worst(statuses)


def _move(workplace: Workplace, command: MoveStudy, *, as_json: bool) -> int:
    finished = run_command(workplace, command, command.node)
    result = finished.result if isinstance(finished.result, MoveResult) else None
    record = {
        "node": command.node,
        "study_instance_uid": command.study_instance_uid,
        "series_instance_uid": command.series_instance_uid or None,
        **(asdict(result) if result else {"destination": command.destination}),
    }
    sentence = f"{command.node} sent {counted(result.sent, 'instance')} to {result.destination}." if result else ""
    return report(finished, record, sentence, as_json=as_json)


def _priors(workplace: Workplace, command: FindPriors, *, as_json: bool) -> list[int]:
    """What the node's settings want fetched along; each has its own line."""
    found = run_command(workplace, command, command.node)
    if found.error is not None:
        return [report(found, None, "", as_json=as_json)]
    statuses = []
    for prior in found.result or ():
        finished = run_command(workplace, prior, command.node)
        result = finished.result if isinstance(finished.result, RetrieveResult) else None
        record = {"node": command.node, "study_instance_uid": prior.study_instance_uid, "prior": True}
        sentence = f"Prior study: {_sentence(result)}" if result else ""
        statuses.append(report(finished, {**record, **(asdict(result) if result else {})}, sentence, as_json=as_json))
    return statuses


def _sentence(result: RetrieveResult | None) -> str:
    if result is None:
        return ""
    how = f" by {result.method.upper()}" if result.method else ""
    expected = "?" if result.expected is None else result.expected
    return (
        f"Retrieved {counted(result.stored, 'instance')}{how} ({megabytes(result.bytes)}); "
        f"{result.already_present} already here, {len(result.missing)} of {expected} missing."
    )
