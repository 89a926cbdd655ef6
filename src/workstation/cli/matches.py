"""Searching: run a search, print its matches as they come (JSON) or as one table."""

from __future__ import annotations

from typing import Any

import click

from workstation.cli.output import print_error, print_json, print_table
from workstation.cli.running import status_of
from workstation.dicom.keywords import is_keyword, similar_keywords
from workstation.domain.events import Event, MatchesFound, SourceAnswered
from workstation.domain.query import Query
from workstation.domain.study import Level, QueryMatch, to_record
from workstation.services.search import SearchStudies
from workstation.services.workplace import Workplace

_SEARCH_ID = 1
_COLUMNS: dict[Level, dict[str, str]] = {
    Level.PATIENT: {
        "PatientID": "patient id",
        "PatientName": "patient name",
        "PatientBirthDate": "born",
        "PatientSex": "sex",
        "NumberOfPatientRelatedStudies": "studies",
    },
    Level.STUDY: {
        "StudyDate": "date",
        "StudyTime": "time",
        "PatientName": "patient name",
        "PatientID": "patient id",
        "ModalitiesInStudy": "modality",
        "StudyDescription": "description",
        "AccessionNumber": "accession",
        "NumberOfStudyRelatedSeries": "series",
        "NumberOfStudyRelatedInstances": "instances",
        "StudyInstanceUID": "study instance uid",
    },
    Level.SERIES: {
        "SeriesNumber": "number",
        "Modality": "modality",
        "SeriesDescription": "description",
        "BodyPartExamined": "body part",
        "SeriesDate": "date",
        "NumberOfSeriesRelatedInstances": "instances",
        "SeriesInstanceUID": "series instance uid",
    },
    Level.IMAGE: {
        "InstanceNumber": "number",
        "NumberOfFrames": "frames",
        "Rows": "rows",
        "Columns": "columns",
        "SOPClassUID": "sop class uid",
        "SOPInstanceUID": "sop instance uid",
    },
}


def query_from(level: Level, where: dict[str, str]) -> Query:
    """The query for `--where` keys; a usage error with close matches for a keyword that does not exist."""
    for path in where:
        for keyword in path.split("."):
            if not is_keyword(keyword):
                similar = ", ".join(similar_keywords(keyword))
                known = "Keywords are those of PS3.6, for example PatientName."
                hint = f"Did you mean {similar}?" if similar else known
                raise click.BadParameter(f"“{keyword}” is not an attribute keyword. {hint}", param_hint="--where")
    return Query.where(level, where)


def print_matches(workplace: Workplace, source: str, query: Query, *, as_json: bool) -> int:
    """Search `source` and print what it has; the exit status. What came before an error is printed, too."""
    matches: list[QueryMatch] = []
    broken: list[BrokenPipeError] = []

    answers: list[SourceAnswered] = []

    def on_event(event: Event) -> None:
        if isinstance(event, SourceAnswered) and event.search_id == _SEARCH_ID:
            answers.append(event)
        if not isinstance(event, MatchesFound) or event.search_id != _SEARCH_ID or broken:
            return
        if not as_json:
            matches.extend(event.matches)
            return
        try:
            for match in event.matches:
                print_json(to_record(match))
        except BrokenPipeError as error:  # whoever reads us has seen enough; said again below, in the main thread
            broken.append(error)

    unsubscribe = workplace.subscribe(on_event)
    try:
        finished = workplace.runner.run(SearchStudies(_SEARCH_ID, source, query))
    finally:
        unsubscribe()
    if broken:
        raise broken[0]
    if not as_json and (matches or finished.error is None):
        columns = _COLUMNS[query.level]
        print_table(list(columns.values()), [_row(to_record(match), columns) for match in matches])
    for answer in answers:
        _say_remarks(answer)
    if finished.error is not None:
        print_error(finished.error)
    return status_of(finished)


def _say_remarks(answer: SourceAnswered) -> None:
    """On stderr, so that it is in nobody's list."""
    if answer.limited:
        click.echo(
            f"{answer.source}: first {answer.count} shown; narrow the search, or change the node's result_limit.",
            err=True,
        )
    for remark in answer.remarks:
        if remark.character_set:
            words = f"nothing was found in the node's character set; these were found as {remark.character_set}"
            click.echo(f"{answer.source}: {words}.", err=True)
        if remark.declined:
            click.echo(f"{answer.source}: it has no {' or '.join(remark.declined)}.", err=True)


def _row(record: dict[str, Any], columns: dict[str, str]) -> list[object]:
    return [record.get(keyword) for keyword in columns]
