"""How dates, modalities, studies and series are written in the window. DICOM's numbers are not localised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workstation.domain.errors import (
    AssociationRejected,
    NoAcceptedContext,
    NotDelivered,
    NotDicomWeb,
    PeerFailure,
    UnknownMoveDestination,
    WebFailure,
    WorkstationError,
)
from workstation.domain.study import Series, Study

REFUSALS = (
    AssociationRejected,
    NoAcceptedContext,
    NotDelivered,
    NotDicomWeb,
    PeerFailure,
    UnknownMoveDestination,
    WebFailure,
)


def refused(error: WorkstationError | None) -> bool:
    """Whether the node answered, and its answer was no."""
    return isinstance(error, REFUSALS)


def failed(failures: Mapping[str, WorkstationError | None]) -> list[str]:
    """`RADPACS refused`, `NEWPACS, OLDPACS did not answer`."""
    said_no = [name for name, error in failures.items() if refused(error)]
    silent = [name for name in failures if name not in said_no]
    pairs = ((said_no, "refused"), (silent, "did not answer"))
    return [f"{', '.join(sorted(names))} {words}" for names, words in pairs if names]


def number(value: int | None) -> str:
    """`1 284`, empty when unknown."""
    return "" if value is None else f"{value:,}".replace(",", "\u202f")


def date(value: str) -> str:
    """`2026-11-23` from a DA; what is no DA stays as it was sent (PS3.5 table 6.2-1)."""
    digits = value.replace(".", "").replace("-", "")
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}" if len(digits) == 8 and digits.isdigit() else value


def time(value: str) -> str:
    """`08:14` from a TM, which may be as short as the hour."""
    digits = value.partition(".")[0].replace(":", "")
    return f"{digits[:2]}:{digits[2:4]}" if len(digits) >= 4 and digits.isdigit() else ""


def date_and_time(date_value: str, time_value: str) -> str:
    return f"{date(date_value)} {time(time_value)}".strip()


def born_and_sex(birth_date: str, sex: str) -> str:
    return " · ".join(part for part in (date(birth_date), sex) if part)


def modality_words(modalities: Iterable[str]) -> str:
    """Picture modalities first; what only accompanies them (SR, PR, KO) last."""
    companions = {"SR", "PR", "KO", "SEG", "REG"}
    return " / ".join(sorted(modalities, key=lambda name: (name in companions, name)))


def series_title(series: Series) -> str:
    number = f"{series.series_number} · " if series.series_number is not None else ""
    return f"{number}{series.description or series.protocol_name or series.modality or '—'}"


def series_facts(series: Series, size: str = "") -> str:
    """`28 images · 320×320 · 3.0 mm`: what is known of it."""
    count = series.instance_count
    images = "" if count is None else ("1 image" if count == 1 else f"{count} images")
    thickness = "" if series.slice_thickness is None else f"{series.slice_thickness:.1f} mm"
    return " · ".join(part for part in (images, size, thickness) if part)


def series_origin(series: Series) -> str:
    device = " ".join(part for part in (series.manufacturer, series.model_name) if part) or series.station_name
    number = "" if series.series_number is None else f"Series {series.series_number}"
    return " · ".join(part for part in (number, series.modality, device) if part)


def study_line(study: Study) -> str:
    """`MR Shoulder left · 2026-11-23 07:58 · ACC-908809`."""
    parts = (study.description, date_and_time(study.study_date, study.study_time), study.accession_number)
    return " · ".join(part for part in parts if part)


def patient_line(study: Study) -> str:
    """`5520071 · 1988-10-11 · M`."""
    return " · ".join(part for part in (study.patient_id, date(study.birth_date), study.sex) if part)
