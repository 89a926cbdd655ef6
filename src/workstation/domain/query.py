"""A query as the user means it: a level, and keyword -> matching value (PS3.4 C.2.2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workstation.domain.study import Level


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for. Values use DICOM matching: `*` and `?`, date ranges `A-B`, `\\` for UID lists.

    `keys` may hold any attribute keyword of PS3.6; unknown ones are for the adapter to refuse.
    """

    level: Level = Level.STUDY
    keys: tuple[tuple[str, str], ...] = ()

    @classmethod
    def where(cls, level: Level = Level.STUDY, keys: Mapping[str, str] | None = None) -> Query:
        """Build a query from keyword -> value, leaving out empty values (universal matching)."""
        return cls(level, tuple((key, value) for key, value in (keys or {}).items() if value))

    def get(self, keyword: str) -> str:
        """The matching value of `keyword`, empty when it is not asked for."""
        return dict(self.keys).get(keyword, "")


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """Which scheduled procedure steps to list (PS3.4 K.6.1.2.2); each value is single, AE titles too."""

    date_range: str = ""  # DA range, `YYYYMMDD` or `YYYYMMDD-YYYYMMDD`
    modality: str = ""
    station_ae_title: str = ""
    patient_name: str = ""
    patient_id: str = ""
    accession_number: str = ""
