"""Pixel attributes: where each is looked for, and what nonsense is left out."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from tests.support.dicom_files import image_dataset, write
from workstation.dicom.attributes import pixel_attributes
from workstation.dicom.lookup_tables import expand_segments, lookup_table
from workstation.dicom.read import read_header
from workstation.imaging.frame import PixelAttributes, VoiFunction, Window

STORED = np.zeros((4, 4), np.int16)


def item(**attributes: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def attributes_with(tmp_path: Path, frame: int = 0, **attributes: Any) -> PixelAttributes:
    """Through a file: what a writer wrote, not what we set."""
    return pixel_attributes(read_header(write(tmp_path / "image.dcm", image_dataset(STORED, **attributes))), frame)


def test_a_plain_image_has_plain_attributes(tmp_path: Path) -> None:
    found = attributes_with(tmp_path)
    assert found == PixelAttributes("MONOCHROME2", 16, True) or found.windows == ()
    assert (found.rescale_slope, found.rescale_intercept, found.unit) == (1.0, 0.0, "")
    assert (found.padding, found.pixel_spacing_mm, found.geometry, found.palette) == (None, None, None, None)


def test_windows_keep_order_explanation_and_function(tmp_path: Path) -> None:
    found = attributes_with(
        tmp_path,
        WindowCenter=[40, -600],
        WindowWidth=[400, 1500],
        WindowCenterWidthExplanation=["SOFT", "LUNG"],
        VOILUTFunction="SIGMOID",
    )
    assert found.windows == (
        Window(40, 400, "SOFT", VoiFunction.SIGMOID),
        Window(-600, 1500, "LUNG", VoiFunction.SIGMOID),
    )


def test_impossible_windows_are_left_out_and_narrow_ones_are_exact(tmp_path: Path) -> None:
    found = attributes_with(tmp_path, WindowCenter=[1, 2, 3], WindowWidth=[0, -5, 0.5], VOILUTFunction="ODD")
    assert found.windows == (Window(3, 0.5, "", VoiFunction.LINEAR_EXACT),)


def test_a_label_map_opens_over_its_segment_numbers(tmp_path: Path) -> None:
    segments = [item(SegmentNumber=number) for number in (1, 12, 3)]
    labels = {"Modality": "SEG", "SegmentationType": "LABELMAP", "SegmentSequence": segments}
    assert attributes_with(tmp_path, **labels).windows == (Window(6, 12, "Segments", VoiFunction.LINEAR_EXACT),)
    assert attributes_with(tmp_path, **labels | {"SegmentationType": "FRACTIONAL"}).windows == ()
    assert attributes_with(tmp_path, **labels | {"SegmentSequence": []}).windows == ()


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"RescaleSlope": "2", "RescaleIntercept": "-1024", "RescaleType": "HU"}, (2.0, -1024.0, "HU")),
        ({"RescaleSlope": "1", "RescaleIntercept": "-1024", "Modality": "CT"}, (1.0, -1024.0, "HU")),
        ({"RescaleSlope": "1", "RescaleIntercept": "0", "RescaleType": "US", "Modality": "CT"}, (1.0, 0.0, "")),
        ({"RescaleSlope": "1", "RescaleIntercept": "0", "RescaleType": "US"}, (1.0, 0.0, "")),
        ({"RescaleSlope": "3", "RescaleIntercept": "0", "Units": "BQML", "Modality": "PT"}, (3.0, 0.0, "BQML")),
        ({"DoseGridScaling": "0.001", "DoseUnits": "GY", "Modality": "RTDOSE"}, (0.001, 0.0, "GY")),
        ({"RescaleSlope": "0", "RescaleIntercept": "5"}, (1.0, 5.0, "")),
    ],
)
def test_rescaling_and_its_unit(tmp_path: Path, attributes: dict[str, str], expected: tuple[float, float, str]) -> None:
    found = attributes_with(tmp_path, **attributes)
    assert (found.rescale_slope, found.rescale_intercept, found.unit) == expected


def test_per_frame_groups_come_before_shared_ones_and_both_before_the_top_level(tmp_path: Path) -> None:
    def orientation(position: list[float]) -> dict[str, Any]:
        return {"PlanePositionSequence": [item(ImagePositionPatient=position)]}

    found = [
        attributes_with(
            tmp_path,
            frame,
            NumberOfFrames="2",
            WindowCenter="1",
            WindowWidth="2",
            SharedFunctionalGroupsSequence=[
                item(
                    PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.25])],
                    PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
                    FrameVOILUTSequence=[item(WindowCenter="10", WindowWidth="20")],
                )
            ],
            PerFrameFunctionalGroupsSequence=[
                item(**orientation([0, 0, 1]), FrameVOILUTSequence=[item(WindowCenter="30", WindowWidth="40")]),
                item(
                    **orientation([0, 0, 2]),
                    PixelValueTransformationSequence=[item(RescaleSlope="7", RescaleIntercept="1", RescaleType="ADC")],
                ),
            ],
        )
        for frame in (0, 1)
    ]
    assert [each.windows[0].center for each in found] == [30, 10]
    assert [each.rescale_slope for each in found] == [1, 7]
    assert [each.unit for each in found] == ["", "ADC"]
    assert [each.pixel_spacing_mm for each in found] == [(0.5, 0.25)] * 2
    assert [each.geometry.position[2] for each in found if each.geometry] == [1, 2]


@pytest.mark.parametrize(
    ("attributes", "spacing", "source"),
    [
        ({"PixelSpacing": [0.5, 0.4], "ImagerPixelSpacing": [1, 1]}, (0.5, 0.4), "PixelSpacing"),
        ({"ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "ImagerPixelSpacing"),
        ({"NominalScannedPixelSpacing": [0.2, 0.2]}, (0.2, 0.2), "NominalScannedPixelSpacing"),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "ImagerPixelSpacing"),
        ({}, None, ""),
    ],
)
def test_spacing_says_where_it_comes_from(
    tmp_path: Path, attributes: dict[str, Any], spacing: tuple[float, float] | None, source: str
) -> None:
    found = attributes_with(tmp_path, **attributes)
    assert (found.pixel_spacing_mm, found.spacing_source) == (spacing, source)


@pytest.mark.parametrize(
    "orientation", [[0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0], [1, 0, 0], [float("inf"), 0, 0, 0, 1, 0]]
)
def test_an_orientation_that_is_no_plane_is_none(tmp_path: Path, orientation: list[float]) -> None:
    dataset = image_dataset(STORED, ImagePositionPatient=[0, 0, 0])
    dataset.add_new("ImageOrientationPatient", "DS", [str(value) for value in orientation if np.isfinite(value)])
    assert pixel_attributes(dataset_through_file(tmp_path, dataset)).geometry is None


def dataset_through_file(tmp_path: Path, dataset: Dataset) -> Dataset:
    return read_header(write(tmp_path / "image.dcm", dataset))


def test_frames_of_a_dose_grid_lie_at_their_offsets(tmp_path: Path) -> None:
    found = attributes_with(
        tmp_path,
        1,
        Modality="RTDOSE",
        NumberOfFrames="2",
        GridFrameOffsetVector=[0, 2.5],
        ImagePositionPatient=[1, 2, 3],
        ImageOrientationPatient=[2, 0, 0, 0, 2, 0],
    )
    assert found.geometry is not None
    assert found.geometry.position == (1, 2, 5.5)
    assert found.geometry.row_direction == (1, 0, 0)


def test_nuclear_slices_step_by_their_spacing(tmp_path: Path) -> None:
    detector = item(ImagePositionPatient=[0, 0, 10], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    found = attributes_with(
        tmp_path, 3, Modality="NM", SpacingBetweenSlices="4", DetectorInformationSequence=[detector]
    )
    assert found.geometry is not None
    assert found.geometry.position == (0, 0, 22)


def test_padding_is_a_value_or_a_range_with_the_sign_of_the_pixels(tmp_path: Path) -> None:
    dataset = image_dataset(STORED)
    dataset.add_new("PixelPaddingValue", "US", 0xF830)
    assert pixel_attributes(dataset_through_file(tmp_path, dataset)).padding == (-2000, -2000)
    dataset.add_new("PixelPaddingRangeLimit", "US", 0xF831)
    assert pixel_attributes(dataset_through_file(tmp_path, dataset)).padding == (-2000, -1999)
    floating = image_dataset(STORED)
    floating.FloatPixelPaddingValue = -1.5
    assert pixel_attributes(dataset_through_file(tmp_path, floating)).padding == (-1.5, -1.5)


def test_flags_and_orientation(tmp_path: Path) -> None:
    found = attributes_with(
        tmp_path,
        PatientOrientation=["L", "F"],
        PresentationLUTShape="INVERSE",
        LossyImageCompression="01",
        BurnedInAnnotation="YES",
        PixelAspectRatio=["2", "1"],
    )
    assert found.patient_orientation == ("L", "F")
    assert (found.inverse_presentation, found.lossy, found.burned_in) == (True, True, True)
    assert found.pixel_aspect_ratio == (2, 1)


# --- lookup tables -------------------------------------------------------------------------------------


def lut(descriptor: tuple[int, int, int], data: bytes) -> Dataset:
    dataset = Dataset()
    dataset.add_new(0x00283002, "US", list(descriptor))
    dataset.add_new(0x00283006, "OW", data)
    return dataset


def test_a_modality_lut_starts_below_zero_where_pixels_are_signed(tmp_path: Path) -> None:
    table = lut((2, 0xFFFF, 16), struct.pack("<2H", 5, 6))
    table.ModalityLUTType = "HU"
    found = attributes_with(tmp_path, ModalityLUTSequence=[table])
    assert found.modality_lut is not None
    assert (found.modality_lut.first, found.modality_lut.values.tolist(), found.unit) == (-1, [5, 6], "HU")


def test_voi_luts_keep_their_explanation(tmp_path: Path) -> None:
    table = lut((2, 0, 12), struct.pack("<2H", 0, 4095))
    table.LUTExplanation = "BONE"
    found = attributes_with(tmp_path, VOILUTSequence=[table, lut((2, 0, 12), b"")])
    assert [(each.explanation, each.bits) for each in found.voi_luts] == [("BONE", 12)]


@pytest.mark.parametrize(
    ("descriptor", "data", "entries", "bits"),
    [
        ((4, 0, 8), bytes([1, 2, 3, 4]), [1, 2, 3, 4], 8),  # two 8-bit entries to a word
        ((2, 0, 8), struct.pack("<2H", 7, 300), [7, 300], 9),  # more than the descriptor admits
        ((2, 0, 16), struct.pack("<2H", 0, 255), [0, 255], 8),  # 8-bit entries called 16
        ((2, 0, 99), struct.pack("<2H", 0, 4095), [0, 4095], 12),
    ],
)
def test_luts_are_read_as_their_data_is(
    descriptor: tuple[int, int, int], data: bytes, entries: list[int], bits: int
) -> None:
    table = lookup_table(lut(descriptor, data), False, True)
    assert table is not None
    assert (table.values.tolist(), table.bits) == (entries, bits)


def test_a_lut_of_65536_entries_says_zero() -> None:
    table = lookup_table(lut((0, 0, 16), np.arange(65536, dtype="<u2").tobytes()), False, True)
    assert table is not None
    assert len(table.values) == 65536


def test_unusable_luts_are_none() -> None:
    assert lookup_table(Dataset(), False, True) is None
    assert lookup_table(lut((2, 0, 16), b""), False, True) is None


def test_a_palette_needs_all_three_colours(tmp_path: Path) -> None:
    def colours(count: int) -> Dataset:
        dataset = image_dataset(np.zeros((4, 4), np.uint8), PhotometricInterpretation="PALETTE COLOR")
        for index in range(count):
            dataset.add_new(0x00281101 + index, "US", [2, 0, 16])
            dataset.add_new(0x00281201 + index, "OW", struct.pack("<2H", index, 0xFF00 + index))
        return dataset

    found = pixel_attributes(dataset_through_file(tmp_path, colours(3)))
    assert found.palette is not None
    assert [table.values.tolist() for table in found.palette] == [[0, 0xFF00], [1, 0xFF01], [2, 0xFF02]]
    assert pixel_attributes(dataset_through_file(tmp_path, colours(2))).palette is None


def test_segmented_palettes_are_expanded() -> None:
    discrete, linear = [0, 2, 10, 20], [1, 4, 60]
    words = np.array([*discrete, *linear], np.uint16)
    assert expand_segments(words, False).tolist() == [10, 20, 30, 40, 50, 60]
    indirect = [2, 1, 0, 0]  # one segment at byte 0 again
    assert expand_segments(np.array([*discrete, *indirect], np.uint16), False).tolist() == [10, 20, 10, 20]
    packed = np.frombuffer(bytes([0, 2, 10, 20, 1, 2, 40, 0]), "<u2")
    assert expand_segments(packed, True).tolist() == [10, 20, 30, 40]


@pytest.mark.parametrize("words", [[], [0], [7, 7, 7], [1, 5, 9], [2, 9, 0, 0], [0, 65535, 1], [1, 0, 5]])
def test_broken_segments_end_quietly(words: list[int]) -> None:
    assert expand_segments(np.array(words, np.uint16), False).size <= 65536


def test_a_segmented_palette_serves_where_there_is_no_plain_one(tmp_path: Path) -> None:
    dataset = image_dataset(np.zeros((4, 4), np.uint8), PhotometricInterpretation="PALETTE COLOR")
    for index in range(3):
        dataset.add_new(0x00281101 + index, "US", [4, 0, 16])
        dataset.add_new(0x00281221 + index, "OW", struct.pack("<6H", 0, 1, 0, 1, 3, 0xFFFF))
    found = pixel_attributes(dataset_through_file(tmp_path, dataset))
    assert found.palette is not None
    assert found.palette[0].values.tolist() == [0, 0x5555, 0xAAAA, 0xFFFF]
