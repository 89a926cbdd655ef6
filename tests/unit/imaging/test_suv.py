"""SUV factors by the standard's rules, and the traps other viewers fell into."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from workstation.imaging.suv import PetInputs, suv_scale

NOON = dt.datetime(2024, 3, 1, 12, 0)
F18_S = 6586.2
WHOLE = PetInputs(
    units="BQML",
    corrections=("ATTN", "DECY", "SCAT"),
    decay_correction="START",
    weight_kg=70.0,
    dose_bq=350e6,
    half_life_s=F18_S,
    injected=NOON - dt.timedelta(seconds=F18_S),
    started=NOON,
)


def test_values_corrected_to_the_scan_are_divided_by_the_activity_left_by_then() -> None:
    scale = suv_scale(WHOLE)
    assert scale is not None
    assert scale.factor == pytest.approx(70_000 / (350e6 / 2))  # one half life has passed
    assert (scale.kind, scale.refusal) == ("SUVbw", "")


def test_values_corrected_to_the_injection_are_not_corrected_twice() -> None:
    scale = suv_scale(replace(WHOLE, decay_correction="ADMIN"))
    assert scale is not None
    assert scale.factor == pytest.approx(70_000 / 350e6)


def test_values_corrected_to_the_injection_need_no_times() -> None:
    scale = suv_scale(replace(WHOLE, decay_correction="ADMIN", injected=None, started=None, half_life_s=None))
    assert scale is not None
    assert scale.factor == pytest.approx(2e-4)


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ({"weight_kg": None}, "weight"),
        ({"weight_kg": 0.0}, "weight"),
        ({"dose_bq": None}, "dose is missing"),
        ({"dose_bq": 350.0}, "not in Bq"),  # written in MBq
        ({"half_life_s": None}, "half life"),
        ({"injected": None}, "injection"),
        ({"started": None}, "scan"),
        ({"injected": NOON + dt.timedelta(minutes=5)}, "precede"),
        ({"injected": NOON - dt.timedelta(days=3)}, "precede"),
        ({"decay_correction": "NONE"}, "decay"),
        ({"decay_correction": ""}, "decay"),
        ({"corrections": ("DECY",)}, "attenuation"),
        ({"units": "PROPCPS"}, "PROPCPS"),
        ({"units": "CNTS"}, "CNTS"),
    ],
)
def test_no_suv_is_given_without_the_inputs_and_the_reason_is_told(missing: dict[str, object], reason: str) -> None:
    scale = suv_scale(replace(WHOLE, **missing))  # type: ignore[arg-type]
    assert scale is not None
    assert scale.factor is None
    assert reason in scale.refusal


def test_values_that_are_suvs_already_stay_and_say_which() -> None:
    assert suv_scale(PetInputs(units="GML")).factor == 1.0  # type: ignore[union-attr]
    assert suv_scale(PetInputs(units="GML", suv_type="LBM")).kind == "SUVlbm"  # type: ignore[union-attr]


def test_counts_become_suvs_by_the_makers_own_factor_only() -> None:
    assert suv_scale(PetInputs(units="CNTS", counts_to_suv=0.0004)).factor == 0.0004  # type: ignore[union-attr]
    by_activity = suv_scale(replace(WHOLE, units="CNTS", counts_to_bqml=2.0))
    assert by_activity is not None
    assert by_activity.factor == pytest.approx(2 * 70_000 / 175e6)


def test_an_object_without_units_says_nothing() -> None:
    assert suv_scale(PetInputs()) is None
