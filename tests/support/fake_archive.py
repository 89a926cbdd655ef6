"""An archive in memory (its files lie in a temporary folder): what tests of services and the window use."""

from __future__ import annotations

import fnmatch
import itertools
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from workstation.domain.errors import InvalidQuery
from workstation.domain.person_name import PersonName
from workstation.domain.query import Query
from workstation.domain.study import (
    Instance,
    InstanceSummary,
    Level,
    Patient,
    QueryMatch,
    Series,
    Study,
    keywords,
    to_record,
)
from workstation.services.ports import Archive, StoredInstance, StoreOutcome

_REACH: dict[Level, tuple[type[QueryMatch], ...]] = {
    Level.PATIENT: (Patient,),
    Level.STUDY: (Study,),
    Level.SERIES: (Study, Series),
    Level.IMAGE: (Study, Series, Instance),
}


class FakeArchive(Archive):
    """Keeps rows in dictionaries and matches `*`, `?`, date ranges and lists; the same content is the same bytes."""

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory()
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._rows: dict[str, tuple[InstanceSummary, StoredInstance, bytes]] = {}
        self.conflicting: list[str] = []
        self.expected: dict[str, dict[str, int]] = {}

    def new_incoming(self) -> Path:
        return self.folder / f"incoming-{next(self._numbers)}.dcm"

    def add(self, path: Path, summary: InstanceSummary) -> StoreOutcome:
        content = path.read_bytes()
        path.unlink()
        uid = summary.instance.sop_instance_uid
        with self._lock:
            if uid in self._rows:
                if self._rows[uid][2] == content:
                    return StoreOutcome.ALREADY_PRESENT
                self.conflicting.append(uid)
                return StoreOutcome.CONFLICT
            stored = self.folder / f"stored-{next(self._numbers)}.dcm"
            stored.write_bytes(content)
            self._rows[uid] = (summary, StoredInstance(summary.instance, stored, len(content)), content)
        return StoreOutcome.STORED

    def expect(self, study_instance_uid: str, counts: Mapping[str, int]) -> None:
        self.expected.setdefault(study_instance_uid, {}).update(counts)

    def expected_of(self, study_instance_uid: str) -> dict[str, int]:
        return dict(self.expected.get(study_instance_uid, {}))

    def discard(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def find(self, query: Query) -> Iterator[QueryMatch]:
        known = {keyword for noun in _REACH[query.level] for keyword in keywords(noun).values()}
        for keyword, _ in query.keys:
            if keyword not in known or (keyword.startswith("NumberOf") and keyword != "NumberOfFrames"):
                raise InvalidQuery(keyword=keyword, expected="one of " + ", ".join(sorted(known)))
        matching = [summary for summary in self._summaries() if _matches(query, self._record(summary))]
        return iter(self._nouns(query.level, matching))

    def study(self, study_instance_uid: str) -> Study | None:
        return next(
            (study for study in self._studies(self._summaries()) if study.study_instance_uid == study_instance_uid),
            None,
        )

    def series_of(self, study_instance_uid: str) -> list[Series]:
        of_study = [s for s in self._summaries() if s.study.study_instance_uid == study_instance_uid]
        return self._series(of_study)

    def instances_of(self, series_instance_uid: str) -> list[StoredInstance]:
        with self._lock:
            rows = [
                stored
                for summary, stored, _ in self._rows.values()
                if summary.series.series_instance_uid == series_instance_uid
            ]
        return sorted(rows, key=lambda stored: (stored.instance.instance_number or 0, stored.instance.sop_instance_uid))

    def instance_uids(self, study_instance_uid: str, series_instance_uid: str = "") -> frozenset[str]:
        return frozenset(
            summary.instance.sop_instance_uid
            for summary in self._summaries()
            if summary.study.study_instance_uid == study_instance_uid
            and series_instance_uid in ("", summary.series.series_instance_uid)
        )

    def delete_study(self, study_instance_uid: str) -> None:
        with self._lock:
            for uid in self.instance_uids(study_instance_uid):
                self._rows.pop(uid)[1].path.unlink()

    def size_bytes(self) -> int:
        with self._lock:
            return sum(stored.size_bytes for _, stored, _ in self._rows.values())

    def close(self) -> None:
        if self._temporary:
            self._temporary.cleanup()

    def _summaries(self) -> list[InstanceSummary]:
        with self._lock:
            return [summary for summary, _, _ in self._rows.values()]

    def _record(self, summary: InstanceSummary) -> dict[str, object]:
        study = next(
            s for s in self._studies(self._summaries()) if s.study_instance_uid == summary.study.study_instance_uid
        )
        return to_record(summary.instance) | to_record(summary.series) | to_record(study)

    def _nouns(self, level: Level, matching: list[InstanceSummary]) -> list[QueryMatch]:
        if level is Level.STUDY:
            return list(self._studies(matching))
        if level is Level.SERIES:
            return list(self._series(matching))
        if level is Level.IMAGE:
            return [summary.instance for summary in matching]
        patients: dict[tuple[str, str], Patient] = {}
        for study in self._studies(matching):
            key = (study.patient_id, study.patient_name.value)
            known = patients.get(key)
            count = (known.study_count or 0) + 1 if known else 1
            patients[key] = Patient(
                study.patient_id, study.patient_name, study.issuer_of_patient_id, study.birth_date, study.sex, count
            )
        return list(patients.values())

    def _studies(self, summaries: list[InstanceSummary]) -> list[Study]:
        of_study: dict[str, list[InstanceSummary]] = {}
        for summary in summaries:
            of_study.setdefault(summary.study.study_instance_uid, []).append(summary)
        studies = [
            replace(
                group[0].study,
                modalities=tuple(sorted({item.series.modality for item in group} - {""})),
                series_count=len({item.series.series_instance_uid for item in group}),
                instance_count=len(group),
            )
            for group in of_study.values()
        ]
        studies.sort(key=lambda study: study.study_instance_uid)
        return sorted(studies, key=lambda study: (study.study_date, study.study_time), reverse=True)

    def _series(self, summaries: list[InstanceSummary]) -> list[Series]:
        of_series: dict[str, list[InstanceSummary]] = {}
        for summary in summaries:
            of_series.setdefault(summary.series.series_instance_uid, []).append(summary)
        series = [replace(group[0].series, instance_count=len(group)) for group in of_series.values()]
        return sorted(
            series, key=lambda item: (item.series_number is None, item.series_number or 0, item.series_instance_uid)
        )


def _matches(query: Query, record: dict[str, object]) -> bool:
    return all(_matches_one(keyword, wanted, record[keyword]) for keyword, wanted in query.keys)


def _matches_one(keyword: str, wanted: str, value: object) -> bool:
    values = value if isinstance(value, list) else [value]
    texts = ["" if item is None else str(item) for item in values]
    if keyword.endswith(("Date", "Time")):
        low, dash, high = wanted.partition("-")
        return any(
            text and (not low or text >= low) and (not (high or not dash) or text <= (high or low)) for text in texts
        )
    if keyword == "PatientName" and "=" not in wanted:
        name = PersonName.parse(texts[0])
        texts = [name.alphabetic, name.ideographic, name.phonetic]
    patterns = [pattern.casefold() for pattern in wanted.split("\\")]
    return any(fnmatch.fnmatchcase(text.casefold(), pattern) for text in texts for pattern in patterns)
