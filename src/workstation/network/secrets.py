"""Passwords and tokens: from the environment, else of this run, else in the system's keyring. Never in a file of ours.

An environment variable or a file (as containers and schedulers give them) serves computers without a keyring.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.domain.errors import SecretsUnusable
from workstation.services.ports import Secrets

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE = "Workstation"
_VARIABLE = "WORKSTATION_SECRET_"
_LONGEST = 1000  # characters of one entry: Windows takes 1280
_IN_PARTS = "workstation-parts:"
_GOOD_PRIORITY = 1.0  # what keyring itself calls fit for use; plain files are below


def variable_of(node: str, kind: str = "") -> str:
    """The environment variable that holds a node's secret, or only the one of `kind`."""
    parts = [node, kind.removeprefix("header:")] if kind else [node]
    return _VARIABLE + "_".join(re.sub(r"[^A-Z0-9]+", "_", part.upper()) for part in parts)


class SystemSecrets(Secrets):
    """What the environment gives goes first and is never kept; what is set goes to the keyring or lasts this run."""

    def __init__(self, environment: Mapping[str, str] | None = None, keyring: KeyringBackend | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._lock = threading.RLock()
        self._of_this_run: dict[tuple[str, str], str] = {}
        self._keyring = keyring
        self._looked = keyring is not None

    @property
    def where(self) -> str:
        keyring = self._found()
        return str(keyring.name) if keyring is not None else ""

    def variable_of(self, node: str, kind: str) -> str:
        return variable_of(node, kind)

    def get(self, node: str, kind: str) -> str:
        if given := self._given(node, kind):
            return given
        with self._lock:
            if (node, kind) in self._of_this_run:
                return self._of_this_run[node, kind]
            keyring = self._found()
            if keyring is None:
                return ""
            try:
                return _read(keyring, _entry(node, kind))
            except Exception as error:  # each keyring raises what it likes
                raise SecretsUnusable(reason=_said(error)) from error

    def set(self, node: str, kind: str, value: str) -> None:
        with self._lock:
            keyring = self._found()
            if keyring is None:
                self._of_this_run[node, kind] = value
                return
            try:
                _write(keyring, _entry(node, kind), value)
            except Exception as error:
                raise SecretsUnusable(reason=_said(error)) from error

    def delete(self, node: str, kind: str) -> None:
        with self._lock:
            self._of_this_run.pop((node, kind), None)
            keyring = self._found()
            if keyring is None:
                return
            try:
                _forget(keyring, _entry(node, kind))
            except Exception as error:
                raise SecretsUnusable(reason=_said(error)) from error

    def _given(self, node: str, kind: str) -> str:
        for name in (variable_of(node, kind), variable_of(node)):
            if value := self._environment.get(name):
                return value
            if path := self._environment.get(f"{name}_FILE"):
                try:
                    return Path(path).read_text(encoding="utf-8").strip("\r\n")
                except (OSError, UnicodeDecodeError) as error:
                    raise SecretsUnusable(path=path, reason=f"{name}_FILE names no file that can be read") from error
        return ""

    def _found(self) -> KeyringBackend | None:
        """The system's keyring, None where it has none that is fit for use."""
        with self._lock:
            if not self._looked:
                self._looked = True
                self._keyring = _system_keyring()
            return self._keyring


def _system_keyring() -> KeyringBackend | None:
    from keyring import get_keyring
    from keyring.backends.chainer import ChainerBackend

    try:
        found = get_keyring()
        if isinstance(found, ChainerBackend):
            found = max(found.backends, key=_priority, default=found)
        return found if _priority(found) >= _GOOD_PRIORITY else None
    except Exception:  # noqa: BLE001 - a broken or badly configured keyring is none
        return None


def _priority(keyring: KeyringBackend) -> float:
    return float(keyring.priority)


def _entry(node: str, kind: str) -> str:
    return f"{node}: {kind}"


def _read(keyring: KeyringBackend, entry: str) -> str:
    first = keyring.get_password(_SERVICE, entry) or ""
    if not first.startswith(_IN_PARTS):
        return first
    count, _, text = first.removeprefix(_IN_PARTS).partition(":")
    return text + "".join(keyring.get_password(_SERVICE, f"{entry} {n}") or "" for n in range(2, int(count) + 1))


def _write(keyring: KeyringBackend, entry: str, value: str) -> None:
    _forget(keyring, entry)
    parts = [value[at : at + _LONGEST] for at in range(0, len(value), _LONGEST)] or [""]
    for number, part in enumerate(parts[1:], start=2):
        keyring.set_password(_SERVICE, f"{entry} {number}", part)
    keyring.set_password(_SERVICE, entry, f"{_IN_PARTS}{len(parts)}:{parts[0]}" if len(parts) > 1 else parts[0])


def _forget(keyring: KeyringBackend, entry: str) -> None:
    first = keyring.get_password(_SERVICE, entry)
    if first is None:
        return
    if first.startswith(_IN_PARTS):
        for number in range(2, int(first.removeprefix(_IN_PARTS).partition(":")[0]) + 1):
            if keyring.get_password(_SERVICE, f"{entry} {number}") is not None:
                keyring.delete_password(_SERVICE, f"{entry} {number}")
    keyring.delete_password(_SERVICE, entry)


def _said(error: Exception) -> str:
    """Its kind only: what a keyring says may quote what it was given."""
    return f"the keyring of this computer refused ({type(error).__name__})"
