"""Overlays, shutters, supplemental colours and profiles over the picture, through the one function `compose`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.frames import frame_of
from workstation.imaging.compose import Composer, compose, layout
from workstation.imaging.frame import ColourCube, Frame, LookupTable, PixelAttributes, VoiFunction, Window
from workstation.imaging.overlay import Overlay, on_image, pack
from workstation.imaging.shutter import Circle, Shutter
from workstation.imaging.view import View

ONE_TO_ONE = View(zoom=1.0)


def overlay(plane: NDArray[np.bool_], origin: tuple[int, int] = (1, 1)) -> Overlay:
    return Overlay(0x6000, *plane.shape, pack(plane), origin)


def frame(shape: tuple[int, int] = (20, 30), **changes: object) -> Frame:
    attributes = PixelAttributes("MONOCHROME2", 8, False, **changes)  # type: ignore[arg-type]
    return Frame(np.full(shape, 100, np.uint8), attributes)


def dot(shape: tuple[int, int], row: int, column: int) -> NDArray[np.bool_]:
    plane = np.zeros(shape, np.bool_)
    plane[row, column] = True
    return plane


# --- overlays ----------------------------------------------------------------------------------------


def test_a_plane_lies_at_its_origin_and_what_is_beyond_the_image_is_cut() -> None:
    mask = on_image([overlay(np.ones((4, 4), np.bool_), (-1, 29))], 20, 30)
    assert mask is not None
    assert np.argwhere(mask).tolist() == [[0, 28], [0, 29], [1, 28], [1, 29]]


def test_a_plane_beside_the_image_is_no_plane() -> None:
    assert on_image([overlay(np.ones((4, 4), np.bool_), (21, 1))], 20, 30) is None


def test_set_bits_are_white_and_can_be_taken_away() -> None:
    marked = frame(overlays=(overlay(dot((20, 30), 3, 7)),))
    screen = compose(marked, ONE_TO_ONE, (30, 20))
    assert np.argwhere(screen == 255).tolist() == [[3, 7]]
    assert not (compose(marked, replace(ONE_TO_ONE, overlays_shown=False), (30, 20)) == 255).any()


def test_they_are_black_where_the_user_turned_the_picture_over() -> None:
    screen = compose(frame(overlays=(overlay(dot((20, 30), 3, 7)),)), replace(ONE_TO_ONE, inverted=True), (30, 20))
    assert np.argwhere(screen == 0).tolist() == [[3, 7]]


def test_colour_pictures_are_marked_as_well() -> None:
    attributes = PixelAttributes("RGB", 8, False, overlays=(overlay(dot((20, 30), 3, 7)),))
    screen = compose(Frame(np.full((20, 30, 3), 90, np.uint8), attributes), ONE_TO_ONE, (30, 20))
    assert screen[3, 7].tolist() == [255, 255, 255]
    assert int((screen == 255).sum()) == 3


VIEWS = st.builds(View, zoom=st.floats(0.06, 6.0), quarter_turns=st.integers(0, 3), flipped=st.booleans())


@settings(deadline=None, max_examples=60)
@given(
    place=st.tuples(st.integers(0, 36), st.integers(0, 52)),
    view=VIEWS,
    ratio=st.sampled_from([(1.0, 1.0), (3.0, 2.0), (1.0, 2.0)]),
)
def test_a_single_bit_is_seen_at_every_size_where_its_pixel_is(
    place: tuple[int, int], view: View, ratio: tuple[float, float]
) -> None:
    row, column = place
    marked = frame((37, 53), overlays=(overlay(dot((37, 53), row, column)),), pixel_aspect_ratio=ratio)
    size = (700, 700)
    white = np.argwhere(compose(marked, view, size) == 255)
    assert white.size
    plan = layout(marked, view, size)
    x, y = plan.to_screen(column + 0.5, row + 0.5)
    reach_x = max(1.0, plan.zoom, plan.row_zoom) + 0.51
    assert np.abs(white[:, 0] + 0.5 - y).max() <= reach_x
    assert np.abs(white[:, 1] + 0.5 - x).max() <= reach_x


def test_every_bit_of_a_line_is_seen_when_the_picture_is_a_tenth() -> None:
    plane = np.zeros((400, 400), np.bool_)
    plane[201, :] = True
    screen = compose(frame((400, 400), overlays=(overlay(plane),)), View(), (40, 40))
    assert (screen == 255).sum(axis=1).tolist() == [40 if row == 20 else 0 for row in range(40)]


def test_overlays_of_a_reduced_frame_lie_where_the_full_one_has_them() -> None:
    reduced = frame((20, 30), reduction=4, overlays=(overlay(dot((80, 120), 79, 41)),))
    screen = compose(reduced, ONE_TO_ONE, (30, 20))
    assert np.argwhere(screen == 255).tolist() == [[19, 10]]


def test_a_composer_follows_frame_and_view() -> None:
    composer = Composer()
    first = frame(overlays=(overlay(dot((20, 30), 3, 7)),))
    second = frame(overlays=(overlay(dot((20, 30), 5, 9)),))
    for shown, view in ((first, ONE_TO_ONE), (first, View(zoom=2.0)), (second, View(zoom=2.0)), (first, ONE_TO_ONE)):
        assert np.array_equal(composer.compose(shown, view, (60, 40)), compose(shown, view, (60, 40)))


# --- shutters ----------------------------------------------------------------------------------------


def opened(shutter: Shutter, shape: tuple[int, int] = (20, 30)) -> NDArray[np.bool_]:
    screen = compose(frame(shape, shutter=shutter), ONE_TO_ONE, (shape[1], shape[0]))
    found: NDArray[np.bool_] = screen != shutter.level
    return found


def test_a_rectangle_leaves_its_edges_open() -> None:
    assert np.argwhere(opened(Shutter(rectangle=(3, 5, 6, 7)))).tolist() == [
        [r, c] for r in (4, 5, 6) for c in (2, 3, 4, 5)
    ]


def test_a_circle_is_open_up_to_its_radius() -> None:
    seen = opened(Shutter(circle=Circle(row=10, column=15, radius=3)))
    assert seen[9].nonzero()[0].tolist() == list(range(11, 18))
    assert seen[:, 14].nonzero()[0].tolist() == list(range(6, 13))
    assert seen[7, 12]  # 2 down and 2 across
    assert not seen[7, 11]  # 2 down and 3 across


def test_a_circle_is_round_on_the_screen_where_pixels_are_not_square() -> None:
    flat = frame((20, 30), pixel_aspect_ratio=(2.0, 1.0), shutter=Shutter(circle=Circle(10, 15, 8)))
    seen = compose(flat, ONE_TO_ONE, (30, 40)) != 0
    assert abs(int(seen.any(axis=0).sum()) - int(seen.any(axis=1).sum())) <= 2


def test_a_polygon_is_open_inside() -> None:
    triangle = Shutter(polygon=((1, 1), (1, 21), (21, 1)))
    seen = opened(triangle)
    assert seen[1, 2]
    assert not seen[15, 15]
    assert not seen[:, 25].any()


def test_a_bitmap_covers_where_it_is_set_and_is_not_drawn_as_an_overlay() -> None:
    plane = overlay(dot((20, 30), 3, 7))
    screen = compose(frame(shutter=Shutter(bitmap=plane, level=8), overlays=(plane,)), ONE_TO_ONE, (30, 20))
    assert screen[3, 7] == 8
    assert int((screen != 100).sum()) == 1


def test_several_shapes_leave_what_all_leave_open() -> None:
    both = opened(Shutter(rectangle=(1, 1, 15, 20), circle=Circle(10, 15, 3)))
    assert both[9].nonzero()[0].tolist() == [11, 12, 13, 14]


def test_a_shutter_can_be_opened_by_the_view() -> None:
    covered = frame(shutter=Shutter(rectangle=(3, 5, 6, 7)))
    assert (compose(covered, replace(ONE_TO_ONE, shutter_shown=False), (30, 20)) == 100).all()


@pytest.mark.parametrize("turns", range(4))
def test_a_shutter_turns_with_the_picture(turns: int) -> None:
    covered = frame((20, 30), shutter=Shutter(rectangle=(3, 5, 6, 7)))
    straight = compose(covered, ONE_TO_ONE, (30, 20))
    size = (20, 30) if turns % 2 else (30, 20)
    turned = compose(covered, replace(ONE_TO_ONE, quarter_turns=turns), size)
    assert np.array_equal(turned, np.rot90(straight, -turns))


# --- colours -----------------------------------------------------------------------------------------


def ramp(first: int, values: list[int]) -> LookupTable:
    return LookupTable(first, np.array(values, np.uint16), 8)


def test_values_from_the_supplemental_palette_on_are_coloured_and_the_others_stay_gray() -> None:
    palette = (ramp(200, [255, 0]), ramp(200, [0, 9]), ramp(200, [0, 7]))
    stored = np.array([[10, 199, 200, 201, 250]], np.uint8)
    attributes = PixelAttributes("MONOCHROME2", 8, False, supplemental_palette=palette)
    screen = compose(Frame(stored, attributes), ONE_TO_ONE, (5, 1))
    assert screen[0].tolist() == [[10, 10, 10], [199, 199, 199], [255, 0, 0], [0, 9, 7], [0, 9, 7]]


def test_indices_of_colours_do_not_bleed_into_the_gray_beside_them() -> None:
    palette = (ramp(200, [255]), ramp(200, [0]), ramp(200, [0]))
    stored = np.full((8, 8), 50, np.uint8)
    stored[:, 4:] = 200
    attributes = PixelAttributes("MONOCHROME2", 8, False, supplemental_palette=palette)
    screen = compose(Frame(stored, attributes), View(zoom=3.0), (24, 24))
    assert {tuple(colour) for colour in screen.reshape(-1, 3).tolist()} == {(50, 50, 50), (255, 0, 0)}


def test_a_profile_changes_the_colours_that_are_shown_and_no_stored_value() -> None:
    steps = np.rint(np.linspace(0, 255, 5)).astype(np.uint8)
    nodes = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)[..., ::-1]  # red and blue change places
    stored = np.random.default_rng(1).integers(0, 256, (16, 16, 3), np.uint8)
    coloured = Frame(stored, PixelAttributes("RGB", 8, False, profile=ColourCube(np.ascontiguousarray(nodes))))
    screen = compose(coloured, ONE_TO_ONE, (16, 16))
    assert int(np.abs(screen.astype(int) - stored[..., ::-1]).max()) <= 1
    inverted = compose(coloured, replace(ONE_TO_ONE, inverted=True), (16, 16))
    assert np.array_equal(inverted, 255 - screen)


@pytest.mark.parametrize("tilt", [0.0, 20.0])
def test_overlays_have_the_colour_that_is_asked_for(tilt: float) -> None:
    overlay = Overlay(0x6000, 8, 8, np.packbits(np.eye(8, dtype=np.bool_), bitorder="little"))
    frame = frame_of(np.full((8, 8), 100, np.uint8), overlays=(overlay,))
    view = View(
        window=Window(127.5, 255, "", VoiFunction.LINEAR_EXACT), zoom=4.0, tilt=tilt, overlay_colour=(9, 200, 30)
    )
    seen = compose(frame, view, (32, 32))
    assert seen.shape == (32, 32, 3)
    assert seen[15, 15].tolist() == [9, 200, 30]
    assert [100, 100, 100] in seen[15].tolist()
    assert compose(frame, replace(view, overlays_shown=False), (32, 32)).ndim == 2
