"""The same verbs for the command line; docs/cli.md is its contract."""

from workstation.cli.program import build
from workstation.cli.session import OpenWindow, OpenWorkplace, RunDemo

__all__ = ["OpenWindow", "OpenWorkplace", "RunDemo", "build"]
