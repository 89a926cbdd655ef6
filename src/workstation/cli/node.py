"""workstation node: the systems to talk to."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import click

from workstation.cli.log_in import keep_secret, log_in, log_out
from workstation.cli.output import print_json, print_table
from workstation.cli.session import Session, json_option, no_such_node, pass_session
from workstation.domain.errors import SettingsError
from workstation.domain.node import Node, WebAuth
from workstation.services.log_in import forget, password_taken_out, shown_address
from workstation.services.ports import SecretKind
from workstation.settings import add_node, remove_node, save


@click.group("node")
def command() -> None:
    """Add, list or remove nodes: the systems to talk to, each under a name of your choice."""


@command.command("add")
@click.argument("name")
@click.option("--aet", metavar="AET", default="", help="Its AE title, by which DICOM systems are called.")
@click.option("--host", metavar="H", default="", help="Its host name or address.")
@click.option("--port", metavar="P", type=click.IntRange(1, 65535), help="Its DICOM port.")
@click.option("--web", metavar="URL", default="", help="Its DICOMweb root, if it has one.")
@click.option("--tls", is_flag=True, help="Encrypt DICOM connections to it.")
@click.option(
    "--ca-file",
    type=click.Path(resolve_path=True),
    metavar="PEM",
    help="The authorities trusted for it; else the system's.",
)
@pass_session
def add(  # one parameter per option
    session: Session, *, name: str, aet: str, host: str, port: int | None, web: str, tls: bool, ca_file: str | None
) -> None:
    """Add a node. A node with only DICOMweb needs no --aet, --host and --port."""
    if not web or aet or host or port is not None:
        absent = [option for option, value in (("--aet", aet), ("--host", host), ("--port", port)) if not value]
        if absent:
            raise click.UsageError(f"Missing option {', '.join(absent)}.")
    settings = session.settings()
    if settings.node(name) is not None:
        raise click.UsageError(
            f"There is a node “{name}” already. Change it with “workstation config set nodes.{name}.KEY VALUE”."
        )
    try:
        node = Node(name, aet, host, port, web) if port is not None else _web_only(name, web)
        node, password = password_taken_out(node)
        changed = add_node(settings, replace(node, tls=tls, ca_file=ca_file or ""))
    except SettingsError as error:
        details = error.details
        raise click.UsageError(
            f"{details.get('key')}: expected {details.get('expected')}, found {details.get('found')}."
        ) from error
    if password:
        keep_secret(session, node, SecretKind.PASSWORD, password)
    save(changed, session.folders)


@command.command("list")
@json_option
@pass_session
def list_nodes(session: Session, as_json: bool) -> None:
    """List the configured nodes."""
    nodes = session.settings().nodes
    if as_json:
        for node in nodes:
            print_json(
                {
                    "name": node.name,
                    "ae_title": node.ae_title,
                    "host": node.host,
                    "port": node.port,
                    "web_url": shown_address(node.web_url),
                    "retrieve_method": node.retrieve_method.value,
                }
            )
    else:
        rows = [(n.name, n.ae_title, n.host, n.port, shown_address(n.web_url), n.retrieve_method.value) for n in nodes]
        print_table(("name", "ae title", "host", "port", "web", "retrieve"), rows)


@command.command("remove")
@click.argument("name")
@pass_session
def remove(session: Session, name: str) -> None:
    """Remove a node. What was retrieved from it stays."""
    settings = session.settings()
    node = settings.node(name)
    if node is None:
        raise click.BadParameter(no_such_node(name, settings), param_hint="NAME")
    save(remove_node(settings, name), session.folders)
    if node.auth is not WebAuth.NONE or node.user or node.client_certificate:
        with session.workplace() as workplace:
            forget(workplace.secrets, node)


def _web_only(name: str, web: str) -> Node:
    try:
        parts = urlsplit(web)
        return Node(name, "", parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443), web)
    except ValueError as error:
        raise SettingsError(key=f"nodes.{name}.web_url", expected="a web address", found=repr(web)) from error


command.add_command(log_in)
command.add_command(log_out)
