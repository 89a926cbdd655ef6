"""Peers that refuse, die or hang: each has its own error, and a cancel is obeyed in every phase."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pynetdicom.acse import ACSE
from pynetdicom.dsutils import encode

from tests.support.inbox import Us, ignore
from tests.support.peers import (
    HOST,
    DcmtkStorescp,
    HangingPeer,
    KilledPeer,
    OrthancPeer,
    Phase,
    ScriptedPeer,
    black_hole,
    free_port,
    p_data,
    run_storescu,
    store_request,
)
from workstation.domain.errors import (
    AssociationRejected,
    Cancelled,
    NoAcceptedContext,
    PeerAborted,
    PeerError,
    PeerTimedOut,
    PeerUnreachable,
)
from workstation.domain.node import Node
from workstation.domain.query import Query, WorklistQuery
from workstation.domain.study import Level, Study
from workstation.services.ports import RetrieveTarget

Operation = Callable[[Us, Node, Path], object]
TARGET = RetrieveTarget("1.2.3")
CT = "1.2.840.10008.5.1.4.1.1.2"
StudyRootGet = "1.2.840.10008.5.1.4.1.2.2.3"
CANCEL_WITHIN_S = 0.5  # the issue's own number

DIMSE: dict[str, Operation] = {
    "echo": lambda us, node, _: us.dimse.echo(node, us.cancellation),
    "find": lambda us, node, _: list(us.dimse.find(node, Query(), us.cancellation)),
    "worklist": lambda us, node, _: list(us.dimse.find_worklist(node, WorklistQuery(), us.cancellation)),
    "get": lambda us, node, _: us.dimse.get(node, TARGET, us.inbox, ignore, us.cancellation),
    "move": lambda us, node, _: us.dimse.move(node, TARGET, ignore, us.cancellation),
    "store": lambda us, node, file: us.dimse.store(node, [file], ignore, us.cancellation),
}
WEB: dict[str, Operation] = {
    "web echo": lambda us, node, _: us.web.echo(node, us.cancellation),
    "web find": lambda us, node, _: list(us.web.find(node, Query(), us.cancellation)),
    "web retrieve": lambda us, node, _: us.web.retrieve(node, TARGET, us.inbox, ignore, us.cancellation),
    "web store": lambda us, node, file: us.web.store(node, [file], ignore, us.cancellation),
}
ALL = DIMSE | WEB


@pytest.fixture
def file(testdata: Path) -> Path:
    return testdata / "modalities/693_UNCR.dcm"


@contextmanager
def cancelled_when(us: Us, reached: threading.Event) -> Iterator[list[float]]:
    """Cancels as soon as `reached` is set; afterwards the list holds how long the block went on."""
    at: list[float] = []

    def cancel() -> None:
        if reached.wait(60):
            at.append(time.monotonic())
            us.cancellation.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    elapsed: list[float] = []
    try:
        yield elapsed
    finally:
        thread.join()
        elapsed.append(time.monotonic() - at[0])


@pytest.mark.parametrize(
    ("phase", "name"),
    [(phase, name) for phase in Phase for name in (ALL if phase is Phase.NEGOTIATION else DIMSE)],
)
def test_a_hung_peer_is_left_within_half_a_second(us: Us, file: Path, phase: Phase, name: str) -> None:
    with HangingPeer(phase) as peer, cancelled_when(us, peer.reached) as elapsed, pytest.raises(Cancelled):
        ALL[name](us, peer.node(), file)

    assert elapsed[0] < CANCEL_WITHIN_S


@pytest.mark.parametrize("name", ["find", "store", "web find"])
def test_a_connection_that_never_completes_is_left_within_half_a_second(us: Us, file: Path, name: str) -> None:
    with black_hole() as port:
        node = Node("hole", "HOLE", HOST, port, web_url=f"http://{HOST}:{port}/")
        soon = threading.Event()
        threading.Timer(0.3, soon.set).start()
        with cancelled_when(us, soon) as elapsed, pytest.raises(Cancelled):
            ALL[name](us, node, file)

    assert elapsed[0] < CANCEL_WITHIN_S


def test_a_receiver_frozen_in_the_middle_is_left_within_half_a_second(us: Us, file: Path) -> None:
    with DcmtkStorescp() as peer:
        frozen = threading.Event()

        def freeze(_: object) -> None:
            peer.freeze()
            frozen.set()

        with cancelled_when(us, frozen) as elapsed, pytest.raises(Cancelled):
            us.dimse.store(peer.node(), [file] * 3, freeze, us.cancellation)

    assert elapsed[0] < CANCEL_WITHIN_S


def test_a_sender_frozen_in_the_middle_is_left_within_half_a_second(us: Us, file: Path) -> None:
    with OrthancPeer() as peer:
        run_storescu(peer.node(), [file])
        frozen = threading.Event()

        def freeze(_: object) -> None:
            peer.freeze()
            frozen.set()

        target = RetrieveTarget(str(dcmread(file).StudyInstanceUID))
        with cancelled_when(us, frozen) as elapsed, pytest.raises(Cancelled):
            while True:  # its last words may already have arrived: then it is frozen for the next time
                us.dimse.get(peer.node(), target, us.inbox, freeze, us.cancellation)

    assert elapsed[0] < CANCEL_WITHIN_S


def test_a_data_set_that_stops_half_way_leaves_no_file(us: Us) -> None:
    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        request = peer.associate(connection)
        if StudyRootGet not in request.abstract_syntaxes.values():
            connection.close()  # the query that precedes it
            return
        peer.read_pdu(connection)
        beginning = p_data(request.context_of(CT), store_request(CT, "1.2.3.4"), b"\0" * 1000, complete=False)
        connection.sendall(beginning)
        while not us.inbox.files:
            peer.ended.wait(0.01)
        peer.hold()

    with ScriptedPeer(script) as peer, cancelled_when(us, peer.reached) as elapsed, pytest.raises(Cancelled):
        us.dimse.get(peer.node(), TARGET, us.inbox, ignore, us.cancellation)

    assert elapsed[0] < CANCEL_WITHIN_S
    assert us.inbox.files == []


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_asked_once_cancelled(us: Us, file: Path, name: str) -> None:
    us.cancellation.cancel()

    with pytest.raises(Cancelled):
        ALL[name](us, Node("nowhere", "NOWHERE", HOST, 9), file)


@pytest.mark.parametrize("name", [*DIMSE, "web echo", "web find"])
def test_a_silent_peer_times_out(us: Us, file: Path, name: str) -> None:
    phase = Phase.ASSOCIATED if name in DIMSE else Phase.NEGOTIATION
    with HangingPeer(phase) as peer, pytest.raises(PeerTimedOut) as error:
        ALL[name](us, peer.node(response_timeout_s=0.5), file)

    assert error.value.details["node"] == "scripted"


def test_a_peer_that_never_answers_the_association_request_times_out(us: Us, file: Path) -> None:
    with HangingPeer(Phase.NEGOTIATION) as peer, pytest.raises(PeerTimedOut):
        us.dimse.echo(peer.node(response_timeout_s=0.5), us.cancellation)


def test_a_name_nobody_has_is_unreachable(us: Us) -> None:
    with pytest.raises(PeerUnreachable) as error:
        us.dimse.echo(Node("gone", "GONE", "no-such-host.invalid", 104), us.cancellation)

    assert error.value.details["reason"] == "no such host"


@pytest.mark.parametrize("name", ALL)
def test_a_closed_port_is_unreachable(us: Us, file: Path, name: str) -> None:
    port = free_port()

    with pytest.raises(PeerUnreachable) as error:
        ALL[name](us, Node("closed", "CLOSED", HOST, port, web_url=f"http://{HOST}:{port}/dicom-web"), file)

    assert error.value.details["reason"] == "connection refused"
    assert error.value.details["port"] == str(port)


def test_no_answer_to_the_connection_is_unreachable(us: Us) -> None:
    with black_hole() as port, pytest.raises(PeerUnreachable) as error:
        us.dimse.echo(Node("hole", "HOLE", HOST, port, connect_timeout_s=0.3), us.cancellation)

    assert error.value.details["reason"] == "no answer within 0.3 s"


@pytest.mark.parametrize("name", DIMSE)
def test_a_peer_that_dies_has_aborted(us: Us, file: Path, name: str) -> None:
    with KilledPeer() as peer, pytest.raises(PeerAborted):
        DIMSE[name](us, peer.node(), file)


def test_a_list_cut_off_by_the_death_of_the_peer_is_incomplete(us: Us) -> None:
    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        request = peer.associate(connection)
        peer.read_pdu(connection)
        connection.sendall(_pending_match(request.contexts[0][0]))
        connection.close()

    rows: list[object] = []
    with ScriptedPeer(script) as peer, pytest.raises(PeerAborted):
        for row in us.dimse.find(peer.node(), Query(), us.cancellation):
            rows.append(row)

    assert len(rows) == 1


def test_a_killed_dcmtk_keeps_what_it_took_and_the_rest_is_named_with_the_reason(us: Us, testdata: Path) -> None:
    paths = [testdata / "modalities/693_UNCR.dcm"] * 5
    with DcmtkStorescp() as peer:
        report = us.dimse.store(peer.node(), paths, lambda _: peer.kill(), us.cancellation)

    assert report.transferred == 1
    assert [failure.path for failure in report.failures] == paths[1:]
    assert {failure.reason for failure in report.failures} <= {"the connection was closed", "connection refused"}


def test_a_wrong_called_ae_title_is_rejected_in_the_words_of_the_standard(us: Us, orthanc: OrthancPeer) -> None:
    with pytest.raises(AssociationRejected) as error:
        us.dimse.echo(orthanc.node(ae_title="WRONG"), us.cancellation)

    details = error.value.details
    assert details["reason"] == "called AE title not recognized"
    assert details["result"] == "rejected permanently"
    assert details["our_ae_title"] == "WORKSTATION"


def test_a_rejection_read_after_the_peer_has_closed_is_still_a_rejection(
    us: Us, orthanc: OrthancPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The requesting thread may be scheduled only when the reactor has read the answer and closed."""
    send_request = ACSE.send_request

    def send_and_dawdle(acse: ACSE) -> None:
        send_request(acse)
        deadline = time.monotonic() + 30
        while acse.dul.peek_next_pdu() is None or acse.dul.socket is None or acse.dul.socket._is_connected:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    monkeypatch.setattr(ACSE, "send_request", send_and_dawdle)

    with pytest.raises(AssociationRejected):
        us.dimse.echo(orthanc.node(ae_title="WRONG"), us.cancellation)


def test_a_refusing_peer_rejects(us: Us) -> None:
    with DcmtkStorescp("--refuse") as peer, pytest.raises(AssociationRejected):
        us.dimse.echo(peer.node(), us.cancellation)


def test_a_service_the_peer_does_not_offer_is_named(us: Us) -> None:
    with DcmtkStorescp() as peer, pytest.raises(NoAcceptedContext) as error:
        list(us.dimse.find(peer.node(), Query(), us.cancellation))

    assert "FIND" in error.value.details["sop_class"]


@pytest.mark.parametrize("option", ["--abort-after", "--abort-during"])
def test_a_peer_that_aborts_during_a_transfer_is_told_from_one_that_refuses(us: Us, file: Path, option: str) -> None:
    with DcmtkStorescp(option) as peer, pytest.raises(PeerAborted):
        us.dimse.store(peer.node(), [file], ignore, us.cancellation)


@pytest.mark.parametrize(
    "rubbish", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 68, b"\x02\x00\x00\x00\x00\x04abcd"]
)
def test_something_that_is_no_dicom_peer_is_an_error_of_the_peer(us: Us, rubbish: bytes) -> None:
    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        peer.read_pdu(connection)
        connection.sendall(rubbish)
        peer.hold()

    with ScriptedPeer(script) as peer, pytest.raises(PeerError):
        us.dimse.echo(peer.node(response_timeout_s=2), us.cancellation)


def _pending_match(context_id: int) -> bytes:
    """A pending C-FIND response with one study."""
    command = Dataset()
    command.AffectedSOPClassUID = "1.2.840.10008.5.1.4.1.2.2.1"
    command.CommandField = 0x8020
    command.MessageIDBeingRespondedTo = 1
    command.Status = 0xFF00
    match = Dataset()
    match.StudyInstanceUID = "1.2.3"
    return p_data(context_id, command, encode(match, True, True) or b"")


def test_nothing_of_a_patient_reaches_the_log(
    us: Us, orthanc: OrthancPeer, caplog: pytest.LogCaptureFixture, file: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    [study] = us.dimse.find(orthanc.node(), Query.where(Level.STUDY, {"PatientID": "CQ500*"}), us.cancellation)
    assert isinstance(study, Study)
    us.dimse.get(orthanc.node(), RetrieveTarget(study.study_instance_uid), us.inbox, ignore, us.cancellation)
    list(us.web.find(orthanc.node(), Query.where(Level.STUDY, {"PatientID": "CQ500*"}), us.cancellation))

    assert "CQ500" not in caplog.text
