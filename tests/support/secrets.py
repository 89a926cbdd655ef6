"""Secrets of tests: in memory, whatever keyring and environment the computer has."""

from __future__ import annotations

from keyring.backends.null import Keyring as NoKeyring

from workstation.network.secrets import SystemSecrets


class MemoryKeyring(NoKeyring):
    """A keyring as a desktop has one, in memory."""

    name = "the keyring of this test"

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:  # type: ignore[override]
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:  # type: ignore[override]
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:  # type: ignore[override]
        del self.kept[service, username]


def secrets_of_this_run(**kept: str) -> SystemSecrets:
    """Secrets of the node `orthanc` by their kinds, in a keyring of memory."""
    secrets = SystemSecrets({}, MemoryKeyring())
    for kind, value in kept.items():
        secrets.set("orthanc", kind, value)
    return secrets
