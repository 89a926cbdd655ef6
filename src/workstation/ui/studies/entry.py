"""One study as each source described it, merged."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

from workstation.domain.events import LOCAL
from workstation.domain.job import Job
from workstation.domain.study import Series, Study

SortKey = tuple[object, ...]


@dataclass(slots=True, eq=False)
class StudyEntry:
    """One study, as each source described it, and the retrieval that brings it here."""

    study: Study
    answers: dict[str, Study] = field(default_factory=dict)
    job: Job | None = None
    series: list[Series] | None = None
    sort_key: SortKey = ()
    unfolded: bool = False

    @property
    def uid(self) -> str:
        return self.study.study_instance_uid

    @property
    def local(self) -> bool:
        return LOCAL in self.answers

    @property
    def nodes(self) -> list[str]:
        return [source for source in self.answers if source != LOCAL]

    @property
    def complete(self) -> bool:
        """Whether the archive holds as many images as any node claims."""
        if not self.local:
            return False
        here = self.answers[LOCAL].instance_count or 0
        return all(here >= (self.answers[node].instance_count or 0) for node in self.nodes)


def merge(answers: dict[str, Study]) -> Study:
    """The archive's word first, then the nodes' in the order of answering; gaps filled, counts the largest."""
    ordered = sorted(answers, key=lambda source: source != LOCAL)
    merged = answers[ordered[0]]
    for source in ordered[1:]:
        other = answers[source]
        gaps = {item.name: getattr(other, item.name) for item in fields(Study) if not getattr(merged, item.name)}
        merged = replace(merged, **gaps)
        merged = replace(
            merged,
            series_count=_largest(merged.series_count, other.series_count),
            instance_count=_largest(merged.instance_count, other.instance_count),
        )
    return merged


def _largest(one: int | None, other: int | None) -> int | None:
    return max(one or 0, other or 0) or None
