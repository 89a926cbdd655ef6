"""Who is asked for what, and where the answers go: the search, the series and the priors of a study. QtCore only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import count

from PySide6.QtCore import QObject, Signal

from workstation.domain.events import LOCAL, MatchesFound, SourceAnswered
from workstation.domain.query import Query
from workstation.domain.study import Level, Series, Study
from workstation.services.search import SearchStudies, find_series
from workstation.ui.desk import Desk
from workstation.ui.studies.model import StudiesModel, StudyEntry
from workstation.ui.studies.search_state import SearchForm, SearchRun, study_query


class Searching(QObject):
    """Fills `model`; answers to questions that nobody waits for any more are dropped by their number."""

    progressed = Signal()  # a source of the search answered, or a new search began
    series_known = Signal(str)  # Study Instance UID
    priors_known = Signal(str)
    local_changed = Signal(str)

    def __init__(self, desk: Desk, model: StudiesModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._model = model
        self._ids = count(1)
        self.run: SearchRun | None = None
        self._modalities: frozenset[str] = frozenset()
        self._series: dict[int, tuple[str, list[Series]]] = {}  # search -> study, what was found
        self._local_series: dict[str, set[str]] = {}
        self._prior_searches: dict[int, str] = {}
        self._priors: dict[str, StudyEntry] = {}
        self._look_ups: dict[int, str] = {}
        self._local_query = Query()
        desk.bridge.matches_found.connect(self._matches_found)
        desk.bridge.source_answered.connect(self._source_answered)
        model.series_wanted.connect(self.ask_series)

    def search(self, sources: list[str], form: SearchForm) -> None:
        """Ask every source; what the last search still waits for is dropped."""
        if self.run is not None and not self.run.finished:
            for job_id in self.run.job_ids:
                self._desk.cancel(job_id)
        narrowed = form.narrowed_for_nodes and any(source != LOCAL for source in sources)
        self.run = run = SearchRun(next(self._ids), set(sources), nodes_narrowed=narrowed)
        self._modalities = form.modalities
        self._local_query = study_query(form, date.today(), remote=False)
        self._look_ups.clear()  # or their answers would enter this search
        self._model.clear()
        for source in sources:
            query = self._local_query if source == LOCAL else study_query(form, date.today())
            run.job_ids.append(self._submit(run.search_id, source, query))
        self.progressed.emit()

    def narrowed_to_other(self, modalities: frozenset[str]) -> bool:
        """Whether the last answers cannot contain all of `modalities`, since only one was asked for."""
        return len(self._modalities) == 1 and modalities != self._modalities

    def look_up(self, uid: str, *, fitting_only: bool = True) -> None:
        """Ask the archive anew what it has of one study; one that is not in the table must fit the search."""
        search_id = next(self._ids)
        self._look_ups[search_id] = uid
        fitting = dict(self._local_query.keys) if fitting_only and self._model.find(uid) is None else {}
        self._submit(search_id, LOCAL, Query.where(Level.STUDY, fitting | {"StudyInstanceUID": uid}))

    def ask_series(self, uid: str) -> None:
        """The series of a study, from the archive and, where that has less, from a node."""
        entry = self._model.find(uid)
        if entry is None:
            return
        sources = ([LOCAL] if entry.local else []) + ([] if entry.complete else entry.nodes[:1])
        for source in sources:
            search_id = next(self._ids)
            self._series[search_id] = (uid, [])
            self._desk.workplace.runner.submit(find_series(search_id, source, uid))

    def local_series(self, uid: str) -> frozenset[str]:
        return frozenset(self._local_series.get(uid, ()))

    def ask_priors(self, entry: StudyEntry, sources: Iterable[str]) -> None:
        """The other studies of its patient: those already found at once, the rest as sources answer."""
        study = entry.study
        found = self._model.of_patient(study.patient_id, study.issuer_of_patient_id)
        self._priors = {prior.uid: prior for prior in found}
        self._prior_searches.clear()
        self.priors_known.emit(entry.uid)
        if not study.patient_id:
            return
        for source in sources:
            if self._desk.nodes.state(source).error is None:
                search_id = next(self._ids)
                self._prior_searches[search_id] = entry.uid
                self._submit(search_id, source, Query.where(Level.STUDY, {"PatientID": study.patient_id}))

    def priors_of(self, uid: str) -> list[StudyEntry]:
        """Newest first, without the study itself."""
        others = [prior for prior in self._priors.values() if prior.uid != uid]
        return sorted(others, key=lambda prior: (prior.study.study_date, prior.study.study_time), reverse=True)

    def add_prior(self, uid: str) -> None:
        """Put a prior into the table that the search did not find."""
        prior = self._priors.get(uid)
        if prior is not None and self._model.find(uid) is None:
            for source, study in prior.answers.items():
                self._model.add(source, [study])

    def _submit(self, search_id: int, source: str, query: Query) -> int:
        return self._desk.workplace.runner.submit(SearchStudies(search_id, source, query)).id

    def _matches_found(self, event: MatchesFound) -> None:
        number = event.search_id
        studies = [match for match in event.matches if isinstance(match, Study)]
        if self.run is not None and number == self.run.search_id:
            self._model.add(event.source, studies)
        elif number in self._look_ups:
            self._model.add(LOCAL, studies)
        elif number in self._series:
            self._series[number][1].extend(match for match in event.matches if isinstance(match, Series))
        elif number in self._prior_searches:
            self._take_priors(self._prior_searches[number], event.source, studies)

    def _source_answered(self, event: SourceAnswered) -> None:
        number = event.search_id
        if self.run is not None and number == self.run.search_id:
            self.run.take(event)
            self.progressed.emit()
        elif number in self._series:
            self._take_series(event.source, *self._series.pop(number))
        elif number in self._look_ups:
            uid = self._look_ups.pop(number)
            if not event.count and event.error is None:
                self._model.forget(LOCAL, uid)
                self._local_series.pop(uid, None)
            self.local_changed.emit(uid)

    def _take_series(self, source: str, uid: str, found: list[Series]) -> None:
        entry = self._model.find(uid)
        if entry is None:
            return
        here = self._local_series.setdefault(uid, set())
        if source == LOCAL:
            here.clear()
            here.update(series.series_instance_uid for series in found)
        known = {series.series_instance_uid: series for series in entry.series or ()}
        for series in found:
            if source == LOCAL or series.series_instance_uid not in here:
                known[series.series_instance_uid] = series
        merged = sorted(known.values(), key=lambda one: (one.series_number is None, one.series_number or 0))
        if merged != entry.series:
            self._model.set_series(uid, merged)
        self.series_known.emit(uid)

    def _take_priors(self, uid: str, source: str, studies: list[Study]) -> None:
        entry = self._model.find(uid)
        if entry is None:
            return
        for study in studies:
            if study.patient_id == entry.study.patient_id and study.study_instance_uid not in self._priors:
                self._priors[study.study_instance_uid] = StudyEntry(study, {source: study})
        self.priors_known.emit(uid)
