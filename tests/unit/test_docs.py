"""The map of the project must be true."""

from __future__ import annotations

import re

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


def test_no_tracked_text_names_a_registry_host_or_the_workplace() -> None:
    hosts = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|/work/(main|shared)")
    suffixes = {".py", ".md", ".toml", ".lock", ".txt", ".json", ".qss", ""}
    skipped = {".git", ".venv", "build", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
    offenders = [
        str(path.relative_to(REPOSITORY))
        for path in REPOSITORY.rglob("*")
        if path.is_file()
        and path.suffix in suffixes
        and not skipped & set(path.relative_to(REPOSITORY).parts)
        and path.name != "test_docs.py"
        and hosts.search(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert offenders == []
