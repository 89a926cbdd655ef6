"""The well-known colour palettes of PS3.6 Annex B, for showing a grayscale image in colours after its window.

Each channel is straight between its corners, "entry:value"; `tests/unit/imaging/test_colour_maps.py` compares all
256 entries with the standard's tables.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

_CORNERS = {
    "HOT_IRON": (
        "0:0 127:254 128:255 255:255",
        "0:0 128:0 254:252 255:255",
        "0:0 191:0 254:252 255:255",
    ),
    "PET": (
        "0:0 63:0 64:1 149:170 150:171 192:255 255:255",
        "0:0 62:125 63:128 127:1 128:0 254:252 255:255",
        "0:0 1:1 128:255 130:248 192:0 233:165 235:174 254:250 255:255",
    ),
    "HOT_METAL_BLUE": (
        "0:0 85:0 102:50 119:90 153:190 170:255 255:255",
        "0:0 119:0 238:224 255:255",
        "0:0 17:33 42:83 44:86 75:147 93:183 95:186 102:200 119:150 136:50 153:0 170:0 238:200 255:255",
    ),
    "PET_20_STEP": (
        (
            "0:0 12:0 13:96 25:96 26:48 50:48 51:80 63:80 64:96 76:96 77:112 89:112 90:128 101:128 102:48 127:48 "
            "128:80 140:80 141:64 152:64 153:224 165:224 166:208 203:208 204:192 216:192 217:176 229:176 230:255 "
            "255:255"
        ),
        (
            "0:0 25:0 26:48 50:48 51:80 63:80 64:96 76:96 77:112 89:112 90:128 101:128 102:96 114:96 115:144 "
            "127:144 128:192 140:192 141:224 165:224 166:208 178:208 179:176 191:176 192:144 203:144 204:96 "
            "216:96 217:48 229:48 230:0 242:0 243:255 255:255"
        ),
        (
            "0:0 12:0 13:80 38:80 39:112 50:112 51:128 63:128 64:176 76:176 77:192 89:192 90:224 101:224 102:48 "
            "127:48 128:80 140:80 141:64 152:64 153:80 165:80 166:96 178:96 179:64 191:64 192:0 242:0 243:255 "
            "255:255"
        ),
    ),
    "SPRING": (
        "0:255 255:255",
        "0:0 255:255",
        "0:255 255:0",
    ),
    "SUMMER": (
        "0:0 255:0",
        "0:255 255:128",
        "0:0 127:0 255:254",
    ),
    "FALL": (
        "0:255 255:255",
        "0:255 255:0",
        "0:0 255:0",
    ),
    "WINTER": (
        "0:0 127:0 255:127",
        "0:0 255:255",
        "0:255 255:128",
    ),
}
NAMES = tuple(_CORNERS)


@cache
def colour_map(name: str) -> NDArray[np.uint8] | None:
    """The palette of this Content Label, (256, 3), read-only; None for "" and names that the standard has not."""
    corners = _CORNERS.get(name)
    if corners is None:
        return None
    table = np.stack([_straight(channel) for channel in corners], axis=1)
    table.setflags(write=False)
    return table


def _straight(corners: str) -> NDArray[np.uint8]:
    places, values = zip(*(map(int, corner.split(":")) for corner in corners.split()), strict=True)
    channel: NDArray[np.uint8] = np.rint(np.interp(np.arange(256), places, values)).astype(np.uint8)
    return channel
