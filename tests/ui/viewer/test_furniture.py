"""What stands around the picture: ruler, dates, corner texts, presets, histogram."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from tests.ui.viewer.sources import GatedSource, display_set, grey
from workstation.domain.study import Study
from workstation.imaging.frame import Frame, LookupTable, PlaneGeometry, Window
from workstation.imaging.numbers import number
from workstation.imaging.view import View
from workstation.services.display_sets import DisplayKind, DisplaySet
from workstation.ui.viewer.furniture import Density, clock, date, patient_lines, ruler
from workstation.ui.viewer.histogram import histogram_of
from workstation.ui.viewer.loader import FrameCache, FrameLoader
from workstation.ui.viewer.model import Viewport
from workstation.ui.viewer.presets import presets_of
from workstation.ui.viewer.surroundings import furnish

AXIAL = PlaneGeometry((0.0, 0.0, -42.5), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


@given(st.floats(0.01, 60), st.floats(0.001, 50), st.tuples(st.integers(100, 4000), st.integers(100, 4000)))
def test_ruler_is_true_to_scale_and_fits(zoom: float, spacing: float, viewport: tuple[int, int]) -> None:
    found = ruler(zoom, spacing, viewport)
    if found is None:
        return
    value, unit = found.text.split()
    millimetres = float(value) * {"mm": 1, "cm": 10}[unit]
    assert found.length_px == pytest.approx(millimetres / spacing * zoom)
    assert found.length_px <= min(viewport) * 0.25 + 1e-6


def test_ruler_counts_pixels_where_the_spacing_is_unknown() -> None:
    found = ruler(2.0, None, (800, 800))
    assert found is not None
    assert found.text == "100 px"
    assert found.length_px == 200


def test_missing_identity_says_so() -> None:
    assert patient_lines(Study()) == ("(no name)", "(no ID)", "(no birth date)")


def test_dates_times_and_numbers_read_well() -> None:
    assert date("19610302") == "1961-03-02"
    assert date("1961.03") == "1961.03"
    assert clock("081215.5") == "08:12"
    assert number(-42.5) == "−42.5"
    assert number(-0.001 * 0) == "0"
    assert number(1234.4) == "1234"


def furnished(qtbot: QtBot, frame: Frame, one: DisplaySet, density: Density = Density.FULL) -> Any:
    loader = FrameLoader(GatedSource(True, lambda _: frame), FrameCache(1 << 20), 1)
    viewport = Viewport(loader)
    viewport.set_size((400, 400))
    viewport.show(one)
    qtbot.waitUntil(lambda: viewport.shown is not None)
    result = furnish(viewport, density, 1.0, (200.0, 200.0))
    viewport.close()
    loader.close()
    return result


def test_corners_hold_patient_study_image_and_window(qtbot: QtBot) -> None:
    frame = grey(
        np.full((16, 16), 7, np.uint8),
        geometry=AXIAL,
        pixel_spacing_mm=(1.0, 1.0),
        windows=(Window(450, 1100),),
        lossy=True,
        burned_in=True,
        unit="HU",
    )
    one = display_set(72)
    one = replace(one, series=replace(one.series, slice_thickness=3.0, modality="MR"))
    found = furnished(qtbot, frame, one)
    corners = found.corners
    assert corners.top_left == ("DOE, JANE", "4711", "1961-03-02 · F")
    assert corners.top_right == ("MR Abdomen", "T1 VIBE FS", "2026-11-23")
    assert corners.bottom_left == ("(9, 9)  7 HU", "Im 1 / 72", "Loc −42.5 mm · Thk 3 mm")
    assert corners.bottom_right == ("Zoom 2500 %", "WL 450 · WW 1100")
    assert found.flags == ("BURNED-IN TEXT", "LOSSY")
    assert found.letters == ("R", "A", "L", "P")


def test_unknown_spacing_is_said_and_detector_spacing_named(qtbot: QtBot) -> None:
    plain = furnished(qtbot, grey(np.zeros((8, 8), np.uint8)), display_set(1))
    assert "not calibrated" in plain.corners.bottom_left
    assert plain.ruler.text.endswith("px")
    detector = grey(np.zeros((8, 8), np.uint8), pixel_spacing_mm=(0.1, 0.1), spacing_source="ImagerPixelSpacing")
    assert "at the detector" in furnished(qtbot, detector, display_set(1)).corners.bottom_left


def test_minimal_keeps_identity_number_and_window_only(qtbot: QtBot) -> None:
    frame = grey(np.zeros((8, 8), np.uint8), windows=(Window(40, 400),))
    corners = furnished(qtbot, frame, display_set(3), Density.MINIMAL).corners
    assert corners.top_left[0] == "DOE, JANE"
    assert corners.top_right == ()
    assert corners.bottom_left == ("Im 1 / 3",)
    assert corners.bottom_right == ("WL 40 · WW 400",)


def test_an_automatic_window_is_marked_and_stays_the_same_through_the_series(qtbot: QtBot) -> None:
    frames = [grey(np.arange(64, dtype=np.uint16).reshape(8, 8) * (index + 1)) for index in range(3)]
    loader = FrameLoader(GatedSource(True, lambda index: frames[index]), FrameCache(1 << 20), 1)
    viewport = Viewport(loader)
    viewport.show(display_set(3), 0)
    qtbot.waitUntil(lambda: viewport.shown == 0)
    first = viewport.window
    assert viewport.window_is_automatic
    viewport.go_to(2)
    qtbot.waitUntil(lambda: viewport.shown == 2)
    assert viewport.window == first
    viewport.close()
    loader.close()


def test_presets_put_the_file_first_and_stop_at_nine() -> None:
    table = LookupTable(0, np.arange(256, dtype=np.uint16), 8, "STANDARD")
    frame = grey(np.zeros((4, 4), np.uint8), windows=(Window(1, 2, "SOFT"), Window(3, 4)), voi_luts=(table,))
    names = [preset.name for preset in presets_of(display_set(1), frame)]
    assert names[:4] == ["Default", "SOFT [DICOM]", "File 2 [DICOM]", "STANDARD [DICOM]"]
    assert "Lung" in names
    assert len(names) <= 9
    assert presets_of(replace(display_set(1), kind=DisplayKind.OTHER), None) == ()


def test_a_preset_knows_whether_it_is_in_use() -> None:
    frame = grey(np.zeros((4, 4), np.uint8), windows=(Window(1, 2),))
    default, soft = presets_of(display_set(1), frame)[:2]
    view = soft.apply(View())
    assert soft.is_in(view)
    assert not default.is_in(view)
    assert default.is_in(default.apply(view))


def test_histogram_has_its_peak_where_the_values_are() -> None:
    stored = np.full((100, 100), 1000, np.int16)
    stored[:50] = np.arange(5000).reshape(50, 100) % 2000
    found = histogram_of(grey(stored, rescale_intercept=-1024.0))
    assert found is not None
    peak = found.edges[int(np.argmax(found.counts))]
    assert peak == pytest.approx(-24, abs=20)
    assert found.counts.max() == 1.0


def test_histogram_of_a_large_image_is_that_of_its_values() -> None:
    rows, columns = np.mgrid[0:1700, 0:1300]
    small = histogram_of(grey((rows[::8, ::8] + columns[::8, ::8]).astype(np.uint16), rescale_slope=2.0))
    large = histogram_of(grey((rows + columns).astype(np.uint16), rescale_slope=2.0))
    assert small is not None and large is not None
    np.testing.assert_allclose(large.edges, small.edges, rtol=0.03, atol=60)
    assert large.edges[np.argmax(large.counts)] == pytest.approx(small.edges[np.argmax(small.counts)], rel=0.5)


def test_colour_has_no_histogram_and_a_flat_image_one_of_width() -> None:
    colour = Frame(
        np.zeros((4, 4, 3), np.uint8), replace(grey(np.zeros((1, 1))).attributes, photometric_interpretation="RGB")
    )
    assert histogram_of(colour) is None
    flat = histogram_of(grey(np.full((4, 4), 5, np.uint8)))
    assert flat is not None
    assert flat.edges[0] < 5 < flat.edges[-1]
