"""A certification authority for one test session, with certificates good and bad, made by OpenSSL."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.peers import require_program

_CA = """
[ca]
default_ca = ours
[ours]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
"""
LOOPBACK = "DNS:localhost,IP:127.0.0.1"


@dataclass(frozen=True, slots=True)
class Certificate:
    certificate: Path
    key: Path


class Authority:
    """Signs certificates in `folder`; `file` is its own certificate."""

    def __init__(self, folder: Path, name: str = "Test CA") -> None:
        self._program = require_program("openssl", "openssl")
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.cnf").write_text(_CA)
        (folder / "index.txt").touch()
        (folder / "serial").write_text("01\n")
        own = ["-x509", "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", f"/CN={name}"]
        usage = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign,cRLSign"]
        self._run("req", *_NEW_KEY, *own, *usage)
        self.file = folder / "ca.crt"

    def issue(self, name: str, names: str = LOOPBACK, since_days: int = -1, until_days: int = 30) -> Certificate:
        """A certificate for `names`, valid from and until so many days from now."""
        now = datetime.now(UTC)
        begin, end = (f"{now + timedelta(days=days):%Y%m%d%H%M%SZ}" for days in (since_days, until_days))
        request = ["-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"]
        self._run("req", *_NEW_KEY, *request, "-addext", f"subjectAltName={names}", "-config", "ca.cnf")
        dates = ["-startdate", begin, "-enddate", end, "-in", f"{name}.csr", "-out", f"{name}.crt", "-notext"]
        self._run("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.crt", "-keyfile", "ca.key", *dates)
        return Certificate(self.folder / f"{name}.crt", self.folder / f"{name}.key")

    def self_signed(self, name: str) -> Certificate:
        """A certificate that nobody else vouches for."""
        own = ["-x509", "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "30", "-subj", f"/CN={name}"]
        self._run("req", *_NEW_KEY, *own, "-addext", f"subjectAltName={LOOPBACK}")
        return Certificate(self.folder / f"{name}.crt", self.folder / f"{name}.key")

    def locked(self, certificate: Certificate, passphrase: str) -> Certificate:
        """The same, its key encrypted."""
        file = certificate.key.with_suffix(".locked")
        self._run("pkey", "-in", str(certificate.key), "-aes256", "-passout", f"pass:{passphrase}", "-out", str(file))
        return Certificate(certificate.certificate, file)

    def _run(self, *arguments: str) -> None:
        done = subprocess.run([self._program, *arguments], cwd=self.folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
