"""What is asked for, of whom, and who has answered: the state behind the search bar. QtCore only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from workstation.domain.errors import Cancelled, WorkstationError
from workstation.domain.events import SourceAnswered
from workstation.domain.query import Query
from workstation.domain.study import Level
from workstation.ui.words import failed

ANY_DATE = "any"
DATE_CHOICES: tuple[tuple[str, str], ...] = (
    ("Today", "0"),
    ("Yesterday and today", "1"),
    ("Last 3 days", "2"),
    ("Last 7 days", "6"),
    ("Last 30 days", "29"),
    ("Last 12 months", "364"),
    ("Any date", ANY_DATE),
)
DEFAULT_DATE = "2"
MODALITY_CHIPS: tuple[tuple[str, ...], ...] = (
    ("CT",),
    ("MR",),
    ("CR", "DX"),
    ("US",),
    ("MG",),
    ("NM", "PT"),
    ("XA", "RF"),
    ("OP", "OPT"),
    ("SM",),
    ("ES",),
    ("SR",),
)


@dataclass(frozen=True, slots=True)
class SearchForm:
    """What stands in the fields."""

    patient_name: str = ""
    patient_id: str = ""
    accession: str = ""
    days_back: str = DEFAULT_DATE
    description: str = ""
    modalities: frozenset[str] = frozenset()
    everything: bool = False  # the user was asked, and wants all that the nodes have

    @property
    def names_someone(self) -> bool:
        """Whether it asks for particular studies, so that any date is a sensible question."""
        return bool(self.patient_name or self.patient_id or self.accession or self.description)

    @property
    def narrowed_for_nodes(self) -> bool:
        """Whether nodes are asked for less than the fields say."""
        return self.days_back == ANY_DATE and not self.names_someone and not self.everything


def study_query(form: SearchForm, today: date, *, remote: bool = True) -> Query:
    """The query a form means (PS3.4 C.2.2.2).

    A bare name finds what begins with it. A remote node is never asked for everything it has: with
    no key and any date it is asked for the last 30 days.
    """
    days_back = form.days_back
    if remote and form.narrowed_for_nodes:
        days_back = "29"
    keys = {
        "PatientName": _begins_with(form.patient_name),
        "PatientID": form.patient_id,
        "AccessionNumber": form.accession,
        "StudyDate": _range(days_back, today),
        "StudyDescription": _contains(form.description),
        "ModalitiesInStudy": next(iter(form.modalities)) if len(form.modalities) == 1 else "",
    }
    return Query.where(Level.STUDY, keys)


def _begins_with(name: str) -> str:
    return name if not name or "*" in name or "?" in name else f"{name}*"


def _contains(text: str) -> str:
    return text if not text or "*" in text or "?" in text else f"*{text}*"


def _range(days_back: str, today: date) -> str:
    if days_back == ANY_DATE:
        return ""
    first = today - timedelta(days=int(days_back))
    return f"{first:%Y%m%d}-{today:%Y%m%d}" if first != today else f"{today:%Y%m%d}"


@dataclass(slots=True)
class SearchRun:
    """One search under way: which sources were asked, and what each answered."""

    search_id: int
    waiting: set[str]
    answered: dict[str, SourceAnswered] = field(default_factory=dict)
    job_ids: list[int] = field(default_factory=list)
    nodes_narrowed: bool = False  # to the last 30 days, see `study_query`

    def take(self, event: SourceAnswered) -> None:
        self.waiting.discard(event.source)
        self.answered[event.source] = event

    @property
    def finished(self) -> bool:
        return not self.waiting

    @property
    def failures(self) -> dict[str, WorkstationError]:
        return {
            name: event.error
            for name, event in self.answered.items()
            if event.error is not None and not isinstance(event.error, Cancelled)
        }

    @property
    def elapsed_s(self) -> float:
        return max((event.elapsed_s for event in self.answered.values() if event.error is None), default=0.0)

    def summary(self, shown: int, total: int) -> str:
        """`10 of 10 studies · 2 sources answered in 0.3 s · OLDPACS did not answer`."""
        complete = sum(1 for event in self.answered.values() if event.error is None)
        parts = [f"{shown} of {total} {'study' if total == 1 else 'studies'}"]
        if self.nodes_narrowed:
            parts.append("nodes: last 30 days only")
        if complete:
            parts.append(f"{_sources(complete)} answered in {self.elapsed_s:.1f} s")
        parts.extend(self._remarks())
        if self.waiting:
            parts.append(f"waiting for {_names(self.waiting)}")
        if self.failures:
            parts.extend(failed(self.failures))
        return " · ".join(parts)

    def _remarks(self) -> Iterator[str]:
        """`RADPACS: first 500 shown; narrow the search`, and what else the rows do not show."""
        for name, event in sorted(self.answered.items()):
            if event.limited:
                yield f"{name}: first {event.count} shown; narrow the search"
            for remark in event.remarks:
                if remark.character_set:
                    yield f"{name}: found as {remark.character_set}"
                if remark.declined:
                    yield f"{name} has no {' or '.join(remark.declined)}"


def _sources(number: int) -> str:
    return "1 source" if number == 1 else f"{number} sources"


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
