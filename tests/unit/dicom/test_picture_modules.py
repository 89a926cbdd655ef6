"""Overlays, shutters, ultrasound regions, supplemental palettes and flags as data sets have them, broken ones too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, Sequence

from tests.support.dicom_files import image_dataset, write
from workstation.dicom.attributes import pixel_attributes
from workstation.dicom.decode import decode_frame
from workstation.dicom.read import read_header
from workstation.imaging.frame import PixelAttributes, RegionFormat
from workstation.imaging.shutter import Circle

PIXELS = np.arange(64, dtype=np.uint16).reshape(8, 8)


def of(tmp_path: Path, frame_index: int = 0, **attributes: Any) -> PixelAttributes:
    path = write(tmp_path / "file.dcm", image_dataset(PIXELS, **attributes))
    return pixel_attributes(read_header(path), frame_index)


# --- overlays --------------------------------------------------------------------------------------


def with_overlay(data: bytes, rows: int = 2, columns: int = 4, **attributes: Any) -> Dataset:
    dataset = image_dataset(PIXELS, **attributes)
    for element, vr, value in ((0x10, "US", rows), (0x11, "US", columns), (0x40, "CS", "R"), (0x50, "SS", [1, 1])):
        dataset.add_new(0x60020000 | element, vr, value)
    dataset.add_new(0x60021500, "LO", "Lesion")
    if data:
        dataset.add_new(0x60023000, "OW", data)
    return dataset


def test_a_region_of_interest_keeps_its_type_and_label(tmp_path: Path) -> None:
    path = write(tmp_path / "file.dcm", with_overlay(b"\x81\x00"))
    (overlay,) = decode_frame(path).attributes.overlays
    assert (overlay.group, overlay.is_roi, overlay.label, overlay.origin) == (0x6002, True, "Lesion", (1, 1))
    assert overlay.plane().astype(int).tolist() == [[1, 0, 0, 0], [0, 0, 0, 1]]


def test_data_that_ends_early_leaves_the_rest_clear(tmp_path: Path) -> None:
    path = write(tmp_path / "file.dcm", with_overlay(b"\xff\xff", rows=8, columns=8))
    (overlay,) = decode_frame(path).attributes.overlays
    assert overlay.plane().sum(axis=1).tolist() == [8, 8, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(("rows", "columns"), [(0, 4), (65535, 65535)])
def test_planes_of_impossible_size_are_left_out(rows: int, columns: int, tmp_path: Path) -> None:
    path = write(tmp_path / "file.dcm", with_overlay(b"\xff\xff", rows, columns))
    assert decode_frame(path).attributes.overlays == ()


@pytest.mark.parametrize("position", [0, 11, 16, 40])
def test_bits_of_the_pixel_s_own_value_are_no_overlay(position: int, tmp_path: Path) -> None:
    dataset = with_overlay(b"", 8, 8, BitsStored=12, HighBit=11)
    dataset.add_new(0x60020100, "US", 16)
    dataset.add_new(0x60020102, "US", position)
    assert decode_frame(write(tmp_path / "file.dcm", dataset)).attributes.overlays == ()


def test_bits_below_the_pixel_s_value_may_be_an_overlay(tmp_path: Path) -> None:
    dataset = with_overlay(b"", 8, 8, BitsStored=12, HighBit=15)
    dataset.PixelData = (PIXELS << 4 | (PIXELS == 9)).astype("<u2").tobytes()
    dataset.add_new(0x60020100, "US", 16)
    dataset.add_new(0x60020102, "US", 0)
    frame = decode_frame(write(tmp_path / "file.dcm", dataset))
    (overlay,) = frame.attributes.overlays
    assert np.argwhere(overlay.plane()).tolist() == [[1, 1]]
    assert np.array_equal(frame.stored, PIXELS)


# --- shutters --------------------------------------------------------------------------------------

RECTANGLE = {
    "ShutterLeftVerticalEdge": 2,
    "ShutterRightVerticalEdge": 6,
    "ShutterUpperHorizontalEdge": 3,
    "ShutterLowerHorizontalEdge": 7,
}


def test_all_shapes_of_a_shutter(tmp_path: Path) -> None:
    shutter = of(
        tmp_path,
        ShutterShape=["RECTANGULAR", "CIRCULAR", "POLYGONAL"],
        **RECTANGLE,
        CenterOfCircularShutter=[4, 5],
        RadiusOfCircularShutter=3,
        VerticesOfThePolygonalShutter=[1, 1, 1, 8, 8, 8],
        ShutterPresentationValue=0x8000,
    ).shutter
    assert shutter is not None
    assert shutter.rectangle == (2, 3, 6, 7)
    assert shutter.circle == Circle(row=4, column=5, radius=3)
    assert shutter.polygon == ((1, 1), (1, 8), (8, 8))
    assert shutter.level == 0x80


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"ShutterShape": "RECTANGULAR"},
        {"ShutterShape": "RECTANGULAR", **RECTANGLE, "ShutterRightVerticalEdge": 1},
        {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [4, 5], "RadiusOfCircularShutter": 0},
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1, 2, 2]},
        {"ShutterShape": "BITMAP", "ShutterOverlayGroup": 0x6000},
        RECTANGLE,
    ],
)
def test_an_incomplete_shutter_covers_nothing(attributes: dict[str, Any], tmp_path: Path) -> None:
    assert of(tmp_path, **attributes).shutter is None


def test_a_bitmap_shutter_is_an_overlay_of_the_image(tmp_path: Path) -> None:
    dataset = with_overlay(b"\x81\x00", ShutterShape="BITMAP", ShutterOverlayGroup=0x6002)
    attributes = decode_frame(write(tmp_path / "file.dcm", dataset)).attributes
    assert attributes.shutter is not None
    assert attributes.shutter.bitmap is attributes.overlays[0]


# --- ultrasound ------------------------------------------------------------------------------------


def region(**changes: Any) -> Dataset:
    item = Dataset()
    given: dict[str, Any] = {
        "RegionSpatialFormat": 1,
        "RegionFlags": 0,
        "RegionLocationMinX0": 0,
        "RegionLocationMinY0": 1,
        "RegionLocationMaxX1": 6,
        "RegionLocationMaxY1": 7,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.05,
        "PhysicalDeltaY": 0.06,
    }
    for keyword, value in {**given, **changes}.items():
        setattr(item, keyword, value)
    return item


def test_regions_have_their_bounds_units_and_deltas(tmp_path: Path) -> None:
    doppler = region(
        RegionSpatialFormat=3, RegionFlags=1, PhysicalUnitsXDirection=4, PhysicalUnitsYDirection=7, PhysicalDeltaY=-2.0
    )
    plane, spectrum = of(tmp_path, SequenceOfUltrasoundRegions=Sequence([region(), doppler])).regions
    assert (plane.left, plane.top, plane.right, plane.bottom) == (0, 1, 6, 7)
    assert (plane.format, plane.units, plane.deltas, plane.low_priority) == (
        RegionFormat.TWO_D,
        ("cm", "cm"),
        (0.05, 0.06),
        False,
    )
    assert (spectrum.format, spectrum.units, spectrum.deltas, spectrum.low_priority) == (
        RegionFormat.SPECTRAL,
        ("s", "cm/s"),
        (0.05, -2.0),
        True,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"RegionLocationMaxX1": None},
        {"RegionLocationMinX0": 100},
        {"PhysicalUnitsXDirection": 0, "PhysicalUnitsYDirection": 0},
        {"PhysicalDeltaX": 0.0, "PhysicalDeltaY": 0.0},
        {"PhysicalUnitsXDirection": 999, "PhysicalUnitsYDirection": 999},
    ],
)
def test_regions_that_calibrate_nothing_are_left_out(changes: dict[str, Any], tmp_path: Path) -> None:
    assert of(tmp_path, SequenceOfUltrasoundRegions=Sequence([region(**changes)])).regions == ()


# --- supplemental palette, spacing, flags ----------------------------------------------------------

PALETTE = {
    keyword: value
    for colour in ("Red", "Green", "Blue")
    for keyword, value in (
        (f"{colour}PaletteColorLookupTableDescriptor", [4, 50, 16]),
        (f"{colour}PaletteColorLookupTableData", np.array([0, 1, 2, 0xFFFF], "<u2").tobytes()),
    )
}


@pytest.mark.parametrize(("presentation", "there"), [("COLOR", True), ("MONOCHROME", False), ("", False)])
def test_a_supplemental_palette_counts_where_colour_is_the_presentation(
    presentation: str, there: bool, tmp_path: Path
) -> None:
    palette = of(tmp_path, PixelPresentation=presentation, **PALETTE).supplemental_palette
    assert (palette is not None) is there
    if palette is not None:
        assert (palette[0].first, palette[0].values.tolist()) == (50, [0, 1, 2, 0xFFFF])


def test_in_mixed_objects_each_frame_says_whether_it_is_coloured(tmp_path: Path) -> None:
    def frame(presentation: str) -> Dataset:
        kind = Dataset()
        kind.PixelPresentation = presentation
        group = Dataset()
        group.MRImageFrameTypeSequence = Sequence([kind])
        return group

    groups = Sequence([frame("COLOR"), frame("MONOCHROME")])
    mixed = {"PixelPresentation": "MIXED", "PerFrameFunctionalGroupsSequence": groups, **PALETTE}
    assert of(tmp_path, 0, **mixed).supplemental_palette is not None
    assert of(tmp_path, 1, **mixed).supplemental_palette is None


@pytest.mark.parametrize(("factor", "spacing"), [(1.25, 0.08), ("", 0.1), (0.0, 0.1), (-1.0, 0.1)])
def test_spacing_at_the_detector_is_divided_by_the_magnification(
    factor: float | str, spacing: float, tmp_path: Path
) -> None:
    attributes = of(tmp_path, ImagerPixelSpacing=[0.1, 0.1], EstimatedRadiographicMagnificationFactor=factor)
    assert attributes.pixel_spacing_mm == pytest.approx((spacing, spacing))
    assert attributes.magnification == (1.25 if factor == 1.25 else 1.0)


def test_spacing_in_the_patient_is_not_divided(tmp_path: Path) -> None:
    attributes = of(
        tmp_path,
        PixelSpacing=[0.1, 0.1],
        EstimatedRadiographicMagnificationFactor=1.25,
        PixelSpacingCalibrationType="FIDUCIAL",
    )
    assert attributes.pixel_spacing_mm == (0.1, 0.1)
    assert (attributes.magnification, attributes.calibration_type) == (1.0, "FIDUCIAL")


def test_what_was_done_to_the_picture_is_told(tmp_path: Path) -> None:
    attributes = of(
        tmp_path,
        ImageType=["DERIVED", "SECONDARY"],
        PresentationIntentType="FOR PROCESSING",
        LossyImageCompression="01",
        LossyImageCompressionMethod=["ISO_10918_1", "ISO_15444_1"],
        LossyImageCompressionRatio=[4, 12.345],
    )
    assert (attributes.derived, attributes.for_processing, attributes.lossy) == (True, True, True)
    assert attributes.lossy_text == "JPEG 2000 12.3:1"
