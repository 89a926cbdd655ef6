"""The workstation as its users start it: a process of its own with a profile in a temporary folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.domain.node import Node
from workstation.settings import Folders, add_node, load, save, with_value


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    status: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def record(self) -> dict[str, Any]:
        (record,) = self.records
        return record


class CommandLine:
    """Calls `python -m workstation` on one profile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config"
        self.data = folder / "data"

    def __call__(self, *arguments: object, timeout_s: float = 120) -> Ended:
        return self.run(self.command(*arguments), timeout_s)

    def run(self, command: list[str], timeout_s: float = 120) -> Ended:
        """A call as `command` words it, which may be wrapped in another program."""
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=timeout_s,
            cwd=self.folder,
            env=self.environment,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """The same without waiting."""
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=self.folder,
            env=self.environment,
        )

    def command(self, *arguments: object) -> list[str]:
        profile = ["--config-dir", str(self.config), "--data-dir", str(self.data)]
        return [sys.executable, "-m", "workstation", *profile, *map(str, arguments)]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONUTF8": "1"}

    def done(self, *arguments: object) -> Ended:
        """A call that must succeed."""
        ended = self(*arguments)
        assert ended.status == 0, ended.err
        return ended

    def change(self, key: str, value: object) -> None:
        """Set a setting without starting a process."""
        save(with_value(load(self.folders), key, str(value)), self.folders)

    def add(self, node: Node) -> None:
        save(add_node(load(self.folders), node), self.folders)

    @property
    def folders(self) -> Folders:
        return Folders(self.config, self.data)

    @property
    def archived(self) -> list[Path]:
        """The Part 10 files of its archive."""
        return sorted(path for path in (self.data / "archive").rglob("*.dcm") if path.is_file())
