"""Siemens' own header in (0029,xx10): named lists of texts, in its two layouts."""

from __future__ import annotations

import struct

_NAMED = struct.Struct("<64si4siii")
_ITEM = struct.Struct("<4i")
_MOST = 1000


def csa_numbers(data: bytes, name: str) -> list[float]:
    """The numbers of entry `name`; none where it is missing or the data is damaged."""
    try:
        return [float(text) for text in _texts(data, name) if text]
    except (struct.error, ValueError):
        return []


def _texts(data: bytes, name: str) -> list[str]:
    second = data[:4] == b"SV10"
    place = 8 if second else 0
    entries, _ = struct.unpack_from("<2I", data, place)
    place += 8
    length_of_first = 0
    for number in range(min(entries, _MOST)):
        label, _, _, _, items, _ = _NAMED.unpack_from(data, place)
        place += _NAMED.size
        if not number:
            length_of_first = items
        found = []
        for _ in range(min(items, _MOST)):
            first, whole, _, _ = _ITEM.unpack_from(data, place)
            place += _ITEM.size
            length = whole if second else first - length_of_first
            if not 0 <= length <= len(data) - place:
                raise ValueError("an item of the header reaches beyond its end")
            found.append(data[place : place + length].split(b"\0")[0].decode("latin-1").strip())
            place += -(-length // 4) * 4
        if label.split(b"\0")[0].decode("latin-1") == name:
            return found
    return []
