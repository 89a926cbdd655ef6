"""ICC profiles: a colour cube where one changes colours, nothing where it does not or cannot be used."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import ImageCms
from pydicom import Dataset, Sequence

from workstation.dicom.icc import colour_cube, profile_bytes

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped() -> bytes:
    """sRGB with red and blue primaries exchanged: what is red there is blue here."""
    profile = SRGB
    places = {}
    for index in range(struct.unpack_from(">L", profile, 128)[0]):
        tag, offset, length = struct.unpack_from(">4sLL", profile, 132 + 12 * index)
        places[tag] = (offset, length)
    red, blue = (profile[offset : offset + length] for offset, length in (places[b"rXYZ"], places[b"bXYZ"]))
    data = bytearray(profile)
    for (offset, length), value in ((places[b"rXYZ"], blue), (places[b"bXYZ"], red)):
        data[offset : offset + length] = value
    return bytes(data)


def test_a_profile_of_other_colours_becomes_a_cube() -> None:
    cube = colour_cube(swapped())
    assert cube is not None
    assert "sRGB" in cube.name
    assert np.abs(cube.nodes[-1, 0, 0].astype(int) - [0, 0, 255]).max() <= 2
    assert np.abs(cube.nodes[-1, -1, -1].astype(int) - 255).max() <= 2


def test_srgb_changes_nothing() -> None:
    assert colour_cube(SRGB) is None


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\0" * 200,
        SRGB[:100],
        SRGB[:-8],
        SRGB[:16] + b"CMYK" + SRGB[20:],
        SRGB[:128] + b"\xff\xff\xff\xff" + SRGB[132:],
        SRGB[:136] + b"\xff\xff\xff\xf0" + SRGB[140:],
        SRGB[:400] + b"\xff" * (len(SRGB) - 400),
    ],
    ids=["none", "zeros", "head", "cut", "cmyk", "tags", "place", "garbage"],
)
def test_broken_profiles_cost_no_picture(broken: bytes) -> None:
    assert colour_cube(broken) is None


def test_the_profile_is_the_image_s_or_its_first_optical_path_s() -> None:
    path = Dataset()
    path.ICCProfile = b"path"
    dataset = Dataset()
    dataset.OpticalPathSequence = Sequence([path])
    assert profile_bytes(dataset) == b"path"
    dataset.ICCProfile = b"image!"
    assert profile_bytes(dataset) == b"image!"
    dataset.ColorSpace = "SRGB"
    assert profile_bytes(dataset) == b""
