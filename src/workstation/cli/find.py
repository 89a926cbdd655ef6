"""workstation find"""

from __future__ import annotations

import click

from workstation.cli.matches import print_matches, query_from
from workstation.cli.session import Session, json_option, pass_session, where_option
from workstation.domain.study import Level


@click.command("find")
@click.argument("node", metavar="NODE")
@click.option(
    "--level", type=click.Choice([level.value for level in Level]), default=Level.STUDY.value, show_default=True
)
@where_option
@click.option("--all", "everything", is_flag=True, help="Ask for everything NODE has, without any --where.")
@json_option
@pass_session
def command(session: Session, *, node: str, level: str, where: dict[str, str], everything: bool, as_json: bool) -> int:
    """List what NODE has: patients, studies, series or images.

    Series are those of a study (--where StudyInstanceUID=UID), images those of a series of it
    (--where SeriesInstanceUID=UID as well); many systems insist on it. A key inside a sequence is
    written as its path: --where RequestAttributesSequence.ScheduledProcedureStepID=S1
    """
    session.node(node)
    query = query_from(Level(level), where)
    if query.asks_for_everything and not everything:
        raise click.UsageError("this asks for everything the node has. Narrow it with --where, or say --all.")
    with session.workplace() as workplace:
        return print_matches(workplace, node, query, as_json=as_json)
