"""workstation config: the settings by key."""

from __future__ import annotations

from typing import Any

import click

from workstation.cli.output import print_json, print_table
from workstation.cli.session import Session, json_option, pass_session
from workstation.domain.errors import SettingsError
from workstation.settings import entries, get, save, with_value


@click.group("config", invoke_without_command=True)
@json_option
@pass_session
@click.pass_context
def command(context: click.Context, session: Session, *, as_json: bool) -> None:
    """Show all settings, or get or set one of them."""
    if context.invoked_subcommand is not None:
        return
    shown = [(key, _text(value)) for key, value in entries(session.settings())]
    if as_json:
        for key, value in entries(session.settings()):
            print_json({"key": key, "value": value})
    else:
        print_table(("key", "value"), shown)


@command.command("get")
@click.argument("key")
@json_option
@pass_session
def get_value(session: Session, key: str, as_json: bool) -> None:
    """Print the value of KEY, for example local.ae_title."""
    settings = session.settings()
    try:
        value = get(settings, key)
    except SettingsError as error:
        raise _usage(error) from error
    if as_json:
        print_json({"key": key, "value": value})
    else:
        click.echo(_text(value))


@command.command("set")
@click.argument("key")
@click.argument("value")
@pass_session
def set_value(session: Session, key: str, value: str) -> None:
    """Set KEY to VALUE, for example local.port 11112."""
    settings = session.settings()
    try:
        changed = with_value(settings, key, value)
    except SettingsError as error:
        raise _usage(error) from error
    save(changed, session.folders)


@command.command("path")
@pass_session
def path(session: Session) -> None:
    """Print where the settings file lies, or would lie."""
    click.echo(session.folders.settings_file)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _usage(error: SettingsError) -> click.UsageError:
    details = error.details
    return click.UsageError(
        f"{details.get('key', '')}: expected {details.get('expected')}, found {details.get('found')}."
    )
