"""Standardized uptake values of PET (PS3.3 C.8.9.1, QIBA's vendor-neutral rules): the factor, or why there is none.

SUVbw in g/ml = activity concentration (Bq/ml) x body weight (g) / activity still there at the time that the
values are corrected to. Nothing is guessed: a number that looks like an SUV and is none misleads.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

_LONGEST = dt.timedelta(days=2)  # between injection and scan
_SMALLEST_DOSE_BQ = 1e5  # below that the dose was written in MBq: PS3.3 C.8.9.2 wants Bq


@dataclass(frozen=True, slots=True)
class PetInputs:
    """What a PET object says of its dose; None or empty where it does not."""

    units: str = ""  # (0054,1001): BQML, GML, CNTS, PROPCPS, ...
    suv_type: str = ""  # (0054,1006), where the values are SUVs already
    corrections: tuple[str, ...] = ()  # (0028,0051)
    decay_correction: str = ""  # (0054,1102): NONE, START, ADMIN
    weight_kg: float | None = None  # (0010,1030)
    dose_bq: float | None = None  # (0018,1074)
    half_life_s: float | None = None  # (0018,1075)
    injected: dt.datetime | None = None  # (0018,1078), or (0018,1072) on the day of the scan
    started: dt.datetime | None = None  # the time that values are corrected to with START
    counts_to_suv: float | None = None  # Philips (7053,xx00)
    counts_to_bqml: float | None = None  # Philips (7053,xx09)


@dataclass(frozen=True, slots=True)
class SuvScale:
    """`factor` times a modality value is the SUV; where it is None `refusal` says why."""

    factor: float | None
    kind: str = "SUVbw"
    refusal: str = ""


def suv_scale(inputs: PetInputs) -> SuvScale | None:
    """None where the values cannot become an SUV by their nature, so that nothing need be said."""
    units = inputs.units.upper()
    if units == "GML":
        return SuvScale(1.0, f"SUV{inputs.suv_type.lower() or 'bw'}")
    if units == "CNTS" and inputs.counts_to_suv:
        return SuvScale(inputs.counts_to_suv)
    if units == "CNTS" and inputs.counts_to_bqml:
        return _from_activity(inputs, inputs.counts_to_bqml)
    if units == "BQML":
        return _from_activity(inputs, 1.0)
    return SuvScale(None, refusal=f"the values are in {units}, not in Bq/ml") if units else None


def _from_activity(inputs: PetInputs, to_bqml: float) -> SuvScale:
    refusal = _refusal(inputs)
    if refusal:
        return SuvScale(None, refusal=refusal)
    assert inputs.weight_kg and inputs.dose_bq
    return SuvScale(to_bqml * inputs.weight_kg * 1000.0 / (inputs.dose_bq * _share_left(inputs)))


def _share_left(inputs: PetInputs) -> float:
    """Of the injected activity, at the time that the values are corrected to: all of it with ADMIN."""
    if inputs.decay_correction.upper() == "ADMIN":
        return 1.0
    assert inputs.started and inputs.injected and inputs.half_life_s
    return math.pow(2.0, -(inputs.started - inputs.injected).total_seconds() / inputs.half_life_s)


def _refusal(inputs: PetInputs) -> str:
    decay = inputs.decay_correction.upper()
    for problem, applies in (
        ("the values are not corrected for attenuation", bool(inputs.corrections) and "ATTN" not in inputs.corrections),
        ("the values are not corrected for decay", decay not in ("START", "ADMIN")),
        ("the body weight is missing", not inputs.weight_kg or inputs.weight_kg <= 0),
        ("the injected dose is missing", not inputs.dose_bq or inputs.dose_bq <= 0),
        ("the injected dose is not in Bq", bool(inputs.dose_bq) and (inputs.dose_bq or 0) < _SMALLEST_DOSE_BQ),
    ):
        if applies:
            return problem
    return "" if decay == "ADMIN" else _time_refusal(inputs)


def _time_refusal(inputs: PetInputs) -> str:
    if not inputs.half_life_s or inputs.half_life_s <= 0:
        return "the half life is missing"
    if inputs.started is None:
        return "the time of the scan is missing"
    if inputs.injected is None:
        return "the time of injection is missing"
    if not dt.timedelta(0) <= inputs.started - inputs.injected <= _LONGEST:
        return "the injection does not precede the scan"
    return ""
