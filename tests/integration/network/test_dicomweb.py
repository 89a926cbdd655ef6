"""QIDO-RS, WADO-RS and STOW-RS against Orthanc, and against a server that misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydicom import dcmread

from tests.integration.network.conftest import NAMES, OTHERS, UNCOMPRESSED
from tests.support.inbox import FolderInbox, Us, ignore
from tests.support.peers import HOST, OrthancPeer
from workstation.domain.errors import Cancelled, DiskFull, InvalidQuery, PeerAborted, PeerFailure, WebFailure
from workstation.domain.node import Node, RetrieveMethod
from workstation.domain.query import Query
from workstation.domain.study import Instance, Level, Study
from workstation.services.ports import RetrieveTarget, TransferProgress


def test_echo_asks_the_root(orthanc: OrthancPeer, us: Us) -> None:
    assert us.web.echo(orthanc.node(), us.cancellation).elapsed_s > 0


@pytest.mark.parametrize(
    ("level", "endpoint"),
    [(Level.PATIENT, "patients"), (Level.STUDY, "studies"), (Level.SERIES, "series"), (Level.IMAGE, "instances")],
)
def test_find_gives_all_there_is_at_each_level(orthanc: OrthancPeer, us: Us, level: Level, endpoint: str) -> None:
    matches = list(us.web.find(orthanc.node(), Query(level), us.cancellation))

    assert len(matches) == len(orthanc.get(f"/{endpoint}"))


def test_find_agrees_with_dimse(orthanc: OrthancPeer, us: Us, testdata: Path) -> None:
    for name in (*UNCOMPRESSED, *NAMES):
        query = Query.where(Level.STUDY, {"StudyInstanceUID": str(dcmread(testdata / name).StudyInstanceUID)})
        by_web = {study for study in us.web.find(orthanc.node(), query, us.cancellation) if isinstance(study, Study)}
        by_dimse = {
            study for study in us.dimse.find(orthanc.node(), query, us.cancellation) if isinstance(study, Study)
        }

        assert {study.patient_name for study in by_web} == {study.patient_name for study in by_dimse}
        assert {study.study_date for study in by_web} == {study.study_date for study in by_dimse}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"PatientID": "CQ500*"}, 1),
        ({"PatientID": "CQ500-CT-3?0"}, 1),
        ({"StudyDate": "18000101-18991231"}, 0),
    ],
)
def test_find_matches_as_dicom_does(orthanc: OrthancPeer, us: Us, where: dict[str, str], expected: int) -> None:
    assert len(list(us.web.find(orthanc.node(), Query.where(Level.STUDY, where), us.cancellation))) == expected


def test_find_within_a_study_and_a_series(orthanc: OrthancPeer, us: Us, testdata: Path) -> None:
    file = dcmread(testdata / UNCOMPRESSED[0])
    where = {"StudyInstanceUID": str(file.StudyInstanceUID), "SeriesInstanceUID": str(file.SeriesInstanceUID)}

    [instance] = us.web.find(orthanc.node(), Query.where(Level.IMAGE, where), us.cancellation)

    assert isinstance(instance, Instance)
    assert (instance.sop_instance_uid, instance.rows) == (file.SOPInstanceUID, file.Rows)
    assert (instance.study_instance_uid, instance.series_instance_uid) == tuple(where.values())


def test_an_unknown_keyword_is_refused(orthanc: OrthancPeer, us: Us) -> None:
    with pytest.raises(InvalidQuery):
        list(us.web.find(orthanc.node(), Query.where(Level.STUDY, {"PatientsName": "X"}), us.cancellation))


@pytest.mark.parametrize("name", [*UNCOMPRESSED, *OTHERS])
def test_retrieve_brings_the_instance_as_it_is_kept(orthanc: OrthancPeer, us: Us, testdata: Path, name: str) -> None:
    original = dcmread(testdata / name)
    target = RetrieveTarget(str(original.StudyInstanceUID))

    report = us.web.retrieve(orthanc.node(), target, us.inbox, ignore, us.cancellation)

    arrived = us.inbox.by_uid()[str(original.SOPInstanceUID)]
    assert (report.method, report.failures) == (RetrieveMethod.WEB, ())
    assert report.stored == report.transferred == len(us.inbox.taken)
    assert arrived.file_meta.TransferSyntaxUID == original.file_meta.TransferSyntaxUID
    assert arrived.PixelData == original.PixelData


def test_retrieve_single_instances(orthanc: OrthancPeer, us: Us, testdata: Path) -> None:
    file = dcmread(testdata / UNCOMPRESSED[0])
    uids = (str(file.SOPInstanceUID), "1.2.3.4")
    target = RetrieveTarget(str(file.StudyInstanceUID), str(file.SeriesInstanceUID), uids)

    report = us.web.retrieve(orthanc.node(), target, us.inbox, ignore, us.cancellation)

    assert report.stored == 1
    assert [failure.sop_instance_uid for failure in report.failures] == ["1.2.3.4"]


def test_a_study_nobody_has_is_an_http_error(orthanc: OrthancPeer, us: Us) -> None:
    with pytest.raises(WebFailure) as error:
        us.web.retrieve(orthanc.node(), RetrieveTarget("1.2.3.4"), us.inbox, ignore, us.cancellation)

    assert error.value.details["status"] == "404"


def test_a_full_disk_here_stops_the_transfer(orthanc: OrthancPeer, us: Us, testdata: Path) -> None:
    inbox = FolderInbox(us.inbox.folder, refusal=DiskFull(reason="No space left on device"))
    target = RetrieveTarget(str(dcmread(testdata / UNCOMPRESSED[0]).StudyInstanceUID))

    with pytest.raises(DiskFull):
        us.web.retrieve(orthanc.node(), target, inbox, ignore, us.cancellation)

    assert inbox.files == []


def test_store_sends_files_as_they_are(us: Us, sent_files: list[Path], tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear colleague")
    seen: list[TransferProgress] = []
    with OrthancPeer() as peer:
        report = us.web.store(peer.node(), [*sent_files, letter], seen.append, us.cancellation)
        kept = {path: peer.instance_file(str(dcmread(path).SOPInstanceUID)) for path in sent_files}

    assert report.stored == len(sent_files)
    assert [failure.path for failure in report.failures] == [letter]
    assert seen[-1].done == len(sent_files)
    assert {path: content == path.read_bytes() for path, content in kept.items()} == dict.fromkeys(sent_files, True)


# --- a server with a temper ----------------------------------------------------------------------

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer) -> Iterator[Node]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer(self)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer((HOST, 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        port = running.server_address[1]
        yield Node("server", "NONE", HOST, port, web_url=f"http://user:secret@{HOST}:{port}/dicom-web")
        running.shutdown()
        thread.join()


def reply(status: int, body: bytes = b"", content_type: str = "application/dicom+json") -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Type", content_type)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


@pytest.mark.parametrize("cap", [3, 1000])
@pytest.mark.parametrize("offset_known", [True, False])
def test_no_cap_of_the_server_truncates_the_list(us: Us, cap: int, offset_known: bool) -> None:
    studies = [{"0020000D": {"vr": "UI", "Value": [f"1.2.{number}"]}} for number in range(500)]
    capped = studies if offset_known else studies[:cap]

    def answer(request: BaseHTTPRequestHandler) -> None:
        query = parse_qs(urlsplit(request.path).query)
        start = int(query["offset"][0]) if offset_known else 0
        limit = min(cap, int(query["limit"][0])) if offset_known else cap
        reply(200, json.dumps(capped[start : start + limit]).encode())(request)

    with server(answer) as node:
        found = list(us.web.find(node, Query(), us.cancellation))

    assert len(found) == len(capped)


@pytest.mark.parametrize("status", [400, 401, 403, 409, 413, 429, 500, 503])
def test_http_errors_keep_their_number_and_no_secret(us: Us, status: int) -> None:
    with server(reply(status)) as node, pytest.raises(WebFailure) as error:
        list(us.web.find(node, Query.where(Level.STUDY, {"PatientName": "DOE^JANE"}), us.cancellation))

    assert error.value.details["status"] == str(status)
    assert "DOE" not in str(error.value)
    assert "secret" not in str(error.value)


def test_a_page_of_html_is_not_an_empty_list(us: Us) -> None:
    with server(reply(200, b"<html>Log in</html>", "text/html")) as node, pytest.raises(PeerFailure):
        list(us.web.find(node, Query(), us.cancellation))


@pytest.mark.parametrize("cut", [0, 20, 60, 200])
def test_a_truncated_study_is_not_a_whole_one(us: Us, cut: int) -> None:
    part = b"--x\r\nContent-Type: application/dicom\r\n\r\n" + b"\0" * 300
    answer = reply(200, part[: len(part) - cut], 'multipart/related; type="application/dicom"; boundary=x')
    with server(answer) as node, pytest.raises(PeerAborted):
        us.web.retrieve(node, RetrieveTarget("1.2.3"), us.inbox, ignore, us.cancellation)

    assert us.inbox.files == []


def test_a_stalled_body_is_left_within_half_a_second(us: Us) -> None:
    stalled, ended = threading.Event(), threading.Event()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/related; boundary=x")
        request.send_header("Content-Length", "1000000")
        request.end_headers()
        request.wfile.write(b"--x\r\n\r\n" + b"\0" * 1000)
        stalled.set()
        ended.wait()

    with server(answer) as node:
        cancelling = threading.Thread(target=lambda: stalled.wait() and us.cancellation.cancel())
        cancelling.start()
        try:
            with pytest.raises(Cancelled):
                us.web.retrieve(node, RetrieveTarget("1.2.3"), us.inbox, ignore, us.cancellation)
        finally:
            ended.set()
            cancelling.join()

    assert us.inbox.files == []


def test_each_instance_of_a_store_has_its_own_fate(us: Us, testdata: Path) -> None:
    good, bad = testdata / UNCOMPRESSED[0], testdata / UNCOMPRESSED[1]
    uids = [str(dcmread(path).SOPInstanceUID) for path in (good, bad)]
    stored = {"00081155": {"vr": "UI", "Value": [uids[0]]}, "00081196": {"vr": "US", "Value": [0xB000]}}
    failed = {"00081155": {"vr": "UI", "Value": [uids[1]]}, "00081197": {"vr": "US", "Value": [0xA700]}}
    body = {"00081199": {"vr": "SQ", "Value": [stored]}, "00081198": {"vr": "SQ", "Value": [failed]}}

    with server(reply(202, json.dumps(body).encode())) as node:
        report = us.web.store(node, [good, bad], ignore, us.cancellation)

    [failure] = report.failures
    assert report.stored == 1
    assert report.warnings == (f"{uids[0]}: B000 coercion of data elements",)
    assert (failure.path, failure.reason) == (bad, "A700 out of resources")


@pytest.mark.parametrize("value", ["D?E^J*", "Люк & Co", "a b"])
def test_a_value_arrives_as_it_was_meant(us: Us, value: str) -> None:
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.extend(parse_qs(urlsplit(request.path).query)["PatientName"])
        reply(204)(request)

    with server(answer) as node:
        assert list(us.web.find(node, Query.where(Level.STUDY, {"PatientName": value}), us.cancellation)) == []

    assert asked == [value]
