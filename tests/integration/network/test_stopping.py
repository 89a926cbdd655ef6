"""A cancelled C-GET and C-MOVE say C-CANCEL first, and a peer that obeys is released, not cut off (PS3.7 9.3.2.3)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, StoragePresentationContexts, evt
from pynetdicom.events import Event
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from tests.integration.network.conftest import Us
from workstation.domain.errors import Cancelled
from workstation.domain.node import Node
from workstation.services.ports import RetrieveTarget

TARGET = RetrieveTarget("1.2.3", "1.2.3.1", ("1.2.3.1.1",), ("1.2.840.10008.5.1.4.1.1.2",))
MANY = 5000


class Stopping:
    """A pynetdicom peer that sends the same instance on and on until it is told to stop."""

    def __init__(self, file: Path, obeys: bool) -> None:
        self.told = threading.Event()
        self.ends: list[str] = []
        self._obeys = obeys
        self._dataset = dcmread(file)
        self.sink = ("127.0.0.1", 0)
        self.ended = threading.Event()

    def get(self, event: Event) -> Iterator[object]:
        yield MANY
        yield from self._sends(event)

    def move(self, event: Event) -> Iterator[object]:
        yield self.sink
        yield MANY
        yield from self._sends(event)

    def _sends(self, event: Event) -> Iterator[tuple[int, Dataset | None]]:
        for _ in range(MANY):
            if event.is_cancelled:
                self.told.set()
                if self._obeys:
                    yield 0xFE00, None
                    return
            yield 0xFF00, self._dataset

    def end(self, how: str) -> Callable[[Event], None]:
        def note(_event: Event) -> None:
            self.ends.append(how)
            self.ended.set()

        return note


@pytest.mark.parametrize("obeys", [True, False])
@pytest.mark.parametrize("service", ["get", "move"])
def test_the_peer_is_told_to_stop_before_it_is_left(us: Us, testdata: Path, service: str, obeys: bool) -> None:
    peer = Stopping(testdata / "modalities/693_UNCR.dcm", obeys)
    keeper = AE("KEEPER")
    keeper.supported_contexts = StoragePresentationContexts
    kept = keeper.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda _: 0)])
    ae = AE("STOPPING")
    ae.add_supported_context(StudyRootQueryRetrieveInformationModelGet)
    ae.add_supported_context(StudyRootQueryRetrieveInformationModelMove)
    for context in StoragePresentationContexts[:100]:
        ae.add_supported_context(context.abstract_syntax or "", scu_role=True, scp_role=True)
    ae.requested_contexts = StoragePresentationContexts
    handlers = [
        (evt.EVT_C_GET, peer.get),
        (evt.EVT_C_MOVE, peer.move),
        (evt.EVT_RELEASED, peer.end("released")),
        (evt.EVT_ABORTED, peer.end("aborted")),
        (evt.EVT_CONN_CLOSE, peer.end("closed")),
    ]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    peer.sink = ("127.0.0.1", kept.socket.getsockname()[1])
    node = Node("stopping", "STOPPING", "127.0.0.1", server.socket.getsockname()[1])
    begun, cancelled_at = threading.Event(), 0.0

    def cancel() -> None:
        nonlocal cancelled_at
        assert begun.wait(60)
        cancelled_at = time.monotonic()
        us.cancellation.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    try:
        with pytest.raises(Cancelled):
            if service == "get":
                us.dimse.get(node, TARGET, us.inbox, lambda _: begun.set(), us.cancellation)
            else:
                us.dimse.move(node, TARGET, lambda _: begun.set(), us.cancellation)
        assert peer.told.wait(10)
        assert peer.ended.wait(10)
        assert (peer.ends[0] == "released") is obeys
    finally:
        canceller.join()
        server.shutdown()
        kept.shutdown()
