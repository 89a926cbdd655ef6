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
@json_option
@pass_session
def command(session: Session, *, node: str, level: str, where: dict[str, str], as_json: bool) -> int:
    """List what NODE has: patients, studies, series or images.

    Series are those of a study (--where StudyInstanceUID=UID), images those of a series of it
    (--where SeriesInstanceUID=UID as well); many systems insist on it.
    """
    session.node(node)
    query = query_from(Level(level), where)
    with session.workplace() as workplace:
        return print_matches(workplace, node, query, as_json=as_json)
