"""Where passwords and tokens come from and go to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.secrets import MemoryKeyring
from workstation.domain.errors import SecretsUnusable
from workstation.network.secrets import SystemSecrets, variable_of
from workstation.services.ports import SecretKind, header_secret


class RefusingKeyring(MemoryKeyring):
    """As one that is locked."""

    def get_password(self, service: str, username: str) -> str | None:  # type: ignore[override]
        raise RuntimeError(f"{username} is locked")


def test_what_is_kept_lies_in_the_keyring_under_node_and_kind() -> None:
    keyring = MemoryKeyring()
    secrets = SystemSecrets({}, keyring)
    secrets.set("RADPACS", SecretKind.PASSWORD, "geheim")
    secrets.set("RADPACS", header_secret("X-Api-Key"), "schlüssel")
    assert secrets.get("RADPACS", "password") == "geheim"
    assert secrets.get("OTHER", "password") == ""
    assert set(keyring.kept) == {
        ("Workstation", "RADPACS: password"),
        ("Workstation", "RADPACS: header:x-api-key"),
    }
    assert secrets.where == keyring.name


def test_what_is_deleted_is_gone_and_may_be_deleted_again() -> None:
    secrets = SystemSecrets({}, MemoryKeyring())
    secrets.set("A", "token", "t")
    secrets.delete("A", "token")
    secrets.delete("A", "token")
    assert secrets.get("A", "token") == ""


def test_a_long_one_is_kept_in_parts_as_windows_wants_it() -> None:
    keyring = MemoryKeyring()
    secrets = SystemSecrets({}, keyring)
    long = "".join(f"{number:05d}" for number in range(700))
    secrets.set("A", "oidc", long)
    assert secrets.get("A", "oidc") == long
    assert max(map(len, keyring.kept.values())) < 1280
    secrets.set("A", "oidc", "short")
    assert list(keyring.kept.values()) == ["short"]


def test_the_environment_goes_before_the_keyring_and_the_kind_before_the_node() -> None:
    given = {"WORKSTATION_SECRET_RAD_PACS": "any", "WORKSTATION_SECRET_RAD_PACS_X_API_KEY": "one"}
    keyring = MemoryKeyring()
    secrets = SystemSecrets(given, keyring)
    secrets.set("rad pacs", "password", "kept")
    assert secrets.get("rad pacs", "password") == "any"
    assert secrets.get("rad pacs", header_secret("X-Api-Key")) == "one"
    assert variable_of("rad pacs", "header:x-api-key") in given


def test_a_file_that_the_environment_names_is_read_without_its_last_line_end(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    secrets = SystemSecrets({"WORKSTATION_SECRET_PACS_FILE": str(file)}, MemoryKeyring())
    assert secrets.get("PACS", "token") == "from a file"
    file.unlink()
    with pytest.raises(SecretsUnusable) as caught:
        secrets.get("PACS", "token")
    assert caught.value.details["path"] == str(file)


def test_a_keyring_that_refuses_is_said_without_what_it_says() -> None:
    with pytest.raises(SecretsUnusable) as caught:
        SystemSecrets({}, RefusingKeyring()).get("PACS", "token")
    assert caught.value.details["reason"] == "the keyring of this computer refused (RuntimeError)"


def test_without_a_keyring_they_last_as_long_as_the_program() -> None:
    program = """
from workstation.network.secrets import SystemSecrets
secrets = SystemSecrets({})
secrets.set("PACS", "token", "t")
assert secrets.get("PACS", "token") == "t" and secrets.where == ""
assert SystemSecrets({}).get("PACS", "token") == ""
"""
    environment = os.environ | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, timeout=60)


def test_keyring_is_loaded_with_the_first_secret() -> None:
    program = "import sys, workstation.network.secrets as s; s.SystemSecrets({}); assert 'keyring' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
