"""Graphics of presentation states in pictures made without a window, beside what they are drawn over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from tests.support.presentation_states import (
    COLUMNS,
    GREEN,
    IMAGE,
    RED,
    ROWS,
    WHITE_LAB,
    annotated,
    annotation,
    area,
    attributes,
    boxed_text,
    compound,
    fill_style,
    graphic,
    image,
    line_style,
    state,
    window,
)
from tests.support.testdata import require_testdata
from workstation.dicom.decode import decode_frame
from workstation.dicom.presentation_state import read_presentation_state
from workstation.dicom.render import render_presented

ZOOM = 4
Picture = np.ndarray


def rendered(folder: Path, *objects: Dataset) -> Picture:
    """Four times enlarged, over black."""
    magnified = area((1, 1), (COLUMNS, ROWS), "MAGNIFY", PresentationPixelAspectRatio=["1", "1"])
    magnified.PresentationPixelMagnificationRatio = float(ZOOM)
    shown = attributes(DisplayedAreaSelectionSequence=Sequence([magnified]))
    path = state(folder / "s.dcm", window(9000, 10), shown, annotated(annotation(*objects)))
    frame = decode_frame(image(folder / "i.dcm"))
    return render_presented(frame, read_presentation_state(path), IMAGE, 1, graphics=True)


def at(picture: Picture, column: float, row: float) -> list[int]:
    """The colour at an image point."""
    return picture[int(row * ZOOM), int(column * ZOOM)].tolist()


def test_a_real_outline_is_drawn_where_its_points_are_and_nothing_far_from_it() -> None:
    folder = require_testdata() / "presentation_states"
    asked = read_presentation_state(folder / "real05.pr.dcm")
    frame, uid = decode_frame(folder / "real05.dcm"), asked.images[0].sop_instance_uid
    bare = render_presented(frame, asked, uid, 1)
    drawn = render_presented(frame, asked, uid, 1, graphics=True)
    changed = (drawn != bare[..., None]).any(axis=2)
    left, top = asked.areas[0].left - 1, asked.areas[0].top - 1
    for column, row in asked.annotations[0].graphics[0].points:
        down, across = int(row - top), int(column - left)
        assert changed[max(0, down - 1) : down + 2, max(0, across - 1) : across + 2].any()
    assert 0.02 < changed.mean() < 0.3


def test_a_picture_without_graphics_stays_as_it_is(tmp_path: Path) -> None:
    path = state(tmp_path / "s.dcm", window(1000, 2000))
    frame, asked = decode_frame(image(tmp_path / "i.dcm")), read_presentation_state(path)
    assert render_presented(frame, asked, IMAGE, 1, graphics=True).ndim == 2


def test_lines_have_the_colour_thickness_and_pattern_of_their_style(tmp_path: Path) -> None:
    thick = graphic("POLYLINE", [4, 10, 60, 10], LineStyleSequence=line_style(RED, 3.0))
    off = {"PatternOffColorCIELabValue": WHITE_LAB, "PatternOffOpacity": 1.0}
    dashed = graphic("POLYLINE", [4, 30, 60, 30], LineStyleSequence=line_style(RED, 1.0, 0xFFFF0000, **off))
    picture = rendered(tmp_path, thick, dashed)
    red = at(picture, 30, 10)
    assert red[0] > 250
    assert max(red[1:]) < 5
    assert at(picture, 30, 11.2) == red
    assert at(picture, 30, 12.5) == [0, 0, 0]
    assert [at(picture, column, 30) for column in (5, 9, 13, 17)] == [red, [255] * 3, red, [255] * 3]


def test_fillings_are_as_opaque_and_stippled_as_their_style_says(tmp_path: Path) -> None:
    square = [0.0, 0, 20, 0, 20, 20, 0, 20, 0, 0]
    half = graphic("POLYLINE", square, filled="Y", FillStyleSequence=fill_style(WHITE_LAB, 0.5))
    stripes = fill_style(WHITE_LAB, 1.0, (b"\xff" * 4 + b"\x00" * 4) * 16)
    moved = [value + (30 if index % 2 == 0 else 0) for index, value in enumerate(square)]
    striped = graphic("POLYLINE", moved, filled="Y", FillStyleSequence=stripes)
    picture = rendered(tmp_path, half, striped)
    assert at(picture, 10, 10) == pytest.approx([128] * 3, abs=1)
    column = picture[20:60, 40 * ZOOM, 0]
    assert (column[::2] == 255).all()
    assert (column[1::2] == 0).all()


def test_texts_stand_in_their_boxes(tmp_path: Path) -> None:
    picture = rendered(tmp_path, boxed_text("HHHH", (4, 20, 60, 40)))
    rows, columns = np.nonzero(picture.max(axis=2) > 60)
    assert 20 * ZOOM <= rows.min() < rows.max() < 40 * ZOOM
    assert 4 * ZOOM - 2 <= columns.min() < columns.max() < 60 * ZOOM


def test_a_line_without_end_crosses_the_whole_picture(tmp_path: Path) -> None:
    endless = compound("INFINITELINE", [30, 20, 31, 20], LineStyleSequence=line_style(GREEN, 1.0))
    picture = rendered(tmp_path, endless)
    assert (picture[20 * ZOOM, :, 1] > 250).all()
