"""What has been read of a large folder is shown before the rest is: soon after the start, then ever more rarely."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from workstation.services.display_sets import DisplaySet
from workstation.services.stacking import OpenedFile, group

FIRST_LOOK_S = 0.05  # what opens faster is shown at once
REST_S = 0.04  # after the first look: Python runs one thread at a time, and this is what drawing takes
_RARER = 3  # each look takes the grouping of all that is there: together a fraction of the reading

Tell = Callable[[tuple[DisplaySet, ...]], None]


def from_the_middle(paths: Sequence[Path], together: int) -> list[Path]:
    """`paths`, the first `together` of them from their middle outwards.

    A stack opens in its middle: that of what has been read is then that of the whole, and nothing jumps.
    """
    middle = together // 2
    outwards = sorted(range(together), key=lambda place: abs(place - middle))
    return [*(paths[place] for place in outwards), *paths[together:]]


class FirstLook:
    """`tell` receives display sets that say of themselves how much of the reading they stand for."""

    def __init__(
        self,
        tell: Tell | None,
        after_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        self._tell, self._clock, self._rest = tell, clock, rest
        self._looked = False
        self._started = clock()
        self._due_s = FIRST_LOOK_S if after_s is None else after_s

    def offer(self, items: Sequence[OpenedFile], done: int, total: int) -> None:
        """Show what `items` make so far, when it is time to and there is an image among them."""
        elapsed_s = self._clock() - self._started
        if self._tell is None or elapsed_s < self._due_s or done >= total:
            return
        if not any(item.is_image for item in items):
            return
        self._due_s = elapsed_s * _RARER
        # What stacking finds missing or uneven may only not have been read yet.
        said = (f"{done} of {total} files read so far",)
        self._tell(tuple(replace(each, notices=said) for each in group(items)))
        if not self._looked:
            self._looked = True
            self._rest(REST_S)
