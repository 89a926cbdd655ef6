"""What a PET object says of its dose and its times (PS3.3 C.8.9.1, C.8.9.2), for `imaging.suv`."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING

from workstation.dicom import elements
from workstation.dicom.header_scan import HeaderScan, NeedsFullHeader
from workstation.imaging.suv import PetInputs, SuvScale, suv_scale

if TYPE_CHECKING:
    from pydicom import Dataset

    from workstation.dicom.elements import Header

_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})$")
_TIME = re.compile(r"(\d{2}):?(\d{2}):?(\d{2})(\.\d{1,6})?$")
_DATE_TIME = re.compile(r"(\d{8})(\d{6}(?:\.\d{1,6})?)([+-]\d{4})?$")
_HALF_A_DAY = dt.timedelta(hours=12)
_PHILIPS, _GE = "Philips PET Private Group", "GEMS_PETD_01"


def suv_of(dataset: Header) -> SuvScale | None:
    """None for what is no PET image."""
    if elements.first_text(dataset, "Modality") != "PT":
        return None
    if isinstance(dataset, HeaderScan):
        raise NeedsFullHeader  # the dose stands in a sequence
    return suv_scale(pet_inputs(dataset))


def pet_inputs(dataset: Dataset) -> PetInputs:
    dose = _dose(dataset)
    started = _scan_start(dataset)
    return PetInputs(
        units=elements.first_text(dataset, "Units"),
        suv_type=elements.first_text(dataset, "SUVType"),
        corrections=tuple(elements.texts(dataset, "CorrectedImage")),
        decay_correction=elements.first_text(dataset, "DecayCorrection"),
        weight_kg=elements.number(dataset, "PatientWeight"),
        dose_bq=elements.number(dose, "RadionuclideTotalDose"),
        half_life_s=elements.number(dose, "RadionuclideHalfLife"),
        injected=_injection(dose, dataset, started),
        started=started,
        counts_to_suv=_private_number(dataset, 0x7053, _PHILIPS, 0x00),
        counts_to_bqml=_private_number(dataset, 0x7053, _PHILIPS, 0x09),
    )


def _dose(dataset: Dataset) -> Dataset:
    from pydicom import Dataset  # noqa: PLC0415 - not before the first picture of anything else

    return elements.first_item(dataset, "RadiopharmaceuticalInformationSequence") or Dataset()


def _scan_start(dataset: Dataset) -> dt.datetime | None:
    """The time that START corrects to: the series', unless post-processing wrote another one there.

    A series that begins after its own acquisition was made later; then GE says the true time privately, and
    elsewhere it follows from the frame's reference time (QIBA FDG-PET profile, SUV pseudo-code).
    """
    series = _moment(dataset, "SeriesDate", "SeriesTime")
    acquired = _moment(dataset, "AcquisitionDate", "AcquisitionTime")
    if series is not None and (acquired is None or series <= acquired):
        return series
    private = _date_time(_private_text(dataset, 0x0009, _GE, 0x0D))
    if private is not None:
        return private
    return None if acquired is None else _from_frame_times(dataset, acquired)


def _from_frame_times(dataset: Dataset, acquired: dt.datetime) -> dt.datetime | None:
    reference_ms = elements.number(dataset, "FrameReferenceTime") or 0.0
    duration_ms = elements.number(dataset, "ActualFrameDuration") or 0.0
    dose = _dose(dataset)
    half_life = elements.number(dose, "RadionuclideHalfLife") or 0.0
    if reference_ms <= 0 or duration_ms <= 0 or half_life <= 0:
        return None
    constant = math.log(2) / half_life
    decay = constant * duration_ms / 1000
    mean = math.log(decay / -math.expm1(-decay)) / constant  # when the rate equals the frame's average
    try:
        return acquired + dt.timedelta(seconds=mean - reference_ms / 1000)
    except OverflowError:
        return None


def _injection(dose: Dataset, dataset: Dataset, started: dt.datetime | None) -> dt.datetime | None:
    """Date and time of injection; a bare time is of the scan's day, or of the evening before a scan past midnight.

    A clock that is minutes wrong must not become a decay of a day, so nothing longer than half a day is inferred.
    """
    full = _date_time(elements.first_text(dose, "RadiopharmaceuticalStartDateTime"))
    if full is not None:
        return full
    time = _time(elements.first_text(dose, "RadiopharmaceuticalStartTime"))
    if time is None or started is None:
        return None
    injected = dt.datetime.combine(started.date(), time)
    evening_before = injected - dt.timedelta(days=1)
    return evening_before if injected > started and started - evening_before <= _HALF_A_DAY else injected


def _moment(dataset: Dataset, date: str, time: str) -> dt.datetime | None:
    day, hour = _date(elements.first_text(dataset, date)), _time(elements.first_text(dataset, time))
    return None if day is None or hour is None else dt.datetime.combine(day, hour)


def _date(text: str) -> dt.date | None:
    match = _DATE.match(text)
    try:
        return None if match is None else dt.date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def _time(text: str) -> dt.time | None:
    match = _TIME.match(text)
    if match is None:
        return None
    hour, minute, second = (int(part) for part in match.groups()[:3])
    try:
        return dt.time(hour, minute, min(second, 59), round(float(match.group(4) or 0) * 1e6) % 1_000_000)
    except ValueError:
        return None


def _date_time(text: str) -> dt.datetime | None:
    """A DT without its offset from UTC: dates and times of the object are of the same clock."""
    match = _DATE_TIME.match(text)
    day, hour = (_date(match.group(1)), _time(match.group(2))) if match else (None, None)
    return None if day is None or hour is None else dt.datetime.combine(day, hour)


def _private_text(dataset: Dataset, group: int, creator: str, element: int) -> str:
    """A private value by its creator (PS3.5 7.8.1); the numbers of blocks differ from file to file."""
    for block in range(0x10, 0x20):
        if elements.first_text(dataset, group << 16 | block) == creator:
            return elements.first_text(dataset, group << 16 | block << 8 | element)
    return ""


def _private_number(dataset: Dataset, group: int, creator: str, element: int) -> float | None:
    try:
        value = float(_private_text(dataset, group, creator, element))
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None
