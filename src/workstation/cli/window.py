"""workstation open"""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.session import Session, pass_session


@click.command("open")
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path(exists=True, path_type=Path))
@pass_session
def command(session: Session, *, paths: tuple[Path, ...]) -> int:
    """Open the window, with files, folders or a DICOMDIR."""
    return session.open_window(session.folders, tuple(path.absolute() for path in paths))
