"""A query as the user means it: a level, and keyword -> matching value (PS3.4 C.2.2.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workstation.domain.study import Level


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for. Values use DICOM matching: `*` and `?`, date ranges `A-B`, `\\` for UID lists.

    `keys` may hold any attribute keyword of PS3.6; unknown ones are for the adapter to refuse. One inside a sequence
    (PS3.4 C.2.2.2.6) is written as its path: `RequestAttributesSequence.ScheduledProcedureStepID`.
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

    @property
    def asks_for_everything(self) -> bool:
        """Whether nothing narrows it: no key, or none that anything but `*` stands in."""
        return not any(value.strip("*") for _, value in self.keys)


@dataclass(frozen=True, slots=True)
class QueryRemark:
    """What became of a query that its matches do not show."""

    character_set: str = ""  # nothing was found in the node's own, the matches are of the query in this one
    declined: tuple[str, ...] = ()  # what the node's settings ask for and the peer does not offer


OnRemark = Callable[[QueryRemark], None]


def no_remark(_: QueryRemark) -> None:
    """For those who only want the matches."""


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """Which scheduled procedure steps to list (PS3.4 K.6.1.2.2); each value is single, AE titles too."""

    date_range: str = ""  # DA range, `YYYYMMDD` or `YYYYMMDD-YYYYMMDD`
    modality: str = ""
    station_ae_title: str = ""
    patient_name: str = ""
    patient_id: str = ""
    accession_number: str = ""
