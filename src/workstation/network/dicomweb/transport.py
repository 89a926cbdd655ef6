"""One HTTP client for one operation, with our errors for what goes wrong, and who asks on each request."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, Self

import httpx2

from workstation.domain.errors import (
    Cancelled,
    LogInNeeded,
    PeerAborted,
    PeerTimedOut,
    PeerUnreachable,
    TlsFailed,
    WebFailure,
    WorkstationError,
)
from workstation.domain.node import Node, WebAuth
from workstation.jobs.cancel import Cancellation
from workstation.network.dicomweb.auth import Identity, Nobody
from workstation.network.dicomweb.connections import Backend, Transport
from workstation.network.tls import client_context

Body = Callable[[], Iterable[bytes]]  # made anew when a request has to be sent twice

_PORTS = {"http": 80, "https": 443}


class Exchange:
    """HTTP with a server at `root`, which is `node`'s or what its log-in depends on. A context manager."""

    def __init__(
        self, node: Node, root: str, operation: str, cancellation: Cancellation, trust: ssl.SSLContext
    ) -> None:
        self.node = node
        self.root = root
        self.cancellation = cancellation
        self._operation = operation
        self._backend = Backend(cancellation, _tls_names(node))
        self.client = httpx2.Client(
            transport=Transport(self._backend, trust),
            timeout=httpx2.Timeout(node.response_timeout_s, connect=node.connect_timeout_s),
            trust_env=False,
            follow_redirects=True,
        )

    @property
    def facts(self) -> dict[str, object]:
        """What every PeerError says about where it happened."""
        try:
            root = httpx2.URL(self.root)
        except httpx2.InvalidURL:
            return {"node": self.node.name, "operation": self._operation}
        port = root.port or _PORTS.get(root.scheme)
        return {"node": self.node.name, "host": root.host, "port": port, "operation": self._operation}

    def raise_for(self, response: httpx2.Response) -> NoReturn:
        """WebFailure for `response`; neither query (it holds names) nor credentials are told."""
        address = response.request.url.copy_with(query=None, username=None, password=None)
        raise WebFailure(url=address, status=response.status_code, reason=response.reason_phrase or None, **self.facts)

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Ours for theirs."""
        self.cancellation.raise_if_cancelled()
        try:
            yield
        except WorkstationError:
            raise
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            if self.cancellation.cancelled:
                raise Cancelled() from error
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> WorkstationError:
        if (refusal := self._backend.refusal) is not None:
            host = httpx2.URL(self.root).host
            return TlsFailed(
                fault=refusal.fault,
                reason=refusal.reason,
                expected_name=_tls_names(self.node).get(host, host),
                our_certificate=self.node.client_certificate or None,
                **self.facts,
            )
        if isinstance(error, httpx2.ConnectTimeout):
            return PeerUnreachable(reason=f"no answer within {self.node.connect_timeout_s:g} s", **self.facts)
        if isinstance(error, httpx2.TimeoutException):
            return PeerTimedOut(waited_s=f"{self.node.response_timeout_s:g}", **self.facts)
        if isinstance(error, httpx2.ConnectError | httpx2.UnsupportedProtocol | httpx2.InvalidURL):
            return PeerUnreachable(reason=str(error) or "cannot connect", **self.facts)
        if isinstance(error, httpx2.TooManyRedirects):
            return WebFailure(reason="it sends from one address to the next without end", **self.facts)
        return PeerAborted(reason="the connection was closed", **self.facts)

    def __enter__(self) -> Self:
        self._freeing = self.cancellation.on_cancel(self._backend.shut_all)
        self._freeing.__enter__()
        return self

    def __exit__(self, *reason: Any) -> None:
        self._freeing.__exit__(*reason)
        self.client.close()


class Session(Exchange):
    """One operation on `node`'s DICOMweb root, as `identity`. Its requests may be made by several threads at once."""

    def __init__(
        self,
        node: Node,
        operation: str,
        cancellation: Cancellation,
        trust: ssl.SSLContext | None = None,
        identity: Identity | None = None,
    ) -> None:
        super().__init__(node, node.web_url, operation, cancellation, trust or no_trust())
        self._identity = identity or Nobody()
        self.client.event_hooks = {"request": [self._identify]}

    @contextmanager
    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: Body | None = None,
    ) -> Iterator[httpx2.Response]:
        """The answer, its body not yet read; `path` below the root, or a whole address.

        A log-in that is no longer accepted is renewed once. Raises LogInNeeded.
        """
        url = path if "://" in path else self.root.rstrip("/") + path
        with self.translating():
            sent = self._identity.headers()
            with self._send(method, url, headers, params, body) as response:
                if response.status_code != 401:
                    yield response
                    return
                offered = _offered(response)
            if not self._identity.renew(sent, self.cancellation):
                raise self._refused(offered)
            with self._send(method, url, headers, params, body) as response:
                if response.status_code == 401:
                    raise self._refused(_offered(response))
                yield response

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        body: Body | None,
    ) -> Any:
        content = body() if body is not None else None
        return self.client.stream(method, url, headers=headers, params=params, content=content)

    def _identify(self, request: httpx2.Request) -> None:
        """Say who asks, to the node's own server only: a redirection to another one is followed without."""
        ours = _origin(request.url) == _origin(httpx2.URL(self.root))
        for name, value in self._identity.headers().items():
            if ours:
                request.headers[name] = value
            else:
                request.headers.pop(name, None)

    def _refused(self, offered: str) -> LogInNeeded:
        auth = self.node.auth
        in_address = auth is WebAuth.NONE and httpx2.URL(self.root).username
        return LogInNeeded(
            auth=WebAuth.BASIC if in_address else auth,
            status=401,
            offered=offered or None,
            reason="refused",
            **self.facts,
        )


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme)


def _offered(response: httpx2.Response) -> str:
    """The schemes of a WWW-Authenticate header (RFC 9110 11.6.1), without what else it says."""
    known = ("Basic", "Bearer", "Digest", "Negotiate", "NTLM")
    said = response.headers.get("www-authenticate", "").casefold()
    return ", ".join(scheme for scheme in known if scheme.casefold() in said)


def _tls_names(node: Node) -> dict[str, str]:
    """Host -> the name that its certificate must bear, where that is another one."""
    try:
        return {httpx2.URL(node.web_url).host: node.tls_name} if node.tls_name else {}
    except httpx2.InvalidURL:
        return {}


def trust_of(node: Node, passphrase: Callable[[], str] = str) -> ssl.SSLContext:
    """Whom to trust at the node's own address. Raises CertificateUnusable."""
    return client_context(node, passphrase) if is_secure(node.web_url) else no_trust()


def no_trust() -> ssl.SSLContext:
    """An empty context, which trusts nobody, where none is needed: the system's authorities take a while to read."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def is_secure(url: str) -> bool:
    return url.lower().startswith("https:")
