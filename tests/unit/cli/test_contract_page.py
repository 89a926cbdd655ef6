"""docs/cli.md is a contract: what the program has, the page must say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from workstation import cli
from workstation.cli.worklist import KEYWORDS
from workstation.domain.errors import WorkstationError
from workstation.domain.study import NOUN_OF_LEVEL, keywords
from workstation.services.export_command import ExportResult
from workstation.services.retrieve import RetrieveResult
from workstation.settings import Settings, entries

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(group: click.Group, context: click.Context, path: str) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, context, f"{path} {name}")


def test_every_command_and_option_is_described() -> None:
    program = cli.build(open_workplace=None, open_window=None, run_demo=None)  # type: ignore[arg-type]
    assert isinstance(program, click.Group)
    for path, command in commands(program, click.Context(program), "workstation"):
        if path == "workstation open":
            assert "workstation [open PATH…]" in PAGE
        elif path == "workstation jobs list":
            assert "workstation jobs [list]" in PAGE
        else:
            assert f"{path} " in PAGE or f"{path}\n" in PAGE, path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.opts[0] in PAGE, f"{path} {parameter.opts[0]}"


@pytest.mark.parametrize("noun", NOUN_OF_LEVEL.values())
def test_every_key_of_a_match_is_named(noun: type) -> None:
    for keyword in keywords(noun).values():
        assert f"`{keyword}`" in PAGE


def test_every_key_of_worklist_results_and_settings_is_named() -> None:
    for keyword in KEYWORDS.values():
        assert keyword == "Node" or f"`{keyword}`" in PAGE
    for field in (*fields(RetrieveResult), *fields(ExportResult)):
        assert f"`{field.name}`" in PAGE, field.name
    for key, _ in entries(Settings()):
        assert f"`{key}`" in PAGE, key


def test_every_error_code_is_listed() -> None:
    def codes(kind: type[WorkstationError]) -> Iterator[str]:
        yield kind.code
        for subclass in kind.__subclasses__():
            yield from codes(subclass)

    assert [code for code in codes(WorkstationError) if code != "error" and f"`{code}`" not in PAGE] == []
