"""Person names with up to three component groups (PS3.5 section 6.2.1.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PersonName:
    """One PN value; each group keeps its `Family^Given^Middle^Prefix^Suffix` as it was sent."""

    alphabetic: str = ""
    ideographic: str = ""
    phonetic: str = ""

    @classmethod
    def parse(cls, value: str) -> PersonName:
        """Split a PN value at `=`; surplus groups are ignored, trailing carets and spaces dropped."""
        groups = [group.strip().rstrip("^").strip() for group in value.split("=")]
        groups += [""] * (3 - len(groups))
        return cls(*groups[:3])

    @property
    def value(self) -> str:
        """The PN value as DICOM writes it, trailing empty groups dropped."""
        return "=".join((self.alphabetic, self.ideographic, self.phonetic)).rstrip("=")

    @property
    def display(self) -> str:
        """`FAMILY, Given` followed by the ideographic and the phonetic group: what the tables show."""
        parts = [_family_first(self.alphabetic), *(_spaced(group) for group in (self.ideographic, self.phonetic))]
        return " ".join(part for part in parts if part)

    def __bool__(self) -> bool:
        return bool(self.alphabetic or self.ideographic or self.phonetic)


def _spaced(group: str) -> str:
    return " ".join(part for part in group.split("^") if part).strip()


def _family_first(group: str) -> str:
    family, _, rest = group.partition("^")
    given = " ".join(part for part in rest.split("^")[:2] if part)
    return f"{family.strip()}, {given.strip()}" if given.strip() else family.strip()
