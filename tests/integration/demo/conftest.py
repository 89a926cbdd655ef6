"""An embedded PACS on a port of its own, and an SCU to ask it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from tests.support.peers import require_program
from tests.support.pynetdicom_peers import TODAY, Receiver, Scu
from tests.support.testdata import REPOSITORY
from workstation.demo.pacs import EmbeddedPacs


@pytest.fixture(scope="session")
def samples() -> Path:
    return REPOSITORY / "resources" / "samples"


@pytest.fixture
def pacs(samples: Path) -> Iterator[EmbeddedPacs]:
    with EmbeddedPacs(samples, today=TODAY) as running:
        yield running


@pytest.fixture
def scu() -> Scu:
    return Scu()


@pytest.fixture
def find(pacs: EmbeddedPacs, scu: Scu) -> Callable[..., list[Dataset]]:
    """Ask a model and return the identifiers; the final status must be success."""

    def ask(model: str, level: str = "", **keys: Any) -> list[Dataset]:
        query = Dataset()
        query.SpecificCharacterSet = "ISO_IR 192"
        if level:
            query.QueryRetrieveLevel = level
        for keyword, value in keys.items():
            setattr(query, keyword, value)
        with scu.association(pacs, model) as association:
            answers = list(association.send_c_find(query, model))
        assert answers[-1][0].Status == 0x0000
        return [identifier for status, identifier in answers if status.Status == 0xFF00 and identifier is not None]

    return ask


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.ae.shutdown()


@pytest.fixture
def dcmtk(pacs: EmbeddedPacs, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a DCMTK tool against the PACS in a folder of its own."""

    def run(tool: str, *options: str, files: Sequence[Path] = ()) -> subprocess.CompletedProcess[str]:
        command = [require_program(tool, "dcmtk"), "-aec", pacs.ae_title, *options, "127.0.0.1", str(pacs.port)]
        command += [str(path) for path in files]
        finished = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False, errors="replace"
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished

    return run
