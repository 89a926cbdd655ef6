"""The palettes are those of the standard, and colour a grayscale picture after its window."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.pixels import apply_color_lut

from tests.support.frames import frame_of
from workstation.imaging.colour_maps import NAMES, colour_map
from workstation.imaging.compose import compose
from workstation.imaging.frame import VoiFunction, Window
from workstation.imaging.view import View

pytestmark = pytest.mark.usefixtures("loops")
GREY = Window(127.5, 255, "", VoiFunction.LINEAR_EXACT)


@pytest.mark.parametrize(("number", "name"), list(enumerate(NAMES, 1)))
def test_every_entry_is_the_standard_s(number: int, name: str) -> None:
    table = colour_map(name)
    assert table is not None
    assert np.array_equal(table, apply_color_lut(np.arange(256, dtype=np.uint8), palette=f"1.2.840.10008.1.5.{number}"))


def test_all_eight_are_there_and_gray_is_none() -> None:
    assert set(NAMES) == {"HOT_IRON", "PET", "HOT_METAL_BLUE", "PET_20_STEP", "SPRING", "SUMMER", "FALL", "WINTER"}
    assert colour_map("") is None
    assert colour_map("RAINBOW") is None


@pytest.mark.parametrize("kind", ["uint8", "int16", "float32"])
def test_the_map_follows_the_window(kind: str) -> None:
    table = colour_map("HOT_IRON")
    assert table is not None
    ramp = (np.arange(240).reshape(12, 20) // 2).astype(kind)
    screen = compose(frame_of(ramp), View(window=GREY, zoom=1.0, colour_map="HOT_IRON"), (20, 12))
    assert np.array_equal(screen, table[ramp.astype(int)])


def test_the_map_is_inverted_turned_and_black_outside() -> None:
    table = colour_map("FALL")
    assert table is not None
    stored = np.arange(6, dtype=np.uint16).reshape(2, 3) * 40
    view = View(window=GREY, zoom=1.0, colour_map="FALL", inverted=True, quarter_turns=1, flipped=True)
    screen = compose(frame_of(stored), view, (4, 5))
    assert np.array_equal(screen[1:4, 1:3], table[255 - np.rot90(stored[:, ::-1], -1)])
    assert not screen[0].any()
    assert not screen[:, 3].any()


def test_padding_is_black_in_any_map() -> None:
    frame = frame_of(np.array([[7, 100], [7, 100]], np.int16), padding=(7.0, 7.0))
    screen = compose(frame, View(window=GREY, zoom=2.0, colour_map="SPRING"), (4, 4))
    assert not screen[:, 0].any()
    assert screen[:, 3].all()


def test_colour_images_keep_their_colours() -> None:
    frame = frame_of([[[1, 2, 3]]])
    assert compose(frame, View(zoom=1.0, colour_map="PET"), (1, 1)).tolist() == [[[1, 2, 3]]]
