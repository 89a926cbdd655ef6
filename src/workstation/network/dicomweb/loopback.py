"""Where the system's browser brings the answer of a log-in: one request on a loopback port (RFC 8252 7.3)."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from workstation.jobs.cancel import Cancellation

OpenBrowser = Callable[[str], bool]  # whether one was found

_PATH = "/log-in"
_TICK_S = 0.1
_CALLER_S = 5.0  # for one that connects and says nothing
_PAGE = """<!doctype html><meta charset="utf-8"><title>Workstation</title>
<body style="font: 16px sans-serif; margin: 4em auto; max-width: 30em">
<h1>{title}</h1><p>{text}</p>"""
_DONE = _PAGE.format(title="Done", text="You can close this page and go back to Workstation.")
_REFUSED = _PAGE.format(title="Not logged in", text="Workstation says why. You can close this page.")


class Redirection:
    """Listens on 127.0.0.1 at a port of the system's choice for the one answer that bears `state`."""

    def __init__(self, state: str) -> None:
        self._server = _Server(state)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{_PATH}"

    def wait(self, seconds: float, cancellation: Cancellation) -> dict[str, str]:
        """The answer's parameters, empty when none came within `seconds`. Raises Cancelled."""
        end = time.monotonic() + seconds
        while not self._server.answer and time.monotonic() < end:
            cancellation.raise_if_cancelled()
            self._server.handle_request()
        return self._server.answer

    def __enter__(self) -> Redirection:
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.server_close()


class _Server(HTTPServer):
    timeout = _TICK_S

    def __init__(self, state: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = state
        self.answer: dict[str, str] = {}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that breaks off is none of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _CALLER_S

    def do_GET(self) -> None:
        """Take the answer; what does not bear our `state` is somebody else's."""
        parts = urlsplit(self.path)
        answer = dict(parse_qsl(parts.query))
        if parts.path != _PATH or not hmac.compare_digest(answer.get("state", "").encode(), self.server.state.encode()):
            self.send_error(404)
            return
        self.server.answer = answer
        page = (_DONE if "code" in answer else _REFUSED).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:
        """The request line holds the code: it is told to nobody."""
