"""A node together with the secrets that it is shown: passcode of the user, pass-phrase of our key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial

from workstation.domain.node import Node
from workstation.services.ports import SecretKind, Secrets


@dataclass(frozen=True, slots=True)
class KnownNode(Node):
    """Lives as long as one operation; neither its text nor a log shows the secrets."""

    passcode: str = field(default="", repr=False, compare=False)
    key_passphrase: Callable[[], str] = field(default=str, repr=False, compare=False)  # asked for a locked key only


def known(node: Node, secrets: Secrets | None) -> Node:
    """`node` with what the keyring holds for it, which is asked only where that is needed. Raises SecretsUnusable."""
    if secrets is None or not (node.user or node.client_certificate):
        return node
    passcode = secrets.get(node.name, SecretKind.PASSCODE) if node.user else ""
    values = {item.name: getattr(node, item.name) for item in fields(Node)}
    passphrase = partial(secrets.get, node.name, SecretKind.KEY_PASSPHRASE)
    return KnownNode(**values, passcode=passcode, key_passphrase=passphrase)


def key_passphrase(node: Node) -> Callable[[], str]:
    """Gives that of the client's key of `node`."""
    return node.key_passphrase if isinstance(node, KnownNode) else str
