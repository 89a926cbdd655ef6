"""OpenID Connect: access tokens by the system's browser (RFC 8252, PKCE of RFC 7636) or on another device (RFC 8628).

Access tokens are passed on as they are and no ID token is read: what they mean is between provider and server.
"""

from __future__ import annotations

import base64
import hashlib
import secrets as randomness
import ssl
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from workstation.domain.errors import LogInNeeded, WebFailure
from workstation.domain.node import Node, WebAuth
from workstation.jobs.cancel import Cancellation
from workstation.network.dicomweb.loopback import OpenBrowser, Redirection
from workstation.network.dicomweb.transport import Exchange, is_secure, no_trust
from workstation.network.tls import client_context
from workstation.services.ports import DeviceCode, ShowCode

_USER_WAIT_S = 300.0  # for a person to log in
_EARLY_S = 30.0  # a token that ends so soon is renewed beforehand
_OPERATION = "log-in"
_TICK_S = 0.1
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider gave; `for_whom` ties it to the provider and client of then."""

    access: str
    refresh: str = ""
    ends_at: float = 0.0  # seconds since the epoch; 0: it does not say
    for_whom: str = ""

    @property
    def fresh(self) -> bool:
        return bool(self.access) and (not self.ends_at or time.time() < self.ends_at - _EARLY_S)


def for_whom(node: Node) -> str:
    """The provider and client that tokens of `node` are of."""
    return f"{node.oidc_issuer.rstrip('/')} {node.oidc_client_id}"


class Provider(Exchange):
    """The node's OpenID provider."""

    def __init__(self, node: Node, cancellation: Cancellation) -> None:
        issuer = node.oidc_issuer.rstrip("/")
        if not issuer or not node.oidc_client_id:
            raise LogInNeeded(
                node=node.name, auth=node.auth, reason="its provider and our client ID are not entered yet"
            )
        super().__init__(node, issuer, _OPERATION, cancellation, _trust(node, issuer))
        self._require_safe(issuer, "the provider’s address")
        self._found: dict[str, Any] = {}

    def by_browser(self, open_browser: OpenBrowser) -> Tokens:
        """Authorization code with PKCE, by the system's browser. Raises LogInNeeded, Cancelled."""
        verifier = randomness.token_urlsafe(48)
        state = randomness.token_urlsafe(24)
        with Redirection(state) as redirection:
            asked = {
                "response_type": "code",
                "client_id": self.node.oidc_client_id,
                "redirect_uri": redirection.address,
                "scope": self._scope(),
                "state": state,
                "code_challenge": _challenge(verifier),
                "code_challenge_method": "S256",
            }
            page = self._endpoint("authorization_endpoint")
            if not open_browser(f"{page}{'&' if '?' in page else '?'}{urlencode(asked)}"):
                raise self._failed("no browser could be opened; log in with a code on another device")
            answer = redirection.wait(_USER_WAIT_S, self.cancellation)
        if not answer:
            raise self._failed(f"nobody logged in within {_USER_WAIT_S / 60:.0f} minutes")
        if answer.get("iss", self._issuer()).rstrip("/") != self._issuer().rstrip("/"):  # RFC 9207
            raise self._failed("the answer came from another provider")
        if "code" not in answer:
            raise self._failed(_refusal(answer))
        return self._tokens(
            {
                "grant_type": "authorization_code",
                "code": answer["code"],
                "redirect_uri": redirection.address,
                "code_verifier": verifier,
            }
        )

    def by_device(self, show: ShowCode) -> Tokens:
        """The device flow: `show` a code that is entered in any browser. Raises LogInNeeded, Cancelled."""
        started = self._post(self._endpoint("device_authorization_endpoint"), {"scope": self._scope()})
        if not all(isinstance(started.get(key), str) for key in ("device_code", "user_code", "verification_uri")):
            raise self._failed(_refusal(started))
        lasts = _seconds(started.get("expires_in"), _USER_WAIT_S)
        pause = _seconds(started.get("interval"), 5.0)
        show(
            DeviceCode(
                started["user_code"],
                started["verification_uri"],
                str(started.get("verification_uri_complete") or ""),
                lasts,
            )
        )
        end = time.monotonic() + lasts
        while time.monotonic() < end:
            self._rest(pause)
            answer = self._post(
                self._endpoint("token_endpoint"), {"grant_type": _DEVICE_GRANT, "device_code": started["device_code"]}
            )
            if answer.get("error") == "slow_down":
                pause += 5.0
            elif answer.get("error") != "authorization_pending":
                return self._kept(answer)
        raise self._failed("nobody entered the code in time")

    def renewed(self, tokens: Tokens) -> Tokens:
        """New ones for `tokens`. Raises LogInNeeded."""
        if not tokens.refresh:
            raise self._failed("the log-in has ended")
        return self._tokens({"grant_type": "refresh_token", "refresh_token": tokens.refresh}, tokens.refresh)

    def revoke(self, tokens: Tokens) -> None:
        """Make `tokens` worthless where the provider can (RFC 7009)."""
        if address := self._discovered().get("revocation_endpoint"):
            self._post(str(address), {"token": tokens.refresh or tokens.access})

    def _tokens(self, grant: dict[str, str], refresh: str = "") -> Tokens:
        return self._kept(self._post(self._endpoint("token_endpoint"), grant), refresh)

    def _kept(self, answer: dict[str, Any], refresh: str = "") -> Tokens:
        access = answer.get("access_token")
        if not isinstance(access, str) or not access:
            raise self._failed(_refusal(answer))
        lasts = _seconds(answer.get("expires_in"), 0.0)
        return Tokens(
            access,
            str(answer.get("refresh_token") or refresh),
            time.time() + lasts if lasts else 0.0,
            for_whom(self.node),
        )

    def _scope(self) -> str:
        """`offline_access` asks for a token that renews (OpenID Connect Core 11); the user's own words go first."""
        if self.node.oidc_scope:
            return self.node.oidc_scope
        offered = self._discovered().get("scopes_supported") or []
        return "openid offline_access" if "offline_access" in offered else "openid"

    def _endpoint(self, name: str) -> str:
        address = self._discovered().get(name)
        if not isinstance(address, str):
            raise self._failed(f"the provider has no {name}")
        self._require_safe(address, f"the provider’s {name}")
        return address

    def _issuer(self) -> str:
        return str(self._discovered().get("issuer", self.root))

    def _discovered(self) -> dict[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery 4)."""
        if not self._found:
            found = self._answer("GET", f"{self.root}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self.root:
                raise self._failed("the provider does not call itself by the address that is set for it")
            self._found = found
        return self._found

    def _post(self, address: str, form: dict[str, str]) -> dict[str, Any]:
        return self._answer("POST", address, {"client_id": self.node.oidc_client_id, **form})

    def _answer(self, method: str, address: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        """The JSON of an answer; that of a refusal (RFC 6749 5.2) too."""
        with self.translating():
            response = self.client.request(method, address, data=form, headers={"Accept": "application/json"})
        if response.status_code >= 500 or (method == "GET" and response.status_code != 200):
            self.raise_for(response)
        try:
            answer = response.json() if response.content else {}
        except ValueError as error:
            raise WebFailure(status=response.status_code, reason="the answer is no JSON", **self.facts) from error
        return answer if isinstance(answer, dict) else {}

    def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.cancellation.raise_if_cancelled()
            time.sleep(min(_TICK_S, left))

    def _require_safe(self, address: str, what: str) -> None:
        """Tokens and codes travel encrypted or not at all; this computer itself needs no encryption."""
        parts = urlsplit(address)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise self._failed(f"{what} does not begin with https")

    def _failed(self, reason: str) -> LogInNeeded:
        return LogInNeeded(auth=WebAuth.OIDC, reason=reason, **self.facts)


def _trust(node: Node, issuer: str) -> ssl.SSLContext:
    """The system's authorities and the node's own: a provider may be the hospital's or the world's."""
    if not is_secure(issuer):
        return no_trust()
    context = client_context(replace(node, ca_file="", client_certificate="", client_key=""))
    if node.ca_file:
        client_context(replace(node, client_certificate="", client_key=""))  # raises what is wrong with the file
        path = Path(node.ca_file)
        context.load_verify_locations(**{"capath" if path.is_dir() else "cafile": str(path)})
    return context


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


_REFUSALS = {
    "access_denied": "the log-in was refused or given up",
    "expired_token": "nobody entered the code in time",
    "invalid_client": "the provider does not know our client ID",
    "unauthorized_client": "the provider does not allow this kind of log-in for our client ID",
    "invalid_grant": "the log-in has ended",
    "invalid_scope": "the provider does not know the scope that is set",
    "invalid_request": "the provider did not understand the request",
}


def _refusal(answer: dict[str, Any]) -> str:
    code = str(answer.get("error", ""))
    return _REFUSALS.get(code) or (f"the provider refused: {code[:60]}" if code else "the provider gave no token")


def _seconds(value: object, default: float) -> float:
    try:
        return max(0.0, float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return default
