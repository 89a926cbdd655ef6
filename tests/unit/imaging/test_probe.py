"""What a pixel says of itself, in the units people know."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.imaging.frame import Frame, LookupTable, PixelAttributes, RealWorldValue
from workstation.imaging.probe import Reading, read_pixel
from workstation.imaging.suv import SuvScale


def frame(**changes: object) -> Frame:
    given = {"photometric_interpretation": "MONOCHROME2", "bits_stored": 12, "signed": False, **changes}
    return Frame(np.array([[0, 100], [2140, 3]], np.uint16), PixelAttributes(**given))  # type: ignore[arg-type]


def test_a_rescaled_pixel_tells_its_unit_and_what_is_stored() -> None:
    told = read_pixel(frame(rescale_intercept=-1024.0, unit="HU"), 0, 1)
    assert told == Reading(-924.0, "HU", 100.0)
    assert isinstance(told, Reading)
    assert told.is_rescaled


def test_optical_densities_are_written_in_thousandths() -> None:
    told = read_pixel(frame(unit="OD"), 1, 0)
    assert isinstance(told, Reading)
    assert (told.value, told.unit, told.stored) == (2.14, "OD", 2140.0)


def test_a_modality_lut_gives_the_value() -> None:
    table = LookupTable(0, np.arange(200, dtype=np.uint16) * 2, 16)
    told = read_pixel(frame(modality_lut=table), 0, 1)
    assert isinstance(told, Reading)
    assert told.value == 200.0


def test_pet_has_an_suv_beside_its_activity() -> None:
    told = read_pixel(frame(rescale_slope=10.0, unit="BQML", suv=SuvScale(0.002)), 0, 1)
    assert isinstance(told, Reading)
    assert (told.value, told.unit, told.suv_kind) == (1000.0, "BQML", "SUVbw")
    assert told.suv == pytest.approx(2.0)


def test_pet_without_an_suv_says_why() -> None:
    told = read_pixel(frame(unit="PROPCPS", suv=SuvScale(None, refusal="the body weight is missing")), 0, 1)
    assert isinstance(told, Reading)
    assert (told.suv, told.suv_kind, told.suv_refusal) == (None, "", "the body weight is missing")


def test_padding_says_that_it_is_none_of_the_image() -> None:
    padded = frame(padding=(0.0, 2.0))
    assert [read_pixel(padded, 0, column).is_padding for column in (0, 1)] == [True, False]  # type: ignore[union-attr]


def test_colours_give_their_samples_and_places_outside_nothing() -> None:
    coloured = Frame(np.array([[[1, 2, 3]]], np.uint8), PixelAttributes("RGB", 8, False))
    assert read_pixel(coloured, 0, 0) == (1, 2, 3)
    tables = tuple(LookupTable(0, np.array([0, level], np.uint16), 8) for level in (9, 8, 7))
    indexed = Frame(np.array([[1]], np.uint8), PixelAttributes("PALETTE COLOR", 8, False, palette=tables))  # type: ignore[arg-type]
    assert read_pixel(indexed, 0, 0) == (9, 8, 7)
    assert read_pixel(coloured, 0, 1) is None
    assert read_pixel(coloured, -1, 0) is None


def test_the_real_world_value_of_the_first_mapping_that_has_the_pixel() -> None:
    """`frame` holds the stored values 0, 100, ..."""
    line = RealWorldValue(1, 4095, slope=0.001, intercept=0.5, unit="mm2/s")
    told = read_pixel(frame(real_world=(line,)), 0, 1)
    assert isinstance(told, Reading)
    assert (told.real, told.real_unit) == (pytest.approx(0.6), "mm2/s")
    table = RealWorldValue(99, 101, table=np.array([7.0, 8.0, 9.0]))
    told = read_pixel(frame(real_world=(RealWorldValue(0, 50), table, line)), 0, 1)
    assert isinstance(told, Reading)
    assert (told.real, told.real_unit) == (8.0, "")


def test_a_real_world_value_that_says_nothing_new_is_not_told() -> None:
    same = RealWorldValue(0, 4095, slope=2.0, unit="BQML")
    told = read_pixel(frame(rescale_slope=2.0, unit="BQML", real_world=(same,)), 0, 1)
    assert told == Reading(200.0, "BQML", 100.0)
