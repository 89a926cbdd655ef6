"""Pictures made before they are asked for: while one image is looked at, those beside it are composed already.

One thread for all viewports, which begins with the first wish. What a viewport wishes for is all that is kept of it,
a few pictures of the size of the screen; other wishes, after a change of window or zoom, make it forget the old ones.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workstation.imaging.compose import Composer
from workstation.imaging.frame import Frame
from workstation.imaging.view import View

_CLOSE_TIMEOUT_S = 5.0

Recipe = tuple[Frame, View, tuple[int, int]]  # the size is (width, height) in device pixels


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A picture, and the composer that made it and goes on from there when the window changes."""

    pixels: NDArray[np.uint8]  # (height, width), or (height, width, 3) for colour
    composer: Composer


class Ahead:
    """Thread safe. `owner` is whoever wishes, any hashable object."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._wishes: dict[object, list[tuple[Recipe, Composer]]] = {}  # not made yet, the most wanted first
        self._made: dict[object, list[tuple[Recipe, Made]]] = {}
        self._working: tuple[object, Recipe] | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether all wishes are made."""
        with self._changed:
            return self._working is None and not any(self._wishes.values())

    def want(self, owner: object, recipes: Sequence[Recipe], like: Composer) -> None:
        """Replace the wishes of `owner`, the most wanted first, and forget the other pictures made for it.

        They are composed by siblings of `like`, so that tables are not computed again.
        """
        with self._changed:
            if self._closed:
                return
            kept = [(recipe, made) for recipe, made in self._made.get(owner, []) if recipe in recipes]
            there = [recipe for recipe, _ in kept]
            if self._working is not None and self._working[0] is owner:
                there.append(self._working[1])
            self._made[owner] = kept
            self._wishes[owner] = [(recipe, like.sibling()) for recipe in recipes if recipe not in there]
            if self._thread is None and self._wishes[owner]:
                self._thread = threading.Thread(target=self._work, name="frame-ahead", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def take(self, owner: object, recipe: Recipe, wait_s: float) -> Made | None:
        """The picture, handed over; waits for one that is being made, None where it would have to be begun."""
        until = time.monotonic() + wait_s
        with self._changed:
            while self._working == (owner, recipe) and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            found = next((made for one, made in self._made.get(owner, []) if one == recipe), None)
            if found is not None:
                self._made[owner] = [(one, made) for one, made in self._made[owner] if one != recipe]
            return found

    def keep(self, owner: object, recipe: Recipe, made: Made) -> None:
        """Take back a picture that is no longer shown, until the next wishes say whether it may be wanted."""
        with self._changed:
            if not self._closed:
                self._made.setdefault(owner, []).append((recipe, made))

    def forget(self, owner: object) -> None:
        """All wishes of `owner` and what was made for them."""
        with self._changed:
            self._wishes.pop(owner, None)
            self._made.pop(owner, None)

    def close(self) -> None:
        """End the thread after the picture it is at."""
        with self._changed:
            self._closed = True
            self._wishes.clear()
            self._made.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(_CLOSE_TIMEOUT_S)

    def _work(self) -> None:
        while self._make_next():
            pass

    def _make_next(self) -> bool:
        """A function of its own: no picture is held while the thread waits for the next wish."""
        with self._changed:
            while not self._closed and (next_one := self._most_wanted()) is None:
                self._changed.wait()
            if self._closed or next_one is None:
                return False
            owner, recipe, composer = next_one
            self._working = (owner, recipe)
        made = _made(recipe, composer)
        with self._changed:
            self._working = None
            if made is not None and owner in self._wishes:
                self._made.setdefault(owner, []).append((recipe, made))
            self._changed.notify_all()
        return True

    def _most_wanted(self) -> tuple[object, Recipe, Composer] | None:
        """First wishes of all viewports before any second ones: the owner with the fewest pictures made."""
        waiting = [owner for owner, wishes in self._wishes.items() if wishes]
        if not waiting:
            return None
        owner = min(waiting, key=lambda one: len(self._made.get(one, ())))
        recipe, composer = self._wishes[owner].pop(0)
        return owner, recipe, composer


def _made(recipe: Recipe, composer: Composer) -> Made | None:
    try:
        return Made(np.ascontiguousarray(composer.compose(*recipe)), composer)
    except Exception:  # noqa: BLE001 - shown by the canvas, which composes it itself then and says what fails
        return None
