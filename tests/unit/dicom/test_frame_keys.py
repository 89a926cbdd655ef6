"""What tells frames apart, read quickly from bytes and slowly by pydicom: the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, Sequence

from tests.support.dicom_files import image_dataset, write
from workstation.dicom.frame_keys import stack_facts
from workstation.dicom.header_scan import NeedsFullHeader
from workstation.dicom.read import read_header
from workstation.dicom.scanned_groups import scanned
from workstation.imaging.stack import Dimension

IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
FRAMES = 4


def one_item(**attributes: object) -> Sequence:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return Sequence([item])


def enhanced(undefined: bool) -> Dataset:
    """A diffusion series of two places, each without and with a gradient."""
    dataset = image_dataset(np.zeros((FRAMES * 2, 3), np.uint8), NumberOfFrames=FRAMES, Rows=2)
    dataset.FrameOfReferenceUID = "1.2.3.4"
    groups = []
    for index in range(FRAMES):
        frame = Dataset()
        frame.FrameContentSequence = one_item(
            StackID="1", InStackPositionNumber=index % 2 + 1, FrameAcquisitionDateTime=f"2024010210000{index}.5"
        )
        frame.PlanePositionSequence = one_item(ImagePositionPatient=[0, 0, index % 2 * 2.5])
        frame.MREchoSequence = one_item(EffectiveEchoTime=70.0)
        frame.MRDiffusionSequence = one_item(DiffusionBValue=index // 2 * 1000.0)
        if index > 1:
            direction = one_item(DiffusionGradientOrientation=[0.0, 1.0, 0.0])
            frame.MRDiffusionSequence[0].DiffusionGradientDirectionSequence = direction
        groups.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    orientation = one_item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    dataset.SharedFunctionalGroupsSequence = one_item(PlaneOrientationSequence=orientation)
    for frame in (*groups, dataset):
        for element in frame:
            if element.VR == "SQ":
                element.is_undefined_length = undefined
                for item in element.value:
                    item.is_undefined_length_sequence_item = undefined
    return dataset


@pytest.mark.parametrize("undefined", [True, False], ids=["delimited", "with lengths"])
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN])
def test_the_frames_of_an_enhanced_object(syntax: str, undefined: bool, tmp_path: Path) -> None:
    header = read_header(write(tmp_path / "enhanced.dcm", enhanced(undefined), syntax))
    quick = scanned(header)
    assert (quick is None) == (syntax == BIG_ENDIAN)
    facts = stack_facts(header, FRAMES)
    for index, key in enumerate(facts.keys):
        assert key.geometry is not None
        assert key.geometry.position == (0, 0, index % 2 * 2.5)
        assert key.geometry.frame_of_reference_uid == "1.2.3.4"
        assert (key.stack_id, key.in_stack_position) == ("1", index % 2 + 1)
        assert key.acquired == facts.keys[0].acquired + index  # type: ignore[operator]
        assert key.coordinate(Dimension.ECHO) == 70
        assert key.coordinate(Dimension.B_VALUE) == index // 2 * 1000
        assert key.coordinate(Dimension.DIRECTION) == ("0.000 1.000 0.000" if index > 1 else None)


def test_the_items_of_a_scan_are_those_it_read(tmp_path: Path) -> None:
    dataset = enhanced(undefined=True)
    dataset.RealWorldValueMappingSequence = one_item(LUTLabel="x")
    quick = scanned(read_header(write(tmp_path / "enhanced.dcm", dataset)))
    assert quick is not None
    assert len(quick.items_of("PerFrameFunctionalGroupsSequence")) == FRAMES
    assert quick.items_of("DetectorInformationSequence") == ()
    with pytest.raises(NeedsFullHeader):
        quick.items_of("RealWorldValueMappingSequence")


def test_groups_with_a_lying_length_are_left_to_pydicom(tmp_path: Path) -> None:
    path = write(tmp_path / "enhanced.dcm", enhanced(undefined=False))
    data = path.read_bytes()
    position = data.index(b"\x20\x00\x57\x90UL")  # In-Stack Position Number
    path.write_bytes(data[: position + 6] + b"\xff\x7f" + data[position + 8 :])
    header = read_header(path)
    assert scanned(header) is None
    assert len(stack_facts(header, FRAMES).keys) == FRAMES
