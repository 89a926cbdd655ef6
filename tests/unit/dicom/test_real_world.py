"""Real World Value Mapping as data sets have it; the quick way and pydicom's give the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, Sequence

from tests.support.dicom_files import image_dataset, write
from workstation.dicom.decode import decode_frame
from workstation.dicom.plain_frames import plain_frame
from workstation.imaging.frame import RealWorldValue
from workstation.imaging.probe import Reading, read_pixel

IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"


def mapping(signed: bool, first: float, last: float, unit: str = "mm2/s", **attributes: Any) -> Dataset:
    item = Dataset()
    representation = "SS" if signed else "US"
    item.add_new(0x00409216, representation, first)
    item.add_new(0x00409211, representation, last)
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    item.MeasurementUnitsCodeSequence = Sequence([code])
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def mappings(tmp_path: Path, stored: Any, *items: Dataset, syntax: str = EXPLICIT) -> tuple[RealWorldValue, ...]:
    dataset = image_dataset(stored, RealWorldValueMappingSequence=Sequence(items))
    path = write(tmp_path / "image.dcm", dataset, syntax)
    found = decode_frame(path).attributes.real_world
    quick = plain_frame(path)
    assert (quick is None) == (syntax == BIG_ENDIAN)
    if quick is not None:
        assert [(one.first, one.last, one.unit) for one in quick.attributes.real_world] == [
            (one.first, one.last, one.unit) for one in found
        ]
    return found


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize("kind", ["u2", "i2"])
def test_a_line_and_its_unit(kind: str, syntax: str, tmp_path: Path) -> None:
    signed = kind == "i2"
    first = -1000 if signed else 40000
    item = mapping(signed, first, first + 2000, RealWorldValueSlope=0.5, RealWorldValueIntercept=-3.0)
    (found,) = mappings(tmp_path, np.zeros((4, 4), kind), item, syntax=syntax)
    assert (found.first, found.last, found.slope, found.intercept) == (first, first + 2000, 0.5, -3.0)
    assert found.unit == "mm2/s"


def test_a_table_and_a_mere_number(tmp_path: Path) -> None:
    item = mapping(False, 0, 2, unit="1", RealWorldValueLUTData=[0.25, 0.5, 4.0])
    (found,) = mappings(tmp_path, np.zeros((4, 4), np.uint16), item)
    assert found.table is not None
    assert found.table.tolist() == [0.25, 0.5, 4.0]
    assert found.unit == ""


def test_what_lacks_its_range_or_its_line_is_left_out(tmp_path: Path) -> None:
    whole = {"RealWorldValueSlope": 1.0, "RealWorldValueIntercept": 0.0}
    without_range = mapping(False, 0, 9, **whole)
    del without_range[0x00409211]
    assert mappings(tmp_path, np.zeros((4, 4), np.uint16), mapping(False, 0, 9), without_range) == ()


def test_a_mapping_of_floating_point_pixels_is_found_in_the_functional_groups(tmp_path: Path) -> None:
    item = mapping(False, 0, 0, RealWorldValueSlope=2.0, RealWorldValueIntercept=0.0)
    del item[0x00409216], item[0x00409211]
    item.DoubleFloatRealWorldValueFirstValueMapped, item.DoubleFloatRealWorldValueLastValueMapped = -1.5, 1.5
    group = Dataset()
    group.RealWorldValueMappingSequence = Sequence([item])
    dataset = image_dataset(np.zeros((2, 2), np.float32), SharedFunctionalGroupsSequence=Sequence([group]))
    del dataset.PixelData
    dataset.FloatPixelData = np.array([0.25, 1.0, 2.0, 3.0], "<f4").tobytes()
    told = read_pixel(decode_frame(write(tmp_path / "map.dcm", dataset)), 0, 0)
    assert isinstance(told, Reading)
    assert (told.value, told.real, told.real_unit) == (0.25, 0.5, "mm2/s")
