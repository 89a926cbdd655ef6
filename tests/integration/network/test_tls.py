"""DIMSE over TLS with Orthanc and DCMTK, both ways, and each fault by its own name."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pynetdicom import AE, evt

from tests.integration.network.test_retrieve import assert_same_pixels, study_of
from tests.support.certificates import Authority, Certificate
from tests.support.inbox import FolderInbox, Us, ignore
from tests.support.peers import (
    HOST,
    DcmtkStorescp,
    OrthancPeer,
    free_port,
    require_program,
    run_storescu,
    storescu,
)
from tests.support.secrets import secrets_of_this_run
from workstation.domain.errors import AssociationRejected, CertificateUnusable, TlsFailed, WorkstationError
from workstation.domain.node import ListenerTls, LocalAe, Node
from workstation.domain.query import Query
from workstation.network.dimse.client import DimseClient
from workstation.network.listener import StorageListener
from workstation.services.ports import SecretKind

CT = "modalities/693_UNCR.dcm"
J2K = "transfer_syntaxes/US1_J2KR.dcm"


class Certificates:
    """Those of all sides of these tests."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "ours")
        self.foreign = Authority(folder / "foreign", "Foreign CA")
        self.server = self.authority.issue("server")
        self.client = self.authority.issue("client")
        self.stranger = self.foreign.issue("stranger")

    @property
    def trusted(self) -> str:
        return str(self.authority.file)

    def node(self, node: Node, shown: Certificate | None = None, **changes: Any) -> Node:
        """`node` over TLS, trusting our authority, `shown` shown."""
        files = {"client_certificate": str(shown.certificate), "client_key": str(shown.key)} if shown else {}
        return replace(node, **({"tls": True, "ca_file": self.trusted, "connect_timeout_s": 5.0} | files | changes))

    def local(self, tls: ListenerTls, *, clients: bool = False, port: int = 0) -> LocalAe:
        server, authority = self.server, self.trusted if clients else ""
        files = {"certificate": str(server.certificate), "key": str(server.key), "client_ca": authority}
        return LocalAe(port=port, tls=tls, **files)

    def dcmtk(self, shown: Certificate | None = None) -> list[str]:
        """DCMTK's options."""
        shown = shown or self.server
        return ["+tls", str(shown.key), str(shown.certificate), "+cf", self.trusted]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def tls_orthanc(certificates: Certificates) -> Iterator[OrthancPeer]:
    """Orthanc that talks TLS only, wants our certificate and sends to our listener over TLS."""
    port = free_port()
    us = {"AET": "WORKSTATION", "Host": "localhost", "Port": port, "UseDicomTls": True, "AllowTranscoding": False}
    overrides = {
        "DicomTlsEnabled": True,
        "DicomTlsCertificate": str(certificates.server.certificate),
        "DicomTlsPrivateKey": str(certificates.server.key),
        "DicomTlsTrustedCertificates": certificates.trusted,
        "DicomTlsRemoteCertificateRequired": True,
        "DicomModalities": {"us": us},
    }
    with OrthancPeer(our_port=port, overrides=overrides) as peer:
        yield peer


@contextmanager
def listening(local: LocalAe, inbox: FolderInbox) -> Iterator[Node]:
    listener = StorageListener(lambda: local, inbox, frozenset, accept_unknown=True)
    try:
        bound = listener.start()
        yield Node("ourselves", bound.ae_title, HOST, bound.port)
    finally:
        listener.stop()


def test_every_service_works_with_orthanc_over_tls(
    tls_orthanc: OrthancPeer, certificates: Certificates, us: Us, testdata: Path
) -> None:
    node = certificates.node(tls_orthanc.node(), certificates.client)
    paths = [testdata / CT, testdata / J2K]
    originals = [dcmread(path) for path in paths]

    assert us.dimse.echo(node, us.cancellation).elapsed_s > 0
    sent = us.dimse.store(node, paths, ignore, us.cancellation)
    assert (sent.stored, sent.failures) == (2, ())
    query = Query.where(keys={"StudyInstanceUID": str(originals[0].StudyInstanceUID)})
    assert len(list(us.dimse.find(node, query, us.cancellation))) == 1
    for original in originals:
        got = us.dimse.get(node, study_of(original), us.inbox, ignore, us.cancellation)
        assert (got.stored, got.failures) == (got.expected, ())
        assert_same_pixels(us.inbox, original)


def test_orthanc_moves_to_our_tls_listener(
    tls_orthanc: OrthancPeer, certificates: Certificates, us: Us, testdata: Path
) -> None:
    node = certificates.node(tls_orthanc.node(), certificates.client)
    original = dcmread(testdata / J2K)
    us.dimse.store(node, [testdata / J2K], ignore, us.cancellation)

    local = certificates.local(ListenerTls.REQUIRED, clients=True, port=tls_orthanc.our_port)
    with listening(local, us.inbox):
        moved = us.dimse.move(node, study_of(original), ignore, us.cancellation)

    assert (moved.transferred, moved.failures) == (1, ())
    assert_same_pixels(us.inbox, original)


@pytest.mark.parametrize("required", [False, True])
def test_dcmtk_takes_what_we_send_over_tls(certificates: Certificates, us: Us, testdata: Path, required: bool) -> None:
    options = [*certificates.dcmtk(), *([] if required else ["-ic"]), "+xa"]
    with DcmtkStorescp(*options) as peer:
        node = certificates.node(peer.node(), certificates.client if required else None)

        report = us.dimse.store(node, [testdata / J2K, testdata / CT], ignore, us.cancellation)

        assert (report.stored, report.failures) == (2, ())
        sent = {dcmread(testdata / name).PixelData for name in (J2K, CT)}
        assert {dcmread(file).PixelData for file in peer.files()} == sent


@pytest.mark.parametrize("tls", [ListenerTls.OFFERED, ListenerTls.REQUIRED])
def test_dcmtk_sends_to_our_listener_over_tls(
    certificates: Certificates, us: Us, testdata: Path, tls: ListenerTls
) -> None:
    with listening(certificates.local(tls, clients=True), us.inbox) as ourselves:
        run_storescu(ourselves, [testdata / CT, testdata / J2K], *certificates.dcmtk(certificates.client))
        plain = storescu(ourselves, [testdata / CT])

    assert (plain.returncode == 0) is (tls is ListenerTls.OFFERED)
    for name in (CT, J2K):
        assert_same_pixels(us.inbox, dcmread(testdata / name))


def test_a_listener_without_tls_sends_a_caller_with_tls_away(certificates: Certificates, us: Us) -> None:
    with listening(LocalAe(port=0), us.inbox) as ourselves:
        with pytest.raises(TlsFailed) as raised:
            us.dimse.echo(certificates.node(ourselves), us.cancellation)
        assert raised.value.details["fault"] == "no-tls"
        assert us.dimse.echo(ourselves, us.cancellation)


@pytest.mark.parametrize("shown", ["nothing", "a stranger's"])
def test_a_caller_without_the_right_certificate_is_sent_away(certificates: Certificates, us: Us, shown: str) -> None:
    certificate = certificates.stranger if shown == "a stranger's" else None
    with listening(certificates.local(ListenerTls.REQUIRED, clients=True), us.inbox) as ourselves:
        with pytest.raises(TlsFailed) as raised:
            us.dimse.echo(certificates.node(ourselves, certificate), us.cancellation)
        wanted = "certificate-refused" if certificate else "certificate-wanted"
        assert raised.value.details["fault"] == wanted
        assert us.dimse.echo(certificates.node(ourselves, certificates.client), us.cancellation)


def test_hanging_handshakes_hold_up_nobody_and_leave_nothing(certificates: Certificates, us: Us) -> None:
    with ExitStack() as open_ones, listening(certificates.local(ListenerTls.REQUIRED), us.inbox) as ourselves:
        for _ in range(30):
            connection = open_ones.enter_context(socket.create_connection((HOST, ourselves.port)))
            connection.sendall(_client_hello())  # and never another word

        assert us.dimse.echo(certificates.node(ourselves), us.cancellation).elapsed_s < 5


def test_dcmtk_echoes_our_listener_over_each_version(certificates: Certificates, us: Us) -> None:
    program = require_program("echoscu", "dcmtk")
    with listening(certificates.local(ListenerTls.REQUIRED, clients=True), us.inbox) as ourselves:
        command = [program, *certificates.dcmtk(certificates.client), "-aec", ourselves.ae_title, HOST]
        done = subprocess.run([*command, str(ourselves.port)], capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=certificates.trusted)
            context.load_cert_chain(certificates.client.certificate, certificates.client.key)
            context.minimum_version = context.maximum_version = version
            connection = socket.create_connection((HOST, ourselves.port))
            with context.wrap_socket(connection, server_hostname="localhost") as secure:
                assert secure.version() == version.name.replace("v1_", "v1.")


def test_a_certificate_that_is_no_good_is_told_by_its_fault(certificates: Certificates, us: Us) -> None:
    authority = certificates.authority
    bad = {
        "expired": authority.issue("expired", since_days=-10, until_days=-1),
        "not-yet-valid": authority.issue("early", since_days=2),
        "wrong-name": authority.issue("elsewhere", names="DNS:pacs.example.org"),
        "self-signed": authority.self_signed("alone"),
        "unknown-issuer": certificates.foreign.issue("foreign"),
    }
    for fault, certificate in bad.items():
        with DcmtkStorescp(*certificates.dcmtk(certificate), "-ic") as peer:
            assert _fault(us, certificates.node(peer.node())) == fault
            if fault == "wrong-name":
                named = certificates.node(peer.node(), tls_name="pacs.example.org")
                assert us.dimse.echo(named, us.cancellation)
            if fault == "self-signed":
                trusted = certificates.node(peer.node(), ca_file=str(certificate.certificate))
                assert us.dimse.echo(trusted, us.cancellation)


def test_sides_that_do_not_agree_on_tls_are_told(certificates: Certificates, us: Us) -> None:
    with DcmtkStorescp() as plain, DcmtkStorescp(*certificates.dcmtk()) as secure:
        assert _fault(us, certificates.node(plain.node())) == "no-tls"
        assert _fault(us, secure.node()) == "tls-wanted"
        assert _fault(us, certificates.node(secure.node())) == "certificate-wanted"
        assert _fault(us, certificates.node(secure.node(), certificates.stranger)) == "certificate-refused"
        assert _fault(us, certificates.node(secure.node(), ca_file="")) == "unknown-issuer"


def test_orthanc_and_we_tell_whose_certificate_is_missing(
    tls_orthanc: OrthancPeer, certificates: Certificates, us: Us
) -> None:
    assert _fault(us, certificates.node(tls_orthanc.node())) == "certificate-wanted"
    assert _fault(us, certificates.node(tls_orthanc.node(), certificates.stranger)) == "certificate-refused"
    assert _fault(us, tls_orthanc.node()) == "tls-wanted"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
def test_nothing_older_than_tls_1_2_is_spoken(certificates: Certificates, us: Us, version: ssl.TLSVersion) -> None:
    context = _server(certificates)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning) if version is ssl.TLSVersion.TLSv1_1 else ExitStack():
        context.minimum_version = context.maximum_version = version
    with _answering(context) as node:
        expected = "old-protocol" if version is ssl.TLSVersion.TLSv1_1 else "peer-aborted"
        assert _fault(us, certificates.node(node)) == expected


def test_a_peer_with_tls_1_2_that_wants_a_certificate_is_told_from_one_without_a_common_cipher(
    certificates: Certificates, us: Us
) -> None:
    wanting, weak = _server(certificates), _server(certificates)
    wanting.verify_mode = ssl.CERT_REQUIRED
    wanting.load_verify_locations(certificates.trusted)
    weak.set_ciphers("AES128-SHA")
    for context, expected in ((wanting, "certificate-wanted"), (weak, "no-common-cipher")):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with _answering(context) as node:
            assert _fault(us, certificates.node(node)) == expected


def test_a_peer_that_is_silent_in_the_handshake_is_given_up_and_can_be_cancelled(
    certificates: Certificates, us: Us
) -> None:
    with socket.create_server((HOST, 0)) as silent:
        node = certificates.node(Node("silent", "X", HOST, silent.getsockname()[1]), connect_timeout_s=0.3)
        assert _fault(us, node) == "silent"
        patient = replace(node, connect_timeout_s=60.0)
        timer = threading.Timer(0.2, us.cancellation.cancel)
        timer.start()
        begun = time.monotonic()
        assert _fault(us, patient) == "cancelled"
        assert time.monotonic() - begun < 20
        timer.join()


def test_files_of_ours_that_do_not_serve_are_told(certificates: Certificates, us: Us, tmp_path: Path) -> None:
    client, none = certificates.client, tmp_path / "nothing.pem"
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    locked = certificates.authority.locked(client, "secret")
    node = Node("peer", "PEER", HOST, free_port())
    cases = {
        "missing": certificates.node(node, ca_file=str(none)),
        "no-pem": certificates.node(node, ca_file=str(text)),
        "no-key": certificates.node(node, client_certificate=str(client.certificate)),
        "mismatch": certificates.node(node, replace(client, key=certificates.server.key)),
        "passphrase": certificates.node(node, locked),
    }
    for fault, changed in cases.items():
        with pytest.raises(CertificateUnusable) as raised:
            us.dimse.echo(changed, us.cancellation)
        assert raised.value.details["fault"] == fault
    with pytest.raises(CertificateUnusable):
        StorageListener(
            lambda: replace(certificates.local(ListenerTls.OFFERED), key=str(none)), us.inbox, frozenset
        ).start()


def test_the_pass_phrase_of_a_locked_key_comes_from_the_keyring(certificates: Certificates, us: Us) -> None:
    locked = certificates.authority.locked(certificates.client, "secret")
    secrets = secrets_of_this_run(**{SecretKind.KEY_PASSPHRASE: "secret"})
    with DcmtkStorescp(*certificates.dcmtk()) as peer:
        node = certificates.node(peer.node(name="orthanc"), locked)
        assert DimseClient(LocalAe(), secrets).echo(node, us.cancellation)


def _fault(us: Us, node: Node) -> str:
    """The fault of TLS, or what else became of an echo."""
    try:
        us.dimse.echo(node, us.cancellation)
    except TlsFailed as error:
        return error.details["fault"]
    except WorkstationError as error:
        return error.code
    return ""


def _client_hello() -> bytes:
    outgoing = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    handshake = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        handshake.do_handshake()
    return outgoing.read()


def _server(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server.certificate, certificates.server.key)
    return context


@contextmanager
def _answering(context: ssl.SSLContext) -> Iterator[Node]:
    """A peer that shakes hands with one caller, reads a little, and closes."""

    def answer() -> None:
        connection, _ = server.accept()
        with connection:
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(1024)
            except OSError:
                return

    with socket.create_server((HOST, 0)) as server:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield Node("answering", "X", HOST, server.getsockname()[1])
        thread.join()


@pytest.mark.parametrize("passcode", ["", "open sesame"])
def test_the_user_is_named_with_the_passcode_of_the_keyring(us: Us, passcode: str) -> None:
    asked: list[tuple[int, bytes, bytes]] = []

    def check(event: Any) -> tuple[bool, bytes | None]:
        asked.append((event.user_id_type, event.primary_field, event.secondary_field))
        return (event.primary_field, event.secondary_field) == (b"reader", b"open sesame"), b"welcome"

    with _checking_users(check) as node:
        client = DimseClient(LocalAe(), secrets_of_this_run(**{SecretKind.PASSCODE: passcode} if passcode else {}))
        if passcode:
            assert client.echo(node, us.cancellation)
        else:
            with pytest.raises(AssociationRejected) as raised:
                client.echo(node, us.cancellation)
            assert raised.value.details["user"] == "reader"
    assert asked == [(2 if passcode else 1, b"reader", passcode.encode())]


@contextmanager
def _checking_users(check: Any) -> Iterator[Node]:
    ae = AE("CHECKING")
    ae.add_supported_context("1.2.840.10008.1.1")
    server = ae.start_server((HOST, 0), block=False, evt_handlers=[(evt.EVT_USER_ID, check)])
    try:
        yield Node("orthanc", "CHECKING", HOST, server.server_address[1], user="reader")
    finally:
        server.shutdown()
