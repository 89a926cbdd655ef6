"""workstation demo"""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.session import Session, pass_session


@click.command("demo")
@click.option("--headless", is_flag=True, help="Run the journey by itself and print each step.")
@click.option(
    "--screenshots",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Leave a picture of every page there (with --headless).",
)
@pass_session
def command(session: Session, *, headless: bool, screenshots: Path | None) -> int:
    """Start an embedded PACS with sample data on this computer, and the workstation configured to it."""
    if screenshots is not None and not headless:
        raise click.UsageError("--screenshots needs --headless")
    return session.run_demo(headless, screenshots)
