"""workstation retrieve"""

from __future__ import annotations

from dataclasses import asdict

import click

from workstation.cli.output import counted, megabytes
from workstation.cli.running import report, run_command, worst
from workstation.cli.session import Session, json_option, pass_session, uid_option
from workstation.domain.node import RetrieveMethod
from workstation.services.retrieve import RetrieveResult, RetrieveStudy


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
@json_option
@pass_session
def command(session: Session, *, node: str, study: str, series: tuple[str, ...], method: str, as_json: bool) -> int:
    """Bring a study from NODE into the archive. What is there already is not transferred again."""
    session.node(node)
    statuses = []
    with session.workplace() as workplace:
        for uid in series or ("",):
            finished = run_command(workplace, RetrieveStudy(node, study, uid, method), node)
            result = finished.result if isinstance(finished.result, RetrieveResult) else None
            record = {"node": node, "study_instance_uid": study, "series_instance_uid": uid or None}
            counts = asdict(result) if result else {}
            statuses.append(report(finished, {**record, **counts}, _sentence(result), as_json=as_json))
    return worst(statuses)


def _sentence(result: RetrieveResult | None) -> str:
    if result is None:
        return ""
    how = f" by {result.method.upper()}" if result.method else ""
    expected = "?" if result.expected is None else result.expected
    return (
        f"Retrieved {counted(result.stored, 'instance')}{how} ({megabytes(result.bytes)}); "
        f"{result.already_present} already here, {len(result.missing)} of {expected} missing."
    )
