"""An embedded PACS on a port of its own, and an SCU to ask it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from tests.support.peers import require_program
from tests.support.testdata import REPOSITORY
from workstation.demo.pacs import EmbeddedPacs

TODAY = date(2026, 11, 23)
UNCOMPRESSED = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"]


@pytest.fixture(scope="session")
def samples() -> Path:
    return REPOSITORY / "resources" / "samples"


@pytest.fixture
def pacs(samples: Path) -> Iterator[EmbeddedPacs]:
    with EmbeddedPacs(samples, today=TODAY) as running:
        yield running


class Scu:
    """A requester; every association it opened is closed at the end."""

    def __init__(self, ae_title: str = "TESTSCU") -> None:
        self.ae = AE(ae_title)
        self.ae.dimse_timeout = 20
        self.ae.acse_timeout = 10

    @contextmanager
    def association(
        self,
        pacs: EmbeddedPacs,
        *contexts: PresentationContext | str,
        roles: list[Any] | None = None,
        handlers: list[Any] | None = None,
        called: str | None = None,
    ) -> Iterator[Association]:
        from pynetdicom import build_context

        association = self.ae.associate(
            "127.0.0.1",
            pacs.port,
            ae_title=called or pacs.ae_title,
            contexts=[build_context(c, UNCOMPRESSED) if isinstance(c, str) else c for c in contexts],
            ext_neg=roles or [],
            evt_handlers=handlers or [],
        )
        try:
            yield association
        finally:
            if association.is_established:
                association.release()


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


class Receiver:
    """A storage SCP that keeps what it is sent."""

    def __init__(self, status: int = 0x0000) -> None:
        from pydicom.uid import AllTransferSyntaxes
        from pynetdicom import AllStoragePresentationContexts

        self.received: list[Dataset] = []
        self._status = status
        self.ae = AE("RECEIVER")
        for context in AllStoragePresentationContexts:
            self.ae.add_supported_context(str(context.abstract_syntax), AllTransferSyntaxes)
        self.server: Any = self.ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, self._keep)]
        )
        self.port = int(self.server.server_address[1])

    def _keep(self, event: evt.Event) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        self.received.append(dataset)
        return self._status


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
