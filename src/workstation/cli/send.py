"""workstation send"""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.output import counted, megabytes
from workstation.cli.running import report, run_command
from workstation.cli.session import Session, json_option, pass_session, uid_option
from workstation.services.send import SendFiles, SendInstances, SendResult


@click.command("send")
@click.argument("node", metavar="NODE")
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path(exists=True, path_type=Path))
@uid_option("--study", help="Send this study of the archive instead of files.")
@json_option
@pass_session
def command(session: Session, *, node: str, paths: tuple[Path, ...], study: str, as_json: bool) -> int:
    """Send files and folders, or a study of the archive, to NODE."""
    if bool(paths) == bool(study):
        raise click.UsageError("Give either files and folders, or --study UID.")
    session.node(node)
    with session.workplace() as workplace:
        files = tuple(str(path.absolute()) for path in paths)
        send = SendFiles(node, files) if files else SendInstances(node, study_instance_uid=study)
        finished = run_command(workplace, send, node)
        result = finished.result if isinstance(finished.result, SendResult) else None
        record = {"node": node, **(_record(result) if result else {})}
        return report(finished, record, _sentence(node, result), as_json=as_json)


def _record(result: SendResult) -> dict[str, object]:
    return {
        "expected": result.expected,
        "sent": result.sent,
        "sent_before": result.sent_before,
        "bytes": result.bytes,
        "skipped": result.skipped,
        "failures": [
            {
                "sop_instance_uid": failure.sop_instance_uid,
                "reason": failure.reason,
                "path": str(failure.path) if failure.path else None,
            }
            for failure in result.failures
        ],
    }


def _sentence(node: str, result: SendResult | None) -> str:
    if result is None:
        return ""
    before = f"; {result.sent_before} of them before" if result.sent_before else ""
    amount = f"{megabytes(result.bytes)}{before}"
    return f"Sent {result.sent} of {counted(result.expected, 'instance')} to {node} ({amount})."
