"""Logging in at a node: the job that waits for a person, and what becomes of secrets when nodes change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import unquote, urlsplit, urlunsplit

from workstation.domain.node import Node, WebAuth
from workstation.jobs.runner import JobContext, Outcome
from workstation.services.ports import SecretKind, Secrets, WebPeer, header_secret
from workstation.services.search import FindNode, require_node


@dataclass(frozen=True, slots=True)
class LogInNode:
    """At the node's OpenID provider; with `by_code` a DeviceCode is published as the job's partial result."""

    kind: ClassVar[str] = "log-in"
    version: ClassVar[int] = 1
    journalled: ClassVar[bool] = False

    node: str
    by_code: bool = False

    @property
    def lane(self) -> str:
        return f"{self.node}:log-in"

    @property
    def subject(self) -> str:
        return self.node


def run_log_in(command: LogInNode, context: JobContext, *, find_node: FindNode, web: WebPeer) -> Outcome:
    node = require_node(find_node, command.node)
    web.log_in(node, context.cancellation, context.partial if command.by_code else None)
    return Outcome()


def kinds_of(node: Node) -> tuple[str, ...]:
    """The secrets that the node's DICOMweb log-in wants of a person."""
    wanted: dict[WebAuth, tuple[str, ...]] = {
        WebAuth.BASIC: (SecretKind.PASSWORD,),
        WebAuth.BEARER: (SecretKind.TOKEN,),
        WebAuth.HEADERS: tuple(header_secret(name) for name in node.headers),
    }
    return wanted.get(node.auth, ())


def forget(secrets: Secrets, node: Node) -> None:
    """Delete all secrets of `node`. Raises SecretsUnusable."""
    for kind in (*SecretKind, *(header_secret(name) for name in node.headers)):
        secrets.delete(node.name, kind)


def password_taken_out(node: Node) -> tuple[Node, str]:
    """`node` without the `user:password@` of its web address, which become its log-in; the password, else empty."""
    parts = urlsplit(node.web_url)
    if not parts.username:
        return node, ""
    address = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    changed = replace(node, web_url=address, user=unquote(parts.username), auth=WebAuth.BASIC)
    return changed, unquote(parts.password or "")


def shown_address(web_url: str) -> str:
    """`web_url` with the password masked that a settings file written by hand may have in it."""
    before, at, after = web_url.rpartition("@")
    scheme, slashes, user = before.partition("://")
    return f"{scheme}{slashes}{user.partition(':')[0]}:…@{after}" if at and ":" in user else web_url
