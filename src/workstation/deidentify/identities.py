"""Pseudonyms, UIDs and date shifts from a secret key: the same everywhere with the key, beyond reach without it.

Every value is an HMAC-SHA256 of the original under the project key. Part of it is a check of the rest,
by which our own values are recognised and left alone when a data set comes by a second time.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from workstation.domain.errors import KeyUnusable

KEY_BYTES = 32
_HEADER = "workstation-project-key-1"
_PREFIX = "2.25."
_SHORTEST_SHIFT_DAYS = 365
_LONGEST_SHIFT_DAYS = 3650


@dataclass(frozen=True, slots=True)
class ProjectKey:
    """256 secret bits. Never shown: whoever has them can link pseudonyms to patients."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise KeyUnusable(reason=f"a key has {KEY_BYTES * 8} bits")

    @classmethod
    def random(cls) -> ProjectKey:
        """A key that nobody keeps: the ties between originals and pseudonyms are cut."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def load(cls, path: Path, create: bool = False) -> ProjectKey:
        """The key in the file `path`; with `create` a new one, readable by its owner only, where there is none."""
        try:
            if create and not path.exists():
                return cls._create(path)
            lines = path.read_text(encoding="ascii").split()
        except FileNotFoundError as error:
            raise KeyUnusable(path=path, reason="there is no such file") from error
        except (OSError, UnicodeDecodeError) as error:
            raise KeyUnusable(path=path, reason="it cannot be read or written as a key file") from error
        try:
            if len(lines) != 2 or lines[0] != _HEADER:
                raise ValueError
            return cls(binascii.unhexlify(lines[1]))
        except ValueError as error:
            raise KeyUnusable(path=path, reason="it is no project key of this program") from error

    @classmethod
    def _create(cls, path: Path) -> ProjectKey:
        key = cls.random()
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123 - mode at creation
            file.write(f"{_HEADER}\n{key.secret.hex()}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)  # fails where another process was first: then its key is the key
        except FileExistsError:
            return cls.load(path)
        except OSError:  # a file system without hard links
            partial.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                partial.unlink()
        return key


@dataclass(frozen=True, slots=True)
class PatientIdentity:
    """Who a patient is in the export: `shift_days` is negative."""

    pseudonym: str
    name: str
    shift_days: int


class Identities:
    """The keyed functions. Stateless but for a cache: many processes with one key give one answer."""

    def __init__(self, key: ProjectKey) -> None:
        self._key = key.secret

    def uid(self, original: str) -> str:
        """A UID under 2.25 (PS3.5 B.2) for `original`; one that we made is returned as it is."""
        if self.is_our_uid(original):
            return original
        value = int.from_bytes(self._mac("uid", original)[:11])
        return _PREFIX + str(self._checked_uid_number(value))

    def is_our_uid(self, value: str) -> bool:
        """Whether this key made `value`."""
        digits = value.removeprefix(_PREFIX)
        if not value.startswith(_PREFIX) or not digits.isascii() or not digits.isdigit() or len(digits) > 39:
            return False
        number = int(digits)
        return number >> 128 == 0 and number == self._checked_uid_number(_uid_payload(number))

    def patient(self, issuer: str, patient_id: str, otherwise: str = "") -> PatientIdentity:
        """The patient with this ID of this issuer; `otherwise` tells those without an ID apart."""
        patient_id = patient_id.strip()
        key = f"{issuer.strip()}\0{patient_id}" if patient_id else f"\0\0{otherwise}"
        known = patient_id or otherwise.removeprefix("name\0").partition("^")[0]
        code = known if self.is_our_code(known) else "P" + self._code("patient", key)
        span = _LONGEST_SHIFT_DAYS - _SHORTEST_SHIFT_DAYS + 1
        days = _SHORTEST_SHIFT_DAYS + int.from_bytes(self._mac("shift", code)[:8]) % span
        return PatientIdentity(code, f"{code}^DEIDENTIFIED", -days)

    def code(self, kind: str, original: str) -> str:
        """A short code of 16 characters (as SH may have) for an identifier of another kind."""
        return original if self.is_our_code(original) else "C" + self._code(kind, original)

    def is_our_code(self, value: str) -> bool:
        if len(value) != 16 or value[0] not in "PC":
            return False
        try:
            raw = base64.b32decode(value[1:] + "=")
        except binascii.Error:
            return False
        return hmac.compare_digest(raw[7:], self._mac("check", raw[:7].hex())[:2])

    def _code(self, kind: str, original: str) -> str:
        raw = self._mac(kind, original)[:7]
        return base64.b32encode(raw + self._mac("check", raw.hex())[:2]).decode("ascii").rstrip("=")

    def _checked_uid_number(self, payload: int) -> int:
        """88 bits of the original's MAC and 34 of a check in the free bits of a UUID of version 8 (RFC 9562)."""
        check = int.from_bytes(self._mac("uid-check", str(payload))[:5]) & ((1 << 34) - 1)
        free = payload << 34 | check  # 122 bits
        return (free >> 74) << 80 | 8 << 76 | (free >> 62 & 0xFFF) << 64 | 0b10 << 62 | free & ((1 << 62) - 1)

    def _mac(self, purpose: str, text: str) -> bytes:
        return hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()


def _uid_payload(number: int) -> int:
    free = (number >> 80) << 74 | (number >> 64 & 0xFFF) << 62 | number & ((1 << 62) - 1)
    return free >> 34
