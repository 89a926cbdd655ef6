"""Pictures by a presentation state beside those of DCMTK's dcmp2pgm, of real files and of a made one per module."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from tests.support.dcmtk import Picture, raw_pnm
from tests.support.presentation_states import (
    COLUMNS,
    IMAGE,
    ROWS,
    activation,
    area,
    attributes,
    image,
    overlay,
    state,
    table,
    voi_lut,
    window,
)
from tests.support.testdata import require_testdata, unavailable
from workstation.dicom.decode import decode_frame
from workstation.dicom.presentation_state import read_presentation_state
from workstation.dicom.render import render_presented
from workstation.domain.errors import UnsupportedObject
from workstation.imaging.present import presented


def theirs(picture: Path, presentation: Path, into: Path) -> Picture:
    program = shutil.which("dcmp2pgm")
    if program is None:
        unavailable("DCMTK's dcmp2pgm")
    out = into / "theirs.pgm"
    command = [str(program), "-p", str(presentation), str(picture), str(out)]
    subprocess.run(command, capture_output=True, check=True, timeout=60)
    return raw_pnm(out.read_bytes())


def ours(picture: Path, presentation: Path, uid: str = IMAGE) -> Picture:
    return render_presented(decode_frame(picture), read_presentation_state(presentation), uid, 1)


def assert_alike(mine: Picture, other: Picture) -> None:
    assert mine.shape == other.shape
    assert np.abs(mine.astype(int) - other.astype(int)).max() <= 1


@pytest.mark.parametrize("number", range(1, 7))
def test_a_real_state_shows_its_image_as_dcmtk_does(number: int, tmp_path: Path) -> None:
    folder = require_testdata() / "presentation_states"
    picture, presentation = folder / f"real{number:02}.dcm", folder / f"real{number:02}.pr.dcm"
    asked = read_presentation_state(presentation)
    area = asked.areas[0]
    whole = theirs(picture, presentation, tmp_path)  # dcmp2pgm leaves the displayed area to its caller
    expected = whole[area.top - 1 : area.bottom, area.left - 1 : area.right]
    assert expected.size < whole.size
    assert_alike(ours(picture, presentation, asked.images[0].sop_instance_uid), expected)


def test_a_state_that_dcmtk_made_of_an_image_shows_it_as_dcmtk_does(tmp_path: Path) -> None:
    program = shutil.which("dcmpsmk")
    if program is None:
        unavailable("DCMTK's dcmpsmk")
    folder = require_testdata() / "presentation_states"
    picture, presentation = folder / "real05.dcm", tmp_path / "made.dcm"
    command = [str(program), "+Vw", "+oa", str(picture), str(presentation)]
    subprocess.run(command, capture_output=True, check=True, timeout=60)
    asked = read_presentation_state(presentation)
    assert_alike(ours(picture, presentation, asked.images[0].sop_instance_uid), theirs(picture, presentation, tmp_path))


RESCALED = attributes(RescaleSlope="2", RescaleIntercept="-1000", RescaleType="HU")
MODALITY_LUT = table(0, [min(65535, 3 * value) for value in range(4096)], 16)
MODALITY_LUT.ModalityLUTType = "US"
P_LUT = table(0, [round(4095 * (value / 4095) ** 2) for value in range(4096)], 12)
CURVE = [round(1023 * (value / 2999) ** 0.5) for value in range(3000)]
SQUARE = np.zeros((ROWS, COLUMNS), bool)
SQUARE[8:20, 10:30] = True
MODULES: dict[str, tuple[Dataset, ...]] = {
    "a window": (window(1500, 2000),),
    "nothing of values": (),
    "a window for the image alone": (window(1000, 800, IMAGE),),
    "rescaling": (RESCALED, window(2000, 3000)),
    "rescaling without a window": (RESCALED,),
    "a modality LUT": (attributes(ModalityLUTSequence=Sequence([MODALITY_LUT])), window(5000, 9000)),
    "a VOI LUT": (voi_lut(200, CURVE, 10),),
    "the shape INVERSE": (window(1500, 2000), attributes(PresentationLUTShape="INVERSE")),
    "a presentation LUT": (window(1500, 2000), attributes(PresentationLUTSequence=Sequence([P_LUT]))),
    **{
        f"turned by {degrees}, {'' if flip == 'Y' else 'not '}flipped": (
            window(1500, 2000),
            attributes(ImageRotation=degrees, ImageHorizontalFlip=flip),
        )
        for degrees in (0, 90, 180, 270)
        for flip in "YN"
    },
}


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
def test_each_module_shows_as_dcmtk_shows_it(module: str, photometric: str, tmp_path: Path) -> None:
    # What the image says of itself gives way to the state.
    picture = image(
        tmp_path / "image.dcm",
        PhotometricInterpretation=photometric,
        WindowCenter="100",
        WindowWidth="10",
        RescaleSlope="3",
        RescaleIntercept="-7",
    )
    replaced = {"PresentationLUTShape": None} if module == "a presentation LUT" else {}
    presentation = state(tmp_path / "state.dcm", *MODULES[module], **replaced)
    assert_alike(ours(picture, presentation), theirs(picture, presentation, tmp_path))


SHUTTERS: dict[str, tuple[Dataset, ...]] = {
    "a rectangular shutter": (
        attributes(
            ShutterShape="RECTANGULAR",
            ShutterLeftVerticalEdge="5",
            ShutterRightVerticalEdge="50",
            ShutterUpperHorizontalEdge="9",
            ShutterLowerHorizontalEdge="40",
            ShutterPresentationValue=0x8080,
        ),
    ),
    "a circular shutter": (
        attributes(
            ShutterShape="CIRCULAR",
            CenterOfCircularShutter=["20", "30"],
            RadiusOfCircularShutter="17",
            ShutterPresentationValue=0,
        ),
    ),
    "a polygonal shutter": (
        attributes(
            ShutterShape="POLYGONAL",
            VerticesOfThePolygonalShutter=["5", "5", "5", "60", "40", "60", "40", "5"],
            ShutterPresentationValue=0xFFFF,
        ),
    ),
    "a bitmap shutter": (
        attributes(ShutterShape="BITMAP", ShutterOverlayGroup=0x6002, ShutterPresentationValue=0x4040),
        overlay(0x6002, SQUARE),
    ),
}
ROW, COLUMN = np.arange(1, ROWS + 1)[:, None], np.arange(1, COLUMNS + 1)[None, :]
COVERED = {
    "a rectangular shutter": ((ROW < 9) | (ROW > 40) | (COLUMN < 5) | (COLUMN > 50), 0x80),
    "a circular shutter": ((ROW - 20) ** 2 + (COLUMN - 30) ** 2 > 17**2, 0),
    "a polygonal shutter": ((ROW < 5) | (ROW >= 40) | (COLUMN < 5) | (COLUMN >= 60), 0xFF),
    "a bitmap shutter": (SQUARE, 0x40),
}


@pytest.mark.parametrize("shape", SHUTTERS)
def test_a_shutter_covers_what_dcmtk_leaves_to_the_viewer(shape: str, tmp_path: Path) -> None:
    picture, shown = image(tmp_path / "image.dcm"), window(1500, 2000)
    mine = ours(picture, state(tmp_path / "state.dcm", shown, *SHUTTERS[shape]))
    bare = theirs(picture, state(tmp_path / "bare.dcm", shown), tmp_path)
    covered, level = COVERED[shape]
    assert_alike(mine, np.where(covered, np.uint8(level), bare))


def test_overlays_show_when_the_state_activates_them(tmp_path: Path) -> None:
    picture, shown = image(tmp_path / "image.dcm"), window(1500, 2000)
    with_overlays = pydicom.dcmread(picture)
    for group in (0x6000, 0x6002):
        with_overlays.update(overlay(group, SQUARE, (1, 1 + 30 * (group & 2) // 2)))
    with_overlays.save_as(picture)
    bare = theirs(picture, state(tmp_path / "bare.dcm", shown), tmp_path)

    assert_alike(ours(picture, tmp_path / "bare.dcm"), bare)
    of_the_image = state(tmp_path / "one.dcm", shown, activation(0x6002))
    assert_alike(ours(picture, of_the_image), np.where(np.roll(SQUARE, 30, axis=1), np.uint8(255), bare))
    # A plane of the state takes the place of the image's with the same number (PS3.3 C.11.7).
    its_own = state(tmp_path / "own.dcm", shown, overlay(0x6002, SQUARE, (11, 1), layer="OVERLAYS"))
    assert_alike(ours(picture, its_own), np.where(np.roll(SQUARE, 10, axis=0), np.uint8(255), bare))


def test_each_image_gets_its_own_window(tmp_path: Path) -> None:
    first, second = image(tmp_path / "a.dcm"), image(tmp_path / "b.dcm", "1.2.3.9")
    both = Dataset()
    both.SoftcopyVOILUTSequence = Sequence(
        [*window(1000, 500, IMAGE).SoftcopyVOILUTSequence, *window(2000, 900, "1.2.3.9").SoftcopyVOILUTSequence]
    )
    presentation = state(tmp_path / "state.dcm", both, images=(IMAGE, "1.2.3.9"))
    assert_alike(ours(first, presentation), theirs(first, presentation, tmp_path))
    assert_alike(ours(second, presentation, "1.2.3.9"), theirs(second, presentation, tmp_path))


def test_an_image_that_is_not_meant_stays_as_it_is(tmp_path: Path) -> None:
    frame = decode_frame(image(tmp_path / "image.dcm"))
    asked = read_presentation_state(state(tmp_path / "state.dcm", window(1000, 500)))
    assert presented(frame, asked, "1.2.3.9", 1) is frame


def test_a_state_that_would_be_shown_wrongly_is_refused(tmp_path: Path) -> None:
    masked = state(
        tmp_path / "mask.dcm", attributes(MaskSubtractionSequence=Sequence([attributes(MaskOperation="AVG_SUB")]))
    )
    for path in (masked, image(tmp_path / "image.dcm")):
        with pytest.raises(UnsupportedObject):
            read_presentation_state(path)


def test_a_displayed_area_with_nonsense_for_corners_counts_as_absent(tmp_path: Path) -> None:
    far = attributes(DisplayedAreaSelectionSequence=Sequence([area((1, 1), (2**31 - 1, 4))]))
    picture = image(tmp_path / "image.dcm")
    assert ours(picture, state(tmp_path / "state.dcm", window(1000, 500), far)).shape == (ROWS, COLUMNS)


def test_a_magnified_area_has_the_size_it_asks_for(tmp_path: Path) -> None:
    item = area((11, 6), (20, 25), "MAGNIFY", PresentationPixelAspectRatio=["1", "1"])
    item.PresentationPixelMagnificationRatio = 3.0
    magnified = attributes(DisplayedAreaSelectionSequence=Sequence([item]), ImageRotation=90)
    picture = image(tmp_path / "image.dcm")
    assert ours(picture, state(tmp_path / "state.dcm", window(1000, 500), magnified)).shape == (30, 60)
