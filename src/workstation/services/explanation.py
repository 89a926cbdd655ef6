"""An explanation as a value, and the details of an error as its words need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """`title` is a headline; the others are whole sentences: what happened, why, and what to do next."""

    title: str
    what: str
    why: str
    remedy: str

    @property
    def text(self) -> str:
        """All sentences in one paragraph."""
        return " ".join(part for part in (self.what, self.why, self.remedy) if part)


class Details:
    """The details of an error, any of which may be absent."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, key: str, default: str = "") -> str:
        return self._values.get(key) or default

    def has(self, key: str) -> bool:
        return bool(self._values.get(key))

    def sentence(self, key: str) -> str:
        """The detail as a sentence of its own, empty when it is absent."""
        text = self.get(key).strip()
        if not text:
            return ""
        return f"{text[0].upper()}{text[1:]}{'' if text[-1] in '.!?' else '.'}"

    def aside(self, key: str) -> str:
        """The detail as a sentence to append to others."""
        return f" {self.sentence(key)}" if self.has(key) else ""

    @property
    def node(self) -> str:
        """The peer with all that is known of its address."""
        name = self.get("node", "The other system")
        address = ":".join(self.get(part) for part in ("host", "port") if self.has(part))
        facts = [f"AE title {self.get('ae_title')}" if self.has("ae_title") else "", address]
        known = ", ".join(fact for fact in facts if fact)
        return f"{name} ({known})" if known else name
