"""Peers that work longer than they may be silent: they are waited for while something arrives, and no longer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from pydicom import Dataset
from pydicom.uid import UID, generate_uid
from pynetdicom.dsutils import encode
from pynetdicom.sop_class import CTImageStorage  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as StudyRootGet  # type: ignore[attr-defined]
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove as StudyRootMove  # type: ignore[attr-defined]

from tests.support.inbox import Us, ignore
from tests.support.peers import HOST, ScriptedPeer, more_data, p_data, retrieve_response, store_request
from workstation.demo.requesting_ae import RequestingAE
from workstation.domain.errors import Cancelled, PeerTimedOut
from workstation.domain.node import LocalAe
from workstation.network.listener import StorageListener
from workstation.services.ports import RetrieveTarget, TransferReport

TARGET = RetrieveTarget("1.2.3")
CT = str(CTImageStorage)
TIMEOUT_S = 2.5  # ten pauses: a busy machine is no silent peer
PAUSE_S = 0.25
MANY = 20  # of them with a pause before each are two time-outs long
CANCEL_WITHIN_S = 0.5  # the issue's own number


@pytest.fixture
def listening(us: Us) -> Iterator[tuple[StorageListener, int]]:
    """Our listener and its port."""
    listener = StorageListener(lambda: LocalAe(port=0), us.inbox, lambda: frozenset({"SCRIPTED"}))
    yield listener, listener.start().port
    listener.stop()


def ct() -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CT, generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    dataset.Rows, dataset.Columns, dataset.BitsAllocated = 64, 64, 16
    dataset.PixelRepresentation = 0
    dataset.PixelData = bytes(64 * 64 * 2)
    return dataset


def read_request(peer: ScriptedPeer, connection: socket.socket) -> None:
    for _ in ("command", "identifier"):
        peer.read_pdu(connection)


def sends_slowly(port: int, count: int, answers: bool = True) -> Callable[[ScriptedPeer, socket.socket], None]:
    """A C-MOVE provider without pending responses: `count` instances to `port`, then its answer or nothing more."""

    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        request = peer.associate(connection)
        read_request(peer, connection)
        ae = RequestingAE("SCRIPTED")
        ae.add_requested_context(CTImageStorage, "1.2.840.10008.1.2")
        association = ae.associate(HOST, port)
        for _ in range(count):
            if not peer.ended.wait(PAUSE_S) and association.is_established:
                association.send_c_store(_with_meta(ct()))
        association.release()
        if not answers:
            peer.hold()
        if peer.ended.is_set():
            return
        connection.sendall(p_data(request.context_of(StudyRootMove), retrieve_response(0x8021, count), None))
        peer.take_leave(connection)

    return script


def _with_meta(dataset: Dataset) -> Dataset:
    from pydicom.dataset import FileMetaDataset

    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2")
    return dataset


def move(us: Us, peer: ScriptedPeer, listener: StorageListener) -> TransferReport:
    node = peer.node(response_timeout_s=TIMEOUT_S)
    return us.dimse.move(node, TARGET, ignore, us.cancellation, lambda: listener.bytes_from("SCRIPTED"))


def test_move_waits_for_a_silent_peer_while_instances_arrive(us: Us, listening: tuple[StorageListener, int]) -> None:
    listener, port = listening
    with ScriptedPeer(sends_slowly(port, MANY)) as peer:
        report = move(us, peer, listener)

    assert (report.transferred, len(us.inbox.taken)) == (MANY, MANY)


def test_move_gives_a_silent_peer_up_when_nothing_arrives_any_more(
    us: Us, listening: tuple[StorageListener, int]
) -> None:
    listener, port = listening
    with ScriptedPeer(sends_slowly(port, 2, answers=False)) as peer, pytest.raises(PeerTimedOut):
        move(us, peer, listener)

    assert len(us.inbox.taken) == 2


def test_a_move_that_is_waited_for_is_cancelled_within_half_a_second(
    us: Us, listening: tuple[StorageListener, int]
) -> None:
    listener, port = listening
    at: list[float] = []

    def cancel() -> None:
        at.append(time.monotonic())
        us.cancellation.cancel()

    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        threading.Timer(1.5 * TIMEOUT_S, cancel).start()
        sends_slowly(port, MANY)(peer, connection)

    with ScriptedPeer(script) as peer:
        with pytest.raises(Cancelled):
            move(us, peer, listener)
        elapsed = time.monotonic() - at[0]

    assert elapsed < CANCEL_WITHIN_S


def test_get_waits_for_an_instance_that_takes_longer_than_the_peer_may_be_silent(us: Us) -> None:
    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        request = peer.associate(connection)
        if StudyRootGet not in request.abstract_syntaxes.values():
            connection.close()  # the query that precedes it
            return
        read_request(peer, connection)
        context = request.context_of(CT)
        syntax = UID(dict(request.contexts)[context].decode())
        dataset = ct()
        data = encode(dataset, syntax.is_implicit_VR, syntax.is_little_endian) or b""
        size = len(data) // MANY + 1
        parts = [data[start : start + size] for start in range(0, len(data), size)]
        command = store_request(CT, str(dataset.SOPInstanceUID))
        connection.sendall(p_data(context, command, parts[0], complete=False))
        for number, part in enumerate(parts[1:], start=2):
            peer.ended.wait(PAUSE_S)
            connection.sendall(more_data(context, part, last=number == len(parts)))
        peer.read_pdu(connection)
        connection.sendall(p_data(request.context_of(StudyRootGet), retrieve_response(0x8010, 1), None))
        peer.take_leave(connection)

    with ScriptedPeer(script) as peer:
        report = us.dimse.get(peer.node(response_timeout_s=TIMEOUT_S), TARGET, us.inbox, ignore, us.cancellation)

    assert (report.stored, report.expected) == (1, 1)
