"""Presentation states beyond the grayscale ones: palettes, varying modality LUTs, layers of overlays, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from tests.support.presentation_states import (
    COLUMNS,
    IMAGE,
    RED,
    ROWS,
    activation,
    attributes,
    graphic_layer,
    image,
    overlay,
    references,
    state,
    window,
)
from workstation.dicom.decode import decode_frame
from workstation.dicom.presentation_state import PSEUDO_COLOR, VARIABLE_MODALITY, XA_XRF, read_presentation_state
from workstation.dicom.render import render_presented
from workstation.domain.errors import UnsupportedObject
from workstation.imaging.colour_maps import colour_map
from workstation.imaging.compose import compose
from workstation.imaging.graphics import from_cielab
from workstation.imaging.present import presented
from workstation.imaging.view import View

BLENDING = "1.2.840.10008.5.1.4.1.1.11.4"
LEVELS = window(1500, 2000)


def of_class(folder: Path, uid: str, *changes: Dataset) -> Path:
    path = state(folder / "s.dcm", *changes)
    dataset = pydicom.dcmread(path)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = uid
    dataset.save_as(path)
    return path


def shown(picture: Path, presentation: Path, uid: str = IMAGE) -> np.ndarray:
    return render_presented(decode_frame(picture), read_presentation_state(presentation), uid, 1)


def palette(entries: int) -> Dataset:
    """From black over red to white, of 16 bits."""
    found = Dataset()
    ramp = np.linspace(0, 0xFFFF, entries)
    channels = (np.minimum(2 * ramp, 0xFFFF), np.maximum(0, 2 * ramp - 0xFFFF), np.maximum(0, 2 * ramp - 0xFFFF))
    for number, channel in enumerate(channels):
        found.add_new(0x00281101 + number, "US", [entries % 65536, 0, 16])
        found.add_new(0x00281201 + number, "OW", channel.astype("<u2").tobytes())
    return found


@pytest.mark.parametrize("entries", [256, 1024])
def test_a_pseudo_color_state_shows_the_levels_in_its_palette(entries: int, tmp_path: Path) -> None:
    picture = image(tmp_path / "i.dcm")
    gray = shown(picture, state(tmp_path / "g.dcm", LEVELS))
    coloured = shown(picture, of_class(tmp_path, PSEUDO_COLOR, LEVELS, palette(entries)))
    red = np.minimum(2 * gray.astype(int), 255)
    blue = np.maximum(0, 2 * gray.astype(int) - 255)
    assert np.abs(coloured.astype(int) - np.stack([red, blue, blue], axis=2)).max() <= 2


def test_a_pseudo_color_state_may_name_a_well_known_palette(tmp_path: Path) -> None:
    picture = image(tmp_path / "i.dcm")
    gray = shown(picture, state(tmp_path / "g.dcm", LEVELS))
    named = attributes(PaletteColorLookupTableUID="1.2.840.10008.1.5.1")
    hot_iron = colour_map("HOT_IRON")
    assert hot_iron is not None
    assert np.array_equal(shown(picture, of_class(tmp_path, PSEUDO_COLOR, LEVELS, named)), hot_iron[gray])


def test_colours_that_the_user_chooses_go_before_those_of_the_state(tmp_path: Path) -> None:
    asked = read_presentation_state(of_class(tmp_path, PSEUDO_COLOR, LEVELS, palette(256)))
    frame = presented(decode_frame(image(tmp_path / "i.dcm")), asked, IMAGE, 1)
    plain = compose(frame, View(zoom=1.0), (COLUMNS, ROWS))
    chosen = compose(frame, View(zoom=1.0, colour_map="WINTER"), (COLUMNS, ROWS))
    assert not np.array_equal(plain, chosen)


def test_a_modality_lut_that_varies_is_each_images_own(tmp_path: Path) -> None:
    def rescaled(slope: str, unit: str, uid: str) -> Dataset:
        given = {"RescaleSlope": slope, "RescaleIntercept": "0", "RescaleType": unit}
        return attributes(ReferencedImageSequence=references(uid), **given)

    varying = attributes(VariableModalityLUTSequence=Sequence([rescaled("2", "A", IMAGE), rescaled("5", "B", "1.2.9")]))
    asked = read_presentation_state(of_class(tmp_path, VARIABLE_MODALITY, LEVELS, varying))
    assert [(one.rescale[0], one.unit) for one in (asked.modality_for(IMAGE, 1), asked.modality_for("1.2.9", 1))] == [
        (2.0, "A"),
        (5.0, "B"),
    ]


def test_a_state_of_angiography_is_shown_and_says_what_is_left_out(tmp_path: Path) -> None:
    picture = image(tmp_path / "i.dcm")
    path = of_class(tmp_path, XA_XRF, LEVELS, attributes(DisplayFilterPercentage=30.0))
    assert read_presentation_state(path).unapplied == ("edge enhancement",)
    assert np.array_equal(shown(picture, path), shown(picture, state(tmp_path / "g.dcm", LEVELS)))


@pytest.mark.parametrize(
    ("profile", "told"), [(b"desc sRGB IEC61966-2.1 ", ()), (b"desc Adobe RGB (1998)   ", ("colour profile",))]
)
def test_a_profile_that_is_not_srgb_is_said_to_be_left_out(
    profile: bytes, told: tuple[str, ...], tmp_path: Path
) -> None:
    path = of_class(tmp_path, PSEUDO_COLOR, LEVELS, palette(256), attributes(ICCProfile=profile))
    assert read_presentation_state(path).unapplied == told


@pytest.mark.parametrize(
    ("uid", "words"),
    [
        (BLENDING, "without two series"),
        ("1.2.840.10008.5.1.4.1.1.11.6", "planes through a volume"),
        ("1.2.840.10008.5.1.4.1.1.11.8", "advanced blending"),
        ("1.2.840.10008.5.1.4.1.1.11.9", "rendered volume"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_its_name(uid: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedObject) as refused:
        read_presentation_state(of_class(tmp_path, uid))
    assert words in refused.value.details["reason"]


SQUARE = np.ones((8, 8), bool)


def in_layer(group: int, layer: str) -> Dataset:
    found = activation(group, layer)
    del found.GraphicLayerSequence
    return found


def test_overlays_have_the_colour_of_the_layer_that_activates_them_and_hide_with_it(tmp_path: Path) -> None:
    picture = image(tmp_path / "i.dcm")
    with_overlay = pydicom.dcmread(picture)
    with_overlay.update(overlay(0x6000, SQUARE, (1, 1)))
    with_overlay.update(overlay(0x6002, SQUARE, (1, 21)))
    with_overlay.save_as(picture)
    layers = Sequence(
        [
            graphic_layer("RED", 2, GraphicLayerRecommendedDisplayCIELabValue=RED),
            graphic_layer("GRAY", 1, GraphicLayerRecommendedDisplayGrayscaleValue=0x4040),
        ]
    )
    active = (in_layer(0x6000, "RED"), in_layer(0x6002, "GRAY"), attributes(GraphicLayerSequence=layers))
    path = state(tmp_path / "s.dcm", LEVELS, *active)
    drawn = shown(picture, path)
    assert drawn[3, 3].tolist() == list(from_cielab(RED))
    assert drawn[3, 23].tolist() == [0x40] * 3

    asked = read_presentation_state(path)
    assert [layer.name for layer in asked.drawn_layers] == ["GRAY", "RED"]
    frame = presented(decode_frame(picture), asked, IMAGE, 1)
    without = compose(frame, View(zoom=1.0, hidden_layers=frozenset({"RED"})), (COLUMNS, ROWS))
    bare = shown(picture, state(tmp_path / "g.dcm", LEVELS))
    assert without.ndim == 2
    assert (without[3, 3], without[3, 23]) == (bare[3, 3], 0x40)
