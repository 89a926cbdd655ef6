"""Who asks: the headers that a node's DICOMweb service wants, from its settings and the kept secrets."""

from __future__ import annotations

import base64
from typing import Protocol

from workstation.domain.errors import LogInNeeded
from workstation.domain.node import Node, WebAuth
from workstation.jobs.cancel import Cancellation
from workstation.services.ports import SecretKind, Secrets, header_secret


class Identity(Protocol):
    """What says who asks. Any thread may call."""

    def headers(self) -> dict[str, str]:
        """For each request. Raises LogInNeeded when nothing is kept that could be said, SecretsUnusable."""

    def renew(self, refused: dict[str, str], cancellation: Cancellation) -> bool:
        """After an answer 401 to `refused`: whether there is something else to say now. Raises LogInNeeded."""


class Nobody(Identity):
    """No log-in."""

    def headers(self) -> dict[str, str]:
        return {}

    def renew(self, refused: dict[str, str], cancellation: Cancellation) -> bool:
        return False


class Kept(Identity):
    """A password, a token or values of headers (RFC 7617, RFC 6750), as the user entered them; read once."""

    def __init__(self, node: Node, secrets: Secrets) -> None:
        self._node = node
        self._secrets = secrets
        self._headers: dict[str, str] = {}

    def headers(self) -> dict[str, str]:
        if not self._headers:
            self._headers = {name: self._plain(value) for name, value in self._made().items()}
        return self._headers

    def renew(self, refused: dict[str, str], cancellation: Cancellation) -> bool:
        return False

    def _made(self) -> dict[str, str]:
        if self._node.auth is WebAuth.BASIC:
            pair = f"{self._node.user}:{self._secret(SecretKind.PASSWORD)}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        if self._node.auth is WebAuth.BEARER:
            return {"Authorization": f"Bearer {self._secret(SecretKind.TOKEN)}"}
        return {name: self._secret(header_secret(name)) for name in self._node.headers}

    def _secret(self, kind: str) -> str:
        value = self._secrets.get(self._node.name, kind)
        if not value:
            raise LogInNeeded(node=self._node.name, auth=self._node.auth, reason="missing")
        return value

    def _plain(self, value: str) -> str:
        """No header may hold a line end (it would begin another one) or what is not ASCII (RFC 9110 5.5)."""
        if not (value.isascii() and value.isprintable()):
            raise LogInNeeded(
                node=self._node.name,
                auth=self._node.auth,
                reason="the value that is kept has characters that HTTP cannot carry",
            )
        return value
