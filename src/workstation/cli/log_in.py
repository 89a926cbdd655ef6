"""workstation node login, logout: passwords and tokens of nodes, kept in the system's keyring."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from workstation.cli.session import Session, pass_session
from workstation.domain.node import Node, WebAuth
from workstation.jobs.cancel import Cancellation
from workstation.services.log_in import forget, kinds_of
from workstation.services.ports import DeviceCode, SecretKind
from workstation.settings import add_node, remove_node, save


@click.command("login")
@click.argument("name", metavar="NODE")
@click.option("--auth", type=click.Choice([kind.value for kind in WebAuth if kind is not WebAuth.NONE]))
@click.option("--user", metavar="NAME", help="The user name of a basic log-in.")
@click.option("--code", "by_code", is_flag=True, help="OpenID: enter a code in any browser instead of opening one.")
@click.option("--secret-stdin", "from_input", is_flag=True, help="Read the password or token from standard input.")
@pass_session
def log_in(session: Session, *, name: str, auth: str | None, user: str | None, by_code: bool, from_input: bool) -> int:
    """Log in at NODE's DICOMweb service; what is entered goes to the keyring of this computer, never to a file."""
    node = session.node(name)
    changed = replace(node, auth=WebAuth(auth) if auth else node.auth, user=node.user if user is None else user)
    if changed.auth is WebAuth.NONE:
        raise click.UsageError("No log-in is set for this node: give --auth basic, bearer, headers or oidc.")
    if changed.auth is WebAuth.BASIC and not changed.user:
        changed = replace(changed, user=click.prompt("User name", err=True))
    require_keyring(session, changed, (*kinds_of(changed), SecretKind.OIDC)[0])
    if changed.web_url.lower().startswith("http:"):
        click.echo("The address begins with http: whoever listens on the network can read this log-in.", err=True)
    for kind in kinds_of(changed):
        asked = f"{kind.removeprefix('header:').capitalize()} for {name}"
        given = sys.stdin.readline().rstrip("\r\n") if from_input else click.prompt(asked, hide_input=True, err=True)
        keep_secret(session, changed, kind, given)
    if changed != node:
        settings = session.settings()
        save(add_node(remove_node(settings, name), changed), session.folders)
    if changed.auth is WebAuth.OIDC:
        with session.workplace() as workplace:
            workplace.web.log_in(changed, Cancellation(), _show if by_code else None)
    click.echo(f"{name}: the log-in is kept.")
    return 0


@click.command("logout")
@click.argument("name", metavar="NODE")
@pass_session
def log_out(session: Session, *, name: str) -> int:
    """Forget the passwords and tokens of NODE."""
    node = session.node(name)
    with session.workplace() as workplace:
        if node.auth is WebAuth.OIDC:
            workplace.web.log_out(node, Cancellation())
        forget(workplace.secrets, node)
    click.echo(f"{name}: the log-in is forgotten.")
    return 0


def require_keyring(session: Session, node: Node, kind: str) -> None:
    """A usage error with the way out where this computer keeps no secrets."""
    with session.workplace() as workplace:
        if not workplace.secrets.where:
            variable = workplace.secrets.variable_of(node.name, kind)
            raise click.UsageError(
                "This computer has no keyring, and passwords are never written to a file. Leave it out here and "
                f"give it with each call: in the environment variable {variable}, "
                f"or in a file that {variable}_FILE names."
            )


def keep_secret(session: Session, node: Node, kind: str, value: str) -> None:
    """Keep `value` in the keyring. Raises SecretsUnusable, a usage error where there is none."""
    require_keyring(session, node, kind)
    with session.workplace() as workplace:
        workplace.secrets.set(node.name, kind, value)


def _show(code: DeviceCode) -> None:
    click.echo(f"Open {code.address} in any browser and enter the code {code.code}", err=True)
