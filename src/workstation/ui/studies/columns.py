"""The columns of the study table: their headings, words, looks, sorting, and the pill that says where."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from workstation.domain.events import LOCAL
from workstation.domain.job import ACTIVE, Job, JobState
from workstation.domain.study import Series
from workstation.ui.studies.entry import SortKey, StudyEntry
from workstation.ui.words import born_and_sex, date_and_time, modality_words, number, series_title


class Column(IntEnum):
    ARROW = 0
    PATIENT = 1
    ID = 2
    BORN = 3
    DATE = 4
    MODALITY = 5
    DESCRIPTION = 6
    ACCESSION = 7
    SERIES = 8
    IMAGES = 9
    WHERE = 10


HEADINGS = (
    "",
    "Patient",
    "ID",
    "Born · sex",
    "Study date",
    "Mod.",
    "Description",
    "Accession",
    "Series",
    "Images",
    "Where",
)
STYLES = ("", "strong", "mono", "muted", "mono", "", "", "mono", "", "", "")


def sort_key(entry: StudyEntry, column: Column) -> SortKey:
    """What rows are sorted by; the UID makes it unique."""
    study = entry.study
    if column in _BY_COLUMN_AND_DATE:
        return (_BY_COLUMN_AND_DATE[column](entry), study.study_date, study.study_time, study.study_instance_uid)
    return (*_BY_COLUMN[column](entry), study.study_instance_uid)


_BY_COLUMN_AND_DATE: dict[Column, Callable[[StudyEntry], object]] = {
    Column.PATIENT: lambda entry: entry.study.patient_name.display.casefold(),
    Column.ID: lambda entry: entry.study.patient_id,
    Column.MODALITY: lambda entry: entry.study.modalities,
    Column.DESCRIPTION: lambda entry: entry.study.description.casefold(),
    Column.ACCESSION: lambda entry: entry.study.accession_number,
}
_BY_COLUMN: dict[Column, Callable[[StudyEntry], SortKey]] = {
    Column.BORN: lambda entry: (entry.study.birth_date, entry.study.sex),
    Column.DATE: lambda entry: (entry.study.study_date, entry.study.study_time),
    Column.SERIES: lambda entry: (entry.study.series_count or 0,),
    Column.IMAGES: lambda entry: (entry.study.instance_count or 0,),
    Column.WHERE: lambda entry: (not entry.local, tuple(entry.nodes)),
}


STUDY_TEXTS: dict[Column, Callable[[StudyEntry], str]] = {
    Column.PATIENT: lambda entry: entry.study.patient_name.display or "—",
    Column.ID: lambda entry: entry.study.patient_id,
    Column.BORN: lambda entry: born_and_sex(entry.study.birth_date, entry.study.sex),
    Column.DATE: lambda entry: date_and_time(entry.study.study_date, entry.study.study_time),
    Column.MODALITY: lambda entry: modality_words(entry.study.modalities),
    Column.DESCRIPTION: lambda entry: entry.study.description,
    Column.ACCESSION: lambda entry: entry.study.accession_number,
    Column.SERIES: lambda entry: number(entry.study.series_count),
    Column.IMAGES: lambda entry: number(entry.study.instance_count),
    Column.WHERE: lambda entry: where(entry)[0],
}
SERIES_TEXTS: dict[Column, Callable[[Series], str]] = {
    Column.PATIENT: series_title,
    Column.DATE: lambda series: date_and_time(series.series_date, series.series_time),
    Column.MODALITY: lambda series: series.modality,
    Column.DESCRIPTION: lambda series: " · ".join(part for part in (series.body_part, series.protocol_name) if part),
    Column.IMAGES: lambda series: number(series.instance_count),
}


def cell_text(entry: StudyEntry, series: Series | None, column: Column) -> str:
    if series is not None:
        return SERIES_TEXTS[column](series) if column in SERIES_TEXTS else ""
    return STUDY_TEXTS[column](entry) if column in STUDY_TEXTS else ""


def cell_style(entry: StudyEntry, series: Series | None, column: Column) -> str:
    if series is not None:
        return {Column.DATE: "mono muted", Column.PATIENT: ""}.get(column, "muted")
    return f"pill-{where(entry)[1]}" if column == Column.WHERE else STYLES[column]


def where(entry: StudyEntry) -> tuple[str, str]:
    """Words and tone of the pill: how far a retrieval is, here, or which node has it."""
    job = entry.job
    if job is not None and job.state in ACTIVE:
        progress = job.progress
        if not progress.total:
            return ("Waiting" if job.state is JobState.QUEUED else "Retrieving"), "blue"
        return f"{min(100, 100 * progress.done // progress.total)} %", "blue"
    failed = (JobState.FAILED, JobState.PARTLY, JobState.INTERRUPTED)
    if job is not None and job.state in failed and not entry.complete:
        return _failed(job), "red"
    if entry.local:
        return ("Local", "green") if entry.complete else (_partly_here(entry), "amber")
    first, *others = entry.nodes or ["—"]
    return (f"{first} +{len(others)}" if others else first), "grey"


def _failed(job: Job) -> str:
    if job.state is JobState.INTERRUPTED:
        return "Interrupted"
    details = job.error.details if job.error is not None else {}
    try:
        missing = int(details["expected"]) - int(details["stored"])
    except (KeyError, ValueError):
        missing = job.progress.failed
    return f"Failed · {missing} images" if missing > 0 else "Failed"


def _partly_here(entry: StudyEntry) -> str:
    return f"Local · {entry.answers[LOCAL].instance_count or 0} of {entry.study.instance_count or '?'}"


def fold_state(entry: StudyEntry, series: Series | None) -> str | None:
    if series is not None or entry.series == []:
        return None
    return "open" if entry.unfolded else "closed"
