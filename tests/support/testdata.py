"""Where the large test data lies, when it is present; the lean part that ships travels in resources/samples."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def shared_testdata() -> Path | None:
    """The folder with MANIFEST.csv, or None where a clone stands alone."""
    configured = os.environ.get("WORKSTATION_TESTDATA")
    candidates = [Path(configured)] if configured else []
    candidates.append(REPOSITORY.parent / "shared" / "testdata")
    return next((folder for folder in candidates if (folder / "MANIFEST.csv").is_file()), None)


def require_testdata() -> Path:
    """The folder, or a skip that says what is missing; in CI a failure."""
    folder = shared_testdata()
    if folder is None:
        unavailable("the full test data: set WORKSTATION_TESTDATA to the folder that holds MANIFEST.csv")
    assert folder is not None
    return folder


def unavailable(what: str) -> None:
    """Skip for want of `what`; in CI nothing may be skipped, so fail there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"needs {what}")


def manifest() -> list[dict[str, str]]:
    """The rows of MANIFEST.csv, empty where the data is not present (for parametrisation)."""
    folder = shared_testdata()
    if folder is None:
        return []
    with (folder / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
