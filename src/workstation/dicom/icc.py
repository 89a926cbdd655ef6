"""ICC profiles of true colour (0028,2000) as a colour cube to sRGB (PS3.3 C.11.15), through LittleCMS.

The profile is data of a stranger for native code: it is checked first, and only a decoding worker opens it.
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache

import numpy as np
from pydicom import Dataset

from workstation.dicom import elements
from workstation.imaging.frame import ColourCube

_PROFILE = 0x00282000
_EDGE = 33
_SIZE_LIMIT = 16 << 20
_TAG_LIMIT = 100
_INVISIBLE = 2  # levels: a transformation that changes no colour by more is none


def profile_bytes(dataset: Dataset) -> bytes:
    """Of the image, or of the first optical path of a microscopic one (PS3.3 C.8.12.5).

    Empty when there is none, and where Color Space (0028,2002) says that it is sRGB's.
    """
    if elements.first_text(dataset, "ColorSpace").upper() == "SRGB":
        return b""
    found = elements.raw_bytes(dataset, _PROFILE)
    if not found:
        path = elements.first_item(dataset, "OpticalPathSequence")
        found = b"" if path is None else elements.raw_bytes(path, _PROFILE)
    return found


@lru_cache(maxsize=8)
def colour_cube(profile: bytes) -> ColourCube | None:
    """None for what is no RGB profile, is broken, or changes nothing that could be seen."""
    if not _is_sound(profile):
        return None
    from PIL import Image, ImageCms  # noqa: PLC0415 - only files with a profile need it

    steps = np.rint(np.linspace(0, 255, _EDGE)).astype(np.uint8)
    nodes = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
    try:
        source = ImageCms.getOpenProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            "RGB",
            "RGB",
            # Perceptual would give pictures in "sRGB v4 preference", which ARE sRGB, a contrast nobody meant.
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        picture = Image.fromarray(np.ascontiguousarray(nodes.reshape(_EDGE * _EDGE, _EDGE, 3)))
        shown = ImageCms.applyTransform(picture, transform)
        name = elements.clean(ImageCms.getProfileDescription(source))
    except Exception:  # noqa: BLE001 - a profile that cannot be used must not cost the picture
        return None
    if shown is None:
        return None
    mapped = np.asarray(shown, np.uint8).reshape(nodes.shape)
    if int(np.abs(mapped.astype(int) - nodes).max()) <= _INVISIBLE:
        return None
    return ColourCube(mapped, name)


def _is_sound(profile: bytes) -> bool:
    """Signature, size, colour space and the places of all tags (ICC.1:2022 7.2, 7.3), and only RGB to XYZ or Lab."""
    if not 132 <= len(profile) <= _SIZE_LIMIT or profile[36:40] != b"acsp":
        return False
    size, count = struct.unpack_from(">L", profile, 0)[0], struct.unpack_from(">L", profile, 128)[0]
    if size > len(profile) or profile[16:20] != b"RGB " or profile[20:24] not in (b"XYZ ", b"Lab "):
        return False
    if not 0 < count <= _TAG_LIMIT or 132 + 12 * count > size:
        return False
    places = (struct.unpack_from(">LL", profile, 132 + 12 * index + 4) for index in range(count))
    return all(offset >= 128 and offset + length <= size for offset, length in places)
