"""The map of the project must be true."""

from __future__ import annotations

import re
import subprocess

from tests.support.testdata import REPOSITORY

SOURCES = REPOSITORY / "src" / "workstation"


def test_every_file_on_the_map_exists() -> None:
    text = (REPOSITORY / "docs" / "where-to-change-what.md").read_text(encoding="utf-8")
    missing = []
    for line in text.splitlines():
        folder = None
        for name in re.findall(r"`([\w/]+\.py)`", line):
            found = [base for base in (SOURCES, REPOSITORY, folder) if base is not None and (base / name).is_file()]
            if not found:
                missing.append(name)
            else:
                folder = (found[0] / name).parent
    assert missing == []


def test_no_tracked_text_names_a_registry_or_this_machine() -> None:
    registry = re.compile(r"https?://[\w.-]+/(simple|packages)/|index-url *=|registry *=")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    offenders = []
    for name in filter(None, tracked.stdout.split("\0")):
        path = REPOSITORY / name
        text = path.read_text(encoding="utf-8", errors="ignore") if path.is_file() else ""
        if (registry.search(text) and name != "tests/unit/test_docs.py") or f"{REPOSITORY}/" in text:
            offenders.append(name)
    assert offenders == []
