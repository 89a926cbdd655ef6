"""A diagnosis of real peers with each fault set up for real: every fault ends in a sentence of its own."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine
from tests.support.peers import (
    DcmqrscpPeer,
    DcmtkStorescp,
    HangingPeer,
    OrthancPeer,
    Phase,
    free_port,
    require_program,
    run_storescu,
)
from workstation.app import open_workplace
from workstation.domain.node import LocalAe, Node, WebAuth
from workstation.services.diagnose import DiagnoseNode
from workstation.services.diagnosis import Diagnosis, Finding, Light, Step
from workstation.services.diagnosis_sheet import sheet
from workstation.settings import Folders, Settings, resources

IMAGES = sorted((resources() / "samples" / "ct-head").rglob("*.dcm"))[:2]
DIMSE_ONLY: dict[str, Any] = {"web_url": ""}
WEB_ONLY: dict[str, Any] = {"ae_title": "", "host": "", "port": 104}


@pytest.fixture(scope="module")
def orthanc() -> Iterator[OrthancPeer]:
    with OrthancPeer() as peer:
        run_storescu(peer.node(), IMAGES)
        yield peer


def diagnose(folder: Path, node: Node, local: LocalAe, *, store: bool = False, theirs: str = "-") -> Diagnosis:
    """What is found; nothing is left behind: no instance, no listener, no thread but `theirs`."""
    before = set(threading.enumerate())
    folders = Folders(folder / "config", folder / "data")
    with open_workplace(folders, Settings(local=local, nodes=(node,))) as workplace:
        ended = workplace.runner.run(DiagnoseNode(node.name, store))
        assert isinstance(ended.result, Diagnosis)
        assert workplace.archive.size_bytes() == 0
        assert not workplace.listener.running
    left = [one for one in threading.enumerate() if one not in before and one.name not in ("resolver", theirs)]
    for thread in left:
        thread.join(5)
        assert not thread.is_alive(), thread.name
    assert not list((folder / "data" / "archive").rglob("*.dcm"))
    return ended.result


def at(diagnosis: Diagnosis, step: Step) -> Finding:
    return next(one for one in diagnosis.findings if one.step is step)


def words(finding: Finding) -> str:
    return f"{finding.what} {finding.why} {finding.remedy}"


def test_everything_works_with_orthanc_and_nothing_enters_the_archive(tmp_path: Path, orthanc: OrthancPeer) -> None:
    found = diagnose(tmp_path, orthanc.node(), LocalAe(port=orthanc.our_port), store=True)
    wrong = [one for one in found.findings if one.light not in (Light.GREEN, Light.SKIPPED)]
    assert wrong == []
    skipped = [one.step for one in found.findings if one.light is Light.SKIPPED]
    assert skipped == [Step.TLS, Step.WEB_TLS]
    assert found.agreement is not None
    assert "OFFIS_DCMTK" in sheet(found)
    assert "CT Image Storage" in sheet(found)


def test_nothing_is_stored_without_permission(tmp_path: Path, orthanc: OrthancPeer) -> None:
    before = len(orthanc.get("/changes?limit=1000")["Changes"])
    found = diagnose(tmp_path, orthanc.node(), LocalAe(port=orthanc.our_port))
    for step in (Step.STORE, Step.STOW):
        assert at(found, step).light is Light.AMBER
        assert "would store an instance" in at(found, step).what
    assert len(orthanc.get("/changes?limit=1000")["Changes"]) >= before


FAULTS: dict[str, tuple[dict[str, Any], Step, str]] = {
    "refused port": ({**DIMSE_ONLY, "port": 9}, Step.TCP, "nothing listens on that port"),
    "no such host": ({**DIMSE_ONLY, "host": "no-such-host.invalid"}, Step.TCP, "There is no computer of that name"),
    "called AE": ({**DIMSE_ONLY, "ae_title": "WRONG"}, Step.ASSOCIATION, "says that it is not the system we called"),
    "web port as DICOM": ({**DIMSE_ONLY, "port": "http"}, Step.ASSOCIATION, "a web server answers"),
    "TLS to a plain port": ({**DIMSE_ONLY, "tls": True}, Step.TLS, "one for connections without TLS"),
    "https to http": ({**WEB_ONLY, "web_url": "https"}, Step.WEB_TLS, "one for connections without TLS"),
    "DICOM port as web": ({**WEB_ONLY, "web_url": "dicom"}, Step.HTTP, "a DICOM service answers"),
    "wrong path": ({**WEB_ONLY, "web_url": "path"}, Step.QIDO, "DICOMweb answers at"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_settings_has_its_sentence(fault: str, tmp_path: Path, orthanc: OrthancPeer) -> None:
    changes, step, sentence = FAULTS[fault]
    places = {
        "http": orthanc.http_port,
        "https": orthanc.web_url.replace("http:", "https:"),
        "dicom": f"http://127.0.0.1:{orthanc.dicom_port}/dicom-web",
        "path": f"{orthanc.http}/nothing",
    }
    node = orthanc.node(
        **{key: places.get(value, value) if isinstance(value, str) else value for key, value in changes.items()}
    )
    found = diagnose(tmp_path, node, LocalAe(port=orthanc.our_port))
    assert at(found, step).light is Light.RED
    assert sentence in words(at(found, step))
    after = found.findings[[one.step for one in found.findings].index(step) + 1 :]
    assert all(one.light is Light.SKIPPED and "failed" in one.what for one in after)
    assert at(found, step).what in sheet(found)


def test_a_caller_that_orthanc_does_not_know(tmp_path: Path) -> None:
    services = ("Echo", "Store", "Find", "FindWorklist", "Get", "Move")
    strict = {f"DicomAlwaysAllow{service}": False for service in services} | {"DicomModalities": {}}
    with OrthancPeer(overrides=strict) as peer:
        found = diagnose(tmp_path, peer.node(**DIMSE_ONLY), LocalAe("STRANGER", port=free_port()))
    assert "our AE title is STRANGER" in words(at(found, Step.ASSOCIATION))
    assert "calling AE title not recognized" in sheet(found)


def test_orthanc_cannot_reach_us(tmp_path: Path, orthanc: OrthancPeer) -> None:
    found = diagnose(tmp_path, orthanc.node(**DIMSE_ONLY), LocalAe(port=free_port()))
    assert "No connection of it has reached this workstation" in words(at(found, Step.MOVE))
    assert at(found, Step.GET).light is Light.GREEN


def test_our_port_is_taken(tmp_path: Path, orthanc: OrthancPeer) -> None:
    with DcmtkStorescp() as other:
        found = diagnose(tmp_path, orthanc.node(**DIMSE_ONLY), LocalAe(port=other.port))
    assert at(found, Step.MOVE).light is Light.AMBER
    assert "could not listen on port" in at(found, Step.MOVE).what


def test_orthanc_sends_to_somebody_else(tmp_path: Path) -> None:
    """Its entry for our AE title leads to another program, which takes the image."""
    with DcmtkStorescp() as other, OrthancPeer(our_port=other.port) as peer:
        run_storescu(peer.node(), IMAGES)
        found = diagnose(tmp_path, peer.node(**DIMSE_ONLY), LocalAe(port=free_port()))
    assert "nothing has arrived here" in at(found, Step.MOVE).what


def test_orthanc_calls_itself_otherwise(tmp_path: Path) -> None:
    with OrthancPeer(overrides={"DicomCheckCalledAet": False}) as peer:
        run_storescu(peer.node(), IMAGES)
        found = diagnose(tmp_path, peer.node(web_url="", ae_title="OTHERNAME"), LocalAe(port=peer.our_port))
    assert "sends as ORTHANC" in at(found, Step.MOVE).what


def test_orthanc_wants_a_log_in(tmp_path: Path) -> None:
    users = {"AuthenticationEnabled": True, "RegisteredUsers": {"user": "secret"}}
    with OrthancPeer(overrides=users) as peer:
        found = diagnose(tmp_path, peer.node(**WEB_ONLY), LocalAe(port=peer.our_port))
        assert at(found, Step.HTTP).light is Light.GREEN
        assert "no log-in is set" in words(at(found, Step.AUTH))
        node = peer.node(**WEB_ONLY, auth=WebAuth.BASIC, user="user")
        missing = diagnose(tmp_path, node, LocalAe(port=peer.our_port))
        assert "No password or token is kept" in words(at(missing, Step.AUTH)) or at(missing, Step.HTTP).error


def test_dcmqrscp_does_not_know_the_destination_and_then_does(tmp_path: Path) -> None:
    ours = free_port()
    with DcmqrscpPeer(ours) as peer:
        run_storescu(peer.node(), IMAGES)
        stranger = diagnose(tmp_path, peer.node(), LocalAe("STRANGER", port=ours))
        assert "does not know the AE title STRANGER" in at(stranger, Step.MOVE).what
        assert "A801 move destination unknown" in sheet(stranger)
        known = diagnose(tmp_path, peer.node(), LocalAe(port=ours), store=True)
        elsewhere = diagnose(tmp_path, peer.node(), LocalAe(port=free_port()))
    assert [one.step for one in known.findings if one.light is not Light.GREEN] == [Step.TLS]
    assert "A702" in at(elsewhere, Step.MOVE).what


def test_storescp_offers_only_storage(tmp_path: Path) -> None:
    with DcmtkStorescp() as peer:
        found = diagnose(tmp_path, peer.node(), LocalAe(port=free_port()))
    for step in (Step.FIND, Step.MOVE, Step.GET):
        assert at(found, step).light is Light.AMBER
        assert "does not accept" in at(found, step).what


def test_dcmtk_speaks_tls_and_the_node_does_not(tmp_path: Path) -> None:
    openssl = require_program("openssl", "openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "10", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    with DcmtkStorescp("+xa", "+tls", str(key), str(certificate), "-ic") as peer:
        plain = diagnose(tmp_path / "a", peer.node(), LocalAe(port=free_port()))
        wrong = diagnose(tmp_path / "b", peer.node(tls=True, ca_file=str(certificate)), LocalAe(port=free_port()))
        node = peer.node(tls=True, ca_file=str(certificate), tls_name="localhost")
        right = diagnose(tmp_path / "c", node, LocalAe(port=free_port()))
    assert at(plain, Step.ASSOCIATION).error is not None
    assert at(plain, Step.ASSOCIATION).error.details["fault"] == "tls-wanted"  # type: ignore[union-attr]
    assert at(wrong, Step.TLS).error.details["fault"] == "wrong-name"  # type: ignore[union-attr]
    assert at(right, Step.TLS).light is Light.AMBER  # it ends in ten days
    assert at(right, Step.ECHO).light is Light.GREEN


def test_a_silent_peer(tmp_path: Path) -> None:
    with HangingPeer(Phase.NEGOTIATION) as peer:
        node = peer.node(web_url="", response_timeout_s=1.0)
        found = diagnose(tmp_path, node, LocalAe(port=free_port()), theirs="scripted-peer")
    assert "was silent for 1 seconds" in at(found, Step.ASSOCIATION).what


class _Web(ThreadingHTTPServer):
    """Answers everything with one status, type and Date, or sends it on."""

    daemon_threads = True

    def __init__(self, status: int, content_type: str = "", sent_on: str = "", date: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.status, self.content_type, self.sent_on, self.date = status, content_type, sent_on, date
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="web")
        self.thread.start()

    def node(self) -> Node:
        return Node("web", "", "", 104, web_url=f"http://127.0.0.1:{self.server_port}/here")

    def __exit__(self, *reason: object) -> None:
        self.shutdown()
        self.thread.join()
        super().__exit__(*reason)


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, _Web)
        sent_on = server.sent_on and not self.path.startswith(server.sent_on)
        self.send_response_only(302 if sent_on else server.status)
        if sent_on:
            self.send_header("Location", f"{server.sent_on}/studies")
        if server.date:
            self.send_header("Date", server.date)
        self.send_header("Content-Type", server.content_type)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_: object) -> None:
        """Not on stderr."""


JSON = "application/dicom+json"
WEB_FAULTS: dict[str, tuple[dict[str, Any], Step, Light, str]] = {
    "a web page": ({"status": 200, "content_type": "text/html"}, Step.QIDO, Light.RED, "gives a web page for people"),
    "another form": ({"status": 200, "content_type": "text/plain"}, Step.QIDO, Light.RED, "answers in text/plain, not"),
    "403": ({"status": 403}, Step.AUTH, Light.RED, "does not allow this"),
    "503": ({"status": 503}, Step.QIDO, Light.RED, "It is overloaded"),
    "404": ({"status": 404}, Step.QIDO, Light.RED, "nothing at http://127.0.0.1"),
    "sent on": (
        {"status": 200, "content_type": JSON, "sent_on": "/there"},
        Step.HTTP,
        Light.AMBER,
        "It sends us on from there to http://127.0.0.1",
    ),
    "a clock that is off": (
        {"status": 200, "content_type": JSON, "date": "Tue, 24 Nov 2020 08:00:00 GMT"},
        Step.HTTP,
        Light.AMBER,
        "minutes behind this computer’s",
    ),
    "nothing in it": ({"status": 200, "content_type": JSON}, Step.QIDO, Light.AMBER, "has no study to show us"),
}


@pytest.mark.parametrize("fault", WEB_FAULTS)
def test_a_web_server_that_is_not_what_was_meant(fault: str, tmp_path: Path) -> None:
    answer, step, light, sentence = WEB_FAULTS[fault]
    with _Web(**answer) as server:
        found = diagnose(tmp_path, server.node(), LocalAe(port=free_port()))
    assert at(found, step).light is light
    assert sentence in words(at(found, step))


def test_the_command_line_tells_each_step_and_writes_the_sheet(tmp_path: Path, orthanc: OrthancPeer) -> None:
    workstation = CommandLine(tmp_path)
    workstation.change("local.port", orthanc.our_port)
    workstation.add(orthanc.node(web_url=orthanc.web_url.replace("//", "//user:secret@")))
    ended = workstation("diagnose", "orthanc", "--json")
    assert ended.status == 0
    *steps, end = ended.records
    assert [one["step"] for one in steps] == [step.value for step in Step]
    assert (end["state"], end["error"]) == ("succeeded", None)
    assert "secret" not in json.dumps(ended.records)
    workstation.add(orthanc.node(name="gone", port=free_port(), web_url=""))
    ended = workstation("diagnose", "gone", "--sheet", tmp_path / "sheet.txt")
    assert ended.status == 1
    assert "What to do: Check the host and port" in ended.out
    assert "connection refused" in (tmp_path / "sheet.txt").read_text(encoding="utf-8")
