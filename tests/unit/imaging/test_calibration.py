"""What a length is and where it comes from: millimetres are never invented."""

from __future__ import annotations

import pytest

from workstation.imaging.calibration import distances, region_at, scale_at, spacing_source
from workstation.imaging.frame import CalibratedRegion, PixelAttributes, RegionFormat

PLAIN = PixelAttributes("MONOCHROME2", 8, False)


def attributes(**changes: object) -> PixelAttributes:
    return PixelAttributes("MONOCHROME2", 8, False, **changes)  # type: ignore[arg-type]


def region(box: tuple[int, int, int, int], units: tuple[str, str], **changes: object) -> CalibratedRegion:
    given = {"format": RegionFormat.TWO_D, "deltas": (0.05, 0.05), **changes}
    return CalibratedRegion(*box, units=units, **given)  # type: ignore[arg-type]


B_MODE = region((0, 0, 99, 99), ("cm", "cm"))
M_MODE = region((0, 100, 99, 199), ("s", "cm"), format=RegionFormat.M_MODE, deltas=(0.01, 0.02))
DOPPLER = region((100, 0, 199, 99), ("s", "cm/s"), format=RegionFormat.SPECTRAL, deltas=(0.01, -0.5))
ULTRASOUND = attributes(regions=(B_MODE, M_MODE, DOPPLER))


def test_a_length_uses_the_spacing_of_rows_and_of_columns() -> None:
    (length,) = distances(attributes(pixel_spacing_mm=(2.0, 1.0), spacing_source="PixelSpacing"), (0, 0), (3, 2))
    assert (length.value, length.unit, length.source) == (5.0, "mm", "pixel spacing")


def test_an_image_without_calibration_is_measured_in_pixels() -> None:
    (length,) = distances(PLAIN, (0, 0), (3, 4))
    assert (length.value, length.unit, length.source) == (5.0, "px", "not calibrated")


def test_a_b_mode_region_gives_millimetres() -> None:
    (length,) = distances(ULTRASOUND, (10, 10), (13, 14))
    assert length.value == pytest.approx(2.5)
    assert (length.unit, length.source) == ("mm", "ultrasound region")


def test_an_m_mode_region_gives_time_and_depth() -> None:
    time, depth = distances(ULTRASOUND, (10, 110), (60, 130))
    assert (time.value, time.unit) == (pytest.approx(0.5), "s")
    assert (depth.value, depth.unit) == (pytest.approx(4.0), "mm")
    assert "M-mode" in time.source


def test_a_spectral_region_gives_time_and_velocity_without_a_sign() -> None:
    time, velocity = distances(ULTRASOUND, (110, 80), (120, 20))
    assert (time.value, time.unit) == (pytest.approx(0.1), "s")
    assert (velocity.value, velocity.unit) == (pytest.approx(30.0), "cm/s")


def test_between_two_regions_only_pixels_are_left() -> None:
    (length,) = distances(ULTRASOUND, (10, 10), (10, 150))
    assert (length.value, length.unit) == (140.0, "px")
    assert scale_at(ULTRASOUND, (110, 10)).unit == "px"


def test_a_region_of_high_priority_wins_where_two_overlap() -> None:
    over = region((20, 20, 40, 40), ("s", "cm/s"), format=RegionFormat.SPECTRAL)
    under = region((0, 0, 99, 99), ("cm", "cm"), low_priority=True)
    assert region_at(attributes(regions=(under, over)), (30, 30)) is over
    assert region_at(attributes(regions=(under, over)), (30, 30), (90, 90)) is under


def test_where_no_region_lies_the_spacing_of_the_image_holds() -> None:
    both = attributes(regions=(B_MODE,), pixel_spacing_mm=(0.3, 0.3), spacing_source="PixelSpacing")
    assert scale_at(both, (150, 150)).across == 0.3
    assert scale_at(both, (50, 50)).across == 0.5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"spacing_source": "PixelSpacing"}, "pixel spacing"),
        ({"spacing_source": "PixelSpacing", "calibration_type": "FIDUCIAL"}, "object of known size"),
        ({"spacing_source": "ImagerPixelSpacing"}, "at the detector"),
        ({"spacing_source": "ImagerPixelSpacing", "magnification": 1.073}, "magnification 1.073"),
        ({"spacing_source": "NominalScannedPixelSpacing"}, "film"),
    ],
)
def test_the_source_of_a_length_is_told(changes: dict[str, object], words: str) -> None:
    assert words in spacing_source(attributes(pixel_spacing_mm=(0.1, 0.1), **changes))
