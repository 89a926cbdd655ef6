"""Real peers in throw-away folders on loopback ports of their own, and peers that misbehave on purpose.

Orthanc and DCMTK are started as their users start them; `HangingPeer` and `KilledPeer` are raw sockets.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom.dsutils import encode

from tests.support.testdata import unavailable
from workstation.domain.node import Node

HOST = "127.0.0.1"
OUR_AE_TITLE = "WORKSTATION"
_START_S = 30.0
_PLUGINS = Path("/usr/share/orthanc/plugins")


def _ports() -> Iterator[int]:
    """Those of this process alone, below those that the system gives to outgoing connections, which come and go."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = list(range(15_000 + worker, 32_000, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))))
    random.SystemRandom().shuffle(ports)
    return itertools.cycle(ports)


_PORTS = _ports()


def free_port() -> int:
    """A port nobody uses now, and that no other test is given: many stay closed until their test needs them."""
    while True:
        port = next(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port


def require_program(name: str, package: str) -> str:
    """The path of `name`, or a skip naming the Debian package; in CI a failure."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        unavailable(f"{name} (Debian package {package})")
    assert found is not None
    return found


def _wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the peer ended at once: {log.read_text(errors='replace')[-2000:]}")
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.02)
    pytest.fail("the peer does not listen")


class _Process:
    """A program that runs as long as the block, in a folder of its own."""

    def __init__(self, prefix: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        self.log = self.folder / "log.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self, command: Sequence[str], port: int) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        _wait_for_port(port, self.process, self.log)

    def kill(self) -> None:
        """As a power failure would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        """As a swapping or hung server: connections stay open, nothing is read or sent."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """At once: what it would write on its way out is deleted anyway."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


# --- Orthanc -------------------------------------------------------------------------------------


class OrthancPeer(_Process):
    """Orthanc with DICOM, DICOMweb and worklists; it knows us as `our_ae_title` at `our_port`."""

    ae_title = "ORTHANC"

    def __init__(
        self,
        our_port: int | None = None,
        our_ae_title: str = OUR_AE_TITLE,
        worklist: Sequence[Dataset] = (),
        overrides: dict[str, Any] | None = None,
    ) -> None:
        program = require_program("Orthanc", "orthanc")
        for name, package in (("libOrthancDicomWeb.so", "orthanc-dicomweb"), ("libModalityWorklists.so", "orthanc")):
            if not (_PLUGINS / name).exists():
                unavailable(f"{name} (Debian package {package})")
        super().__init__("orthanc-")
        self.our_port = our_port or free_port()
        self.our_ae_title = our_ae_title
        self.dicom_port, self.http_port = free_port(), free_port()
        self.http = f"http://{HOST}:{self.http_port}"
        self.web_url = f"{self.http}/dicom-web"
        for name in ("db", "worklists"):
            (self.folder / name).mkdir()
        (self.folder / "worklists" / "lockfile").touch()
        self.set_worklist(worklist)
        configuration = self.folder / "orthanc.json"
        configuration.write_text(json.dumps(self._configuration() | (overrides or {})))
        self.launch([program, str(configuration)], self.http_port)
        _wait_for_port(self.dicom_port, self.process, self.log)  # type: ignore[arg-type]

    def _configuration(self) -> dict[str, Any]:
        us = {"AET": self.our_ae_title, "Host": HOST, "Port": self.our_port, "AllowTranscoding": False}
        return {
            "Name": "PEER",
            "StorageDirectory": str(self.folder / "db"),
            "IndexDirectory": str(self.folder / "db"),
            "Plugins": [str(_PLUGINS / "libModalityWorklists.so"), str(_PLUGINS / "libOrthancDicomWeb.so")],
            "HttpPort": self.http_port,
            "AuthenticationEnabled": False,
            "RemoteAccessAllowed": False,
            "DicomAet": self.ae_title,
            "DicomPort": self.dicom_port,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowEcho": True,
            "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowFind": True,
            "DicomAlwaysAllowFindWorklist": True,
            "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowMove": True,
            "DicomModalities": {"us": us},
            "SynchronousCMove": True,
            "TranscodeDicomProtocol": False,
            "UnknownSopClassAccepted": True,
            "DefaultEncoding": "Utf8",
            "StableAge": 1,
            "SaveJobs": False,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            "Worklists": {"Enable": True, "Database": str(self.folder / "worklists"), "FilterIssuerAet": False},
        }

    def node(self, **changes: Any) -> Node:
        """How we address it."""
        values: dict[str, Any] = {
            "name": "orthanc",
            "ae_title": self.ae_title,
            "host": HOST,
            "port": self.dicom_port,
            "web_url": self.web_url,
        }
        return Node(**(values | changes))

    def set_worklist(self, items: Sequence[Dataset]) -> None:
        for old in (self.folder / "worklists").glob("*.wl"):
            old.unlink()
        for number, item in enumerate(items):
            item.save_as(self.folder / "worklists" / f"item{number}.wl", enforce_file_format=True)

    def get(self, path: str) -> Any:
        """The JSON at `path` of its REST interface."""
        with urllib.request.urlopen(self.http + path, timeout=60) as answer:
            return json.loads(answer.read())

    def request(self, path: str, data: bytes = b"", method: str = "POST") -> bytes:
        request = urllib.request.Request(self.http + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return bytes(answer.read())

    def instance_file(self, sop_instance_uid: str) -> bytes:
        """The file as Orthanc keeps it."""
        found = json.loads(self.request("/tools/lookup", sop_instance_uid.encode()))
        with urllib.request.urlopen(f"{self.http}/instances/{found[0]['ID']}/file", timeout=60) as answer:
            return bytes(answer.read())

    def clear(self) -> None:
        for patient in self.get("/patients"):
            self.request(f"/patients/{patient}", method="DELETE")


def worklist_item(number: int, **changes: str) -> Dataset:
    """A worklist file as a RIS would write it; `changes` by keyword, for the step or around it."""
    item = Dataset()
    item.file_meta = FileMetaDataset()
    item.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    item.file_meta.MediaStorageSOPClassUID = "1.2.276.0.7230010.3.1.0.1"  # as dump2dcm writes .wl files
    item.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    item.SpecificCharacterSet = "ISO_IR 192"
    item.AccessionNumber, item.PatientID = f"ACC{number:04d}", f"PID{number:04d}"
    item.PatientName = f"WORKLIST^PATIENT{number}"
    item.PatientBirthDate, item.PatientSex = "19700101", "F" if number % 2 else "M"
    item.StudyInstanceUID = generate_uid()
    item.RequestedProcedureID, item.RequestedProcedureDescription = f"RP{number}", "CT thorax"
    item.ReferringPhysicianName = "REFERRER^DOC"
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = "CT", OUR_AE_TITLE
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20261124", "083000"
    step.ScheduledPerformingPhysicianName = "PERFORMER^DOC"
    step.ScheduledProcedureStepDescription, step.ScheduledProcedureStepID = "CT thorax plain", f"SPS{number}"
    for keyword, value in changes.items():
        target = step if keyword in step or keyword.startswith("Scheduled") else item
        setattr(target, keyword, value)
    item.ScheduledProcedureStepSequence = [step]
    return item


# --- DCMTK ---------------------------------------------------------------------------------------


class DcmtkStorescp(_Process):
    """`storescp`, keeping what it receives bit for bit in `received`; `options` give it its temper."""

    def __init__(self, *options: str, ae_title: str = "STORESCP") -> None:
        program = require_program("storescp", "dcmtk")
        super().__init__("storescp-")
        self.received = self.folder / "received"
        self.received.mkdir()
        self.port = free_port()
        self.ae_title = ae_title
        self.launch(
            [program, "-aet", ae_title, "-od", str(self.received), "+B", *(options or ("+xa",)), str(self.port)],
            self.port,
        )

    def node(self, **changes: Any) -> Node:
        values: dict[str, Any] = {"name": "storescp", "ae_title": self.ae_title, "host": HOST, "port": self.port}
        return Node(**(values | changes))

    def files(self) -> list[Path]:
        return sorted(path for path in self.received.iterdir() if path.is_file())


class DcmqrscpPeer(_Process):
    """`dcmqrscp`: query/retrieve over its own database, with rules of its own."""

    ae_title = "DCMQRSCP"

    def __init__(self, our_port: int, our_ae_title: str = OUR_AE_TITLE, options: Sequence[str] = ()) -> None:
        program = require_program("dcmqrscp", "dcmtk")
        super().__init__("dcmqrscp-")
        self.port = free_port()
        database = self.folder / "database"
        database.mkdir()
        configuration = self.folder / "dcmqrscp.cfg"
        configuration.write_text(
            f"""MaxPDUSize = 131072
MaxAssociations = 16
HostTable BEGIN
us = ({our_ae_title}, {HOST}, {our_port})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
{self.ae_title} {database} RW (500, 1024mb) ANY
AETable END
"""
        )
        self.launch([program, *options, "-c", str(configuration), str(self.port)], self.port)

    def node(self, **changes: Any) -> Node:
        values: dict[str, Any] = {"name": "dcmqrscp", "ae_title": self.ae_title, "host": HOST, "port": self.port}
        return Node(**(values | changes))


_PROPOSING = {  # storescu's option for each transfer syntax
    "1.2.840.10008.1.2": "-xi",
    "1.2.840.10008.1.2.1": "-xe",
    "1.2.840.10008.1.2.1.99": "-xd",
    "1.2.840.10008.1.2.2": "-xb",
    "1.2.840.10008.1.2.4.50": "-xy",
    "1.2.840.10008.1.2.4.51": "-xx",
    "1.2.840.10008.1.2.4.70": "-xs",
    "1.2.840.10008.1.2.4.80": "-xt",
    "1.2.840.10008.1.2.4.81": "-xu",
    "1.2.840.10008.1.2.4.90": "-xv",
    "1.2.840.10008.1.2.4.91": "-xw",
    "1.2.840.10008.1.2.5": "-xr",
}


def run_storescu(node: Node, paths: Sequence[Path], *options: str, calling: str = OUR_AE_TITLE) -> str:
    """Send `paths` with DCMTK, each in its own transfer syntax; what it said. Fails when it did."""
    said = ""
    syntaxes = {path: dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID for path in paths}
    for syntax in dict.fromkeys(syntaxes.values()):
        same = [path for path in paths if syntaxes[path] == syntax]
        done = storescu(node, same, _PROPOSING[syntax], *options, calling=calling)
        assert done.returncode == 0, done.stdout
        said += done.stdout
    return said


def storescu(
    node: Node, paths: Sequence[Path], *options: str, calling: str = OUR_AE_TITLE
) -> subprocess.CompletedProcess[str]:
    """One run of DCMTK's storescu, whatever becomes of it; all it says is in `stdout`."""
    program = require_program("storescu", "dcmtk")
    command = [program, "-v", "-R", "-aet", calling, "-aec", node.ae_title, *options, node.host, str(node.port)]
    return subprocess.run(
        [*command, *map(str, paths)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        timeout=120,
    )


# --- peers that misbehave ------------------------------------------------------------------------


class Phase(Enum):
    """Where a `HangingPeer` falls silent."""

    NEGOTIATION = "accepts the connection, never answers the association request"
    ASSOCIATED = "accepts the association, then says nothing"
    INSIDE_PDU = "accepts the association, then stops in the middle of a PDU"
    NOT_READING = "accepts the association, then reads no more"


@dataclass(frozen=True)
class _Request:
    """What an A-ASSOCIATE-RQ proposes (PS3.8 9.3.2)."""

    head: bytes
    contexts: tuple[tuple[int, bytes], ...]  # context ID, first transfer syntax
    abstract_syntaxes: dict[int, str]
    roles: bytes  # the role selection items, given back as they came

    @classmethod
    def parse(cls, body: bytes) -> _Request:
        contexts, abstract, roles = [], {}, b""
        for kind, content in _items(body[68:]):
            if kind == 0x20:
                inner = list(_items(content[4:]))
                contexts.append((content[0], next(value for sub, value in inner if sub == 0x40)))
                abstract[content[0]] = next(value for sub, value in inner if sub == 0x30).decode()
            elif kind == 0x50:
                roles = b"".join(_item(sub, value) for sub, value in _items(content) if sub == 0x54)
        return cls(body[4:68], tuple(contexts), abstract, roles)

    def context_of(self, sop_class: str) -> int:
        """The first context proposed for `sop_class`."""
        return next(identity for identity, uid in self.abstract_syntaxes.items() if uid == sop_class)

    def acceptance(self) -> bytes:
        """An A-ASSOCIATE-AC that takes everything (PS3.8 9.3.3)."""
        body = struct.pack(">HH", 1, 0) + self.head
        body += _item(0x10, b"1.2.840.10008.3.1.1.1")
        for identity, syntax in self.contexts:
            body += _item(0x21, bytes([identity, 0, 0, 0]) + _item(0x40, syntax))
        user = _item(0x51, struct.pack(">L", 16384)) + _item(0x52, b"1.2.3.4") + self.roles
        body += _item(0x50, user)
        return struct.pack(">BBL", 2, 0, len(body)) + body


def _item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        kind, _, length = struct.unpack(">BBH", data[:4])
        yield kind, data[4 : 4 + length]
        data = data[4 + length :]


class ScriptedPeer:
    """Accepts connections and runs `script` on each in a thread; `reached` is set when a script has come that far."""

    def __init__(self, script: Callable[[ScriptedPeer, socket.socket], None]) -> None:
        self._script = script
        self._server = socket.create_server((HOST, 0))
        self.port = int(self._server.getsockname()[1])
        self.reached = threading.Event()
        self.ended = threading.Event()
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._serve, name="scripted-peer")]
        self._threads[0].start()

    def node(self, **changes: Any) -> Node:
        values: dict[str, Any] = {
            "name": "scripted",
            "ae_title": "SCRIPTED",
            "host": HOST,
            "port": self.port,
            "web_url": f"http://{HOST}:{self.port}/dicom-web",
        }
        return Node(**(values | changes))

    def associate(self, connection: socket.socket) -> _Request:
        """Accept the association that is asked for."""
        kind, body = self.read_pdu(connection)
        assert kind == 1
        request = _Request.parse(body)
        connection.sendall(request.acceptance())
        return request

    def parsed(self, body: bytes) -> _Request:
        """The A-ASSOCIATE-RQ whose body `read_pdu` gave."""
        return _Request.parse(body)

    def take_leave(self, connection: socket.socket) -> None:
        """Answer the release that is asked for."""
        kind, _ = self.read_pdu(connection)
        assert kind == 5
        connection.sendall(struct.pack(">BBLL", 6, 0, 4, 0))

    def read_pdu(self, connection: socket.socket) -> tuple[int, bytes]:
        head = self._read(connection, 6)
        kind, _, length = struct.unpack(">BBL", head)
        return kind, self._read(connection, length)

    def _read(self, connection: socket.socket, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = connection.recv(count - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._run, args=(connection,), name="scripted-peer")
            self._threads.append(thread)
            thread.start()

    def _run(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._script(self, connection)

    def hold(self) -> None:
        """Stay silent until the test is over."""
        self.reached.set()
        self.ended.wait()

    def close(self) -> None:
        self.ended.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> ScriptedPeer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def p_data(context_id: int, command: Dataset, data: bytes | None, complete: bool = True) -> bytes:
    """A P-DATA-TF (PS3.8 9.3.5) with a command and the data set that follows it, if any, or only its beginning."""
    command.CommandGroupLength = 0
    command.CommandDataSetType = 0x0101 if data is None else 1
    encoded = encode(command, True, True) or b""
    command.CommandGroupLength = len(encoded) - 12
    encoded = encode(command, True, True) or b""
    if data is None:
        return _pdu(context_id, (3, encoded))
    return _pdu(context_id, (3, encoded), (2 if complete else 0, data))


def more_data(context_id: int, data: bytes, last: bool) -> bytes:
    """A P-DATA-TF that goes on with a data set."""
    return _pdu(context_id, (2 if last else 0, data))


def _pdu(context_id: int, *fragments: tuple[int, bytes]) -> bytes:
    body = b""
    for control, content in fragments:
        value = bytes([context_id, control]) + content
        body += struct.pack(">L", len(value)) + value
    return struct.pack(">BBL", 4, 0, len(body)) + body


def store_request(sop_class: str, sop_instance: str) -> Dataset:
    """The command of a C-STORE."""
    command = Dataset()
    command.AffectedSOPClassUID = sop_class
    command.CommandField = 0x0001
    command.MessageID = 1
    command.Priority = 0
    command.AffectedSOPInstanceUID = sop_instance
    return command


def retrieve_response(command_field: int, completed: int) -> Dataset:
    """The command of a final C-GET or C-MOVE response: all done."""
    command = Dataset()
    command.CommandField = command_field
    command.MessageIDBeingRespondedTo = 1
    command.Status = 0x0000
    command.NumberOfCompletedSuboperations = completed
    command.NumberOfFailedSuboperations = 0
    command.NumberOfWarningSuboperations = 0
    return command


def HangingPeer(phase: Phase) -> ScriptedPeer:
    """A peer that never closes the connection and falls silent at `phase`."""

    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        if phase is Phase.NEGOTIATION:
            peer.hold()
            return
        peer.associate(connection)
        if phase is Phase.NOT_READING:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.hold()
            return
        peer.read_pdu(connection)
        if phase is Phase.INSIDE_PDU:
            connection.sendall(struct.pack(">BBLLBB", 4, 0, 1 << 15, (1 << 15) - 4, 1, 1) + b"\0" * 100)
        peer.hold()

    return ScriptedPeer(script)


def KilledPeer(after_pdus: int = 1) -> ScriptedPeer:
    """A peer that takes the association, reads `after_pdus` PDUs of ours and is gone."""

    def script(peer: ScriptedPeer, connection: socket.socket) -> None:
        peer.associate(connection)
        for _ in range(after_pdus):
            peer.read_pdu(connection)
        peer.reached.set()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return ScriptedPeer(script)


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """A port whose connections never complete: its queue of pending ones is full."""
    with socket.socket() as server, contextlib.ExitStack() as fillers:
        server.bind((HOST, 0))
        server.listen(0)
        port = int(server.getsockname()[1])
        for _ in range(8):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((HOST, port))
        yield port


@contextlib.contextmanager
def no_thread_left() -> Iterator[None]:
    """Fails when a thread started inside is still there at the end."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 5.0
    while True:
        left = [thread for thread in threading.enumerate() if thread not in before and thread.name != "resolver"]
        if not left:
            return
        if time.monotonic() > deadline:
            pytest.fail(f"threads left: {[thread.name for thread in left]}")
        left[0].join(0.05)
