"""DICOMweb over HTTPS: Orthanc behind a TLS gate with a certificate of an own authority.

Debian's Orthanc 1.10.1 ends at the first HTTPS connection (with curl too), so TLS is spoken before it.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.certificates import Authority, Certificate
from tests.support.peers import HOST, OrthancPeer
from tests.support.secrets import secrets_of_this_run
from workstation.domain.errors import TlsFailed
from workstation.domain.node import Node, WebAuth
from workstation.jobs.cancel import Cancellation
from workstation.network.dicomweb.client import DicomWebClient


class TlsGate:
    """Passes what comes over TLS on to `port`, and back."""

    def __init__(self, certificate: Certificate, port: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.certificate, certificate.key)
        self._target = port
        self._server = socket.create_server((HOST, 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._server.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                caller.settimeout(10)
                with (
                    self._context.wrap_socket(caller, server_side=True) as near,
                    socket.create_connection((HOST, self._target), 10) as far,
                ):
                    back = threading.Thread(target=self._pass_on, args=(far, near))
                    back.start()
                    self._pass_on(near, far)
                    back.join()
            caller.close()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(15)


@dataclass(frozen=True)
class Secured:
    peer: OrthancPeer
    gate: TlsGate
    authority: Path

    def node(self, **changes: object) -> Node:
        address = f"https://{HOST}:{self.gate.port}/dicom-web"
        return self.peer.node(web_url=address, auth=WebAuth.BASIC, user="alice", **changes)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("https")
    authority = Authority(folder)
    issued = authority.issue("peer")
    users = {"AuthenticationEnabled": True, "RegisteredUsers": {"alice": "pw"}}
    with OrthancPeer(overrides=users) as peer:
        gate = TlsGate(issued, peer.http_port)
        yield Secured(peer, gate, authority.file)
        gate.close()


def echo(node: Node) -> None:
    DicomWebClient(secrets_of_this_run(password="pw")).echo(node, Cancellation())


def test_its_authority_and_a_password_open_it(secured: Secured) -> None:
    echo(secured.node(ca_file=str(secured.authority)))


@pytest.mark.parametrize(
    ("changes", "trusted", "fault"),
    [
        ({}, False, "unknown-issuer"),
        ({"tls_name": "other.example"}, True, "wrong-name"),
    ],
)
def test_a_certificate_that_is_no_good_is_told_by_its_fault(
    secured: Secured, changes: dict[str, str], trusted: bool, fault: str
) -> None:
    authority = {"ca_file": str(secured.authority)} if trusted else {}
    with pytest.raises(TlsFailed) as caught:
        echo(secured.node(**changes, **authority))
    assert caught.value.details["fault"] == fault


def test_https_to_a_plain_port_is_told(secured: Secured) -> None:
    with OrthancPeer() as plain:
        address = f"https://{HOST}:{plain.http_port}/dicom-web"
        with pytest.raises(TlsFailed) as caught:
            echo(plain.node(web_url=address, auth=WebAuth.BASIC, user="alice"))
    assert caught.value.details["fault"] == "no-tls"
