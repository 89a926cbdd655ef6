"""The short words on a picture, and that overlay planes and shutter go by their keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workstation.imaging.frame import CalibratedRegion, ColourCube, Frame, PixelAttributes, RegionFormat
from workstation.imaging.overlay import Overlay, pack
from workstation.imaging.probe import Reading
from workstation.imaging.shutter import Shutter
from workstation.imaging.view import View
from workstation.ui.viewer.page import ViewerPage
from workstation.ui.viewer.picture_notes import calibration_line, flags, made_line, reading_text, ruler_mm

PLAIN = PixelAttributes("MONOCHROME2", 12, False)
PLANE = Overlay(0x6000, 2, 2, pack(np.ones((2, 2), np.bool_)))
REGION = CalibratedRegion(0, 0, 9, 9, RegionFormat.TWO_D, ("cm", "cm"), (0.1, 0.1))


def test_a_plain_picture_needs_no_words() -> None:
    assert flags(PLAIN, View()) == ()
    assert made_line(PLAIN) == ""


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"incomplete": "half is missing"}, "INCOMPLETE: half is missing"),
        ({"precision_note": "shown with 8 of 10 bits"}, "SHOWN WITH 8 OF 10 BITS"),
        ({"reduction": 4}, "REDUCED 1/4"),
        ({"for_processing": True}, "FOR PROCESSING"),
        ({"burned_in": True}, "BURNED-IN TEXT"),
        ({"lossy": True}, "LOSSY"),
        ({"lossy": True, "lossy_text": "JPEG 12:1"}, "LOSSY JPEG 12:1"),
        ({"photometric_interpretation": "MONOCHROME1"}, "MONOCHROME1"),
    ],
)
def test_what_must_be_known_is_told(changes: dict[str, object], flag: str) -> None:
    assert flags(replace(PLAIN, **changes), View()) == (flag,)  # type: ignore[arg-type]


def test_what_is_only_good_to_know_is_no_warning() -> None:
    made = replace(PLAIN, derived=True, profile=ColourCube(np.zeros((2, 2, 2, 3), np.uint8)))
    assert made_line(made) == "derived · ICC profile"
    assert flags(made, View()) == ()


def test_a_pixel_says_what_it_measures() -> None:
    assert reading_text(Reading(987.0, "", 987.0, real=0.987, real_unit="mm2/s")) == "987 · 0.987 mm2/s"
    assert reading_text(Reading(37.0, "HU", 987.0, real=2.0)) == "37 HU (987) · 2"


def test_what_the_user_hid_or_opened_is_told() -> None:
    covered = replace(PLAIN, overlays=(PLANE,), shutter=Shutter(rectangle=(1, 1, 2, 2)))
    assert flags(covered, View()) == ()
    changed = View(overlays_shown=False, shutter_shown=False)
    assert flags(covered, changed) == ("overlay planes hidden", "shutter open")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "not calibrated"),
        ({"regions": (REGION,)}, "calibrated in regions"),
        ({"pixel_spacing_mm": (1.0, 1.0), "spacing_source": "PixelSpacing"}, ""),
        ({"pixel_spacing_mm": (1.0, 1.0), "spacing_source": "ImagerPixelSpacing"}, "at the detector"),
        (
            {"pixel_spacing_mm": (1.0, 1.0), "spacing_source": "ImagerPixelSpacing", "magnification": 1.2},
            "detector, divided by magnification 1.2",
        ),
    ],
)
def test_where_lengths_come_from(changes: dict[str, object], line: str) -> None:
    assert calibration_line(replace(PLAIN, **changes)) == line  # type: ignore[arg-type]


def test_the_ruler_of_an_ultrasound_picture_is_that_of_the_region_in_its_middle() -> None:
    def ruler(region: CalibratedRegion) -> float | None:
        return ruler_mm(Frame(np.zeros((10, 10), np.uint8), replace(PLAIN, regions=(region,))))

    assert ruler(REGION) == pytest.approx(1.0)
    assert ruler(replace(REGION, units=("s", "cm"))) is None
    assert ruler(replace(REGION, right=2)) is None


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        ((10, 20, 30), "10 20 30"),
        (Reading(12.0, "", 12.0), "12"),
        (Reading(-37.0, "HU", 987.0), "−37 HU (987)"),
        (Reading(8120.0, "BQML", 812.0, 2.314, "SUVbw"), "SUVbw 2.314 · 8120 BQML"),
        (
            Reading(5.0, "BQML", 5.0, suv_refusal="the body weight is missing"),
            "5 BQML · no SUV: the body weight is missing",
        ),
        (Reading(-2000.0, "HU", -2000.0, is_padding=True), "padding"),
    ],
)
def test_what_the_pixel_under_the_pointer_says(reading: Reading | tuple[int, ...], text: str) -> None:
    assert reading_text(reading) == text


def test_overlay_planes_and_shutter_go_by_their_keys(qtbot: QtBot, page: ViewerPage, testdata: Path) -> None:
    with qtbot.waitSignals([page.opened, page.frame_shown]):
        page.open_paths([testdata / "overlays_luts" / "OutOfBoundsOverlay.dcm"])
    canvas, viewport = page.grid.canvas, page.viewport
    shown = page.grid.canvas.grab().toImage()
    qtbot.keyClick(canvas, Qt.Key.Key_O)
    assert not viewport.view.overlays_shown
    assert not page.actions_["viewer.planes"].isChecked()
    qtbot.waitUntil(lambda: canvas.grab().toImage() != shown)
    qtbot.keyClick(canvas, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    assert not viewport.view.shutter_shown
    qtbot.keyClick(canvas, Qt.Key.Key_O)
    qtbot.keyClick(canvas, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    assert (viewport.view.overlays_shown, viewport.view.shutter_shown) == (True, True)
