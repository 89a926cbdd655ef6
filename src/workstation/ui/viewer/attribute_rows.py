"""Rows of attributes as text, as paths, and two lists of them side by side. Knows no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Row = tuple[str, str, str, int]  # tag, name, value, depth of nesting
_ITEM = "(FFFE,E000)"
_META = "(0002"
Key = tuple[str | int, ...]  # tag, number of the item, tag, ...


def keys(rows: Iterable[Row]) -> Iterator[Key]:
    """Where each row stands: tags and numbers of items, from 1, by turns."""
    above: list[str | int] = []
    for tag, name, _, depth in rows:
        del above[depth:]
        above.append(int(name.rsplit(" ", 1)[-1]) if tag == _ITEM else tag or name)
        yield tuple(above)


def path_text(key: Key) -> str:
    """As DCMTK's dcmodify takes it: `(0040,A730)[0].(0040,A043)[0].(0008,0100)`, items from 0."""
    parts = [f"[{part - 1}]" if isinstance(part, int) else f".{part}" for part in key]
    return "".join(parts).removeprefix(".")


def row_text(row: Row) -> str:
    return "\t".join(row[:3])


def text_of(rows: Iterable[Row]) -> str:
    """One attribute a line, items indented, columns parted by tabs."""
    return "\n".join("  " * row[3] + row_text(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Pair:
    """One attribute of two data sets; None where one of them has it not."""

    tag: str
    name: str
    depth: int
    values: tuple[str | None, str | None]
    contains_difference: bool = False  # a sequence or an item with something in it that differs

    @property
    def differs(self) -> bool:
        return self.values[0] != self.values[1]


def compare(left: Sequence[Row], right: Sequence[Row]) -> list[Pair]:
    """Every attribute of either, in the order of the tags, sequences item by item."""
    sides = [dict(zip(keys(rows), rows, strict=True)) for rows in (left, right)]
    found: dict[Key, Pair] = {}
    for key in sorted(sides[0].keys() | sides[1].keys(), key=_order):
        one, other = sides[0].get(key), sides[1].get(key)
        known = one or other
        assert known is not None
        values = (one[2] if one else None, other[2] if other else None)
        found[key] = Pair(known[0], known[1], known[3], values)
    holding = {key[:length] for key, pair in found.items() if pair.differs for length in range(1, len(key))}
    return [
        Pair(pair.tag, pair.name, pair.depth, pair.values, key in holding and not pair.differs)
        for key, pair in found.items()
    ]


def _order(key: Key) -> tuple[int, Key]:
    """The data set, then the file's own group 0002, then what is said of the list itself."""
    first = str(key[0])
    return (0 if not first.startswith(_META) and first.startswith("(") else 1 if first.startswith(_META) else 2), key
