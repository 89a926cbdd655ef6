"""A small OpenID provider on loopback: code with PKCE, device code, refresh tokens that serve once; and a gate."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

CLIENT = "workstation"


class OpenIdProvider:
    """Everybody who asks is let in; `valid` are the access tokens that its DICOMweb service takes."""

    def __init__(self) -> None:
        self.valid: set[str] = set()
        self.refresh: set[str] = set()
        self.codes: dict[str, dict[str, str]] = {}
        self.pending = 1  # polls of a device until somebody has entered the code
        self.refreshed = 0
        self.asked: list[dict[str, str]] = []
        self.lasts = 3600
        self.deny = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def tokens(self) -> dict[str, Any]:
        access, refresh = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.valid.add(access)
        self.refresh.add(refresh)
        return {"access_token": access, "refresh_token": refresh, "expires_in": self.lasts, "token_type": "Bearer"}

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "device_authorization_endpoint": f"{self.address}/device",
                "scopes_supported": ["openid", "offline_access"],
            }
        if path == "/device":
            return 200, {"device_code": "d", "user_code": "WDJB", "verification_uri": self.address, "interval": 0.01}
        return self._token(form)

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        grant = form["grant_type"]
        if grant == "authorization_code":
            asked = self.codes.pop(form["code"])
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            good = challenge == asked["code_challenge"] and form["redirect_uri"] == asked["redirect_uri"]
            return (200, self.tokens()) if good else (400, {"error": "invalid_grant"})
        if grant == "refresh_token":
            if form["refresh_token"] not in self.refresh:
                return 400, {"error": "invalid_grant"}
            self.refresh.remove(form["refresh_token"])
            self.refreshed += 1
            return 200, self.tokens()
        self.pending -= 1
        return (400, {"error": "authorization_pending"}) if self.pending >= 0 else (200, self.tokens())

    def browse(self, url: str) -> bool:
        """As a browser whose user logs in: follow the redirection to the workstation."""
        asked = dict(parse_qsl(urlsplit(url).query))
        self.asked.append(asked)
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        answer = {"error": "access_denied"} if self.deny else {"code": code, "iss": self.address}

        def follow() -> None:
            for query in ({"state": "forged", "code": "x"}, answer | {"state": asked["state"]}):
                try:
                    urllib.request.urlopen(f"{asked['redirect_uri']}?{urlencode(query)}", timeout=10).close()
                except OSError as error:
                    getattr(error, "close", lambda: None)()

        threading.Thread(target=follow).start()
        return True

    def __enter__(self) -> OpenIdProvider:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(provider: OpenIdProvider) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/dicom-web"):
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                self._reply(*((200, []) if token in provider.valid else (401, {})))
                return
            self._reply(*provider.answer(self.path, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._reply(*provider.answer(self.path, {key: value[0] for key, value in parse_qs(body).items()}))

        def _reply(self, status: int, content: Any) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
