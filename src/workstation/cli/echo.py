"""workstation echo"""

from __future__ import annotations

from dataclasses import asdict

import click

from workstation.cli.running import report, run_command
from workstation.cli.session import Session, json_option, pass_session
from workstation.services.echo import EchoNode, Reached


@click.command("echo")
@click.argument("node", metavar="NODE")
@json_option
@pass_session
def command(session: Session, *, node: str, as_json: bool) -> int:
    """Test the connection to NODE: C-ECHO, and DICOMweb where it is configured."""
    session.node(node)
    with session.workplace() as workplace:
        finished = run_command(workplace, EchoNode(node), node)
        reached = finished.result if isinstance(finished.result, Reached) else None
        answers = asdict(reached) if reached else {"dimse": None, "web": None}
        return report(finished, {"node": node, **answers}, _sentence(node, reached), as_json=as_json)


def _sentence(node: str, reached: Reached | None) -> str:
    ways = [("C-ECHO", reached.dimse), ("DICOMweb", reached.web)] if reached else []
    return "\n".join(
        f"{node} answered {way} in {answer.elapsed_s * 1000:.0f} ms"
        + (f" ({answer.implementation})" if answer.implementation else "")
        for way, answer in ways
        if answer
    )
