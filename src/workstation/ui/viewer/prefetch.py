"""Which frames are wanted around the one that is looked at, and how far a first look may be reduced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

from workstation.dicom.header_scan import NeedsFullHeader, scan_header
from workstation.services.display_sets import FrameRef

_AHEAD, _BEHIND = 3, 1  # three images in the direction of travel for each one behind
_MOST_LEVELS = 5
_LARGE_PIXELS = 2_000_000  # smaller ones are decoded before the eye has missed them
# JPEG 2000 and HTJ2K hold every power of two of the picture (ISO/IEC 15444-1 B.5).
_REDUCIBLE = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 92, 93, 201, 202, 203))


class Around(Sequence[FrameRef]):
    """At most `room` of `frames`, the one `at` first; costs nothing until it is walked through."""

    __slots__ = ("at", "direction", "frames", "room")

    def __init__(self, frames: Sequence[FrameRef], at: int, direction: int, room: int) -> None:
        self.frames, self.at, self.direction = frames, at, direction
        self.room = min(max(1, room), len(frames))

    @property
    def whole(self) -> bool:
        return self.room == len(self.frames)

    def __len__(self) -> int:
        return self.room

    def __iter__(self) -> Iterator[FrameRef]:
        order = prefetch_order(len(self.frames), self.at, self.direction)
        return (self.frames[next(order)] for _ in range(self.room))

    def __contains__(self, ref: object) -> bool:
        return ref in self.frames if self.whole else any(one == ref for one in self)

    @overload
    def __getitem__(self, position: int) -> FrameRef: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[FrameRef]: ...
    def __getitem__(self, position: int | slice) -> FrameRef | Sequence[FrameRef]:
        return self.frames[self.at] if position == 0 else list(self)[position]


def prefetch_order(count: int, index: int, direction: int) -> Iterator[int]:
    """All images, the nearest first: the current one, then three ahead for each one behind."""
    ahead = iter(range(index + direction, count if direction > 0 else -1, direction))
    behind = iter(range(index - direction, -1 if direction > 0 else count, -direction))
    yield index
    found = True
    while found:
        found = False
        for side, most in ((ahead, _AHEAD), (behind, _BEHIND)):
            for _, at in zip(range(most), side, strict=False):
                found = True
                yield at


def first_look(path: Path, size: tuple[int, int]) -> int:
    """How often the frames of `path` may be halved and still fill `size` (width, height); 0 where it is no gain."""
    try:
        scan = scan_header(path)
        if scan is None or scan.transfer_syntax not in _REDUCIBLE:
            return 0
        rows, columns = (next(iter(scan.values_of(tag)), 0) for tag in ("Rows", "Columns"))
    except (OSError, NeedsFullHeader):
        return 0
    if rows * columns < _LARGE_PIXELS:
        return 0
    scale = max(columns / max(1, size[0]), rows / max(1, size[1]))
    return max(0, min(_MOST_LEVELS, int(scale).bit_length() - 1))
