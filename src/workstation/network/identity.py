"""A node together with the secrets that it is shown: passcode of the user, pass-phrase of our key."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from workstation.domain.node import Node
from workstation.services.ports import SecretKind, Secrets


@dataclass(frozen=True, slots=True)
class KnownNode(Node):
    """Lives as long as one operation; neither its text nor a log shows the secrets."""

    passcode: str = field(default="", repr=False, compare=False)
    key_passphrase: str = field(default="", repr=False, compare=False)


def known(node: Node, secrets: Secrets | None) -> KnownNode:
    """`node` with what the keyring holds for it; it is asked only where that is needed. Raises SecretsUnusable."""
    passcode = secrets.get(node.name, SecretKind.PASSCODE) if secrets and node.user else ""
    passphrase = secrets.get(node.name, SecretKind.KEY_PASSPHRASE) if secrets and node.tls and node.client_key else ""
    values = {item.name: getattr(node, item.name) for item in fields(Node)}
    return KnownNode(**values, passcode=passcode, key_passphrase=passphrase)
