"""Texts as bytes and back (PS3.5 6.1, PS3.3 C.12.1.1.2), code extensions of ISO 2022 included.

Our own, since pydicom writes ISO 2022 IR 58 without its escape sequence, and reads texts that come without one as
Latin 1. A text that no set of a character set holds is refused: a replacement character would match the wrong people.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

_ESC = 0x1B
_UTF_8 = "utf-8"
_WHOLE = {"ISO_IR 192": _UTF_8, "GB18030": "gb18030", "GBK": "gbk"}
_SINGLE = {
    "6": "ascii", "100": "iso8859_1", "101": "iso8859_2", "109": "iso8859_3", "110": "iso8859_4", "144": "iso8859_5",
    "127": "iso8859_6", "126": "iso8859_7", "138": "iso8859_8", "148": "iso8859_9", "203": "iso8859_15",
    "166": "iso8859_11",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Set:
    """A coded character set: its escape sequence, and whether it takes ASCII's place (G0) or stands beside it (G1)."""

    escape: bytes
    codec: str
    g0: bool = False
    double: bool = False


_ASCII = _Set(b"\x1b(B", "ascii", g0=True)
_ROMAN = _Set(b"\x1b(J", "ascii", g0=True)  # JIS X 0201; its yen and overline are told from \ and ~ by nobody
_SETS = {
    "100": _Set(b"\x1b-A", "iso8859_1"), "101": _Set(b"\x1b-B", "iso8859_2"), "109": _Set(b"\x1b-C", "iso8859_3"),
    "110": _Set(b"\x1b-D", "iso8859_4"), "144": _Set(b"\x1b-L", "iso8859_5"), "127": _Set(b"\x1b-G", "iso8859_6"),
    "126": _Set(b"\x1b-F", "iso8859_7"), "138": _Set(b"\x1b-H", "iso8859_8"), "148": _Set(b"\x1b-M", "iso8859_9"),
    "203": _Set(b"\x1b-b", "iso8859_15"), "166": _Set(b"\x1b-T", "iso8859_11"), "13": _Set(b"\x1b)I", "shift_jis"),
    "87": _Set(b"\x1b$B", "euc_jp", g0=True, double=True), "159": _Set(b"\x1b$(D", "euc_jp", g0=True, double=True),
    "149": _Set(b"\x1b$)C", "euc_kr", double=True), "58": _Set(b"\x1b$)A", "gb2312", double=True),
}  # fmt: skip
_ESCAPES = {each.escape: each for each in (_ASCII, _ROMAN, *_SETS.values())} | {b"\x1b$@": _SETS["87"]}
CODEPOINTS_OF_DELIMITERS = frozenset(b"\\^=\r\n\f\t")


def encode_text(value: str, character_set: str) -> bytes:
    """`value` in `character_set`, terms of (0008,0005) joined by backslash. Raises UnicodeEncodeError, LookupError."""
    if value.isascii():
        return value.encode("ascii")
    first, extensions = _designated(character_set)
    if isinstance(first, str):
        return value.encode(first)
    return _Encoder(first, extensions).encode(value)


def decode_text(data: bytes, character_set: str) -> str:
    """`data` as text, whatever is in it; LookupError for a character set that is none.

    Bytes beyond ASCII that no escape sequence announces are read in the set that devices forget to announce.
    """
    if data.isascii() and _ESC not in data:
        return data.decode("ascii")
    first, extensions = _designated(character_set)
    if isinstance(first, str):
        return data.decode(first, "replace")
    return _decode(data, first, extensions)


@lru_cache(maxsize=64)
def _designated(character_set: str) -> tuple[str | _Set, tuple[_Set, ...]]:
    """A codec for the whole, or what G1 (or ASCII alone) is at first and all sets that may be switched to."""
    terms = [term.strip() for term in character_set.split("\\")]
    if terms[0] in _WHOLE:
        return _WHOLE[terms[0]], ()
    numbers = [_number(term) for term in terms]
    if len(terms) == 1 and (terms[0].startswith("ISO_IR") or not terms[0]) and numbers[0] in _SINGLE:
        return _SINGLE[numbers[0]], ()
    sets = tuple(_SETS[number] for number in dict.fromkeys(numbers) if number != "6")
    first = _SETS.get(numbers[0], _ASCII)
    return (_ASCII if first.double else first), sets


def _number(term: str) -> str:
    """Of `ISO 2022 IR 87`, `ISO_IR 100`; a first value that is empty is ASCII."""
    if not term:
        return "6"
    for prefix in ("ISO 2022 IR ", "ISO_IR "):
        if term.startswith(prefix):
            number = term.removeprefix(prefix).strip()
            if number in _SETS or number == "6":
                return number
    raise LookupError(term)


class _Encoder:
    """Switches sets where it must, and back to the initial ones before delimiters and at the end (PS3.5 6.1.2.5.3)."""

    def __init__(self, first: _Set, extensions: tuple[_Set, ...]) -> None:
        self._extensions = extensions
        self._first = first
        self._g0_initial = _ROMAN if first.codec == "shift_jis" else _ASCII
        self._g0, self._g1 = self._g0_initial, first
        self._out = bytearray()

    def encode(self, value: str) -> bytes:
        for place, character in enumerate(value):
            if character.isascii():
                self._switch(self._g0_initial)
                self._out += character.encode("ascii")
                if ord(character) in CODEPOINTS_OF_DELIMITERS:
                    self._g1 = self._first
                continue
            chosen = next((one for one in self._preferred() if _bytes_of(character, one)), None)
            if chosen is None:
                raise UnicodeEncodeError("ISO 2022", value, place, place + 1, "in none of the sets")
            if not chosen.g0:
                self._switch(self._g0_initial)
            self._switch(chosen)
            self._out += _bytes_of(character, chosen)
        self._switch(self._g0_initial)
        return bytes(self._out)

    def _preferred(self) -> tuple[_Set, ...]:
        return (self._g0, self._g1, *self._extensions)

    def _switch(self, to: _Set) -> None:
        if to.g0 and self._g0 != to:
            self._g0 = to
            self._out += to.escape
        elif not to.g0 and self._g1 != to:
            self._g1 = to
            self._out += to.escape


def _bytes_of(character: str, one: _Set) -> bytes:
    """The bytes of `character` in the set alone, empty where it is not in it."""
    if one.codec == "ascii":
        return b""
    try:
        data = character.encode(one.codec)
    except UnicodeEncodeError:
        return b""
    if one == _SETS["13"]:
        return data if len(data) == 1 and data[0] > 0x7F else b""
    if one == _SETS["87"]:
        return bytes(byte & 0x7F for byte in data) if len(data) == 2 and data[0] != 0x8E else b""
    if one == _SETS["159"]:
        return bytes(byte & 0x7F for byte in data[1:]) if len(data) == 3 else b""
    return data


def _decode(data: bytes, first: _Set, extensions: tuple[_Set, ...]) -> str:
    g0, g1 = _ASCII, first
    initial = g0
    parts: list[str] = []
    start = place = 0

    def finish(end: int) -> None:
        if end > start:
            parts.append(_run(data[start:end], g0, g1, extensions))

    while place < len(data):
        byte = data[place]
        if byte == _ESC:
            found = _ESCAPES.get(data[place : place + 4]) or _ESCAPES.get(data[place : place + 3])
            finish(place)
            if found is None:
                place += 1  # an escape sequence of no set of DICOM's; what follows is shown as it is
            else:
                place += len(found.escape) if data[place : place + len(found.escape)] == found.escape else 3
                g0, g1 = (found, g1) if found.g0 else (g0, found)
            start = place
        elif byte in CODEPOINTS_OF_DELIMITERS and not g0.double:
            finish(place)
            parts.append(chr(byte))
            place += 1
            start, g0, g1 = place, initial, first
        else:
            place += 2 if g0.double else 1
    finish(len(data))
    return "".join(parts)


def _run(data: bytes, g0: _Set, g1: _Set, extensions: tuple[_Set, ...]) -> str:
    if g0.double:
        lead = b"\x8f" if g0 == _SETS["159"] else b""
        pairs = (data[place : place + 2] for place in range(0, len(data), 2))
        return b"".join(lead + bytes(byte | 0x80 for byte in pair) for pair in pairs).decode("euc_jp", "replace")
    if data.isascii():
        return data.decode("ascii")
    if g1 != _ASCII:
        return data.decode(g1.codec, "replace")
    return _unannounced(data, extensions)


def _unannounced(data: bytes, extensions: tuple[_Set, ...]) -> str:
    beside = [one.codec for one in extensions if not one.g0]
    for codec in (*beside, _UTF_8, "iso8859_1"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return data.decode("iso8859_1")
