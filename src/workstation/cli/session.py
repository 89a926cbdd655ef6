"""What every command has at hand: the profile's folders and settings, and the way to the workplace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workstation.domain.node import Node
from workstation.domain.uid import is_valid_uid
from workstation.settings import Folders, Settings, load

if TYPE_CHECKING:
    from workstation.services.workplace import Workplace

OpenWorkplace = Callable[[Folders], "AbstractContextManager[Workplace]"]
OpenWindow = Callable[[Folders, tuple[Path, ...]], int]  # (profile, what to open) -> exit status
RunDemo = Callable[[bool, "Path | None"], int]  # (headless, folder for screenshots) -> exit status


@dataclass(frozen=True, slots=True)
class Session:
    """One call of the command line."""

    folders: Folders
    open_workplace: OpenWorkplace
    open_window: OpenWindow
    run_demo: RunDemo

    def settings(self) -> Settings:
        return load(self.folders)

    def workplace(self) -> AbstractContextManager[Workplace]:
        return self.open_workplace(self.folders)

    def node(self, name: str) -> Node:
        """The node `name`; a usage error that lists the known ones when there is none."""
        settings = self.settings()
        node = settings.node(name)
        if node is None:
            raise click.BadParameter(no_such_node(name, settings), param_hint="NODE")
        return node


def no_such_node(name: str, settings: Settings) -> str:
    known = ", ".join(node.name for node in settings.nodes)
    if not known:
        return f"there is no node “{name}”: none is configured yet. Add one with “workstation node add”."
    return f"there is no node “{name}”. Known: {known}."


def uid_option(name: str, **options: Any) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """An option whose value is a UID (PS3.5 chapter 9)."""
    return click.option(name, metavar="UID", callback=_check_uids, **options)


def _check_uids(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
    for uid in value if isinstance(value, tuple) else [value]:
        if uid and not is_valid_uid(uid):
            raise click.BadParameter("a UID is digits and dots, 64 characters at most")
    return value or (value if isinstance(value, tuple) else "")


def _parse_where(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    keys: dict[str, str] = {}
    for text in values:
        keyword, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"“{text}” has no “=”; write Keyword=value, for example PatientName=DOE*")
        keys[keyword.strip()] = value
    return keys


pass_session = click.make_pass_decorator(Session)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
where_option = click.option(
    "--where",
    metavar="Keyword=value",
    multiple=True,
    callback=_parse_where,
    help="Only matches; * and ? in texts, A-B in dates. May be given several times.",
)
