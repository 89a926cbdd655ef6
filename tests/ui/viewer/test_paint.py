"""Painting a picture pixel upon pixel, and texts that are drawn letter by letter only once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QRegion
from pytestqt.qtbot import QtBot

from workstation.ui.viewer.furniture import Corners, Furniture, Ruler
from workstation.ui.viewer.paint import paint_furniture, paint_picture
from workstation.ui.viewer.picture import image_over
from workstation.ui.viewer.texts import Align, Texts

FURNITURE = Furniture(
    Corners(("DOE, JANE", "4711"), ("CT Thorax",), ("Im 1 / 64",), ("WL 40 · WW 400",)),
    letters=("R", "A", "L", "P"),
    ruler=Ruler(100.0, "5 cm"),
    flags=("LOSSY 10:1",),
)


def canvas(width: int, height: int, ratio: float = 1.0, colour: int = 0xFF000000) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor.fromRgba(colour))
    return image


def pixels(image: QImage) -> np.ndarray:
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3][..., ::-1]


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 1.75, 2.0])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_every_pixel_is_painted_as_it_was_composed(qtbot: QtBot, ratio: float, channels: tuple[int, ...]) -> None:
    composed = np.random.default_rng(3).integers(0, 256, (437, 611, *channels), np.uint8)
    picture, screen = image_over(composed), canvas(611, 437, ratio)
    picture.setDevicePixelRatio(ratio)
    with QPainter(screen) as painter:
        paint_picture(painter, picture)
    expected = composed if channels else np.repeat(composed[..., None], 3, axis=2)
    np.testing.assert_array_equal(pixels(screen), expected)


def test_part_of_a_picture_is_painted_in_its_place(qtbot: QtBot) -> None:
    composed = np.random.default_rng(4).integers(1, 256, (300, 200), np.uint8)
    screen = canvas(200, 300)
    with QPainter(screen) as painter:
        painter.setClipRegion(QRegion(20, 60, 50, 90))
        paint_picture(painter, image_over(composed))
    expected = np.zeros_like(composed)
    expected[60:150, 20:70] = composed[60:150, 20:70]
    np.testing.assert_array_equal(pixels(screen)[..., 0], expected)


def test_only_the_words_that_changed_are_drawn_anew(qtbot: QtBot) -> None:
    texts, screen = Texts(), canvas(600, 500)
    with QPainter(screen) as painter:
        paint_furniture(painter, QRectF(screen.rect()), FURNITURE, texts)
        first = texts.made
        paint_furniture(painter, QRectF(screen.rect()), FURNITURE, texts)
        assert texts.made == first
        next_image = replace(FURNITURE, corners=replace(FURNITURE.corners, bottom_left=("Im 2 / 64",)))
        paint_furniture(painter, QRectF(screen.rect()), next_image, texts)
    assert texts.made == first + 1


@pytest.mark.parametrize("ratio", [1.0, 1.5])
@pytest.mark.parametrize("ground", [0xFFFFFFFF, 0xFF000000])
def test_text_is_readable_on_white_and_on_black(qtbot: QtBot, ground: int, ratio: float) -> None:
    screen = canvas(300, 90, ratio, ground)
    with QPainter(screen) as painter:
        Texts().paint(painter, QRectF(0, 0, 200, 60), Align.AlignLeft | Align.AlignVCenter, "Im 12 / 64")
    shown = pixels(screen)
    assert shown.min() < 60
    assert shown.max() > 220


@pytest.mark.parametrize("side", [Align.AlignLeft, Align.AlignHCenter, Align.AlignRight])
@pytest.mark.parametrize("level", [Align.AlignTop, Align.AlignVCenter, Align.AlignBottom])
def test_text_stays_where_it_belongs(qtbot: QtBot, side: Align, level: Align) -> None:
    screen = canvas(400, 200)
    area = QRectF(100, 50, 200, 100)
    with QPainter(screen) as painter:
        Texts().paint(painter, area, side | level, "HHH")
    rows, columns = np.nonzero(pixels(screen).max(axis=2) > 100)
    assert area.contains(QPoint(int(columns.min()), int(rows.min())))
    assert area.contains(QPoint(int(columns.max()), int(rows.max())))
    middle = {Align.AlignLeft: 115, Align.AlignHCenter: 200, Align.AlignRight: 285}[side]
    assert abs((columns.min() + columns.max()) / 2 - middle) < 10


def test_a_text_longer_than_its_room_is_shortened(qtbot: QtBot) -> None:
    screen = canvas(600, 40)
    with QPainter(screen) as painter:
        Texts().paint(painter, QRectF(0, 0, 600, 40), Align.AlignLeft, "word " * 100, width=150)
    assert np.nonzero(pixels(screen).max(axis=2) > 100)[1].max() <= 152
