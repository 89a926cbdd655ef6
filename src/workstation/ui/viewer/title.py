"""What the title of the window says about the picture that is worked in."""

from __future__ import annotations

from workstation.services.display_sets import DisplayKind, DisplaySet
from workstation.ui.viewer.furniture import date


def title_of(display_set: DisplaySet | None, *, private: bool = False) -> str:
    """`DOE, JANE · 4711 · 1961-03-02 · CT Abdomen`; who it is of left out in the privacy view."""
    if display_set is None or display_set.kind is DisplayKind.DAMAGED:
        return ""
    study, modality = display_set.study, display_set.series.modality
    what = " ".join(part for part in (modality, study.description) if part)
    if private:
        return modality
    who = (study.patient_name.display or "(no name)", study.patient_id, date(study.birth_date))
    return " · ".join(part for part in (*who, what) if part)
