"""The root command. Each verb is a module of this package, imported when it is called, so that help is fast."""

from __future__ import annotations

import difflib
import importlib
from pathlib import Path
from typing import Any

import click

import workstation
from workstation.cli.output import DONE, ended_by, tolerate_any_text
from workstation.cli.session import OpenWindow, OpenWorkplace, RunDemo, Session
from workstation.domain.errors import WorkstationError
from workstation.settings import folders

_VERBS = {
    "open": ("window", "Open the window, with files, folders or a DICOMDIR."),
    "demo": ("demo", "Start the workstation on an embedded PACS with sample data."),
    "config": ("config", "Show or change the settings."),
    "node": ("node", "Add, list or remove the systems to talk to."),
    "echo": ("echo", "Test the connection to a node."),
    "diagnose": ("diagnose", "Find out why a node cannot be reached or does not deliver."),
    "find": ("find", "List what a node has."),
    "retrieve": ("retrieve", "Bring a study from a node into the archive."),
    "send": ("send", "Send files or a study to a node."),
    "import": ("import_files", "Take files and folders into the archive."),
    "studies": ("studies", "List the studies of the archive."),
    "measurements": ("measurements", "List what was measured in a study, or save it as DICOM."),
    "info": ("info", "Show what DICOM files hold."),
    "render": ("render", "Write a frame as a PNG picture."),
    "worklist": ("worklist", "List the scheduled procedures of a node."),
    "deidentify": ("deidentify", "Write de-identified copies of files."),
    "jobs": ("jobs", "List, resume or cancel jobs."),
}


class Program(click.Group):
    """Loads a verb when it is called, and ends every error of ours as words on stderr."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in _VERBS:
            return None
        command = importlib.import_module(f"workstation.cli.{_VERBS[name][0]}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_module, words) in _VERBS.items()])

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(context, arguments)
        except click.UsageError as error:
            near = _near(arguments[0]) if arguments else ""
            raise click.UsageError(f"{error.format_message()}{near}", context) from error

    def invoke(self, context: click.Context) -> Any:
        """Run the verb; what it returns is the exit status."""
        try:
            status = super().invoke(context)
        except (WorkstationError, KeyboardInterrupt) as error:
            status = ended_by(error)
        context.exit(status if isinstance(status, int) else DONE)


def build(*, open_workplace: OpenWorkplace, open_window: OpenWindow, run_demo: RunDemo) -> click.Command:
    """The command line over what `app` hands in."""

    @click.command(cls=Program, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
    @click.option("--config-dir", type=click.Path(path_type=Path), help="Keep the settings in this folder.")
    @click.option("--data-dir", type=click.Path(path_type=Path), help="Keep the archive and the jobs in this folder.")
    @click.version_option(workstation.__version__, prog_name="workstation")
    @click.pass_context
    def program(context: click.Context, config_dir: Path | None, data_dir: Path | None) -> int:
        """Desktop DICOM workstation: without a command it opens its window.

        Exit status: 0 done, 1 failed, 2 usage, 3 partly done.
        """
        tolerate_any_text()
        session = Session(folders(config_dir, data_dir), open_workplace, open_window, run_demo)
        context.obj = session
        return session.open_window(session.folders, ()) if context.invoked_subcommand is None else DONE

    return program


def _near(name: str) -> str:
    found = difflib.get_close_matches(name, _VERBS, n=2)
    return f" Did you mean {' or '.join(found)}?" if found else ""
