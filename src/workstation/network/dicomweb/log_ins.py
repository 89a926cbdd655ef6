"""Log-ins at OpenID providers as they are kept: used by each request, renewed by one thread for all."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from dataclasses import asdict

from workstation.domain.errors import LogInNeeded
from workstation.domain.node import Node, WebAuth
from workstation.jobs.cancel import Cancellation
from workstation.network.dicomweb.auth import Identity, Kept, Nobody
from workstation.network.dicomweb.loopback import OpenBrowser
from workstation.network.dicomweb.oidc import Provider, Tokens, for_whom
from workstation.services.ports import SecretKind, Secrets, ShowCode

_KIND = SecretKind.OIDC


class LogIns:
    """Those of all nodes."""

    def __init__(self, secrets: Secrets, open_browser: OpenBrowser) -> None:
        self._secrets = secrets
        self._open_browser = open_browser
        self._lock = threading.Lock()
        self._renewing: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def identity(self, node: Node, cancellation: Cancellation) -> Identity:
        """Who asks `node`. Raises LogInNeeded, PeerError when a log-in had to be renewed and could not."""
        if node.auth is WebAuth.NONE:
            return Nobody()
        if node.auth is not WebAuth.OIDC:
            return Kept(node, self._secrets)
        tokens = self._kept(node)
        if not tokens.access:
            raise LogInNeeded(node=node.name, auth=node.auth, reason="missing")
        if not tokens.fresh:
            tokens = self._renewed(node, tokens, cancellation)
        return _LoggedIn(self, node, tokens)

    def log_in(self, node: Node, cancellation: Cancellation, show_code: ShowCode | None) -> None:
        with Provider(node, cancellation) as provider:
            tokens = provider.by_device(show_code) if show_code else provider.by_browser(self._open_browser)
        self._keep(node, tokens)

    def log_out(self, node: Node, cancellation: Cancellation) -> None:
        tokens = self._kept(node)
        self._secrets.delete(node.name, _KIND)
        if tokens.access and node.oidc_issuer:
            with Provider(node, cancellation) as provider:
                provider.revoke(tokens)

    def renewed(self, node: Node, refused: Tokens, cancellation: Cancellation) -> Tokens:
        """Other tokens than `refused`. Raises LogInNeeded."""
        return self._renewed(node, refused, cancellation)

    def _renewed(self, node: Node, old: Tokens, cancellation: Cancellation) -> Tokens:
        """A refresh token often serves once: whoever comes second takes what the first one got."""
        with self._lock:
            renewing = self._renewing[node.name]
        while not renewing.acquire(timeout=0.1):
            cancellation.raise_if_cancelled()
        try:
            if (newer := self._kept(node)).access not in ("", old.access):
                return newer
            try:
                with Provider(node, cancellation) as provider:
                    tokens = provider.renewed(old)
            except LogInNeeded:
                if (newer := self._kept(node)).access not in ("", old.access):
                    return newer  # another process was first
                raise
            self._keep(node, tokens)
            return tokens
        finally:
            renewing.release()

    def _keep(self, node: Node, tokens: Tokens) -> None:
        self._secrets.set(node.name, _KIND, json.dumps(asdict(tokens)))

    def _kept(self, node: Node) -> Tokens:
        """Nothing when they are of another provider. A text that is no JSON is an access token, given from outside."""
        text = self._secrets.get(node.name, _KIND)
        if not text.startswith("{"):
            return Tokens(text)
        try:
            tokens: Tokens = Tokens(**json.loads(text))
        except (ValueError, TypeError):
            return Tokens("")
        if tokens.for_whom != for_whom(node):
            return Tokens("")
        return tokens


class _LoggedIn(Identity):
    """Somebody who logged in at the node's provider."""

    def __init__(self, log_ins: LogIns, node: Node, tokens: Tokens) -> None:
        self._log_ins = log_ins
        self._node = node
        self._tokens = tokens

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens.access}"}

    def renew(self, refused: dict[str, str], cancellation: Cancellation) -> bool:
        if refused == self.headers():  # else another thread has renewed it meanwhile
            try:
                self._tokens = self._log_ins.renewed(self._node, self._tokens, cancellation)
            except LogInNeeded:
                return False
        return True
