"""A profile: the Basic Profile of PS3.15 E.2 with its options, as data from the machine-readable table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workstation.deidentify.options import EXCLUSIVE, OPTIONS
from workstation.deidentify.tables import ConfidentialityTable, confidentiality_table, method_meanings
from workstation.domain.errors import ProfileUnavailable

BASIC_CODE = "113100"


@dataclass(frozen=True, slots=True)
class Profile:
    """What to do with each attribute. Made by `load_profile`, which refuses what is not implemented."""

    name: str
    edition: str
    table_digest: str
    options: tuple[str, ...]

    @property
    def _columns(self) -> tuple[str, ...]:
        return tuple(OPTIONS[name].column for name in self.options)

    def has(self, option: str) -> bool:
        return option in self.options

    def code_for(self, tag: int) -> str | None:
        """The action code for `tag` (Table E.1-1a), options taking precedence; None when the table is silent.

        Where options disagree, K wins over C and both over the Basic Profile (PS3.15 E.3).
        """
        row = _table().row(tag)
        if row is None:
            return None
        chosen = {row.options[column] for column in self._columns if column in row.options}
        if "K" in chosen:
            return "K"
        return "C" if "C" in chosen else row.basic

    @property
    def method_codes(self) -> tuple[tuple[str, str], ...]:
        """Code values and meanings for De-identification Method Code Sequence (0012,0064), CID 7050."""
        codes = (BASIC_CODE, *(OPTIONS[name].code for name in self.options))
        return tuple((code, method_meanings()[code]) for code in codes)

    @property
    def method_text(self) -> str:
        """De-identification Method (0012,0063): one LO value."""
        return f"DICOM PS3.15 {self.edition} Annex E"

    @property
    def longitudinal(self) -> str:
        """Longitudinal Temporal Information Modified (0028,0303), PS3.3 C.12.1.1.9."""
        if self.has("retain-full-dates"):
            return "UNMODIFIED"
        return "MODIFIED" if self.has("retain-modified-dates") else "REMOVED"


def load_profile(name: str = "basic", options: Iterable[str] = ()) -> Profile:
    """The profile `name` with `options`. Raises ProfileUnavailable: nothing is silently ignored."""
    if name != "basic":
        raise ProfileUnavailable(profile=name, reason="unknown", expected="basic")
    wanted = set(options)
    available = ", ".join(option.name for option in OPTIONS.values() if option.implemented)
    for option in sorted(wanted):
        if option not in OPTIONS:
            raise ProfileUnavailable(option=option, reason="unknown", expected=available)
        if not OPTIONS[option].implemented:
            raise ProfileUnavailable(option=option, reason="not implemented yet", expected=available)
    if wanted >= EXCLUSIVE:
        raise ProfileUnavailable(
            option=" + ".join(sorted(EXCLUSIVE)), reason="exclude each other", expected="one of them"
        )
    table = _table()
    return Profile(name, table.edition, table.digest, tuple(option for option in OPTIONS if option in wanted))


def _table() -> ConfidentialityTable:
    return confidentiality_table()
