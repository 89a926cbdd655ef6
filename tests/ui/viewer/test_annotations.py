"""Annotations without a mouse: where they lie on the screen, what is under the pointer, what is painted anew."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from tests.support.frames import frame_of
from workstation.imaging.annotation_words import words_of
from workstation.imaging.compose import layout
from workstation.imaging.view import View
from workstation.ui.viewer.annotations import painter as painting
from workstation.ui.viewer.annotations.model import POINTS_OF, Annotation, AnnotationEdit, Annotations, Kind, Place
from workstation.ui.viewer.annotations.outline import (
    Screen,
    distance_to,
    handle_under,
    is_on_line,
    outline,
    with_handle,
)
from workstation.ui.viewer.annotations.painter import Drawing, Lines, drawing_of

PLACE = Place("1.2.3", 0)
SIZE = (400, 300)
VIEWS = [View(quarter_turns=turns, flipped=flipped, pan=(7, -3)) for turns in range(4) for flipped in (False, True)]
number = st.floats(-50, 50, allow_nan=False)
point = st.tuples(number, number)


def screen_of(view: View, ratio: float = 1.0, reduction: int = 1) -> Screen:
    frame = frame_of(np.zeros((60, 80), np.uint8), pixel_spacing_mm=(0.7, 0.5))
    return Screen(layout(frame, view, SIZE), ratio, reduction)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("ratio", "reduction"), [(1.0, 1), (2.0, 1), (1.5, 4)])
def test_a_point_of_the_screen_is_where_its_image_point_is_placed(view: View, ratio: float, reduction: int) -> None:
    screen = screen_of(view, ratio, reduction)
    for at in ((0.0, 0.0), (120.0, 80.0), (199.0, 3.0)):
        assert screen.place([screen.image_point(at)])[0] == pytest.approx(at)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("kind", list(POINTS_OF))
def test_every_annotation_is_found_where_it_lies(view: View, kind: Kind) -> None:
    points = ((10.0, 12.0), (50.0, 40.0), (20.0, 45.0))[: POINTS_OF[kind]]
    shape = outline(Annotation(1, kind, points), screen_of(view))
    for handle, at in enumerate(shape.handles.tolist()):
        assert handle_under(shape, (at[0] + 3, at[1])) == handle
    for line in shape.lines:
        middle = (line[0] + line[1]) / 2
        assert is_on_line(shape, (float(middle[0]), float(middle[1])))
    assert handle_under(shape, (-500, -500)) is None
    assert not is_on_line(shape, (-500, -500))


@given(st.lists(point, min_size=2, max_size=5), point)
def test_the_distance_to_a_polyline_is_that_to_its_nearest_place(line: list[tuple[float, float]], at: tuple) -> None:
    shares = np.linspace(0, 1, 201)[:, None]
    points = np.array(line)
    along = np.vstack([a + shares * (b - a) for a, b in itertools.pairwise(points)])
    nearest = float(np.hypot(*(along - np.array(at)).T).min())
    longest = max(math.dist(a, b) for a, b in itertools.pairwise(line))
    assert nearest - longest / 400 - 1e-9 <= distance_to(points, at) <= nearest + 1e-9


@pytest.mark.parametrize("handle", range(4))
def test_a_dragged_corner_goes_where_the_hand_goes_and_the_one_across_stays(handle: int) -> None:
    box = Annotation(1, Kind.ELLIPSE, ((10, 20), (30, 50)))
    corners = ((10, 20), (30, 20), (30, 50), (10, 50))
    after = with_handle(box, handle, (17, 27))
    opposite = corners[(handle + 2) % 4]
    assert after.region is not None
    left, top, right, bottom = after.region.box
    assert {left, right} == {17, opposite[0]}
    assert {top, bottom} == {27, opposite[1]}
    again = with_handle(after, handle, corners[handle])
    assert again.points == box.points


def test_what_is_undone_comes_back_with_its_number_and_place_in_the_order(qapp: QApplication) -> None:
    annotations = Annotations()
    first, second = (Annotation(annotations.next_number(), Kind.POINT, ((n, n),)) for n in range(2))
    seen: list[Place] = []
    for one in (first, second):
        annotations.set(PLACE, one.number, one)
    edit = AnnotationEdit(annotations, PLACE, first.number, first, None, seen.append)
    edit.redo()
    assert annotations.of(PLACE) == (second,)
    edit.undo()
    assert annotations.of(PLACE) == (first, second)
    assert seen == [PLACE, PLACE]
    assert annotations.count == 2
    annotations.clear()
    assert annotations.of(PLACE) == ()


def test_lengths_on_a_reduced_picture_are_those_of_the_full_one_and_values_wait_for_it() -> None:
    full = frame_of(np.zeros((64, 64), np.uint8), pixel_spacing_mm=(0.5, 0.5))
    reduced = frame_of(np.zeros((16, 16), np.uint8), pixel_spacing_mm=(2.0, 2.0), reduction=4)
    length = Annotation(1, Kind.LENGTH, ((0, 0), (40, 0)))
    assert words_of(length, reduced) == words_of(length, full)
    box = Annotation(2, Kind.RECTANGLE, ((0, 0), (40, 40)))
    assert words_of(box, reduced).lines == ("Mean …", "Area 4.00 cm²")
    assert words_of(box, full).lines[0] == "Mean 0.00 ± 0.00"


# --- painting --------------------------------------------------------------------------------


@pytest.fixture
def painter(qapp: QApplication) -> Iterator[QPainter]:
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    yield painter
    painter.end()


def test_lines_are_painted_once_while_nothing_but_the_picture_moves(
    painter: QPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[Annotation] = []
    monkeypatch.setattr(painting, "paint_drawing", lambda _p, one, _d, *, selected: painted.append(one))
    lines, drawings = Lines(), drawn(Kind.ELLIPSE, ((10, 10), (60, 50)))
    for across in (0, 5, -40, 150):  # panned; at last its left part has gone out of the viewport
        lines.paint(painter, QRectF(across, 0, 400, 300), drawings)
    assert len(painted) == 1
    lines.paint(painter, QRectF(0, 0, 400, 300), drawn(Kind.ELLIPSE, ((10, 10), (61, 50))))
    assert len(painted) == 2


def test_lines_far_outside_are_painted_when_they_come_near(painter: QPainter, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[Annotation] = []
    monkeypatch.setattr(painting, "paint_drawing", lambda _p, one, _d, *, selected: painted.append(one))
    lines, drawings = Lines(), drawn(Kind.LENGTH, ((10, 10), (60, 50)))
    lines.paint(painter, QRectF(5000, 0, 400, 300), drawings)
    assert painted == []
    lines.paint(painter, QRectF(100, 0, 400, 300), drawings)
    assert len(painted) == 1


def drawn(kind: Kind, points: tuple) -> tuple[tuple[Annotation, Drawing], ...]:
    annotation = Annotation(1, kind, points)
    return ((annotation, drawing_of(kind, outline(annotation, screen_of(View())))),)
