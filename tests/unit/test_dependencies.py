"""What docs/dependencies.md promises about licences and the lock."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distribution, requires

from packaging.requirements import Requirement

from tests.support.testdata import REPOSITORY

LOCK = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")


def runtime_distributions() -> dict[str, Distribution]:
    """Everything that the default set brings, extras left out."""
    found: dict[str, Distribution] = {}
    waiting = ["workstation"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = distribution(name)
        requirements = [Requirement(text) for text in requires(name) or []]
        waiting += [r.name.lower() for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""})]
    return found


def licence_of(package: Distribution) -> str:
    metadata = package.metadata
    classifiers = [text for text in metadata.get_all("Classifier", []) if text.startswith("License")]
    return " ".join([metadata.get("License-Expression") or metadata.get("License") or "", *classifiers])


def test_no_runtime_dependency_is_gpl_only() -> None:
    offenders = {
        name: licence
        for name, package in runtime_distributions().items()
        if (licence := licence_of(package)) and "GPL" in licence and "LGPL" not in licence
    }
    assert offenders == {}


def test_every_direct_dependency_is_recorded_with_its_licence() -> None:
    recorded = (REPOSITORY / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    direct = [Requirement(text) for text in requires("workstation") or []]
    names = [requirement.name.lower() for requirement in direct if requirement.marker is None]
    assert [name for name in names if name not in recorded] == []


def test_lock_pins_with_hashes_and_names_no_address() -> None:
    assert "://" not in LOCK
    assert "index-url" not in LOCK
    pinned = re.findall(r"^[A-Za-z0-9._-]+==\S+", LOCK, flags=re.MULTILINE)
    assert len(pinned) > 20
    assert LOCK.count("--hash=sha256:") >= len(pinned)
