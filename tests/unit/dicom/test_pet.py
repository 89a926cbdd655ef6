"""Dose and times of PET objects: which of the many times counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydicom import Dataset, Sequence

from workstation.dicom.pet import pet_inputs, suv_of

F18_S = 6586.2


def pet(dose: dict[str, Any] | None = None, **attributes: Any) -> Dataset:
    given: dict[str, Any] = {
        "Modality": "PT",
        "Units": "BQML",
        "CorrectedImage": ["ATTN", "DECY"],
        "DecayCorrection": "START",
        "PatientWeight": "70",
        "SeriesDate": "20240301",
        "SeriesTime": "120000",
        "AcquisitionDate": "20240301",
        "AcquisitionTime": "120500",
        **attributes,
    }
    item = Dataset()
    for keyword, value in {
        "RadionuclideTotalDose": "350000000",
        "RadionuclideHalfLife": str(F18_S),
        "RadiopharmaceuticalStartTime": "110000",
        **(dose or {}),
    }.items():
        setattr(item, keyword, value)
    dataset = Dataset()
    for keyword, value in given.items():
        setattr(dataset, keyword, value)
    dataset.RadiopharmaceuticalInformationSequence = Sequence([item])
    return dataset


def test_a_whole_object_has_a_factor() -> None:
    scale = suv_of(pet())
    assert scale is not None
    assert scale.factor == pytest.approx(70_000 / (350e6 * 2 ** (-3600 / F18_S)))


def test_other_modalities_have_none() -> None:
    assert suv_of(pet(Modality="CT")) is None


def test_the_series_time_counts_when_the_series_began_before_the_acquisition() -> None:
    assert pet_inputs(pet()).started == dt.datetime(2024, 3, 1, 12)


def test_a_series_made_afterwards_counts_from_its_frames() -> None:
    """Acquired at 12:05, corrected to a moment 300 s before the middle of the decay of a 10-minute frame."""
    made_later = pet(
        SeriesDate="20240302", SeriesTime="090000", FrameReferenceTime="600000", ActualFrameDuration="600000"
    )
    started = pet_inputs(made_later).started
    assert started is not None
    seconds = (started - dt.datetime(2024, 3, 1, 12, 5)).total_seconds()
    assert seconds == pytest.approx(-600 + 298.4, abs=1)  # the average rate is reached just before the middle


def test_a_series_made_afterwards_without_frame_times_has_no_suv() -> None:
    scale = suv_of(pet(SeriesDate="20240302", SeriesTime="090000"))
    assert scale is not None
    assert (scale.factor, "scan" in scale.refusal) == (None, True)


def test_a_series_made_afterwards_by_ge_tells_the_time_privately() -> None:
    dataset = pet(SeriesDate="20240302", SeriesTime="090000")
    block = dataset.private_block(0x0009, "GEMS_PETD_01", create=True)
    block.add_new(0x0D, "DT", "20240301120100.00")
    assert pet_inputs(dataset).started == dt.datetime(2024, 3, 1, 12, 1)


def test_date_and_time_of_the_injection_come_before_its_bare_time() -> None:
    inputs = pet_inputs(pet({"RadiopharmaceuticalStartDateTime": "20240229233000+0100"}))
    assert inputs.injected == dt.datetime(2024, 2, 29, 23, 30)


def test_an_injection_before_midnight_is_of_the_day_before() -> None:
    inputs = pet_inputs(pet({"RadiopharmaceuticalStartTime": "233000"}, SeriesTime="003000", AcquisitionTime="003000"))
    assert inputs.injected == dt.datetime(2024, 2, 29, 23, 30)


def test_clocks_that_differ_by_minutes_do_not_make_a_day() -> None:
    scale = suv_of(pet({"RadiopharmaceuticalStartTime": "120300"}))
    assert scale is not None
    assert (scale.factor, "precede" in scale.refusal) == (None, True)


@pytest.mark.parametrize("time", ["", "9", "256000", "noon"])
def test_times_that_are_none_are_missing(time: str) -> None:
    assert pet_inputs(pet({"RadiopharmaceuticalStartTime": time})).injected is None


def test_counts_of_philips_have_a_private_factor() -> None:
    dataset = pet(Units="CNTS")
    block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x00, "DS", "0.000551")
    scale = suv_of(dataset)
    assert scale is not None
    assert scale.factor == pytest.approx(0.000551)
