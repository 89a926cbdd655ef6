"""Our storage SCP with DCMTK and Orthanc as senders, and with clients that misbehave."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.sop_class import CTImageStorage, Verification  # type: ignore[attr-defined]

from tests.integration.network.conftest import NAMES, OTHERS, UNCOMPRESSED
from tests.support.inbox import FolderInbox, Us
from tests.support.peers import HOST, free_port, p_data, run_storescu, store_request, storescu
from workstation.demo.requesting_ae import RequestingAE
from workstation.domain.errors import ArchiveUnusable, AssociationRejected, DamagedFile, DiskFull, PortInUse
from workstation.domain.node import LocalAe, Node
from workstation.network.dimse.client import DimseClient
from workstation.network.listener import StorageListener

KNOWN = frozenset({"SENDER"})


@pytest.fixture
def listener(us: Us) -> Iterator[StorageListener]:
    listener = StorageListener(lambda: LocalAe(port=0), us.inbox, lambda: KNOWN)
    yield listener
    listener.stop()


@pytest.fixture
def address(listener: StorageListener) -> Node:
    local = listener.start()
    return Node("ourselves", local.ae_title, HOST, local.port)


@pytest.mark.parametrize("name", [*UNCOMPRESSED, *OTHERS, *NAMES])
def test_every_transfer_syntax_is_taken_as_it_is(us: Us, address: Node, testdata: Path, name: str) -> None:
    original = dcmread(testdata / name)

    run_storescu(address, [testdata / name], calling="SENDER")

    [arrived] = us.inbox.by_uid().values()
    assert arrived.file_meta.TransferSyntaxUID == original.file_meta.TransferSyntaxUID
    assert arrived.file_meta.MediaStorageSOPInstanceUID == original.SOPInstanceUID
    assert arrived.get("PixelData") == original.get("PixelData")
    assert set(us.inbox.taken.values()) == {"SENDER"}


def test_a_known_peer_is_echoed(address: Node, us: Us) -> None:
    assert DimseClient(LocalAe("SENDER")).echo(address, us.cancellation).elapsed_s > 0


def test_an_unknown_calling_ae_title_is_rejected(address: Node, us: Us) -> None:
    with pytest.raises(AssociationRejected) as error:
        DimseClient(LocalAe("STRANGER")).echo(address, us.cancellation)

    assert error.value.details["reason"] == "calling AE title not recognized"


def test_everybody_is_let_in_where_that_is_wanted(us: Us) -> None:
    listener = StorageListener(lambda: LocalAe(port=0), us.inbox, frozenset, accept_unknown=True)
    local = listener.start()
    try:
        node = Node("ourselves", local.ae_title, HOST, local.port)
        assert DimseClient(LocalAe("STRANGER")).echo(node, us.cancellation)
    finally:
        listener.stop()


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (DiskFull(reason="No space left on device"), "0xa700"),
        (ArchiveUnusable(reason="read-only"), "0xa700"),
        (DamagedFile(reason="cut off"), "0xc000"),
    ],
)
def test_what_cannot_be_taken_is_answered_with_its_status(
    tmp_path: Path, testdata: Path, refusal: DiskFull, status: str
) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    inbox = FolderInbox(folder, refusal)
    listener = StorageListener(lambda: LocalAe(port=0), inbox, lambda: KNOWN)
    local = listener.start()
    try:
        node = Node("ourselves", local.ae_title, HOST, local.port)
        answer = storescu(node, [testdata / UNCOMPRESSED[0]], "-d", calling="SENDER").stdout
    finally:
        listener.stop()

    assert f"DIMSE Status                  : {status}" in answer
    assert inbox.files == []


def test_an_unwritable_inbox_is_answered_with_out_of_resources(tmp_path: Path, testdata: Path) -> None:
    inbox = FolderInbox(tmp_path / "does-not-exist")
    listener = StorageListener(lambda: LocalAe(port=0), inbox, lambda: KNOWN)
    local = listener.start()
    try:
        node = Node("ourselves", local.ae_title, HOST, local.port)
        answer = storescu(node, [testdata / UNCOMPRESSED[0]], "-d", calling="SENDER").stdout
    finally:
        listener.stop()

    assert "DIMSE Status                  : 0xa700" in answer


@pytest.mark.parametrize(
    ("announced", "expected"), [("1.2.3.4.5", 0xA900), ("../../../../tmp/owned", 0xA900), ("1.2\\..\\x", 0xA900)]
)
def test_a_uid_that_is_not_what_it_claims_is_refused(
    us: Us, address: Node, testdata: Path, announced: str, expected: int
) -> None:
    dataset = dcmread(testdata / UNCOMPRESSED[0])

    with Client(address) as client:
        status = client.store(announced, dataset)

    assert status == expected
    assert us.inbox.files == []


def test_a_client_killed_in_the_middle_leaves_no_file(us: Us, address: Node, testdata: Path) -> None:
    with Client(address) as client:
        client.begin_store(str(dcmread(testdata / UNCOMPRESSED[0]).SOPInstanceUID), b"\0" * 5000)
        wait_until(lambda: len(us.inbox.files) == 1)
        client.kill()
        wait_until(lambda: us.inbox.files == [])


def test_twenty_associations_at_once_are_served(us: Us, address: Node) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(address)) for _ in range(20)]

        assert [client.echo() for client in clients] == [0] * 20


def test_a_hanging_client_neither_blocks_others_nor_the_end(us: Us, listener: StorageListener) -> None:
    local = listener.start()
    node = Node("ourselves", local.ae_title, HOST, local.port)
    with socket.create_connection((HOST, local.port)) as silent, Client(node) as half_way:
        silent.sendall(b"\x01\x00\x00\x00\x10\x00")  # a PDU of 4 KiB, begun
        half_way.begin_store("1.2.3", b"")
        assert DimseClient(LocalAe("SENDER")).echo(node, us.cancellation)

        started = time.monotonic()
        listener.stop()

        assert time.monotonic() - started < 9  # the silent one would be thrown out after 10
    assert us.inbox.files == []


@pytest.mark.parametrize(
    "words", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 68, b"\x04\0\0\0\0\x04abcd", b"\x01\0\0\0\0\x04abcd"]
)
def test_whoever_does_not_speak_dicom_is_hung_up_on(us: Us, address: Node, words: bytes) -> None:
    for _ in range(5):
        with socket.create_connection((HOST, address.port)) as scanner:
            scanner.sendall(words)

    assert DimseClient(LocalAe("SENDER")).echo(address, us.cancellation)


def test_a_pdu_longer_than_any_is_hung_up_on_at_once(address: Node) -> None:
    with socket.create_connection((HOST, address.port), 5) as client:
        client.sendall(b"\x01\x00\xff\xff\xff\xff" + b"\0" * 100)

        assert hung_up(client)


def test_a_port_in_use_is_named(us: Us, address: Node) -> None:
    second = StorageListener(lambda: LocalAe(port=address.port), us.inbox, lambda: KNOWN)

    with pytest.raises(PortInUse) as error:
        second.start()

    assert error.value.details["port"] == str(address.port)
    assert not second.running


def test_it_can_be_stopped_and_started_again_on_the_same_port(us: Us) -> None:
    port = free_port()
    listener = StorageListener(lambda: LocalAe(port=port), us.inbox, lambda: KNOWN)
    for _ in range(2):
        assert listener.start().port == port
        assert listener.running
        assert DimseClient(LocalAe("SENDER")).echo(Node("us", "WORKSTATION", HOST, port), us.cancellation)
        listener.stop()
        assert not listener.running


def hung_up(client: socket.socket) -> bool:
    """Whether the connection ends; what is said before (A-ABORT) does not matter."""
    try:
        while client.recv(100):
            pass
    except ConnectionError:
        pass
    return True


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.01)


class Client:
    """An association from SENDER that can be left half-way."""

    def __init__(self, node: Node) -> None:
        ae = RequestingAE("SENDER")
        ae.add_requested_context(CTImageStorage, "1.2.840.10008.1.2.1")
        ae.add_requested_context(Verification)
        self._association = ae.associate(node.host, node.port, ae_title=node.ae_title)
        assert self._association.is_established
        wrapper = self._association.dul.socket
        assert wrapper is not None
        assert wrapper.socket is not None
        self._socket = wrapper.socket

    def echo(self) -> int:
        return int(self._association.send_c_echo().Status)

    def store(self, announced: str, dataset: Dataset) -> int:
        """C-STORE under another UID than the data set has; the status."""
        request = C_STORE()
        request.MessageID = 1
        request.Priority = 0
        request.AffectedSOPClassUID = CTImageStorage
        request._affected_sop_instance_uid = announced
        request.DataSet = BytesIO(encode(dataset, False, True) or b"")
        self._association._reactor_checkpoint.clear()
        self._association.dimse.send_msg(request, 1)
        _, response = self._association.dimse.get_msg(block=True)
        self._association._reactor_checkpoint.set()
        return int(response.Status)  # type: ignore[union-attr, arg-type]

    def begin_store(self, announced: str, data: bytes) -> None:
        """The command and the first part of a data set that never ends."""
        self._socket.sendall(p_data(1, store_request(CTImageStorage, announced), data, complete=False))

    def kill(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._association.abort()
        self._socket.close()
