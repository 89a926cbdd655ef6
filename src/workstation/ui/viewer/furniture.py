"""What stands around the picture, as plain values: corner texts, orientation letters, ruler, flags, message.

Every text belongs to the image that is shown, never to the one asked for. Name, ID and birth date stay in
every density: who the picture is of must never be in doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.study import Series, Study

_RULER_STEPS = (1, 2, 5)
_RULER_SHARE = 0.25  # of the shorter side of the viewport, at most


class Density(StrEnum):
    """How much is written over the picture; Space goes round."""

    FULL = "full"
    MINIMAL = "minimal"
    NONE = "none"

    @property
    def following(self) -> Density:
        order = list(Density)
        return order[(order.index(self) + 1) % len(order)]


@dataclass(frozen=True, slots=True)
class Ruler:
    length_px: float
    text: str


@dataclass(frozen=True, slots=True)
class Corners:
    top_left: tuple[str, ...] = ()
    top_right: tuple[str, ...] = ()
    bottom_left: tuple[str, ...] = ()
    bottom_right: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Furniture:
    corners: Corners = Corners()
    letters: tuple[str, str, str, str] = ("", "", "", "")  # left, top, right, bottom
    laterality: str = ""
    ruler: Ruler | None = None
    flags: tuple[str, ...] = ()
    loading: str = ""
    title: str = ""  # a message in place of the picture
    message: str = ""


def patient_lines(study: Study) -> tuple[str, ...]:
    """Name, ID, birth date and sex; what is missing says so, since a gap could be anybody."""
    return (
        study.patient_name.display or "(no name)",
        study.patient_id or "(no ID)",
        " · ".join(part for part in (date(study.birth_date), study.sex) if part) or "(no birth date)",
    )


def study_lines(study: Study, series: Series, full: bool) -> tuple[str, ...]:
    said = series.modality in study.description.split()
    title = " ".join(part for part in ("" if said else series.modality, study.description) if part)
    day = date(series.series_date or study.study_date)
    hour = clock(series.series_time if series.series_date else study.study_time)
    lines = [title, series.description, " ".join(part for part in (day, hour) if part)]
    if full:
        lines += [study.institution, study.accession_number]
    return tuple(line for line in lines if line)


def date(value: str) -> str:
    """`1961-03-02` from a DA; anything else as it was sent (PS3.5 section 6.2)."""
    return f"{value[:4]}-{value[4:6]}-{value[6:8]}" if len(value) == 8 and value.isdigit() else value


def clock(value: str) -> str:
    """`08:12` from a TM."""
    return f"{value[:2]}:{value[2:4]}" if len(value) >= 4 and value[:4].isdigit() else value


def ruler(zoom: float, spacing_mm: float | None, viewport: tuple[int, int]) -> Ruler | None:
    """A round length of at most a quarter of the viewport; pixels where the spacing is unknown, never invented mm."""
    per_px = (spacing_mm if spacing_mm else 1.0) / zoom
    longest = min(viewport) * _RULER_SHARE * per_px
    if longest <= 0:
        return None
    exponent, best = -3, 0.0
    while 10.0**exponent <= longest:
        for step in _RULER_STEPS:
            if step * 10.0**exponent <= longest:
                best = step * 10.0**exponent
        exponent += 1
    if not best:
        return None
    return Ruler(best / per_px, _length(best) if spacing_mm else f"{best:g} px")


def _length(millimetres: float) -> str:
    return f"{millimetres / 10:g} cm" if millimetres >= 10 else f"{millimetres:g} mm"
