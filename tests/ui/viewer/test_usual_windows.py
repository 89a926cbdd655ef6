"""Which windows are offered for a modality, from what the image says of itself."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.frames import frame_of
from workstation.imaging.frame import Window
from workstation.imaging.suv import SuvScale
from workstation.ui.viewer.usual_windows import usual_windows


def spans(windows: tuple[Window, ...]) -> dict[str, tuple[float, float]]:
    return {one.explanation: (one.center - one.width / 2, one.center + one.width / 2) for one in windows}


@pytest.mark.parametrize(("bits", "highest"), [(10, 1023), (12, 4095), (14, 16383), (16, 65535)])
def test_radiographs_offer_all_their_bits_and_never_twelve_by_assumption(bits: int, highest: int) -> None:
    frame = frame_of(np.zeros((4, 4), np.uint16), bits_stored=bits)
    assert spans(usual_windows("DX", frame)) == {f"All {bits} bits": (0, highest)}


def test_all_bits_are_told_in_the_values_of_the_image() -> None:
    frame = frame_of(np.zeros((4, 4), np.int16), bits_stored=12, rescale_slope=-1.0, rescale_intercept=10.0)
    assert spans(usual_windows("CR", frame)) == {"All 12 bits": (-2037, 2058)}


def test_mr_and_radiographs_offer_softer_and_harder_than_the_file() -> None:
    frame = frame_of(np.zeros((4, 4), np.uint16), windows=(Window(500, 1000, "NORMAL"),))
    found = {one.explanation: (one.center, one.width) for one in usual_windows("MR", frame)}
    assert found == {"Softer": (500, 1600), "Harder": (500, 600)}
    assert usual_windows("MR", frame_of(np.zeros((4, 4), np.uint16))) == ()


def test_pet_offers_suv_where_the_dose_allows_it_and_shares_of_the_hottest_pixel_where_not() -> None:
    stored = np.array([[0, 2000]], np.uint16)
    found = spans(usual_windows("PT", frame_of(stored, suv=SuvScale(0.001), rescale_slope=2.0)))
    assert found["SUV 0 – 5"] == pytest.approx((0, 5000))
    refused = frame_of(stored, suv=SuvScale(None, refusal="no weight"), rescale_slope=2.0)
    assert spans(usual_windows("PT", refused))["0 – 50 %"] == (0, 2000)


def test_ct_offers_its_windows_in_hu_and_others_nothing() -> None:
    frame = frame_of(np.zeros((4, 4), np.int16))
    found = {one.explanation: (one.center, one.width) for one in usual_windows("CT", frame)}
    assert found["Lung"] == (-600, 1500)
    assert usual_windows("US", frame) == ()
