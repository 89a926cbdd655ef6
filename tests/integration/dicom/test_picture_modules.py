"""Colours, palettes and doses of real files, and profiles opened where a crash does no harm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.dicom_files import image_dataset, write
from tests.support.testdata import require_testdata
from tests.unit.dicom.test_icc import swapped
from workstation.dicom.decode import ImageFile, decode_frame
from workstation.dicom.decode_pool import DecodePool
from workstation.imaging.calibration import distances
from workstation.imaging.compose import compose
from workstation.imaging.probe import Reading, read_pixel
from workstation.imaging.view import View

RGB = np.random.default_rng(3).integers(0, 256, (16, 16, 3), np.uint8)


@pytest.fixture
def testdata() -> Path:
    return require_testdata()


def test_a_profile_is_opened_by_a_worker_and_the_stored_colours_stay(pool: DecodePool, tmp_path: Path) -> None:
    profile = swapped()
    path = write(tmp_path / "file.dcm", image_dataset(RGB, ICCProfile=profile))
    with ImageFile(path) as image:
        assert image.is_native
        assert image.has_profile
    frame = pool.frame(path, 0)
    assert np.array_equal(frame.stored, RGB)
    assert frame.attributes.profile is not None
    screen = compose(frame, View(zoom=1.0), (16, 16))
    assert int(np.abs(screen.astype(int) - RGB[..., ::-1]).max()) <= 6  # by way of linear light


@pytest.mark.parametrize("profile", [b"\0" * 200, b"acsp" * 100, swapped()[:500]])
def test_a_broken_profile_leaves_the_picture(profile: bytes, pool: DecodePool, tmp_path: Path) -> None:
    frame = pool.frame(write(tmp_path / "file.dcm", image_dataset(RGB, ICCProfile=profile)), 0)
    assert frame.attributes.profile is None
    assert np.array_equal(compose(frame, View(zoom=1.0), (16, 16)), RGB)


def test_srgb_of_every_version_leaves_the_colours(testdata: Path, pool: DecodePool) -> None:
    """One is `sRGB v4 ICC preference`, which rendered perceptually has a contrast that nobody meant."""
    for name in ("segmentations/seg_image_sm_control_labelmap_palette_color.dcm", "wsi/sm_image.dcm"):
        assert pool.frame(testdata / name, 0).attributes.profile is None


def test_a_label_map_is_seen(testdata: Path, pool: DecodePool) -> None:
    """Its numbers are small: over all eight bits it would be black."""
    frame = pool.frame(testdata / "segmentations" / "seg_image_sm_control_labelmap.dcm", 0)
    screen = compose(frame, View(zoom=1.0), (frame.columns, frame.rows))
    assert screen[frame.stored == 0].max() == 0
    assert screen[frame.stored > 0].min() > 100


def test_a_perfusion_map_is_coloured_by_its_supplemental_palette(testdata: Path, pool: DecodePool) -> None:
    frame = pool.frame(testdata / "multiframe" / "eCT_Supplemental.dcm", 0)
    palette = frame.attributes.supplemental_palette
    assert palette is not None
    screen = compose(frame, View(zoom=1.0), (frame.columns, frame.rows))
    coloured = frame.stored >= palette[0].first
    assert screen.ndim == 3
    assert (np.ptp(screen, axis=2)[~coloured] == 0).all()
    assert (np.ptp(screen[coloured].astype(int), axis=1) > 50).mean() > 0.5


@pytest.mark.parametrize(
    ("name", "kind", "refusal"),
    [
        ("modalities/1.dcm", "SUVbw", ""),
        ("modalities/NM-PetIm-GE.dcm", "SUVbw", ""),
        ("overlays_luts/GH610.dcm", "", "the values are in PROPCPS, not in Bq/ml"),
    ],
)
def test_pet_pixels_have_an_suv_or_a_reason(
    name: str, kind: str, refusal: str, testdata: Path, pool: DecodePool
) -> None:
    frame = pool.frame(testdata / name, 0)
    told = read_pixel(frame, *np.unravel_index(int(frame.stored.argmax()), frame.stored.shape))  # type: ignore[arg-type]
    assert isinstance(told, Reading)
    assert (told.suv_kind, told.suv_refusal) == (kind, refusal)
    assert told.suv is None or 0.01 < told.suv < 100


def test_the_length_burned_into_an_ultrasound_picture_is_measured_again(testdata: Path) -> None:
    """The machine wrote `+ Cist Mag 1.06 cm` for the two crosses it drew."""
    attributes = decode_frame(testdata / "photometric" / "OBXXXX1A.dcm").attributes
    (length,) = distances(attributes, (459.5, 290.5), (498.5, 301.5))
    assert length.unit == "mm"
    assert length.value == pytest.approx(10.6, abs=0.15)
