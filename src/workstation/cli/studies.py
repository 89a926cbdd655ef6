"""workstation studies"""

from __future__ import annotations

import click

from workstation.cli.matches import print_matches, query_from
from workstation.cli.session import Session, json_option, pass_session, where_option
from workstation.domain.events import LOCAL
from workstation.domain.study import Level


@click.command("studies")
@where_option
@json_option
@pass_session
def command(session: Session, *, where: dict[str, str], as_json: bool) -> int:
    """List the studies of the archive, the newest first."""
    query = query_from(Level.STUDY, where)
    with session.workplace() as workplace:
        return print_matches(workplace, LOCAL, query, as_json=as_json)
